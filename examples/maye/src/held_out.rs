//! Validation and test problems: how they are asked, and how answers are judged.

use datasets::{Extra, GroundTruth, OpenOptions, in_order};
use eval::judge::AnswerKey;
use eval::{EvalSampling, Question, Respond};
use recipe::{DatasetSettings, JudgeTolerance, Method, Recipe};
use rewards::{BoxedJudge, JudgeMode};
use trainer::engine::Failure;
use vlm_processor::Role;

/// A problem that is asked.
pub struct Problem {
    /// What the model sees.
    pub question: Question,
    /// The solution that answers are judged against.
    pub gold: String,
    /// The other fields of the row, for eval files.
    pub fields: Extra,
}

/// A set of problems.
pub struct HeldOut {
    /// `Validation` or `Test`, as keys and file names say it.
    pub name: &'static str,
    /// The problems.
    pub questions: Vec<Problem>,
    judge: BoxedJudge,
}

/// What became of a problem.
pub struct Verdict {
    /// Whether one of the replies is right.
    pub solved: bool,
    /// What the model wrote.
    pub replies: Vec<String>,
}

/// What became of the problems of a set, in their order.
#[derive(Default)]
pub struct Verdicts(pub Vec<Verdict>);

impl HeldOut {
    /// The sets of a recipe: the first file of `eval_dataset` is for validation, the second for the test.
    pub fn of(recipe: &Recipe) -> Result<Vec<Self>, Box<dyn std::error::Error>> {
        let files = recipe.data.eval_dataset.as_deref().unwrap_or_default();
        if files.len() > 2 {
            let found = files.len();
            return Err(format!(
                "eval_dataset: found {found} files, expected the validation set and the test set"
            )
            .into());
        }
        let named = ["Validation", "Test"].into_iter().zip(files);
        named.map(|(name, file)| Self::open(name, file, recipe)).collect()
    }

    /// The problems of a file, asked as the recipe asks.
    pub fn open(
        name: &'static str,
        file: &DatasetSettings,
        recipe: &Recipe,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let options = OpenOptions {
            format: file.format.parse()?,
            images: file.images.clone(),
            split: file.split.clone(),
            max_samples: file.max_samples.map(|samples| samples.get() as u64),
        };
        let source = datasets::open(&file.path, &options)?;
        let suffix = recipe.data.prompt_suffix.as_deref();
        let questions = in_order(&*source).map(|row| problem(row?, suffix)).collect::<Result<_, Failure>>();
        let questions = questions.map_err(|error| error.to_string())?;
        let strict = match &recipe.method {
            Method::Reinforce(reinforce) => reinforce.judge_mode == JudgeTolerance::Strict,
            _ => false,
        };
        let mode = if strict { JudgeMode::Strict } else { JudgeMode::Tolerant };
        Ok(Self { name, questions, judge: BoxedJudge::new(mode) })
    }
}

fn problem(row: datasets::Record, suffix: Option<&str>) -> Result<Problem, Failure> {
    let mut row = row.into_rl_prompt()?;
    if let (Some(suffix), Some(turn)) = (suffix, row.prompt.iter_mut().rfind(|turn| turn.role == Role::User))
    {
        turn.append(suffix);
    }
    let gold = match row.ground_truth {
        Some(GroundTruth::Text(text)) => text,
        _ => return Err(format!("row {:?}: found no solution, expected one to judge by", row.id).into()),
    };
    let question = Question {
        id: row.id,
        messages: row.prompt,
        visuals: row.visuals,
        key: AnswerKey::Text(gold.clone()),
        facets: Default::default(),
    };
    Ok(Problem { question, gold, fields: row.extra })
}

impl Verdicts {
    /// Asks some problems k times each: a problem is solved if any reply is right.
    pub fn add(
        &mut self,
        set: &HeldOut,
        problems: &[Problem],
        respond: &mut dyn Respond,
        setting: &EvalSampling,
    ) -> Result<(), Failure> {
        let questions: Vec<Question> = problems.iter().map(|problem| problem.question.clone()).collect();
        let answers = respond.respond(&questions, setting)?;
        for (problem, answers) in problems.iter().zip(answers) {
            let replies: Vec<String> = answers.into_iter().map(|answer| answer.text).collect();
            let right = |reply: &String| set.judge.judge(reply, &problem.gold).value() == Some(1.0);
            let solved = replies.iter().take(setting.pass_at).any(right);
            self.0.push(Verdict { solved, replies });
        }
        Ok(())
    }

    /// Solved problems out of all.
    pub fn accuracy(&self) -> f64 {
        let solved = self.0.iter().filter(|verdict| verdict.solved).count();
        solved as f64 / self.0.len().max(1) as f64
    }
}
