//! `Y = X Wᵀ` for a few rows of `X`: the product of decoding, bound by the speed at which `W` can be read.

mod made;
mod number;
mod tile;

use half::bf16;

use super::matrix::Threads;
use super::shared::Shared;
use super::threads;
pub(crate) use number::{Mixed, Number};

/// Most activation rows for which this kernel beats a blocked matrix product.
pub(crate) const MOST_ROWS: usize = 16;

/// A factor `W` and what it is multiplied with: `x [rows, inner]` dense, `weight [outer, inner]` with rows `stride` apart.
#[derive(Clone, Copy)]
pub(crate) struct Factors<'a, K: Number = f32> {
    pub(crate) x: &'a [K::Row],
    pub(crate) weight: &'a [K::Weight],
    pub(crate) inner: usize,
    pub(crate) stride: usize,
}

/// `Y [rows, outer] = X Wᵀ + b`, and `Y = X Wᵀ + b + X₂ W₂ᵀ` with `more`.
#[derive(Clone, Copy)]
pub(crate) struct Skinny<'a, K: Number = f32> {
    pub(crate) base: Factors<'a, K>,
    pub(crate) bias: Option<&'a [f32]>,
    pub(crate) more: Option<Factors<'a>>,
    pub(crate) rows: usize,
    pub(crate) outer: usize,
}

/// `Y [rows, outer] = X Wᵀ + b + X₂ W₂ᵀ` but for the weight `[outer, inner]`.
#[derive(Clone, Copy)]
pub(crate) struct Few<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) bias: Option<&'a [f32]>,
    pub(crate) more: Option<Factors<'a>>,
    pub(crate) rows: usize,
    pub(crate) inner: usize,
    pub(crate) outer: usize,
}

impl<'a> Few<'a> {
    /// The product with a weight that lies in memory.
    pub(crate) fn with<W: Number<Weight = W, Row = f32>>(self, weight: &'a [W]) -> Skinny<'a, W> {
        let Self { x, bias, more, rows, inner, outer } = self;
        Skinny { base: Factors { x, weight, inner, stride: inner }, bias, more, rows, outer }
    }

    /// The product of rows that were rounded, instead of `x`, with a weight in bfloat16.
    pub(crate) fn mixed(self, x: &'a [bf16], weight: &'a [bf16]) -> Skinny<'a, Mixed> {
        let Self { bias, more, rows, inner, outer, .. } = self;
        Skinny { base: Factors { x, weight, inner, stride: inner }, bias, more, rows, outer }
    }
}

impl<K: Number> Factors<'_, K> {
    /// The same without the first rows of the weight.
    fn rows_from(self, first: usize) -> Self {
        Self { weight: &self.weight[first * self.stride..], ..self }
    }

    fn check(&self, rows: usize, outer: usize) {
        assert_eq!(self.x.len(), rows * self.inner, "activations");
        let last = outer.checked_sub(1).map_or(0, |last| last * self.stride + self.inner);
        assert!(last <= self.weight.len(), "weight");
    }
}

impl<K: Number> Skinny<'_, K> {
    /// Writes `Y` into `out`.
    pub(crate) fn run(self, out: &mut [f32], threads: Threads) {
        self.base.check(self.rows, self.outer);
        if let Some(more) = self.more {
            more.check(self.rows, self.outer);
        }
        assert_eq!(out.len(), self.rows * self.outer, "output");
        assert!(self.bias.is_none_or(|b| b.len() == self.outer), "bias");
        let out = Shared::new(out);
        if threads == Threads::One {
            return K::columns(self, out, 0, self.outer);
        }
        let work = work(self.rows, self.base.inner * self.outer);
        let step = self.outer.div_ceil(parts(work)).next_multiple_of(16).max(1);
        threads::for_each(self.outer.div_ceil(step), work, |i| {
            K::columns(self, out, i * step, (i * step + step).min(self.outer));
        });
    }
}

/// Reading the weight counts beside the products: with one row it is all the time, and two threads read faster.
fn work(rows: usize, numbers: usize) -> usize {
    (4 * rows + 8) * numbers
}

/// Whether threads share the product of so many rows with a weight of so many numbers.
pub(crate) fn worth_sharing(rows: usize, numbers: usize) -> bool {
    threads::worth_sharing(work(rows, numbers))
}

/// Into how many parts a product is divided.
fn parts(work: usize) -> usize {
    if threads::worth_sharing(work) { 4 * rayon::current_num_threads() } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::tile::columns_body;
    use super::*;
    use crate::kernel::simd::Portable;
    #[cfg(target_arch = "x86_64")]
    use crate::kernel::simd::{Avx2, Level, level};

    fn values(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0).collect()
    }

    const SHAPES: [(usize, usize, usize); 11] = [
        (1, 1, 1),
        (1, 64, 7),
        (3, 17, 9),
        (4, 33, 16),
        (5, 16, 50),
        (6, 48, 31),
        (7, 40, 18),
        (16, 100, 37),
        (5, 0, 3),
        (2, 640, 512),
        (2, 16, 0),
    ];

    /// Inputs of a product of every kind, by their values.
    struct Case {
        rows: usize,
        inner: usize,
        outer: usize,
        rank: Option<usize>,
        x: Vec<f32>,
        weight: Vec<f32>,
        bias: Vec<f32>,
        low: Vec<f32>,
        up: Vec<f32>,
    }

    impl Case {
        fn all() -> impl Iterator<Item = Self> {
            let ranks = [None, Some(1), Some(16), Some(19)];
            SHAPES.into_iter().flat_map(move |(rows, inner, outer)| {
                ranks.into_iter().map(move |rank| {
                    let wide = rank.unwrap_or(0);
                    Self {
                        rows,
                        inner,
                        outer,
                        rank,
                        x: values(rows * inner, 1),
                        weight: values(outer * inner, 2),
                        bias: values(outer, 3),
                        low: values(rows * wide, 4),
                        up: values(outer * wide, 5),
                    }
                })
            })
        }

        /// All of it but for the weight.
        fn few(&self) -> Few<'_> {
            let Skinny { base: Factors { x, inner, .. }, bias, more, rows, outer } = self.job(0);
            Few { x, bias, more, rows, inner, outer }
        }

        /// The product with the rows from `first` on.
        fn job(&self, first: usize) -> Skinny<'_> {
            let base = Factors {
                x: &self.x[first * self.inner..],
                weight: &self.weight,
                inner: self.inner,
                stride: self.inner,
            };
            let more = self.rank.map(|rank| Factors {
                x: &self.low[first * rank..],
                weight: &self.up,
                inner: rank,
                stride: rank,
            });
            Skinny { base, bias: Some(&self.bias), more, rows: self.rows - first, outer: self.outer }
        }

        /// The terms of one result in double precision, the bias last.
        fn terms(&self, r: usize, o: usize) -> Vec<f64> {
            let pairs = |x: &[f32], w: &[f32], n: usize| -> Vec<f64> {
                (0..n).map(|k| f64::from(x[r * n + k]) * f64::from(w[o * n + k])).collect()
            };
            let mut terms = pairs(&self.x, &self.weight, self.inner);
            terms.extend(pairs(&self.low, &self.up, self.rank.unwrap_or(0)));
            terms.push(f64::from(self.bias[o]));
            terms
        }
    }

    /// Runs `kernel` on every case and compares with sums in double precision.
    #[track_caller]
    fn check(kernel: impl Fn(Skinny<'_>, &mut [f32])) {
        for case in Case::all() {
            let mut y = vec![f32::NAN; case.rows * case.outer];
            kernel(case.job(0), &mut y);
            for (i, &got) in y.iter().enumerate() {
                let (r, o) = (i / case.outer, i % case.outer);
                let terms = case.terms(r, o);
                let allowed = 1e-6 * (1.0 + terms.iter().map(|term| term.abs()).sum::<f64>());
                let place = format!("[{r},{o}] of {}x{}x{}", case.rows, case.inner, case.outer);
                assert!(
                    (f64::from(got) - terms.iter().sum::<f64>()).abs() < allowed,
                    "{place} {:?}",
                    case.rank
                );
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
        check(|job, out| columns_body::<Portable, f32>(job, Shared::new(out), 0, job.outer));
        #[cfg(target_arch = "x86_64")]
        if level() != Level::Portable {
            check(|job, out| columns_body::<Avx2, f32>(job, Shared::new(out), 0, job.outer));
        }
    }

    /// A product on each instruction set that this machine has.
    fn on_every_level<K: Number>(job: Skinny<'_, K>) -> Vec<Vec<f32>> {
        let mut found = vec![vec![f32::NAN; job.rows * job.outer]; 2];
        job.run(&mut found[0], Threads::All);
        columns_body::<Portable, K>(job, Shared::new(&mut found[1]), 0, job.outer);
        #[cfg(target_arch = "x86_64")]
        if level() != Level::Portable {
            found.push(vec![f32::NAN; job.rows * job.outer]);
            columns_body::<Avx2, K>(job, Shared::new(&mut found[2]), 0, job.outer);
        }
        found
    }

    fn rounded(numbers: &[f32]) -> (Vec<bf16>, Vec<f32>) {
        let half: Vec<bf16> = numbers.iter().copied().map(bf16::from_f32).collect();
        let whole = half.iter().map(|number| number.to_f32()).collect();
        (half, whole)
    }

    #[test]
    fn a_weight_in_sixteen_bits_gives_what_it_gives_in_thirty_two() {
        for case in Case::all() {
            let (half, whole) = rounded(&case.weight);
            let few = case.few();
            assert_eq!(on_every_level(few.with(&half)), on_every_level(few.with(&whole)));
        }
    }

    #[test]
    fn rounded_rows_give_what_they_give_in_thirty_two_bits() {
        for case in Case::all() {
            let ((half, whole), (x, x_whole)) = (rounded(&case.weight), rounded(&case.x));
            let few = case.few();
            let mut expected = vec![f32::NAN; case.rows * case.outer];
            Few { x: &x_whole, ..few }.with(&whole).run(&mut expected, Threads::One);
            for found in on_every_level(few.mixed(&x, &half)) {
                for (found, expected) in found.iter().zip(&expected) {
                    let allowed = 1e-6 * (3.0 + case.inner as f32);
                    assert!((found - expected).abs() < allowed, "{found} is not {expected}");
                }
            }
        }
    }

    #[test]
    fn a_row_is_computed_to_the_bit_whatever_rows_are_beside_it() {
        for case in Case::all() {
            let mut all = vec![f32::NAN; case.rows * case.outer];
            case.job(0).run(&mut all, Threads::One);
            for first in 0..case.rows {
                let mut some = vec![f32::NAN; (case.rows - first) * case.outer];
                case.job(first).run(&mut some, Threads::All);
                assert_eq!(some, all[first * case.outer..], "{first} of {}", case.rows);
            }
        }
    }
}
