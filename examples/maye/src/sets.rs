//! Data sets and models by name, and the drawing of toy problems.

use crate::args::{Data, Model, ToyArgs};
use command_line::Outcome;
use datasets::toy::{Kind, Numerals, Split, Toy, ToySettings, Working, write};
use recipe::{Nested, NestedError};
use std::path::Path;

const MM_MATH: &str = include_str!("../recipes/mm_math.yaml");
const GEOMETRY3K: &str = include_str!("../recipes/geometry3k.yaml");
const TOY: &str = include_str!("../recipes/toy.yaml");
const SFT: &str = include_str!("../recipes/sft.yaml");

/// Rows of the toy set: training, validation, test.
const ROWS: [u64; 3] = [64, 16, 16];

/// The published settings for a data set.
pub fn recipe_of(data: Data, kind: recipe::Kind) -> &'static str {
    match (kind, data) {
        (recipe::Kind::Sft, _) => SFT,
        (_, Data::Mmmath) => MM_MATH,
        (_, Data::Geo3k) => GEOMETRY3K,
        (_, Data::Toy) => TOY,
    }
}

/// The folder of a model.
pub fn folder_of(model: Model) -> &'static str {
    match model {
        Model::Qwen25 => "ckpts/Qwen2.5-VL-7B-Instruct",
        Model::Qwen2 => "ckpts/Qwen2-VL-7B-Instruct",
    }
}

/// The files of a data set as settings of a recipe; toy problems are drawn where they are not there yet.
pub fn overrides(data: Data, toy: &ToySettings) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let (folder, [train, validation, test]) = match data {
        Data::Mmmath => {
            ("datasets/mm_math", ["mm_math_rl_v0", "mm_math_validation_v0", "math_verse_test_v0"])
        }
        Data::Geo3k => {
            ("datasets/geometry3k", ["geometry3k_rl_v0", "geometry3k_validation_v0", "geometry3k_test_v0"])
        }
        Data::Toy => (folder_of_toy(toy), ["toy_train", "toy_validation", "toy_test"]),
    };
    if data == Data::Toy && !Path::new(folder).join("toy_test.jsonl").is_file() {
        fill(Path::new(folder), toy.clone(), ROWS)?;
    }
    let file = |stem: &str| format!("{folder}/{stem}.jsonl");
    Ok(vec![
        format!("datasets={}", file(train)),
        format!("eval_dataset=[{}, {}]", file(validation), file(test)),
    ])
}

/// Problems of other settings lie elsewhere.
fn folder_of_toy(toy: &ToySettings) -> &'static str {
    match (toy.numbers, toy.working) {
        (Numerals::Drawn, Working::Hidden) => "datasets/toy",
        (Numerals::InText, Working::Hidden) => "datasets/toy-in-text",
        (Numerals::Drawn, _) => "datasets/toy-cot",
        (Numerals::InText, _) => "datasets/toy-in-text-cot",
    }
}

/// How `--data toy` draws, by the keys `toy.in_text` and `toy.cot` of a configuration.
pub fn toy_of(config: &Nested) -> Result<ToySettings, NestedError> {
    let asked = |key: &str| Ok::<bool, NestedError>(config.switch(key)?.unwrap_or(false));
    Ok(ToySettings {
        numbers: if asked("toy.in_text")? { Numerals::InText } else { Numerals::Drawn },
        working: if asked("toy.cot")? { Working::Shown } else { Working::Hidden },
        ..ToySettings::default()
    })
}

/// `maye toy`.
pub fn draw(args: &ToyArgs) -> Outcome {
    let named = |name: &String| {
        let known = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        let all = Kind::ALL.map(Kind::name).join(", ");
        known.ok_or_else(|| format!("--kinds: found {name:?}, expected some of {all}"))
    };
    let kinds = args.kinds.iter().map(named).collect::<Result<Vec<_>, _>>()?;
    let settings = ToySettings {
        kinds: if kinds.is_empty() { Kind::ALL.to_vec() } else { kinds },
        sides: [args.sides[0], args.sides[1]],
        numbers: if args.in_text { Numerals::InText } else { Numerals::Drawn },
        working: match args.cot {
            0 => Working::Hidden,
            percent => Working::Percent(percent),
        },
        seed: args.seed,
    };
    fill(&args.out, settings, [args.rows[0], args.rows[1], args.rows[2]])?;
    Ok(())
}

/// Writes the three files of a toy set; gives every text in them, for a tokenizer.
pub fn fill(
    folder: &Path,
    settings: ToySettings,
    rows: [u64; 3],
) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let toy = Toy::new(settings)?;
    let mut texts = Vec::new();
    for (split, rows) in Split::ALL.into_iter().zip(rows) {
        let drawn = write(&toy, split, rows, &folder.join(format!("toy_{}.jsonl", split.name())))?;
        eprintln!("{}: {rows} rows", drawn.file.display());
        texts.extend(drawn.texts);
    }
    Ok(texts)
}
