//! `anneal data`: look at data sets, convert them, draw synthetic ones.

use crate::args::{ConvertArgs, DataArgs, DataCommand, InspectArgs, Scenes, SynthArgs};
use command_line::{Outcome, plain};
use datasets::synth::{Generator, SceneSettings, Split, write};
use datasets::{InspectOptions, Record, convert, inspect, open};
use eval::report::Shown;
use vlm_processor::{Content, Message, Part, TextProcessor};

/// Rows that a page shows.
const ROWS_OF_A_PAGE: u64 = 24;

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
    let text = plain(&found.to_string());
    if let Some(page) = &args.html {
        let source = open(&args.source.path, &args.source.opening.options()?)?;
        let rows = spread(source.len()?).filter_map(|index| source.get(index).ok()).map(|row| shown(&row));
        let title = args.source.path.display().to_string();
        std::fs::write(page, eval::report::data(&title, &text, &rows.collect::<Vec<_>>()))
            .map_err(|error| format!("--html {}: {error}", page.display()))?;
    }
    command_line::say(&text)
}

/// Rows of a page, from the first to the last.
fn spread(rows: u64) -> impl Iterator<Item = u64> {
    let count = rows.min(ROWS_OF_A_PAGE);
    (0..count).map(move |n| n * rows / count.max(1))
}

fn shown(record: &Record) -> Shown {
    let pictures = record.visuals().images.iter().filter_map(|picture| picture.open().ok()).collect();
    Shown { id: record.id().to_owned(), text: format!("{}{}", record.kind(), turns(record)), pictures }
}

/// The turns of a record as text; of a pair, both continuations.
fn turns(record: &Record) -> String {
    let rows = match record.clone() {
        Record::Preference(pair) => vec![pair.chosen_row(), pair.rejected_row()],
        other => {
            let answered = other.clone().into_instruction().map(|record| record.row());
            answered.or_else(|_| other.into_rl_prompt().map(|record| record.row())).into_iter().collect()
        }
    };
    let said = |message: &Message| {
        let parts = message
            .parts()
            .iter()
            .filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None });
        let whole = if let Content::Text(text) = &message.content { text.clone() } else { parts.collect() };
        format!("\n\n{:?}: {whole}", message.role)
    };
    rows.iter().flat_map(|row| &row.messages).map(said).collect()
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
