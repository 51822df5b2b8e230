//! Records made ready for a step: text rendered and tokenised, pictures cut into patches.

use super::UnusableRow;
use crate::data::Examples;
use crate::engine::Failure;
use crate::methods::Pair;
use crate::online::Task;
use datasets::{Cursor, GroundTruth, Mix, Record, RlPrompt};
use recipe::Overlong;
use rewards::{Gold, RewardSet, Sample};
use std::sync::Arc;
use vlm_processor::{Content, LabelledPrompt, Message, Part, Processor, Role, Row, SpanEnd};

/// Records with the processor that prepares them.
#[derive(Clone)]
pub struct Prepared {
    mix: Arc<Mix>,
    processor: Arc<Processor>,
    /// Longest sequence in tokens, where there is a limit.
    longest: Option<usize>,
    /// What is put behind the last user turn.
    suffix: Option<Arc<str>>,
    overlong: Overlong,
    hints: Hints,
    /// What completions are judged by; a row that none of it can judge by is of no use.
    rewards: Option<Arc<RewardSet>>,
}

/// Whether prompts say what form their answer has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hints {
    /// Prompts are as their rows have them.
    #[default]
    None,
    /// A last line says it, by the row's task.
    ByTask,
}

impl Prepared {
    /// Prepares every record of `mix` when it is asked for.
    pub fn new(mix: Arc<Mix>, processor: Arc<Processor>, longest: Option<usize>) -> Self {
        Self {
            mix,
            processor,
            longest,
            suffix: None,
            overlong: Overlong::Refuse,
            hints: Hints::None,
            rewards: None,
        }
    }

    /// The same, with text behind the last user turn of every row.
    #[must_use]
    pub fn with_suffix(self, suffix: Option<Arc<str>>) -> Self {
        Self { suffix, ..self }
    }

    /// With another rule for rows beyond the limit.
    #[must_use]
    pub fn overlong(self, overlong: Overlong) -> Self {
        Self { overlong, ..self }
    }

    /// With prompts that say what form their answer has.
    #[must_use]
    pub fn hints(self, hints: Hints) -> Self {
        Self { hints, ..self }
    }

    /// For completions that these rewards judge: prompts whose answers they cannot judge by are refused.
    #[must_use]
    pub fn judged_by(self, rewards: Arc<RewardSet>) -> Self {
        Self { rewards: Some(rewards), ..self }
    }

    /// What `make` makes of the record at a position of the endless sequence; whatever is wrong is told with the row's
    /// place.
    fn made<T>(&self, position: u64, make: impl FnOnce(Record) -> Result<T, Failure>) -> Result<T, Failure> {
        let rows = self.mix.epoch_len();
        let at = Cursor { epoch: position / rows, position: position % rows };
        make(self.mix.get(at)?).map_err(|problem| match self.mix.place(at) {
            Some(place) => UnusableRow { place, problem }.into(),
            None => problem,
        })
    }

    /// The turns with the suffix.
    fn asked(&self, mut turns: Vec<Message>) -> Vec<Message> {
        if let (Some(suffix), Some(turn)) =
            (&self.suffix, turns.iter_mut().rfind(|turn| turn.role == Role::User))
        {
            turn.append(suffix);
        }
        turns
    }

    fn fits(&self, id: &str, tokens: usize) -> Result<(), Failure> {
        match self.longest {
            Some(longest) if tokens > longest => Err(format!(
                "row {id:?}: has {tokens} tokens, expected at most {longest}; raise the limit in the recipe, lower \
                 max_pixels, or remove the row"
            )
            .into()),
            _ => Ok(()),
        }
    }
}

/// Conversations whose assistant turns are learned.
pub struct Conversations(pub Prepared, pub Labels);

/// Which tokens of a conversation are labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Labels {
    /// What the assistant writes.
    #[default]
    Assistant,
    /// Every text token.
    Everything,
}

impl Labels {
    /// What a recipe's `sft` section learns.
    pub fn of(sft: &recipe::SftSettings) -> Self {
        if sft.assistant_only_loss { Self::Assistant } else { Self::Everything }
    }
}

impl Examples for Conversations {
    type Item = LabelledPrompt;

    fn epoch_len(&self) -> u64 {
        self.0.mix.epoch_len()
    }

    fn get(&self, position: u64) -> Result<LabelledPrompt, Failure> {
        self.0.made(position, |record| self.ready(record))
    }
}

impl Conversations {
    fn ready(&self, record: Record) -> Result<LabelledPrompt, Failure> {
        let mut record = record.into_instruction()?;
        record.messages = self.0.asked(record.messages);
        let mut labelled =
            self.0.processor.prepare_labelled_from(&record.row(), &record.visuals, SpanEnd::WholeTurn)?;
        if let (Overlong::Cut, Some(longest)) = (self.0.overlong, self.0.longest) {
            cut_answer(&mut labelled, longest);
        }
        self.0.fits(&record.id, labelled.prompt.tokens.len())?;
        if self.1 == Labels::Everything {
            labelled.spans = text_spans(&labelled.prompt.tokens);
        }
        if labelled.spans.iter().all(std::ops::Range::is_empty) {
            return Err(format!(
                "row {:?}: found no text of the assistant, expected some to learn",
                record.id
            )
            .into());
        }
        Ok(labelled)
    }
}

/// Cuts what is beyond `longest` tokens, where all of it belongs to the last answer.
fn cut_answer(labelled: &mut LabelledPrompt, longest: usize) {
    let Some(last) = labelled.spans.last_mut() else { return };
    if last.start < longest && labelled.prompt.tokens.len() > longest {
        last.end = last.end.min(longest);
        labelled.prompt = labelled.prompt.prefix(longest);
    }
}

/// Runs of text tokens, the first token left out: nothing predicts it.
fn text_spans(tokens: &[vlm_processor::Token]) -> Vec<std::ops::Range<usize>> {
    let mut spans: Vec<std::ops::Range<usize>> = Vec::new();
    for (index, token) in tokens.iter().enumerate().skip(1) {
        if matches!(token, vlm_processor::Token::Text(_)) {
            match spans.last_mut() {
                Some(span) if span.end == index => span.end += 1,
                _ => spans.push(index..index + 1),
            }
        }
    }
    spans
}

/// Pairs of answers.
pub struct Pairs(pub Prepared);

impl Examples for Pairs {
    type Item = Pair;

    fn epoch_len(&self) -> u64 {
        self.0.mix.epoch_len()
    }

    fn get(&self, position: u64) -> Result<Pair, Failure> {
        self.0.made(position, |record| self.ready(record))
    }
}

impl Pairs {
    fn ready(&self, record: Record) -> Result<Pair, Failure> {
        let mut record = record.into_preference()?;
        record.prompt = self.0.asked(record.prompt);
        let processor = &self.0.processor;
        let labelled = |row: Row| processor.prepare_labelled_from(&row, &record.visuals, SpanEnd::WholeTurn);
        let chosen = labelled(record.chosen_row())?;
        let rejected = labelled(record.rejected_row())?;
        let mut pair = pair(&chosen, &rejected).ok_or_else(|| {
            let problem = "the two answers do not follow the same tokens, expected one prompt and then two assistant turns";
            format!("row {:?}: {problem}", record.id)
        })?;
        let prompt = pair.prompt.tokens.len();
        if let (Overlong::Cut, Some(longest)) = (self.0.overlong, self.0.longest) {
            let room = longest.saturating_sub(prompt).max(1);
            pair.chosen.truncate(room);
            pair.rejected.truncate(room);
        }
        self.0.fits(&record.id, prompt + pair.chosen.len().max(pair.rejected.len()))?;
        Ok(pair)
    }
}

/// Splits two conversations into what they share, up to the last assistant turn, and what each answers.
fn pair(chosen: &LabelledPrompt, rejected: &LabelledPrompt) -> Option<Pair> {
    let (start, other) = (chosen.spans.last()?.start, rejected.spans.last()?.start);
    let shared = start == other && chosen.prompt.ids[..start] == rejected.prompt.ids[..start];
    let answer = |conversation: &LabelledPrompt| {
        let end = conversation.spans.last().map_or(start, |span| span.end);
        conversation.prompt.ids[start..end].to_vec()
    };
    let (better, worse) = (answer(chosen), answer(rejected));
    (shared && !better.is_empty() && !worse.is_empty()).then(|| Pair {
        prompt: chosen.prompt.prefix(start),
        chosen: better,
        rejected: worse,
    })
}

/// Prompts with right answers.
pub struct Tasks(pub Prepared);

impl Examples for Tasks {
    type Item = Task;

    fn epoch_len(&self) -> u64 {
        self.0.mix.epoch_len()
    }

    fn get(&self, position: u64) -> Result<Task, Failure> {
        self.0.made(position, |record| self.ready(record))
    }
}

impl Tasks {
    fn ready(&self, record: Record) -> Result<Task, Failure> {
        let mut record = record.into_rl_prompt()?;
        let sample = sample(&record);
        if let Some(rewards) = &self.0.rewards {
            rewards.accepts(&sample).map_err(|unfit| format!("row {:?}: {unfit}", record.id))?;
        }
        record.prompt = self.0.asked(record.prompt);
        if self.0.hints == Hints::ByTask {
            add_hint(&mut record.prompt, sample.task);
        }
        let prompt = self.0.processor.prepare_from(&record.row(), &record.visuals)?;
        self.0.fits(&record.id, prompt.tokens.len())?;
        let images = record.visuals.images.iter().map(ToString::to_string).collect();
        Ok(Task::new(record.id, prompt, sample, images))
    }
}

/// Ends the last message with a line about the form of its answer.
fn add_hint(prompt: &mut [Message], task: rewards::Task) {
    let hint = match task {
        rewards::Task::Spatial => "\nAnswer in one short sentence.",
        rewards::Task::Counting => "\nAnswer with a single number.",
        rewards::Task::Distance => "\nAnswer with a number and its unit.",
    };
    let Some(message) = prompt.last_mut() else { return };
    match &mut message.content {
        Content::Text(text) => text.push_str(hint),
        Content::Parts(parts) => match parts.iter_mut().rev().find_map(|part| match part {
            Part::Text(text) => Some(text),
            _ => None,
        }) {
            Some(text) => text.push_str(hint),
            None => parts.push(Part::Text(hint.trim_start().to_owned())),
        },
    }
}

/// What rewards are told of a row.
pub fn sample(record: &RlPrompt) -> Sample {
    let gold = match &record.ground_truth {
        None => Gold::Missing,
        Some(GroundTruth::Text(text)) => Gold::Text(text.clone()),
        Some(GroundTruth::Answers(answers)) => Gold::Answers(answers.clone()),
    };
    let task = match record.task.as_deref() {
        Some("counting" | "count") => rewards::Task::Counting,
        Some("distance") => rewards::Task::Distance,
        _ => rewards::Task::Spatial,
    };
    let question = record.prompt.iter().find(|message| message.role == Role::User).map(text_of);
    Sample { question: question.unwrap_or_default(), gold, task }
}

fn text_of(message: &Message) -> String {
    match &message.content {
        Content::Text(text) => text.clone(),
        Content::Parts(parts) => parts
            .iter()
            .filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None })
            .collect(),
    }
}
