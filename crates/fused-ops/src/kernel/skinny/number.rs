//! What the factors of a product are made of.

use half::bf16;

use super::Skinny;
use super::tile::columns_body;
use crate::kernel::shared::Shared;
use crate::kernel::simd::{self, Simd, dispatch};

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

/// A weight and rows in 32 bits.
impl Number for f32 {
    type Weight = f32;
    type Row = f32;
    type Register<S: Simd> = S::Vector;
    const IN_A_SUM: usize = 1;

    fn columns(job: Skinny<'_>, out: Shared<'_>, from: usize, to: usize) {
        whole_columns(job, out, from, to);
    }

    #[inline(always)]
    unsafe fn weights<S: Simd>(from: *const f32) -> S::Vector {
        // SAFETY: the caller's promise.
        unsafe { S::load(from) }
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

/// A weight in bfloat16 and rows in 32 bits.
impl Number for bf16 {
    type Weight = bf16;
    type Row = f32;
    type Register<S: Simd> = S::Vector;
    const IN_A_SUM: usize = 1;

    fn columns(job: Skinny<'_, Self>, out: Shared<'_>, from: usize, to: usize) {
        half_columns(job, out, from, to);
    }

    #[inline(always)]
    unsafe fn weights<S: Simd>(from: *const bf16) -> S::Vector {
        // SAFETY: the caller's promise.
        unsafe { S::load_half(from) }
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

/// A weight and rows in bfloat16, summed in 32 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mixed;

impl Number for Mixed {
    type Weight = bf16;
    type Row = bf16;
    type Register<S: Simd> = S::Pairs;
    const IN_A_SUM: usize = 2;

    fn columns(job: Skinny<'_, Self>, out: Shared<'_>, from: usize, to: usize) {
        #[cfg(target_arch = "x86_64")]
        if simd::multiplies_pairs() {
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,avx2,fma")]
            fn pairs(job: Skinny<'_, Mixed>, out: Shared<'_>, from: usize, to: usize) {
                columns_body::<simd::Avx512Pairs, Mixed>(job, out, from, to);
            }
            // SAFETY: `multiplies_pairs` saw every feature that `pairs` is compiled for.
            return unsafe { pairs(job, out, from, to) };
        }
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
    fn mixed_columns(job: Skinny<'_, Mixed>, out: Shared<'_>, from: usize, to: usize) = columns_body of Mixed
}
