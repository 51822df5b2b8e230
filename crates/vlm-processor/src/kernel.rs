//! Bicubic weights in 16-bit fixed point, quantised as torchvision's 8-bit CPU path quantises them.

/// Taps of one output sample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// First source sample that has a weight.
    pub start: usize,
    /// Where the weights of this window begin in [`Axis::weights`].
    pub first: usize,
    /// Number of taps; at least one.
    pub len: usize,
}

/// Everything needed to resample one axis: for output i, Σₖ wₖ·src[start + k], rounded after `shift` bits.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// One window per output sample.
    pub windows: Vec<Window>,
    /// Fixed-point weights of all windows, one after the other.
    pub weights: Vec<i16>,
    /// Fractional bits of the weights.
    pub shift: u32,
}

impl Axis {
    /// Weights for bringing `source` samples to `target` samples with antialiased bicubic interpolation.
    pub fn new(source: usize, target: usize) -> Self {
        let mut exact = Vec::with_capacity(target * 5);
        let windows: Vec<Window> = (0..target).map(|i| push_window(&mut exact, i, source, target)).collect();
        let shift = precision(exact.iter().fold(0.0, |max: f64, &w| max.max(w)));
        let weights = exact.iter().map(|&w| quantised(w, shift)).collect();
        Self { windows, weights, shift }
    }

    /// The weights of one window.
    pub fn taps(&self, window: &Window) -> &[i16] {
        &self.weights[window.first..window.first + window.len]
    }
}

/// Appends the normalised weights of output sample `i`.
fn push_window(exact: &mut Vec<f64>, i: usize, source: usize, target: usize) -> Window {
    let scale = source as f64 / target as f64;
    let stretch = scale.max(1.0);
    let support = 2.0 * stretch;
    let centre = scale * (i as f64 + 0.5);
    // `as` truncates toward zero, as the reference does, so a negative start becomes 0.
    let start = (centre - support + 0.5).max(0.0) as usize;
    let end = ((centre + support + 0.5) as usize).min(source);
    let first = exact.len();
    let inverse = 1.0 / stretch;
    exact.extend((start..end).map(|k| cubic((k as f64 - centre + 0.5) * inverse)));
    let total: f64 = exact[first..].iter().sum();
    if total != 0.0 {
        exact[first..].iter_mut().for_each(|w| *w /= total);
    }
    Window { start, first, len: end - start }
}

/// Keys' cubic convolution kernel with a = -½ (IEEE TASSP 29(6), 1981): the value of Pillow and of
/// torchvision's antialiased path.
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

/// The most fractional bits with which the largest weight still fits in 15 bits.
fn precision(largest: f64) -> u32 {
    (0..22).take_while(|bits| 0.5 + largest * f64::from(1u32 << (bits + 1)) < 32768.0).count() as u32
}

/// Half away from zero, as the reference rounds weights.
fn quantised(weight: f64, shift: u32) -> i16 {
    (weight * f64::from(1u32 << shift)).round() as i16
}
