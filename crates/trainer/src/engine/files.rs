//! Named files of a checkpoint, in memory: what a run needs to go on exactly where it stopped.

use burn::tensor::{DType, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// Files by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<String, Vec<u8>>);

/// Why a file of a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is not there.
    #[error("{name}: not found in the checkpoint; it was written by another kind of run")]
    Missing {
        /// The file.
        name: String,
    },
    /// It says something else than expected.
    #[error("{name}: {problem}; it was written by another version or another kind of run")]
    Unreadable {
        /// The file.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Files {
    /// Adds a file.
    pub fn insert(&mut self, name: &str, bytes: Vec<u8>) {
        self.0.insert(name.to_owned(), bytes);
    }

    /// Adds a value as JSON.
    pub fn insert_json(&mut self, name: &str, value: &impl Serialize) -> Result<(), FileError> {
        let bytes = serde_json::to_vec_pretty(value).map_err(|error| unreadable(name, error))?;
        self.insert(name, bytes);
        Ok(())
    }

    /// Adds tensors as safetensors: f32, f64 or i64.
    pub fn insert_tensors(
        &mut self,
        name: &str,
        tensors: &BTreeMap<String, TensorData>,
    ) -> Result<(), FileError> {
        let view = |data: &'_ TensorData| -> Result<(Dtype, Vec<usize>), FileError> {
            let dtype = match data.dtype() {
                DType::F32 => Dtype::F32,
                DType::F64 => Dtype::F64,
                DType::I64 => Dtype::I64,
                other => {
                    return Err(unreadable(
                        name,
                        format!("found element type {other:?}, expected f32, f64 or i64"),
                    ));
                }
            };
            Ok((dtype, data.shape().to_vec()))
        };
        let mut views = Vec::with_capacity(tensors.len());
        for (key, data) in tensors {
            let (dtype, shape) = view(data)?;
            let view =
                TensorView::new(dtype, shape, data.as_bytes()).map_err(|error| unreadable(name, error))?;
            views.push((key.clone(), view));
        }
        let bytes = safetensors::serialize(views, None).map_err(|error| unreadable(name, error))?;
        self.insert(name, bytes);
        Ok(())
    }

    /// Takes over another set of files; one of the same name replaces the old one.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The bytes of a file.
    pub fn get(&self, name: &str) -> Result<&[u8], FileError> {
        self.0.get(name).map(Vec::as_slice).ok_or_else(|| FileError::Missing { name: name.to_owned() })
    }

    /// A JSON file's value.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, FileError> {
        serde_json::from_slice(self.get(name)?).map_err(|error| unreadable(name, error))
    }

    /// A safetensors file's tensors.
    pub fn tensors(&self, name: &str) -> Result<BTreeMap<String, TensorData>, FileError> {
        let file = SafeTensors::deserialize(self.get(name)?).map_err(|error| unreadable(name, error))?;
        let tensors = file.iter().map(|(key, view)| {
            let dtype = match view.dtype() {
                Dtype::F32 => DType::F32,
                Dtype::F64 => DType::F64,
                Dtype::I64 => DType::I64,
                other => {
                    return Err(unreadable(name, format!("{key} holds {other:?}, expected f32, f64 or i64")));
                }
            };
            let data = TensorData::from_bytes_vec(view.data().to_vec(), view.shape().to_vec(), dtype);
            Ok((key.to_owned(), data))
        });
        tensors.collect()
    }

    /// All files in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }
}

fn unreadable(name: &str, problem: impl ToString) -> FileError {
    FileError::Unreadable { name: name.to_owned(), problem: problem.to_string() }
}
