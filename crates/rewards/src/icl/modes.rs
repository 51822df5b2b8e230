//! Ways to turn the scores of a candidate into one reward.

/// The range of a reward.
const LIMIT: f64 = 5.0;

/// What is known about the answer that a set of demonstrations led to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CandidateScore {
    /// Whether its VQA accuracy is above 0.
    pub correct: bool,
    /// Its VQA accuracy a in \[0, 1\].
    pub accuracy: f64,
    /// The probability g of the gold answers.
    pub gold_probability: f64,
    /// Its similarity l to the gold answers.
    pub relevance: f64,
    /// The quality measure of the legacy mode.
    pub quality: f64,
}

/// The weights hw, sw, rw, α, β.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CandidateWeights {
    /// Weight of correctness.
    pub hard: f64,
    /// Weight of the graded score.
    pub soft: f64,
    /// Weight of the relevance.
    pub relevance: f64,
    /// Weight of the quality in the legacy mode.
    pub legacy_quality: f64,
    /// Weight of correctness in the legacy mode.
    pub legacy_correct: f64,
}

impl Default for CandidateWeights {
    fn default() -> Self {
        Self { hard: 1.0, soft: 1.0, relevance: 0.1, legacy_quality: 0.0, legacy_correct: 0.0 }
    }
}

/// The formulas, with c ∈ {0, 1} for correct.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RewardMode {
    /// hw·c + sw·a
    #[default]
    HardPlusSoft,
    /// 2hw·c + sw·a
    HardPlusSoftV2,
    /// hw·c
    HardOnly,
    /// sw·a
    SoftOnly,
    /// 2hw + sw·a if c, else sw·a
    Separated,
    /// hw·c + sw·g
    HardPlusGoldProbability,
    /// 2hw + sw·g if c, else sw·g
    HardPlusGoldProbabilitySeparated,
    /// hw·c + sw·g + rw·(1 − c)·l
    HardPlusGoldProbabilityPlusRelevance,
    /// α·quality + β·c
    Legacy,
}

impl RewardMode {
    /// The reward, clipped to ±5; a score that is not finite counts as 0.
    ///
    /// ```
    /// use rewards::{CandidateScore, CandidateWeights, RewardMode};
    /// let score = CandidateScore { correct: true, accuracy: 0.6, ..Default::default() };
    /// assert_eq!(RewardMode::HardPlusSoft.reward(&score, &CandidateWeights::default()), 1.6);
    /// ```
    pub fn reward(self, score: &CandidateScore, weights: &CandidateWeights) -> f64 {
        let c = f64::from(score.correct);
        let (a, g, l) = (score.accuracy, score.gold_probability, score.relevance);
        let w = weights;
        let reward = match self {
            Self::HardPlusSoft => w.hard * c + w.soft * a,
            Self::HardPlusSoftV2 | Self::Separated => 2.0 * w.hard * c + w.soft * a,
            Self::HardOnly => w.hard * c,
            Self::SoftOnly => w.soft * a,
            Self::HardPlusGoldProbability => w.hard * c + w.soft * g,
            Self::HardPlusGoldProbabilitySeparated => 2.0 * w.hard * c + w.soft * g,
            Self::HardPlusGoldProbabilityPlusRelevance => {
                w.hard * c + w.soft * g + w.relevance * (1.0 - c) * l
            }
            Self::Legacy => w.legacy_quality * score.quality + w.legacy_correct * c,
        };
        if reward.is_finite() { reward.clamp(-LIMIT, LIMIT) } else { 0.0 }
    }
}
