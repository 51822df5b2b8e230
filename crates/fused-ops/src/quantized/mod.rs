//! Linear maps whose frozen weight is stored in few bits.

mod levels;
mod linear;
mod pack;
mod unpack;

use burn::tensor::{Int, Tensor};

pub(crate) use unpack::HostMatrix;

pub use linear::plain;
pub use linear::quantized_linear;

/// Numbers that share a scale.
pub(crate) const BLOCK: usize = 64;
/// Scales that share a step.
pub(crate) const GROUP: usize = 256;

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeFormat {
    /// Four bits: one of 16 levels at the quantiles of a normal distribution, times the block's largest magnitude
    /// (NormalFloat, Dettmers et al. 2023, arXiv 2305.14314).
    Nf4,
    /// Eight bits: a whole number from −127 to 127, times 1/127 of the block's largest magnitude.
    Int8,
}

impl CodeFormat {
    /// Bits of a code.
    pub fn bits(self) -> usize {
        match self {
            Self::Nf4 => 4,
            Self::Int8 => 8,
        }
    }
}

/// How the scales of blocks are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleCoding {
    /// As 32-bit floats: half a bit for each number.
    Exact,
    /// As eight-bit steps from their mean, one step size for 256 of them: an eighth of a bit for each number.
    Coded,
}

/// Scales of the blocks of a matrix.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a matrix has one, and tensors are handles")]
pub enum BlockScales {
    /// One number a block.
    Exact(Tensor<1>),
    /// Scale i is `mean + codeᵢ · steps[i / 256]`, or 0 where that is below 0.
    Coded {
        /// Four eight-bit codes in a word, the first in the lowest bits.
        codes: Tensor<1, Int>,
        /// One number for 256 scales.
        steps: Tensor<1>,
        /// The mean of all scales.
        mean: f32,
    },
}

/// A matrix in few bits: codes in blocks of 64 along the rows laid end to end, and a scale for each block.
#[derive(Clone, Debug)]
pub struct PackedMatrix {
    /// 32-bit words of codes, the first code in the lowest bits; the last block is filled up with zeros.
    pub codes: Tensor<1, Int>,
    /// Scales.
    pub scales: BlockScales,
    /// Rows and columns.
    pub shape: [usize; 2],
    /// What codes mean.
    pub format: CodeFormat,
}

impl PackedMatrix {
    /// Bytes that codes and scales take.
    pub fn bytes(&self) -> usize {
        let words = |tensor: &Tensor<1, Int>| 4 * tensor.dims()[0];
        let scales = match &self.scales {
            BlockScales::Exact(scales) => 4 * scales.dims()[0],
            BlockScales::Coded { codes, steps, .. } => words(codes) + 4 * steps.dims()[0] + 4,
        };
        words(&self.codes) + scales
    }
}
