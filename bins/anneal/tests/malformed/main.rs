//! Malformed models, rows, images and flags through the binary: each case of `data-fixtures/malformed/model` ends
//! with the expected words, in time, within its memory, and leaves everything but its output alone.
#![cfg(unix)]

mod case;
mod run;
mod workplace;

use case::{Case, Expect, Group, cases};
use run::Finished;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use workplace::{Seen, Workplace};

type Files = BTreeMap<PathBuf, Seen>;

#[test]
fn configurations_that_make_no_sense_are_refused_by_key() {
    all_of(Group::Config);
}

#[test]
fn settings_of_tokenizer_pixels_and_generation_are_refused_by_key() {
    all_of(Group::Settings);
}

#[test]
fn weight_files_that_lie_are_refused_by_tensor() {
    all_of(Group::Weights);
}

#[test]
fn indices_that_lie_or_leave_the_folder_are_refused() {
    all_of(Group::Index);
}

#[test]
fn rows_that_are_none_are_refused_by_line() {
    all_of(Group::Rows);
}

#[test]
fn pictures_that_are_none_are_refused_by_name() {
    all_of(Group::Images);
}

#[test]
fn flags_that_make_no_sense_are_refused_by_name() {
    all_of(Group::Flags);
}

#[test]
fn files_that_are_no_results_are_never_written_to() {
    all_of(Group::Output);
}

#[test]
fn what_is_only_unusual_works() {
    all_of(Group::Fine);
}

#[test]
fn there_are_at_least_sixty_cases_and_each_has_a_name_of_its_own() {
    let cases = cases();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len());
    assert!(names.len() >= 60, "only {}", names.len());
}

fn all_of(group: Group) {
    let cases = cases().into_iter().filter(|case| case.group == group);
    let failures: Vec<String> = cases.flat_map(|case| faults(&case)).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// What went otherwise than the case expects.
fn faults(case: &Case) -> Vec<String> {
    let place = Workplace::new(case);
    let before = place.files();
    let Finished { status, stderr } = run::run(case, &place);
    let after = place.files();
    let mut faults = Vec::new();
    let mut expect = |holds: bool, what: String| {
        if !holds {
            faults.push(format!("{}: {what}; it said {stderr:?}", case.name));
        }
    };
    let (code, words, results) = match &case.expect {
        Expect::Error(words) => (1, words.as_slice(), None),
        Expect::Usage(words) => (2, words.as_slice(), None),
        Expect::Results(count) => (0, [].as_slice(), Some(*count)),
    };
    expect(status.is_some(), "did not end in time".into());
    expect(
        status.and_then(|status| status.code()) == Some(code),
        format!("{status:?}, expected code {code}"),
    );
    expect(!stderr.contains("panicked"), "panicked".into());
    expect(!stderr.chars().any(|c| c.is_control() && c != '\n'), "wrote control characters".into());
    for word in words {
        expect(stderr.contains(word), format!("did not say {word:?}"));
    }
    if let Some(count) = results {
        let found = count_results(&after, &case.output);
        expect(found == count, format!("{found} results, expected {count}"));
    }
    for file in touched(&before, &after, case) {
        expect(false, format!("wrote to {}", file.display()));
    }
    faults
}

/// Lines of a file of results, or files of a folder of them.
fn count_results(files: &Files, output: &str) -> usize {
    match files.get(Path::new(output)) {
        Some(file) => file.start.iter().filter(|byte| **byte == b'\n').count(),
        None => files.keys().filter(|file| file.starts_with(output)).count(),
    }
}

/// Files that a run had no business with: what was there before, unless results were to be added to it, and
/// what is new but not of the output's name.
fn touched<'a>(before: &'a Files, after: &'a Files, case: &Case) -> Vec<&'a Path> {
    let output = |file: &Path| file.to_string_lossy().starts_with(&case.output);
    let continued = matches!(case.expect, Expect::Results(_));
    let changed = before.iter().filter(|(file, seen)| after.get(*file) != Some(*seen));
    let changed = changed.filter(|(file, _)| !(continued && output(file)));
    let new = after.iter().filter(|(file, _)| !before.contains_key(*file) && !output(file));
    changed.chain(new).map(|(file, _)| file.as_path()).collect()
}
