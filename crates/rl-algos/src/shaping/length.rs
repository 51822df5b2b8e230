//! Rewards that depend on how long an answer is.

use serde::{Deserialize, Serialize};

use crate::error::{AlgoError, all_finite, in_range, same_length};
use crate::groups::Groups;

/// Kimi k1.5's length reward: among the completions of a prompt, short correct ones gain, long ones lose.
///
/// λ = ½ − (n − n_min)/(n_max − n_min);  reward = λ if correct, else min(0, λ);  0 when n_max = n_min
///
/// Kimi k1.5, arXiv 2501.12599, section 2.3.3.
///
/// By hand: lengths 10 and 20: ½ and −½; the short one gets 0 if it is wrong.
///
/// ```
/// use rl_algos::{Groups, shaping::relative_length};
/// let groups = Groups::from_sizes(&[2])?;
/// assert_eq!(relative_length(&[10, 20], &[true, true], &groups)?, [0.5, -0.5]);
/// assert_eq!(relative_length(&[10, 20], &[false, true], &groups)?, [0.0, -0.5]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn relative_length(
    tokens_b: &[usize],
    correct_b: &[bool],
    groups: &Groups,
) -> Result<Vec<f64>, AlgoError> {
    same_length("tokens per row", tokens_b.len(), groups.rows())?;
    same_length("correctness", correct_b.len(), groups.rows())?;
    let mut reward_b = vec![0.0; groups.rows()];
    for members in groups.iter() {
        let lengths = || members.iter().map(|row| tokens_b[*row]);
        let (shortest, longest) = (lengths().min().unwrap_or(0), lengths().max().unwrap_or(0));
        for row in members.iter().filter(|_| longest > shortest) {
            let lambda = 0.5 - (tokens_b[*row] - shortest) as f64 / (longest - shortest) as f64;
            reward_b[*row] = if correct_b[*row] { lambda } else { lambda.min(0.0) };
        }
    }
    Ok(reward_b)
}

/// The four corners of [`cosine_length`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CosineLength {
    /// Reward of a correct answer of length 0 and of the longest one.
    pub correct: (f64, f64),
    /// The same for a wrong answer.
    pub wrong: (f64, f64),
    /// Longest completion allowed; going beyond it earns `exceeded`.
    pub limit: usize,
    /// Reward of a completion that was cut.
    pub exceeded: f64,
}

/// A cosine from one reward to another over the length of the answer.
///
/// r = end + ½(start − end)(1 + cos(π·n/L)) for n < L, `exceeded` from L on
///
/// Yeo et al., "Demystifying Long Chain-of-Thought Reasoning", arXiv 2502.03373.
///
/// By hand: correct answers from 2 down to 1, L = 10: n = 5 → 1.5.
///
/// ```
/// use rl_algos::shaping::{CosineLength, cosine_length};
/// let shape = CosineLength { correct: (2.0, 1.0), wrong: (-10.0, 0.0), limit: 10, exceeded: -10.0 };
/// let reward_b = cosine_length(&[5, 5, 10], &[true, false, true], shape)?;
/// assert!(reward_b.iter().zip([1.5, -5.0, -10.0]).all(|(a, b)| (a - b).abs() < 1e-12));
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn cosine_length(
    tokens_b: &[usize],
    correct_b: &[bool],
    shape: CosineLength,
) -> Result<Vec<f64>, AlgoError> {
    same_length("correctness", correct_b.len(), tokens_b.len())?;
    let corners = [shape.correct.0, shape.correct.1, shape.wrong.0, shape.wrong.1, shape.exceeded];
    all_finite("corners of the cosine length reward", &corners)?;
    in_range("longest completion", shape.limit as f64, "at least 1", |v| v >= 1.0)?;
    let reward = |(tokens, correct): (&usize, &bool)| {
        let (start, end) = if *correct { shape.correct } else { shape.wrong };
        let angle = std::f64::consts::PI * *tokens as f64 / shape.limit as f64;
        if *tokens >= shape.limit { shape.exceeded } else { end + 0.5 * (start - end) * (1.0 + angle.cos()) }
    };
    Ok(tokens_b.iter().zip(correct_b).map(reward).collect())
}
