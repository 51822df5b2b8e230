//! The math judge beside math-verify, on recorded verdicts.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use rewards::math_equal;

/// One recorded verdict.
struct Row {
    prediction: String,
    gold: String,
    equal: bool,
    kind: String,
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/golden").join(name)
}

fn rows(path: &PathBuf) -> Vec<Row> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let parse = |line: &str| {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| json[name].as_str().unwrap().to_owned();
        Row {
            prediction: field("prediction"),
            gold: field("gold"),
            equal: json["equal"].as_bool().unwrap(),
            kind: field("kind"),
        }
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(parse).collect()
}

/// Kinds in which accepting a wrong answer is never excusable.
const NO_FALSE_ACCEPTS: [&str; 4] = ["integer", "fraction", "decimal_fraction", "choice"];

/// Agreement and the number of false accepts in the strict kinds; prints every disagreement.
fn compare(rows: &[Row]) -> (f64, usize) {
    let mut by_kind: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut agreed, mut false_accepts) = (0, 0);
    for row in rows {
        let ours = math_equal(&row.prediction, &row.gold).value() == Some(1.0);
        let count = by_kind.entry(&row.kind).or_default();
        count.1 += 1;
        if ours == row.equal {
            agreed += 1;
            continue;
        }
        count.0 += 1;
        false_accepts += usize::from(ours && NO_FALSE_ACCEPTS.contains(&row.kind.as_str()));
        println!("{} ours {ours}: {:?} against {:?}", row.kind, row.prediction, row.gold);
    }
    for (kind, (differ, of)) in by_kind.iter().filter(|(_, (differ, _))| *differ > 0) {
        println!("{kind}: {differ} of {of} differ");
    }
    (agreed as f64 / rows.len() as f64, false_accepts)
}

#[test]
fn the_judge_agrees_with_math_verify_on_the_golden_pairs() {
    let path =
        std::env::var_os("ANNEAL_GOLDEN_MATH").map_or_else(|| fixture("math_verify.jsonl"), PathBuf::from);
    let (agreement, false_accepts) = compare(&rows(&path));
    println!("agreement {agreement:.4}");
    assert_eq!(false_accepts, 0);
    assert!(agreement >= 0.99, "agreement {agreement}");
}

#[test]
fn the_judge_agrees_with_math_verify_on_random_pairs_of_every_kind() {
    let (agreement, false_accepts) = compare(&rows(&fixture("math_verify_extra.jsonl")));
    println!("agreement {agreement:.4}");
    assert_eq!(false_accepts, 0);
    assert!(agreement >= 0.98, "agreement {agreement}");
}
