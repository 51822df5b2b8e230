//! One body of code, compiled once per instruction set and chosen at run time.
//!
//! A kernel is written as an `#[inline(always)]` function generic over [`Simd`], with loops over fixed arrays that the
//! compiler turns into vector instructions. [`dispatch!`] wraps it in one function per instruction set.

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
}

/// 512-bit vectors. Named by [`dispatch!`] only, after [`level`] saw the features.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Avx512;
/// 256-bit vectors with fused multiply-add. Named by [`dispatch!`] only, after [`level`] saw the features.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Avx2;
/// Whatever the target guarantees.
pub(crate) struct Portable;

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Avx2, Avx512, Simd, bf16};

    macro_rules! registers {
        ($level:ident, $vector:ty, $width:literal, $splat:ident, $load:ident, $half:ident, $choose:ident, $sum:ident, $sums:ident, $fma:ident) => {
            impl Simd for $level {
                const FUSED: bool = true;
                const WIDTH: usize = $width;
                type Vector = $vector;

                #[inline(always)]
                unsafe fn splat(value: f32) -> $vector {
                    // SAFETY: the caller promises the instruction set.
                    unsafe { $splat(value) }
                }

                #[inline(always)]
                unsafe fn load(from: *const f32) -> $vector {
                    // SAFETY: the caller promises the memory and the instruction set.
                    unsafe { $load(from) }
                }

                #[inline(always)]
                unsafe fn load_half(from: *const bf16) -> $vector {
                    // SAFETY: the caller promises the memory and the instruction set.
                    unsafe { $half(from) }
                }

                #[inline(always)]
                unsafe fn choose(levels: &[f32; 16], codes: u32, to: *mut f32) {
                    // SAFETY: the caller promises the memory and the instruction set.
                    unsafe { $choose(levels, codes, to) }
                }

                #[inline(always)]
                fn expect(address: *const f32) {
                    // SAFETY: the hint reads nothing, and every x86-64 processor has it.
                    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
                }

                #[inline(always)]
                unsafe fn sum(vector: $vector) -> f32 {
                    // SAFETY: the caller promises the instruction set.
                    unsafe { $sum(vector) }
                }

                #[inline(always)]
                unsafe fn sums(vectors: &[$vector], to: *mut f32) {
                    // SAFETY: the caller promises the memory and the instruction set.
                    unsafe { $sums(vectors, to) }
                }

                #[inline(always)]
                unsafe fn mul_add(a: $vector, b: $vector, c: $vector) -> $vector {
                    // SAFETY: the caller promises the instruction set.
                    unsafe { $fma(a, b, c) }
                }
            }
        };
    }

    /// A bfloat16 is the upper half of a 32-bit float.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn sixteen_halves(from: *const bf16) -> __m512 {
        // SAFETY: the caller promises sixteen readable values.
        let halves = unsafe { _mm256_loadu_si256(from.cast()) };
        _mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(halves)))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn eight_halves(from: *const bf16) -> __m256 {
        // SAFETY: the caller promises eight readable values.
        let halves = unsafe { _mm_loadu_si128(from.cast()) };
        _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(halves)))
    }

    /// The eight codes of a word, each in the lowest bits of a value; what is above them is not cleared.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn spread(codes: u32) -> __m256i {
        _mm256_srlv_epi32(
            _mm256_set1_epi32(codes.cast_signed()),
            _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28),
        )
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512vl,avx2")]
    unsafe fn choose_in_both(levels: &[f32; 16], codes: u32, to: *mut f32) {
        // SAFETY: the caller promises eight writable values.
        unsafe {
            let (low, high) = (_mm256_loadu_ps(levels.as_ptr()), _mm256_loadu_ps(levels.as_ptr().add(8)));
            _mm256_storeu_ps(to, _mm256_permutex2var_ps(low, spread(codes), high));
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn choose_in_turn(levels: &[f32; 16], codes: u32, to: *mut f32) {
        let codes = spread(codes);
        // SAFETY: the caller promises eight writable values.
        unsafe {
            let (low, high) = (_mm256_loadu_ps(levels.as_ptr()), _mm256_loadu_ps(levels.as_ptr().add(8)));
            let (low, high) = (_mm256_permutevar8x32_ps(low, codes), _mm256_permutevar8x32_ps(high, codes));
            // The fourth bit of a code, moved to where a blend looks.
            let upper = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(codes));
            _mm256_storeu_ps(to, _mm256_blendv_ps(low, high, upper));
        }
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn sum_of_eight(vector: __m256) -> f32 {
        let four = _mm_add_ps(_mm256_castps256_ps128(vector), _mm256_extractf128_ps::<1>(vector));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
    }

    /// Adds the halves of `a` and of `b`, then puts the sums side by side: in each block of four, two of `a` and two of `b`.
    macro_rules! fold {
        ($name:ident, $vector:ty, $features:literal, $shuffle:ident, $add:ident) => {
            #[inline]
            #[target_feature(enable = $features)]
            fn $name<const LOW: i32, const HIGH: i32>(a: $vector, b: $vector) -> $vector {
                $add($shuffle::<LOW>(a, b), $shuffle::<HIGH>(a, b))
            }
        };
    }
    fold!(fold_blocks_512, __m512, "avx512f", _mm512_shuffle_f32x4, _mm512_add_ps);
    fold!(fold_512, __m512, "avx512f", _mm512_shuffle_ps, _mm512_add_ps);
    fold!(fold_blocks_256, __m256, "avx2", _mm256_permute2f128_ps, _mm256_add_ps);
    fold!(fold_256, __m256, "avx2", _mm256_shuffle_ps, _mm256_add_ps);

    /// Halves of a block of four, then pairs in it.
    const HALVES: [i32; 2] = [0b01_00_01_00, 0b11_10_11_10];
    const PAIRS: [i32; 2] = [0b10_00_10_00, 0b11_01_11_01];

    /// The sums of sixteen registers: halves are added and put side by side until each value is the sum of a register.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn sums_of_sixteen(vectors: &[__m512], to: *mut f32) {
        let mut eights = [_mm512_setzero_ps(); 4];
        for p in 0..4 {
            let [a, b, c, d] = [vectors[p], vectors[4 + p], vectors[8 + p], vectors[12 + p]];
            let (ab, cd) = (
                fold_blocks_512::<{ HALVES[0] }, { HALVES[1] }>(a, b),
                fold_blocks_512::<{ HALVES[0] }, { HALVES[1] }>(c, d),
            );
            eights[p] = fold_blocks_512::<{ PAIRS[0] }, { PAIRS[1] }>(ab, cd);
        }
        let [a, b, c, d] = eights;
        let (ab, cd) =
            (fold_512::<{ HALVES[0] }, { HALVES[1] }>(a, b), fold_512::<{ HALVES[0] }, { HALVES[1] }>(c, d));
        // SAFETY: the caller promises sixteen writable values.
        unsafe { _mm512_storeu_ps(to, fold_512::<{ PAIRS[0] }, { PAIRS[1] }>(ab, cd)) };
    }

    /// The sums of eight registers, as [`sums_of_sixteen`].
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn sums_of_eight(vectors: &[__m256], to: *mut f32) {
        let mut fours = [_mm256_setzero_ps(); 4];
        for p in 0..4 {
            fours[p] = fold_blocks_256::<0x20, 0x31>(vectors[p], vectors[4 + p]);
        }
        let [a, b, c, d] = fours;
        let (ab, cd) =
            (fold_256::<{ HALVES[0] }, { HALVES[1] }>(a, b), fold_256::<{ HALVES[0] }, { HALVES[1] }>(c, d));
        // SAFETY: the caller promises eight writable values.
        unsafe { _mm256_storeu_ps(to, fold_256::<{ PAIRS[0] }, { PAIRS[1] }>(ab, cd)) };
    }

    registers!(
        Avx512,
        __m512,
        16,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        sixteen_halves,
        choose_in_both,
        _mm512_reduce_add_ps,
        sums_of_sixteen,
        _mm512_fmadd_ps
    );
    registers!(
        Avx2,
        __m256,
        8,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        eight_halves,
        choose_in_turn,
        sum_of_eight,
        sums_of_eight,
        _mm256_fmadd_ps
    );
}

impl Simd for Portable {
    const FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));
    const WIDTH: usize = 4;
    type Vector = [f32; 4];

    #[inline(always)]
    unsafe fn splat(value: f32) -> [f32; 4] {
        [value; 4]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> [f32; 4] {
        // SAFETY: the caller promises four readable values; an array has the alignment of its elements.
        unsafe { from.cast::<[f32; 4]>().read() }
    }

    #[inline(always)]
    unsafe fn load_half(from: *const bf16) -> [f32; 4] {
        // SAFETY: the caller promises four readable values; an array has the alignment of its elements.
        let halves = unsafe { from.cast::<[bf16; 4]>().read() };
        halves.map(bf16::to_f32)
    }

    #[inline(always)]
    unsafe fn choose(levels: &[f32; 16], codes: u32, to: *mut f32) {
        for i in 0..8 {
            // SAFETY: the caller promises eight writable values.
            unsafe { to.add(i).write(levels[(codes >> (4 * i)) as usize & 15]) };
        }
    }

    #[inline(always)]
    unsafe fn sum([a, b, c, d]: [f32; 4]) -> f32 {
        (a + b) + (c + d)
    }

    #[inline(always)]
    unsafe fn sums(vectors: &[[f32; 4]], to: *mut f32) {
        for (i, [a, b, c, d]) in vectors.iter().enumerate() {
            // SAFETY: the caller promises a writable value for each register.
            unsafe { to.add(i).write((a + b) + (c + d)) };
        }
    }

    #[inline(always)]
    unsafe fn mul_add(a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        [
            Self::fma(a[0], b[0], c[0]),
            Self::fma(a[1], b[1], c[1]),
            Self::fma(a[2], b[2], c[2]),
            Self::fma(a[3], b[3], c[3]),
        ]
    }
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

/// Defines a function that runs `$body::<S>`, or `$body::<S, $element>`, compiled for the best instruction set of this machine.
macro_rules! dispatch {
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
