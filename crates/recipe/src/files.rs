//! The files a recipe names.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::dataset::DatasetSettings;
use crate::error::{Problem, RecipeError};
use crate::model::Tuning;
use crate::recipe::Recipe;
use crate::run::Resume;
use crate::section::Reader;
use crate::setting::At;

/// The text of a recipe.
pub(crate) fn read(path: &Path) -> Result<String, RecipeError> {
    let bytes = fs::read(path).map_err(|error| {
        let fix = "give the path of a recipe; docs/recipes has one for each kind";
        RecipeError::unreadable(path, error.to_string(), "a YAML file", fix)
    })?;
    String::from_utf8(bytes).map_err(|error| {
        RecipeError::unreadable(path, error.to_string(), "text in UTF-8", "save the file as UTF-8")
    })
}

/// The folder that relative paths count from.
pub(crate) fn current_folder(recipe: &Path) -> Result<PathBuf, RecipeError> {
    let here = std::env::current_dir().map_err(|error| error.to_string());
    let here = here.and_then(|here| match here.to_str() {
        Some(_) => Ok(here),
        None => Err(format!("the folder {}", here.display())),
    });
    here.map_err(|found| {
        RecipeError::unreadable(
            recipe,
            found,
            "a current folder with a name in UTF-8",
            "change to another folder",
        )
    })
}

/// Checks that what the recipe names is there.
pub(crate) fn check(recipe: &Recipe, reader: &Reader<'_>) -> Result<(), RecipeError> {
    let model = &recipe.model.model_name_or_path;
    holds(
        reader,
        "model_name_or_path",
        model,
        "config.json",
        "download the model first, then give its folder",
    )?;
    if let Tuning::Adapter(lora) = &recipe.tuning
        && let Some(adapter) = &lora.adapter
    {
        holds(reader, "adapter", adapter, "adapter_config.json", "give the folder of a PEFT adapter")?;
        agrees(reader, adapter)?;
    }
    sources(reader, "datasets", &recipe.data.datasets)?;
    sources(reader, "eval_dataset", recipe.data.eval_dataset.as_deref().unwrap_or_default())?;
    if recipe.run.output_dir.is_file() {
        return not_there(
            reader,
            "output_dir",
            "a file",
            "a folder, or a name that is free",
            "give another name",
        );
    }
    match &recipe.run.resume_from_checkpoint {
        Resume::From(path) if !path.is_dir() => {
            let found = describe(path);
            not_there(
                reader,
                "resume_from_checkpoint",
                &found,
                "a checkpoint's folder",
                "give `latest`, or null",
            )
        }
        _ => Ok(()),
    }
}

/// A folder with a certain file in it.
fn holds(reader: &Reader<'_>, key: &str, path: &Path, file: &str, fix: &str) -> Result<(), RecipeError> {
    if path.join(file).is_file() {
        return Ok(());
    }
    let found = if path.is_dir() { format!("{} without {file}", path.display()) } else { describe(path) };
    not_there(reader, key, &found, &format!("a folder with {file}"), &beside(reader, path, fix))
}

/// Whether keys that stand beside `adapter` say what the adapter says of itself. What cannot be read here is left to
/// those who load the adapter.
fn agrees(reader: &Reader<'_>, adapter: &Path) -> Result<(), RecipeError> {
    let bytes = fs::read(adapter.join("adapter_config.json")).unwrap_or_default();
    let config: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let pairs = [
        ("lora_r", "r"),
        ("lora_alpha", "lora_alpha"),
        ("use_rslora", "use_rslora"),
        ("use_dora", "use_dora"),
    ];
    for (key, name) in pairs {
        let (Some(at), theirs) = (reader.at(key), &config[name]) else { continue };
        let ours = serde_json::from_str(&at.node.content.to_string()).unwrap_or_default();
        if !theirs.is_null() && !same(&ours, theirs) {
            let fix = format!("remove `{key}`, which the adapter brings, or `adapter`");
            return Err(reader.conflict(key, format!("{theirs}, as in {}", adapter.display()), fix));
        }
    }
    Ok(())
}

/// 16 and 16.0 are one number.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours.as_f64(), theirs.as_f64()) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => ours == theirs,
    }
}

fn sources(reader: &Reader<'_>, key: &str, sources: &[DatasetSettings]) -> Result<(), RecipeError> {
    for (index, source) in sources.iter().enumerate() {
        if !source.path.exists() {
            let name = if sources.len() > 1 { format!("{key}[{index}].path") } else { key.to_owned() };
            let fix = beside(reader, &source.path, "give a file, or a folder of shards");
            return not_there(reader, &name, &describe(&source.path), "a file or folder with rows", &fix);
        }
        if let Some(images) = source.images.as_ref().filter(|images| !images.is_dir()) {
            let name = format!("{key}[{index}].images");
            return not_there(reader, &name, &describe(images), "the folder of the images", "mend the path");
        }
    }
    Ok(())
}

fn describe(path: &Path) -> String {
    let what = if path.is_file() { "the file" } else { "nothing at" };
    format!("{what} {}", path.display())
}

/// Paths count from the current folder: says so when the file lies beside the recipe.
fn beside(reader: &Reader<'_>, path: &Path, fix: &str) -> String {
    let document = reader.document;
    let folder = document.file.parent().unwrap_or(Path::new(""));
    match path.strip_prefix(&document.base_dir) {
        Ok(relative) if folder.join(relative).exists() => {
            let there = folder.join(relative);
            format!("{fix}; paths count from the current folder: {} is there", there.display())
        }
        _ => fix.to_owned(),
    }
}

fn not_there(
    reader: &Reader<'_>,
    key: &str,
    found: &str,
    expected: &str,
    fix: &str,
) -> Result<(), RecipeError> {
    let outer = key.split(['[', '.']).next().unwrap_or(key);
    let error = match reader.at(outer) {
        Some(at) => At { path: key.to_owned(), ..at }.fault_found(Problem::NotThere, found, expected, fix),
        None => RecipeError::unreadable(&reader.document.file, found.into(), expected, fix),
    };
    Err(error)
}
