//! `anneal generate`: rows in, completions out.

use super::NotFinite;
use crate::args::GenerateArgs;
use crate::rows;
use crate::rows::{Ready, Source};
use command_line::{Outcome, progress};
use serde::Serialize;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use vlm_model::VlModel;
use vlm_model::generate::{
    Capacity, Completion, DrawKey, Engine, FinishReason, GenerateError, GenerationConfig, Request,
    SamplingSettings, SettingsError,
};
use vlm_processor::{Processor, Prompt, Role, Row, RowProblem, SpecialTokens};

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    prompt_tokens: usize,
    completions: Vec<Written<'a>>,
}

#[derive(Serialize)]
struct Written<'a> {
    text: String,
    token_ids: &'a [u32],
    logprobs: &'a [f32],
    finish_reason: &'static str,
}

/// Runs the command.
pub fn run(args: &GenerateArgs) -> Outcome {
    let processor = Processor::from_dir(&args.model.model)?;
    let settings = settings(args, &processor)?;
    if args.num_generations > 1 && settings.is_greedy() {
        let copies = args.num_generations;
        eprintln!(
            "the {copies} completions of a row will be the same: temperature 0 is greedy, --temperature 1 samples"
        );
    }
    let total = rows::count(&args.files.input)?;
    let (mut output, done) = super::open_output(&args.files, &record(args))?;
    let model = command_line::load_model(&args.model)?;
    let bar = progress::rows(total, done.len() as u64);
    let root = rows::root_of(&args.files.input);
    let together = args.batch_size / args.num_generations.max(1);
    let source = Source { input: &args.files.input, batch: together, done: &done };
    let answered = AtomicUsize::new(0);
    rows::for_each_batch(
        source,
        |row| match unanswered(row) {
            Some(asked) => {
                answered.fetch_add(1, Ordering::Relaxed);
                processor.prepare(&asked, root)
            }
            None => processor.prepare(row, root),
        },
        |batch| {
            for (row, completions) in batch.iter().zip(complete(&model, &batch, args, &settings)?) {
                output.write(&line(row, &completions, &processor)?)?;
                bar.inc(1);
            }
            Ok(())
        },
    )?;
    bar.finish_and_clear();
    match answered.into_inner() {
        0 => {}
        rows => eprintln!("{rows} rows end with the assistant's turn: it was left out of their prompts"),
    }
    Ok(())
}

/// A row without the assistant's turns at its end, where it has some: what is written takes their place.
fn unanswered(row: &Row) -> Option<Row> {
    let asked =
        row.messages.iter().rposition(|message| message.role != Role::Assistant).map_or(0, |at| at + 1);
    (asked < row.messages.len()).then(|| Row { messages: row.messages[..asked].to_vec(), ..row.clone() })
}

fn complete(
    model: &VlModel,
    rows: &[Ready<Prompt>],
    args: &GenerateArgs,
    settings: &SamplingSettings,
) -> Result<Vec<Vec<Completion>>, Box<dyn std::error::Error>> {
    let request = |row: &'_ Ready<Prompt>| DrawKey {
        seed: args.seed,
        step: 0,
        prompt: DrawKey::prompt_of(&row.id),
        sample: 0,
        token: 0,
    };
    let requests: Vec<Request> =
        rows.iter().map(|row| Request::new(&row.item, args.num_generations, request(row))).collect();
    let running = NonZeroUsize::new(args.batch_size).unwrap_or(NonZeroUsize::MIN);
    let engine = Engine::new(model, settings).with_capacity(Capacity { running, ..Capacity::default() });
    engine.run(&requests, &mut |_| ControlFlow::Continue(())).map_err(|error| match error {
        GenerateError::NotFinite { request } => NotFinite { id: rows[request].id.clone() }.into(),
        GenerateError::Prompt { request, problem } => format!("row {:?}: {problem}", rows[request].id).into(),
        other => other.into(),
    })
}

fn line<'a>(
    row: &'a Ready<Prompt>,
    completions: &'a [Completion],
    processor: &Processor,
) -> Result<Line<'a>, RowProblem> {
    let written = |completion: &'a Completion| {
        Ok(Written {
            text: processor.decode(&completion.token_ids, SpecialTokens::Skip)?,
            token_ids: &completion.token_ids,
            logprobs: &completion.logprobs,
            finish_reason: match completion.finish {
                FinishReason::Stop => "stop",
                FinishReason::Length => "length",
            },
        })
    };
    let completions = completions.iter().map(written).collect::<Result<_, RowProblem>>()?;
    Ok(Line { id: &row.id, prompt_tokens: row.item.tokens.len(), completions })
}

/// Greedy decoding, changed by the folder's suggestions when they are asked for, then by the flags.
fn settings(
    args: &GenerateArgs,
    processor: &Processor,
) -> Result<SamplingSettings, Box<dyn std::error::Error>> {
    let folder = GenerationConfig::from_dir(&args.model.model)?;
    let stop = if folder.eos.is_empty() { processor.special().eos.clone() } else { folder.eos.clone() };
    let offered = if args.use_generation_config { folder.clone() } else { GenerationConfig::default() };
    let forbidden =
        if args.mask_vision_tokens { processor.special().never_written(&stop) } else { Vec::new() };
    let flags = GenerationConfig {
        temperature: args.temperature,
        top_p: args.top_p,
        top_k: args.top_k,
        repetition_penalty: args.repetition_penalty,
        ..GenerationConfig::default()
    };
    let greedy = SamplingSettings::greedy(args.max_new_tokens, stop).forbid(forbidden);
    let file = args.model.model.join("generation_config.json");
    let suggested = adjusted(greedy, &offered).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(adjusted(suggested, &flags)?)
}

fn adjusted(
    mut settings: SamplingSettings,
    to: &GenerationConfig,
) -> Result<SamplingSettings, SettingsError> {
    if let Some(temperature) = to.temperature {
        settings = settings.temperature(temperature)?;
    }
    if let Some(k) = to.top_k {
        settings = settings.top_k(k);
    }
    if let Some(p) = to.top_p {
        settings = settings.top_p(p)?;
    }
    match to.repetition_penalty {
        Some(penalty) => settings.repetition_penalty(penalty),
        None => Ok(settings),
    }
}

/// What the results depend on, beside the rows.
fn record(args: &GenerateArgs) -> serde_json::Value {
    serde_json::json!({
        "command": "generate", "model": args.model.model, "adapter": args.model.adapter, "input": args.files.input,
        "max_new_tokens": args.max_new_tokens, "temperature": args.temperature, "top_p": args.top_p,
        "top_k": args.top_k, "repetition_penalty": args.repetition_penalty,
        "use_generation_config": args.use_generation_config, "mask_vision_tokens": args.mask_vision_tokens,
        "num_generations": args.num_generations, "seed": args.seed,
    })
}
