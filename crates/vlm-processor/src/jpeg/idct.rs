//! Coefficients to samples: the inverse cosine transform in 13-bit fixed point.
//!
//! Along one axis, with Fₖ the coefficients and c₀ = √½, cₖ = 1: fₓ = ½ Σₖ cₖ Fₖ cos((2x+1)kπ/16). The transform of
//! Loeffler, Ligtenberg and Moschytz (1989) needs 12 products; it is scaled by √8 per axis. The first pass, over
//! columns, keeps [`PASS_BITS`] more bits than whole numbers; the second rounds and removes them together with the
//! 2³ of the scaling. Sums that feed products wrap around at 16 bits and results of a pass are clamped to them, as
//! in the vector code of libjpeg-turbo, so that damaged files, too, give the same picture.

use super::blocks::Block;
use super::frame::SIDE;
use super::headers::Quantisation;

/// Fractional bits of the factors.
const FACTOR_BITS: u32 = 13;
/// Fractional bits between the passes.
const PASS_BITS: u32 = 2;

/// Eight numbers times eight.
type Square = [[i16; SIDE]; SIDE];

/// The factor in fixed point.
const fn fixed(factor: f64) -> i32 {
    (factor * (1 << FACTOR_BITS) as f64 + 0.5) as i32
}

/// Transforms a row of blocks into eight rows of samples, each `stride` long, that stand in `samples`.
#[inline(always)]
pub(crate) fn transform_row(
    blocks: &[Block],
    quantisation: &Quantisation,
    samples: &mut [u8],
    stride: usize,
) {
    for (x, block) in blocks.iter().enumerate() {
        let rows = transform(block, quantisation);
        for (y, row) in rows.iter().enumerate() {
            let at = y * stride + x * SIDE;
            samples[at..at + SIDE].copy_from_slice(row);
        }
    }
}

#[inline(always)]
fn transform(block: &Block, quantisation: &Quantisation) -> [[u8; SIDE]; SIDE] {
    let columns = if any(&block[SIDE..]) {
        pass::<{ FACTOR_BITS - PASS_BITS }>(&scaled(block, quantisation))
    } else {
        // One row alone stays as it is, but for the bits between the passes.
        let [row, ..] = scaled(block, quantisation);
        if !any(&block[1..SIDE]) {
            return [[flat(row[0]); SIDE]; SIDE];
        }
        let mut kept = [0; SIDE];
        for (out, &value) in kept.iter_mut().zip(&row) {
            *out = value << PASS_BITS;
        }
        [kept; SIDE]
    };
    let samples = pass::<{ FACTOR_BITS + PASS_BITS + 3 }>(&transposed(&columns));
    let mut out = [[0; SIDE]; SIDE];
    let samples = transposed(&samples);
    for (out, &sample) in out.as_flattened_mut().iter_mut().zip(samples.as_flattened()) {
        *out = level_shifted(sample);
    }
    out
}

/// Whether one of the coefficients is not zero.
#[inline(always)]
fn any(coefficients: &[i16]) -> bool {
    coefficients.iter().fold(0, |any, &value| any | value) != 0
}

/// Coefficients times their factors.
#[inline(always)]
fn scaled(block: &Block, quantisation: &Quantisation) -> Square {
    let mut out = [[0; SIDE]; SIDE];
    for (out, (&value, &factor)) in out.as_flattened_mut().iter_mut().zip(block.iter().zip(quantisation)) {
        *out = value.wrapping_mul(factor as i16);
    }
    out
}

/// The sample of a block that has nothing but its first coefficient.
#[inline(always)]
fn flat(first: i16) -> u8 {
    let scaled = i32::from(first << PASS_BITS);
    level_shifted(((scaled + (1 << (PASS_BITS + 2))) >> (PASS_BITS + 3)) as i16)
}

#[inline(always)]
fn level_shifted(sample: i16) -> u8 {
    (sample.clamp(-128, 127) + 128) as u8
}

/// Rows to columns, by three rounds of dealing two halves together like cards.
#[inline(always)]
fn transposed(square: &Square) -> Square {
    dealt(&dealt(&dealt(square)))
}

/// Rows r and r + 4, number by number in turn, become rows 2r and 2r + 1.
#[inline(always)]
fn dealt(square: &Square) -> Square {
    let mut out = [[0; SIDE]; SIDE];
    let (upper, lower) = square.as_flattened().split_at(SIDE * SIDE / 2);
    for (pair, (&first, &second)) in
        out.as_flattened_mut().as_chunks_mut::<2>().0.iter_mut().zip(upper.iter().zip(lower))
    {
        *pair = [first, second];
    }
    out
}

/// One pass: each of the eight columns of `input` is transformed, rounded to `SHIFT` fewer bits and clamped.
#[inline(always)]
fn pass<const SHIFT: u32>(input: &Square) -> Square {
    let mut output = [[0; SIDE]; SIDE];
    for x in 0..SIDE {
        let even = even_half(input[0][x], input[2][x], input[4][x], input[6][x]);
        let odd = odd_half(input[1][x], input[3][x], input[5][x], input[7][x]);
        for y in 0..SIDE / 2 {
            output[y][x] = rounded::<SHIFT>(even[y].wrapping_add(odd[y]));
            output[SIDE - 1 - y][x] = rounded::<SHIFT>(even[y].wrapping_sub(odd[y]));
        }
    }
    output
}

#[inline(always)]
fn rounded<const SHIFT: u32>(sum: i32) -> i16 {
    let shifted = sum.wrapping_add(1 << (SHIFT - 1)) >> SHIFT;
    shifted.clamp(i16::MIN as i32, i16::MAX as i32) as i16
}

/// What coefficients 0, 2, 4 and 6 give to samples 0 to 3, and mirrored to 7 to 4.
#[inline(always)]
fn even_half(f0: i16, f2: i16, f4: i16, f6: i16) -> [i32; 4] {
    const C6: i32 = fixed(0.541_196_100);
    const C2_MINUS_C6: i32 = fixed(0.765_366_865);
    const C2_PLUS_C6: i32 = fixed(1.847_759_065);
    let (low, high) = (i32::from(f2), i32::from(f6));
    let turned = low * C6 + high * (C6 - C2_PLUS_C6);
    let straight = low * (C6 + C2_MINUS_C6) + high * C6;
    let sum = i32::from(f0.wrapping_add(f4)) << FACTOR_BITS;
    let difference = i32::from(f0.wrapping_sub(f4)) << FACTOR_BITS;
    [
        sum.wrapping_add(straight),
        difference.wrapping_add(turned),
        difference.wrapping_sub(turned),
        sum.wrapping_sub(straight),
    ]
}

/// What coefficients 1, 3, 5 and 7 give to samples 0 to 3, and with the other sign to 7 to 4.
#[inline(always)]
fn odd_half(f1: i16, f3: i16, f5: i16, f7: i16) -> [i32; 4] {
    const ALL: i32 = fixed(1.175_875_602);
    const PAIR_73: i32 = fixed(1.961_570_560);
    const PAIR_51: i32 = fixed(0.390_180_644);
    const PAIR_71: i32 = fixed(0.899_976_223);
    const PAIR_53: i32 = fixed(2.562_915_447);
    const F7: i32 = fixed(0.298_631_336);
    const F5: i32 = fixed(2.053_119_869);
    const F3: i32 = fixed(3.072_711_026);
    const F1: i32 = fixed(1.501_321_110);
    let (pair_73, pair_51) = (i32::from(f7.wrapping_add(f3)), i32::from(f5.wrapping_add(f1)));
    let with_73 = pair_73 * (ALL - PAIR_73) + pair_51 * ALL;
    let with_51 = pair_73 * ALL + pair_51 * (ALL - PAIR_51);
    let (f1, f3, f5, f7) = (i32::from(f1), i32::from(f3), i32::from(f5), i32::from(f7));
    [
        (f7 * -PAIR_71 + f1 * (F1 - PAIR_71)).wrapping_add(with_51),
        (f5 * -PAIR_53 + f3 * (F3 - PAIR_53)).wrapping_add(with_73),
        (f5 * (F5 - PAIR_53) + f3 * -PAIR_53).wrapping_add(with_51),
        (f7 * (F7 - PAIR_71) + f1 * -PAIR_71).wrapping_add(with_73),
    ]
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    fn defined(block: &Block) -> [[f64; SIDE]; SIDE] {
        let scale = |k: usize| if k == 0 { 0.5f64.sqrt() } else { 1.0 };
        let cos = |x: usize, k: usize| ((2 * x + 1) as f64 * k as f64 * PI / 16.0).cos();
        std::array::from_fn(|y| {
            std::array::from_fn(|x| {
                let term = |i: usize| {
                    let (v, u) = (i / SIDE, i % SIDE);
                    scale(u) * scale(v) * f64::from(block[i]) * cos(x, u) * cos(y, v)
                };
                ((0..64).map(term).sum::<f64>() / 4.0 + 128.0).clamp(0.0, 255.0)
            })
        })
    }

    #[test]
    fn the_transform_is_within_one_step_of_its_definition() {
        for seed in 0..200usize {
            let few = seed % 9;
            let block: Block = std::array::from_fn(|i| {
                let value = (i * i * 31 + seed * 7919 + i * seed) % 301;
                if i > 7 * few { 0 } else { value as i16 - 150 }
            });
            let ours = transform(&block, &[1; 64]);
            for (ours, exact) in ours.as_flattened().iter().zip(defined(&block).as_flattened()) {
                assert!((f64::from(*ours) - exact).abs() < 1.0, "{ours} for {exact}");
            }
        }
    }

    #[test]
    fn a_flat_block_is_the_shortcut_of_the_whole_way() {
        for first in -1100..1100 {
            let mut input = [[0; SIDE]; SIDE];
            input[0][0] = first;
            let columns = pass::<{ FACTOR_BITS - PASS_BITS }>(&input);
            let samples = pass::<{ FACTOR_BITS + PASS_BITS + 3 }>(&transposed(&columns));
            assert_eq!(samples.map(|row| row.map(level_shifted)), [[flat(first); SIDE]; SIDE]);
        }
    }
}
