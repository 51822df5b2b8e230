//! A recipe is refused when what it names is not there.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are the helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use recipe::{Kind, Place, Problem, Recipe, RecipeError, Tuning};
use tempfile::TempDir;

/// A folder with a model, an adapter of rank 64, rows, images, and a recipe that names them.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        for name in ["model", "adapter", "images", "runs/checkpoint-5"] {
            fs::create_dir_all(folder.path(name)).unwrap();
        }
        folder.write("model/config.json", "{}");
        folder.write("adapter/adapter_config.json", r#"{"r": 64, "lora_alpha": 16, "use_dora": false}"#);
        folder.write("rows.jsonl", "{}\n");
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Loads a recipe in which `@` stands for the folder.
    fn load(&self, lines: &str) -> Result<Recipe, RecipeError> {
        let mut text = String::new();
        for line in ["model_name_or_path: '@/model'", "output_dir: '@/runs'", "datasets: '@/rows.jsonl'"] {
            let key = line.split(':').next().unwrap();
            if !lines.contains(key) {
                text += &format!("{line}\n");
            }
        }
        let text = (text + lines).replace('@', self.0.path().to_str().unwrap());
        self.write("recipe.yaml", &text);
        Recipe::load(Kind::Dpo, &self.path("recipe.yaml"), &[])
    }

    fn refused(&self, lines: &str) -> RecipeError {
        self.load(lines).expect_err(lines)
    }
}

#[test]
fn a_recipe_whose_files_are_there_is_loaded() {
    let folder = Folder::new();
    let lines = "adapter: '@/adapter'\nlora_r: 64\nlora_alpha: 16.0\nuse_dora: false\n\
                 datasets: [{path: '@/rows.jsonl', images: '@/images'}]\neval_dataset: '@/images'\n\
                 resume_from_checkpoint: '@/runs/checkpoint-5'\n";
    let recipe = folder.load(lines).unwrap();
    assert_eq!(recipe.data.datasets[0].images.as_deref(), Some(folder.path("images").as_path()));
}

#[test]
fn paths_that_lead_nowhere_are_refused_by_key() {
    let folder = Folder::new();
    for (lines, key, words) in [
        ("model_name_or_path: '@/no'", "model_name_or_path", "download the model first"),
        (
            "model_name_or_path: Qwen/Qwen2.5-VL-3B-Instruct",
            "model_name_or_path",
            "a folder with config.json",
        ),
        ("model_name_or_path: '@/images'", "model_name_or_path", "images without config.json"),
        ("model_name_or_path: '@/rows.jsonl'", "model_name_or_path", "found the file"),
        ("adapter: '@/no'", "adapter", "adapter_config.json"),
        ("adapter: '@/images'", "adapter", "without adapter_config.json"),
        ("datasets: '@/no.jsonl'", "datasets", "found nothing at"),
        ("datasets: ['@/rows.jsonl', '@/no.jsonl']", "datasets[1]", "found nothing at"),
        (
            "datasets: [{path: '@/rows.jsonl', images: '@/no'}]",
            "datasets[0].images",
            "the folder of the images",
        ),
        ("eval_dataset: '@/no.jsonl'", "eval_dataset", "found nothing at"),
        ("output_dir: '@/rows.jsonl'", "output_dir", "found the file"),
        ("resume_from_checkpoint: '@/runs/checkpoint-6'", "resume_from_checkpoint", "give `latest`"),
    ] {
        let error = folder.refused(lines);
        assert_eq!((error.problem(), error.key()), (Problem::NotThere, Some(key)), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(matches!(error.place(), Place::Line(file, _) if file.ends_with("recipe.yaml")), "{error}");
    }
}

#[test]
fn a_missing_source_is_told_with_its_own_line() {
    let folder = Folder::new();
    let error = folder.refused("datasets:\n  - '@/rows.jsonl'\n  - weight: 2\n    path: '@/no.jsonl'\n");
    assert_eq!(error.place(), &Place::Line(folder.path("recipe.yaml"), 6), "{error}");
}

#[test]
fn a_run_in_place_of_an_adapter_is_its_newest_checkpoint_that_has_one() {
    let folder = Folder::new();
    let refused = folder.refused("adapter: '@/runs'");
    assert_eq!((refused.problem(), refused.key()), (Problem::NotThere, Some("adapter")), "{refused}");
    for step in [9, 10, 8] {
        fs::create_dir_all(folder.path(&format!("runs/checkpoint-{step}"))).unwrap();
        folder.write(&format!("runs/checkpoint-{step}/adapter_config.json"), "{\"r\": 4}");
    }
    fs::create_dir_all(folder.path("runs/checkpoint-11")).unwrap();
    let recipe = folder.load("adapter: '@/runs'\noutput_dir: '@/next'").unwrap();
    let Tuning::Adapter(lora) = &recipe.tuning else { panic!("no adapter") };
    assert_eq!(lora.adapter.as_deref(), Some(folder.path("runs/checkpoint-10").as_path()));
    let contradicted = folder.refused("adapter: '@/runs'\noutput_dir: '@/next'\nlora_r: 8");
    assert_eq!(contradicted.problem(), Problem::Conflict, "{contradicted}");
}

#[test]
fn keys_that_contradict_the_adapter_are_refused() {
    let folder = Folder::new();
    for (line, key) in
        [("lora_r: 8", "lora_r"), ("lora_alpha: 32", "lora_alpha"), ("use_dora: true", "use_dora")]
    {
        let error = folder.refused(&format!("adapter: '@/adapter'\n{line}"));
        assert_eq!((error.problem(), error.key()), (Problem::Conflict, Some(key)), "{error}");
        assert!(error.to_string().contains(&format!("remove `{key}`")), "{error}");
    }
}

#[test]
fn a_recipe_is_read_as_every_kind_that_it_does_for() {
    let folder = Folder::new();
    let kinds = |lines: &str| {
        folder.load(lines).ok();
        let recipes = Recipe::load_any(&folder.path("recipe.yaml"), &[]);
        recipes.map(|recipes| recipes.iter().map(Recipe::kind).collect::<Vec<_>>())
    };
    assert_eq!(kinds(""), Ok(vec![Kind::Sft, Kind::Dpo, Kind::Reinforce]));
    assert_eq!(kinds("loss_type: sigmoid"), Ok(vec![Kind::Dpo]));
    assert_eq!(kinds("reward_funcs: exact\nnum_generations: 2"), Ok(vec![Kind::Grpo]));
}

#[test]
fn a_recipe_that_does_for_no_kind_is_told_what_the_best_fitting_one_says() {
    let folder = Folder::new();
    for (lines, key, word) in [
        ("reward_funcs: exact\nnum_generations: 2\ndatasets: '@/no'", "datasets", "found nothing"),
        ("reward_funcs: exact\nnum_generations: 2\nlearnin_rate: 1", "learnin_rate", "a key of grpo"),
        ("reward_funcs: exact\nnum_generations: 3", "num_generations", "a divisor"),
        ("loss_type: sigmoid\nadapter: '@/no'", "adapter", "found nothing"),
        ("rollout_batch_size: 4\ngamma: 2", "gamma", "from 0 to 1"),
    ] {
        folder.load(lines).ok();
        let error = Recipe::load_any(&folder.path("recipe.yaml"), &[]).unwrap_err();
        assert_eq!(error.key(), Some(key), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn a_path_that_counts_from_the_recipe_is_explained() {
    let folder = Folder::new();
    let error = folder.refused("datasets: rows.jsonl");
    assert!(error.to_string().contains("paths count from the current folder"), "{error}");
}

#[test]
fn a_recipe_that_is_no_text_is_refused() {
    let folder = Folder::new();
    fs::write(folder.path("binary.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    for (name, words) in
        [("no.yaml", "docs/recipes"), ("model", "a YAML file"), ("binary.yaml", "save the file as UTF-8")]
    {
        let error = Recipe::load(Kind::Sft, &folder.path(name), &[]).unwrap_err();
        assert_eq!((error.problem(), error.key()), (Problem::Unreadable, None));
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.place().file(), Some(folder.path(name).as_path()));
    }
}

#[test]
fn relative_paths_count_from_the_current_folder_and_are_written_out_in_full() {
    let folder = Folder::new();
    let recipe = folder.load("output_dir: runs/new").unwrap();
    assert_eq!(recipe.run.output_dir, std::env::current_dir().unwrap().join("runs/new"));
    assert_eq!(Recipe::parse(Kind::Dpo, &recipe.to_yaml(), Path::new("/elsewhere"), &[]), Ok(recipe));
}
