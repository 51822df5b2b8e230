//! Old checkpoints go, the right ones stay.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::num::NonZeroUsize;

use checkpoint::simulated::SimulatedDisk;
use checkpoint::{RealFs, RunLock, StepMeta, Store};
use proptest::prelude::*;

fn save(store: &Store, step: u64) -> Vec<u64> {
    let saved =
        store.save(step, &StepMeta::default(), |files| files.write("state", &[step as u8; 9])).unwrap();
    assert!(saved.not_retired.is_none());
    saved.retired
}

fn store(disk: &SimulatedDisk, limit: usize) -> Store {
    Store::new(disk.clone(), "/run").with_limit(NonZeroUsize::new(limit).unwrap())
}

#[test]
fn the_newest_stay_and_the_removed_are_named() {
    let disk = SimulatedDisk::new();
    let store = store(&disk, 3);
    let retired: Vec<_> = [10, 20, 30, 40, 50].into_iter().flat_map(|step| save(&store, step)).collect();
    assert_eq!(retired, [10, 20]);
    assert_eq!(store.steps().unwrap(), [30, 40, 50]);
    assert!(store.verify_all().unwrap().leftovers.is_empty());
}

#[test]
fn two_stay_when_the_limit_is_one() {
    let disk = SimulatedDisk::new();
    let store = store(&disk, 1);
    for step in 1..=4 {
        save(&store, step);
    }
    assert_eq!(store.steps().unwrap(), [3, 4]);
}

#[test]
fn going_back_removes_what_came_later() {
    let disk = SimulatedDisk::new();
    let store = Store::new(disk.clone(), "/run");
    for step in [1, 2, 3] {
        save(&store, step);
    }
    assert_eq!(store.discard_after(1).unwrap(), [3, 2]);
    assert_eq!(store.latest().unwrap().unwrap().step(), 1);
    save(&store, 2);
}

#[test]
fn leftovers_go_when_the_run_is_taken_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let lock = RunLock::acquire(&run).unwrap();
    let store = Store::new(RealFs, &run);
    save(&store, 7);
    for name in ["checkpoint-9.tmp-1-0", ".trash-checkpoint-3-1-0", "checkpoint-9.tmp-mine", "rollouts"] {
        std::fs::create_dir(run.join(name)).unwrap();
        std::fs::write(run.join(name).join("file"), "x").unwrap();
    }
    std::fs::write(run.join("checkpoint-8.tmp-1-0"), "a file, no folder").unwrap();
    assert_eq!(store.clean_up(&lock).unwrap(), [".trash-checkpoint-3-1-0", "checkpoint-9.tmp-1-0"]);
    let mut left: Vec<_> = std::fs::read_dir(&run).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    let expected = ["checkpoint-7", "checkpoint-8.tmp-1-0", "checkpoint-9.tmp-mine", "rollouts", "run.lock"];
    assert_eq!(left, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn exactly_the_newest_in_good_order_stay_whatever_is_damaged(
        limit in 1_usize..5,
        damaged in prop::collection::vec(any::<bool>(), 1..12),
    ) {
        let disk = SimulatedDisk::new();
        let mut sound = Vec::new();
        for (step, &damage) in (1..).zip(&damaged) {
            // A store per save, so that nothing is known from before.
            save(&store(&disk, limit), step);
            sound.push(step);
            sound.drain(..sound.len().saturating_sub(limit.max(2)));
            if damage {
                disk.corrupt(format!("/run/checkpoint-{step}/state"), |bytes| bytes[0] ^= 1).unwrap();
                sound.pop();
            }
            let store = store(&disk, limit);
            let left: Vec<_> =
                store.steps().unwrap().into_iter().filter(|&step| store.load(step).is_ok()).collect();
            prop_assert_eq!(&left, &sound);
        }
    }
}
