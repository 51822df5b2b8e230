//! How a step's rows are split.

/// Rows of a step, computed in micro-batches whose gradients add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Rows that go through the network together.
    pub micro: usize,
    /// Micro-batches of a step.
    pub accumulation: usize,
}

impl Batch {
    /// Rows of a whole step.
    pub fn rows(self) -> usize {
        self.micro * self.accumulation
    }
}
