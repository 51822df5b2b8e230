//! Coefficients of one component.

/// One block, row by row.
pub(crate) type Block = [i16; 64];

/// A rectangle of blocks.
pub(crate) struct Blocks {
    width: usize,
    blocks: Vec<Block>,
}

impl Blocks {
    /// `width` x `height` blocks of zeros.
    pub fn new((width, height): (usize, usize)) -> Self {
        Self { width, blocks: vec![[0; 64]; width * height] }
    }

    /// The block at column `x` of row `y`.
    #[inline(always)]
    pub fn at(&mut self, x: usize, y: usize) -> &mut Block {
        &mut self.blocks[y * self.width + x]
    }

    /// How many rows of blocks there are.
    pub fn height(&self) -> usize {
        self.blocks.len() / self.width
    }

    /// Row number `y`.
    pub fn row(&self, y: usize) -> &[Block] {
        &self.blocks[y * self.width..][..self.width]
    }

    /// The rows of blocks, top first.
    pub fn rows(&self) -> impl Iterator<Item = &[Block]> {
        self.blocks.chunks_exact(self.width)
    }

    /// Zeros everywhere again.
    pub fn clear(&mut self) {
        self.blocks.as_flattened_mut().fill(0);
    }
}
