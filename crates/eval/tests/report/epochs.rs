//! Runs that were measured after every epoch.

use std::path::PathBuf;

use eval::report::render;

use crate::{invented, invented_epochs, well_formed};

/// Three repetitions.
fn seeds(folder: &tempfile::TempDir) -> [PathBuf; 3] {
    [1, 2, 3].map(|seed| invented_epochs::run(&folder.path().join(format!("seed-{seed}")), "maye", 6, seed))
}

/// The figure of a title.
fn figure<'p>(page: &'p str, title: &str) -> &'p str {
    let start = page.find(&format!("<figcaption>{title}</figcaption>")).unwrap_or_else(|| panic!("{title}"));
    &page[start..start + page[start..].find("</figure>").unwrap()]
}

#[test]
fn accuracy_is_drawn_against_the_epoch_for_every_set_and_setting() {
    let folder = tempfile::tempdir().unwrap();
    let page = render(&[invented_epochs::run(folder.path(), "one", 6, 1)]).unwrap();
    well_formed::check(&page);
    for set in ["validation", "test"] {
        let figure = figure(&page, &format!("Accuracy on the {set} set, %"));
        for setting in ["pass@1 Temperature=0.01", "pass@1 Temperature=0.6", "pass@8 Temperature=1.0"] {
            assert!(figure.contains(setting), "{set} {setting}");
        }
        assert_eq!(figure.matches("<circle").count(), 3 * 7, "seven measurements of three settings");
        for epoch in 0..=6 {
            assert!(figure.contains(&format!("class=\"mid\">{epoch}</text>")), "{set} {epoch}");
        }
    }
    assert!(figure(&page, "Accuracy on the training set, %").contains("70</b>"), "0.2 + 0.5 at the end");
}

#[test]
fn what_maye_watches_is_drawn_against_generations_and_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let page = render(&[invented_epochs::run(folder.path(), "one", 6, 1)]).unwrap();
    for (title, lines) in [
        ("Mean length of a response, tokens", &["response lengths"][..]),
        ("Share of responses that the limit cut", &["length clip ratio"]),
        ("Reflection", &["reflection ratio in correct answers", "correct ratio in no reflection texts"]),
        ("Reward and its parts", &["scores", "acc rewards", "language rewards"]),
        ("KL of a response from the reference", &["kl"]),
        ("Share of clipped tokens", &["clipfrac"]),
        ("Entropy", &["entropy", "entropy full"]),
        ("Words of reflection in a generation", &["wait", "re-check", "other words"]),
    ] {
        let figure = figure(&page, title);
        assert!(figure.contains(">generation</text>"), "{title}");
        for line in lines {
            assert!(figure.contains(&format!("{line} <b>")), "{title}: {line}");
        }
    }
    assert!(!page.contains("rews/scores") && !page.contains("reflection_words/"), "these have their figures");
    assert!(!page.contains("loss/loss"), "the same number as loss");
    assert!(!page.contains("clip_ratio/region_mean"), "the same number as clipfrac");
    assert_eq!(page.matches("<td>reevaluation</td>").count(), 1, "every word is in the table");
}

#[test]
fn repetitions_become_a_mean_with_a_band_and_each_run_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let page = render(&seeds(&folder)).unwrap();
    well_formed::check(&page);
    let validation = figure(&page, "Accuracy on the validation set, %");
    assert_eq!(validation.matches("class=\"band\"").count(), 3);
    assert_eq!(validation.matches("class=\"raw\"").count(), 3 * 3);
    assert!(page.contains("<h1>maye</h1>"), "a name stands once in the title");
    assert!(page.contains("<h3>seed-2/maye</h3>"), "and with its folder where runs are told apart");
}

#[test]
fn the_table_has_the_mean_and_the_best_epoch_of_each_setting() {
    let folder = tempfile::tempdir().unwrap();
    let runs = seeds(&folder);
    let page = render(&runs).unwrap();
    let key = "acc/Test Set Epoch Accuracy pass@8 Temperature=1.0";
    let curves =
        runs.map(|run| eval::dynamics::epoch_curves(&journal::read_evals(run).unwrap()).remove(key).unwrap());
    let report = eval::dynamics::epoch_report(&curves).unwrap();
    let percent = |share: f64| format!("{:.1}", 100.0 * share);
    let row = format!(
        "<tr><td>test</td><td>pass@8 Temperature=1.0</td><td class=\"n\">{}</td><td class=\"n up\">{} ± {}</td><td class=\"n\">{}</td>\
         <td class=\"n\">3</td></tr>",
        percent(report.vanilla.unwrap()),
        percent(report.mean),
        percent(report.std.unwrap()),
        percent(report.max),
    );
    assert!(page.contains(&row), "{row}");
}

#[test]
fn runs_without_epochs_have_none_of_these_figures() {
    let folder = tempfile::tempdir().unwrap();
    let other = invented::run(folder.path(), "other", 6, 0.0);
    let page = render(std::slice::from_ref(&other)).unwrap();
    for absent in ["Accuracy after every epoch", "Words of reflection", "generation</text>"] {
        assert!(!page.contains(absent), "{absent}");
    }
    let both = render(&[other, invented_epochs::run(folder.path(), "maye", 6, 1)]).unwrap();
    well_formed::check(&both);
    assert!(both.contains("Accuracy after every epoch") && both.contains("<h1>other, maye</h1>"));
}

#[test]
fn a_setting_that_did_not_change_is_neither_better_nor_worse() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = journal::EvalLog::open(folder.path(), journal::Start::Fresh).unwrap();
    for epoch in 0..=2 {
        let metrics = [("acc/Test Set Epoch Accuracy pass@1 Temperature=0.6".to_owned(), 0.25)].into();
        let stage = format!("epoch {epoch}");
        log.append(&journal::EvalRecord { step: epoch, stage, metrics, ..Default::default() }).unwrap();
    }
    let page = render(&[folder.path().to_owned()]).unwrap();
    assert!(page.contains("<td class=\"n\">25.0</td><td class=\"n\">25.0</td><td class=\"n\">25.0</td>"));
}
