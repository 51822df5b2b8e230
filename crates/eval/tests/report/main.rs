//! The report as a page: well-formed, alone, and showing what the run wrote.
#![allow(clippy::unwrap_used, reason = "these are the helpers of tests")]

mod epochs;
mod invented;
mod invented_epochs;
mod well_formed;

use eval::report::{ReportError, render};

#[test]
fn a_page_is_well_formed_and_needs_nothing_from_outside() {
    let folder = tempfile::tempdir().unwrap();
    let page = render(&[invented::run(folder.path(), "one", 60, 0.0)]).unwrap();
    well_formed::check(&page);
    for address in ["http:", "https:", "//cdn", "@import", "url("] {
        assert!(!page.contains(address), "{address}");
    }
    assert_eq!(page.matches("src=").count(), page.matches("src=\"data:image/png;base64,").count());
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
}

#[test]
fn what_models_write_stays_text() {
    let folder = tempfile::tempdir().unwrap();
    let page = render(&[invented::run(folder.path(), "<one>", 5, 0.0)]).unwrap();
    well_formed::check(&page);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;\u{241b}[31m"));
    assert!(!page.contains("<script>alert") && !page.contains('\u{1b}'));
    assert!(page.contains("&lt;b&gt;bold&lt;/b&gt;") && page.contains("&lt;one&gt; – Anneal"));
}

#[test]
fn the_outline_of_a_small_run_is_as_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let page = render(&[invented::run(folder.path(), "one", 3, 0.0)]).unwrap();
    insta::assert_snapshot!(well_formed::outline(&page));
}

#[test]
fn several_runs_become_means_with_bands() {
    let folder = tempfile::tempdir().unwrap();
    let runs = [0.0, 0.5, 1.0].map(|shift| invented::run(folder.path(), &format!("seed-{shift}"), 8, shift));
    let page = render(&runs).unwrap();
    well_formed::check(&page);
    assert!(page.contains("3 runs") && page.contains("class=\"band\""));
    assert!(page.contains("loss <b>0.75</b>"), "the mean of 0.25, 0.75 and 1.25");
}

#[test]
fn the_same_runs_give_the_same_page() {
    let folder = tempfile::tempdir().unwrap();
    let run = invented::run(folder.path(), "one", 12, 0.0);
    assert_eq!(render(std::slice::from_ref(&run)).unwrap(), render(&[run]).unwrap());
}

#[test]
fn nothing_to_show_and_damaged_logs_are_errors_that_name_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("gone");
    assert!(matches!(render(&[missing]), Err(ReportError::NoFolder { .. })));
    assert!(matches!(render(&[folder.path().to_owned()]), Err(ReportError::Nothing { .. })));
    std::fs::write(folder.path().join("metrics.jsonl"), "{\"step\":1}\nno json\n{\"step\":2}\n").unwrap();
    let error = render(&[folder.path().to_owned()]).unwrap_err().to_string();
    assert!(error.contains("metrics.jsonl"), "{error}");
}
