//! The disk is full, or an operation fails: a clear error, earlier checkpoints as they were, and life goes on.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::error::Error;
use std::num::NonZeroUsize;

use checkpoint::simulated::{Fault, SimulatedDisk};
use checkpoint::{RealFs, SaveError, Saved, StepMeta, Store};

fn save(store: &Store, step: u64) -> Result<Saved, SaveError> {
    store.save(step, &StepMeta::default(), |files| {
        files.write("adapter_model.safetensors", &[step as u8; 300])?;
        files.write("trainer_state.json", b"{}")
    })
}

fn prepared() -> (SimulatedDisk, Store) {
    let disk = SimulatedDisk::new();
    let store = Store::new(disk.clone(), "/run").with_limit(NonZeroUsize::new(2).unwrap());
    for step in [1, 2] {
        save(&store, step).unwrap();
    }
    (disk, store)
}

/// Breaks each operation of a third save in turn, and hands over what came of it.
fn break_each(fault: Fault, check: impl Fn(&Store, Result<Saved, SaveError>, u64)) -> u64 {
    let (disk, store) = prepared();
    let start = disk.operations();
    save(&store, 3).unwrap();
    let end = disk.operations();
    for at in start..end {
        let (disk, store) = prepared();
        disk.plan(at, fault);
        let outcome = save(&store, 3);
        disk.repair();
        check(&store, outcome, at);
        save(&store, 4).unwrap_or_else(|error| panic!("{fault:?} at {at}: {error}"));
        assert_eq!(store.latest().unwrap().unwrap().step(), 4);
    }
    end - start
}

fn assert_told_or_saved(store: &Store, outcome: Result<Saved, SaveError>, at: u64, cause: &str) {
    let latest = store.latest().unwrap().unwrap();
    assert!(latest.skipped().is_empty(), "at {at}");
    match outcome {
        Ok(_) => assert_eq!(latest.step(), 3, "at {at}"),
        Err(error) => {
            assert!(latest.step() >= 2, "at {at}");
            let text = error.to_string();
            assert!(text.contains("step 3") && text.contains("/run"), "at {at}: {text}");
            assert!(text.contains(cause), "at {at}: {text}");
            assert!(error.source().is_some(), "at {at}");
            assert!(
                store.load(1).is_ok() || latest.step() == 3,
                "at {at}: an old one went although none came"
            );
        }
    }
}

#[test]
fn a_disk_that_fills_up_anywhere_is_reported_with_path_and_cause() {
    let cause = std::io::Error::from(std::io::ErrorKind::StorageFull).to_string();
    let tried =
        break_each(Fault::DiskFull, |store, outcome, at| assert_told_or_saved(store, outcome, at, &cause));
    assert!(tried > 15, "{tried}");
}

#[test]
fn any_operation_that_fails_is_reported_with_path_and_cause() {
    break_each(Fault::Broken, |store, outcome, at| {
        assert_told_or_saved(store, outcome, at, "input/output error");
    });
}

#[test]
fn a_full_disk_leaves_no_half_checkpoint_behind() {
    break_each(Fault::DiskFull, |store, _, at| {
        let report = store.verify_all().unwrap();
        assert!(report.is_sound(), "at {at}: {report}");
        let half = report.leftovers.iter().find(|name| name.contains(".tmp-"));
        assert_eq!(half, None, "at {at}");
    });
}

#[test]
fn a_bad_sector_while_loading_falls_back_to_the_checkpoint_before() {
    let (disk, store) = prepared();
    let start = disk.operations();
    store.latest().unwrap();
    let end = disk.operations();
    for at in start..end {
        let (disk, store) = prepared();
        disk.plan(at, Fault::Broken);
        match store.latest() {
            Ok(loaded) => {
                let loaded = loaded.expect("there are two");
                assert_eq!((loaded.step(), loaded.skipped().len()), (1, 1), "at {at}");
                assert!(loaded.skipped()[0].to_string().contains("checkpoint-2"));
            }
            Err(error) => assert!(error.to_string().contains("cannot read /run"), "at {at}: {error}"),
        }
    }
}

#[test]
fn a_run_folder_that_cannot_be_is_reported_by_path() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    for run in [file.clone(), file.join("run")] {
        let error = save(&Store::new(RealFs, &run), 1).err().unwrap().to_string();
        assert!(error.contains(&*file.to_string_lossy()), "{error}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
}

#[test]
fn contents_that_cannot_be_made_leave_nothing_behind() {
    let (_, store) = prepared();
    let outcome = store.save(3, &StepMeta::default(), |files| {
        files.write("a", b"a")?;
        Err(SaveError::Content { step: 3, name: "b".into(), source: "weights are not finite".into() })
    });
    assert!(outcome.unwrap_err().to_string().contains("weights are not finite"));
    let outcome = store.save(3, &StepMeta::default(), |files| {
        files.write_with("b", |_| Err(std::io::Error::other("the tensor is gone")))
    });
    assert!(outcome.unwrap_err().to_string().contains("the tensor is gone"));
    assert_eq!(store.verify_all().unwrap().leftovers, [""; 0]);
    assert_eq!(store.steps().unwrap(), [1, 2]);
}

#[test]
fn names_that_lead_elsewhere_or_come_twice_are_refused() {
    let (_, store) = prepared();
    for name in ["../evil", "/etc/passwd", "", "manifest.json", "a/b"] {
        let outcome = store.save(3, &StepMeta::default(), |files| files.write(name, b"x"));
        assert!(matches!(outcome, Err(SaveError::Name { step: 3, .. })), "{name:?}");
    }
    let outcome = store.save(3, &StepMeta::default(), |files| {
        files.write("a", b"x")?;
        files.write("a", b"y")
    });
    assert!(matches!(outcome, Err(SaveError::Twice { .. })));
    assert_eq!(store.steps().unwrap(), [1, 2]);
}
