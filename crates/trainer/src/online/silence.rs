//! Generations that teach nothing: told, but not again and again.

use rewards::{GroupReport, Spread};
use serde::{Deserialize, Serialize};

/// Such generations from one time that they are told to the next.
const EVERY: u64 = 25;

/// How many generations have taught nothing so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence(u64);

impl Silence {
    /// Takes note of a generation. Says why it teaches nothing, if it is the first of the run that does not, or one of many.
    pub fn note(&mut self, reports: &[GroupReport]) -> Option<String> {
        let reason = explain(reports)?;
        self.0 += 1;
        match self.0 {
            1 => Some(format!("{reason}; told again after every {EVERY} such generations")),
            count if count.is_multiple_of(EVERY) => Some(format!("{reason}; {count} generations by now")),
            _ => None,
        }
    }
}

/// One sentence when a generation teaches nothing.
fn explain(reports: &[GroupReport]) -> Option<String> {
    if !reports.is_empty() && reports.iter().flat_map(|report| &report.totals).all(Option::is_none) {
        return Some(
            "no completion got a reward: none of the `reward_funcs` applies to any of them, or their arbiter does not answer; \
             nothing is learned"
                .to_owned(),
        );
    }
    let reasons: Vec<String> = reports
        .iter()
        .map_while(|report| match &report.spread {
            Spread::Zero(reason) => Some(reason.to_string()),
            Spread::Varied => None,
        })
        .collect();
    if reports.is_empty() || reasons.len() < reports.len() {
        return None;
    }
    let first = &reasons[0];
    Some(format!(
        "no group has a spread of rewards, so all advantages and the policy loss are 0 (first group: {first}); harder or easier \
         prompts, more generations or a higher temperature give one"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rewards::{ExactMatch, Group, RewardSet, Sample};

    #[test]
    fn a_run_that_learns_nothing_says_so_once_and_then_seldom() {
        let set = RewardSet::new().with(ExactMatch::default(), 1.0);
        let judged = |texts: [&str; 2]| vec![set.judge(&Group::of_texts(Sample::text("?", "3"), texts))];
        let mut silence = Silence::default();
        assert_eq!(silence.note(&judged(["3", "4"])), None);
        let said: Vec<String> = (0..60).filter_map(|_| silence.note(&judged(["3", "3"]))).collect();
        assert_eq!(said.len(), 3);
        assert!(said[0].contains("2 of 2 correct"), "{said:?}");
        assert!(said[1].ends_with("25 generations by now") && said[2].ends_with("50 generations by now"));
    }
}
