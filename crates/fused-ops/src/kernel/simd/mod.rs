//! One body of code, compiled once per instruction set and chosen at run time.
//!
//! A kernel is written as an `#[inline(always)]` function generic over [`Simd`], with loops over fixed arrays that the
//! compiler turns into vector instructions. [`dispatch!`] wraps it in one function per instruction set.

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::LazyLock;

use half::bf16;

/// What a kernel may know about the instruction set it is compiled for.
pub(crate) trait Simd {
    /// Whether `a * b + c` is one instruction (otherwise `mul_add` would be a call into the maths library).
    const FUSED: bool;
    /// `f32` values in a register.
    const WIDTH: usize;
    /// A register.
    type Vector: Copy;
    /// A register of pairs of bfloat16, the first of each in the lower half of 32 bits.
    type Pairs: Copy;

    /// `a · b + c`
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        if Self::FUSED { a.mul_add(b, c) } else { a * b + c }
    }

    /// A register of equal values.
    ///
    /// # Safety
    /// This and the other operations on registers: the machine must have the instruction set.
    unsafe fn splat(value: f32) -> Self::Vector;

    /// [`Simd::WIDTH`] values from memory.
    ///
    /// # Safety
    /// As for [`Simd::splat`], and that many values must be readable.
    unsafe fn load(from: *const f32) -> Self::Vector;

    /// [`Simd::WIDTH`] values of bfloat16 from memory.
    ///
    /// # Safety
    /// As for [`Simd::load`].
    unsafe fn load_half(from: *const bf16) -> Self::Vector;

    /// Writes eight of sixteen `levels`, as the four-bit codes of a word say, the one in its lowest bits first.
    ///
    /// # Safety
    /// As for [`Simd::splat`], and eight values must be writable.
    unsafe fn choose(levels: &[f32; 16], codes: u32, to: *mut f32);

    /// The sum of a register's values.
    ///
    /// # Safety
    /// As for [`Simd::splat`].
    unsafe fn sum(vector: Self::Vector) -> f32;

    /// Writes the sum of each of [`Simd::WIDTH`] registers.
    ///
    /// # Safety
    /// As for [`Simd::splat`]; there must be as many registers, and as many values must be writable.
    unsafe fn sums(vectors: &[Self::Vector], to: *mut f32);

    /// Asks for memory that is read soon. A hint: the address need not be readable.
    #[inline(always)]
    fn expect(_address: *const f32) {}

    /// `a · b + c`
    ///
    /// # Safety
    /// As for [`Simd::splat`].
    unsafe fn mul_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;

    /// Writes the values of a register.
    ///
    /// # Safety
    /// As for [`Simd::splat`], and [`Simd::WIDTH`] values must be writable.
    unsafe fn store(vector: Self::Vector, to: *mut f32);

    /// [`Simd::WIDTH`] pairs of bfloat16 from memory.
    ///
    /// # Safety
    /// As for [`Simd::splat`], and that many pairs must be readable.
    unsafe fn load_pairs(from: *const u32) -> Self::Pairs;

    /// A register of equal pairs.
    ///
    /// # Safety
    /// As for [`Simd::splat`].
    unsafe fn splat_pair(pair: u32) -> Self::Pairs;

    /// `a₀ · b₀ + a₁ · b₁ + c` for the two numbers of each pair, in 32 bits.
    ///
    /// # Safety
    /// As for [`Simd::splat`].
    unsafe fn add_pairs(a: Self::Pairs, b: Self::Pairs, c: Self::Vector) -> Self::Vector;
}

/// 512-bit vectors. Named by [`dispatch!`] only, after [`level`] saw the features.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Avx512;
/// 512-bit vectors and instructions for pairs of bfloat16. Named only after [`multiplies_pairs`] saw the features.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Avx512Pairs;
/// 256-bit vectors with fused multiply-add. Named by [`dispatch!`] only, after [`level`] saw the features.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Avx2;
/// Whatever the target guarantees.
pub(crate) struct Portable;

/// The instruction sets a kernel is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Avx512,
    Avx2,
    Portable,
}

/// The best level this machine can run, detected once.
#[inline]
pub(crate) fn level() -> Level {
    static LEVEL: LazyLock<Level> = LazyLock::new(detect);
    *LEVEL
}

#[cfg(target_arch = "x86_64")]
fn detect() -> Level {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw");
    match (avx2, avx512) {
        (true, true) => Level::Avx512,
        (true, false) => Level::Avx2,
        (false, _) => Level::Portable,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn detect() -> Level {
    Level::Portable
}

/// Whether this machine has an instruction for pairs of bfloat16, twice as fast as those for numbers in 32 bits.
#[inline]
pub(crate) fn multiplies_pairs() -> bool {
    static FOUND: LazyLock<bool> = LazyLock::new(|| {
        #[cfg(target_arch = "x86_64")]
        return level() == Level::Avx512 && is_x86_feature_detected!("avx512bf16");
        #[cfg(not(target_arch = "x86_64"))]
        false
    });
    *FOUND
}

/// Defines a function that runs `$body::<S>`, or `$body::<S, $element>`, compiled for the best instruction set of this machine;
/// after `pairs`, for the instructions for pairs of bfloat16 where it has them.
macro_rules! dispatch {
    (pairs $(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) = $body:ident $(of $element:ty)?) => {
        $(#[$meta])*
        #[inline]
        $vis fn $name($($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            if $crate::kernel::simd::multiplies_pairs() {
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,avx2,fma")]
                fn pairs($($arg: $ty),*) {
                    $body::<$crate::kernel::simd::Avx512Pairs $(, $element)?>($($arg),*)
                }
                // SAFETY: `multiplies_pairs` saw every feature that `pairs` is compiled for.
                return unsafe { pairs($($arg),*) };
            }
            $crate::kernel::simd::dispatch! { fn others($($arg: $ty),*) = $body $(of $element)? }
            others($($arg),*);
        }
    };
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? = $body:ident $(of $element:ty)?) => {
        $(#[$meta])*
        #[inline]
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            use $crate::kernel::simd::{Level, Portable, level};
            #[cfg(target_arch = "x86_64")]
            {
                use $crate::kernel::simd::{Avx2, Avx512};
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
                fn avx512($($arg: $ty),*) $(-> $ret)? {
                    $body::<Avx512 $(, $element)?>($($arg),*)
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $ty),*) $(-> $ret)? {
                    $body::<Avx2 $(, $element)?>($($arg),*)
                }
                match level() {
                    // SAFETY: `level` saw every feature that `avx512` is compiled for.
                    Level::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: `level` saw every feature that `avx2` is compiled for.
                    Level::Avx2 => return unsafe { avx2($($arg),*) },
                    Level::Portable => {}
                }
            }
            #[cfg(not(target_arch = "x86_64"))]
            let _: Level = level();
            $body::<Portable $(, $element)?>($($arg),*)
        }
    };
}
pub(crate) use dispatch;
