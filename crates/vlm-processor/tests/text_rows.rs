//! Files of rows and the file names in them.

use std::path::Path;

use vlm_processor::{
    Content, LineError, Part, PathProblem, Role, Row, RowReader, VideoSource, contained_path,
};

fn read(bytes: &[u8]) -> Vec<(u64, Result<Row, LineError>)> {
    let dir = tempfile::tempdir().expect("folder");
    let path = dir.path().join("rows.jsonl");
    std::fs::write(&path, bytes).expect("written");
    RowReader::open(&path).expect("opens").collect()
}

fn only_error(line: &str) -> String {
    let mut rows = read(line.as_bytes());
    assert_eq!(rows.len(), 1, "{line}");
    rows.remove(0).1.expect_err("a bad line").to_string()
}

const GOOD: &str = r#"{"id":"a","messages":[{"role":"user","content":"hi"}]}"#;

#[test]
fn marks_line_ends_and_blank_lines_are_tolerated_and_lines_are_counted() {
    let file = format!("\u{feff}{GOOD}\r\n\r\n  \n{GOOD}\n{GOOD}");
    let rows = read(file.as_bytes());
    let lines: Vec<u64> = rows.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 4, 5]);
    assert!(rows.into_iter().all(|(_, row)| row.expect("a row").id == "a"));
}

#[test]
fn a_row_is_read_with_all_its_fields_and_unknown_ones_are_ignored() {
    let line = r#"{"id":7,"extra":{"x":1},"messages":[{"role":"tool","name":"n","content":[{"type":"image","z":0},
        {"type":"video"},{"type":"text","text":"t"}]}],"images":["a.png"],"videos":[["f.png"],"c.mp4"],"fps":3,
        "completion_ids":[1,2]}"#
        .replace('\n', " ");
    let row = read(line.as_bytes()).remove(0).1.expect("a row");
    assert_eq!(row.id, "7");
    assert_eq!(row.messages[0].role, Role::Other("tool".into()));
    assert_eq!(
        row.messages[0].content,
        Content::Parts(vec![Part::Image, Part::Video, Part::Text("t".into())])
    );
    assert_eq!(row.videos, [VideoSource::Frames(vec!["f.png".into()]), VideoSource::Clip("c.mp4".into())]);
    assert_eq!((row.fps, row.completion_ids), (Some(3.0), Some(vec![1, 2])));
}

#[test]
fn images_stand_in_the_list_or_in_the_parts() {
    let content =
        r#"[{"type":"image","image":"a.png"},{"type":"text","text":"t"},{"type":"image","image":"b.png"}]"#;
    let line = format!(r#"{{"id":"x","messages":[{{"role":"user","content":{content}}}]}}"#);
    assert_eq!(read(line.as_bytes()).remove(0).1.expect("a row").images, ["a.png", "b.png"]);
    let listed = line.replace("\"id\"", "\"images\":[\"c.png\"],\"id\"");
    assert_eq!(read(listed.as_bytes()).remove(0).1.expect("a row").images, ["c.png"]);
}

#[test]
fn a_role_that_no_turn_has_is_refused_with_those_that_are_known() {
    for role in ["usr", "User", "", "asistant"] {
        let line = GOOD.replace("\"user\"", &format!("{role:?}"));
        assert_ne!(line, GOOD);
        let text = read(line.as_bytes()).remove(0).1.expect_err("a bad row").to_string();
        assert!(text.contains(&format!("{role:?}, expected system, user, assistant or tool")), "{text}");
    }
}

#[test]
fn a_file_that_is_not_there_is_told_without_a_line() {
    let error = RowReader::open(Path::new("no/such/rows.jsonl")).err().expect("there is no such file");
    let text = error.to_string();
    assert!(text.starts_with("no/such/rows.jsonl: cannot be read") && !text.contains("line"), "{text}");
}

#[test]
fn a_row_survives_being_written_and_read_again() {
    let line = r#"{"id":"x","messages":[{"role":"user","content":[{"type":"image"},{"type":"text","text":"é"}]}],
        "images":["i.png"],"videos":[["f"],"c"],"fps":2.5,"completion":"c"}"#;
    let row: Row = serde_json::from_str(line).expect("a row");
    let again: Row = serde_json::from_str(&serde_json::to_string(&row).expect("writes")).expect("reads");
    assert_eq!(row, again);
}

#[test]
fn a_bad_line_names_file_line_and_field_and_reading_goes_on() {
    let file = format!("{GOOD}\n{{\"id\":\"b\",\"messages\":[{{\"role\":1,\"content\":\"\"}}]}}\n{GOOD}\n");
    let rows = read(file.as_bytes());
    assert_eq!(rows.len(), 3);
    let text = rows[1].1.as_ref().expect_err("a bad line").to_string();
    for part in ["rows.jsonl", "line 2", "messages[0].role", "expected a string"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(rows[2].1.is_ok());
}

#[test]
fn every_wrong_shape_has_its_own_words() {
    let with = |field: &str| format!(r#"{{"id":"a","messages":[{{"role":"user","content":"x"}}],{field}}}"#);
    let content = |value: &str| format!(r#"{{"id":"a","messages":[{{"role":"user","content":{value}}}]}}"#);
    let cases = [
        ("[]".to_owned(), "expected a JSON object"),
        ("{".to_owned(), "EOF"),
        ("null".to_owned(), "expected a JSON object"),
        (format!("{GOOD} {GOOD}"), "trailing characters"),
        (r#"{"messages":[]}"#.to_owned(), "missing field `id`"),
        (r#"{"id":"a"}"#.to_owned(), "missing field `messages`"),
        (r#"{"id":"","messages":[]}"#.to_owned(), "expected a string that is not empty"),
        (r#"{"id":"a","id":"b","messages":[]}"#.to_owned(), "duplicate field `id`"),
        (content("3"), "expected a string or a list of parts"),
        (content("null"), "expected a string or a list of parts"),
        (content(r#"{"type":"image"}"#), "put the part in [ ]"),
        (content(r#"[{"type":"audio"}]"#), "found a part of type \"audio\""),
        (content(r#"[{"type":"text"}]"#), "messages[0].content"),
        (content(r#"["hi"]"#), "expected an object"),
        (content(r#"[["text","hi"]]"#), "messages[0].content[0]: invalid type: sequence, expected an object"),
        (r#"{"id":"a","messages":[["user","hi"]]}"#.to_owned(), "messages[0]: invalid type: sequence"),
        (r#"{"id":"a","messages":[{"role":"user"}]}"#.to_owned(), "messages[0]: missing field `content`"),
        (with(r#""images":"a.png""#), "expected a sequence"),
        (with(r#""images":[1]"#), "images[0]"),
        (with(r#""videos":[3]"#), "a list of frame files or the name of a clip"),
        (with(r#""fps":"2""#), "field fps"),
        (with(r#""completion":1"#), "field completion"),
        (with(r#""completion_ids":[-1]"#), "completion_ids[0]"),
        (with(r#""completion_ids":[4294967296]"#), "completion_ids[0]"),
        (with(r#""completion_ids":[1.5]"#), "completion_ids[0]"),
    ];
    for (line, expected) in cases {
        let text = only_error(&line);
        assert!(text.contains(expected), "{line} gave {text:?}, expected {expected:?}");
    }
}

#[test]
fn bytes_that_are_not_utf8_and_deep_nesting_are_errors() {
    let text = read(b"{\"id\": \"\xff\"}").remove(0).1.expect_err("a bad line").to_string();
    assert!(text.contains("not UTF-8 at column 9"), "{text}");
    assert!(only_error(&format!("{{\"id\":{}", "[".repeat(100_000))).contains("recursion limit"));
}

#[test]
fn a_line_over_the_limit_is_skipped_with_an_error() {
    let mut file = vec![b' '; (16 << 20) + 5];
    file.push(b'\n');
    file.extend_from_slice(GOOD.as_bytes());
    let rows = read(&file);
    assert_eq!(rows.len(), 2);
    assert!(matches!(rows[0].1, Err(LineError::TooLong { line: 1, .. })));
    assert_eq!(rows[1].0, 2);
    assert!(rows[1].1.is_ok());
}

#[test]
fn a_missing_file_of_rows_is_an_error_that_names_it() {
    let error = RowReader::open(Path::new("no/such/rows.jsonl")).err().expect("missing");
    assert!(error.to_string().contains("no/such/rows.jsonl"), "{error}");
}

#[cfg(unix)]
#[test]
fn names_that_lead_out_of_the_folder_are_refused_and_names_inside_are_not() {
    let dir = tempfile::tempdir().expect("folder");
    let (root, outside) = (dir.path().join("data"), dir.path().join("outside"));
    std::fs::create_dir_all(root.join("sub")).expect("folder");
    std::fs::create_dir(&outside).expect("folder");
    for file in [root.join("in.png"), root.join("sub/in.png"), outside.join("canary.png")] {
        std::fs::write(file, b"x").expect("written");
    }
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, root.join(name)).expect("linked");
    link(&outside.join("canary.png"), "leak.png");
    link(&outside, "leakdir");
    link(Path::new("sub/in.png"), "inner.png");
    link(Path::new("loop.png"), "loop.png");

    for name in ["in.png", "./in.png", "sub/in.png", "sub//in.png", "inner.png"] {
        assert!(contained_path(&root, name).is_ok(), "{name}");
    }
    let long = "a/".repeat(3000);
    let canary = outside.join("canary.png");
    let climbing = [
        "../outside/canary.png",
        "..",
        "sub/../../outside/canary.png",
        "sub/..",
        "..\\outside",
        "sub\\..\\x",
        "./../x",
    ];
    for name in climbing {
        assert!(matches!(contained_path(&root, name), Err(PathProblem::Parent { .. })), "{name}");
    }
    for name in
        [canary.to_str().expect("utf-8"), "/etc/passwd", "C:\\x.png", "c:/x.png", "\\\\host\\x", "\\x", "//x"]
    {
        assert!(matches!(contained_path(&root, name), Err(PathProblem::Absolute { .. })), "{name}");
    }
    for name in ["leak.png", "leakdir/canary.png", "leakdir"] {
        assert!(matches!(contained_path(&root, name), Err(PathProblem::Outside { .. })), "{name}");
    }
    for name in [
        "loop.png",
        "none.png",
        "sub",
        ".",
        "\u{2024}\u{2024}/outside/canary.png",
        "file:///etc/passwd",
        "in.png/",
    ] {
        assert!(matches!(contained_path(&root, name), Err(PathProblem::Open { .. })), "{name}");
    }
    assert!(matches!(contained_path(&root, "in.png\0.jpg"), Err(PathProblem::Nul)));
    assert!(matches!(contained_path(&root, ""), Err(PathProblem::Empty)));
    assert!(matches!(contained_path(&root, &long), Err(PathProblem::TooLong { .. })));
}
