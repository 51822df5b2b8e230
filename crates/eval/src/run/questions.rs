//! Rows to questions.

use std::collections::{BTreeMap, HashMap};

use datasets::Source;

use super::{RunError, RunOptions};
use crate::bench::Benchmark;
use crate::question::Question;

/// Which questions are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limit {
    /// All.
    #[default]
    All,
    /// The first so many.
    First(usize),
    /// So many, spread evenly over the combinations of categories: the first of each, then the second of each.
    Spread(usize),
}

/// What happens with rows that are no questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BadRows {
    /// The run stops at the first.
    #[default]
    Stop,
    /// They are left out, counted and listed; more than one in a hundred stop the run.
    Skip,
}

/// Bad rows that are listed by name.
const LISTED: usize = 20;

/// The questions to ask, and notes about the rows that are none.
pub(super) fn gather(
    benchmark: &dyn Benchmark,
    source: &dyn Source,
    options: &RunOptions,
) -> Result<(Vec<Question>, Vec<String>), RunError> {
    let enough = match options.limit {
        Limit::First(count) => count,
        Limit::All | Limit::Spread(_) => usize::MAX,
    };
    let (mut questions, mut bad) = (Vec::new(), Vec::<String>::new());
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut rows = 0;
    for record in datasets::in_order(source) {
        if questions.len() >= enough {
            break;
        }
        let question = record.map_err(RunError::from).and_then(|record| Ok(benchmark.question(record)?));
        match question {
            Ok(question) => {
                if let Some(first) = places.insert(question.id.clone(), rows) {
                    return Err(RunError::RepeatedId { id: question.id, first, second: rows });
                }
                questions.push(question);
            }
            Err(error) if options.bad_rows == BadRows::Stop => return Err(error),
            Err(error) => bad.push(error.to_string()),
        }
        rows += 1;
    }
    if bad.len() > rows.div_ceil(100) {
        return Err(RunError::TooManyBadRows { bad: bad.len(), rows, first: bad.swap_remove(0) });
    }
    if questions.is_empty() {
        return Err(RunError::NoQuestions);
    }
    if let Limit::Spread(count) = options.limit {
        questions = spread(questions, count);
    }
    Ok((questions, notes(&bad, rows)))
}

fn notes(bad: &[String], rows: usize) -> Vec<String> {
    let count = (!bad.is_empty()).then(|| format!("{} of {rows} rows were left out", bad.len()));
    count.into_iter().chain(bad.iter().take(LISTED).cloned()).collect()
}

/// `count` questions, taken in turn from every combination of categories, in the order of the data.
fn spread(questions: Vec<Question>, count: usize) -> Vec<Question> {
    let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (at, question) in questions.iter().enumerate() {
        groups.entry(question.facets.clone()).or_default().push(at);
    }
    let longest = groups.values().map(Vec::len).max().unwrap_or(0);
    let turns = (0..longest).flat_map(|turn| groups.values().filter_map(move |group| group.get(turn)));
    let mut chosen: Vec<usize> = turns.copied().take(count).collect();
    chosen.sort_unstable();
    let mut chosen = chosen.into_iter().peekable();
    let keep = |(at, question): (usize, Question)| chosen.next_if_eq(&at).map(|_| question);
    questions.into_iter().enumerate().filter_map(keep).collect()
}
