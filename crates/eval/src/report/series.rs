//! Lines of a chart: one metric, one or several runs.

use std::collections::BTreeMap;

use crate::stats::{mean, sample_std};

/// Points that a line is drawn with at most.
const MAX_POINTS: usize = 400;
/// Lines with more points than this get a smoothed companion.
const SMOOTH_FROM: usize = 40;

/// A line: mean over runs, with a band where runs differ.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Series {
    /// Name in the legend.
    pub name: String,
    /// Points in order of x.
    pub points: Vec<Point>,
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
        for &(x, y) in runs.iter().flatten().filter(|(x, y)| x.is_finite() && *x >= 0.0 && y.is_finite()) {
            at.entry(x.to_bits()).or_insert((x, Vec::new())).1.push(y);
        }
        let point = |(x, ys): (f64, Vec<f64>)| {
            Some(Point { x, y: mean(&ys)?, spread: sample_std(&ys).unwrap_or(0.0) })
        };
        Self { name: name.into(), points: at.into_values().filter_map(point).collect() }
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
        Self { name: self.name.clone(), points: self.points.chunks(size).map(average).collect() }
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
    }

    #[test]
    fn long_lines_are_thinned_to_means_and_smoothed() {
        let run = (0..1000).map(|i| (f64::from(i), f64::from(i % 2))).collect();
        let thin = Series::joined("x", &[run]).thinned();
        assert_eq!(thin.points.len(), 334);
        let smooth = thin.smoothed().unwrap();
        assert!(smooth.iter().all(|p| (p.y - 0.5).abs() < 0.2));
        assert_eq!(Series::joined("x", &[vec![(0.0, 1.0)]]).smoothed(), None);
    }
}
