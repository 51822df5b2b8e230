//! Axes: round ticks and positions.

pub(super) use crate::digits::short;

/// A range of values mapped to a range of pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    /// Distance of the ticks, where the ends were chosen to fit it.
    step: Option<f64>,
}

impl Scale {
    /// Maps the range of `values` to pixels; a single value gets room around it, and no value gives `None`.
    pub(super) fn over(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Option<Self> {
        let (low, high) = values
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if low > high {
            return None;
        }
        let room = match low.abs().max(high.abs()) {
            _ if high - low > 1e-12 * high.abs().max(low.abs()) && high > low => 0.0,
            0.0 => return Some(Self { low: 0.0, high: 1.0, from, to, step: None }),
            size => size * 0.1,
        };
        Some(Self { low: low - room, high: high + room, from, to, step: None })
    }

    /// The same scale with its ends on round numbers.
    pub(super) fn rounded(self, ticks: usize) -> Self {
        let step = round_step(self.high - self.low, ticks);
        let (low, high) = ((self.low / step).floor() * step, (self.high / step).ceil() * step);
        let finite = low.is_finite() && high.is_finite() && high > low;
        if finite { Self { low, high, step: Some(step), ..self } } else { self }
    }

    /// The pixel of a value.
    pub(super) fn at(self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// The nearest value inside the range.
    pub(super) fn cut(self, value: f64) -> f64 {
        value.clamp(self.low, self.high)
    }

    /// Round values inside the range, about `count` of them.
    pub(super) fn ticks(self, count: usize) -> Vec<f64> {
        self.stepped(self.step.unwrap_or_else(|| round_step(self.high - self.low, count))).collect()
    }

    /// Round whole numbers inside the range, about `count` of them: what a step or an epoch can be.
    pub(super) fn whole_ticks(self, count: usize) -> Vec<f64> {
        let step = round_step(self.high - self.low, count).max(1.0);
        self.stepped(step).filter(|tick| tick.fract() == 0.0).collect()
    }

    fn stepped(self, step: f64) -> impl Iterator<Item = f64> {
        let first = (self.low / step - 1e-9).ceil();
        let values = (0..64).map(move |i| (first + f64::from(i)) * step);
        // Zero as 0, not as a rest of rounding.
        let clean = move |v: f64| if v.abs() < step * 1e-9 { 0.0 } else { v };
        values.take_while(move |v| *v <= self.high + step * 1e-9).map(clean)
    }
}

/// A step of 1, 2 or 5 times a power of ten that cuts `span` into about `count` parts.
fn round_step(span: f64, count: usize) -> f64 {
    let raw = span / count.max(1) as f64;
    if !(raw.is_finite() && raw > 0.0) {
        return 1.0;
    }
    let power = 10f64.powf(raw.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].into_iter().find(|r| r * power >= raw * (1.0 - 1e-9)).unwrap_or(10.0);
    round * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let scale = Scale::over([0.13, 0.87].into_iter(), 0.0, 100.0).unwrap().rounded(5);
        assert_eq!(scale.ticks(5), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!((scale.at(0.0), scale.at(1.0)), (0.0, 100.0));
        let scale = Scale::over([17.0, 67.0].into_iter(), 0.0, 100.0).unwrap().rounded(5);
        assert_eq!(scale.ticks(5), [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0], "from end to end");
        assert_eq!((scale.cut(9.0), scale.cut(11.0), scale.cut(71.0)), (10.0, 11.0, 70.0));
    }

    #[test]
    fn steps_and_epochs_have_whole_ticks() {
        let ticks =
            |low: f64, high: f64| Scale::over([low, high].into_iter(), 0.0, 1.0).unwrap().whole_ticks(6);
        assert_eq!(ticks(1.0, 3.0), [1.0, 2.0, 3.0]);
        assert_eq!(ticks(0.0, 2.0), [0.0, 1.0, 2.0]);
        assert_eq!(ticks(3.0, 3.0), [3.0]);
        assert_eq!(ticks(0.0, 60.0), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]);
        assert!(ticks(0.2, 0.7).is_empty());
    }

    #[test]
    fn one_value_none_and_extremes_make_usable_scales() {
        assert!(Scale::over(std::iter::empty(), 0.0, 1.0).is_none());
        assert!(Scale::over([f64::NAN].into_iter(), 0.0, 1.0).is_none());
        for values in [[3.0, 3.0], [0.0, 0.0], [1e-30, 2e-30], [1e300, 1.1e300], [-5.0, -5.0]] {
            let scale = Scale::over(values.into_iter(), 0.0, 1.0).unwrap().rounded(4);
            assert!(scale.at(values[0]).is_finite() && scale.ticks(4).len() < 64, "{values:?}");
            assert!((0.0..=1.0).contains(&scale.at(values[1])), "{values:?}");
        }
    }
}
