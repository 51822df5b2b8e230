//! Words of which one is chosen.

use super::At;
use crate::error::{Problem, RecipeError};
use crate::nearest::nearest;
use crate::yaml::{Content, shorten};

/// Defines an enum whose variants are words of a recipe, further spellings behind a bar.
macro_rules! choices {
    ($(#[doc = $about:literal])+ pub enum $Name:ident {
        $($(#[doc = $doc:literal])+ $Variant:ident = $word:literal $(| $alias:literal)*,)+
    }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $Name {
            $(#[doc = concat!("`", $word, "`:")] $(#[doc = $doc])+ $Variant,)+
        }

        impl $Name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$Variant),+];

            /// The word of the recipe.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$Variant => $word,)+
                }
            }
        }

        impl $crate::setting::Setting for $Name {
            fn accepts() -> String {
                [$(concat!("`", $word, "`")),+].join(", ")
            }

            fn words() -> Vec<(&'static str, String)> {
                vec![$(($word, $crate::section::joined(&[$($doc),+]))),+]
            }

            fn read(at: &$crate::setting::At<'_>) -> Result<Self, $crate::RecipeError> {
                match at.word().as_deref() {
                    $(Some($word $(| $alias)*) => Ok(Self::$Variant),)+
                    _ => Err(at.unknown_choice(&[$($word),+])),
                }
            }

            fn write(&self) -> $crate::yaml::Content {
                $crate::yaml::Content::word(self.name())
            }
        }
    };
}

pub(crate) use choices;

/// Words for which another key is meant.
const ELSEWHERE: &[(&str, &str)] = &[
    ("cpo", "write `cpo_sigmoid`"),
    ("dpo", "write `sigmoid`"),
    ("gspo", "write `loss_type: grpo` with `importance_sampling_level: sequence`"),
    ("mpo", "write `[sigmoid, bco_pair, sft]` with `loss_weights: [0.8, 0.2, 1.0]`"),
    ("ppo", "write `dapo`"),
];

impl Content {
    /// A word; `true` and `false` are words too.
    pub(crate) fn word(word: &str) -> Self {
        match word {
            "true" => Self::Bool(true),
            "false" => Self::Bool(false),
            _ => Self::Text(word.to_owned()),
        }
    }
}

impl At<'_> {
    /// The value as a word.
    pub(crate) fn word(&self) -> Option<String> {
        match &self.node.content {
            Content::Text(text) => Some(text.clone()),
            Content::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// The value is none of `words`.
    pub(crate) fn unknown_choice(&self, words: &[&str]) -> RecipeError {
        let expected = format!("one of {}", words.join(", "));
        let Some(word) = self.word() else { return self.wrong_type(expected) };
        let known = ELSEWHERE.iter().find(|(known, _)| *known == word);
        let fix = match (known, nearest(&word, words.iter().copied())) {
            (Some((_, remedy)), _) => (*remedy).to_owned(),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => format!("replace `{}` by one of them", shorten(&word)),
        };
        self.fault(Problem::UnknownChoice, expected, fix)
    }
}
