//! From codes of few bits to numbers.

use super::simd::{Simd, dispatch};

/// Blocks of numbers as 32-bit words of codes, the first in the lowest bits, and one scale for each block.
#[derive(Clone, Copy)]
pub(crate) struct Coded<'a> {
    pub(crate) words: &'a [i32],
    pub(crate) scales: &'a [f32],
    /// Numbers of a block: whole words of codes.
    pub(crate) block: usize,
}

impl<'a> Coded<'a> {
    /// The words and the scale of each block, with the place for its numbers.
    fn blocks(self, bits: usize, out: &mut [f32]) -> impl Iterator<Item = (&'a [i32], f32, &mut [f32])> {
        assert_eq!(out.len(), self.scales.len() * self.block, "a place for every number");
        let words = self.words.chunks_exact(self.block * bits / 32);
        let blocks = words.zip(self.scales).zip(out.chunks_exact_mut(self.block));
        blocks.map(|((words, scale), out)| (words, *scale, out))
    }
}

/// Words between those that are read and those that are asked for.
const AHEAD: usize = 256;

dispatch! {
    /// `out = levels[code] · scale` for codes of four bits.
    pub(crate) fn chosen(coded: Coded<'_>, levels: &[f32; 16], out: &mut [f32]) = chosen_body
}
dispatch! {
    /// `out = code · scale` for codes that are signed bytes.
    pub(crate) fn counted(coded: Coded<'_>, out: &mut [f32]) = counted_body
}

#[inline(always)]
fn chosen_body<S: Simd>(coded: Coded<'_>, levels: &[f32; 16], out: &mut [f32]) {
    for (words, scale, out) in coded.blocks(4, out) {
        let levels = levels.map(|level| level * scale);
        S::expect(words.as_ptr().wrapping_add(AHEAD).cast());
        for (word, out) in words.iter().zip(out.as_chunks_mut::<8>().0) {
            // SAFETY: `S` is the level that this function was compiled and chosen for.
            unsafe { S::choose(&levels, word.cast_unsigned(), out.as_mut_ptr()) };
        }
    }
}

#[inline(always)]
fn counted_body<S: Simd>(coded: Coded<'_>, out: &mut [f32]) {
    for (words, scale, out) in coded.blocks(8, out) {
        for (word, out) in words.iter().zip(out.as_chunks_mut::<4>().0) {
            *out = word.to_le_bytes().map(|byte| f32::from(byte.cast_signed()) * scale);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::simd::Portable;
    #[cfg(target_arch = "x86_64")]
    use crate::kernel::simd::{Avx2, Level, level};

    const BLOCK: usize = 16;
    const SCALES: [f32; 3] = [1.0, -2.5, 0.0];

    fn words(bits: usize) -> Vec<i32> {
        (0..SCALES.len() * BLOCK * bits / 32)
            .map(|i| (i as u32).wrapping_mul(2_654_435_761).cast_signed())
            .collect()
    }

    type Kernel<'a> = &'a dyn Fn(Coded<'_>, &mut [f32]);

    fn check(bits: usize, expected: impl Fn(u32) -> f32, kernels: &[Kernel<'_>]) {
        let words = words(bits);
        let code = |i: usize| (words[i * bits / 32].cast_unsigned() >> (i * bits % 32)) & ((1 << bits) - 1);
        let expected: Vec<f32> =
            (0..SCALES.len() * BLOCK).map(|i| expected(code(i)) * SCALES[i / BLOCK]).collect();
        for kernel in kernels {
            let mut out = vec![f32::NAN; expected.len()];
            kernel(Coded { words: &words, scales: &SCALES, block: BLOCK }, &mut out);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn every_instruction_set_reads_the_same_numbers() {
        let levels: [f32; 16] = std::array::from_fn(|i| (i * i) as f32 - 20.0);
        let level_of = |code: u32| levels[code as usize];
        check(4, level_of, &[&|c, o| chosen(c, &levels, o), &|c, o| chosen_body::<Portable>(c, &levels, o)]);
        let byte = |code: u32| f32::from((code as u8).cast_signed());
        check(8, byte, &[&counted, &counted_body::<Portable>]);
        #[cfg(target_arch = "x86_64")]
        if level() != Level::Portable {
            check(4, level_of, &[&|c, o| chosen_body::<Avx2>(c, &levels, o)]);
        }
    }
}
