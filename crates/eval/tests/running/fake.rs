//! Rows without files, and a model that says what it is told.

use datasets::{
    Description, Layout, Place, Position, Record, RowError, RowProblem, Source, SourceError, Visuals, Vqa,
};
use eval::judge::AnswerKey;
use eval::{EvalSampling, Finish, Question, Respond, RespondError, Response};

/// Rows in memory.
pub struct Rows(pub Vec<Record>);

impl Rows {
    /// Captions that are true and false in turn.
    pub fn vsr(count: usize) -> Self {
        let row = |at: usize| {
            let answer = if at.is_multiple_of(2) { "TRUE" } else { "FALSE" }.to_owned();
            let extra = [("relation".to_owned(), "left of".into())].into_iter().collect();
            let question = format!("Is it true that {}?", "very ".repeat((at * 7) % 5));
            let (id, answers, answer) = (at.to_string(), vec![answer.clone()], Some(answer));
            Record::Vqa(Vqa { id, question, answer, answers, visuals: Visuals::NONE, extra })
        };
        Self((0..count).map(row).collect())
    }

    fn change(mut self, change: impl Fn(usize, &mut Vqa)) -> Self {
        for (at, record) in self.0.iter_mut().enumerate() {
            if let Record::Vqa(row) = record {
                change(at, row);
            }
        }
        self
    }

    /// Relations in turn.
    pub fn with_relations(self, relations: &[&str]) -> Self {
        self.change(|at, row| {
            row.extra.insert("relation".to_owned(), relations[at % relations.len()].into());
        })
    }

    /// The last row has the id of another.
    pub fn repeating(self, id: &str) -> Self {
        let last = self.0.len() - 1;
        self.change(|at, row| {
            if at == last {
                row.id = id.to_owned();
            }
        })
    }

    /// One row keeps its answer back.
    pub fn unlabelled(self, index: usize) -> Self {
        self.change(|at, row| {
            if at == index {
                row.answer = None;
            }
        })
    }
}

impl Source for Rows {
    fn len(&self) -> Result<u64, SourceError> {
        Ok(self.0.len() as u64)
    }

    fn get(&self, index: u64) -> Result<Record, RowError> {
        let row = usize::try_from(index).ok().and_then(|at| self.0.get(at)).cloned();
        row.ok_or_else(|| past_end(index, self.0.len() as u64))
    }

    fn describe(&self) -> &Description {
        static DESCRIPTION: std::sync::OnceLock<Description> = std::sync::OnceLock::new();
        DESCRIPTION.get_or_init(|| Description {
            origin: "memory".to_owned(),
            container: "list".to_owned(),
            layout: Layout::Vsr,
            why: "invented".to_owned(),
        })
    }
}

fn past_end(index: u64, rows: u64) -> RowError {
    let place = Place { file: std::path::Path::new("memory").into(), position: Position::Row(index) };
    RowError { place, field: ".".to_owned(), problem: RowProblem::PastEnd { index, rows } }
}

/// What a fake model says.
#[derive(Clone)]
enum Says {
    Text(String),
    ById,
    Right,
    OnceTrue,
}

/// A model that needs no weights.
pub struct Fake {
    says: Says,
    finish: Finish,
    fails_on: Option<String>,
    stops_after: Option<usize>,
    /// Questions that were asked of it.
    pub asked: usize,
}

impl Fake {
    fn new(says: Says) -> Self {
        Self { says, finish: Finish::Stop, fails_on: None, stops_after: None, asked: 0 }
    }

    /// Always the same.
    pub fn saying(text: &str) -> Self {
        Self::new(Says::Text(text.to_owned()))
    }

    /// Something else for each question.
    pub fn by_id() -> Self {
        Self::new(Says::ById)
    }

    /// The right answer.
    pub fn right() -> Self {
        Self::new(Says::Right)
    }

    /// The right answer once among wrong ones.
    pub fn once_true() -> Self {
        Self::new(Says::OnceTrue)
    }

    /// Every answer ends like this.
    pub fn ending(self, finish: Finish) -> Self {
        Self { finish, ..self }
    }

    /// Fails where this question (any, for an empty id) is in the batch.
    pub fn failing_on(self, id: &str) -> Self {
        Self { fails_on: Some(id.to_owned()), ..self }
    }

    /// Dies after so many batches.
    pub fn stopping_after(self, batches: usize) -> Self {
        Self { stops_after: Some(batches), ..self }
    }

    fn text(&self, question: &Question, sample: usize) -> String {
        let truth = question.key == AnswerKey::Truth(true);
        match &self.says {
            Says::Text(text) => text.clone(),
            Says::ById => format!("{} is {}", question.id, question.id.len().is_multiple_of(2)),
            Says::Right => truth.to_string(),
            Says::OnceTrue => if sample == 5 { truth } else { !truth }.to_string(),
        }
    }
}

impl Respond for Fake {
    fn respond(
        &mut self,
        questions: &[Question],
        sampling: &EvalSampling,
    ) -> Result<Vec<Vec<Response>>, RespondError> {
        if let Some(left) = &mut self.stops_after {
            *left = left.checked_sub(1).expect("the power goes out");
        }
        if self.fails_on.as_ref().is_some_and(|id| id.is_empty() || questions.iter().any(|q| q.id == *id)) {
            return Err("the picture is damaged".into());
        }
        self.asked += questions.len();
        let response = |question: &Question, sample| Response {
            text: self.text(question, sample),
            tokens: 3,
            finish: self.finish,
        };
        let all =
            |question: &Question| (0..sampling.samples).map(|sample| response(question, sample)).collect();
        Ok(questions.iter().map(all).collect())
    }
}
