//! Published layouts become questions, and answers become the numbers that the authors report.
#![allow(clippy::unwrap_used, reason = "these are the helpers of tests")]

use std::path::{Path, PathBuf};

use datasets::{OpenOptions, in_order, open};
use eval::judge::{AnswerKey, Verdict};
use eval::{Benchmark, EvalSampling, Facets, Prediction, Question, Response, benchmark_by_name};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/datasets")
}

fn questions(benchmark: &dyn Benchmark, path: &Path) -> Vec<Question> {
    let source = open(path, &OpenOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    let question = |record| benchmark.question(record).unwrap_or_else(|error| panic!("{error}"));
    in_order(source.as_ref())
        .map(|record| question(record.unwrap_or_else(|error| panic!("{error}"))))
        .collect()
}

/// A reply that gives the right answer in the form that the benchmark asks for.
fn right_reply(key: &AnswerKey) -> String {
    match key {
        AnswerKey::Truth(truth) => truth.to_string().to_uppercase(),
        AnswerKey::Choice(choice) => format!("<think>so</think><answer>{}</answer>", choice.letter),
        AnswerKey::Text(text) if text.contains("boxed") => text.clone(),
        AnswerKey::Text(text) => format!(r"<think>x</think><answer>{text}</answer> \boxed{{{text}}}"),
        AnswerKey::Answers(answers) => answers[0].clone(),
        AnswerKey::Boxes(boxes) => format!("<answer>{boxes:?}</answer>"),
    }
}

#[test]
fn every_published_layout_is_asked_and_its_right_answer_is_right() {
    let cases = [
        ("vsr", "vsr.jsonl"),
        ("cv-bench", "cvbench/test_2d.parquet"),
        ("cv-bench", "cvbench/test_3d.parquet"),
        ("vqav2", "vqav2_mscoco_val2014.json"),
        ("okvqa", "ok_vqa.parquet"),
        ("okvqa", "vqa"),
        ("egoschema", "egoschema.json"),
        ("egoschema-log", "video_log.jsonl"),
        ("urbanvideo", "urbanvideo.json"),
        ("geometry3k", "maye.jsonl"),
        ("geometry3k", "geometry3k.parquet"),
        ("mm_math", "mm_math.jsonl"),
        ("mathverse", "mathverse.json"),
        ("comt", "comt.jsonl"),
        ("virl", "virl39k.parquet"),
        ("grounding", "grounding.jsonl"),
        ("custom", "spatial.jsonl"),
        ("custom-math", "prompt.jsonl"),
    ];
    for (name, path) in cases {
        let benchmark = benchmark_by_name(name).unwrap();
        let asked = questions(benchmark.as_ref(), &fixtures().join(path));
        assert!(!asked.is_empty(), "{path}");
        for question in &asked {
            assert!(benchmark.judge().fits(&question.key), "{name} {path}");
            let row = question.row();
            assert_eq!(
                (row.id.as_str(), row.images.len()),
                (question.id.as_str(), question.visuals.images.len())
            );
            let reply = match (&question.key, name) {
                (AnswerKey::Choice(choice), "cv-bench" | "egoschema" | "urbanvideo") => {
                    format!("({})", choice.letter)
                }
                (AnswerKey::Text(text), "comt") => format!("The final answer is: {text}"),
                (key, _) => right_reply(key),
            };
            let judged = benchmark.judge().judge(&reply, &question.key);
            let full = match &question.key {
                AnswerKey::Answers(_) => judged.verdict.score() > 0.0,
                _ => judged.verdict.score() == 1.0,
            };
            assert!(full, "{name} {path}: {reply:?} for {:?} is {judged:?}", question.key);
        }
    }
}

#[test]
fn questions_carry_the_prompts_of_the_benchmarks() {
    let text = |name: &str, path: &str| {
        let benchmark = benchmark_by_name(name).unwrap();
        questions(benchmark.as_ref(), &fixtures().join(path))[0].text()
    };
    assert!(text("vsr", "vsr.jsonl").contains("Answer with only TRUE or FALSE."));
    assert!(
        text("cv-bench", "cvbench/test_2d.parquet")
            .ends_with("\nAnswer with only the letter of your choice.")
    );
    assert!(
        text("geometry3k", "maye.jsonl")
            .ends_with(r"Please display the final answer in the format \boxed{}.")
    );
    assert!(
        text("virl", "virl39k.parquet")
            .contains("Layout: <think> reasoning </think><answer> result </answer>")
    );
    assert!(text("egoschema-log", "video_log.jsonl").starts_with("system: You are a careful analyst"));
    assert!(text("vsr", "vsr.jsonl").contains("[image]"));
}

#[test]
fn a_record_of_another_kind_is_refused_with_its_id() {
    let source = open(&fixtures().join("vsr.jsonl"), &OpenOptions::default()).unwrap();
    let error = benchmark_by_name("comt").unwrap().question(source.get(0).unwrap()).unwrap_err();
    assert!(error.to_string().contains("an interleaved plan"), "{error}");
}

/// A question that was answered with a score.
fn scored(id: usize, source: &str, score: f64) -> Prediction {
    let facets: Facets = [("source".to_owned(), source.to_owned())].into();
    Prediction {
        id: id.to_string(),
        prompt: String::new(),
        images: vec![],
        key: AnswerKey::Text(String::new()),
        facets,
        responses: vec![Response::default()],
        judged: vec![],
        score,
        error: None,
    }
}

#[test]
fn cv_bench_is_the_mean_of_its_sources_and_not_of_its_questions() {
    let shares = [("ADE20K", 6, 10), ("COCO", 5, 10), ("Omni3D", 14, 20)];
    let answered = |(source, right, all): (&'static str, usize, usize)| {
        (0..all).map(move |at| scored(at, source, f64::from(u8::from(at < right))))
    };
    let all: Vec<Prediction> = shares.into_iter().flat_map(answered).collect();
    let official = benchmark_by_name("cv-bench").unwrap().official(&all);
    for (name, expected) in [("acc_2d", 0.55), ("acc_3d", 0.7), ("overall", 0.625), ("micro", 0.625)] {
        assert!((official.scores[name] - expected).abs() < 1e-12, "{name}");
    }
    assert!(official.notes.is_empty());
    let partial: Vec<Prediction> = all.into_iter().filter(|p| p.facets["source"] != "COCO").collect();
    let official = benchmark_by_name("cv-bench").unwrap().official(&partial);
    assert!((official.scores["overall"] - 0.65).abs() < 1e-12);
    assert_eq!(official.notes, ["partial: no question from COCO"]);
}

#[test]
fn two_vqa_questions_average_to_a_rounded_fraction() {
    let all = [scored(0, "x", 0.3), scored(1, "x", 1.0)];
    let official = benchmark_by_name("okvqa").unwrap().official(&all);
    assert_eq!(official.scores["overall"], 0.65);
}

#[test]
fn a_distance_within_a_factor_of_two_is_reported_beside_the_quarter() {
    let benchmark = benchmark_by_name("distance").unwrap();
    let answer = |text: &str| {
        let response = Response { text: text.to_owned(), ..Response::default() };
        let key = AnswerKey::Text("2.00 metres".to_owned());
        Prediction { key, responses: vec![response], ..scored(0, "x", 0.0) }
            .scored(benchmark.judge(), &EvalSampling::greedy(8))
    };
    let all = ["2.1 m", "390 cm", "1", "5 m", "no idea"].map(answer);
    let verdicts: Vec<Verdict> = all.iter().map(|p| p.judged[0].verdict).collect();
    assert_eq!(verdicts[..2], [Verdict::Correct, Verdict::Wrong]);
    assert!((benchmark.official(&all).scores["within_a_factor_of_2"] - 0.6).abs() < 1e-12);
}

/// Published files are not ours to keep; `ANNEAL_PUBLISHED_DATA` names a folder with copies of them.
#[test]
fn published_questions_are_read_to_the_last_one() {
    let Some(folder) = std::env::var_os("ANNEAL_PUBLISHED_DATA").map(PathBuf::from) else {
        let asked =
            questions(benchmark_by_name("egoschema").unwrap().as_ref(), &fixtures().join("egoschema.json"));
        assert!(asked.iter().all(|question| matches!(question.key, AnswerKey::Choice(_))));
        return;
    };
    for (name, file, count) in
        [("egoschema", "egoschema.json", 500), ("urbanvideo", "urbanvideo-test.json", 1170)]
    {
        assert_eq!(questions(benchmark_by_name(name).unwrap().as_ref(), &folder.join(file)).len(), count);
    }
    let vsr = questions(benchmark_by_name("vsr").unwrap().as_ref(), &folder.join("vsr-zeroshot-dev.jsonl"));
    assert_eq!(vsr.len(), 340);
    assert!(vsr.iter().all(|question| question.facets.contains_key("category")));
}
