//! Samples of one component.

use super::frame::{Component, SIDE};

/// A rectangle of samples, stored in whole blocks.
pub(crate) struct Plane {
    samples: Vec<u8>,
    stride: usize,
    width: usize,
    height: usize,
}

impl Plane {
    /// Room for a component's samples.
    pub fn new(component: &Component) -> Self {
        let (width, height) = component.size;
        let stride = component.padded.0 * SIDE;
        Self { samples: vec![0; stride * component.padded.1 * SIDE], stride, width, height }
    }

    /// Samples across that belong to the picture.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Samples from one row to the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The eight rows of samples of each row of blocks, from row `from` of the blocks on.
    pub fn bands(&mut self, from: usize) -> impl Iterator<Item = &mut [u8]> {
        self.samples.chunks_exact_mut(self.stride * SIDE).skip(from)
    }

    /// The samples of row `y` that belong to the picture; rows outside repeat the nearest one inside.
    pub fn row(&self, y: isize) -> &[u8] {
        let y = y.clamp(0, self.height as isize - 1) as usize;
        &self.samples[y * self.stride..][..self.width]
    }
}
