//! Lines of a chart: one metric, one or several runs.

use std::collections::BTreeMap;

use crate::stats::{mean, sample_std};

/// Points that a line is drawn with at most.
const MAX_POINTS: usize = 400;
/// Lines with more points than this get a smoothed companion.
const SMOOTH_FROM: usize = 40;
/// Runs that are drawn one by one behind their mean; more would hide it.
const MAX_RUNS: usize = 8;
/// Points that one of them is drawn with at most.
const MAX_POINTS_OF_RUN: usize = 200;

/// A line: mean over runs, with a band where runs differ.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Series {
    /// Name in the legend.
    pub name: String,
    /// Points in order of x.
    pub points: Vec<Point>,
    /// The single runs, where there are several: (x, y) in order of x.
    pub runs: Vec<Vec<(f64, f64)>>,
    /// The lowest and the highest value of any run.
    pub range: [f64; 2],
}

/// A point of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub x: f64,
    pub y: f64,
    /// Half the height of the band; 0 for one run.
    pub spread: f64,
}

impl Series {
    /// Joins the curves of several runs: at each x the mean over the runs that have a value there, and their standard
    /// deviation. Values that are not finite are left out.
    pub(super) fn joined(name: impl Into<String>, runs: &[Vec<(f64, f64)>]) -> Self {
        let mut at: BTreeMap<u64, (f64, Vec<f64>)> = BTreeMap::new();
        let mut range = [f64::INFINITY, f64::NEG_INFINITY];
        let drawn = |(x, y): &&(f64, f64)| x.is_finite() && *x >= 0.0 && y.is_finite();
        for &(x, y) in runs.iter().flatten().filter(drawn) {
            at.entry(x.to_bits()).or_insert((x, Vec::new())).1.push(y);
            range = [range[0].min(y), range[1].max(y)];
        }
        let point = |(x, ys): (f64, Vec<f64>)| {
            Some(Point { x, y: mean(&ys)?, spread: sample_std(&ys).unwrap_or(0.0) })
        };
        let points = at.into_values().filter_map(point).collect();
        let mut runs: Vec<Vec<(f64, f64)>> =
            runs.iter().map(|run| run.iter().filter(drawn).copied().collect()).collect();
        runs.retain(|run: &Vec<(f64, f64)>| !run.is_empty());
        if !(2..=MAX_RUNS).contains(&runs.len()) {
            runs.clear();
        }
        Self { name: name.into(), points, runs, range }
    }

    /// The value at the end.
    pub(super) fn last(&self) -> Option<f64> {
        self.points.last().map(|point| point.y)
    }

    /// The same line with at most 400 points, each the mean of its neighbours.
    pub(super) fn thinned(&self) -> Self {
        let size = self.points.len().div_ceil(MAX_POINTS).max(1);
        let of = |chunk: &[Point], part: fn(&Point) -> f64| {
            chunk.iter().map(part).sum::<f64>() / chunk.len() as f64
        };
        let average = |chunk: &[Point]| Point {
            x: of(chunk, |p| p.x),
            y: of(chunk, |p| p.y),
            spread: of(chunk, |p| p.spread),
        };
        Self {
            name: self.name.clone(),
            points: self.points.chunks(size).map(average).collect(),
            runs: self.runs.iter().map(|run| thin_run(run)).collect(),
            range: self.range,
        }
    }

    /// The mean alone.
    pub(super) fn bare(self) -> Self {
        let points = self.points.into_iter().map(|point| Point { spread: 0.0, ..point }).collect();
        Self { points, runs: Vec::new(), ..self }
    }

    /// A centred moving mean over a twentieth of the line, where it has enough points to need one.
    pub(super) fn smoothed(&self) -> Option<Vec<Point>> {
        let n = self.points.len();
        let half = n / 40;
        let window = |at: usize| &self.points[at.saturating_sub(half)..(at + half + 1).min(n)];
        let point = |at: usize| {
            let around = window(at);
            let y = around.iter().map(|p| p.y).sum::<f64>() / around.len() as f64;
            Point { y, ..self.points[at] }
        };
        (n > SMOOTH_FROM).then(|| (0..n).map(point).collect())
    }
}

/// Neighbours of a run joined to their means.
fn thin_run(run: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let size = run.len().div_ceil(MAX_POINTS_OF_RUN).max(1);
    let of = |chunk: &[(f64, f64)], part: fn(&(f64, f64)) -> f64| {
        chunk.iter().map(part).sum::<f64>() / chunk.len() as f64
    };
    run.chunks(size).map(|chunk| (of(chunk, |p| p.0), of(chunk, |p| p.1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_averaged_where_they_meet() {
        let runs = [vec![(1.0, 1.0), (2.0, 2.0)], vec![(1.0, 3.0), (2.0, f64::NAN)]];
        let series = Series::joined("loss", &runs);
        assert_eq!(series.points[0], Point { x: 1.0, y: 2.0, spread: 2f64.sqrt() });
        assert_eq!(series.points[1], Point { x: 2.0, y: 2.0, spread: 0.0 });
        assert_eq!(series.last(), Some(2.0));
        assert_eq!(series.runs, [vec![(1.0, 1.0), (2.0, 2.0)], vec![(1.0, 3.0)]]);
        assert_eq!(series.range, [1.0, 3.0]);
        let bare = series.bare();
        assert!(bare.runs.is_empty() && bare.points.iter().all(|point| point.spread == 0.0));
        assert!(Series::joined("loss", &runs[..1]).runs.is_empty(), "one run is its own mean");
        let many: Vec<_> = (0..9).map(|_| vec![(1.0, 1.0)]).collect();
        assert!(Series::joined("loss", &many).runs.is_empty());
    }

    #[test]
    fn long_lines_are_thinned_to_means_and_smoothed() {
        let run: Vec<_> = (0..1000).map(|i| (f64::from(i), f64::from(i % 2))).collect();
        let thin = Series::joined("x", &[run.clone(), run]).thinned();
        assert_eq!((thin.points.len(), thin.runs[1].len()), (334, 200));
        let smooth = thin.smoothed().unwrap();
        assert!(smooth.iter().all(|p| (p.y - 0.5).abs() < 0.2));
        assert_eq!(Series::joined("x", &[vec![(0.0, 1.0)]]).smoothed(), None);
    }
}
