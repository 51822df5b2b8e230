//! Is the completion laid out as asked: reasoning in think tags, result in answer tags?

use crate::reward::each;
use crate::text::scan::{find_ignore_case, matches_ignore_case};
use crate::text::tags::first_block;
use crate::{Group, Outcome, RewardFn};

/// How strictly the layout is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// The four tags occur in order, in any case, with any text around and doubled tags allowed (Logic-V).
    #[default]
    InOrder,
    /// Like `InOrder`, but each tag once and nothing but blanks outside the blocks.
    Full,
    /// The whole text is a think block, optional blanks and an answer block, to the letter (CoVT).
    Exact,
    /// Exactly one closed think block, anywhere (MAYE).
    OneThink,
    /// Begins with `<think>`, which occurs once and is closed (TRL's `think_format_reward`).
    LeadingThink,
}

impl Layout {
    /// Whether the text follows the layout.
    ///
    /// ```
    /// use rewards::Layout;
    /// let doubled = "<think>\n<think> x</think>\n<answer>E</answer>";
    /// assert!(Layout::InOrder.accepts(doubled));
    /// assert!(!Layout::Full.accepts(doubled));
    /// ```
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Self::InOrder => in_order(text),
            Self::Full => full(text),
            Self::Exact => exact(text),
            Self::OneThink => one_think(text),
            Self::LeadingThink => leading_think(text),
        }
    }
}

/// The tags in their order.
const TAGS: [&str; 4] = ["<think>", "</think>", "<answer>", "</answer>"];

fn in_order(text: &str) -> bool {
    let next = |from: usize, tag: &&str| find_ignore_case(text, tag, from).map(|at| at + tag.len());
    TAGS.iter().try_fold(0, next).is_some()
}

fn full(text: &str) -> bool {
    if !in_order(text) || TAGS.iter().any(|tag| matches_ignore_case(text, tag).nth(1).is_some()) {
        return false;
    }
    let at = |tag: &str| find_ignore_case(text, tag, 0).unwrap_or(0);
    let outside =
        [&text[..at("<think>")], &text[at("</think>") + 8..at("<answer>")], &text[at("</answer>") + 9..]];
    outside.iter().all(|part| part.trim().is_empty())
}

/// A think block up to *some* closing tag, blanks, then an answer block that ends the text.
fn exact(text: &str) -> bool {
    let Some(body) = text.strip_prefix("<think>").and_then(|rest| rest.strip_suffix("</answer>")) else {
        return false;
    };
    let opens_answer = |at: usize| body[at + "</think>".len()..].trim_start().starts_with("<answer>");
    body.match_indices("</think>").any(|(at, _)| opens_answer(at))
}

fn one_think(text: &str) -> bool {
    let Some(block) = first_block(text, "think") else { return false };
    let Some(start) = text.find("<think>") else { return false };
    let rest = &text[start + "<think>".len() + block.len() + "</think>".len()..];
    first_block(rest, "think").is_none()
}

fn leading_think(text: &str) -> bool {
    text.strip_prefix("<think>").is_some_and(|rest| rest.contains("</think>") && !rest.contains("<think>"))
}

/// r = 1 if the completion follows the layout, else 0.
///
/// ```
/// use rewards::{Group, RewardFn, Sample, ThinkAnswerFormat};
/// let group = Group::of_texts(Sample::default(), ["<think>a</think><answer>1</answer>", "1"]);
/// let strict = ThinkAnswerFormat::strict().judge(&group);
/// assert_eq!((strict[0].value(), strict[1].value()), (Some(1.0), Some(0.0)));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ThinkAnswerFormat {
    name: &'static str,
    layout: Layout,
}

impl ThinkAnswerFormat {
    /// The reward for a layout, under its usual name.
    ///
    /// ```
    /// use rewards::{Layout, RewardFn, ThinkAnswerFormat};
    /// assert_eq!(ThinkAnswerFormat::new(Layout::OneThink).name(), "format_one_think");
    /// ```
    pub const fn new(layout: Layout) -> Self {
        let name = match layout {
            Layout::InOrder => "format",
            Layout::Full => "format_full",
            Layout::Exact => "format_exact",
            Layout::OneThink => "format_one_think",
            Layout::LeadingThink => "think_format",
        };
        Self { name, layout }
    }

    /// The four tags in order, anything around them.
    ///
    /// ```
    /// use rewards::{RewardFn, ThinkAnswerFormat};
    /// assert_eq!(ThinkAnswerFormat::strict().name(), "format");
    /// ```
    pub const fn strict() -> Self {
        Self::new(Layout::InOrder)
    }

    /// The layout that is asked for.
    ///
    /// ```
    /// use rewards::{Layout, ThinkAnswerFormat};
    /// assert_eq!(ThinkAnswerFormat::strict().layout(), Layout::InOrder);
    /// ```
    pub const fn layout(&self) -> Layout {
        self.layout
    }
}

impl RewardFn for ThinkAnswerFormat {
    fn name(&self) -> &str {
        self.name
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        each(group, |text| Outcome::from(self.layout.accepts(text)))
    }
}
