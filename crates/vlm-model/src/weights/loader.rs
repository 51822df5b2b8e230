//! Hands each layer the tensors of its name, and keeps account of what was missing, unused or wrong.

use super::error::{CheckpointError, WeightProblem};
use super::folder::{Checkpoint, RawTensor};
use super::numbers;
use burn::module::{Param, ParamId};
use burn::tensor::{DType, Device, Tensor, TensorData};
use fused_ops::Arithmetic;
use lora::{Packed, Quantization};
use safetensors::tensor::Dtype;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// The element type of weights and activations on the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats, whatever the files hold.
    #[default]
    F32,
    /// Arithmetic of 32 bits, beside which the frozen weights of linear maps stay in the bfloat16 of their files: the same
    /// results as with [`F32`](Self::F32) from half the memory. For the CPU, and for models that are not trained
    /// themselves.
    Stored,
    /// Arithmetic of 32 bits but for the products with the frozen weights of linear maps, whose factors have 16: weights are
    /// held in bfloat16, and rows are rounded to it where they meet them. For the CPU, and for models that are not trained
    /// themselves; where the processor multiplies bfloat16, at up to twice the speed.
    Mixed,
    /// bfloat16, for devices that compute with it.
    Bf16,
    /// IEEE half precision, for devices that compute with it.
    F16,
}

impl Precision {
    /// For frozen weights: bfloat16 on devices that compute with it, what the files hold on the CPU, 32 bits on all others.
    pub fn suited_to(device: &Device) -> Self {
        let is_cpu = device.clone().without_autodiff() == Device::flex();
        match is_cpu {
            true => Self::Stored,
            false if device.supports_dtype(DType::BF16) => Self::Bf16,
            false => Self::F32,
        }
    }

    /// Its name, as torch and `--dtype` spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 | Self::Stored => "float32",
            Self::Bf16 | Self::Mixed => "bfloat16",
            Self::F16 => "float16",
        }
    }

    /// The element type of activations, in burn's terms.
    pub fn dtype(self) -> DType {
        match self {
            Self::F32 | Self::Stored | Self::Mixed => DType::F32,
            Self::Bf16 => DType::BF16,
            Self::F16 => DType::F16,
        }
    }
}

/// What is read of tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Everything.
    Numbers,
    /// Names, shapes and types: the model is of no use.
    Headers,
}

/// Reads a whole model from a checkpoint and says at the end what did not fit.
pub struct WeightLoader<'a> {
    checkpoint: &'a Checkpoint,
    device: &'a Device,
    precision: Precision,
    quantization: Option<&'a Quantization>,
    reading: Reading,
    taken: RefCell<BTreeSet<String>>,
    problems: RefCell<Vec<WeightProblem>>,
}

impl<'a> WeightLoader<'a> {
    /// A loader that puts tensors of `precision` on `device`.
    pub fn new(checkpoint: &'a Checkpoint, device: &'a Device, precision: Precision) -> Self {
        Self {
            checkpoint,
            device,
            precision,
            quantization: None,
            reading: Reading::Numbers,
            taken: RefCell::default(),
            problems: RefCell::default(),
        }
    }

    /// Stores the weights of linear maps in few bits as soon as they are read, so that memory holds one of them whole at
    /// a time.
    #[must_use]
    pub fn with_quantization(self, quantization: &'a Quantization) -> Self {
        Self { quantization: Some(quantization), ..self }
    }

    /// Reads headers only, for what [`finish`](Self::finish) says of them: the tensors are empty.
    pub(crate) fn of_headers(checkpoint: &'a Checkpoint, device: &'a Device) -> Self {
        Self { reading: Reading::Headers, ..Self::new(checkpoint, device, Precision::F32) }
    }

    /// The names below no prefix.
    pub fn root(&self) -> Scope<'_, 'a> {
        Scope { loader: self, prefix: String::new() }
    }

    /// Marks a tensor as accounted for although no layer reads it.
    pub fn ignore(&self, name: &str) {
        self.taken.borrow_mut().insert(name.into());
    }

    /// Ends loading: an error that lists every tensor that was missing, left over or unfit.
    pub fn finish(self) -> Result<(), CheckpointError> {
        let taken = self.taken.into_inner();
        let mut problems = self.problems.into_inner();
        let unused = self.checkpoint.names().filter(|name| !taken.contains(*name) && !is_buffer(name));
        problems.extend(unused.map(|name| WeightProblem::Unused {
            name: name.into(),
            found: self.checkpoint.shape(name).unwrap_or_default().to_vec(),
        }));
        if problems.is_empty() {
            return Ok(());
        }
        Err(CheckpointError::Mismatch { dir: self.checkpoint.dir().to_owned(), problems })
    }

    fn tensor<const D: usize>(&self, name: &str, stored: &[usize], shape: [usize; D]) -> Tensor<D> {
        let dtype = self.precision.dtype();
        match self.read(name, stored, |raw| data_of(name, raw, &shape, dtype)) {
            Some(data) => Tensor::from_data(data, (self.device, dtype)),
            None => Tensor::zeros([0; D], self.device),
        }
    }

    /// A matrix in few bits. The host packs it, so that a device never holds the whole of it.
    fn packed(&self, name: &str, shape: [usize; 2], quantization: &Quantization) -> Packed {
        let place = (self.device, self.precision.dtype());
        match self.read(name, &shape, |raw| numbers_of(name, raw)) {
            Some(numbers) => Packed::of_numbers(&numbers, shape, quantization, place),
            None => Packed::of_numbers(&[], [0, 0], quantization, place),
        }
    }

    /// What `of` makes of a tensor that has this shape in its file. None where the model is never used: `finish` refuses it,
    /// or nothing but its headers was asked for.
    fn read<T>(
        &self,
        name: &str,
        stored: &[usize],
        of: impl FnOnce(&RawTensor<'_>) -> Result<T, WeightProblem>,
    ) -> Option<T> {
        self.taken.borrow_mut().insert(name.into());
        let raw = self.fitting(name, stored);
        let made = match self.reading {
            Reading::Numbers => raw.and_then(|raw| of(&raw)).map(Some),
            Reading::Headers => raw.map(|_| None),
        };
        made.unwrap_or_else(|problem| {
            self.problems.borrow_mut().push(problem);
            None
        })
    }

    /// A matrix in bfloat16 beside rows of 32 bits: that of its file, or one that is rounded to it.
    fn half(&self, name: &str, shape: [usize; 2]) -> Option<(Tensor<2>, Arithmetic)> {
        let arithmetic = match self.precision {
            Precision::Stored => Arithmetic::Full,
            Precision::Mixed => Arithmetic::Mixed,
            Precision::F32 | Precision::Bf16 | Precision::F16 => return None,
        };
        let raw = self.fitting(name, &shape).ok()?;
        if raw.dtype != Dtype::BF16 && arithmetic == Arithmetic::Full {
            return None;
        }
        let numbers = data_of(name, &raw, &shape, DType::BF16).ok()?;
        self.taken.borrow_mut().insert(name.into());
        Some((Tensor::from_data(numbers, (self.device, DType::BF16)), arithmetic))
    }

    /// The bytes of a tensor that has the expected shape and a type that is read.
    fn fitting(&self, name: &str, expected: &[usize]) -> Result<RawTensor<'a>, WeightProblem> {
        let missing = || WeightProblem::Missing { name: name.into(), expected: expected.to_vec() };
        let raw = self.checkpoint.raw(name).ok_or_else(missing)?;
        if raw.shape != expected {
            let (found, expected) = (raw.shape.to_vec(), expected.to_vec());
            return Err(WeightProblem::Shape { name: name.into(), found, expected });
        }
        if !matches!(raw.dtype, Dtype::F32 | Dtype::BF16 | Dtype::F16) {
            return Err(WeightProblem::Type { name: name.into(), found: format!("{:?}", raw.dtype) });
        }
        Ok(raw)
    }
}

fn numbers_of(name: &str, raw: &RawTensor<'_>) -> Result<Vec<f32>, WeightProblem> {
    numbers::to_f32(raw.dtype, raw.bytes).ok_or_else(|| WeightProblem::NotFinite { name: name.into() })
}

/// The numbers of a tensor that is to be of this type: the bytes of the file where it has it and 16 bits.
fn data_of(
    name: &str,
    raw: &RawTensor<'_>,
    shape: &[usize],
    dtype: DType,
) -> Result<TensorData, WeightProblem> {
    if !matches!((raw.dtype, dtype), (Dtype::BF16, DType::BF16) | (Dtype::F16, DType::F16)) {
        return Ok(TensorData::new(numbers_of(name, raw)?, shape.to_vec()));
    }
    if !numbers::are_finite_halves(raw.dtype, raw.bytes) {
        return Err(WeightProblem::NotFinite { name: name.into() });
    }
    Ok(TensorData::from_bytes_vec(raw.bytes.to_vec(), shape.to_vec(), dtype))
}

/// Old files store the rotary frequencies, which are computed from the configuration.
fn is_buffer(name: &str) -> bool {
    name.ends_with("rotary_emb.inv_freq") || name.ends_with("rotary_pos_emb.inv_freq")
}

/// The tensors whose names start with a prefix.
#[derive(Clone)]
pub struct Scope<'l, 'a> {
    loader: &'l WeightLoader<'a>,
    prefix: String,
}

impl Scope<'_, '_> {
    /// The tensors below `name`.
    pub fn at(&self, name: impl std::fmt::Display) -> Self {
        Self { loader: self.loader, prefix: self.join(&name.to_string()) }
    }

    /// A tensor that must have exactly this shape.
    pub fn tensor<const D: usize>(&self, name: &str, shape: [usize; D]) -> Param<Tensor<D>> {
        self.reshaped(name, &shape, shape)
    }

    /// A tensor stored as `stored` and used as `shape`, which has as many elements.
    pub fn reshaped<const D: usize>(
        &self,
        name: &str,
        stored: &[usize],
        shape: [usize; D],
    ) -> Param<Tensor<D>> {
        let tensor = self.loader.tensor(&self.join(name), stored, shape);
        Param::initialized(ParamId::new(), tensor).set_require_grad(false)
    }

    /// The matrix `name` in bfloat16, and how rows meet it; none where it is to be of 32 bits, or cannot be read.
    pub(crate) fn half(&self, name: &str, shape: [usize; 2]) -> Option<(Param<Tensor<2>>, Arithmetic)> {
        let (tensor, arithmetic) = self.loader.half(&self.join(name), shape)?;
        Some((Param::initialized(ParamId::new(), tensor).set_require_grad(false), arithmetic))
    }

    /// The matrix `name` of the linear map with this prefix in few bits, if that is asked for.
    pub(crate) fn packed(&self, name: &str, shape: [usize; 2]) -> Option<Packed> {
        let quantization = self.loader.quantization.filter(|asked| asked.covers(&self.prefix))?;
        Some(self.loader.packed(&self.join(name), shape, quantization))
    }

    fn join(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.into() } else { format!("{}.{name}", self.prefix) }
    }
}
