//! What the policy is held to.

use crate::error::RecipeError;
use crate::kind::Kind;
use crate::section::{Entries, Key, Reader, Section};
use crate::setting::{Setting, choices};

choices! {
    /// What the policy is compared with.
    pub enum Reference {
        /// A frozen copy of the adapter that training starts from: the first loss is ln 2.
        AdapterCopy = "adapter_copy",
        /// The model without any adapter.
        Base = "base",
    }
}

impl Section for Reference {
    fn keys(_: Kind, keys: &mut Vec<Key>) {
        let doc = "What the policy is compared with: a frozen copy of the adapter that training starts from, as in TRL, or \
                   the model without it. In full fine-tuning a frozen copy of the model.";
        keys.push(Key {
            default: Some("adapter_copy beside adapter, else base".into()),
            ..Key::new::<Self>("reference", &[doc], None)
        });
    }

    fn read(reader: &Reader<'_>) -> Result<Self, RecipeError> {
        match (reader.get::<Self>("reference")?, reader.has("adapter")) {
            (Some(Self::AdapterCopy), false) => Err(reader.conflict(
                "reference",
                "`adapter` beside it, the adapter to copy",
                "add `adapter: …`, or set `reference: base`",
            )),
            (Some(reference), _) => Ok(reference),
            (None, true) => Ok(Self::AdapterCopy),
            (None, false) => Ok(Self::Base),
        }
    }

    fn write(&self, out: &mut Entries) {
        out.push(("reference", Setting::write(self)));
    }
}
