//! How frozen weights are held.

use crate::error::RecipeError;
use crate::kind::Kind;
use crate::section::{Entries, Key, Reader, Section};
use crate::yaml::Content;

/// How frozen weights are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BasePrecision {
    /// In the type of the run.
    Dense,
    /// In 4 bits (NF4) with a scale per block.
    Nf4(BlockScales),
    /// In 8 bits with a scale per block.
    Int8,
}

/// How the scales of 4-bit blocks are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockScales {
    /// In f32.
    Single,
    /// In 8 bits with scales of their own: double quantisation.
    Double,
}

const FOUR: &str = "load_in_4bit";
const EIGHT: &str = "load_in_8bit";
const NESTED: &str = "use_bnb_nested_quant";

impl Section for BasePrecision {
    fn keys(_: Kind, keys: &mut Vec<Key>) {
        keys.push(Key::new(FOUR, &["Holds the frozen weights in 4 bits (NF4): QLoRA."], Some(false)));
        keys.push(Key::new(EIGHT, &["Holds the frozen weights in 8 bits."], Some(false)));
        keys.push(Key::new(NESTED, &["Quantises the scales of 4-bit blocks once more."], Some(false)));
    }

    fn read(reader: &Reader<'_>) -> Result<Self, RecipeError> {
        let [four, eight, nested] = [FOUR, EIGHT, NESTED].map(|key| reader.or_default(key, |_| false));
        match (four?, eight?, nested?) {
            (true, true, _) => Err(reader.conflict(
                EIGHT,
                "4 bits or 8 bits, not both",
                format!("remove `{FOUR}` or `{EIGHT}`"),
            )),
            (false, _, true) => Err(reader.conflict(
                NESTED,
                format!("`{FOUR}: true` beside it"),
                format!("remove `{NESTED}`"),
            )),
            (true, false, true) => Ok(Self::Nf4(BlockScales::Double)),
            (true, false, false) => Ok(Self::Nf4(BlockScales::Single)),
            (false, true, false) => Ok(Self::Int8),
            (false, false, false) => Ok(Self::Dense),
        }
    }

    fn write(&self, out: &mut Entries) {
        out.push((FOUR, Content::Bool(matches!(self, Self::Nf4(_)))));
        out.push((EIGHT, Content::Bool(*self == Self::Int8)));
        out.push((NESTED, Content::Bool(*self == Self::Nf4(BlockScales::Double))));
    }
}
