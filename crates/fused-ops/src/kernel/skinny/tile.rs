//! A block of results at a time, as many as a register has values.
//!
//! Each result keeps its partial sums in a register of its own, so that every loaded weight and activation is used for
//! several of them, and the sums across the registers of a block are made together, in a third of the instructions that
//! they take one by one: with short rows that is most of the work. While a tile is computed the next one is on its way: the
//! processor does not foresee several rows at once.

use super::{Factors, Number, Skinny};
use crate::kernel::shared::Shared;
use crate::kernel::simd::Simd;

/// Most values in a register.
const WIDEST: usize = 16;

/// Columns `from..to` of the output.
#[inline(always)]
pub(super) fn columns_body<S: Simd, K: Number>(job: Skinny<'_, K>, out: Shared<'_>, from: usize, to: usize) {
    match S::WIDTH {
        16 => blocks::<S, K, 4, 8, 16>(job, out, from, to),
        8 => blocks::<S, K, 2, 4, 8>(job, out, from, to),
        _ => blocks::<S, K, 1, 2, 4>(job, out, from, to),
    }
}

/// Tiles of `A` outputs with four rows, `B` with two and `C` with one: always as many results as a register has values.
///
/// The rows that are left beside fours go through a stretch of weights that has just been read.
#[inline(always)]
fn blocks<S: Simd, K: Number, const A: usize, const B: usize, const C: usize>(
    job: Skinny<'_, K>,
    out: Shared<'_>,
    from: usize,
    to: usize,
) {
    // Three rows are cheaper as four, one of them twice, than as two and one.
    let fours = if job.rows % 4 == 3 { job.rows } else { job.rows / 4 * 4 };
    for first in (from..to).step_by(C) {
        let end = to.min(first + C);
        for o in (first..end).step_by(A) {
            for r in (0..fours).step_by(4) {
                tile::<S, K, A, 4>(&job, out, (o, end), r);
            }
        }
        if job.rows - fours == 2 {
            for o in (first..end).step_by(B) {
                tile::<S, K, B, 2>(&job, out, (o, end), fours);
            }
        } else if job.rows - fours == 1 {
            tile::<S, K, C, 1>(&job, out, (first, end), fours);
        }
    }
}

/// `O` columns from `from` on, those before `to` that is, and `R` rows from `first` on. What is beyond is computed again
/// and not kept.
#[inline(always)]
fn tile<S: Simd, K: Number, const O: usize, const R: usize>(
    job: &Skinny<'_, K>,
    out: Shared<'_>,
    (from, to): (usize, usize),
    first: usize,
) {
    let (columns, rows) = (O.min(to - from), R.min(job.rows - first));
    // SAFETY: `S` is the level that this function was compiled and chosen for, and `Skinny::run` has checked the factors.
    let mut values = unsafe { dots::<S, K, O, R>(&job.base, (from, columns), (first, rows)) };
    if let Some(bias) = job.bias {
        let mut here = [0.0; O];
        here[..columns].copy_from_slice(&bias[from..from + columns]);
        for row in values.chunks_exact_mut(O).take(R) {
            for i in 0..O {
                row[i] += here[i];
            }
        }
    }
    if let Some(more) = &job.more {
        // SAFETY: as above.
        let more = unsafe { dots::<S, f32, O, R>(more, (from, columns), (first, rows)) };
        for i in 0..O * R {
            values[i] += more[i];
        }
    }
    for (j, row) in values.chunks_exact(O).take(rows).enumerate() {
        // SAFETY: tasks cover disjoint columns, and within a task each element is written by one tile.
        let out = unsafe { out.part((first + j) * job.outer + from, columns) };
        match <&mut [f32; O]>::try_from(&mut *out) {
            Ok(out) => out.copy_from_slice(row),
            Err(_) => out.iter_mut().zip(row).for_each(|(out, value)| *out = *value),
        }
    }
}

/// `Σₖ w[o, k] x[r, k]`, the columns of one row after the other: of a range of columns (where it starts, how many) and of
/// rows, the last of them as often as it takes to make `O` and `R`.
///
/// # Safety
/// The machine must have the instruction set `S`, and both ranges must lie inside the factors.
#[inline(always)]
unsafe fn dots<S: Simd, K: Number, const O: usize, const R: usize>(
    factors: &Factors<'_, K>,
    (column, columns): (usize, usize),
    (row, rows): (usize, usize),
) -> [f32; WIDEST] {
    let Factors { inner, stride, .. } = *factors;
    let (mut w, mut x) = ([std::ptr::null(); O], [std::ptr::null(); R]);
    // SAFETY: the ranges are inside by the caller's promise. Loads end before `inner`, the length of every row. The
    // instruction set is the caller's promise, too.
    unsafe {
        for (i, w) in w.iter_mut().enumerate() {
            *w = factors.weight.as_ptr().add((column + i.min(columns - 1)) * stride);
        }
        for (j, x) in x.iter_mut().enumerate() {
            *x = factors.x.as_ptr().add((row + j.min(rows - 1)) * inner);
        }
        let mut sums = [[S::splat(0.0); O]; R];
        let step = S::WIDTH * K::IN_A_SUM;
        let (mut k, mut next) = (0, w[0].wrapping_add(O * stride));
        while k + step <= inner {
            for line in 0..O {
                S::expect(next.wrapping_add(line * step).cast());
            }
            next = next.wrapping_add(O * step);
            add::<S, K, O, R>(&mut sums, &w, &x, k);
            k += step;
        }
        if k < inner {
            // The last few as whole registers filled up with zeros.
            let mut ends = [[K::Weight::default(); 2 * WIDEST]; O];
            let mut tails = [[K::Row::default(); 2 * WIDEST]; R];
            for i in 0..O {
                w[i].add(k).copy_to_nonoverlapping(ends[i].as_mut_ptr(), inner - k);
                w[i] = ends[i].as_ptr();
            }
            for j in 0..R {
                x[j].add(k).copy_to_nonoverlapping(tails[j].as_mut_ptr(), inner - k);
                x[j] = tails[j].as_ptr();
            }
            add::<S, K, O, R>(&mut sums, &w, &x, 0);
        }
        let mut values = [0.0; WIDEST];
        S::sums(sums.as_flattened(), values.as_mut_ptr());
        values
    }
}

/// Adds `w x` of one register of every row, the values from `k` on.
///
/// # Safety
/// The machine must have the instruction set `S`, and every row a register full of readable values from there.
#[inline(always)]
unsafe fn add<S: Simd, K: Number, const O: usize, const R: usize>(
    sums: &mut [[S::Vector; O]; R],
    w: &[*const K::Weight; O],
    x: &[*const K::Row; R],
    k: usize,
) {
    // Loops, not closures: a closure would be compiled apart, without the instruction set.
    // SAFETY: both are the caller's promises.
    unsafe {
        let mut values = [K::values::<S>(x[0].add(k)); R];
        for j in 1..R {
            values[j] = K::values::<S>(x[j].add(k));
        }
        for i in 0..O {
            let weight = K::weights::<S>(w[i].add(k));
            for j in 0..R {
                sums[j][i] = K::add::<S>(weight, values[j], sums[j][i]);
            }
        }
    }
}
