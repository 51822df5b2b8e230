//! `Y = X Wᵀ` for a few rows of `X`: the product of decoding, bound by the speed at which `W` can be read.
//!
//! Each row of `W` is read from memory once. A tile of weight rows and activation rows keeps its partial sums in
//! registers, so that every loaded weight is used for several activations. While a tile is computed the next one is on its
//! way: the processor does not foresee four rows at once, and with several activations waiting would take half the time.

use super::matrix::Threads;
use super::shared::Shared;
use super::simd::{Simd, dispatch};
use super::threads;

/// Most activation rows for which this kernel beats a blocked matrix product.
pub(crate) const MOST_ROWS: usize = 16;

/// Operands of `Y = X Wᵀ + b`: `x [rows, inner]` dense, `weight [outer, inner]` with rows `stride` apart.
#[derive(Clone, Copy)]
pub(crate) struct Skinny<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) weight: &'a [f32],
    pub(crate) bias: Option<&'a [f32]>,
    pub(crate) rows: usize,
    pub(crate) inner: usize,
    pub(crate) outer: usize,
    pub(crate) stride: usize,
}

impl Skinny<'_> {
    /// Writes `Y [rows, outer]` into `out`.
    pub(crate) fn run(self, out: &mut [f32], threads: Threads) {
        assert_eq!(self.x.len(), self.rows * self.inner, "activations");
        assert_eq!(out.len(), self.rows * self.outer, "output");
        assert!(self.bias.is_none_or(|b| b.len() == self.outer), "bias");
        let out = Shared::new(out);
        if threads == Threads::One {
            return columns(self, out, 0, self.outer);
        }
        // Reading the weight counts beside the products: with one row it is all the time, and two threads read faster.
        let work = (4 * self.rows + 8) * self.inner * self.outer;
        let parts = if threads::worth_sharing(work) { 4 * rayon::current_num_threads() } else { 1 };
        let step = self.outer.div_ceil(parts).next_multiple_of(8).max(1);
        threads::for_each(self.outer.div_ceil(step), work, |i| {
            columns(self, out, i * step, (i * step + step).min(self.outer));
        });
    }

    fn x_row(&self, r: usize) -> &[f32] {
        &self.x[r * self.inner..(r + 1) * self.inner]
    }

    fn weight_row(&self, o: usize) -> &[f32] {
        &self.weight[o * self.stride..o * self.stride + self.inner]
    }
}

dispatch! {
    /// Columns `from..to` of the output.
    fn columns(job: Skinny<'_>, out: Shared<'_>, from: usize, to: usize) = columns_body
}

#[inline(always)]
fn columns_body<S: Simd>(job: Skinny<'_>, out: Shared<'_>, from: usize, to: usize) {
    if S::TILE == 4 {
        tiles::<S, 4>(job, out, from, to);
    } else {
        tiles::<S, 2>(job, out, from, to);
    }
}

#[inline(always)]
fn tiles<S: Simd, const T: usize>(job: Skinny<'_>, out: Shared<'_>, from: usize, to: usize) {
    let mut o = from;
    while o + T <= to {
        rows_of_tile::<S, T, T>(job, out, o);
        o += T;
    }
    for o in o..to {
        rows_of_tile::<S, 1, T>(job, out, o);
    }
}

/// All activation rows against the `O` weight rows from `o` on, `R` activation rows at a time.
#[inline(always)]
fn rows_of_tile<S: Simd, const O: usize, const R: usize>(job: Skinny<'_>, out: Shared<'_>, o: usize) {
    let mut r = 0;
    while r + R <= job.rows {
        tile::<S, O, R>(job, out, o, r);
        r += R;
    }
    for r in r..job.rows {
        tile::<S, O, 1>(job, out, o, r);
    }
}

#[inline(always)]
fn tile<S: Simd, const O: usize, const R: usize>(job: Skinny<'_>, out: Shared<'_>, o: usize, r: usize) {
    let w: [&[f32]; O] = std::array::from_fn(|i| job.weight_row(o + i));
    let x: [&[f32]; R] = std::array::from_fn(|j| job.x_row(r + j));
    let whole = job.inner / S::WIDTH * S::WIDTH;
    // SAFETY: `S` is the level that this function was compiled and chosen for.
    let sums = unsafe { tile_sums::<S, O, R>(&w, &x, whole, O * job.stride) };
    for i in 0..O {
        let bias = job.bias.map_or(0.0, |b| b[o + i]);
        for j in 0..R {
            let mut sum = sums[i][j] + bias;
            for k in whole..job.inner {
                sum = S::fma(w[i][k], x[j][k], sum);
            }
            // SAFETY: tasks cover disjoint columns, and within a task each element is written by one tile.
            unsafe { out.part((r + j) * job.outer + o + i, 1)[0] = sum };
        }
    }
}

/// `Σ w x` of every pair of rows over the first `whole` values, a multiple of the register width. The next tile's weights
/// are `next` values further on.
///
/// # Safety
/// The machine must have the instruction set `S`.
#[inline(always)]
unsafe fn tile_sums<S: Simd, const O: usize, const R: usize>(
    w: &[&[f32]; O],
    x: &[&[f32]; R],
    whole: usize,
    next: usize,
) -> [[f32; R]; O] {
    assert!(w.iter().chain(x).all(|row| row.len() >= whole), "rows shorter than the product");
    // SAFETY: loads end before `whole`, which every row reaches; the instruction set is the caller's promise.
    unsafe {
        let mut sums = [[S::splat(0.0); R]; O];
        let mut k = 0;
        while k < whole {
            let x: [S::Vector; R] = std::array::from_fn(|j| S::load(x[j].as_ptr().add(k)));
            for i in 0..O {
                let at = w[i].as_ptr().add(k);
                S::expect(at.wrapping_add(next));
                let w = S::load(at);
                for j in 0..R {
                    sums[i][j] = S::mul_add(w, x[j], sums[i][j]);
                }
            }
            k += S::WIDTH;
        }
        // Loops, not closures: a closure would be compiled apart, without the instruction set.
        let mut totals = [[0.0; R]; O];
        for i in 0..O {
            for j in 0..R {
                totals[i][j] = S::sum(sums[i][j]);
            }
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::simd::Portable;
    #[cfg(target_arch = "x86_64")]
    use crate::kernel::simd::{Avx2, Level, level};

    fn values(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0).collect()
    }

    const SHAPES: [(usize, usize, usize); 7] =
        [(1, 1, 1), (1, 64, 7), (3, 17, 9), (4, 33, 16), (16, 100, 37), (5, 0, 3), (2, 640, 512)];

    /// Runs `kernel` on every shape and compares with sums in double precision.
    #[track_caller]
    fn check(kernel: impl Fn(Skinny<'_>, &mut [f32])) {
        for (rows, inner, outer) in SHAPES {
            let (x, w, b) = (values(rows * inner, 1), values(outer * inner, 2), values(outer, 3));
            let mut y = vec![f32::NAN; rows * outer];
            kernel(Skinny { x: &x, weight: &w, bias: Some(&b), rows, inner, outer, stride: inner }, &mut y);
            for (i, &got) in y.iter().enumerate() {
                let (r, o) = (i / outer, i % outer);
                let term = |k: usize| f64::from(x[r * inner + k]) * f64::from(w[o * inner + k]);
                let expected = (0..inner).map(term).sum::<f64>() + f64::from(b[o]);
                let allowed = 1e-6 * (1.0 + (0..inner).map(|k| term(k).abs()).sum::<f64>());
                assert!((f64::from(got) - expected).abs() < allowed, "[{r},{o}] of {rows}x{inner}x{outer}");
            }
        }
    }

    #[test]
    fn every_shape_agrees_with_sums_in_double_precision() {
        check(|job, out| job.run(out, Threads::All));
        check(|job, out| job.run(out, Threads::One));
    }

    #[test]
    fn every_instruction_set_agrees_with_sums_in_double_precision() {
        check(|job, out| columns_body::<Portable>(job, Shared::new(out), 0, job.outer));
        #[cfg(target_arch = "x86_64")]
        if level() != Level::Portable {
            check(|job, out| columns_body::<Avx2>(job, Shared::new(out), 0, job.outer));
        }
    }
}
