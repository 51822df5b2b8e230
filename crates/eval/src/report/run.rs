//! What the page needs to know about a run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use journal::{EvalRecord, MetricLine, RolloutRecord, RunFolder, read_evals, read_metrics};

use super::ReportError;
use crate::dynamics::epoch_curves;
use crate::result::Results;

/// Bytes of a configuration that are shown.
const MAX_CONFIG: u64 = 256 << 10;

/// A run folder, read.
pub(super) struct Run {
    pub name: String,
    /// The name, with as much of its place as tells it from other runs.
    pub label: String,
    pub root: PathBuf,
    pub config: Option<String>,
    pub metrics: Vec<MetricLine>,
    /// The names of everything that was logged.
    pub keys: BTreeSet<String>,
    /// Every rollout without its texts: a run has more of them than fit into memory or on a page.
    pub rollouts: Vec<RolloutRecord>,
    /// The rollouts of some prompts, whole, spread over training.
    pub shown: Vec<Vec<RolloutRecord>>,
    pub evals: Vec<EvalRecord>,
    /// What was measured after every epoch, by name.
    pub epochs: BTreeMap<String, Vec<(u64, f64)>>,
    /// Result files with their folders.
    pub results: Vec<(PathBuf, Results)>,
}

/// Prompts of a run that are shown.
const SHOWN: usize = 6;

impl Run {
    /// Reads whatever the folder holds; a run that has no rollouts, say, is a run without rollouts.
    pub(super) fn read(root: &Path) -> Result<Self, ReportError> {
        if !root.is_dir() {
            return Err(ReportError::NoFolder { path: root.to_owned() });
        }
        let path = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let name = path.file_name().unwrap_or(root.as_os_str()).to_string_lossy().into_owned();
        let rollouts = journal::rollouts(root)?.map(|record| Ok(without_texts(record?)));
        let rollouts = rollouts.collect::<Result<Vec<_>, ReportError>>()?;
        let evals = read_evals(root)?;
        let metrics = read_metrics(root)?;
        Ok(Self {
            label: name.clone(),
            name,
            root: root.to_owned(),
            config: config(&RunFolder::new(root).config()),
            keys: keys(&metrics),
            metrics,
            shown: shown(root, &rollouts)?,
            rollouts,
            epochs: epoch_curves(&evals),
            evals,
            results: Results::below(root)?,
        })
    }

    /// Whether the run was measured after epochs.
    pub(super) fn has_epochs(&self) -> bool {
        !self.epochs.is_empty()
    }

    /// Whether there is anything to show.
    pub(super) fn is_empty(&self) -> bool {
        self.metrics.is_empty()
            && self.rollouts.is_empty()
            && self.evals.is_empty()
            && self.results.is_empty()
    }
}

fn keys(metrics: &[MetricLine]) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for key in metrics.iter().flat_map(|line| line.values.keys()) {
        // A run logs the same names a thousand times.
        if !keys.contains(key) {
            keys.insert(key.clone());
        }
    }
    keys
}

/// Gives runs of one name the names of their folders' folders, too.
pub(super) fn tell_apart(runs: &mut [Run]) {
    let names: Vec<String> = runs.iter().map(|run| run.name.clone()).collect();
    for run in runs {
        if names.iter().filter(|name| **name == run.name).count() > 1 {
            let place = run.root.canonicalize().unwrap_or_else(|_| run.root.clone());
            let above = place.parent().and_then(Path::file_name).unwrap_or_default();
            run.label = format!("{}/{}", above.to_string_lossy(), run.name);
        }
    }
}

fn without_texts(record: RolloutRecord) -> RolloutRecord {
    let (prompt, completion) = (String::new(), String::new());
    RolloutRecord { prompt, completion, images: Vec::new(), ground_truth: None, ..record }
}

/// The rollouts of some prompts, read again with their texts.
fn shown(root: &Path, rollouts: &[RolloutRecord]) -> Result<Vec<Vec<RolloutRecord>>, ReportError> {
    let groups: BTreeSet<(u64, u64)> = rollouts.iter().map(|record| (record.step, record.group)).collect();
    let groups: Vec<(u64, u64)> = groups.into_iter().collect();
    let mut chosen: BTreeMap<(u64, u64), Vec<RolloutRecord>> =
        spread(groups.len(), SHOWN).into_iter().map(|at| (groups[at], Vec::new())).collect();
    for record in journal::rollouts(root)? {
        let record = record?;
        if let Some(group) = chosen.get_mut(&(record.step, record.group)) {
            group.push(record);
        }
    }
    Ok(chosen.into_values().collect())
}

/// `count` positions below `len`, the first and the last among them.
pub(super) fn spread(len: usize, count: usize) -> Vec<usize> {
    let count = count.min(len);
    let mut places: Vec<usize> = (0..count).map(|i| i * (len - 1) / (count - 1).max(1)).collect();
    places.dedup();
    places
}

fn config(path: &Path) -> Option<String> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(MAX_CONFIG).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn positions_are_spread_from_first_to_last() {
        assert_eq!(spread(0, 6), Vec::<usize>::new());
        assert_eq!(spread(1, 6), [0]);
        assert_eq!(spread(3, 6), [0, 1, 2]);
        assert_eq!(spread(100, 6), [0, 19, 39, 59, 79, 99]);
    }

    /// A run with one step of metrics.
    pub(in crate::report) fn run_of(metrics: &[(&str, f64)]) -> Run {
        let values = metrics.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect();
        let metrics = vec![MetricLine { step: 1, epoch: None, values }];
        let (rollouts, shown, evals, results) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Run {
            name: "run".into(),
            label: "run".into(),
            root: PathBuf::new(),
            config: None,
            keys: keys(&metrics),
            metrics,
            rollouts,
            shown,
            evals,
            epochs: BTreeMap::new(),
            results,
        }
    }
}
