//! Files that are broken or hostile: every bad row is named, nothing outside the folder is read, memory stays small.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use datasets::{
    BadRowPolicy, Format, Layout, OpenOptions, Position, Record, Source, SourceError, audit, open,
};

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn auto(path: &Path) -> Result<Box<dyn Source>, SourceError> {
    open(path, &OpenOptions::default())
}

fn named(path: &Path, layout: Layout) -> Box<dyn Source> {
    open(path, &OpenOptions { format: Format::Named(layout), ..OpenOptions::default() }).unwrap()
}

/// Writes `rows` chat rows of which every hundredth is broken.
fn chat(path: &Path, rows: u64) {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    for row in 0..rows {
        let end = if row % 100 == 42 { "" } else { "}" };
        writeln!(
            file,
            r#"{{"id": "{row}", "images": ["p/{row}.jpg"], "messages": [{{"role": "user", "content": [{{"type": "image"}}, {{"type": "text", "text": "What stands on shelf {row}?"}}]}}, {{"role": "assistant", "content": "A cup and {row} plates."}}]{end}"#
        )
        .unwrap();
    }
    file.flush().unwrap();
}

/// The most memory that the process ever held, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("VmHWM: 0 kB").to_owned();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn count_broken(rows: u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.jsonl");
    chat(&path, rows);
    let start = Instant::now();
    let source = auto(&path).unwrap();
    source.get(0).unwrap();
    let first = start.elapsed();
    assert!(first.as_secs_f64() < 0.2, "the first row took {first:?}");
    let bad = audit(&*source, &BadRowPolicy::skip()).unwrap();
    assert_eq!(bad.count(), rows / 100);
    for (index, place) in bad.places().iter().enumerate() {
        assert_eq!(place.position, Position::Line(index as u64 * 100 + 43));
    }
    let peak = peak_mib();
    assert!(peak < 200, "{peak} MiB");
    println!("{rows} rows: first after {first:?}, all after {:?}, peak {peak} MiB", start.elapsed());
}

#[test]
fn every_broken_line_of_a_long_file_is_counted_in_little_memory() {
    count_broken(100_000);
}

#[test]
#[ignore = "a million rows take a while in a debug build"]
fn every_broken_line_of_a_million_is_counted_in_little_memory() {
    count_broken(1_000_000);
}

#[test]
fn more_than_one_broken_row_in_a_hundred_is_never_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let good = "{\"problem\": \"a?\", \"answer\": \"b\"}\n";
    let bad = "{\"problem\": \n";
    let path = write(folder.path(), "rows.jsonl", [&good.repeat(39), bad].concat());
    assert_eq!(audit(&*auto(&path).unwrap(), &BadRowPolicy::skip()).unwrap().count(), 1);
    let path = write(folder.path(), "rows.jsonl", [good, good, bad, bad].concat());
    let error = audit(&*auto(&path).unwrap(), &BadRowPolicy::skip()).unwrap_err();
    assert!(error.to_string().contains("2 broken rows among 4, expected at most 1"), "{error}");
    assert!(error.to_string().contains("rows.jsonl: line 3"), "{error}");
}

#[test]
fn pictures_outside_the_folder_are_refused() {
    let outside = tempfile::tempdir().unwrap();
    let secret = write(outside.path(), "secret.jpg", "secret");
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("images")).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&secret, folder.path().join("link.jpg")).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("images/deep")).unwrap();
    }
    let climbs = format!("../{}/secret.jpg", outside.path().file_name().unwrap().to_string_lossy());
    let mut names: Vec<String> = vec![
        secret.display().to_string(),
        format!("file://{}", secret.display()),
        climbs.clone(),
        format!("./{climbs}"),
        format!("images/../{climbs}"),
        format!("images/../../{}", climbs.trim_start_matches("../")),
        climbs.replace('/', "\\"),
        "..".into(),
        "../".into(),
        ".".into(),
        "/".into(),
        "//etc/passwd".into(),
        "/etc/passwd".into(),
        "\\etc\\passwd".into(),
        "C:\\secret.jpg".into(),
        "c:/secret.jpg".into(),
        "\\\\host\\share\\a.jpg".into(),
        "link.jpg".into(),
        "images/deep/secret.jpg".into(),
        "deep/secret.jpg".into(),
        "a\0.jpg".into(),
        "a/".repeat(3000),
        "images".into(),
        "".into(),
        "%2e%2e/secret.jpg".into(),
        "\u{ff0e}\u{ff0e}/secret.jpg".into(),
        "https://pictures.example/a.jpg".into(),
        "http://127.0.0.1/a.jpg".into(),
        "ftp://h/a.jpg".into(),
        "data:image/png;base64,AAAA".into(),
        "file:///etc/passwd".into(),
        "file://../secret.jpg".into(),
    ];
    names.extend(
        ["a/../..", "a/../../b", "./..", "..\\a", "a\\..\\..\\b", "...//../x", " ../x", "../ x"]
            .map(Into::into),
    );
    names.extend((1..=20).map(|depth| format!("{}secret.jpg", "../".repeat(depth))));
    assert!(names.len() >= 60, "{}", names.len());
    for name in names {
        let row = serde_json::json!({"image": name, "question": "What?", "answer": "x"});
        let path = write(folder.path(), "rows.jsonl", row.to_string());
        let source = named(&path, Layout::SpatialQa);
        let opened = source.get(0).map(|record| record.visuals().images.first().map(|image| image.open()));
        match opened {
            Err(error) => assert!(error.to_string().contains("rows.jsonl: line 1: field image"), "{error}"),
            Ok(Some(Err(error))) => assert!(!error.to_string().is_empty()),
            Ok(found) => panic!("{name:?} was read: {found:?}"),
        }
    }
}

/// An archive whose only members have the given names and types.
fn archive(path: &Path, members: &[(&str, tar::EntryType)]) {
    let mut builder = tar::Builder::new(std::fs::File::create(path).unwrap());
    for (name, kind) in members {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(*kind);
        header.set_size(2);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        if matches!(kind, tar::EntryType::Symlink | tar::EntryType::Link) {
            header.set_size(0);
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        let content: &[u8] = if header.size().unwrap() == 0 { b"" } else { b"{}" };
        builder.append(&header, content).unwrap();
    }
    builder.finish().unwrap();
}

#[test]
fn members_of_archives_that_point_outside_are_refused() {
    use tar::EntryType::{Link, Regular, Symlink};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar");
    for (name, kind) in [
        ("../a.json", Regular),
        ("/a.json", Regular),
        ("a/../../b.json", Regular),
        ("\\a.json", Regular),
        ("c:a.json", Regular),
        ("..\\a.json", Regular),
        ("a.json", Symlink),
        ("a.json", Link),
        ("b/../a.jpg", Regular),
    ] {
        archive(&path, &[(name, kind)]);
        let error = named(&path, Layout::Caption).get(0).unwrap_err();
        assert!(
            error.to_string().contains("expected plain files with names relative to the archive"),
            "{error}"
        );
    }
}

#[test]
fn rows_of_an_archive_find_pictures_in_the_archive_only() {
    let folder = tempfile::tempdir().unwrap();
    let (path, line) =
        (folder.path().join("a.tar"), br#"{"image": "a.jpg", "question": "q", "answer": "a"}"#);
    write(folder.path(), "a.jpg", "beside the archive");
    let mut builder = tar::Builder::new(std::fs::File::create(&path).unwrap());
    let mut header = tar::Header::new_gnu();
    header.set_size(line.len() as u64);
    builder.append_data(&mut header, "rows.jsonl", &line[..]).unwrap();
    builder.finish().unwrap();
    let error = named(&path, Layout::SpatialQa).get(0).unwrap_err();
    assert!(error.to_string().contains("expected the name of a member of the archive"), "{error}");
}

#[test]
fn files_that_are_no_data_set_say_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let error =
        |name: &str, content: &[u8]| auto(&write(folder.path(), name, content)).err().unwrap().to_string();
    for (name, content, words) in [
        ("a.jsonl", &b""[..], "found no rows"),
        ("a.jsonl", b"\n \n", "found no rows"),
        ("a.json", b"[]", "found no rows"),
        ("a.gz", b"\x1f\x8b\x08\x00", "a gzip file (decompress it first)"),
        ("a.zip", b"PK\x03\x04....", "a zip archive (extract it first)"),
        ("a.jpg", b"\xff\xd8\xff\xe0....", "content that starts with ff d8 ff e0"),
        ("a.parquet", b"PAR1", "a damaged parquet file"),
        ("a.parquet", b"PAR1\xff\xff\xff\x7fPAR1", "a damaged parquet file"),
        ("a.parquet", b"PAR1....................PAR1", "a damaged parquet file"),
        ("a.json", b"{\"a\": 1", "expected a complete JSON list or object"),
        ("a.json", b"[{\"question\": ", "element 0"),
        ("a.json", b"{\"questions\": [{}]}", "questions without their annotations"),
        (
            "a.jsonl",
            b"{\"colour\": 1, \"size\": 2}",
            "found rows with the fields colour, size, expected one of",
        ),
        (
            "a.jsonl",
            br#"{"messages": [{"role": "user", "content": "a"}], "chosen": "b", "rejected": "c"}"#,
            "which fit messages (by messages) and chosen-rejected (by chosen, rejected); choose one",
        ),
    ] {
        let found = error(name, content);
        assert!(found.contains(words) && found.contains(name), "{name}: {found}");
    }
    assert!(auto(&folder.path().join("none")).err().unwrap().to_string().contains("cannot be read"));
}

#[test]
fn parquet_files_with_any_byte_changed_never_panic() {
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/datasets/rlhf_v.parquet");
    let good = std::fs::read(original).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::panic::set_hook(Box::new(|_| {}));
    let footer = good.len().saturating_sub(1200);
    for at in (0..footer).step_by(97).chain((footer..good.len()).step_by(7)) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x41;
        let path = write(folder.path(), "a.parquet", &bytes);
        let options = OpenOptions { format: Format::Named(Layout::RlhfV), ..OpenOptions::default() };
        if let Ok(source) = open(&path, &options) {
            for row in 0..2 {
                let _ =
                    source.get(row).map(|record| record.visuals().images.first().map(|image| image.open()));
            }
        }
    }
    let _ = std::panic::take_hook();
}

#[test]
fn folders_of_several_splits_want_one_named() {
    let folder = tempfile::tempdir().unwrap();
    let row = |text: &str| format!("{{\"problem\": \"{text}\", \"answer\": \"1\"}}\n");
    write(folder.path(), "train-00000-of-00002.jsonl", row("a"));
    write(folder.path(), "train-00001-of-00002.jsonl", row("b") + &row("c"));
    write(folder.path(), "test.jsonl", row("d"));
    let error = auto(folder.path()).err().unwrap().to_string();
    assert!(
        error.contains("choose it with `split`") && error.contains("test, train-00000-of-00002"),
        "{error}"
    );
    let of = |split: &str| {
        open(folder.path(), &OpenOptions { split: Some(split.to_owned()), ..OpenOptions::default() })
    };
    assert_eq!(of("train").unwrap().len().unwrap(), 3);
    assert_eq!(of("test").unwrap().len().unwrap(), 1);
    write(folder.path(), "geometry3k_validation_v0.jsonl", row("e"));
    assert_eq!(of("validation").unwrap().len().unwrap(), 1);
    assert!(of("dev").err().unwrap().to_string().contains("no data file whose name says \"dev\""));
}

#[test]
fn what_is_wrong_with_a_row_is_said_by_field() {
    let folder = tempfile::tempdir().unwrap();
    let mut lines = String::new();
    let cases = [
        (r#"{"messages": []}"#, "field messages: found an empty list, expected at least one turn"),
        (r#"{"messages": [{"role": "user"}]}"#, "field messages[0].content: not there"),
        (r#"{"messages": [{"content": "a"}]}"#, "field messages[0]: found an object with content"),
        (r#"{"messages": [{"role": "user", "content": 3}]}"#, "field messages[0].content: found 3"),
        (
            r#"{"messages": [{"role": "user", "content": [{"type": "sound"}]}]}"#,
            "messages[0].content[0]: found a part of type \"sound\"",
        ),
        (
            r#"{"messages": [{"role": "user", "content": "<image>"}]}"#,
            "field images: found 0 files, 0 parts and 1 marks <image>",
        ),
        (
            r#"{"messages": [{"role": "user", "content": "<image>"}], "images": ["a", "b"]}"#,
            "found 2 files, 0 parts and 1 marks",
        ),
        (r#"{"messages": [{"role": "user", "content": "a"}], "images": [7]}"#, "field images[0]: found 7"),
        (
            r#"{"messages": [{"role": "user", "content": [{"type": "image", "image": "a"}]}], "images": ["b"]}"#,
            "1 in the list and 1 inside the messages",
        ),
        (
            r#"{"id": {}, "messages": [{"role": "user", "content": "a"}]}"#,
            "field id: found an object without fields",
        ),
    ];
    for (line, _) in cases {
        writeln!(lines, "{line}").unwrap();
    }
    let source = named(&write(folder.path(), "rows.jsonl", lines), Layout::Messages);
    for (index, (_, words)) in cases.iter().enumerate() {
        let error =
            source.get(index as u64).map(|record: Record| record.id().to_owned()).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains(&format!("line {}", index + 1)), "{error}");
    }
}
