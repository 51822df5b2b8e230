//! Runs of the same kind.

use std::collections::BTreeSet;

use super::run::Run;

/// Runs that repeat each other.
pub(super) struct Family<'r> {
    /// Its name; none where there is one family only.
    pub name: Option<String>,
    /// Its runs.
    pub runs: Vec<&'r Run>,
}

impl Family<'_> {
    /// The name of one of its lines.
    pub(super) fn line(&self, name: &str) -> String {
        self.name.as_ref().map_or_else(|| name.to_owned(), |family| format!("{family}: {name}"))
    }
}

/// Metrics that are logged when something happens, which need not happen in every repetition.
const NOW_AND_THEN: [&str; 2] = ["skipped", "replaced"];

/// Runs that logged the same metrics are repetitions of each other; others are stages of a longer story, and a mean over
/// them would mean nothing.
pub(super) fn families<'r>(runs: impl Iterator<Item = &'r Run>) -> Vec<Family<'r>> {
    let mut found: Vec<(BTreeSet<&str>, Vec<&Run>)> = Vec::new();
    for run in runs {
        let always = |key: &&str| !NOW_AND_THEN.iter().any(|part| key.contains(part));
        let keys: BTreeSet<&str> = run.keys.iter().map(String::as_str).filter(always).collect();
        match found.iter_mut().find(|(known, _)| *known == keys) {
            Some((_, family)) => family.push(run),
            None => found.push((keys, vec![run])),
        }
    }
    let several = found.len() > 1;
    let named = |(_, runs): (_, Vec<&'r Run>)| Family { name: several.then(|| name(&runs)), runs };
    found.into_iter().map(named).collect()
}

/// The runs' own name where they share one.
fn name(runs: &[&Run]) -> String {
    match runs {
        [] => String::new(),
        [first, rest @ ..] if rest.iter().all(|run| run.name == first.name) => first.name.clone(),
        [first, rest @ ..] => format!("{} and {} more", first.name, rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::run::tests::run_of;

    fn named(name: &str, metrics: &[(&str, f64)]) -> Run {
        Run { name: name.into(), ..run_of(metrics) }
    }

    #[test]
    fn repetitions_log_the_same_metrics() {
        let runs = [
            named("sft", &[("loss", 1.0)]),
            named("one", &[("loss", 2.0), ("kl", 0.1)]),
            named("two", &[("loss", 4.0), ("kl", 0.3), ("skipped_steps", 1.0)]),
        ];
        let found = families(runs.iter());
        let names: Vec<_> = found.iter().map(|family| family.line("loss")).collect();
        assert_eq!(names, ["sft: loss", "one and 1 more: loss"]);
        assert_eq!(families(runs[1..].iter())[0].line("loss"), "loss");
    }

    #[test]
    fn repetitions_of_one_name_keep_it() {
        let runs = [named("sft", &[("a", 1.0)]), named("rl", &[("b", 1.0)]), named("rl", &[("b", 2.0)])];
        assert_eq!(families(runs.iter())[1].line("b"), "rl: b");
    }
}
