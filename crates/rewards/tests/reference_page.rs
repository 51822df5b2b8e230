//! `docs/rewards.md` lists the names as they are, with the sentence that stands beside each in the code.
#![allow(clippy::unwrap_used, reason = "these are the helpers of tests")]

use std::fs;
use std::path::PathBuf;

const BEGIN: &str = "<!-- made by the test reference_page; UPDATE_DOCS=1 writes it -->\n";

fn list() -> String {
    let row = |(name, sentence): (&str, &str)| format!("| `{name}` | {} |\n", sentence.replace('|', "\\|"));
    let rows: String = rewards::reward_sentences().into_iter().map(row).collect();
    format!("| Name | Rewards |\n|---|---|\n{rows}")
}

#[test]
fn the_page_lists_the_rewards_as_they_are() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/rewards.md");
    let text = fs::read_to_string(&page).unwrap();
    let (before, found) = text.split_once(BEGIN).expect("the mark at which the list begins");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(page, format!("{before}{BEGIN}\n{}", list())).unwrap();
    } else {
        assert_eq!(
            found.trim(),
            list().trim(),
            "run UPDATE_DOCS=1 cargo test -p rewards --test reference_page"
        );
    }
}

#[test]
fn every_reward_has_a_sentence_of_its_own() {
    let sentences = rewards::reward_sentences();
    assert_eq!(sentences.iter().map(|(name, _)| *name).collect::<Vec<_>>(), rewards::reward_names());
    for (name, sentence) in &sentences {
        assert!(sentence.len() > 20 && sentence.ends_with('.'), "{name}: {sentence}");
        let same = sentences.iter().filter(|(_, other)| other == sentence).count();
        assert_eq!(same, 1, "{name}: {sentence}");
    }
}
