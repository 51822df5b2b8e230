//! Block smoothing: estimates for coefficients that a progressive file never brings.
//!
//! A file may end before its last scans. What is missing then would show as edges between blocks, so libjpeg-turbo
//! estimates the nine lowest AC coefficients from the DC coefficients D of the 5 x 5 blocks around, after ITU-T T.81,
//! K.8: F = (Q₀ · Σ wᵢⱼ Dᵢⱼ) / (256 Q), rounded, with Q the factors of quantisation and w the weights below. Where
//! low bits only are missing, an estimate stays below the last known bit. If no AC coefficient is known at all, the
//! weights are wider and the DC coefficient is smoothed as well.

use super::blocks::{Block, Blocks};
use super::frame::{Component, Frame};
use super::headers::{Quantisation, Scan};

/// Weights of the blocks around, top first.
type Weights = [[i32; 5]; 5];

/// Coefficients in zigzag order that count: DC and the nine that are estimated.
const COUNTED: usize = 10;
/// Their places in a block.
const PLACES: [usize; COUNTED] = [0, 1, 8, 16, 9, 2, 3, 10, 17, 24];
const NONE: Weights = [[0; 5]; 5];

/// Weights where some AC coefficients are known, in the order of [`PLACES`].
const SHARP: [Weights; COUNTED] = {
    let across = [[0; 5], [0; 5], [-7, 50, 0, -50, 7], [0; 5], [0; 5]];
    let bend = [[0; 5], [0; 5], [-1, 13, -24, 13, -1], [0; 5], [0; 5]];
    let twist = [[0, -1, 0, 1, 0], [-1, 10, 0, -10, 1], [0; 5], [1, -10, 0, 10, -1], [0, 1, 0, -1, 0]];
    [NONE, across, turned(&across), turned(&bend), twist, bend, NONE, NONE, NONE, NONE]
};

/// Weights where none are.
const WIDE: [Weights; COUNTED] = {
    let edge = [-2, -6, -8, -6, -2];
    let mean = [edge, [-6, 6, 42, 6, -6], [-8, 42, 152, 42, -8], [-6, 6, 42, 6, -6], edge];
    let across = {
        let (outer, inner) = ([-1, -1, 0, 1, 1], [-3, 13, 0, -13, 3]);
        [outer, inner, [-3, 38, 0, -38, 3], inner, outer]
    };
    let bend = [[0; 5], [0, 2, -5, 2, 0], [1, 7, -14, 7, 1], [0, 2, -5, 2, 0], [0; 5]];
    let twist = [[-1, 0, 0, 0, 1], [0, 9, 0, -9, 0], [0; 5], [0, -9, 0, 9, 0], [1, 0, 0, 0, -1]];
    let wave = [[0; 5], [0, 1, 0, -1, 0], [0, 2, 0, -2, 0], [0, 1, 0, -1, 0], [0; 5]];
    let saddle = [[0; 5], [0, 1, -3, 1, 0], [0; 5], [0, -1, 3, -1, 0], [0; 5]];
    let (down, bend_down, wave_down) = (turned(&across), turned(&bend), turned(&wave));
    [mean, across, down, bend_down, twist, bend, wave, saddle, turned(&saddle), wave_down]
};

const fn turned(weights: &Weights) -> Weights {
    let mut out = NONE;
    let mut at = 0;
    while at < 25 {
        out[at % 5][at / 5] = weights[at / 5][at % 5];
        at += 1;
    }
    out
}

/// Down to which bit a component's first coefficients are known; −1 for nothing, 0 for all.
type Known = [i8; COUNTED];

/// What the scans read so far have brought of one component.
#[derive(Clone, Copy)]
struct Knowledge {
    now: Known,
    /// Before the component's last scan.
    before: Known,
}

/// What the scans read so far have brought.
pub(crate) struct Progress {
    components: Vec<Knowledge>,
    scans: usize,
    /// The last row of MCUs for which the last scan had data.
    fed: usize,
}

impl Progress {
    /// Nothing yet.
    pub fn new(components: usize) -> Self {
        let nothing = Knowledge { now: [-1; COUNTED], before: [-1; COUNTED] };
        Self { components: vec![nothing; components], scans: 0, fed: 0 }
    }

    /// Counts a scan that had data down to row `fed` of the MCUs.
    pub fn add(&mut self, scan: &Scan, fed: usize) {
        self.scans += 1;
        self.fed = fed;
        for component in &scan.components {
            let known = &mut self.components[component.index];
            known.before = if self.scans > 1 { known.now } else { [0; COUNTED] };
            for at in usize::from(scan.band.0)..=usize::from(scan.band.1).min(COUNTED - 1) {
                known.now[at] = scan.bits.1 as i8;
            }
        }
    }

    /// Whether smoothing helps and is possible: every DC coefficient is known in part and some AC coefficient is
    /// not known in full.
    pub fn calls_for_smoothing(&self, quantisation: &[Option<Quantisation>]) -> bool {
        let usable = |table: &Option<Quantisation>| {
            table.as_ref().is_some_and(|table| PLACES.iter().all(|&place| table[place] != 0))
        };
        quantisation.iter().all(usable)
            && self.components.iter().all(|known| known.now[0] >= 0)
            && self.components.iter().any(|known| known.now[1..].iter().any(|&bit| bit != 0))
    }

    /// What is known of component `index` in row `mcu` of the MCUs: the last scan counts as far as it had data.
    fn of(&self, index: usize, mcu: usize) -> Known {
        let known = &self.components[index];
        match (mcu > self.fed, self.scans) {
            (false, _) => known.now,
            (true, 0 | 1) => [-1; COUNTED],
            (true, _) => known.before,
        }
    }
}

/// Smooths the rows of one component.
pub(crate) struct Smoother<'a> {
    pub progress: &'a Progress,
    pub frame: &'a Frame,
    pub index: usize,
    pub quantisation: &'a Quantisation,
    pub blocks: &'a Blocks,
}

impl Smoother<'_> {
    /// Row `y` of the blocks with estimates in the places of what is missing.
    pub fn row(&self, y: usize) -> Vec<Block> {
        let component = &self.frame.components[self.index];
        let known = self.progress.of(self.index, y / component.sampling.1);
        let wide = known[1..].iter().all(|&bit| bit == -1);
        let weights = if wide { &WIDE } else { &SHARP };
        let rows = rows_around(y, component, self.frame.mcus.1).map(|row| self.blocks.row(row));
        let last = component.blocks.0 - 1;
        (0..=last)
            .map(|x| {
                let columns =
                    [x.saturating_sub(2), x.saturating_sub(1), x, (x + 1).min(last), (x + 2).min(last)];
                let around = rows.map(|row| columns.map(|column| i32::from(row[column][0])));
                let mut block = rows[2][x];
                for at in usize::from(!wide)..COUNTED {
                    let (place, bit) = (PLACES[at], known[at]);
                    if at == 0 || (bit != 0 && block[place] == 0 && weights[at] != NONE) {
                        let sum = weighted(&weights[at], &around);
                        let ceiling = if at > 0 && bit > 0 { (1 << bit) - 1 } else { i64::MAX };
                        block[place] = self.estimate(sum, place, ceiling);
                    }
                }
                block
            })
            .collect()
    }

    fn estimate(&self, sum: i32, place: usize, ceiling: i64) -> i16 {
        let (first, own) = (i64::from(self.quantisation[0]), i64::from(self.quantisation[place]));
        let scaled = first * i64::from(sum);
        let size = (((own << 7) + scaled.abs()) / (own << 8)).min(ceiling);
        (size * scaled.signum()) as i16
    }
}

fn weighted(weights: &Weights, around: &Weights) -> i32 {
    weights.as_flattened().iter().zip(around.as_flattened()).map(|(weight, value)| weight * value).sum()
}

/// The rows of blocks two above to two below row `y`, repeated at the border. As in libjpeg-turbo, the rows of the
/// last row of MCUs are numbered as if all rows of MCUs had as few, and above it the padding counts as picture.
fn rows_around(y: usize, component: &Component, mcus: usize) -> [usize; 5] {
    let down = component.sampling.1;
    let (mcu, inside) = (y / down, y % down);
    let rows = match component.blocks.1 % down {
        rest if rest > 0 && mcu + 1 == mcus => rest,
        _ => down,
    };
    let (number, count) = (mcu * rows + inside, mcus * rows);
    let above = if number > 0 { y - 1 } else { y };
    let below = if number + 1 < count { y + 1 } else { y };
    [if number > 1 { y - 2 } else { above }, above, y, below, if number + 2 < count { y + 2 } else { below }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_slopes_cancel_and_those_of_the_mean_add_up_to_one() {
        let sum = |weights: &Weights| weights.as_flattened().iter().sum::<i32>();
        assert_eq!(sum(&WIDE[0]), 256);
        assert!(WIDE[1..].iter().chain(&SHARP).all(|weights| sum(weights) == 0));
    }
}
