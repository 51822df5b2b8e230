//! Which step ends which epoch.

/// Epochs of a run, counted in optimiser steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epochs {
    /// Optimiser steps of one epoch; a fraction where the data does not fill the last step.
    pub steps: f64,
}

impl Epochs {
    /// The epoch after which `step` steps are done, if one ends there; 0 is before training.
    pub fn ended_by(&self, step: u64) -> Option<u64> {
        let epoch = (step as f64 / self.steps).floor() as u64;
        [epoch, epoch + 1].into_iter().find(|epoch| self.end_of(*epoch) == step && *epoch <= step)
    }

    /// Steps that are done when an epoch ends.
    pub fn end_of(&self, epoch: u64) -> u64 {
        // What float arithmetic adds to a whole number is no step.
        (epoch as f64 * self.steps - 1e-9).ceil().max(0.0) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_end_at_the_step_that_sees_their_last_row() {
        let ended = |steps: f64, upto: u64| -> Vec<Option<u64>> {
            (0..=upto).map(|step| Epochs { steps }.ended_by(step)).collect()
        };
        assert_eq!(ended(2.0, 4), [Some(0), None, Some(1), None, Some(2)]);
        assert_eq!(ended(1.5, 3), [Some(0), None, Some(1), Some(2)]);
        assert_eq!(Epochs { steps: 0.1 }.end_of(30), 3);
    }
}
