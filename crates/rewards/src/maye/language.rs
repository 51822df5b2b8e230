//! A small cost for ideographs in an answer that should be in English.

use crate::reward::each;
use crate::{Group, Outcome, RewardFn};

/// Characters in U+4E00..U+9FFF as a share of all characters; 0 for an empty text.
///
/// ```
/// assert_eq!(rewards::ideograph_share("面积 is 12"), 0.25);
/// ```
pub fn ideograph_share(text: &str) -> f64 {
    let (mut all, mut ideographs) = (0usize, 0usize);
    for c in text.chars() {
        all += 1;
        ideographs += usize::from(('\u{4E00}'..='\u{9FFF}').contains(&c));
    }
    if all == 0 { 0.0 } else { ideographs as f64 / all as f64 }
}

/// r = −0.1 · share of ideographs.
///
/// ```
/// use rewards::{Group, LanguagePenalty, RewardFn, Sample};
/// let values = LanguagePenalty.judge(&Group::of_texts(Sample::default(), ["面积 is 12", ""]));
/// assert_eq!((values[0].value(), values[1].value()), (Some(-0.025), Some(0.0)));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LanguagePenalty;

impl RewardFn for LanguagePenalty {
    fn name(&self) -> &str {
        "language_penalty"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let score = |share: f64| Outcome::from_f64(if share == 0.0 { 0.0 } else { -0.1 * share });
        each(group, |text| score(ideograph_share(text)))
    }
}
