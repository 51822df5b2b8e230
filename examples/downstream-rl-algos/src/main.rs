//! A policy that rl-algos has never heard of learns to spell three words, through the public traits alone.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use burn::tensor::{Device, Int, Tensor, activation::log_softmax};
use rl_algos::advantage::{Grpo, Lonely, ReinforcePp, rloo};
use rl_algos::{surrogate::ppo_clip, *};

const WORDS: [[u32; 4]; 3] = [[1, 4, 0, 3], [5, 0, 2, 4], [3, 4, 0, 5]]; // bead, face, deaf
const LETTERS: usize = 6;
type Estimator = fn(&[f64], &GroupBatch<usize>) -> Result<Advantages, AlgoError>;

/// One independent distribution for each word and position: logits `[word, position, letter]`.
struct Speller(Tensor<3>);

impl Policy<usize> for Speller {
    type Error = AlgoError;
    fn score(&self, batch: &GroupBatch<usize>, _: ScoreRequest) -> Result<Scores, AlgoError> {
        let words = batch.groups().iter().flat_map(|g| vec![*g.prompt() as i64; g.completions().len()]);
        let ids = batch.completions().flat_map(|c| c.token_ids().iter().map(|id| i64::from(*id)));
        let [words, ids] = [words.collect(), ids.collect::<Vec<_>>()]
            .map(|values| Tensor::<1, Int>::from_data(&values[..], &self.0.device()));
        let log_probs = log_softmax(self.0.clone(), 2).select(0, words);
        let logp_bt = log_probs.gather(2, ids.reshape([-1, 4, 1])).squeeze_dim(2);
        Ok(Scores { logp_bt, entropy_bt: None })
    }
}

impl Sampler<usize> for Speller {
    type Error = AlgoError;
    fn sample(
        &mut self,
        prompts: Vec<usize>,
        params: &SamplingParams,
    ) -> Result<GroupBatch<usize>, AlgoError> {
        let rows = log_softmax(self.0.clone().inner(), 2).reshape([-1, LETTERS as i64]);
        let table = Grid::from_tensor("log-probabilities", rows)?;
        let complete = |word: usize, generation: usize| {
            let draw = |position: usize| {
                let row = table.row(word * 4 + position);
                let mut u = uniform([params.seed(), word as u64, generation as u64, position as u64]);
                let chosen = row.iter().position(|logp| (u -= logp.exp(), u < 0.0).1).unwrap_or(LETTERS - 1);
                (chosen as u32, row[chosen] as f32)
            };
            let (ids, logprobs) = (0..4).map(draw).unzip();
            Completion::new(ids, logprobs, String::new(), StopReason::Stop).expect("a softmax gives logprobs")
        };
        let group =
            |word| Group::new(word, (0..params.num_generations()).map(|g| complete(word, g)).collect());
        Ok(GroupBatch::new(prompts.into_iter().map(group).collect::<Result<_, _>>()?))
    }
}

fn uniform(counters: [u64; 4]) -> f64 {
    let mix = |z: u64, c: u64| (z ^ c ^ (z >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9).rotate_left(31) ^ z;
    (counters.into_iter().chain([1, 2, 3]).fold(1, mix) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Trains on all words for 100 steps; returns the mean reward (share of right letters) of each step.
fn learn(estimator: Estimator) -> Result<Vec<f64>, AlgoError> {
    let device = Device::flex().autodiff();
    let mut speller = Speller(Tensor::zeros([WORDS.len(), 4, LETTERS], &device).require_grad());
    let mut curve = Vec::new();
    for step in 0..100 {
        let rollouts = speller.sample(vec![0, 1, 2], &SamplingParams::default().with_seed(step))?;
        let right = |w: usize, c: &Completion| (0..4).filter(|t| c.token_ids()[*t] == WORDS[w][*t]).count();
        let of = |g: &Group<usize>| g.completions().iter().map(|c| right(*g.prompt(), c)).collect::<Vec<_>>();
        let rewards = rollouts.groups().iter().flat_map(of).map(|n| n as f64 / 4.0).collect::<Vec<_>>();
        curve.push(rewards.iter().sum::<f64>() / rewards.len() as f64);
        let mask = rollouts.mask().to_device(&device);
        let rule = Denominator::new(Aggregation::TokenMean, mask.host().totals());
        let logp_bt = speller.score(&rollouts, ScoreRequest::default())?.logp_bt;
        let old_bt = rollouts.sampler_logp().to_tensor(&device, logp_bt.dtype());
        let batch = PolicyBatch::new(logp_bt, old_bt, &estimator(&rewards, &rollouts)?, &mask)?;
        let loss = aggregate(ppo_clip(&batch, ClipBand::PPO), &mask, rule)?;
        let gradient = speller.0.grad(&loss.backward()).expect("a tracked leaf");
        speller = Speller((speller.0.inner() - gradient * 10.0).autodiff().require_grad());
    }
    Ok(curve)
}

const METHODS: [(&str, Estimator); 3] = [
    ("GRPO", |r, b| Grpo::TRL.advantages(&Rewards::from_scores(r)?, &b.row_groups()).map(Advantages::Rows)),
    ("RLOO", |r, b| rloo(&Rewards::from_scores(r)?, &b.row_groups(), Lonely::Zero).map(Advantages::Rows)),
    ("Reinforce++", |r, b| ReinforcePp::VERL.advantages(r, None, &b.mask()).map(Advantages::from)),
];

fn main() -> Result<(), AlgoError> {
    for (name, estimator) in METHODS {
        println!("{name:>11} {:.2?}", learn(estimator)?.into_iter().step_by(9).collect::<Vec<_>>());
    }
    Ok(())
}

#[test]
fn every_method_learns_to_spell() {
    let learned = |method: Estimator| learn(method).is_ok_and(|curve| curve[0] < 0.4 && curve[99] > 0.9);
    assert_eq!(METHODS.map(|(_, method)| learned(method)), [true; 3]);
}
