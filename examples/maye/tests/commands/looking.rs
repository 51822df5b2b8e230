//! `maye judge`, `maye report`.

use crate::workplace::Workplace;
use serde_json::json;
use std::fs;

#[test]
fn a_verdict_comes_with_its_rule() {
    let place = Workplace::new();
    let judge = |prediction: &str, solution: &str, more: &[&str]| {
        place.succeeds(&[&["judge", "--prediction", prediction, "--solution", solution], more].concat())
    };
    assert_eq!(judge("\\boxed{20}", "\\boxed{20}", &[]), "true (identical)\n");
    assert_eq!(judge("\\boxed{0.5}", "\\boxed{\\frac{1}{2}}", &[]), "true (number)\n");
    assert_eq!(judge("-1, \\boxed{2,1}", "\\boxed{1,2}", &[]), "true (items)\n");
    assert_eq!(judge("\\boxed{7.07}", "\\boxed{5\\sqrt{2}}", &[]), "true (number)\n");
    assert!(judge("\\boxed{7.07}", "\\boxed{5\\sqrt{2}}", &["--mode", "strict"]).starts_with("false"));
    assert_eq!(judge("20", "\\boxed{20}", &[]), "false (no boxed answer)\n");
}

#[test]
fn a_report_averages_runs_over_their_epochs() {
    let place = Workplace::new();
    for (run, accuracies) in [("one", [0.1, 0.30, 0.40, 0.35]), ("two", [0.2, 0.20, 0.50, 0.30])] {
        fs::create_dir(place.path(run)).unwrap();
        let lines = accuracies.iter().enumerate().map(|(epoch, accuracy)| {
            let metrics = json!({"acc/Validation Set Epoch Accuracy pass@1 Temperature=0.6": accuracy});
            let record = json!({"step": epoch * 10, "stage": format!("epoch {epoch}"), "name": "Validation set", "metrics": metrics});
            format!("{record}\n")
        });
        fs::write(place.path(run).join("evals.jsonl"), lines.collect::<String>()).unwrap();
    }
    let said = place.succeeds(&["report", "one", "two", "--out", "reports/both.json"]);
    assert!(said.contains("| validation | pass@1 Temperature=0.6 | 15.0 | 34.2 | 1.2 | 45.0 |"), "{said}");
    let report: serde_json::Value = serde_json::from_slice(&place.read("reports/both.json")).unwrap();
    let mean = report["accuracies"][0]["mean"].as_f64().unwrap();
    assert!((mean - 0.341_667).abs() < 1e-6);
    assert!(String::from_utf8(place.read("reports/report.html")).unwrap().contains("</html>"));
    assert!(place.fails(&["report", "data"]).contains("expected runs"));
}
