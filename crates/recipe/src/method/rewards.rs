//! The rewards of completions.

use super::weighted::{Weighted, WeightedKeys};
use crate::error::RecipeError;
use crate::kind::Kind;
use crate::section::{Entries, Key, Reader, Section};
use crate::setting::{Count, Setting};
use crate::yaml::Content;

/// The rewards of completions, added up.
#[derive(Debug, Clone, PartialEq)]
pub struct RewardSettings {
    /// Names of reward functions with their weights.
    pub funcs: Vec<Weighted<String>>,
    /// Length of the ramp before `max_completion_length` on which `soft_overlong` falls from 0 to −1.
    pub soft_punish_cache: Option<Count>,
}

const FUNCS: WeightedKeys = WeightedKeys { items: "reward_funcs", weights: "reward_weights" };
const CACHE: &str = "soft_punish_cache";
const OVERLONG: [&str; 2] = ["soft_overlong", "get_soft_overlong_punishment"];

/// MAYE's reward is one function; groups have no reward that suits everybody.
fn default_for(kind: Kind) -> Option<Vec<String>> {
    (kind == Kind::Reinforce).then(|| vec!["maye".to_owned()])
}

impl Section for RewardSettings {
    fn keys(kind: Kind, keys: &mut Vec<Key>) {
        FUNCS.keys(
            keys,
            "Names of reward functions, added up; an unknown one is told with all that there are.",
            default_for(kind),
        );
        let doc =
            "Tokens before `max_completion_length` in which the reward `soft_overlong` falls from 0 to −1.";
        keys.push(Key::new(CACHE, &[doc], Some(None::<Count>)));
    }

    fn read(reader: &Reader<'_>) -> Result<Self, RecipeError> {
        let funcs = FUNCS.read(reader, default_for(reader.kind))?;
        Ok(Self { funcs, soft_punish_cache: reader.get(CACHE)?.flatten() })
    }

    fn write(&self, out: &mut Entries) {
        FUNCS.write(&self.funcs, out);
        out.push((CACHE, self.soft_punish_cache.write()));
    }
}

impl RewardSettings {
    pub(crate) fn check(&self, longest: Count, reader: &Reader<'_>) -> Result<(), RecipeError> {
        let punished = self.funcs.iter().any(|func| OVERLONG.contains(&func.item.as_str()));
        match self.soft_punish_cache {
            None if punished => {
                let fix = format!("add `{CACHE}: 128`, or another number of tokens");
                Err(reader.conflict(FUNCS.items, format!("`{CACHE}` beside `soft_overlong`"), fix))
            }
            Some(_) if !punished => {
                let fix = format!("remove `{CACHE}`, or add `soft_overlong` to `{}`", FUNCS.items);
                Err(reader.conflict(CACHE, format!("`soft_overlong` among `{}`", FUNCS.items), fix))
            }
            Some(cache) if cache > longest => Err(reader.conflict(
                CACHE,
                format!("at most `max_completion_length`, which is {}", longest.get()),
                format!("lower `{CACHE}`"),
            )),
            _ => self.check_names(reader),
        }
    }

    fn check_names(&self, reader: &Reader<'_>) -> Result<(), RecipeError> {
        let twice = self
            .funcs
            .iter()
            .enumerate()
            .find(|(index, func)| self.funcs[..*index].iter().any(|before| before.item == func.item));
        match twice.map(|(_, func)| &func.item) {
            Some(name) => Err(reader.conflict(
                FUNCS.items,
                format!("`{name}` once"),
                format!("remove the second one; `{}` makes a reward count more", FUNCS.weights),
            )),
            None => self.check_known(reader),
        }
    }

    /// A name that nobody knows, told where it stands.
    fn check_known(&self, reader: &Reader<'_>) -> Result<(), RecipeError> {
        let known = rewards::reward_names();
        let unknown = self.funcs.iter().position(|func| !known.contains(&func.item.as_str()));
        match (unknown, reader.at(FUNCS.items)) {
            (Some(index), Some(at)) => match &at.node.content {
                Content::List(items) => Err(at.item(index, &items[index]).unknown_choice(&known)),
                _ => Err(at.unknown_choice(&known)),
            },
            _ => Ok(()),
        }
    }
}
