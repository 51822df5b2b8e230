//! Losses of a step and their gradients, added up.

use super::gradients::Gradients;
use burn::module::Module;
use burn::tensor::{Gradients as Found, Tensor};

/// What losses add up to, and what their gradients do: of a whole step, or of one of several passes that run side by
/// side.
#[derive(Default)]
pub struct Losses {
    pub(super) gradients: Gradients,
    pub(super) sum: Sum,
}

/// The sum of the losses given so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Sum {
    /// None yet.
    #[default]
    Nothing,
    /// Their sum.
    Finite(f64),
    /// One of them was no number.
    NotFinite,
}

impl Losses {
    /// Adds a loss and its gradient. `below` takes the gradients on from where the graph of the loss ends, see
    /// `Gradients::add_through`.
    ///
    /// A loss that is not finite spoils them all.
    pub fn backward_through<M: Module>(
        &mut self,
        model: &M,
        loss: &Tensor<1>,
        below: impl FnOnce(&mut Found, &mut dyn FnMut(&mut Found)),
    ) {
        let value = loss.clone().inner().into_scalar::<f64>();
        self.sum = self.sum.and(if value.is_finite() { Sum::Finite(value) } else { Sum::NotFinite });
        // A loss that touches no trained weight is a constant: nothing to learn from, nothing wrong.
        if self.sum != Sum::NotFinite && loss.is_tracked() {
            self.gradients.add_through(model, loss, below);
        }
    }

    /// Adds what others have added up.
    pub(super) fn absorb(&mut self, other: Self) {
        self.sum = self.sum.and(other.sum);
        self.gradients.absorb(other.gradients);
    }
}

impl Sum {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::NotFinite, _) | (_, Self::NotFinite) => Self::NotFinite,
            (Self::Nothing, sum) | (sum, Self::Nothing) => sum,
            (Self::Finite(one), Self::Finite(other)) => Self::Finite(one + other),
        }
    }
}
