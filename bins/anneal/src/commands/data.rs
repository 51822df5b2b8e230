//! `anneal data`: look at data sets, convert them, draw synthetic ones.

use crate::args::{ConvertArgs, DataArgs, DataCommand, InspectArgs, Scenes, SynthArgs};
use crate::{Outcome, plain};
use datasets::synth::{Generator, SceneSettings, Split, write};
use datasets::{InspectOptions, convert, inspect, open};
use vlm_processor::TextProcessor;

/// Runs the command.
pub fn run(args: &DataArgs) -> Outcome {
    match &args.command {
        DataCommand::Inspect(args) => inspected(args),
        DataCommand::Convert(args) => converted(args),
        DataCommand::Synth(args) => drawn(args),
    }
}

fn inspected(args: &InspectArgs) -> Outcome {
    let options = InspectOptions {
        open: args.source.opening.options()?,
        images: args.decode,
        ..InspectOptions::default()
    };
    let processor = args.model.as_deref().map(TextProcessor::from_dir).transpose()?;
    let found = inspect(&args.source.path, &options, processor.as_ref())?;
    super::say(&plain(&found.to_string()))
}

fn converted(args: &ConvertArgs) -> Outcome {
    let source = open(&args.source.path, &args.source.opening.options()?)?;
    let done = convert(&*source, args.to, &args.output, &args.on_bad_row.policy())?;
    eprintln!("{}: {}", args.output.display(), plain(&done.to_string()));
    Ok(())
}

fn drawn(args: &SynthArgs) -> Outcome {
    let scenes = match args.scenes {
        Scenes::Standard => SceneSettings::default(),
        Scenes::Small => SceneSettings::small(),
    };
    let size = args.size.unwrap_or(scenes.size);
    let generator = Generator::new(SceneSettings { size, ..scenes }, args.seed)?;
    for split in splits(args)? {
        let written = write(&generator, &split, &args.output)?;
        eprintln!("{}: {} rows", written.file.display(), written.rows);
    }
    Ok(())
}

/// The splits that the flags name, as long as they say.
fn splits(args: &SynthArgs) -> Result<Vec<Split>, String> {
    let all = Split::standard();
    let known: Vec<&str> = all.iter().map(|split| split.name.as_str()).collect();
    if let Some(name) = args.splits.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("--splits: found {name:?}, expected some of {}", known.join(",")));
    }
    let wanted = |split: &Split| args.splits.is_empty() || args.splits.contains(&split.name);
    let sized = |split: Split| Split { rows: args.rows.map_or(split.rows, |rows| rows as u64), ..split };
    Ok(all.into_iter().filter(wanted).map(sized).collect())
}
