//! A policy that rl-algos has never heard of learns to spell three words, through the public traits alone.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use burn::tensor::{Device, Int, Tensor, activation::log_softmax};
use rl_algos::advantage::{Grpo, Lonely, ReinforcePp, rloo};
use rl_algos::surrogate::ppo_clip;
use rl_algos::*;

const WORDS: [&[u8; 4]; 3] = [b"bead", b"face", b"deaf"];
const LETTERS: usize = 6; // a to f
type Estimator = fn(&[f64], &GroupBatch<usize>) -> Result<Advantages, AlgoError>;

/// One independent distribution over letters for each word and position: logits `[word, position, letter]`.
struct Speller(Tensor<3>);

impl Speller {
    fn log_probs(&self) -> Tensor<3> {
        log_softmax(self.0.clone(), 2)
    }
}

impl Policy<usize> for Speller {
    type Error = AlgoError;

    fn score(&self, batch: &GroupBatch<usize>, _: ScoreRequest) -> Result<Scores, AlgoError> {
        let of_rows = batch.groups().iter().flat_map(|g| vec![*g.prompt() as i64; g.completions().len()]);
        let words = Tensor::<1, Int>::from_data(&of_rows.collect::<Vec<_>>()[..], &self.0.device());
        let ids = batch.completions().flat_map(|c| c.token_ids().to_vec()).map(i64::from).collect::<Vec<_>>();
        let ids =
            Tensor::<1, Int>::from_data(&ids[..], &self.0.device()).reshape([-1, WORDS[0].len() as i64, 1]);
        Ok(Scores {
            logp_bt: self.log_probs().select(0, words).gather(2, ids).squeeze_dim(2),
            entropy_bt: None,
        })
    }
}

impl Sampler<usize> for Speller {
    type Error = AlgoError;

    fn sample(
        &mut self,
        prompts: Vec<usize>,
        params: &SamplingParams,
    ) -> Result<GroupBatch<usize>, AlgoError> {
        let table =
            Grid::from_tensor("log-probabilities", self.log_probs().inner().reshape([-1, LETTERS as i64]))?;
        let complete = |word: usize, generation: usize| {
            let drawn = (0..WORDS[0].len()).map(|position| {
                let row = table.row(word * WORDS[0].len() + position);
                let mut u = uniform([params.seed(), word as u64, generation as u64, position as u64]);
                let letter = row.iter().position(|logp| (u -= logp.exp(), u < 0.0).1).unwrap_or(LETTERS - 1);
                (letter as u32, row[letter] as f32)
            });
            let (ids, logprobs): (Vec<u32>, Vec<f32>) = drawn.unzip();
            let text = ids.iter().map(|id| char::from(b'a' + *id as u8)).collect();
            Completion::new(ids, logprobs, text, StopReason::Stop).expect("a softmax gives log-probabilities")
        };
        let group =
            |word| Group::new(word, (0..params.num_generations()).map(|g| complete(word, g)).collect());
        Ok(GroupBatch::new(prompts.into_iter().map(group).collect::<Result<_, _>>()?))
    }
}

/// A uniform draw that depends on its counters only.
fn uniform(counters: [u64; 4]) -> f64 {
    let mix = |z: u64, c| (z ^ c ^ (z >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9).rotate_left(31) ^ z;
    (counters.into_iter().chain([1, 2, 3]).fold(0x9E37_79B9_7F4A_7C15, mix) >> 11) as f64
        / (1_u64 << 53) as f64
}

/// Trains for `steps` steps and returns the mean reward (share of right letters) of each.
fn learn(estimator: Estimator, steps: u64) -> Result<Vec<f64>, AlgoError> {
    let device = Device::flex().autodiff();
    let mut speller = Speller(Tensor::zeros([WORDS.len(), WORDS[0].len(), LETTERS], &device).require_grad());
    let params = SamplingParams::default();
    let mut curve = Vec::new();
    for step in 0..steps {
        let rollouts = speller.sample((0..WORDS.len()).collect(), &params.with_seed(step))?;
        let right = |word: &usize, c: &Completion| {
            c.text().bytes().zip(*WORDS[*word]).filter(|(a, b)| a == b).count()
        };
        let rewards =
            rollouts.groups().iter().flat_map(|g| g.completions().iter().map(|c| right(g.prompt(), c)));
        let rewards = rewards.map(|right| right as f64 / WORDS[0].len() as f64).collect::<Vec<_>>();
        curve.push(rewards.iter().sum::<f64>() / rewards.len() as f64);
        let (mask, advantages) = (rollouts.mask(), estimator(&rewards, &rollouts)?);
        let (denominator, mask) =
            (Denominator::new(Aggregation::TokenMean, mask.totals()), mask.to_device(&device));
        let logp_bt = speller.score(&rollouts, ScoreRequest::default())?.logp_bt;
        let old_bt = rollouts.sampler_logp().to_tensor(&device, logp_bt.dtype());
        let loss_bt = ppo_clip(&PolicyBatch::new(logp_bt, old_bt, &advantages, &mask)?, ClipBand::PPO);
        let gradient = speller.0.grad(&aggregate(loss_bt, &mask, denominator)?.backward()).expect("a leaf");
        speller = Speller((speller.0.inner() - gradient * 10.0).autodiff().require_grad());
    }
    Ok(curve)
}

const METHODS: [(&str, Estimator); 3] = [
    ("GRPO", |r, b| Ok(Advantages::Rows(Grpo::TRL.advantages(&Rewards::from_scores(r)?, &b.row_groups())?))),
    ("RLOO", |r, b| Ok(Advantages::Rows(rloo(&Rewards::from_scores(r)?, &b.row_groups(), Lonely::Zero)?))),
    ("Reinforce++", |r, b| {
        Ok(Advantages::Tokens(ReinforcePp::VERL.advantages(r, None, &b.mask())?.advantage_bt))
    }),
];

fn main() -> Result<(), AlgoError> {
    for (name, estimator) in METHODS {
        let curve = learn(estimator, 100)?.into_iter().step_by(9).map(|reward| format!("{reward:.2}"));
        println!("{name:>11}  {}", curve.collect::<Vec<_>>().join(" "));
    }
    Ok(())
}

#[test]
fn every_method_learns_to_spell() {
    for (name, estimator) in METHODS {
        let curve = learn(estimator, 100).unwrap();
        assert!(curve[0] < 0.4 && curve[99] > 0.9, "{name}: {curve:?}");
    }
}
