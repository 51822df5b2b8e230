//! `spatial chat`: questions about one image.

use crate::args::ChatArgs;
use command_line::{ModelArgs, Outcome, load_model};
use serde_json::json;
use std::path::Path;
use vlm_model::generate::{DrawKey, GenerationConfig, Request, SamplingSettings};
use vlm_processor::{Processor, Row, SpecialTokens};

/// What is asked with `--spatial`.
const QUESTIONS: [&str; 5] = [
    "What is on the left side of the image, and what is on the right?",
    "What is above, and what is below the largest object?",
    "Which object is in front of the others?",
    "How many objects can be seen?",
    "Which two objects are closest to each other, and about how far apart are they?",
];

/// Runs the command.
pub fn run(args: &ChatArgs) -> Outcome {
    let image =
        args.image.canonicalize().map_err(|error| format!("--image {}: {error}", args.image.display()))?;
    let (root, name) = (image.parent().unwrap_or(Path::new("/")), image.file_name().unwrap_or_default());
    let processor = Processor::from_dir(&args.model_path)?;
    let configured = GenerationConfig::from_dir(&args.model_path)?.eos;
    let stop = if configured.is_empty() { processor.special().eos.clone() } else { configured };
    let settings = SamplingSettings::greedy(args.max_new_tokens, stop.clone())
        .forbid(processor.special().never_written(&stop));
    let model = load_model(&ModelArgs {
        model: args.model_path.clone(),
        adapter: args.adapter_path.clone(),
        device: args.device.clone(),
    })?;
    let questions: Vec<&str> = if args.spatial { QUESTIONS.to_vec() } else { vec![&args.question] };
    for question in questions {
        let content = json!([{"type": "image"}, {"type": "text", "text": question}]);
        let row = json!({"id": "chat", "messages": [{"role": "user", "content": content}], "images": [name.to_string_lossy()]});
        let row: Row = serde_json::from_value(row)?;
        let prompt = processor.prepare(&row, root)?;
        let key = DrawKey { seed: 0, step: 0, prompt: 0, sample: 0, token: 0 };
        let written = model.generate(&[Request::new(&prompt, 1, key)], &settings)?;
        let answer = written.iter().flatten().next().map_or(&[][..], |completion| &completion.token_ids);
        command_line::say(&format!(
            "{question}\n  {}",
            processor.decode(answer, SpecialTokens::Skip)?.trim()
        ))?;
    }
    Ok(())
}
