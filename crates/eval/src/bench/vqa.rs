//! Questions with the answers of ten annotators: OK-VQA (Marino et al., 2019) and VQAv2 (Goyal et al., 2017).

use datasets::Record;

use super::{Benchmark, Official, facets};
use crate::EvalSampling;
use crate::judge::{AnswerKey, Judge, Stemming, VqaAnnotators, VqaJudge, VqaReply};
use crate::prediction::Prediction;
use crate::question::{Question, QuestionError};
use crate::stats::mean;

/// One of the benchmarks.
pub(super) struct VqaBench {
    name: &'static str,
    stemming: Stemming,
}

impl VqaBench {
    pub(super) const OK_VQA: Self = Self { name: "okvqa", stemming: Stemming::None };
    pub(super) const OK_VQA_STEMMED: Self = Self { name: "okvqa-stemmed", stemming: Stemming::Porter };
    pub(super) const VQA_V2: Self = Self { name: "vqav2", stemming: Stemming::None };
}

const SUFFIX: &str = "\nAnswer the question using a single word or phrase.";

impl Benchmark for VqaBench {
    fn name(&self) -> &str {
        self.name
    }

    fn prompt(&self) -> &str {
        "{question}\nAnswer the question using a single word or phrase."
    }

    fn judge(&self) -> Judge {
        Judge::Vqa(VqaJudge {
            normalise: VqaAnnotators::Always,
            stemming: self.stemming,
            reply: VqaReply::Whole,
        })
    }

    fn settings(&self) -> Vec<EvalSampling> {
        vec![EvalSampling::greedy(32)]
    }

    fn question(&self, record: Record) -> Result<Question, QuestionError> {
        let Record::Vqa(row) = record else {
            return Err(QuestionError::kind(self.name, &record, "a question with annotators' answers"));
        };
        if row.answers.is_empty() {
            return Err(QuestionError::new(self.name, &row.id, "no answers", "the annotators' answers"));
        }
        let fields = [("question_type", "question_type"), ("answer_type", "answer_type")];
        let mut facets = facets(&row.extra, &fields);
        for (_, name) in fields {
            facets.entry(name.to_owned()).or_insert_with(|| "other".to_owned());
        }
        let messages = vec![row.visuals.user_turn(row.question + SUFFIX)];
        Ok(Question {
            id: row.id,
            messages,
            visuals: row.visuals,
            key: AnswerKey::Answers(row.answers),
            facets,
        })
    }

    /// The mean rounded as published: 100·mean to two decimals, as a fraction.
    fn official(&self, predictions: &[Prediction]) -> Official {
        let mut official = Official::default();
        official.put("overall", mean(&predictions.iter().map(|p| p.score).collect::<Vec<_>>()).map(rounded));
        let short = |p: &&Prediction| matches!(&p.key, AnswerKey::Answers(answers) if answers.len() != 10);
        let others = predictions.iter().filter(short).count();
        if others > 0 {
            let note =
                "questions have another number of answers than 10; a single answer scores 0 by the formula";
            official.notes.push(format!("{others} {note}"));
        }
        official
    }
}

/// 100·x rounded to two decimals, divided by 100.
fn rounded(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}
