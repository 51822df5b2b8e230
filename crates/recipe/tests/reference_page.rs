//! `docs/recipes.md` says what the code does: its lists of keys are made from the documentation of the settings.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are the helpers of tests")]

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use recipe::{Key, Kind, Recipe};

const BEGIN: &str = "<!-- made by the test reference_page; UPDATE_DOCS=1 writes it -->\n";

fn page() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/recipes.md")
}

fn is_everywhere(name: &str) -> bool {
    Kind::ALL.iter().all(|kind| Recipe::keys(*kind).iter().any(|key| key.name == name))
}

/// The default of a key in all kinds that have it: one value, or one for each.
fn default_of(key: &Key, kinds: &[Kind]) -> String {
    let default = |kind: &Kind| {
        let keys = Recipe::keys(*kind);
        let key = keys.into_iter().find(|other| other.name == key.name)?;
        Some(key.default.map_or("must be given".to_owned(), |default| format!("`{default}`")))
    };
    let mut values: Vec<(String, Vec<&str>)> = Vec::new();
    for kind in kinds {
        let Some(value) = default(kind) else { continue };
        match values.iter_mut().find(|(known, _)| *known == value) {
            Some((_, kinds)) => kinds.push(kind.name()),
            None => values.push((value, vec![kind.name()])),
        }
    }
    match values.as_slice() {
        [(value, _)] => value.clone(),
        values => {
            let values = values.iter().map(|(value, kinds)| format!("{value} ({})", kinds.join(", ")));
            values.collect::<Vec<_>>().join(", ")
        }
    }
}

fn table(keys: &[Key], kinds: &[Kind]) -> String {
    let mut table = "| Key | Accepts | Default | |\n|---|---|---|---|\n".to_owned();
    for key in keys {
        let accepts = if key.words.is_empty() { key.accepts.clone() } else { "a word, see below".to_owned() };
        let cells = [format!("`{}`", key.name), accepts, default_of(key, kinds), key.doc.clone()];
        writeln!(table, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | ")).unwrap();
    }
    for key in keys.iter().filter(|key| !key.words.is_empty()) {
        write!(table, "\nThe words of `{}`:\n\n", key.name).unwrap();
        for (word, meaning) in &key.words {
            writeln!(table, "- `{word}`: {meaning}").unwrap();
        }
    }
    table
}

fn reference() -> String {
    let (shared, _): (Vec<Key>, Vec<Key>) = Recipe::keys(Kind::Sft)
        .into_iter()
        .partition(|key| is_everywhere(key.name) && key.name != "loss_type");
    let mut text = format!("### Keys of every kind\n\n{}", table(&shared, &Kind::ALL));
    for kind in Kind::ALL {
        let own: Vec<Key> = Recipe::keys(kind)
            .into_iter()
            .filter(|key| shared.iter().all(|known| known.name != key.name))
            .collect();
        write!(text, "\n### Keys of `{kind}`\n\n{}", table(&own, &[kind])).unwrap();
    }
    text
}

#[test]
fn the_page_lists_the_keys_as_they_are() {
    let text = fs::read_to_string(page()).unwrap();
    let (before, list) = text.split_once(BEGIN).expect("the mark at which the list begins");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(page(), format!("{before}{BEGIN}\n{}", reference())).unwrap();
    } else {
        assert_eq!(list.trim(), reference().trim(), "run UPDATE_DOCS=1 cargo test -p recipe");
    }
}

#[test]
fn every_key_is_documented_in_a_sentence() {
    for kind in Kind::ALL {
        for key in Recipe::keys(kind) {
            assert!(key.doc.len() > 10 && key.doc.ends_with('.'), "{}: {}", key.name, key.doc);
            assert!(key.words.iter().all(|(_, meaning)| meaning.ends_with('.')), "{}", key.name);
        }
        let mut names: Vec<&str> = Recipe::keys(kind).iter().map(|key| key.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "a key stands twice in {kind}");
    }
}
