//! Products of two matrices in bfloat16 that are summed in 32 bits.
//!
//! Some processors multiply two bfloat16 with two others in the time of one multiplication in 32 bits, and add both
//! products to a sum in 32 bits. Both factors of [`product`] are laid out for that: two neighbours of the index that is
//! summed over lie beside each other, and the values that a tile of results needs next follow.

mod left;
mod right;
mod tile;

use std::cell::RefCell;

use half::bf16;

use super::shared::Shared;
use super::threads;
pub(crate) use left::Left;
pub(crate) use right::{Right, Summed};
pub(crate) use tile::are_fast;

/// Rows of a tile of results.
const ROWS: usize = 12;
/// Columns of a tile of results: two registers.
const COLUMNS: usize = 32;
/// Pairs that are summed before the results go to memory: a tile's share of both factors stays in the first cache.
const PAIRS: usize = 256;
/// Tiles beside each other that use a stretch of rows before the next is fetched.
const BESIDE: usize = 4;
/// Fewest panels of rows worth a task of their own, which lays out the columns again.
const PANELS: usize = 8;

/// `out ← left · right`, row by row.
pub(crate) fn product(out: &mut [f32], left: &Left, right: Right<'_>) {
    let (rows, columns) = (left.rows(), right.columns());
    assert_eq!(out.len(), rows * columns, "output");
    assert_eq!(left.inner(), right.inner(), "inner dimensions of a product");
    if left.inner() == 0 {
        return out.fill(0.0);
    }
    let work = rows.saturating_mul(columns).saturating_mul(left.inner()) / 2;
    let wide = columns.div_ceil(COLUMNS * BESIDE);
    let high = left.panels().div_ceil(panels_a_task(left.panels(), wide, work));
    let step = left.panels().div_ceil(high.max(1)).max(1);
    let out = Shared::new(out);
    threads::for_each(wide * high, work, |task| {
        let (column, panel) = (task / high * COLUMNS * BESIDE, task % high * step);
        let columns = column..columns.min(column + COLUMNS * BESIDE);
        let panels = panel..left.panels().min(panel + step);
        SCRATCH.with_borrow_mut(|scratch| tile::block(out, left, right, panels, columns, scratch));
    });
}

/// Two neighbours, the first in the lower half.
fn pair(first: bf16, second: bf16) -> u32 {
    u32::from(first.to_bits()) | u32::from(second.to_bits()) << 16
}

thread_local! {
    static SCRATCH: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// How many panels of rows a task takes, so that there is work for all threads.
fn panels_a_task(panels: usize, wide: usize, work: usize) -> usize {
    if !threads::worth_sharing(work) {
        return panels.max(1);
    }
    let high = (4 * rayon::current_num_threads()).div_ceil(wide.max(1));
    panels.div_ceil(high).max(PANELS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0).collect()
    }

    fn rounded(x: &[f32]) -> Vec<f64> {
        x.iter().map(|&x| bf16::from_f32(x).to_f64()).collect()
    }

    /// Rows, inner and columns of a product.
    const SHAPES: [[usize; 3]; 12] = [
        [1, 1, 1],
        [0, 4, 4],
        [4, 4, 0],
        [4, 0, 4],
        [12, 2, 32],
        [13, 3, 33],
        [5, 511, 7],
        [25, 512, 129],
        [11, 513, 64],
        [100, 1025, 31],
        [300, 64, 500],
        [97, 700, 140],
    ];

    #[test]
    fn both_sides_of_a_weight_agree_with_sums_in_double_precision() {
        for [rows, inner, columns] in SHAPES {
            let (x, w) = (values(rows * inner, 1), values(inner * columns, 2));
            let half: Vec<bf16> = w.iter().copied().map(bf16::from_f32).collect();
            let (x64, w64) = (rounded(&x), rounded(&w));
            for summed in [Summed::Columns, Summed::Rows] {
                let (shape, at): (_, &dyn Fn(usize, usize) -> usize) = match summed {
                    Summed::Columns => ([columns, inner], &|k, c| c * inner + k),
                    Summed::Rows => ([inner, columns], &|k, c| k * columns + c),
                };
                let mut y = vec![f32::NAN; rows * columns];
                product(&mut y, &Left::rounded(&x, rows, inner), Right::new(&half, shape, summed));
                for (i, &found) in y.iter().enumerate() {
                    let (r, c) = (i / columns, i % columns);
                    let terms: Vec<f64> = (0..inner).map(|k| x64[r * inner + k] * w64[at(k, c)]).collect();
                    let allowed = 1e-6 * (1.0 + terms.iter().map(|term| term.abs()).sum::<f64>());
                    let expected: f64 = terms.iter().sum();
                    let place = format!("[{r},{c}] of {rows}x{inner}x{columns}, {summed:?}");
                    assert!((f64::from(found) - expected).abs() < allowed, "{place}: {found}, {expected}");
                }
            }
        }
    }
}
