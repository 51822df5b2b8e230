//! Files of an adapter's folder, read with care.

use super::{PeftError, WEIGHTS};
use half::{bf16, f16};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Longer headers are refused: parsing takes many times their length.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// The path of a file of the folder, refused when it is a link that leaves it. Links into the `blobs` folder of a
/// Hugging Face cache are that cache's normal form.
pub(super) fn inside(dir: &Path, name: &str) -> Result<PathBuf, PeftError> {
    let path = dir.join(name);
    let failed = |source| PeftError::Io { path: path.clone(), source };
    let real = path.canonicalize().map_err(failed)?;
    let home = dir.canonicalize().map_err(failed)?;
    let blobs = home.parent().and_then(Path::parent).map(|repository| repository.join("blobs"));
    if real.starts_with(&home) || blobs.is_some_and(|blobs| real.starts_with(blobs)) {
        return Ok(path);
    }
    Err(PeftError::LinkOutside { path })
}

/// All bytes of a file of at most `most` bytes.
pub(super) fn small(path: &Path, most: u64) -> Result<Vec<u8>, PeftError> {
    let (file, length) = open(path)?;
    if length > most {
        let problem = format!("found {length} bytes, expected at most {most}");
        return Err(PeftError::BadConfig { path: path.to_owned(), problem });
    }
    let mut bytes = Vec::new();
    let read = file.take(most).read_to_end(&mut bytes);
    read.map_err(|source| PeftError::Io { path: path.to_owned(), source })?;
    Ok(bytes)
}

/// Opens a regular file: reading from a pipe or a device might never end.
fn open(path: &Path) -> Result<(File, u64), PeftError> {
    let failed = |source| PeftError::Io { path: path.to_owned(), source };
    let kind = std::fs::metadata(path).map_err(failed)?;
    if !kind.is_file() {
        return Err(failed(std::io::Error::other("found something else, expected a regular file")));
    }
    let file = File::open(path).map_err(failed)?;
    Ok((file, kind.len()))
}

/// Where bytes are read from: a file, or memory.
trait Bytes: Read + Seek {}

impl<T: Read + Seek> Bytes for T {}

/// A safetensors file of which only the header was read.
pub(super) struct TensorFile {
    pub path: PathBuf,
    bytes: Box<dyn Bytes>,
    data_start: u64,
    tensors: BTreeMap<String, TensorInfo>,
}

impl TensorFile {
    /// Opens the tensors of a folder.
    pub(super) fn open(dir: &Path) -> Result<Self, PeftError> {
        if !dir.join(WEIGHTS).exists() {
            return Err(PeftError::NoWeights { path: dir.join(WEIGHTS), hint: pickle_hint(dir) });
        }
        let path = inside(dir, WEIGHTS)?;
        let (file, length) = open(&path)?;
        Self::read(path, Box::new(file), length)
    }

    /// The tensors of a file that is in memory.
    pub(super) fn of_bytes(bytes: &[u8]) -> Result<Self, PeftError> {
        let length = bytes.len() as u64;
        Self::read(PathBuf::from(WEIGHTS), Box::new(Cursor::new(bytes.to_vec())), length)
    }

    fn read(path: PathBuf, mut bytes: Box<dyn Bytes>, length: u64) -> Result<Self, PeftError> {
        let header = header(&mut *bytes, length)
            .map_err(|problem| PeftError::BadSafetensors { path: path.clone(), problem })?;
        let (data_start, metadata) = header;
        let tensors = metadata.tensors().into_iter().map(|(name, info)| (name, info.clone())).collect();
        Ok(Self { path, bytes, data_start, tensors })
    }

    /// Names and shapes.
    pub(super) fn shapes(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.tensors.iter().map(|(name, info)| (name.as_str(), info.shape.as_slice()))
    }

    /// The numbers of a tensor, or what is wrong with them. Its size should be known to be sensible by now.
    pub(super) fn numbers(&mut self, name: &str) -> Result<Result<Vec<f32>, String>, PeftError> {
        let Some(info) = self.tensors.get(name) else { return Ok(Err(format!("{name} is missing"))) };
        let (from, to) = info.data_offsets;
        let mut bytes = vec![0; to - from];
        let read = self.bytes.seek(SeekFrom::Start(self.data_start + from as u64));
        read.and_then(|_| self.bytes.read_exact(&mut bytes))
            .map_err(|source| PeftError::Io { path: self.path.clone(), source })?;
        let numbers: Vec<f32> = match info.dtype {
            Dtype::F32 => bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
            Dtype::BF16 => {
                bytes.as_chunks::<2>().0.iter().map(|b| bf16::from_le_bytes(*b).to_f32()).collect()
            }
            Dtype::F16 => bytes.as_chunks::<2>().0.iter().map(|b| f16::from_le_bytes(*b).to_f32()).collect(),
            other => return Ok(Err(format!("{name} has element type {other}, expected F32, BF16 or F16"))),
        };
        if numbers.iter().any(|number| !number.is_finite()) {
            return Ok(Err(format!("{name} holds NaN or infinite values")));
        }
        Ok(Ok(numbers))
    }
}

/// Where the data starts, and the tensors, which fill the rest of the file exactly.
fn header(file: &mut dyn Bytes, length: u64) -> Result<(u64, Metadata), String> {
    let mut size = [0; 8];
    file.read_exact(&mut size).map_err(|_| format!("found {length} bytes, expected at least 8"))?;
    let size = u64::from_le_bytes(size);
    if size > MAX_HEADER_BYTES {
        return Err(format!("found a header of {size} bytes, expected at most {MAX_HEADER_BYTES}"));
    }
    let data_start = size + 8;
    if data_start > length {
        return Err(format!("found {length} bytes, expected a header of {size} bytes and then the tensors"));
    }
    let mut json = vec![0; usize::try_from(size).map_err(|error| error.to_string())?];
    file.read_exact(&mut json).map_err(|error| error.to_string())?;
    let metadata: Metadata = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
    let expected = data_start.saturating_add(metadata.data_len() as u64);
    if expected != length {
        return Err(format!("found {length} bytes, expected {expected}: header and tensors"));
    }
    Ok((data_start, metadata))
}

/// What to do about a folder that has only a pickle, which can run code when it is read.
fn pickle_hint(dir: &Path) -> String {
    if dir.join("adapter_model.bin").exists() {
        return "; adapter_model.bin is a pickle, which can run code and is never opened: load the adapter with PEFT and \
                save it with save_pretrained(..., safe_serialization=True)"
            .to_owned();
    }
    "; expected the folder of an adapter".to_owned()
}
