//! The instructions of x86-64.

use std::arch::x86_64::*;

use half::bf16;

use super::{Avx2, Avx512, Avx512Pairs, Simd};

macro_rules! registers {
    ([$($level:ident $add_pairs:ident),+], $vector:ty, $width:literal, $splat:ident, $load:ident, $half:ident, $choose:ident, $sum:ident, $sums:ident, $fma:ident, $store:ident, $pairs:ty, $load_pairs:ident, $splat_pair:ident) => {$(
        impl Simd for $level {
            const FUSED: bool = true;
            const WIDTH: usize = $width;
            type Vector = $vector;
            type Pairs = $pairs;

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

            #[inline(always)]
            unsafe fn store(vector: $vector, to: *mut f32) {
                // SAFETY: the caller promises the memory and the instruction set.
                unsafe { $store(to, vector) }
            }

            #[inline(always)]
            unsafe fn load_pairs(from: *const u32) -> $pairs {
                // SAFETY: the caller promises the memory and the instruction set.
                unsafe { $load_pairs(from.cast()) }
            }

            #[inline(always)]
            unsafe fn splat_pair(pair: u32) -> $pairs {
                // SAFETY: the caller promises the instruction set.
                unsafe { $splat_pair(pair.cast_signed()) }
            }

            #[inline(always)]
            unsafe fn add_pairs(a: $pairs, b: $pairs, c: $vector) -> $vector {
                // SAFETY: the caller promises the instruction set.
                unsafe { $add_pairs(a, b, c) }
            }
        }
    )+};
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
    _mm256_srlv_epi32(_mm256_set1_epi32(codes.cast_signed()), _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28))
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

/// Adds the products of pairs with the instructions for 32 bits: a bfloat16 is the upper half of a 32-bit float.
macro_rules! pairs {
    ($name:ident, $features:literal, $vector:ty, $pairs:ty, $fma:ident, $cast:ident, $shift:ident, $and:ident, $set:ident) => {
        #[inline]
        #[target_feature(enable = $features)]
        fn $name(a: $pairs, b: $pairs, c: $vector) -> $vector {
            let first = |pairs| $cast($shift::<16>(pairs));
            let second = |pairs| $cast($and(pairs, $set(!0xffff)));
            $fma(second(a), second(b), $fma(first(a), first(b), c))
        }
    };
}
pairs!(
    add_pairs_512,
    "avx512f",
    __m512,
    __m512i,
    _mm512_fmadd_ps,
    _mm512_castsi512_ps,
    _mm512_slli_epi32,
    _mm512_and_si512,
    _mm512_set1_epi32
);
pairs!(
    add_pairs_256,
    "avx2,fma",
    __m256,
    __m256i,
    _mm256_fmadd_ps,
    _mm256_castsi256_ps,
    _mm256_slli_epi32,
    _mm256_and_si256,
    _mm256_set1_epi32
);

#[inline]
#[target_feature(enable = "avx512f,avx512bf16")]
fn dot_pairs(a: __m512i, b: __m512i, c: __m512) -> __m512 {
    // SAFETY: registers of the same bits.
    let [a, b] = [a, b].map(|pairs| unsafe { std::mem::transmute::<__m512i, __m512bh>(pairs) });
    _mm512_dpbf16_ps(c, a, b)
}

registers!(
    [Avx512 add_pairs_512, Avx512Pairs dot_pairs],
    __m512,
    16,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    sixteen_halves,
    choose_in_both,
    _mm512_reduce_add_ps,
    sums_of_sixteen,
    _mm512_fmadd_ps,
    _mm512_storeu_ps,
    __m512i,
    _mm512_loadu_si512,
    _mm512_set1_epi32
);
registers!(
    [Avx2 add_pairs_256],
    __m256,
    8,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    eight_halves,
    choose_in_turn,
    sum_of_eight,
    sums_of_eight,
    _mm256_fmadd_ps,
    _mm256_storeu_ps,
    __m256i,
    _mm256_loadu_si256,
    _mm256_set1_epi32
);
