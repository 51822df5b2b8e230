//! The grid of patches that an image or a video becomes.

/// Sizes of a visual in patches: `t` temporal pairs of `h` x `w` patches of 14 x 14 pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Grid {
    /// Temporal patches: 1 for an image, half the sampled frames (rounded up) for a video.
    pub t: usize,
    /// Patches from top to bottom; always a multiple of the merge size.
    pub h: usize,
    /// Patches from left to right; always a multiple of the merge size.
    pub w: usize,
}

impl Grid {
    /// Number of patches: rows of `pixel_values`.
    pub fn patches(&self) -> usize {
        self.t * self.h * self.w
    }

    /// Number of placeholder tokens: `merge_size`² patches become one token.
    pub fn tokens(&self, merge_size: usize) -> usize {
        self.patches() / (merge_size * merge_size)
    }
}

/// Normalised patches of one visual, in merge order.
#[derive(Clone, Debug, PartialEq)]
pub struct Patches {
    /// The grid that the rows of `values` fill.
    pub grid: Grid,
    /// Row-major `[grid.patches(), channels * temporal_patch * patch * patch]`, 1176 columns as published.
    pub values: Vec<f32>,
}
