//! What a run reads, told apart by a few numbers: a run that goes on must find what it began with.

use super::SessionError;
use recipe::{DatasetSettings, Recipe, Tuning};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Longest file of which every byte counts.
const WHOLE: u64 = 16 << 20;
/// Of a longer one, so many blocks from its first to its last byte.
const BLOCKS: u64 = 64;
const BLOCK: usize = 64 << 10;
/// Files of a model, beside its weights, that change what is computed.
const OF_A_MODEL: [&str; 5] = [
    "config.json",
    "tokenizer.json",
    "preprocessor_config.json",
    "adapter_config.json",
    "adapter_model.safetensors",
];
/// Endings of files that hold rows.
const OF_ROWS: [&str; 5] = ["parquet", "jsonl", "ndjson", "json", "tar"];

/// Size and digest of everything that `recipe` reads, by key and path: rows, model, adapter, chat template. Pictures are
/// not looked at.
///
/// Of files above 16 MiB 64 blocks are read, so that a model of many gigabytes takes no longer than a moment: a change of
/// size is always noticed, a change of some bytes in their middle may not be.
pub fn inputs(recipe: &Recipe) -> Result<BTreeMap<String, String>, SessionError> {
    let mut read = BTreeMap::new();
    let mut add = |key: &str, path: &Path, files: Vec<PathBuf>| {
        let said = summary(&files).map_err(|source| cannot(path, &source))?;
        read.insert(format!("{key}: {}", path.display()), said);
        Ok::<(), SessionError>(())
    };
    let model = &recipe.model.model_name_or_path;
    add("model_name_or_path", model, below(model, is_of_a_model)?)?;
    if let Some(template) = &recipe.model.chat_template_path {
        add("chat_template_path", template, vec![template.clone()])?;
    }
    if let Tuning::Adapter(lora) = &recipe.tuning
        && let Some(adapter) = &lora.adapter
    {
        add("adapter", adapter, below(adapter, is_of_a_model)?)?;
    }
    for settings in &recipe.data.datasets {
        add("datasets", &settings.path, files_of(settings)?)?;
    }
    for settings in recipe.data.eval_dataset.iter().flatten() {
        add("eval_dataset", &settings.path, files_of(settings)?)?;
    }
    Ok(read)
}

/// The files of a data set: itself, or those of its folder and of the folders in it that may hold its split.
fn files_of(settings: &DatasetSettings) -> Result<Vec<PathBuf>, SessionError> {
    let path = &settings.path;
    if path.is_file() {
        return Ok(vec![path.clone()]);
    }
    let mut files = below(path, is_of_rows)?;
    for inner in settings.split.as_deref().into_iter().chain(["data"]).map(|name| path.join(name)) {
        if inner.is_dir() {
            files.extend(below(&inner, is_of_rows)?);
        }
    }
    Ok(files)
}

fn is_of_rows(path: &Path) -> bool {
    path.extension().is_some_and(|ending| OF_ROWS.iter().any(|known| ending == *known))
}

fn is_of_a_model(path: &Path) -> bool {
    let is_known = path.file_name().is_some_and(|name| OF_A_MODEL.iter().any(|known| name == *known));
    // A checkpoint holds the moments of its optimiser, too: nothing reads them from there.
    let is_weights = path.extension().is_some_and(|ending| ending == "safetensors");
    is_known || (is_weights && !path.ends_with("optimizer.safetensors"))
}

/// The files right below a folder that are wanted, in the order of their names.
fn below(folder: &Path, is_wanted: fn(&Path) -> bool) -> Result<Vec<PathBuf>, SessionError> {
    let list = || -> io::Result<Vec<PathBuf>> {
        let paths: Vec<PathBuf> =
            fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        let mut files: Vec<PathBuf> =
            paths.into_iter().filter(|path| is_wanted(path) && path.is_file()).collect();
        files.sort();
        Ok(files)
    };
    list().map_err(|source| cannot(folder, &source))
}

fn cannot(path: &Path, source: &io::Error) -> SessionError {
    SessionError::Data(format!("{}: cannot be read: {source}", path.display()).into())
}

/// Files in words: how many, how long, and a digest of names and bytes.
fn summary(files: &[PathBuf]) -> io::Result<String> {
    let (mut bytes, mut digests) = (0, String::new());
    for path in files {
        let (length, digest) = look(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        digests.push_str(&format!("{name} {length} {digest}\n"));
        bytes += length;
    }
    let digest = checkpoint::digest(digests.as_bytes());
    let count = if files.len() == 1 { "1 file".to_owned() } else { format!("{} files", files.len()) };
    Ok(format!("{count} of {bytes} bytes, digest {}", &digest[..12]))
}

/// Length of a file, and a digest of all its bytes or of blocks of them.
fn look(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    if length <= WHOLE {
        file.take(WHOLE).read_to_end(&mut bytes)?;
    } else {
        for block in 0..BLOCKS {
            let last = length - BLOCK as u64;
            file.seek(SeekFrom::Start(
                (u128::from(last) * u128::from(block) / u128::from(BLOCKS - 1)) as u64,
            ))?;
            let start = bytes.len();
            bytes.resize(start + BLOCK, 0);
            file.read_exact(&mut bytes[start..])?;
        }
    }
    Ok((length, checkpoint::digest(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_told_from_one_of_another_length_start_or_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        let told = |length: u64, at: u64| {
            use std::io::Write;
            let mut file = File::create(&path).unwrap();
            file.set_len(length).unwrap();
            file.seek(SeekFrom::Start(at)).unwrap();
            file.write_all(b"x").unwrap();
            summary(std::slice::from_ref(&path)).unwrap()
        };
        let long = WHOLE + 1000;
        let all = [told(long, 0), told(long, long - 1), told(long + 1, 0), told(1000, 5), told(1000, 6)];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len(), "{all:?}");
        assert_eq!(told(long, 0), all[0]);
    }
}
