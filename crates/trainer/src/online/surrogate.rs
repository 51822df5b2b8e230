//! Which loss stands in for the policy gradient.

use burn::tensor::Tensor;
use rl_algos::surrogate::{self, EmptyRow, SapoTemperatures, Vespo};
use rl_algos::{AlgoError, ClipBand, PolicyBatch, Positive};

/// The policy losses a recipe can name; each is a function of [`rl_algos::surrogate`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Surrogate {
    /// min(ρA, clip(ρ)A): PPO, GRPO, DAPO, Dr. GRPO.
    Clip(ClipBand),
    /// The same with ρ capped first: TRL's `delta`.
    Capped(ClipBand, Positive),
    /// The same with a floor for bad tokens: verl.
    DualClip(ClipBand, Positive),
    /// The ratio of the whole sequence: GSPO.
    Sequence(ClipBand),
    /// The same with token gradients: GSPO-token.
    SequenceToken(ClipBand),
    /// A capped, detached ratio on log p.
    Cispo(Positive),
    /// A soft gate instead of a clip.
    Sapo(SapoTemperatures),
    /// A soft window over the sequence's weight.
    Vespo(Vespo),
    /// The geometric mean of the ratios.
    Gmpo(ClipBand),
    /// −A·log p.
    Reinforce,
}

/// A loss for each token, or one for each row.
pub enum SurrogateLoss {
    /// `[B, T]`.
    Tokens(Tensor<2>),
    /// `[B]`.
    Rows(Tensor<1>),
}

impl Surrogate {
    /// The loss of a batch, before it is averaged.
    pub fn loss(self, batch: &PolicyBatch) -> Result<SurrogateLoss, AlgoError> {
        Ok(SurrogateLoss::Tokens(match self {
            Self::Clip(band) => surrogate::ppo_clip(batch, band),
            Self::Capped(band, cap) => surrogate::ppo_capped(batch, band, cap),
            Self::DualClip(band, cap) => surrogate::dual_clip(batch, band, cap),
            Self::Sequence(band) => surrogate::gspo(batch, band),
            Self::SequenceToken(band) => surrogate::gspo_token(batch, band),
            Self::Cispo(cap) => surrogate::cispo(batch, cap),
            Self::Sapo(temperatures) => surrogate::sapo(batch, temperatures),
            Self::Vespo(vespo) => surrogate::vespo(batch, vespo, None)?,
            Self::Gmpo(band) => {
                return Ok(SurrogateLoss::Rows(surrogate::gmpo(batch, band, EmptyRow::Constant)));
            }
            Self::Reinforce => surrogate::reinforce(batch),
        }))
    }

    /// The band outside of which a token counts as clipped in the log.
    pub fn band(self) -> Option<ClipBand> {
        match self {
            Self::Clip(band) | Self::Capped(band, _) | Self::DualClip(band, _) => Some(band),
            _ => None,
        }
    }

    /// Whether ρ belongs to the whole sequence.
    pub fn is_sequence_level(self) -> bool {
        matches!(self, Self::Sequence(_))
    }
}
