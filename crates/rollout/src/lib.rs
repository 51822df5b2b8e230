//! Samplers: the local engine that shares the trainer's weights.
//!
//! [`LocalSampler`] is the [`rl_algos::Sampler`] of training: it turns prompts into groups of completions with the
//! log-probabilities they were drawn with. A group's prompt is read once and its images are encoded once; a fixed
//! number of completions runs side by side, and whenever one ends the next takes its place.
//! [`LocalSampler::evaluate`] streams a data set through it, [`greedy`] or with k samples per prompt.
//!
//! What it reports and what [`vlm_model::VlModel::score`] computes with [`SamplerSettings::scoring`] differ by the
//! rounding of f32 sums and by nothing else.
//!
//! ```no_run
//! use rl_algos::{Sampler, SamplingParams};
//! use rollout::{LocalSampler, SamplerSettings};
//! use vlm_processor::{Processor, SpecialTokens};
//! # fn demo(model: vlm_model::VlModel, prompts: Vec<vlm_processor::Prompt>) -> Result<(), Box<dyn std::error::Error>> {
//! let processor = Processor::from_dir("Qwen2.5-VL-3B-Instruct".as_ref())?;
//! let special = processor.special();
//! let settings = SamplerSettings {
//!     stop: special.eos.clone(),
//!     forbidden: vec![special.image, special.video],
//!     ..SamplerSettings::default()
//! };
//! let decode = |ids: &[u32]| processor.decode(ids, SpecialTokens::Skip).unwrap_or_default();
//! let mut sampler = LocalSampler::new(&model, &settings, decode).at_step(12);
//! let batch = sampler.sample(prompts, &SamplingParams::default().with_num_generations(8)?)?;
//! # let _ = batch;
//! # Ok(())
//! # }
//! ```

mod error;
mod evaluate;
mod local;
mod settings;

pub use error::RolloutError;
pub use evaluate::greedy;
pub use local::LocalSampler;
pub use settings::SamplerSettings;
pub use vlm_model::generate::{Capacity, Progress};
