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

/// Operands of `Y = X Wᵀ + b`: `x [rows, inner]` dense, `weight [outer, inner]` with rows `stride` apart. With `more` the
/// result is `X Wᵀ + X₂ W₂ᵀ + b`, in one pass.
#[derive(Clone, Copy)]
pub(crate) struct Skinny<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) weight: &'a [f32],
    pub(crate) bias: Option<&'a [f32]>,
    pub(crate) rows: usize,
    pub(crate) inner: usize,
    pub(crate) outer: usize,
    pub(crate) stride: usize,
    pub(crate) more: Option<More<'a>>,
}

/// A second product into the same sums: `x [rows, inner]` and `weight [outer, inner]`, both dense.
#[derive(Clone, Copy)]
pub(crate) struct More<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) weight: &'a [f32],
    pub(crate) inner: usize,
}

impl Skinny<'_> {
    /// Writes `Y [rows, outer]` into `out`.
    pub(crate) fn run(self, out: &mut [f32], threads: Threads) {
        assert_eq!(self.x.len(), self.rows * self.inner, "activations");
        assert_eq!(out.len(), self.rows * self.outer, "output");
        assert!(self.bias.is_none_or(|b| b.len() == self.outer), "bias");
        assert!(
            self.more.is_none_or(|m| m.x.len() == self.rows * m.inner),
            "activations of the second product"
        );
        assert!(
            self.more.is_none_or(|m| m.weight.len() == self.outer * m.inner),
            "weights of the second product"
        );
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
    let first = Product {
        w: std::array::from_fn(|i| job.weight_row(o + i)),
        x: std::array::from_fn(|j| job.x_row(r + j)),
        next: O * job.stride,
    };
    let second = job.more.map(|more| Product {
        w: std::array::from_fn(|i| &more.weight[(o + i) * more.inner..][..more.inner]),
        x: std::array::from_fn(|j| &more.x[(r + j) * more.inner..][..more.inner]),
        next: O * more.inner,
    });
    // SAFETY: `S` is the level that this function was compiled and chosen for.
    let sums = unsafe { totals::<S, O, R>(&first, second.as_ref()) };
    for (i, sums) in sums.iter().enumerate() {
        let bias = job.bias.map_or(0.0, |b| b[o + i]);
        for (j, sum) in sums.iter().enumerate() {
            let mut sum = first.rest::<S>(i, j, sum + bias);
            if let Some(second) = &second {
                sum = second.rest::<S>(i, j, sum);
            }
            // SAFETY: tasks cover disjoint columns, and within a task each element is written by one tile.
            unsafe { out.part((r + j) * job.outer + o + i, 1)[0] = sum };
        }
    }
}

/// `O` rows of weights and `R` rows of activations, all of one length. The next tile's weights are `next` values further on.
struct Product<'a, const O: usize, const R: usize> {
    w: [&'a [f32]; O],
    x: [&'a [f32]; R],
    next: usize,
}

impl<const O: usize, const R: usize> Product<'_, O, R> {
    /// Values that fill whole registers.
    #[inline(always)]
    fn whole<S: Simd>(&self) -> usize {
        self.w[0].len() / S::WIDTH * S::WIDTH
    }

    /// Adds the terms of a pair of rows that fill no register.
    #[inline(always)]
    fn rest<S: Simd>(&self, i: usize, j: usize, mut sum: f32) -> f32 {
        for k in self.whole::<S>()..self.w[i].len() {
            sum = S::fma(self.w[i][k], self.x[j][k], sum);
        }
        sum
    }

    /// Adds `Σ w x` of every pair of rows over the values that fill whole registers.
    ///
    /// # Safety
    /// The machine must have the instruction set `S`.
    #[inline(always)]
    unsafe fn add<S: Simd>(&self, sums: &mut [[S::Vector; R]; O]) {
        let whole = self.whole::<S>();
        assert!(self.w.iter().chain(&self.x).all(|row| row.len() >= whole), "rows shorter than the product");
        let mut k = 0;
        while k < whole {
            // SAFETY: loads end before `whole`, which every row reaches; the instruction set is the caller's promise.
            unsafe {
                let x: [S::Vector; R] = std::array::from_fn(|j| S::load(self.x[j].as_ptr().add(k)));
                for (w, sums) in self.w.iter().zip(sums.iter_mut()) {
                    let at = w.as_ptr().add(k);
                    S::expect(at.wrapping_add(self.next));
                    let w = S::load(at);
                    for (x, sum) in x.iter().zip(sums.iter_mut()) {
                        *sum = S::mul_add(w, *x, *sum);
                    }
                }
            }
            k += S::WIDTH;
        }
    }
}

/// The sums of both products over whole registers.
///
/// # Safety
/// The machine must have the instruction set `S`.
#[inline(always)]
unsafe fn totals<S: Simd, const O: usize, const R: usize>(
    first: &Product<'_, O, R>,
    second: Option<&Product<'_, O, R>>,
) -> [[f32; R]; O] {
    // SAFETY: the instruction set is the caller's promise.
    unsafe {
        let mut sums = [[S::splat(0.0); R]; O];
        first.add::<S>(&mut sums);
        if let Some(second) = second {
            second.add::<S>(&mut sums);
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
            for second in [None, Some(1), Some(16), Some(19)] {
                let rank = second.unwrap_or(0);
                let (low, up) = (values(rows * rank, 4), values(outer * rank, 5));
                let more = second.map(|inner| More { x: &low, weight: &up, inner });
                let mut y = vec![f32::NAN; rows * outer];
                let job =
                    Skinny { x: &x, weight: &w, bias: Some(&b), rows, inner, outer, stride: inner, more };
                kernel(job, &mut y);
                for (i, &got) in y.iter().enumerate() {
                    let (r, o) = (i / outer, i % outer);
                    let first = (0..inner).map(|k| f64::from(x[r * inner + k]) * f64::from(w[o * inner + k]));
                    let then = (0..rank).map(|k| f64::from(low[r * rank + k]) * f64::from(up[o * rank + k]));
                    let terms: Vec<f64> = first.chain(then).collect();
                    let expected = terms.iter().sum::<f64>() + f64::from(b[o]);
                    let allowed = 1e-6 * (1.0 + terms.iter().map(|term| term.abs()).sum::<f64>());
                    let place = format!("[{r},{o}] of {rows}x{inner}x{outer} and {rank}");
                    assert!((f64::from(got) - expected).abs() < allowed, "{place}");
                }
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
