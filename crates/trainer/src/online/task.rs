//! A question with everything that is needed to ask it and to judge the answers.

use std::sync::Arc;
use vlm_processor::Prompt;

/// A prompt of reinforcement learning. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Task(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    id: String,
    prompt: Prompt,
    sample: rewards::Sample,
    images: Vec<String>,
}

impl Task {
    /// A prompt and the sample that its answers are judged by; `images` are paths, for people who read the journal.
    pub fn new(id: String, prompt: Prompt, sample: rewards::Sample, images: Vec<String>) -> Self {
        Self(Arc::new(Parts { id, prompt, sample, images }))
    }

    /// The row's name.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// What the model sees.
    pub fn prompt(&self) -> &Prompt {
        &self.0.prompt
    }

    /// Question and right answer.
    pub fn sample(&self) -> &rewards::Sample {
        &self.0.sample
    }

    /// Where the pictures come from.
    pub fn images(&self) -> &[String] {
        &self.0.images
    }
}

impl AsRef<Prompt> for Task {
    fn as_ref(&self) -> &Prompt {
        &self.0.prompt
    }
}
