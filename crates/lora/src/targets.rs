//! Which maps are meant by a name or a pattern, by PEFT's rules.

use crate::LoraError;
use regex::{Regex, RegexBuilder};

/// Compiled patterns above this size are refused.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// The maps that get an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// Every linear map but the head and the patch embedding.
    AllLinear,
    /// Maps whose name is one of these or ends in a dot and one of these.
    Names(Vec<String>),
    /// Maps whose whole name matches a regular expression.
    Pattern(String),
}

/// Whether maps of the vision tower take part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vision {
    /// Only the language model's.
    #[default]
    Excluded,
    /// The vision tower's and its merger's too.
    Included,
}

/// The names a module goes by: as in published files, and as in the memory of current transformers.
pub(crate) fn spellings(published: &str) -> [String; 2] {
    let in_memory = match published.strip_prefix("model.") {
        Some(rest) => format!("model.language_model.{rest}"),
        None if published.starts_with("visual.") => format!("model.{published}"),
        None => published.to_owned(),
    };
    [published.to_owned(), in_memory]
}

/// Whether a module belongs to the vision tower.
pub(crate) fn is_vision(published: &str) -> bool {
    published.starts_with("visual.")
}

/// What stands after the last dot.
pub(crate) fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Whether `name` is `ending`, or ends in it after a dot.
pub(crate) fn ends_in(name: &str, ending: &str) -> bool {
    name.strip_suffix(ending).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// A regular expression that must match a whole name.
pub(crate) fn whole(pattern: &str) -> Result<Regex, LoraError> {
    compile(pattern, format!("^(?:{pattern})$"))
}

/// A regular expression that must match a name from its start or from after a dot to its end.
pub(crate) fn ending(pattern: &str) -> Result<Regex, LoraError> {
    compile(pattern, format!(r"^(?:.*\.)?(?:{pattern})$"))
}

fn compile(pattern: &str, wrapped: String) -> Result<Regex, LoraError> {
    let problem = |error: regex::Error| LoraError::Pattern {
        pattern: pattern.to_owned(),
        problem: error.to_string().lines().last().unwrap_or_default().trim().to_owned(),
    };
    RegexBuilder::new(&wrapped).size_limit(MAX_PATTERN_BYTES).build().map_err(problem)
}

/// [`Targets`] ready to be asked.
pub(crate) enum Matcher<'a> {
    AllLinear,
    Names(&'a [String]),
    Pattern(Regex),
}

impl<'a> Matcher<'a> {
    pub(crate) fn new(targets: &'a Targets) -> Result<Self, LoraError> {
        Ok(match targets {
            Targets::AllLinear => Self::AllLinear,
            Targets::Names(names) => Self::Names(names),
            Targets::Pattern(pattern) => Self::Pattern(whole(pattern)?),
        })
    }

    /// Whether the map with this published name is meant.
    pub(crate) fn matches(&self, name: &str) -> bool {
        match self {
            Self::AllLinear => name != "lm_head" && name != "visual.patch_embed.proj",
            Self::Names(endings) => {
                spellings(name).iter().any(|name| endings.iter().any(|ending| ends_in(name, ending)))
            }
            Self::Pattern(pattern) => spellings(name).iter().any(|name| pattern.is_match(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_at_a_dot() {
        assert!(ends_in("model.layers.0.self_attn.q_proj", "q_proj"));
        assert!(ends_in("q_proj", "q_proj"));
        assert!(ends_in("model.layers.10.mlp.up_proj", "10.mlp.up_proj"));
        assert!(!ends_in("model.layers.0.mlp.xup_proj", "up_proj"));
        assert!(!ends_in("model.layers.10.mlp.up_proj", "0.mlp.up_proj"));
    }

    #[test]
    fn patterns_match_whole_names_in_either_spelling() {
        let matches =
            |pattern: &str, name| Matcher::new(&Targets::Pattern(pattern.into())).unwrap().matches(name);
        assert!(matches(r"model\.language_model.*\.q_proj", "model.layers.0.self_attn.q_proj"));
        assert!(matches(r"model\.layers\.\d+\.mlp\.(up|down)_proj", "model.layers.3.mlp.up_proj"));
        assert!(matches(r".*visual.*", "visual.blocks.0.attn.qkv"));
        assert!(!matches(r"q_proj", "model.layers.0.self_attn.q_proj"));
        assert!(!matches(r"model|x", "model.layers.0.self_attn.q_proj"));
    }

    #[test]
    fn a_pattern_that_cannot_be_compiled_is_refused_with_its_text() {
        for bad in ["(", "(?!visual).*", "a{1000}{1000}"] {
            let error = Matcher::new(&Targets::Pattern(bad.into())).err().unwrap();
            assert!(error.to_string().contains(&format!("{bad:?}")), "{error}");
        }
    }
}
