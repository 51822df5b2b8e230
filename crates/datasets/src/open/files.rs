//! Which files a path means, and what holds their rows.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vlm_processor::open_regular;

use crate::container::Rows;
use crate::container::elements::{Elements, Root, root};
use crate::container::image_folder::ImageFolder;
use crate::container::joined::{Gathered, Questions};
use crate::container::lines::Lines;
use crate::container::parquet::Parquet;
use crate::container::shards::Shards;
use crate::container::tar::{Archive, Samples, lines_member};
use crate::home::Home;
use crate::picture::ImageRoot;
use crate::source_error::SourceError;

const SPLITS: [&str; 7] = ["train", "validation", "valid", "val", "dev", "test", "eval"];
const ENDINGS: [&str; 5] = ["parquet", "jsonl", "ndjson", "json", "tar"];

/// The rows of a file, or of a folder of files.
pub(crate) fn rows(
    path: &Path,
    split: Option<&str>,
    images: &Arc<ImageRoot>,
) -> Result<Box<dyn Rows>, SourceError> {
    let meta = fs::metadata(path).map_err(|source| SourceError::Read { path: path.to_owned(), source })?;
    if meta.is_dir() { folder(path, split, images) } else { file(path, images) }
}

fn file(path: &Path, images: &Arc<ImageRoot>) -> Result<Box<dyn Rows>, SourceError> {
    let failed = |source| SourceError::Read { path: path.to_owned(), source };
    let mut start = Vec::new();
    open_regular(path).and_then(|file| file.take(4096).read_to_end(&mut start)).map_err(failed)?;
    let home = Home::Folder(Arc::clone(images));
    if start.starts_with(b"PAR1") {
        return Ok(Box::new(Parquet::open(path, home)?));
    }
    if start.get(257..262) == Some(b"ustar") {
        return tar(path);
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start).trim_ascii_start();
    match text.first() {
        Some(b'[') => json(path, home),
        Some(b'{') if path.extension().is_some_and(|ending| ending == "json") => json(path, home),
        Some(b'{') => Ok(Box::new(Lines::open(path, home)?)),
        None if start.len() < 4096 => Err(SourceError::Empty { path: path.to_owned() }),
        _ => Err(SourceError::Container {
            path: path.to_owned(),
            found: kind_of(&start),
            expected: "parquet, tar, a JSON list, or JSONL with an object on every line".to_owned(),
        }),
    }
}

/// What a file that cannot be read seems to be.
fn kind_of(start: &[u8]) -> String {
    match start {
        [0x1f, 0x8b, ..] => "a gzip file (decompress it first)".to_owned(),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "a zstd file (decompress it first)".to_owned(),
        [b'P', b'K', 3, 4, ..] => "a zip archive (extract it first)".to_owned(),
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => "an Arrow file (save it as parquet)".to_owned(),
        _ => {
            let bytes: Vec<String> = start.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            format!("content that starts with {}", bytes.join(" "))
        }
    }
}

fn tar(path: &Path) -> Result<Box<dyn Rows>, SourceError> {
    let (archive, members) = Archive::open(path)?;
    if let Some((start, end)) = lines_member(&members) {
        return Ok(Box::new(Lines::part(archive.path(), start, end, Home::Archive(Arc::clone(&archive)))?));
    }
    Ok(Box::new(Samples::new(archive, members)))
}

/// A list, an object that holds lists, or lines in spite of the file's name.
fn json(path: &Path, home: Home) -> Result<Box<dyn Rows>, SourceError> {
    let read = |source: io::Error| SourceError::Read { path: path.to_owned(), source };
    let keys = match root(path).map_err(read)? {
        Ok(Root::List(start)) => return list(path, start, home),
        Ok(Root::Object(keys)) => keys,
        Err(found) => {
            let expected = "a complete JSON list or object".to_owned();
            return Err(SourceError::Container { path: path.to_owned(), found, expected });
        }
    };
    let lines = Lines::open(path, home.clone())?;
    if lines.row(1).is_ok() {
        return Ok(Box::new(lines));
    }
    let start = |key: &str| keys.iter().find(|(name, _)| name == key).and_then(|(_, start)| *start);
    match (start("images"), start("annotations"), start("questions"), start("data")) {
        (Some(images), Some(annotations), ..) => {
            let images = Elements::open(path, images, home.clone())?;
            let annotations = Elements::open(path, annotations, home.clone())?;
            Ok(Box::new(Gathered::captions(&images, &annotations, path, home)?))
        }
        (None, Some(start), ..) | (None, None, None, Some(start)) => list(path, start, home),
        (_, None, Some(_), _) => Err(SourceError::Container {
            path: path.to_owned(),
            found: "questions without their annotations".to_owned(),
            expected: "the folder that holds both files".to_owned(),
        }),
        _ => Ok(Box::new(lines)),
    }
}

fn list(path: &Path, start: u64, home: Home) -> Result<Box<dyn Rows>, SourceError> {
    let elements = Elements::open(path, start, home.clone())?;
    let of_videos =
        elements.row(0).is_ok_and(|row| row.fields.get("questions").is_some_and(|q| q.is_array()));
    if of_videos {
        return Ok(Box::new(Gathered::questions_of_videos(&elements, path, home)?));
    }
    Ok(Box::new(elements))
}

fn folder(path: &Path, split: Option<&str>, images: &Arc<ImageRoot>) -> Result<Box<dyn Rows>, SourceError> {
    let found = data_files(path)?;
    let in_split = |file: &&PathBuf| split.is_none_or(|split| words(&stem(file)).any(|word| word == split));
    let files: Vec<&PathBuf> = found.iter().filter(in_split).collect();
    if let Some(metadata) = files.iter().find(|file| file.ends_with("metadata.jsonl")) {
        return Ok(Box::new(ImageFolder::new(Lines::open(metadata, Home::Folder(Arc::clone(images)))?)));
    }
    if let Some(joined) = questions(&files, images)? {
        return Ok(joined);
    }
    for name in split.into_iter().chain(["data"]) {
        if files.is_empty() && path.join(name).is_dir() {
            let inner = if name == "data" { split } else { None };
            return folder(&path.join(name), inner, images);
        }
    }
    check_splits(path, &files)?;
    let mut parts = files.iter().map(|path| file(path, images));
    match parts.next() {
        Some(first) => Ok(Box::new(Shards::new(first?, parts.collect::<Result<_, _>>()?))),
        None => Err(SourceError::Container {
            path: path.to_owned(),
            found: match split {
                Some(split) => format!("no data file whose name says {split:?}"),
                None => "a folder without data files".to_owned(),
            },
            expected: "parquet, JSONL, JSON or tar files, or pictures beside a metadata.jsonl".to_owned(),
        }),
    }
}

/// The data files directly in a folder, in order of their names.
fn data_files(path: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let failed = |source| SourceError::Read { path: path.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if ENDINGS.contains(&ending) && !is_about(&file) && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// Files that describe a data set instead of holding its rows.
fn is_about(file: &Path) -> bool {
    let names = ["dataset_info.json", "dataset_infos.json", "state.json", "dataset_dict.json"];
    names.iter().any(|name| file.ends_with(name)) || stem(file).starts_with('.')
}

fn stem(file: &Path) -> String {
    file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The words of a file's name.
fn words(stem: &str) -> impl Iterator<Item = &str> {
    stem.split(['-', '_', '.'])
}

/// Files of several splits, or of several kinds, are not one data set.
fn check_splits(path: &Path, files: &[&PathBuf]) -> Result<(), SourceError> {
    let split = |file: &&PathBuf| {
        let stem = stem(file);
        words(&stem).find_map(|word| SPLITS.iter().find(|name| **name == word).copied())
    };
    let kind = |file: &&PathBuf| file.extension().map(|ending| ending.to_string_lossy().into_owned());
    let (mut splits, mut kinds): (Vec<_>, Vec<_>) =
        (files.iter().map(split).collect(), files.iter().map(kind).collect());
    splits.dedup();
    kinds.dedup();
    let one_kind = kinds.iter().all(|kind| kind == &kinds[0]);
    if splits.len() < 2 && one_kind {
        return Ok(());
    }
    let names: Vec<String> = files.iter().take(8).map(|file| stem(file)).collect();
    let expected =
        if one_kind { "one split: choose it with `split`" } else { "files of one kind: name one of them" };
    Err(SourceError::Container {
        path: path.to_owned(),
        found: format!("the files {}", names.join(", ")),
        expected: expected.to_owned(),
    })
}

/// A folder that holds VQA questions in one file and annotations in another.
fn questions(files: &[&PathBuf], images: &Arc<ImageRoot>) -> Result<Option<Box<dyn Rows>>, SourceError> {
    let list = |key: &str| -> Result<Option<(&Path, u64)>, SourceError> {
        for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "json")) {
            let read = |source| SourceError::Read { path: file.to_path_buf(), source };
            if let Ok(Root::Object(keys)) = root(file).map_err(read)?
                && let Some((_, Some(start))) = keys.iter().find(|(name, _)| name == key)
            {
                return Ok(Some((file, *start)));
            }
        }
        Ok(None)
    };
    let (Some((asked, questions)), Some((file, annotations))) = (list("questions")?, list("annotations")?)
    else {
        return Ok(None);
    };
    let home = Home::Folder(Arc::clone(images));
    let questions = Elements::open(asked, questions, home.clone())?;
    let annotations = Elements::open(file, annotations, home)?;
    Ok(Some(Box::new(Questions::join(questions, annotations, file)?)))
}
