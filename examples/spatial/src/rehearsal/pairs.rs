//! The checks of the second stage.

use super::Stage;
use super::report::{Report, Status};
use super::supervised::sequence_length;
use burn::tensor::Tensor;
use datasets::{Preference, Record};
use lora::LoraConfig;
use recipe::DpoSettings;
use rl_algos::preference::{PairScores, PreferenceBatch, SequenceScores, sigmoid};
use rl_algos::{Fraction, Mask, Positive};
use trainer::data::Examples;
use trainer::engine::Failure;
use trainer::methods::Pair;
use trainer::session::Pairs;
use vlm_model::{Scoring, VlModel};
use vlm_processor::{Content, Message, SpecialTokens};

impl Stage {
    pub(super) fn check_pairs(&self, dpo: &DpoSettings, records: &[Record], report: &mut Report) {
        let pairs: Vec<Preference> =
            records.iter().filter_map(|record| record.clone().into_preference().ok()).collect();
        let all = pairs.len() == records.len() && !pairs.is_empty();
        let message = format!("{} of {} rows have prompt, chosen and rejected", pairs.len(), records.len());
        report.demand("columns", all, Status::Fail, message);
        let same = pairs.iter().filter(|pair| pair.chosen == pair.rejected).count();
        report.demand(
            "preference_distinctness",
            same == 0,
            Status::Fail,
            format!("{same} pairs of equal answers"),
        );
        if report.passes() {
            let empty =
                pairs.iter().filter(|pair| is_empty(&pair.chosen) || is_empty(&pair.rejected)).count();
            report.demand(
                "preference_completeness",
                empty == 0,
                Status::Fail,
                format!("{empty} pairs lack an answer"),
            );
        }
        let rows = Pairs(self.rows.clone());
        let length = |row| {
            rows.get(row).ok().map(|pair| pair.prompt.ids.len() + pair.chosen.len().max(pair.rejected.len()))
        };
        let lengths: Vec<usize> = (0..rows.epoch_len()).filter_map(length).collect();
        sequence_length("sequence_lengths", &lengths, (dpo.max_length.map(recipe::Count::get), 0.3), report);
        let batch: Result<Vec<Pair>, Failure> = (0..self.first).map(|row| rows.get(row)).collect();
        match batch {
            Err(error) => report.note("batch_output", Status::Fail, error.to_string()),
            Ok(batch) => {
                report.note(
                    "batch_output",
                    Status::Ok,
                    format!("{} pairs, each with one prompt", batch.len()),
                );
                if let Some(pair) = batch.first() {
                    report.prompt =
                        self.decode(&[&pair.prompt.ids[..], &pair.chosen].concat(), SpecialTokens::Keep);
                    self.check_first_loss(pair, dpo, report);
                }
            }
        }
        let beta = dpo.beta.get();
        report.demand("dpo_beta", (0.01..=1.0).contains(&beta), Status::Warn, format!("{beta}"));
    }

    /// Before the first step policy and reference are one: −ln σ(0) = ln 2.
    fn check_first_loss(&self, pair: &Pair, dpo: &DpoSettings, report: &mut Report) {
        match self.first_loss(pair, dpo) {
            Ok(loss) => {
                let right = (loss - std::f64::consts::LN_2).abs() <= 1e-3;
                report.demand("zero_step_loss", right, Status::Fail, format!("{loss:.6}, expected ln 2"));
            }
            Err(error) => report.note("zero_step_loss", Status::Fail, error.to_string()),
        }
    }

    fn first_loss(&self, pair: &Pair, dpo: &DpoSettings) -> Result<f64, Failure> {
        let mut policy = self.model.clone();
        lora::attach(&mut policy, &LoraConfig::default())?;
        let reference = policy.without_adapters();
        let batch = PreferenceBatch::new(scores(&policy, pair)?, scores(&reference, pair)?)?;
        let loss = sigmoid(&batch, Positive::new(dpo.beta.get())?, Fraction::new(dpo.label_smoothing.get())?);
        Ok(loss.into_scalar::<f64>())
    }
}

/// Log-probabilities of both answers of a pair.
fn scores(model: &VlModel, pair: &Pair) -> Result<PairScores, Failure> {
    let side = |answer: &[u32]| -> Result<SequenceScores, Failure> {
        let found = model.score(&pair.prompt, &[answer], &Scoring::default())?.log_probs;
        let logp: Tensor<2> = found.reshape([1, answer.len()]);
        let mask = Mask::from_lengths(&[answer.len()], answer.len())?.to_device(&model.device());
        Ok(SequenceScores::new(logp, &mask)?)
    };
    Ok(PairScores::new(side(&pair.chosen)?, side(&pair.rejected)?)?)
}

fn is_empty(answer: &[Message]) -> bool {
    answer.iter().all(|message| match &message.content {
        Content::Text(text) => text.trim().is_empty(),
        Content::Parts(parts) => parts.is_empty(),
    })
}
