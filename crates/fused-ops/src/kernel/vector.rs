//! Functions of one or two vectors: the pieces of softmax, of norms and of gates.

use half::bf16;

use super::simd::{Simd, dispatch};

/// Partial sums of a reduction: enough to hide the latency of an addition, and few terms per sum keep rounding small.
const LANES: usize = 16;

/// Smallest argument whose exponential is a normal number; below it the result is zero.
const EXP_MIN: f32 = -87.336_54;
const EXP_MAX: f32 = 88.376_26;

/// `eˣ` to about 1e-7 relative: `x = n·ln 2 + r`, then `2ⁿ · P(r)` with a polynomial on `|r| ≤ ln 2 / 2`.
#[inline(always)]
pub(crate) fn exp<S: Simd>(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³: adding it leaves the nearest integer in the low bits
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let bounded = x.clamp(EXP_MIN, EXP_MAX);
    let shifted = S::fma(bounded, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = S::fma(n, -LN2_LOW, S::fma(n, -LN2_HIGH, bounded));
    let mut p = 1.987_569_1e-4;
    p = S::fma(p, r, 1.398_199_9e-3);
    p = S::fma(p, r, 8.333_452e-3);
    p = S::fma(p, r, 4.166_579_6e-2);
    p = S::fma(p, r, 1.666_666_5e-1);
    p = S::fma(p, r, 0.5);
    let mantissa = S::fma(p, r * r, r) + 1.0;
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    if x < EXP_MIN { 0.0 } else { mantissa * power }
}

/// `σ(x) = 1 / (1 + e⁻ˣ)`
#[inline(always)]
pub(crate) fn sigmoid<S: Simd>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<S>(-x))
}

/// Sum of partial sums, pairwise.
#[inline(always)]
pub(crate) fn total(mut lanes: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// `Σ aᵢ bᵢ` over the shorter length.
#[inline(always)]
pub(crate) fn dot_body<S: Simd>(a: &[f32], b: &[f32]) -> f32 {
    const CHAINS: usize = 4;
    let n = a.len().min(b.len());
    let (step, mut i) = (CHAINS * S::WIDTH, 0);
    // SAFETY: loads end before `n`; the body runs only when compiled for a level this machine has.
    let mut sum = unsafe {
        let mut sums = [S::splat(0.0); CHAINS];
        while i + step <= n {
            for (c, sum) in sums.iter_mut().enumerate() {
                let at = i + c * S::WIDTH;
                *sum = S::mul_add(S::load(a.as_ptr().add(at)), S::load(b.as_ptr().add(at)), *sum);
            }
            i += step;
        }
        (S::sum(sums[0]) + S::sum(sums[1])) + (S::sum(sums[2]) + S::sum(sums[3]))
    };
    for i in i..n {
        sum = S::fma(a[i], b[i], sum);
    }
    sum
}

/// `max xᵢ`, minus infinity for an empty slice; NaN entries are passed over.
#[inline(always)]
pub(crate) fn max_body<S: Simd>(x: &[f32]) -> f32 {
    let (blocks, rest) = x.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for block in blocks {
        for i in 0..LANES {
            lanes[i] = if block[i] > lanes[i] { block[i] } else { lanes[i] };
        }
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |best, &v| if v > best { v } else { best })
}

#[inline(always)]
pub(crate) fn exp_sum_body<S: Simd>(x: &mut [f32], shift: f32) -> f32 {
    let (blocks, rest) = x.as_chunks_mut::<LANES>();
    let mut lanes = [0.0; LANES];
    for block in blocks {
        for i in 0..LANES {
            block[i] = exp::<S>(block[i] - shift);
            lanes[i] += block[i];
        }
    }
    // The last few as one more block, whose other exponentials are zero: one by one they would cost as much as many blocks.
    let mut last = [f32::NEG_INFINITY; LANES];
    last[..rest.len()].copy_from_slice(rest);
    for i in 0..LANES {
        last[i] = exp::<S>(last[i] - shift);
        lanes[i] += last[i];
    }
    rest.copy_from_slice(&last[..rest.len()]);
    total(lanes)
}

#[inline(always)]
pub(crate) fn scale_body<S: Simd>(x: &mut [f32], factor: f32) {
    x.iter_mut().for_each(|v| *v *= factor);
}

/// Probabilities `pᵢ ← e^(pᵢ - shift)` and their gradients `dᵢ ← pᵢ (dᵢ - delta)`.
#[inline(always)]
pub(crate) fn score_grad_body<S: Simd>(p: &mut [f32], d: &mut [f32], shift: f32, delta: f32) {
    let ((p_blocks, p_rest), (d_blocks, d_rest)) = (p.as_chunks_mut::<LANES>(), d.as_chunks_mut::<LANES>());
    for (p, d) in p_blocks.iter_mut().zip(d_blocks) {
        score_grad_block::<S>(p, d, shift, delta);
    }
    let (mut p, mut d) = ([0.0; LANES], [0.0; LANES]);
    p[..p_rest.len()].copy_from_slice(p_rest);
    d[..d_rest.len()].copy_from_slice(d_rest);
    score_grad_block::<S>(&mut p, &mut d, shift, delta);
    p_rest.copy_from_slice(&p[..p_rest.len()]);
    d_rest.copy_from_slice(&d[..d_rest.len()]);
}

#[inline(always)]
fn score_grad_block<S: Simd>(p: &mut [f32; LANES], d: &mut [f32; LANES], shift: f32, delta: f32) {
    for i in 0..LANES {
        p[i] = exp::<S>(p[i] - shift);
        d[i] = p[i] * (d[i] - delta);
    }
}

/// `out ← out + Σⱼ weightⱼ rowⱼ`, the rows `stride` apart in `rows`.
#[inline(always)]
fn add_weighted_body<S: Simd>(out: &mut [f32], weights: &[f32], rows: &[f32], stride: usize) {
    const WIDE: usize = 4 * LANES;
    let width = out.len();
    let mut from = 0;
    while from + WIDE <= width {
        add_weighted_part::<S, WIDE>(&mut out[from..from + WIDE], weights, &rows[from..], stride);
        from += WIDE;
    }
    while from + LANES <= width {
        add_weighted_part::<S, LANES>(&mut out[from..from + LANES], weights, &rows[from..], stride);
        from += LANES;
    }
    for c in from..width {
        out[c] = weights.iter().enumerate().fold(out[c], |sum, (j, w)| S::fma(*w, rows[j * stride + c], sum));
    }
}

#[inline(always)]
fn add_weighted_part<S: Simd, const W: usize>(out: &mut [f32], weights: &[f32], rows: &[f32], stride: usize) {
    let mut sums = [0.0; W];
    sums.copy_from_slice(out);
    for (j, &weight) in weights.iter().enumerate() {
        let row = &rows[j * stride..j * stride + W];
        for i in 0..W {
            sums[i] = S::fma(weight, row[i], sums[i]);
        }
    }
    out.copy_from_slice(&sums);
}

dispatch! {
    /// `out ← out + Σⱼ weightⱼ rowⱼ`, the rows `stride` apart in `rows`.
    pub(crate) fn add_weighted(out: &mut [f32], weights: &[f32], rows: &[f32], stride: usize) = add_weighted_body
}
#[inline(always)]
fn widen_body<S: Simd>(from: &[bf16], to: &mut [f32]) {
    // The upper half of a 32-bit float.
    to.iter_mut().zip(from).for_each(|(to, from)| *to = f32::from_bits(u32::from(from.to_bits()) << 16));
}

#[inline(always)]
fn round_body<S: Simd>(from: &[f32], to: &mut [bf16]) {
    for (to, from) in to.iter_mut().zip(from) {
        let bits = from.to_bits();
        // Half of the last place is added, less one where that place is even: ties go to even.
        let nearest = bits.wrapping_add(0x7fff + (bits >> 16 & 1));
        let bits = if from.is_nan() { bits | 0x40_0000 } else { nearest };
        *to = bf16::from_bits((bits >> 16) as u16);
    }
}

dispatch! {
    /// The nearest numbers in bfloat16.
    pub(crate) fn round(from: &[f32], to: &mut [bf16]) = round_body
}
dispatch! {
    /// The same numbers in 32 bits.
    pub(crate) fn widen(from: &[bf16], to: &mut [f32]) = widen_body
}
dispatch! {
    /// `Σ aᵢ bᵢ`
    pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 = dot_body
}
dispatch! {
    /// `max xᵢ`
    pub(crate) fn max(x: &[f32]) -> f32 = max_body
}
dispatch! {
    /// Replaces each `xᵢ` by `e^(xᵢ - shift)` and returns the sum of the new values.
    pub(crate) fn exp_sum(x: &mut [f32], shift: f32) -> f32 = exp_sum_body
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::simd::Portable;

    dispatch! {
        fn exp_here(x: f32) -> f32 = exp
    }

    #[test]
    fn numbers_are_rounded_to_the_nearest_bfloat16() {
        let special =
            [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX, f32::MIN_POSITIVE, 1e-45];
        let ties = (0..512).map(|i| f32::from_bits(0x3f80_8000 + i * 0x4000));
        let others = (0..5000_u32).map(|i| f32::from_bits(i.wrapping_mul(2_654_435_761)));
        let numbers: Vec<f32> = special.into_iter().chain(ties).chain(others).collect();
        let mut found = vec![bf16::ZERO; numbers.len()];
        round(&numbers, &mut found);
        for (number, found) in numbers.iter().zip(found) {
            assert_eq!(found.to_bits(), bf16::from_f32(*number).to_bits(), "{number}");
        }
    }

    fn worst_exp_error(exp: fn(f32) -> f32) -> f64 {
        (0..200_000)
            .map(|i| -87.0 + 175.0 * (i as f32) / 200_000.0)
            .map(|x| (f64::from(exp(x)) / f64::from(x).exp() - 1.0).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn the_exponential_is_accurate_to_a_few_units_in_the_last_place() {
        for exp in [exp::<Portable>, exp_here] {
            assert!(worst_exp_error(exp) < 2e-7, "{}", worst_exp_error(exp));
        }
    }

    #[test]
    fn the_exponential_keeps_its_limits() {
        assert_eq!(exp::<Portable>(0.0), 1.0);
        assert_eq!(exp::<Portable>(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp::<Portable>(-1e30), 0.0);
        assert!(exp::<Portable>(1e30).is_finite());
        assert!(exp::<Portable>(f32::NAN).is_nan());
    }

    #[test]
    fn reductions_handle_every_length() {
        for n in 0..70_u16 {
            let x: Vec<f32> = (0..n).map(|i| f32::from(i) - 20.0).collect();
            let expected: f64 = x.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
            assert!((f64::from(dot(&x, &x)) - expected).abs() <= 1e-6 * expected);
            assert_eq!(max(&x), x.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            let mut e = x.clone();
            let sum = f64::from(exp_sum(&mut e, 1.0));
            let expected: f64 = x.iter().map(|&v| (f64::from(v) - 1.0).exp()).sum();
            assert!(
                (sum - expected).abs() <= 1e-6 * expected.max(f64::MIN_POSITIVE),
                "{n}: {sum} {expected}"
            );
        }
    }
}
