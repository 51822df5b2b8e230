//! Signals: the step is finished, a checkpoint written, and the exit code says what happened.

use crate::workplace::{Workplace, assert_same};
use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn sigterm_saves_after_the_step_and_the_run_goes_on_to_the_same_bytes() {
    let place = Workplace::new();
    let recipe = place.recipe("sft", "max_steps: 30\n");
    let whole = place.train("sft", &recipe, "whole", &[]);

    let run = place.path("run");
    let mut child = place.command("sft", &recipe, "run", &[]).spawn().unwrap();
    wait_for_steps(&run, 3, &mut child);
    signal("TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let stopped = newest(&run).expect("a checkpoint");
    assert!((3..30).contains(&stopped), "stopped after {stopped}");
    place.train("sft", &recipe, "run", &["--resume", "latest"]);
    assert_same(&whole, &run, 30);
}

#[test]
fn a_second_run_in_the_same_folder_is_kept_out() {
    let place = Workplace::new();
    let recipe = place.recipe("sft", "max_steps: 1000\n");
    let run = place.path("run");
    let mut child = place.command("sft", &recipe, "run", &[]).spawn().unwrap();
    wait_for_steps(&run, 1, &mut child);
    let second = place.command("sft", &recipe, "run", &[]).output().unwrap();
    signal("INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("process"), "{said}");
}

#[test]
fn without_a_terminal_every_line_of_the_log_is_a_line_on_standard_error() {
    let place = Workplace::new();
    let recipe = place.recipe("sft", "max_steps: 4\n");
    let output = place.command("sft", &recipe, "run", &["--set", "logging_steps=2"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("step ")).collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].starts_with("step 2/4  epoch ") && lines[0].contains("  loss "), "{said}");
    assert!(lines[1].starts_with("step 4/4  epoch "), "{said}");
}

/// Waits until a run has logged so many steps.
fn wait_for_steps(run: &Path, steps: usize, child: &mut Child) {
    let start = Instant::now();
    loop {
        let text = fs::read_to_string(run.join("metrics.jsonl")).unwrap_or_default();
        if text.lines().count() >= steps {
            return;
        }
        assert!(child.try_wait().unwrap().is_none(), "ended before step {steps}");
        assert!(start.elapsed() < PATIENCE, "no step {steps}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn signal(name: &str, child: &Child) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status();
    assert!(status.unwrap().success());
}

/// The last step that has a checkpoint.
pub fn newest(run: &Path) -> Option<u64> {
    let entries = fs::read_dir(run).ok()?;
    let step = |entry: fs::DirEntry| entry.file_name().to_str()?.strip_prefix("checkpoint-")?.parse().ok();
    entries.filter_map(|entry| step(entry.ok()?)).max()
}
