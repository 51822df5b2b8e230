//! One body of code, compiled once per instruction set and chosen at run time.
//!
//! A kernel is written as an `#[inline(always)]` function generic over [`Simd`], with loops over fixed arrays that the
//! compiler turns into vector instructions. [`dispatch!`] wraps it in one function per instruction set.

use std::sync::LazyLock;

/// What a kernel may know about the instruction set it is compiled for.
pub(crate) trait Simd {
    /// Whether `a * b + c` is one instruction (otherwise `mul_add` would be a call into the maths library).
    const FUSED: bool;
    /// Weight rows that one pass of the skinny product keeps in registers.
    const TILE: usize;

    /// `a · b + c`
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        if Self::FUSED { a.mul_add(b, c) } else { a * b + c }
    }
}

/// 512-bit vectors.
pub(crate) struct Avx512;
/// 256-bit vectors with fused multiply-add.
pub(crate) struct Avx2;
/// Whatever the target guarantees.
pub(crate) struct Portable;

impl Simd for Avx512 {
    const FUSED: bool = true;
    const TILE: usize = 4;
}

impl Simd for Avx2 {
    const FUSED: bool = true;
    const TILE: usize = 2;
}

impl Simd for Portable {
    const FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));
    const TILE: usize = 2;
}

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

/// Defines a function that runs `$body::<S>` compiled for the best instruction set of this machine.
macro_rules! dispatch {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? = $body:ident) => {
        $(#[$meta])*
        #[inline]
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            use $crate::kernel::simd::{Level, Portable, level};
            #[cfg(target_arch = "x86_64")]
            {
                use $crate::kernel::simd::{Avx2, Avx512};
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
                fn avx512($($arg: $ty),*) $(-> $ret)? {
                    $body::<Avx512>($($arg),*)
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $ty),*) $(-> $ret)? {
                    $body::<Avx2>($($arg),*)
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
            $body::<Portable>($($arg),*)
        }
    };
}
pub(crate) use dispatch;
