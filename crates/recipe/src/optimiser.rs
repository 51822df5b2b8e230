//! AdamW and its steps.

use crate::error::RecipeError;
use crate::kind::Kind;
use crate::model::Tuning;
use crate::schedule::Schedule;
use crate::section::{Reader, settings};
use crate::setting::{Count, NonNegative, Positive, Share};

settings! {
    /// AdamW, its learning rate and what one step is made of. `reinforce` starts from the published settings of MAYE,
    /// the others from TRL's.
    pub struct OptimiserSettings {
        /// Peak of the learning rate.
        key learning_rate: Positive = |kind| Positive::constant(match kind {
            Kind::Sft => 2e-5,
            Kind::Dpo | Kind::Grpo => 1e-6,
            Kind::Reinforce => 5e-6,
        });
        /// Peak for the vision tower and the merger, where they are trained; without it `learning_rate`.
        key vit_lr: Option<Positive> = |_| None;
        /// The learning rate over the run.
        part schedule: Schedule;
        /// Decoupled weight decay.
        key weight_decay: NonNegative = |kind| NonNegative::constant(if kind == Kind::Reinforce { 0.01 } else { 0.0 });
        /// Memory of the mean gradient.
        key adam_beta1: Share = |_| Share::constant(0.9);
        /// Memory of the mean square.
        key adam_beta2: Share = |kind| Share::constant(if kind == Kind::Reinforce { 0.95 } else { 0.999 });
        /// Added to the root of the mean square.
        key adam_epsilon: Positive = |kind| Positive::constant(if kind == Kind::Reinforce { 1e-5 } else { 1e-8 });
        /// Longest gradient, over all weights together; null does not clip.
        key max_grad_norm: Option<Positive> = |_| Some(Positive::constant(1.0));
        /// Rows of one forward and backward pass: examples (`sft`), pairs (`dpo`), completions (`grpo`, `reinforce`).
        key per_device_train_batch_size: Count = |kind| Count::constant(if kind == Kind::Reinforce { 2 } else { 8 });
        /// Passes whose gradients add up to one optimiser step.
        key gradient_accumulation_steps: Count = |kind| Count::constant(if kind == Kind::Reinforce { 2 } else { 1 });
    }
}

impl OptimiserSettings {
    /// Rows of one optimiser step.
    pub const fn rows_per_step(&self) -> usize {
        self.per_device_train_batch_size.get().saturating_mul(self.gradient_accumulation_steps.get())
    }

    pub(crate) fn check(&self, tuning: &Tuning, reader: &Reader<'_>) -> Result<(), RecipeError> {
        self.schedule.check(self.learning_rate, reader)?;
        if self.vit_lr.is_some() && !tuning.trains_vision() {
            let fix = "remove `vit_lr`, or train vision: `lora_vision: true`, or `freeze_vision_tower: false` \
                       with `use_peft: false`";
            return Err(reader.conflict("vit_lr", "a vision part that is trained", fix));
        }
        Ok(())
    }
}
