//! From codes back to numbers: on the CPU a few rows at a time, elsewhere in burn's own operations.

use burn::tensor::{DType, FloatDType, Int, Tensor, TensorData};
use burn_flex::FlexTensor;

use super::levels::NF4;
use super::{BLOCK, BlockScales, CodeFormat, GROUP, PackedMatrix};
use crate::bridge::{floats, into_flex, into_flex_words, is_flex_f32};
use crate::kernel::codes::{self, Coded};
use crate::kernel::threads;

impl PackedMatrix {
    /// The matrix in 32-bit floats.
    pub fn unpack(&self) -> Tensor<2> {
        match HostMatrix::of(self) {
            None => plain(self),
            Some(host) => {
                let [rows, columns] = self.shape;
                let mut numbers = vec![0.0; rows * columns];
                host.rows(0, &mut numbers);
                let data = TensorData::new(numbers, self.shape);
                Tensor::from_data(data, (&self.codes.device(), DType::F32))
            }
        }
    }
}

/// [`PackedMatrix::unpack`] in burn's own operations.
pub(super) fn plain(packed: &PackedMatrix) -> Tensor<2> {
    let [rows, columns] = packed.shape;
    let device = packed.codes.device();
    let numbers = match packed.format {
        CodeFormat::Int8 => bytes(packed.codes.clone()),
        CodeFormat::Nf4 => {
            let levels = Tensor::<1>::from_data(TensorData::new(NF4.to_vec(), [16]), (&device, DType::F32));
            levels.select(0, parts(packed.codes.clone(), 4))
        }
    };
    let blocks = numbers.dims()[0] / BLOCK;
    let scales = scales(&packed.scales).narrow(0, 0, blocks);
    let numbers = numbers.reshape([blocks, BLOCK]) * scales.unsqueeze_dim(1);
    numbers.reshape([blocks * BLOCK]).narrow(0, 0, rows * columns).reshape([rows, columns])
}

fn scales(scales: &BlockScales) -> Tensor<1> {
    match scales {
        BlockScales::Exact(scales) => scales.clone(),
        BlockScales::Coded { codes, steps, mean } => {
            let codes = bytes(codes.clone());
            let [groups, count] = [steps.dims()[0], codes.dims()[0]];
            let steps = steps.clone().unsqueeze_dim::<2>(1).repeat_dim(1, GROUP).reshape([groups * GROUP]);
            (codes * steps.narrow(0, 0, count)).add_scalar(*mean).clamp_min(0.0)
        }
    }
}

/// The codes of `bits` each in 32-bit words.
fn parts(words: Tensor<1, Int>, bits: usize) -> Tensor<1, Int> {
    let (count, each) = (words.dims()[0], 32 / bits);
    let shifts: Vec<i32> = (0..each).map(|i| (bits * i) as i32).collect();
    let shifts = Tensor::<1, Int>::from_data(TensorData::new(shifts, [each]), (&words.device(), DType::I32));
    let shifted = words
        .unsqueeze_dim::<2>(1)
        .repeat_dim(1, each)
        .bitwise_right_shift(shifts.unsqueeze_dim::<2>(0).repeat_dim(0, count));
    shifted.bitwise_and_scalar((1i32 << bits) - 1).reshape([count * each])
}

/// Signed bytes of 32-bit words as floats.
fn bytes(words: Tensor<1, Int>) -> Tensor<1> {
    // Adding half of the range before the bits are cut off keeps the sign.
    let raised = parts(words, 8).add_scalar(128).bitwise_and_scalar(255);
    raised.sub_scalar(128).cast(FloatDType::F32)
}

/// Blocks whose scales are read together.
const TOGETHER: usize = 32;

/// A packed matrix on the CPU.
#[derive(Clone, Debug)]
pub(crate) struct HostMatrix {
    codes: FlexTensor,
    scales: HostScales,
    columns: usize,
    format: CodeFormat,
}

#[derive(Clone, Debug)]
enum HostScales {
    Exact(FlexTensor),
    Coded { codes: FlexTensor, steps: FlexTensor, mean: f32 },
}

impl HostMatrix {
    /// The matrix when it lies on the CPU.
    pub(crate) fn of(packed: &PackedMatrix) -> Option<Self> {
        let float = |tensor: &Tensor<1>| {
            let tensor = tensor.clone().into_dispatch();
            is_flex_f32(&tensor).then(|| crate::bridge::dense(into_flex(tensor)))
        };
        let scales = match &packed.scales {
            BlockScales::Exact(scales) => HostScales::Exact(float(scales)?),
            BlockScales::Coded { codes, steps, mean } => HostScales::Coded {
                codes: into_flex_words(codes.clone().into_dispatch())?,
                steps: float(steps)?,
                mean: *mean,
            },
        };
        let codes = into_flex_words(packed.codes.clone().into_dispatch())?;
        Some(Self { codes, scales, columns: packed.shape[1], format: packed.format })
    }

    /// Writes the rows from `first` on, as many as `out` holds.
    pub(super) fn rows(&self, first: usize, out: &mut [f32]) {
        if self.columns == 0 {
            return;
        }
        // Reading codes costs a few times what a multiplication does.
        let work = 4 * out.len();
        threads::for_row_blocks(out, self.columns, work, |row, block| {
            self.numbers((first + row) * self.columns, block);
        });
    }

    /// Writes the numbers from place `from` on: whole blocks together, what is beside them one by one.
    pub(crate) fn numbers(&self, from: usize, out: &mut [f32]) {
        let start = from.next_multiple_of(BLOCK);
        let (head, rest) = out.split_at_mut((start - from).min(out.len()));
        let (whole, tail) = rest.split_at_mut(rest.len() / BLOCK * BLOCK);
        self.one_by_one(from, head);
        self.one_by_one(start + whole.len(), tail);
        for (i, part) in whole.chunks_mut(TOGETHER * BLOCK).enumerate() {
            self.blocks(start / BLOCK + i * TOGETHER, part);
        }
    }

    /// Writes at most [`TOGETHER`] blocks.
    fn blocks(&self, first: usize, out: &mut [f32]) {
        let mut scales = [0.0; TOGETHER];
        let scales = &mut scales[..out.len() / BLOCK];
        self.scales.read(first, scales);
        let words = &self.codes.storage::<i32>()[first * BLOCK * self.format.bits() / 32..];
        let coded = Coded { words, scales, block: BLOCK };
        match self.format {
            CodeFormat::Nf4 => codes::chosen(coded, &NF4, out),
            CodeFormat::Int8 => codes::counted(coded, out),
        }
    }

    fn one_by_one(&self, from: usize, out: &mut [f32]) {
        let words = self.codes.storage::<i32>();
        let mut scale = [0.0];
        for (i, out) in (from..).zip(out) {
            self.scales.read(i / BLOCK, &mut scale);
            let number = match self.format {
                CodeFormat::Nf4 => NF4[(words[i / 8].cast_unsigned() >> (4 * (i % 8))) as usize & 15],
                CodeFormat::Int8 => f32::from(words[i / 4].to_le_bytes()[i % 4].cast_signed()),
            };
            *out = number * scale[0];
        }
    }
}

impl HostScales {
    /// Writes the scales of at most [`TOGETHER`] blocks, from `first` on.
    fn read(&self, first: usize, out: &mut [f32]) {
        match self {
            Self::Exact(scales) => out.copy_from_slice(&floats(scales)[first..first + out.len()]),
            Self::Coded { codes, steps, mean } => {
                let (here, next) = out.split_at_mut((GROUP - first % GROUP).min(out.len()));
                coded_scales(codes, floats(steps), *mean, first, here);
                coded_scales(codes, floats(steps), *mean, first + here.len(), next);
            }
        }
    }
}

/// Scales of blocks of one group: whole words of codes are read, of which the first and the last may not be all meant.
fn coded_scales(codes: &FlexTensor, steps: &[f32], mean: f32, first: usize, out: &mut [f32]) {
    if out.is_empty() {
        return;
    }
    let words = &codes.storage::<i32>()[first / 4..(first + out.len()).div_ceil(4)];
    let mut numbers = [0.0; TOGETHER + 8];
    let numbers = &mut numbers[..4 * words.len()];
    codes::counted(Coded { words, scales: &[steps[first / GROUP]], block: numbers.len() }, numbers);
    for (out, number) in out.iter_mut().zip(&numbers[first % 4..]) {
        *out = (number + mean).max(0.0);
    }
}
