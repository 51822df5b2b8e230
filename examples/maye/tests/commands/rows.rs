//! `maye toy`, `maye check-data` and `maye import`.

use crate::workplace::Workplace;
use serde_json::json;
use std::fs;

#[test]
fn drawn_problems_pass_the_check_and_are_the_same_for_a_seed() {
    let place = Workplace::new();
    let files = ["data/toy_train.jsonl", "data/toy_validation.jsonl", "data/toy_test.jsonl"];
    let said = place.succeeds(&[&["check-data"][..], &files].concat());
    assert!(said.contains("toy_train.jsonl: 18 rows, 0 bad"), "{said}");
    place.succeeds(&["toy", "--out", "again", "--rows", "18", "6", "6", "--in-text", "--cot", "50"]);
    place.succeeds(&[
        "toy",
        "--out",
        "other",
        "--rows",
        "18",
        "6",
        "6",
        "--in-text",
        "--cot",
        "50",
        "--seed",
        "1",
    ]);
    for name in ["toy_train.jsonl", "toy_test.jsonl", "img/toy_test/5.png"] {
        let of = |folder: &str| place.read(&format!("{folder}/{name}"));
        assert!(of("data") == of("again") && of("data") != of("other"), "{name}");
    }
    let said = place.fails(&["toy", "--out", "x", "--kinds", "circle"]);
    assert!(said.contains("circle") && said.contains("hypotenuse"), "{said}");
}

#[test]
fn a_bad_row_is_told_with_its_line() {
    let place = Workplace::new();
    let good = json!({"question": "<image>What?", "answer": "1", "solution": "\\boxed{1}", "id": "a", "image": "img/toy_train/0.png"});
    let with = |key: &str, value: serde_json::Value| {
        let mut row = good.clone();
        row[key] = value;
        row.to_string()
    };
    fs::write(place.path("data/broken.png"), b"no picture").unwrap();
    let rows = [
        good.to_string(),
        String::new(),
        "{not json".to_owned(),
        with("question", json!("<image>")),
        with("image", json!("broken.png")),
        with("image", json!("absent.png")),
        good.to_string()
            .replace("\"solution\":\"\\\\boxed{1}\"", "\"solution\":\"one\"")
            .replace("\"answer\":\"1\"", "\"answer\":\"\""),
        good.to_string().replace("\"id\":\"a\",", ""),
    ];
    place.write("data/rows.jsonl", &rows.join("\n"));
    let said = place.fails(&["check-data", "data/rows.jsonl"]);
    for (line, word) in [(3, "JSON"), (4, "question"), (5, "broken.png"), (6, "absent.png"), (7, "solution")]
    {
        let told = said.lines().any(|said| said.contains(&format!("line {line}")) && said.contains(word));
        assert!(told, "line {line} and {word:?} are not in {said}");
    }
    assert!(!said.contains("line 1:") && !said.contains("line 2:"), "{said}");
    place.write("data/rows.jsonl", &format!("{good}\n{good}\n"));
    let twice = place.run(&["check-data", "data/rows.jsonl"]);
    assert!(twice.status.success());
    assert!(String::from_utf8(twice.stderr).unwrap().contains("comes twice"));
}

#[test]
fn public_sets_become_rows_of_this_layout() {
    let place = Workplace::new();
    fs::create_dir_all(place.path("source")).unwrap();
    fs::copy(place.path("data/img/toy_train/0.png"), place.path("source/a.png")).unwrap();
    let mm = |question: &str, solution: &str| {
        json!({"question": question, "solution": solution, "file_name": "a.png", "year": "eight"}).to_string()
    };
    let rows = [
        mm("How long is AB?", "It is \\boxed{5}, no, \\boxed{13}."),
        mm("How long is BC?", "\\boxed{2\\sqrt{3}}"),
        mm("What?", "no box"),
    ];
    place.write("source/mm.jsonl", &rows.join("\n"));
    let said = place.succeeds(&[
        "import",
        "--from",
        "mm_math",
        "--source",
        "source/mm.jsonl",
        "--out",
        "mm/train.jsonl",
    ]);
    assert!(
        said.contains("1 rows; left out 1 whose answer is no single number")
            && said.contains("1 that cannot be read"),
        "{said}"
    );
    let row = &place.lines("mm/train.jsonl")[0];
    assert_eq!((&row["answer"], &row["question"]), (&json!("13"), &json!("<image>How long is AB?")));
    assert!(place.path("mm").join(row["image"].as_str().unwrap()).is_file());
    assert!(place.succeeds(&["check-data", "mm/train.jsonl"]).contains("1 rows, 0 bad"));

    let verse = |form: &str, answer: &str| {
        json!({"sample_index": "7", "problem_index": "2", "problem_version": "Text Dominant", "question": "x?", "answer": answer,
               "question_type": form, "image": "a.png"})
    };
    place.write(
        "source/verse.json",
        &json!([verse("free-form", "30^\\circ"), verse("multi-choice", "A"), verse("free-form", "y=2x")])
            .to_string(),
    );
    let said = place.succeeds(&[
        "import",
        "--from",
        "mathverse",
        "--source",
        "source/verse.json",
        "--out",
        "verse/test.jsonl",
    ]);
    assert!(said.contains("1 rows; left out 1") && said.contains("1 that are not free-form"), "{said}");
    assert_eq!(place.lines("verse/test.jsonl")[0]["solution"], "\\boxed{30^\\circ}");
}
