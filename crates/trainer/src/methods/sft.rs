//! Supervised fine-tuning.

use crate::data::{HeldOut, Stream};
use crate::dropout::Draws;
use crate::engine::{BadInput, Failure, FileError, Files, Losses, Method, Step};
use crate::methods::{Batch, record, take, tell_skipped};
use crate::packed::PackedRows;
use crate::shares::shares;
use crate::sight::Sight;
use burn::module::Module;
use burn::tensor::Tensor;
use fused_ops::ChosenLogProbs;
use journal::EvalRecord;
use rl_algos::{Denominator, Positive, aggregate, supervised};
use vlm_model::{Activations, Scored, Scoring, Tape, VlModel};
use vlm_processor::LabelledPrompt;

/// The loss of a label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SupervisedLoss {
    /// −ℓ.
    #[default]
    Nll,
    /// −sg(e^ℓ)·ℓ: dynamic fine-tuning.
    Dft,
}

/// Teaches a model to write what the assistant wrote:
///
/// L = −(1/N) Σ log p(yₜ | y₍<ₜ₎) over the N labels of the whole step, however it is split.
pub struct Sft {
    /// Conversations.
    pub data: Stream<LabelledPrompt>,
    /// Rows of a step.
    pub batch: Batch,
    /// Fills micro-batches with as many rows as fit into so many tokens, instead of a number of rows.
    pub packing: Option<usize>,
    /// The loss of a label.
    pub loss: SupervisedLoss,
    /// How pictures are looked at.
    pub sight: Sight,
    /// What a pass keeps for its gradient.
    pub activations: Activations,
    /// Conversations to measure on.
    pub held_out: HeldOut<LabelledPrompt>,
}

const CURSOR: &str = "sft.json";

impl Method<VlModel> for Sft {
    fn step(&mut self, model: &VlModel, step: &mut Step) -> Result<(), Failure> {
        let parts = self.parts(step)?;
        let labels: usize = parts.iter().flatten().map(labels_of).sum();
        let denominator = Denominator::tokens(Positive::new(labels as f64)?);
        let mut passes = 0;
        for part in &parts {
            let mut given = Vec::new();
            for rows in shares(model, &model.device(), part, tokens_of) {
                given.push((rows, self.features(model, rows)?, Draws::of(step, passes)));
                passes += 1;
            }
            let (loss, activations) = (self.loss, self.activations);
            let learn = |model: &VlModel, (rows, features, draws): Given, losses: &mut Losses| {
                let (scores, tape) = score(&draws.dropping(model), rows, &features, activations)?;
                let (counted, entropy) = (scores.log_probs.dims()[0], scores.entropy);
                let loss = loss.mean(scores.log_probs, denominator)?;
                losses.backward_through(model, &loss, |above, found| tape.backward(above, found));
                Ok((entropy.inner().mean().into_scalar::<f64>(), counted as f64))
            };
            for (entropy, labels) in step.side_by_side(model, given, learn)? {
                step.metrics().weighted("entropy", entropy, labels);
            }
        }
        let tokens: usize = parts.iter().flatten().map(tokens_of).sum();
        step.metrics().count("tokens", tokens as f64);
        Ok(())
    }

    /// The loss of a label on held-out conversations, and its perplexity.
    fn evaluate(&mut self, model: &VlModel, step: u64) -> Result<Option<EvalRecord>, Failure> {
        let Some((examples, most)) = self.held_out.clone() else { return Ok(None) };
        let model = model.valid();
        let (mut sum, mut labels) = (0.0, 0);
        for index in 0..most {
            let row = examples.get(index).map_err(BadInput)?;
            let rows = std::slice::from_ref(&row);
            let (scores, _) = score(&model, rows, &self.features(&model, rows)?, Activations::Kept)?;
            sum -= scores.log_probs.sum().into_scalar::<f64>();
            labels += labels_of(&row);
        }
        let loss = sum / labels.max(1) as f64;
        let metrics = [("eval_loss", loss), ("eval_perplexity", loss.exp())];
        Ok(Some(record(step, "sft", &metrics)))
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

impl Sft {
    /// The rows of a step, micro-batch by micro-batch.
    fn parts(&mut self, step: &mut Step) -> Result<Vec<Vec<LabelledPrompt>>, Failure> {
        let Some(budget) = self.packing else {
            let mut rows = take(&mut self.data, self.batch.rows(), step)?.into_iter();
            let part = |_| rows.by_ref().take(self.batch.micro).collect();
            let parts = (0..self.batch.accumulation).map(part);
            return Ok(parts.take_while(|part: &Vec<_>| !part.is_empty()).collect());
        };
        let mut packs = Vec::new();
        while packs.len() < self.batch.accumulation && (packs.is_empty() || !self.data.is_between_epochs()) {
            packs.push(self.pack(budget)?);
        }
        tell_skipped(&mut self.data, step);
        Ok(packs)
    }

    /// Rows of one epoch that together have at most `budget` tokens; one at least.
    fn pack(&mut self, budget: usize) -> Result<Vec<LabelledPrompt>, Failure> {
        let (mut pack, mut tokens) = (Vec::new(), 0);
        while pack.is_empty() || !self.data.is_between_epochs() {
            for (position, row) in self.data.take_placed(1)? {
                tokens += tokens_of(&row);
                if tokens > budget && !pack.is_empty() {
                    self.data.give_back(position, row);
                    return Ok(pack);
                }
                pack.push(row);
            }
        }
        Ok(pack)
    }

    /// Features of the rows' pictures, where they outlive a pass.
    fn features(&mut self, model: &VlModel, rows: &[LabelledPrompt]) -> Result<Features, Failure> {
        Ok(rows.iter().map(|row| self.sight.features(model, &row.prompt)).collect::<Result<_, _>>()?)
    }
}

impl SupervisedLoss {
    /// The loss of labels with these log-probabilities, as their share of the whole step's.
    fn mean(self, log_probs: Tensor<1>, denominator: Denominator) -> Result<Tensor<1>, Failure> {
        let row = PackedRows::new(log_probs.dims());
        let mask = row.mask().to_device(&log_probs.device());
        let logp_bt = row.grid(log_probs);
        let loss_bt = match self {
            Self::Nll => supervised::nll(logp_bt, &mask)?,
            Self::Dft => supervised::dft(logp_bt, &mask)?,
        };
        Ok(aggregate(loss_bt, &mask, denominator)?)
    }
}

/// Features of every row's pictures.
type Features = Vec<Option<Vec<Tensor<2>>>>;

/// What a share of a micro-batch goes through the network with.
type Given<'a> = (&'a [LabelledPrompt], Features, Draws);

fn score(
    model: &VlModel,
    rows: &[LabelledPrompt],
    features: &Features,
    activations: Activations,
) -> Result<(ChosenLogProbs, Tape), Failure> {
    let items: Vec<Scored> = rows
        .iter()
        .zip(features)
        .map(|(row, features)| Scored::spans(&row.prompt, &row.spans).with_features(features.as_deref()))
        .collect();
    Ok(model.score_on_tape(&items, &Scoring::default(), activations)?)
}

fn tokens_of(row: &LabelledPrompt) -> usize {
    row.prompt.tokens.len()
}

fn labels_of(row: &LabelledPrompt) -> usize {
    row.spans.iter().map(ExactSizeIterator::len).sum()
}
