//! Reinforce++ is logged under the names of MAYE, too.

use eval::dynamics::Published;
use journal::RolloutRecord;
use recipe::{Method, Recipe};
use trainer::engine::{Companion, Metrics};
use vlm_model::VlModel;

/// Adds the figures that MAYE logs to those of the trainer.
#[derive(Clone, Copy, Debug)]
pub struct PublishedFigures(Published);

impl PublishedFigures {
    /// For a recipe of `reinforce`.
    pub fn of(recipe: &Recipe) -> Option<Self> {
        let Method::Reinforce(reinforce) = &recipe.method else { return None };
        let updates = reinforce.steps_per_generation(&recipe.optimiser) * reinforce.num_iterations.get();
        Some(Self(Published {
            max_tokens: reinforce.sampling.max_completion_length.get() as u64,
            temperature: reinforce.sampling.temperature.get(),
            kl_reward_coeff: reinforce.kl_reward_coeff.get(),
            updates: updates as u64,
        }))
    }
}

impl Companion<VlModel> for PublishedFigures {
    fn annotate(&mut self, step: u64, figures: &mut Metrics, rollouts: &[RolloutRecord]) {
        let published = self.0.figures(step, |name| figures.get(name), rollouts);
        published.into_iter().for_each(|(name, value)| figures.mean(&name, value));
    }
}
