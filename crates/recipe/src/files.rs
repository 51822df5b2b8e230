//! The files a recipe names.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::checkpoints::newest_checkpoint;
use crate::dataset::DatasetSettings;
use crate::error::{Problem, RecipeError};
use crate::model::Tuning;
use crate::recipe::Recipe;
use crate::run::{Resume, RunSettings};
use crate::section::Reader;
use crate::setting::At;
use crate::yaml::Content;

/// The file that makes a folder an adapter.
const ADAPTER: &str = "adapter_config.json";

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

/// Puts the newest checkpoint with an adapter where `adapter` names the folder of a run.
pub(crate) fn find_adapter(tuning: &mut Tuning) {
    let has_adapter = |folder: &Path| folder.join(ADAPTER).is_file();
    if let Tuning::Adapter(lora) = tuning
        && let Some(adapter) = lora.adapter.as_mut().filter(|adapter| !has_adapter(adapter))
        && let Some(newest) = newest_checkpoint(adapter, has_adapter)
    {
        *adapter = newest;
    }
}

/// Checks that what the recipe names is there.
pub(crate) fn check(recipe: &Recipe, reader: &Reader<'_>) -> Result<(), RecipeError> {
    if let Some(at) = reader.at("model_name_or_path") {
        let model = &recipe.model.model_name_or_path;
        holds(&at, model, "config.json", "download the model first, then give its folder")?;
    }
    if let (Some(at), Some(template)) = (reader.at("chat_template_path"), &recipe.model.chat_template_path)
        && !template.is_file()
    {
        let fix = beside(&at, template, "mend the path, or remove the key");
        return Err(not_there(&at, describe(template), "a file with a chat template", &fix));
    }
    if let (Some(at), Tuning::Adapter(lora)) = (reader.at("adapter"), &recipe.tuning)
        && let Some(adapter) = &lora.adapter
    {
        let fix = "give the folder of a PEFT adapter, or of a run that has a checkpoint with one";
        holds(&at, adapter, ADAPTER, fix)?;
        agrees(reader, adapter)?;
    }
    if let Some(at) = reader.at("datasets") {
        sources(&at, &recipe.data.datasets)?;
    }
    if let (Some(at), Some(rows)) = (reader.at("eval_dataset"), &recipe.data.eval_dataset) {
        sources(&at, rows)?;
    }
    folders_of_the_run(&recipe.run, reader)
}

fn folders_of_the_run(run: &RunSettings, reader: &Reader<'_>) -> Result<(), RecipeError> {
    match reader.at("output_dir") {
        Some(at) if run.output_dir.is_file() => {
            let found = describe(&run.output_dir);
            return Err(not_there(&at, found, "a folder, or a name that is free", "give another name"));
        }
        _ => {}
    }
    match (reader.at("resume_from_checkpoint"), &run.resume_from_checkpoint) {
        (Some(at), Resume::From(path)) if !path.is_dir() => {
            Err(not_there(&at, describe(path), "the folder of a checkpoint", "give `latest`, or null"))
        }
        _ => Ok(()),
    }
}

/// A folder with a certain file in it.
fn holds(at: &At<'_>, path: &Path, file: &str, fix: &str) -> Result<(), RecipeError> {
    if path.join(file).is_file() {
        return Ok(());
    }
    let found = if path.is_dir() { format!("{} without {file}", path.display()) } else { describe(path) };
    Err(not_there(at, found, &format!("a folder with {file}"), &beside(at, path, fix)))
}

fn sources(at: &At<'_>, sources: &[DatasetSettings]) -> Result<(), RecipeError> {
    for (index, source) in sources.iter().enumerate() {
        if !source.path.exists() {
            let at = inner(at, index, "path");
            let fix = beside(&at, &source.path, "give a file, or a folder of shards");
            return Err(not_there(&at, describe(&source.path), "a file or folder with rows", &fix));
        }
        if let Some(images) = source.images.as_ref().filter(|images| !images.is_dir()) {
            let at = inner(at, index, "images");
            return Err(not_there(&at, describe(images), "the folder of the images", "mend the path"));
        }
    }
    Ok(())
}

/// Where a field of a source was written: a source may be a list's item, and a mapping.
fn inner<'a>(at: &At<'a>, index: usize, field: &str) -> At<'a> {
    let source = match &at.node.content {
        Content::List(items) => items.get(index).map(|node| at.item(index, node)),
        _ => None,
    };
    let source = source.unwrap_or_else(|| at.clone());
    let field = match &source.node.content {
        Content::Map(entries) => entries.iter().find(|(name, _)| name == field),
        _ => None,
    };
    field.map_or_else(|| source.clone(), |(name, node)| source.field(name, node))
}

fn describe(path: &Path) -> String {
    let what = if path.is_file() { "the file" } else { "nothing at" };
    format!("{what} {}", path.display())
}

/// Paths count from the current folder: says so when the file lies beside the recipe.
fn beside(at: &At<'_>, path: &Path, fix: &str) -> String {
    let folder = at.document.file.parent().unwrap_or(Path::new(""));
    match path.strip_prefix(&at.document.base_dir) {
        Ok(relative) if folder.join(relative).exists() => {
            let there = folder.join(relative);
            format!("{fix}; paths count from the current folder: {} is there", there.display())
        }
        _ => fix.to_owned(),
    }
}

fn not_there(at: &At<'_>, found: String, expected: &str, fix: &str) -> RecipeError {
    at.fault_found(Problem::NotThere, found, expected, fix)
}

/// Whether keys that stand beside `adapter` say what the adapter says of itself. What cannot be read here is left to
/// those who load the adapter.
fn agrees(reader: &Reader<'_>, adapter: &Path) -> Result<(), RecipeError> {
    let bytes = fs::read(adapter.join(ADAPTER)).unwrap_or_default();
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
