//! The size an image is brought to before it is cut into patches.

use crate::pixel_error::SizeError;

/// Longest side over shortest side: one part in two hundred is still accepted, as in the published processor.
pub const MAX_ASPECT: f64 = 200.0;

/// Height and width, both multiples of `factor`, nearest to the image's own with `min_pixels ≤ h·w ≤ max_pixels`.
///
/// With f = `factor` and ⌊·⌉ rounding halves to even, h̄ = ⌊h/f⌉·f and w̄ = ⌊w/f⌉·f. Then
/// - if h̄·w̄ > max: β = √(h·w / max), h̄ = max(f, ⌊h/(β·f)⌋·f), and w̄ alike;
/// - if h̄·w̄ < min: β = √(min / (h·w)), h̄ = ⌈h·β/f⌉·f, and w̄ alike (which also mends a side rounded to 0).
///
/// The Qwen2-VL report (arXiv 2409.12191) calls this "naive dynamic resolution".
///
/// ```
/// assert_eq!(vlm_processor::smart_resize(720, 1280, 28, 3136, 1_003_520)?, (728, 1288));
/// # Ok::<(), vlm_processor::SizeError>(())
/// ```
pub fn smart_resize(
    height: usize,
    width: usize,
    factor: usize,
    min_pixels: usize,
    max_pixels: usize,
) -> Result<(usize, usize), SizeError> {
    if height == 0 || width == 0 || factor == 0 {
        return Err(SizeError::Zero { height, width, factor });
    }
    let (h, w, f) = (height as f64, width as f64, factor as f64);
    if h.max(w) / h.min(w) > MAX_ASPECT {
        return Err(SizeError::Aspect { height, width });
    }
    let rounded = |side: f64| (side / f).round_ties_even() * f;
    let area = rounded(h) * rounded(w);
    let (new_h, new_w) = if area > max_pixels as f64 {
        let beta = (h * w / max_pixels as f64).sqrt();
        let shrunk = |side: f64| f.max((side / beta / f).floor() * f);
        (shrunk(h), shrunk(w))
    } else if area < min_pixels as f64 {
        let beta = (min_pixels as f64 / (h * w)).sqrt();
        let grown = |side: f64| (side * beta / f).ceil() * f;
        (grown(h), grown(w))
    } else {
        (rounded(h), rounded(w))
    };
    if new_h == 0.0 || new_w == 0.0 {
        return Err(SizeError::Vanishes { height, width, factor, min_pixels });
    }
    Ok((new_h as usize, new_w as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn default_size(height: usize, width: usize) -> Result<(usize, usize), SizeError> {
        smart_resize(height, width, 28, 3136, 1_003_520)
    }

    #[test]
    fn halves_round_to_even() {
        // 70/28 = 2.5 rounds to 2, 98/28 = 3.5 rounds to 4.
        assert_eq!(default_size(70, 98).unwrap(), (56, 112));
    }

    #[test]
    fn a_side_that_rounds_to_zero_is_mended() {
        assert_eq!(default_size(1, 1).unwrap(), (56, 56));
        assert_eq!(default_size(2, 400).unwrap(), (28, 812));
    }

    #[test]
    fn a_ratio_of_exactly_200_passes_and_above_fails() {
        assert!(default_size(10, 2000).is_ok());
        assert_eq!(default_size(10, 2001), Err(SizeError::Aspect { height: 10, width: 2001 }));
    }

    #[test]
    fn a_side_left_at_zero_is_an_error_not_an_empty_image() {
        assert!(matches!(smart_resize(10, 300, 28, 0, 3136), Err(SizeError::Vanishes { .. })));
        assert!(matches!(smart_resize(0, 5, 28, 0, 3136), Err(SizeError::Zero { .. })));
    }
}
