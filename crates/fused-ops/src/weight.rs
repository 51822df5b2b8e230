//! The frozen weight of a linear map, and in which numbers rows meet it.

use burn::tensor::Tensor;

/// In which numbers rows of 32 bits meet a weight in bfloat16 on the CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arithmetic {
    /// In 32 bits.
    #[default]
    Full,
    /// In bfloat16, summed in 32 bits: rows, and backward their gradients, are rounded where they meet the weight, as they
    /// are on devices that compute with bfloat16. Some processors multiply such numbers twice as fast.
    Mixed,
}

/// A weight `[out, in]`, the layout of Hugging Face checkpoints.
#[derive(Clone, Debug)]
pub struct Weight {
    /// The numbers: of 32 bits, or frozen ones of bfloat16.
    pub numbers: Tensor<2>,
    /// Says nothing about numbers in 32 bits.
    pub arithmetic: Arithmetic,
}

impl From<Tensor<2>> for Weight {
    fn from(numbers: Tensor<2>) -> Self {
        Self { numbers, arithmetic: Arithmetic::Full }
    }
}
