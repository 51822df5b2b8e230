//! What the factors of a product are made of.

use half::bf16;

use super::Skinny;
use super::tile::columns_body;
use crate::kernel::shared::Shared;
use crate::kernel::simd::{Simd, dispatch};

/// The numbers of a weight and of the rows it is multiplied with.
pub(crate) trait Number: Copy + Sync {
    /// A number of the weight.
    type Weight: Copy + Default + Sync;
    /// A number of a row.
    type Row: Copy + Default + Sync;
    /// A register of either.
    type Register<S: Simd>: Copy;
    /// How many products go into each value of a register of sums at once.
    const IN_A_SUM: usize;

    /// Columns `from..to` of the output, with the best instructions of this machine.
    fn columns(job: Skinny<'_, Self>, out: Shared<'_>, from: usize, to: usize);

    /// A register of the weight.
    ///
    /// # Safety
    /// The machine must have the instruction set, and as many values as a register has must be readable.
    unsafe fn weights<S: Simd>(from: *const Self::Weight) -> Self::Register<S>;

    /// A register of a row.
    ///
    /// # Safety
    /// As for [`Number::weights`].
    unsafe fn values<S: Simd>(from: *const Self::Row) -> Self::Register<S>;

    /// `weights · values + sums`
    ///
    /// # Safety
    /// The machine must have the instruction set.
    unsafe fn add<S: Simd>(
        weights: Self::Register<S>,
        values: Self::Register<S>,
        sums: S::Vector,
    ) -> S::Vector;
}

/// A weight that becomes 32-bit floats as it is read, and rows in 32 bits.
macro_rules! rows_in_32_bits {
    ($weight:ty, $load:ident, $columns:ident) => {
        impl Number for $weight {
            type Weight = $weight;
            type Row = f32;
            type Register<S: Simd> = S::Vector;
            const IN_A_SUM: usize = 1;

            fn columns(job: Skinny<'_, Self>, out: Shared<'_>, from: usize, to: usize) {
                $columns(job, out, from, to);
            }

            #[inline(always)]
            unsafe fn weights<S: Simd>(from: *const $weight) -> S::Vector {
                // SAFETY: the caller's promise.
                unsafe { S::$load(from) }
            }

            #[inline(always)]
            unsafe fn values<S: Simd>(from: *const f32) -> S::Vector {
                // SAFETY: the caller's promise.
                unsafe { S::load(from) }
            }

            #[inline(always)]
            unsafe fn add<S: Simd>(weights: S::Vector, values: S::Vector, sums: S::Vector) -> S::Vector {
                // SAFETY: the caller's promise.
                unsafe { S::mul_add(weights, values, sums) }
            }
        }
    };
}
rows_in_32_bits!(f32, load, whole_columns);
rows_in_32_bits!(bf16, load_half, half_columns);

/// A weight and rows in bfloat16, summed in 32 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mixed;

impl Number for Mixed {
    type Weight = bf16;
    type Row = bf16;
    type Register<S: Simd> = S::Pairs;
    const IN_A_SUM: usize = 2;

    fn columns(job: Skinny<'_, Self>, out: Shared<'_>, from: usize, to: usize) {
        mixed_columns(job, out, from, to);
    }

    #[inline(always)]
    unsafe fn weights<S: Simd>(from: *const bf16) -> S::Pairs {
        // SAFETY: the caller's promise; a load of pairs takes any alignment.
        unsafe { S::load_pairs(from.cast()) }
    }

    #[inline(always)]
    unsafe fn values<S: Simd>(from: *const bf16) -> S::Pairs {
        // SAFETY: as above.
        unsafe { S::load_pairs(from.cast()) }
    }

    #[inline(always)]
    unsafe fn add<S: Simd>(weights: S::Pairs, values: S::Pairs, sums: S::Vector) -> S::Vector {
        // SAFETY: the caller's promise.
        unsafe { S::add_pairs(weights, values, sums) }
    }
}

dispatch! {
    fn whole_columns(job: Skinny<'_>, out: Shared<'_>, from: usize, to: usize) = columns_body of f32
}
dispatch! {
    fn half_columns(job: Skinny<'_, bf16>, out: Shared<'_>, from: usize, to: usize) = columns_body of bf16
}
dispatch! {
    pairs
    fn mixed_columns(job: Skinny<'_, Mixed>, out: Shared<'_>, from: usize, to: usize) = columns_body of Mixed
}
