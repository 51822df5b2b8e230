//! Examples of which broken ones are passed over.

use super::Examples;
use crate::engine::Failure;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Broken examples that were passed over, by their index, with what is wrong with them.
#[derive(Clone, Debug, Default)]
pub struct PassedOver(Arc<Mutex<BTreeMap<usize, String>>>);

impl PassedOver {
    /// What was met so far.
    pub fn problems(&self) -> Vec<String> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Examples where the next good one stands in for a broken one.
///
/// Who stands in for whom follows from the examples alone, so a run that goes on meets the same ones.
pub struct Lenient<E> {
    examples: E,
    most: usize,
    passed_over: PassedOver,
}

impl<E: Examples> Lenient<E> {
    /// Passes over at most `most` different examples, which are told to `passed_over`.
    pub fn new(examples: E, most: usize, passed_over: PassedOver) -> Self {
        Self { examples, most, passed_over }
    }

    /// Takes a broken example into account.
    fn pass_over(&self, index: usize, problem: Failure) -> Result<(), Failure> {
        let mut broken = self.passed_over.lock();
        broken.insert(index, problem.to_string());
        if broken.len() <= self.most {
            return Ok(());
        }
        let (count, rows) = (broken.len(), self.examples.len());
        let expected = format!("found {count} broken rows of {rows}, expected at most {}", self.most);
        Err(format!("{expected}; mend or remove them. The last: {problem}").into())
    }
}

impl<E: Examples> Examples for Lenient<E> {
    type Item = E::Item;

    fn len(&self) -> usize {
        self.examples.len()
    }

    fn get(&self, index: usize) -> Result<E::Item, Failure> {
        let rows = self.examples.len().max(1);
        let mut at = index;
        loop {
            let known = self.passed_over.lock().contains_key(&at);
            if !known {
                match self.examples.get(at) {
                    Ok(item) => return Ok(item),
                    Err(problem) => self.pass_over(at, problem)?,
                }
            }
            at = (at + 1) % rows;
            if at == index {
                return Err("found no row that can be used".into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten examples; those that are listed are broken.
    struct Ten(&'static [usize]);

    impl Examples for Ten {
        type Item = usize;
        fn len(&self) -> usize {
            10
        }
        fn get(&self, index: usize) -> Result<usize, Failure> {
            if self.0.contains(&index) { Err(format!("{index} is broken").into()) } else { Ok(index) }
        }
    }

    fn lenient(broken: &'static [usize], most: usize) -> (Lenient<Ten>, PassedOver) {
        let passed_over = PassedOver::default();
        (Lenient::new(Ten(broken), most, passed_over.clone()), passed_over)
    }

    #[test]
    fn the_next_good_one_stands_in_whatever_was_asked_before() {
        let (rows, passed_over) = lenient(&[3, 4, 9], 3);
        let in_order: Vec<usize> = (0..10).map(|index| rows.get(index).unwrap()).collect();
        assert_eq!(in_order, [0, 1, 2, 5, 5, 5, 6, 7, 8, 0]);
        let (again, _) = lenient(&[3, 4, 9], 3);
        let backwards: Vec<usize> = (0..10).rev().map(|index| again.get(index).unwrap()).collect();
        assert!(backwards.iter().rev().eq(&in_order));
        assert_eq!(passed_over.problems(), ["3 is broken", "4 is broken", "9 is broken"]);
    }

    #[test]
    fn one_too_many_ends_it_and_so_does_nothing_but_broken_ones() {
        let (rows, _) = lenient(&[1, 5], 1);
        assert_eq!(rows.get(1).unwrap(), 2);
        let problem = rows.get(5).unwrap_err().to_string();
        assert!(
            problem.contains("found 2 broken rows of 10") && problem.contains("5 is broken"),
            "{problem}"
        );
        let (rows, _) = lenient(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 10);
        assert!(rows.get(7).unwrap_err().to_string().contains("no row that can be used"));
    }
}
