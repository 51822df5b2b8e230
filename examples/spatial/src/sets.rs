//! The data sets by name: where they lie, and what is there.

use crate::args::{DataArgs, GenerateArgs, StageArgs};
use crate::published::Read;
use command_line::Outcome;
use datasets::synth::{Generator, SceneSettings, Share, Split, Style, Task, write};
use datasets::{OpenOptions, Source, SourceError, open};
use recipe::Kind;
use std::path::{Path, PathBuf};

/// A data set of the publication.
struct Set {
    name: &'static str,
    /// The layout of its rows.
    format: &'static str,
    /// Parts that are read on their own, as the words of their file names.
    parts: &'static [&'static str],
    /// Whether stages learn from it.
    teaches: bool,
    /// Where it comes from.
    source: &'static str,
}

const SETS: [Set; 6] = [
    Set {
        name: "rlhfv",
        format: "rlhf-v",
        parts: &[],
        teaches: true,
        source: "parquet or JSONL files of openbmb/RLHF-V-Dataset",
    },
    Set {
        name: "pixmo",
        format: "pixmo-cap",
        parts: &[],
        teaches: true,
        source: "parquet files of allenai/pixmo-cap, its pictures in images/ by the SHA-256 of their address",
    },
    Set {
        name: "spatial",
        format: "auto",
        parts: &[],
        teaches: true,
        source: "JSONL or parquet files with image, question and answer",
    },
    Set {
        name: "vsr",
        format: "vsr",
        parts: &["train", "dev", "test"],
        teaches: false,
        source: "train.jsonl, dev.jsonl, test.jsonl and images/ of cambridgeltl/visual-spatial-reasoning",
    },
    Set {
        name: "cvbench",
        format: "cv-bench",
        parts: &[],
        teaches: false,
        source: "test_2d.parquet and test_3d.parquet of nyu-visionx/CV-Bench",
    },
    Set {
        name: "synthetic",
        format: "auto",
        parts: &["sft", "preference", "grpo", "vsr_like", "cv_like", "test"],
        teaches: true,
        source: "drawn here",
    },
];

/// The sets a stage learns from when none are named.
fn usual(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Sft => &["rlhfv", "pixmo", "spatial"],
        Kind::Dpo => &["rlhfv"],
        _ => &["spatial", "synthetic"],
    }
}

/// `spatial data`: one line for each set, and an error if any cannot be used.
pub fn fill(args: &DataArgs) -> Outcome {
    let all = args.datasets.iter().any(|name| name == "all");
    let wanted = |set: &&Set| all || args.datasets.iter().any(|name| name == set.name);
    if let Some(name) =
        args.datasets.iter().find(|name| *name != "all" && SETS.iter().all(|set| set.name != **name))
    {
        return Err(format!("--datasets: {}", unknown(name, SETS.iter())).into());
    }
    let mut failed = 0;
    for set in SETS.iter().filter(wanted) {
        match status(set, &args.cache_dir) {
            Ok(found) => command_line::say(&format!("ok      {:9} {found}", set.name))?,
            Err(problem) => {
                failed += 1;
                command_line::say(&format!("failed  {:9} {problem}", set.name))?;
            }
        }
    }
    if failed > 0 { Err(format!("{failed} of the sets cannot be used").into()) } else { Ok(()) }
}

/// What is there of a set, drawn first if it is the synthetic one.
fn status(set: &Set, cache: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let folder = cache.join(set.name);
    if set.name == "synthetic" {
        let generator = Generator::new(SceneSettings::default(), 42)?;
        for split in Split::standard() {
            draw_once(&generator, &split, &folder)?;
        }
    }
    if !folder.is_dir() {
        return Err(format!("not there: put {} into {}", set.source, folder.display()).into());
    }
    let count =
        |source: Box<dyn Source>| Ok::<_, SourceError>((source.len()?, source.describe().layout.name()));
    if set.parts.is_empty() {
        let options = OpenOptions { format: set.format.parse()?, ..OpenOptions::default() };
        let (rows, layout) = count(open(&folder, &options)?)?;
        return Ok(format!("{rows} rows of {layout} in {}", folder.display()));
    }
    let mut found = Vec::new();
    for part in set.parts {
        let file = folder.join(format!("{part}.jsonl"));
        if file.is_file() {
            found.push(format!("{part} {}", count(open(&file, &OpenOptions::default())?)?.0));
        }
    }
    if found.is_empty() {
        return Err(format!("empty: put {} into {}", set.source, folder.display()).into());
    }
    Ok(format!("rows of {} in {}", found.join(", "), folder.display()))
}

/// The `datasets` line of a stage's recipe. A set that is not there is left out with a warning; when nothing is left of
/// the usual sets, the synthetic one is drawn.
pub fn of_stage(read: &Read, kind: Kind, args: &StageArgs) -> Result<String, Box<dyn std::error::Error>> {
    let named = read.datasets()?;
    let names = named.clone().unwrap_or_else(|| usual(kind).iter().map(ToString::to_string).collect());
    let mut lines = Vec::new();
    for name in &names {
        let mut known = SETS.iter().filter(|set| set.teaches);
        let set = known.clone().find(|set| set.name == name);
        let set = set.ok_or_else(|| format!("`data.datasets`: {}", unknown(name, known.by_ref())))?;
        let folder = args.cache_dir.join(name);
        match set.name {
            "synthetic" => lines.push((synthetic(read, kind, &args.cache_dir)?, set.format)),
            _ if folder.is_dir() => lines.push((folder, set.format)),
            _ => eprintln!("warning: {name} is left out: {} is not there", folder.display()),
        }
    }
    if lines.is_empty() {
        if named.is_some() {
            return Err(format!(
                "`data.datasets`: none of {} is below {}",
                names.join(", "),
                args.cache_dir.display()
            )
            .into());
        }
        eprintln!("warning: none of the usual sets is there; learning from synthetic scenes");
        lines.push((synthetic(read, kind, &args.cache_dir)?, "auto"));
    }
    let most =
        read.values().number("data.max_samples_per_dataset")?.or(read.values().number("data.max_samples")?);
    let entry = |(path, format): &(PathBuf, &str)| {
        let most = most.map_or_else(String::new, |most| format!(", max_samples: {most}"));
        let path = serde_json::Value::from(path.display().to_string());
        format!("{{path: {path}, format: {format}{most}}}")
    };
    Ok(format!("datasets: [{}]\n", lines.iter().map(entry).collect::<Vec<_>>().join(", ")))
}

/// The synthetic split of a stage, drawn if it is not there.
fn synthetic(read: &Read, kind: Kind, cache: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let name = match kind {
        Kind::Sft => "sft",
        Kind::Dpo => "preference",
        _ => "grpo",
    };
    let size = read.values().number("data.synthetic.size")?.unwrap_or(224);
    let seed = read.values().number("data.synthetic.seed")?.unwrap_or(42);
    let rows = read.values().number(&format!("data.synthetic.{name}"))?;
    let generator = Generator::new(SceneSettings { size: size as u32, ..SceneSettings::default() }, seed)?;
    let split = Split::standard().into_iter().find(|split| split.name == name).ok_or("no such split")?;
    let split = Split { rows: rows.unwrap_or(split.rows), ..split };
    draw_once(&generator, &split, &cache.join("synthetic"))
}

fn draw_once(
    generator: &Generator,
    split: &Split,
    folder: &Path,
) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let file = folder.join(format!("{}.jsonl", split.name));
    if !file.is_file() {
        write(generator, split, folder)?;
    }
    Ok(file)
}

/// `spatial generate`.
pub fn draw(args: &GenerateArgs) -> Outcome {
    let generator = Generator::new(SceneSettings { size: args.size, ..SceneSettings::default() }, args.seed)?;
    let mix = args.task_mix.iter().map(|share| self::share(share)).collect::<Result<Vec<_>, String>>()?;
    for split in Split::standard() {
        let rows = args.n.unwrap_or(split.rows);
        // Captions and lettered choices have a mix of their own.
        let free = !matches!(split.name.as_str(), "vsr_like" | "cv_like");
        let mix = if free && !mix.is_empty() { mix.clone() } else { split.mix.clone() };
        let written = write(&generator, &Split { rows, mix, ..split }, &args.out)?;
        eprintln!("{}: {} rows", written.file.display(), written.rows);
    }
    Ok(())
}

/// `relation=0.3`, in hundredths.
fn share(text: &str) -> Result<Share, String> {
    let names: Vec<&str> = Task::ALL.iter().map(|task| task.name()).collect();
    let wrong = || {
        format!(
            "--task_mix: found {text:?}, expected TASK=SHARE with a task of {} and a share above 0 and at most 1",
            names.join(", ")
        )
    };
    let (name, share) = text.split_once('=').ok_or_else(wrong)?;
    let task = Task::ALL.into_iter().find(|task| task.name() == name).ok_or_else(wrong)?;
    let share: f64 = share.parse().map_err(|_| wrong())?;
    let hundredths = (100.0 * share).round();
    if !(1.0..=100.0).contains(&hundredths) {
        return Err(wrong());
    }
    Ok(Share::new(task, Style::Sentence, hundredths as u32))
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a Set>) -> String {
    let known: Vec<&str> = known.map(|set| set.name).collect();
    format!("found {name:?}, expected names of {}", known.join(", "))
}

/// The files of held-out scenes: captions, choices, counts and distances; drawn if they are not there.
pub fn held_out(cache: &Path) -> Result<[PathBuf; 4], Box<dyn std::error::Error>> {
    use datasets::synth::{Part, RowKind};
    let generator = Generator::new(SceneSettings::default(), 42)?;
    let folder = cache.join("synthetic");
    let alone = |name, task| {
        Split::new(name, Part::HeldOut, RowKind::Prompt, &[Share::new(task, Style::Sentence, 1)], 100)
    };
    let usual =
        |name: &str| Split::standard().into_iter().find(|split| split.name == name).ok_or("no such split");
    Ok([
        draw_once(&generator, &usual("vsr_like")?, &folder)?,
        draw_once(&generator, &usual("cv_like")?, &folder)?,
        draw_once(&generator, &alone("counts", Task::Count), &folder)?,
        draw_once(&generator, &alone("distances", Task::Distance), &folder)?,
    ])
}
