//! Learning from pairs of a better and a worse answer.

use super::preference_loss::PreferenceLoss;
use crate::data::{HeldOut, Stream};
use crate::dropout::Draws;
use crate::engine::{BadInput, Failure, FileError, Files, Losses, Method, Step};
use crate::methods::{Batch, record, take};
use crate::packed::PackedRows;
use crate::shares::shares;
use crate::sight::Sight;
use burn::module::Module;
use burn::tensor::Tensor;
use journal::EvalRecord;
use rl_algos::preference::{PairScores, PreferenceBatch, SequenceScores, margins};
use rl_algos::{Denominator, Fraction, Positive, aggregate, mean_over_rows, supervised};
use vlm_model::{Activations, Scored, Scoring, Tape, VlModel};
use vlm_processor::Prompt;

/// A prompt with a better and a worse answer, as tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// What both answer.
    pub prompt: Prompt,
    /// The better one.
    pub chosen: Vec<u32>,
    /// The worse one.
    pub rejected: Vec<u32>,
}

/// Who the policy is compared with.
pub enum PairReference {
    /// The model without its adapters.
    Base,
    /// A frozen copy of the weights the run started from.
    Start(Box<VlModel>),
}

/// DPO and its family. Chosen and rejected share their prompt and its pictures, which are computed once.
pub struct Dpo {
    /// Pairs.
    pub data: Stream<Pair>,
    /// Pairs of a step.
    pub batch: Batch,
    /// β.
    pub beta: Positive,
    /// Losses with their weights; their sum is minimised.
    pub losses: Vec<(PreferenceLoss, f64)>,
    /// Weight of tokens beyond the length that both answers share: LD-DPO. All count alike without it.
    pub tail_weight: Option<Fraction>,
    /// The reference.
    pub reference: PairReference,
    /// How pictures are looked at.
    pub sight: Sight,
    /// What a pass keeps for its gradient.
    pub activations: Activations,
    /// Pairs to measure on.
    pub held_out: HeldOut<Pair>,
}

/// What a model says of some pairs.
struct Scores {
    /// Sums of log-probabilities of every completion.
    pairs: PairScores,
    /// Log-probabilities of the chosen completions' tokens.
    chosen_logp: Tensor<1>,
    tape: Tape,
}

const CURSOR: &str = "dpo.json";

impl Method<VlModel> for Dpo {
    fn step(&mut self, model: &VlModel, step: &mut Step) -> Result<(), Failure> {
        let pairs = take(&mut self.data, self.batch.rows(), step)?;
        let whole = Whole::of(&pairs);
        let mut passes = 0;
        for part in pairs.chunks(self.batch.micro) {
            let runs = self.shares(model, part);
            let mut shares = Vec::new();
            for pairs in &runs {
                shares.push((self.given(model, pairs)?, Draws::of(step, passes)));
                passes += 1;
            }
            let rule = self.rule();
            let learn = |model: &VlModel, (given, draws): (Given, Draws), losses: &mut Losses| {
                let (batch, scores) = rule.compare(&draws.dropping(model), given)?;
                let loss = rule.loss(&batch, scores.chosen_logp, whole)?;
                losses.backward_through(model, &loss, |above, found| scores.tape.backward(above, found));
                Ok(batch)
            };
            for (batch, pairs) in step.side_by_side(model, shares, learn)?.into_iter().zip(runs) {
                self.log(&batch, pairs, step)?;
            }
        }
        Ok(())
    }

    /// Share of held-out pairs in which the policy has moved towards the better answer, and by how much.
    fn evaluate(&mut self, model: &VlModel, step: u64) -> Result<Option<EvalRecord>, Failure> {
        let Some((examples, most)) = self.held_out.clone() else { return Ok(None) };
        let model = model.valid();
        let (mut accuracy, mut margin) = (0.0, 0.0);
        for index in 0..most {
            let pair = examples.get(index).map_err(BadInput)?;
            let given = self.given(&model, std::slice::from_ref(&pair))?;
            let (batch, _) = Rule { activations: Activations::Kept, ..self.rule() }.compare(&model, given)?;
            let figures = margins(&batch, self.beta)?;
            accuracy += figures.accuracy;
            margin += figures.margin;
        }
        let n = most.max(1) as f64;
        let metrics = [("eval_rewards/accuracies", accuracy / n), ("eval_rewards/margins", margin / n)];
        Ok(Some(record(step, "dpo", &metrics)))
    }

    fn epoch(&self) -> f64 {
        self.data.epoch()
    }

    fn save(&self, files: &mut Files) -> Result<(), FileError> {
        files.insert_json(CURSOR, &self.data.position())
    }

    fn load(&mut self, files: &Files) -> Result<(), Failure> {
        self.data.seek(files.json(CURSOR)?);
        Ok(())
    }
}

impl Dpo {
    /// Runs of pairs that go through the network side by side: all of a micro-batch where a loss compares pairs with
    /// each other.
    fn shares<'a>(&self, model: &VlModel, pairs: &'a [Pair]) -> Vec<&'a [Pair]> {
        if self.losses.iter().all(|(loss, _)| loss.looks_at_one_pair()) {
            shares(model, &model.device(), pairs, tokens_of)
        } else {
            vec![pairs]
        }
    }

    /// Pairs with what a pass needs to know of them.
    fn given<'a>(&mut self, model: &VlModel, pairs: &'a [Pair]) -> Result<Given<'a>, Failure> {
        let features = pairs.iter().map(|pair| self.sight.features(model, &pair.prompt));
        let features = features.collect::<Result<_, _>>()?;
        let is_needed = self.losses.iter().any(|(loss, _)| loss.needs_reference());
        let reference = is_needed.then(|| match &self.reference {
            PairReference::Base => model.without_adapters(),
            PairReference::Start(start) => start.as_ref().clone(),
        });
        Ok(Given { pairs, features, reference })
    }

    fn rule(&self) -> Rule<'_> {
        let Self { losses, beta, tail_weight, activations, .. } = self;
        Rule { losses, beta: *beta, tail_weight: *tail_weight, activations: *activations }
    }

    fn log(&self, batch: &PreferenceBatch, pairs: &[Pair], step: &mut Step) -> Result<(), Failure> {
        let n = pairs.len() as f64;
        let metrics = step.metrics();
        if self.losses.iter().any(|(loss, _)| loss.needs_reference()) {
            let figures = margins(batch, self.beta)?;
            metrics.weighted("rewards/chosen", figures.chosen, n);
            metrics.weighted("rewards/rejected", figures.rejected, n);
            metrics.weighted("rewards/margins", figures.margin, n);
            metrics.weighted("rewards/accuracies", figures.accuracy, n);
        }
        let mean = |scores: &SequenceScores| scores.sum().inner().mean().into_scalar::<f64>();
        metrics.weighted("logps/chosen", mean(batch.policy().chosen()), n);
        metrics.weighted("logps/rejected", mean(batch.policy().rejected()), n);
        metrics.count("tokens", pairs.iter().map(tokens_of).sum::<usize>() as f64);
        Ok(())
    }
}

/// Some pairs, and what the policy is compared with.
struct Given<'a> {
    pairs: &'a [Pair],
    features: Vec<Option<Vec<Tensor<2>>>>,
    /// Absent where no loss has a use for it.
    reference: Option<VlModel>,
}

/// What a step's loss averages over.
#[derive(Clone, Copy)]
struct Whole {
    pairs: usize,
    chosen_tokens: usize,
}

impl Whole {
    fn of(pairs: &[Pair]) -> Self {
        Self { pairs: pairs.len(), chosen_tokens: pairs.iter().map(|pair| pair.chosen.len()).sum() }
    }
}

/// How pairs are scored, and what their loss is.
struct Rule<'a> {
    losses: &'a [(PreferenceLoss, f64)],
    beta: Positive,
    tail_weight: Option<Fraction>,
    activations: Activations,
}

impl Rule<'_> {
    /// Policy and reference side by side; losses that have no use for a reference get the policy's own scores.
    fn compare(&self, model: &VlModel, given: Given) -> Result<(PreferenceBatch, Scores), Failure> {
        let policy = self.score(model, &given, self.activations)?;
        let reference = match &given.reference {
            Some(reference) => self.score(reference, &given, Activations::Kept)?.pairs,
            None => policy.pairs.clone(),
        };
        Ok((PreferenceBatch::new(policy.pairs.clone(), reference)?, policy))
    }

    /// The losses of these pairs, as their share of the whole step's.
    fn loss(&self, batch: &PreferenceBatch, chosen: Tensor<1>, whole: Whole) -> Result<Tensor<1>, Failure> {
        let mut loss = Tensor::zeros([1], &chosen.device());
        for (kind, weight) in self.losses {
            let term = match kind.of(batch, self.beta) {
                Some(loss_p) => mean_over_rows(loss_p, whole.pairs),
                None => chosen_nll(chosen.clone(), whole.chosen_tokens)?,
            };
            loss = loss + term * *weight;
        }
        Ok(loss)
    }

    fn score(&self, model: &VlModel, given: &Given, activations: Activations) -> Result<Scores, Failure> {
        let pairs = given.pairs;
        let completions: Vec<[&[u32]; 2]> =
            pairs.iter().map(|pair| [pair.chosen.as_slice(), &pair.rejected]).collect();
        let items: Vec<Scored> = pairs
            .iter()
            .zip(&completions)
            .zip(&given.features)
            .map(|((pair, completions), features)| {
                Scored::group(&pair.prompt, completions).with_features(features.as_deref())
            })
            .collect();
        let (scores, tape) = model.score_on_tape(&items, &Scoring::default(), activations)?;
        let flat = scores.log_probs;
        let rows = PackedRows::new(completions.iter().flatten().map(|completion| completion.len()));
        let shared: Vec<usize> =
            pairs.iter().map(|pair| pair.chosen.len().min(pair.rejected.len())).collect();
        let side = |first: usize| -> Result<SequenceScores, Failure> {
            let rows = rows.every(first, 2);
            let mask = rows.mask().to_device(&model.device());
            let logp_pt = rows.grid(flat.clone());
            Ok(match self.tail_weight {
                Some(alpha) => SequenceScores::length_desensitised(logp_pt, &mask, &shared, alpha)?,
                None => SequenceScores::new(logp_pt, &mask)?,
            })
        };
        let sides = PairScores::new(side(0)?, side(1)?)?;
        let chosen = rows.every(0, 2);
        let parts = chosen.ranges().iter().map(|range| flat.clone().slice([range.clone()]));
        Ok(Scores { pairs: sides, chosen_logp: Tensor::cat(parts.collect(), 0), tape })
    }
}

fn tokens_of(pair: &Pair) -> usize {
    pair.prompt.tokens.len() + pair.chosen.len() + pair.rejected.len()
}

/// −(1/N) Σ log p over the chosen tokens of the whole step.
fn chosen_nll(logp: Tensor<1>, tokens: usize) -> Result<Tensor<1>, Failure> {
    let row = PackedRows::new([logp.dims()[0]]);
    let mask = row.mask().to_device(&logp.device());
    let denominator = Denominator::tokens(Positive::new(tokens as f64)?);
    Ok(aggregate(supervised::nll(row.grid(logp), &mask)?, &mask, denominator)?)
}
