//! One or many safetensors files seen as one set of named tensors.

use super::error::CheckpointError;
use super::{header, mapped};
use memmap2::Mmap;
use safetensors::tensor::{Dtype, Metadata};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
/// More shards than any published model has.
const MAX_SHARDS: usize = 4096;
/// Larger index files are refused before they are read.
const MAX_INDEX_BYTES: u64 = 100 << 20;

/// The tensors of a model folder under their published names.
pub struct Checkpoint {
    dir: PathBuf,
    shards: Vec<Shard>,
    tensors: BTreeMap<String, Entry>,
}

struct Shard {
    path: PathBuf,
    bytes: Mmap,
    data_start: usize,
}

struct Entry {
    shard: usize,
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    offsets: (usize, usize),
}

/// A tensor's place in a file.
pub(super) struct Placed<'a> {
    /// Its published name.
    pub published: &'a str,
    entry: &'a Entry,
}

impl Placed<'_> {
    /// Its name as the file spells it.
    pub fn name(&self) -> &str {
        &self.entry.name
    }

    /// Its element type in the file.
    pub fn dtype(&self) -> Dtype {
        self.entry.dtype
    }

    /// Its shape in the file.
    pub fn shape(&self) -> &[usize] {
        &self.entry.shape
    }
}

/// One tensor's bytes as they lie in the file.
pub(super) struct RawTensor<'a> {
    pub dtype: Dtype,
    pub shape: &'a [usize],
    pub bytes: &'a [u8],
}

impl Checkpoint {
    /// Opens the weights of a folder; headers are checked, data is only mapped.
    pub fn open(dir: &Path) -> Result<Self, CheckpointError> {
        let mut checkpoint = Self { dir: dir.to_owned(), shards: Vec::new(), tensors: BTreeMap::new() };
        for name in shard_names(dir)? {
            checkpoint.add_shard(&name)?;
        }
        Ok(checkpoint)
    }

    /// The folder this was opened from.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Names of all tensors, published spelling, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of a tensor.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|entry| entry.shape.as_slice())
    }

    /// Whether two tensors hold the same numbers.
    pub fn same(&self, one: &str, other: &str) -> bool {
        match (self.raw(one), self.raw(other)) {
            (Some(a), Some(b)) => (a.dtype, a.shape, a.bytes) == (b.dtype, b.shape, b.bytes),
            _ => false,
        }
    }

    /// The weight files, and which tensors each holds.
    pub(super) fn layout(&self) -> impl Iterator<Item = (&Path, Vec<Placed<'_>>)> {
        self.shards.iter().enumerate().map(|(index, shard)| {
            let here = self.tensors.iter().filter(move |(_, entry)| entry.shard == index);
            let placed = here.map(|(published, entry)| Placed { published, entry });
            (shard.path.as_path(), placed.collect())
        })
    }

    /// Whether a tensor is stored in bfloat16.
    pub fn is_half(&self, name: &str) -> bool {
        self.tensors.get(name).is_some_and(|entry| entry.dtype == Dtype::BF16)
    }

    pub(super) fn raw(&self, name: &str) -> Option<RawTensor<'_>> {
        let entry = self.tensors.get(name)?;
        let shard = self.shards.get(entry.shard)?;
        let bytes =
            shard.bytes.get(shard.data_start + entry.offsets.0..shard.data_start + entry.offsets.1)?;
        Some(RawTensor { dtype: entry.dtype, shape: &entry.shape, bytes })
    }

    fn add_shard(&mut self, name: &str) -> Result<(), CheckpointError> {
        let path = contained(&self.dir, name)?;
        let bytes = mapped::map(&path)
            .map_err(|source| CheckpointError::Unreadable { path: path.clone(), source })?;
        let (data_start, metadata) = header::read(&bytes)
            .map_err(|problem| CheckpointError::BadSafetensors { path: path.clone(), problem })?;
        let shard = Shard { path, bytes, data_start };
        self.add_tensors(&shard, &metadata)?;
        self.shards.push(shard);
        Ok(())
    }

    fn add_tensors(&mut self, shard: &Shard, metadata: &Metadata) -> Result<(), CheckpointError> {
        for (name, info) in metadata.tensors() {
            let entry = Entry {
                shard: self.shards.len(),
                name: name.clone(),
                dtype: info.dtype,
                shape: info.shape.clone(),
                offsets: info.data_offsets,
            };
            if let Some(first) = self.tensors.insert(published_name(&name), entry) {
                let other = self.shards.get(first.shard).unwrap_or(shard).path.clone();
                return Err(CheckpointError::Duplicate { path: shard.path.clone(), name, other });
            }
        }
        Ok(())
    }
}

/// Names as the published files spell them; some versions of transformers wrote the names of their
/// in-memory modules instead (`model.language_model.…`, `model.visual.…`).
fn published_name(name: &str) -> String {
    match name.strip_prefix("model.language_model.") {
        Some(rest) => format!("model.{rest}"),
        None => name.strip_prefix("model.visual.").map_or(name.into(), |rest| format!("visual.{rest}")),
    }
}

/// File names of the shards, from the index when there is one.
fn shard_names(dir: &Path) -> Result<Vec<String>, CheckpointError> {
    let index = dir.join(INDEX);
    match std::fs::metadata(&index) {
        Ok(metadata) if metadata.len() > MAX_INDEX_BYTES => {
            let problem = format!("{} bytes, more than the limit of {MAX_INDEX_BYTES}", metadata.len());
            Err(CheckpointError::BadIndex { path: index, problem })
        }
        Ok(_) => read_index(&index),
        Err(_) if dir.join(SINGLE).exists() => Ok(vec![SINGLE.into()]),
        Err(_) => Err(CheckpointError::NoWeights { dir: dir.to_owned(), hint: pickle_hint(dir) }),
    }
}

fn read_index(path: &Path) -> Result<Vec<String>, CheckpointError> {
    let bad = |problem: String| CheckpointError::BadIndex { path: path.to_owned(), problem };
    let mut text = Vec::new();
    let file = vlm_processor::open_regular(path);
    file.and_then(|file| file.take(MAX_INDEX_BYTES).read_to_end(&mut text))
        .map_err(|source| CheckpointError::Unreadable { path: path.to_owned(), source })?;
    let json: serde_json::Value = serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
    let map = json.get("weight_map").and_then(|map| map.as_object());
    let map = map.ok_or_else(|| bad("no object \"weight_map\"".into()))?;
    let mut names = BTreeSet::new();
    for (tensor, file) in map {
        let file = file.as_str().ok_or_else(|| bad(format!("the file of {tensor:?} is not a string")))?;
        if !is_plain_name(file) {
            return Err(CheckpointError::OutsideFolder { path: path.to_owned(), name: file.into() });
        }
        names.insert(file.to_owned());
    }
    match names.len() {
        0 => Err(bad("\"weight_map\" is empty".into())),
        1..=MAX_SHARDS => Ok(names.into_iter().collect()),
        many => Err(bad(format!("{many} shards, more than the limit of {MAX_SHARDS}"))),
    }
}

fn is_plain_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name)
        && !name.contains(['/', '\\', '\0', ':'])
}

/// The path of a file of the folder, refused when it is a link that leaves it. Links into the `blobs` folder
/// of a Hugging Face cache are that cache's normal form.
fn contained(dir: &Path, name: &str) -> Result<PathBuf, CheckpointError> {
    let path = dir.join(name);
    let unreadable = |source| CheckpointError::Unreadable { path: path.clone(), source };
    let real = path.canonicalize().map_err(unreadable)?;
    let home = dir.canonicalize().map_err(unreadable)?;
    let blobs = home.parent().and_then(Path::parent).map(|repository| repository.join("blobs"));
    if real.starts_with(&home) || blobs.is_some_and(|blobs| real.starts_with(blobs)) {
        return Ok(path);
    }
    Err(CheckpointError::LinkOutside { path })
}

/// What to do about a folder that has only pickled weights, which can run code when they are read.
fn pickle_hint(dir: &Path) -> String {
    let pickled = std::fs::read_dir(dir).ok().into_iter().flatten().flatten().find(|file| {
        let name = file.file_name();
        let extension = Path::new(&name).extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("bin" | "pt" | "pth" | "pkl"))
    });
    pickled.map_or_else(
        || "; check the path, or download the weights".into(),
        |file| {
            format!(
                "; {:?} is a pickle, which can run code and is never opened: convert it with transformers' \
                 save_pretrained(..., safe_serialization=True)",
                file.file_name()
            )
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_file_names_are_accepted_from_an_index() {
        for good in ["model-00001-of-00002.safetensors", "a..b.safetensors", "weights"] {
            assert!(is_plain_name(good), "{good}");
        }
        for bad in ["../x", "/etc/passwd", "a/b", "", ".", "..", "c:x", "a\\b", "a\0b", "./a"] {
            assert!(!is_plain_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn names_of_in_memory_modules_mean_the_published_names() {
        assert_eq!(published_name("model.language_model.norm.weight"), "model.norm.weight");
        assert_eq!(published_name("model.visual.merger.mlp.0.bias"), "visual.merger.mlp.0.bias");
        assert_eq!(published_name("lm_head.weight"), "lm_head.weight");
    }
}
