//! `anneal score`: log-probabilities of the completions that rows bring.

use super::NotFinite;
use crate::args::ScoreArgs;
use crate::rows;
use crate::rows::Source;
use command_line::{Outcome, progress};
use serde::Serialize;
use std::path::PathBuf;
use vlm_model::Scoring;
use vlm_model::generate::{GenerationConfig, MIN_TEMPERATURE};
use vlm_processor::{Processor, RowError};

/// Rows that are prepared together; the model scores them one by one.
const AT_ONCE: usize = 8;

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    token_ids: &'a [u32],
    logprobs: Vec<f32>,
}

/// A row without a completion.
#[derive(Debug, thiserror::Error)]
#[error(
    "{path}: line {line}: row {id:?}: nothing to score; expected a \"completion\" or \"completion_ids\"",
    path = path.display()
)]
struct NoCompletion {
    path: PathBuf,
    line: u64,
    id: String,
}

/// A completion with a token that is masked.
#[derive(Debug, thiserror::Error)]
#[error(
    "row {row:?}: found id {id} at token {index} of the completion, expected none that --mask-vision-tokens leaves out; \
     remove the token or the flag"
)]
struct ForbiddenToken {
    row: String,
    index: usize,
    id: u32,
}

/// Runs the command.
pub fn run(args: &ScoreArgs) -> Outcome {
    let temperature = args.temperature;
    if !(temperature.is_finite() && temperature >= MIN_TEMPERATURE) {
        let expected = format!("expected a positive number, at least {MIN_TEMPERATURE}");
        return Err(format!("--temperature: found {temperature}, {expected}").into());
    }
    let processor = Processor::from_dir(&args.model.model)?;
    let stop = GenerationConfig::from_dir(&args.model.model)?.eos;
    let forbidden =
        if args.mask_vision_tokens { processor.special().never_written(&stop) } else { Vec::new() };
    let scoring = Scoring { temperature, forbidden: &forbidden, ..Scoring::default() };
    let total = rows::count(&args.files.input)?;
    let (mut output, done) = super::open_output(&args.files, &record(args))?;
    let model = command_line::load_model(&args.model)?;
    let bar = progress::rows(total, done.len() as u64);
    let root = rows::root_of(&args.files.input);
    rows::for_each_batch(
        Source { input: &args.files.input, batch: AT_ONCE, done: &done },
        |row| Ok::<_, RowError>((processor.prepare(row, root)?, processor.prepare_completion(row)?)),
        |batch| {
            for row in batch {
                let (prompt, completion) = row.item;
                let token_ids = completion.ok_or_else(|| NoCompletion {
                    path: args.files.input.clone(),
                    line: row.line,
                    id: row.id.clone(),
                })?;
                check_allowed(&row.id, &token_ids, &forbidden)?;
                let scored = model.score(&prompt, &[&token_ids], &scoring)?;
                let logprobs: Vec<f32> = scored.log_probs.into_data().try_into_vec()?;
                if logprobs.iter().any(|logprob| !logprob.is_finite()) {
                    return Err(NotFinite { id: row.id }.into());
                }
                output.write(&Line { id: &row.id, token_ids: &token_ids, logprobs })?;
                bar.inc(1);
            }
            Ok(())
        },
    )?;
    bar.finish_and_clear();
    Ok(())
}

/// A token that the distribution leaves out has no log-probability.
fn check_allowed(row: &str, token_ids: &[u32], forbidden: &[u32]) -> Result<(), ForbiddenToken> {
    match token_ids.iter().position(|id| forbidden.contains(id)) {
        None => Ok(()),
        Some(index) => Err(ForbiddenToken { row: row.to_owned(), index, id: token_ids[index] }),
    }
}

/// What the results depend on, beside the rows.
fn record(args: &ScoreArgs) -> serde_json::Value {
    serde_json::json!({
        "command": "score", "model": args.model.model, "adapter": args.model.adapter, "input": args.files.input,
        "temperature": args.temperature, "mask_vision_tokens": args.mask_vision_tokens,
    })
}
