//! A process that is killed at any moment leaves whole checkpoints behind, and its run goes on to the same bytes.

use crate::stopped::newest;
use crate::workplace::{Workplace, anneal, assert_same, assert_success};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const STEPS: u64 = 12;

/// Kills in one go of the suite; `ANNEAL_KILLS` asks for more.
fn kills() -> usize {
    std::env::var("ANNEAL_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(25)
}

#[test]
fn killed_runs_go_on_to_the_same_bytes() {
    let place = Workplace::new();
    let recipe = place.recipe("sft", &format!("max_steps: {STEPS}\nsave_steps: 1\nsave_total_limit: 2\n"));
    let start = Instant::now();
    let whole = place.train("sft", &recipe, "whole", &[]);
    let usual = start.elapsed();
    let run = place.path("run");
    let (mut draws, mut interrupted) = (1u64, 0);
    for kill in 0..kills() {
        // From before anything is loaded to behind the last step of an undisturbed run.
        draws = draws.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (draws >> 33) as f64 / f64::from(u32::MAX >> 1);
        let ended = run_for(&place, &recipe, usual.mul_f64(share));
        if run.exists() {
            assert_success(&anneal(&["verify", run.to_str().unwrap()]));
        }
        interrupted += usize::from(!ended);
        if ended {
            assert_same(&whole, &run, STEPS);
            fs::remove_dir_all(&run).unwrap_or_else(|error| panic!("after {kill} kills: {error}"));
        }
    }
    assert!(interrupted > 0, "every run had ended before it was killed");
    finish(&place, &recipe);
    assert_same(&whole, &run, STEPS);
}

/// Starts or goes on with the run and kills it after a while; whether it had ended by itself.
fn run_for(place: &Workplace, recipe: &Path, time: Duration) -> bool {
    let mut child = place.command("sft", recipe, "run", &how(place)).spawn().unwrap();
    std::thread::sleep(time);
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    ended.is_some_and(|status| status.success())
}

fn finish(place: &Workplace, recipe: &Path) {
    if newest(&place.path("run")) != Some(STEPS) {
        place.train("sft", recipe, "run", &how(place));
    }
}

/// A run without a checkpoint starts anew.
fn how(place: &Workplace) -> Vec<&'static str> {
    newest(&place.path("run")).map_or_else(Vec::new, |_| vec!["--resume", "latest"])
}
