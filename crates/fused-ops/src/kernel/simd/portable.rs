//! What every target has.

use half::bf16;

use super::{Portable, Simd};

impl Simd for Portable {
    const FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));
    const WIDTH: usize = 4;
    type Vector = [f32; 4];
    type Pairs = [u32; 4];

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

    #[inline(always)]
    unsafe fn store(vector: [f32; 4], to: *mut f32) {
        // SAFETY: the caller promises four writable values; an array has the alignment of its elements.
        unsafe { to.cast::<[f32; 4]>().write(vector) }
    }

    #[inline(always)]
    unsafe fn load_pairs(from: *const u32) -> [u32; 4] {
        // SAFETY: the caller promises four readable pairs, which need not be aligned.
        unsafe { from.cast::<[u32; 4]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn splat_pair(pair: u32) -> [u32; 4] {
        [pair; 4]
    }

    #[inline(always)]
    unsafe fn add_pairs(a: [u32; 4], b: [u32; 4], mut c: [f32; 4]) -> [f32; 4] {
        let [first, second] =
            [|pair: u32| f32::from_bits(pair << 16), |pair: u32| f32::from_bits(pair & !0xffff)];
        for i in 0..4 {
            c[i] = Self::fma(second(a[i]), second(b[i]), Self::fma(first(a[i]), first(b[i]), c[i]));
        }
        c
    }
}
