//! Completions of some prompts with their verdicts, and prompts that take the place of others.

use super::experience::Experience;
use super::generate::Asked;
use rewards::{GroupReport, Spread};

/// Prompts, what was written for each of them, and how that was judged; all in one order.
pub struct Attempt {
    pub asked: Asked,
    pub generation: Vec<Experience>,
    pub reports: Vec<GroupReport>,
}

impl Attempt {
    /// The places of groups whose rewards have no spread: all their advantages are 0, and nothing is learned from them.
    pub fn silent(&self) -> Vec<usize> {
        let is_silent = |place: &usize| self.reports[*place].spread != Spread::Varied;
        (0..self.reports.len()).filter(is_silent).collect()
    }

    /// Puts the groups of `fresh` in these places, one in each.
    pub fn replace(&mut self, places: &[usize], fresh: Self) {
        let fresh = fresh.asked.into_iter().zip(fresh.generation).zip(fresh.reports);
        for (place, ((asked, experience), report)) in places.iter().zip(fresh) {
            self.asked[*place] = asked;
            self.generation[*place] = experience;
            self.reports[*place] = report;
        }
    }
}
