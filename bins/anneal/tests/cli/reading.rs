//! Rows as people have them, and what is said of those that do not do.

use crate::fixture::{attempt, checkpoint, fixtures, json_lines, succeed};
use std::path::PathBuf;
use std::process::Output;
use tempfile::TempDir;

const QUESTION: &str = r#"{"role": "user", "content": "Say something."}"#;

/// A file of rows in a folder of its own, and a command over it.
struct Rows(TempDir);

impl Rows {
    fn of(lines: &[String]) -> Self {
        let rows = Self(tempfile::tempdir().unwrap());
        std::fs::write(rows.path("rows.jsonl"), lines.join("\n")).unwrap();
        rows
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, command: &str, more: &[&str]) -> (Output, String) {
        let model = checkpoint("qwen2_5-nano");
        let output = attempt(command, &model, &self.path("rows.jsonl"), &self.path("out.jsonl"), more);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output, said)
    }
}

fn row(id: &str, messages: &str) -> String {
    format!(r#"{{"id": "{id}", "messages": [{messages}]}}"#)
}

#[test]
fn generation_continues_after_the_last_turn_of_the_user() {
    let answered = format!(r#"{QUESTION}, {{"role": "assistant", "content": "Something."}}"#);
    let rows = Rows::of(&[row("a", QUESTION), row("b", &answered)]);
    let (output, said) = rows.run("generate", &["--max-new-tokens", "4"]);
    assert!(output.status.success() && said.contains("1 rows end with the assistant's turn"), "{said}");
    let written = json_lines(&rows.path("out.jsonl"));
    assert_eq!(written[0]["completions"], written[1]["completions"]);
    assert_eq!(written[0]["prompt_tokens"], written[1]["prompt_tokens"]);
}

#[test]
fn greedy_copies_and_missing_rows_are_told() {
    let rows = Rows::of(&[row("a", QUESTION)]);
    let flags = ["--max-new-tokens", "2", "--num-generations", "2"];
    assert!(rows.run("generate", &flags).1.contains("--temperature 1 samples"));
    let (_, said) = rows.run("generate", &[&flags[..], &["--temperature", "1", "--overwrite"]].concat());
    assert!(!said.contains("the same"), "{said}");
    assert!(Rows::of(&[]).run("generate", &[]).1.contains("rows.jsonl: found no rows"));
}

#[test]
fn rows_of_other_layouts_are_told_how_to_become_rows() {
    for line in [r#"{"conversations": []}"#.to_owned(), format!(r#"{{"messages": [{QUESTION}]}}"#)] {
        let (output, said) = Rows::of(&[line]).run("generate", &[]);
        assert!(output.status.code() == Some(1) && said.contains("anneal data convert"), "{said}");
    }
}

#[test]
fn a_row_without_a_completion_is_told_with_its_line() {
    let (output, said) = Rows::of(&[String::new(), row("a", QUESTION)]).run("score", &[]);
    assert!(output.status.code() == Some(1) && said.contains("rows.jsonl: line 2: row \"a\""), "{said}");
}

#[test]
fn a_picture_may_stand_in_the_part_that_shows_it() {
    let (listed, inline) = (Rows::of(&[]), Rows::of(&[]));
    let picture = std::fs::read_dir(fixtures().join("rows/images")).unwrap().map(Result::unwrap);
    let picture =
        picture.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|end| end == "png"));
    let text = r#"{"type": "text", "text": "What?"}"#;
    let part = |name: &str| format!(r#"{{"role": "user", "content": [{{"type": "image"{name}}}, {text}]}}"#);
    let with_list = row("a", &part("")).replace(r#""id""#, r#""images": ["a.png"], "id""#);
    for (rows, line) in [(&listed, with_list), (&inline, row("a", &part(r#", "image": "a.png""#)))] {
        std::fs::copy(picture.as_ref().unwrap(), rows.path("a.png")).unwrap();
        std::fs::write(rows.path("rows.jsonl"), line).unwrap();
        let model = checkpoint("qwen2_5-nano");
        succeed(
            "generate",
            &model,
            &rows.path("rows.jsonl"),
            &rows.path("out.jsonl"),
            &["--max-new-tokens", "2"],
        );
    }
    assert_eq!(json_lines(&listed.path("out.jsonl")), json_lines(&inline.path("out.jsonl")));
}
