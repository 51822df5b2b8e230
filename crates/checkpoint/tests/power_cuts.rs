//! The power fails before every operation of a save, and what was acknowledged is there afterwards.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::num::NonZeroUsize;

use checkpoint::simulated::{Fault, SimulatedDisk, Unsynced};
use checkpoint::{SaveError, Saved, StepMeta, Store};

const RUN: &str = "/disk/run";

fn meta(step: u64) -> StepMeta {
    StepMeta { config_hash: "c0ffee".into(), seed: 3, data_cursor: 8 * step, ..StepMeta::default() }
}

fn model(step: u64) -> Vec<u8> {
    (0..97).map(|place| (place * 31 + step * 7 + 1) as u8).collect()
}

fn save(store: &Store, step: u64) -> Result<Saved, SaveError> {
    store.save(step, &meta(step), |files| {
        files.write("adapter_model.safetensors", &model(step))?;
        files.write("trainer_state.json", step.to_string().as_bytes())
    })
}

/// Saves steps until one fails, and returns those that were acknowledged.
fn save_all(store: &Store, steps: &[u64]) -> Vec<u64> {
    steps.iter().copied().take_while(|&step| save(store, step).is_ok()).collect()
}

fn assert_intact(store: &Store, step: u64, context: &str) {
    let loaded = store.load(step).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert_eq!(loaded.meta(), &meta(step), "{context}");
    assert_eq!(loaded.read("adapter_model.safetensors").unwrap(), model(step), "{context}");
    assert_eq!(loaded.read("trainer_state.json").unwrap(), step.to_string().as_bytes(), "{context}");
}

fn outcomes() -> impl Iterator<Item = Unsynced> {
    [Unsynced::Lost, Unsynced::Kept].into_iter().chain((0..24).map(Unsynced::Torn))
}

fn store_on(disk: &SimulatedDisk, limit: Option<usize>) -> Store {
    let store = Store::new(disk.clone(), RUN);
    match limit.and_then(NonZeroUsize::new) {
        Some(limit) => store.with_limit(limit),
        None => store,
    }
}

/// Runs the saves once to count operations, then with a power cut before each of them; returns how many cuts there were.
fn cut_everywhere(steps: &[u64], limit: Option<usize>) -> u64 {
    let disk = SimulatedDisk::new();
    assert_eq!(save_all(&store_on(&disk, limit), steps), steps);
    for at in 0..disk.operations() {
        for unsynced in outcomes() {
            cut_once(steps, limit, at, unsynced);
        }
    }
    disk.operations()
}

fn cut_once(steps: &[u64], limit: Option<usize>, at: u64, unsynced: Unsynced) {
    let context = format!("cut before operation {at}, unsynced data {unsynced:?}");
    let disk = SimulatedDisk::new();
    disk.plan(at, Fault::PowerCut);
    let acknowledged = save_all(&store_on(&disk, limit), steps);
    disk.restart(unsynced);

    let store = store_on(&disk, limit);
    let kept = limit.map_or(usize::MAX, |limit| limit.max(2));
    for &step in acknowledged.iter().rev().take(kept) {
        assert_intact(&store, step, &context);
    }
    let latest = store.latest().unwrap_or_else(|error| panic!("{context}: {error}"));
    let latest = latest.map(|loaded| {
        assert!(loaded.skipped().is_empty(), "{context}: {:?}", loaded.skipped());
        loaded.step()
    });
    assert!(latest >= acknowledged.last().copied(), "{context}: {latest:?}");
    if let Some(step) = latest {
        assert_intact(&store, step, &context);
    }
    let report = store.verify_all().unwrap();
    assert!(report.is_sound(), "{context}: {report}");
    assert!(report.leftovers.len() <= 2, "{context}: {:?}", report.leftovers);

    let next = 1 + steps.iter().max().unwrap();
    save(&store, next).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert_intact(&store, next, &context);
}

#[test]
fn a_cut_anywhere_in_a_save_loses_nothing() {
    assert!(cut_everywhere(&[5], None) >= 12);
}

#[test]
fn a_cut_anywhere_in_two_saves_keeps_what_was_acknowledged() {
    assert!(cut_everywhere(&[5, 10], None) >= 24);
}

#[test]
fn a_cut_anywhere_while_old_ones_are_removed_keeps_the_newest_two() {
    assert!(cut_everywhere(&[1, 2, 3, 4], Some(2)) >= 60);
    cut_everywhere(&[1, 2, 3], Some(1));
}

#[test]
fn a_cut_while_a_damaged_one_is_replaced_never_costs_another() {
    let prepare = || {
        let disk = SimulatedDisk::new();
        assert_eq!(save_all(&store_on(&disk, None), &[1, 2]), [1, 2]);
        disk.corrupt(format!("{RUN}/checkpoint-2/trainer_state.json"), Vec::clear).unwrap();
        disk
    };
    let disk = prepare();
    let start = disk.operations();
    save(&store_on(&disk, None), 2).unwrap();
    for at in start..disk.operations() {
        for unsynced in outcomes() {
            let disk = prepare();
            disk.plan(at, Fault::PowerCut);
            let done = save(&store_on(&disk, None), 2).is_ok();
            disk.restart(unsynced);
            let store = store_on(&disk, None);
            let latest = store.latest().unwrap().unwrap();
            assert!(latest.step() == 2 || !done, "cut at {at}, {unsynced:?}");
            assert_intact(&store, latest.step(), &format!("cut at {at}, {unsynced:?}"));
        }
    }
}

/// The simulation itself: what no one synced is lost when it says so, and only then.
#[test]
fn the_simulated_disk_forgets_what_was_not_synced() {
    use checkpoint::Fs;
    use std::io::Write;
    use std::path::Path;

    let write = |sync_name: fn(&SimulatedDisk), sync_bytes: fn(&mut dyn checkpoint::OutFile)| {
        let disk = SimulatedDisk::new();
        let mut file = disk.create_file(Path::new("/a")).unwrap();
        file.write_all(b"bytes").unwrap();
        sync_bytes(&mut *file);
        sync_name(&disk);
        disk.restart(Unsynced::Lost);
        let mut text = String::new();
        disk.open(Path::new("/a")).and_then(|mut file| file.read_to_string(&mut text)).map(|_| text)
    };
    let name = |disk: &SimulatedDisk| disk.sync_folder(Path::new("/")).unwrap();
    assert!(write(|_| {}, |file| file.sync().unwrap()).is_err(), "the name was not synced");
    assert_eq!(write(name, |_| {}).unwrap(), "", "the bytes were not synced");
    assert_eq!(write(name, |file| file.sync().unwrap()).unwrap(), "bytes");
}
