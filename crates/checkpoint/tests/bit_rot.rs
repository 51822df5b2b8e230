//! Whatever happens to the bytes of a checkpoint is noticed before they are used.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::fs;
use std::path::Path;

use checkpoint::simulated::SimulatedDisk;
use checkpoint::{Flaw, LoadError, ManifestFlaw, RealFs, SaveError, StepMeta, Store};
use sha2::{Digest, Sha256};

const FILES: [(&str, &[u8]); 3] =
    [("adapter_model.safetensors", &[7; 40]), ("adapter_config.json", b"{\"r\": 8}"), ("empty", b"")];

fn save(store: &Store, step: u64) {
    let meta = StepMeta { config_hash: "c0ffee".into(), ..StepMeta::default() };
    store
        .save(step, &meta, |files| FILES.iter().try_for_each(|(name, bytes)| files.write(name, bytes)))
        .unwrap();
}

/// Two checkpoints, the newer one damaged; the error of loading it is handed over once the fallback is proven.
fn damage(file: &str, change: impl FnOnce(&mut Vec<u8>)) -> Flaw {
    let disk = SimulatedDisk::new();
    let store = Store::new(disk.clone(), "/run");
    save(&store, 1);
    save(&store, 2);
    let earlier = store.latest().unwrap().unwrap();
    disk.corrupt(Path::new("/run/checkpoint-2").join(file), change).unwrap();

    let latest = store.latest().unwrap().unwrap();
    assert_eq!((latest.step(), latest.skipped().len()), (1, 1));
    assert!(latest.skipped()[0].to_string().starts_with("/run/checkpoint-2: "));
    if file != "manifest.json" {
        assert!(matches!(earlier.read(file), Err(LoadError::Damaged(_))), "damaged after it was loaded");
    }
    match store.load(2) {
        Err(LoadError::Damaged(skipped)) => skipped.flaw,
        other => panic!("{other:?}"),
    }
}

fn length_of(file: &str) -> usize {
    let disk = SimulatedDisk::new();
    save(&Store::new(disk.clone(), "/run"), 2);
    let mut length = 0;
    disk.corrupt(Path::new("/run/checkpoint-2").join(file), |bytes| length = bytes.len()).unwrap();
    length
}

#[test]
fn every_flipped_bit_is_noticed() {
    let mut flipped = 0;
    for file in ["manifest.json", "adapter_model.safetensors", "adapter_config.json"] {
        for bit in 0..8 * length_of(file) {
            let flaw = damage(file, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
            match file {
                "manifest.json" => assert!(matches!(flaw, Flaw::Manifest(ManifestFlaw::Checksum)), "{flaw}"),
                _ => assert!(matches!(&flaw, Flaw::Digest { name, .. } if name == file), "{flaw}"),
            }
            flipped += 1;
        }
    }
    assert!(flipped > 5000, "{flipped}");
}

#[test]
fn every_cut_is_noticed() {
    for file in ["manifest.json", "adapter_model.safetensors", "adapter_config.json"] {
        for length in 0..length_of(file) {
            damage(file, |bytes| bytes.truncate(length));
        }
    }
}

#[test]
fn bytes_that_were_added_are_noticed() {
    for file in ["manifest.json", "adapter_model.safetensors", "empty"] {
        damage(file, |bytes| bytes.push(b'\n'));
    }
}

#[test]
fn a_run_with_nothing_but_damage_does_not_start_again_from_nothing() {
    let disk = SimulatedDisk::new();
    let store = Store::new(disk.clone(), "/run");
    assert!(store.latest().unwrap().is_none());
    save(&store, 1);
    save(&store, 2);
    for step in [1, 2] {
        disk.corrupt(format!("/run/checkpoint-{step}/empty"), |bytes| bytes.push(0)).unwrap();
    }
    let error = store.latest().err().unwrap();
    assert!(matches!(&error, LoadError::NoneSound { skipped } if skipped.len() == 2));
    let text = error.to_string();
    for words in ["checkpoint-1: empty: found 1 bytes, expected 0", "checkpoint-2"] {
        assert!(text.contains(words), "{text}");
    }
    let report = store.verify_all().unwrap();
    assert!(!report.is_sound());
    assert_eq!(report.to_string().matches("DAMAGED").count(), 2, "{report}");
}

#[test]
fn a_report_lists_every_flaw_and_every_stranger() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(RealFs, folder.path());
    save(&store, 1);
    save(&store, 2);
    let second = folder.path().join("checkpoint-2");
    fs::write(second.join("adapter_config.json"), "{\"r\": 9}").unwrap();
    fs::remove_file(second.join("empty")).unwrap();
    fs::write(second.join("README.md"), "hello").unwrap();
    let report = store.verify_all().unwrap();
    let [first, second] = &report.checkpoints[..] else { panic!("{report}") };
    assert_eq!((first.files, first.bytes, first.flaws.len()), (3, 48, 0));
    assert!(matches!(&second.flaws[..], [Flaw::Digest { .. }, Flaw::Missing { .. }]), "{report}");
    assert_eq!(second.unlisted, ["README.md"]);
    assert!(report.to_string().contains("checkpoint-1: in good order, 3 files, 48 bytes"), "{report}");
}

#[test]
fn a_checkpoint_under_another_name_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(RealFs, folder.path());
    save(&store, 1);
    fs::rename(folder.path().join("checkpoint-1"), folder.path().join("checkpoint-9")).unwrap();
    let error = store.load(9).err().unwrap().to_string();
    assert!(error.contains("found step 1, expected 9"), "{error}");
    assert!(store.load(1).err().unwrap().to_string().contains("the run has steps 9"));
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_a_file_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(RealFs, folder.path());
    save(&store, 1);
    let file = folder.path().join("checkpoint-1/adapter_config.json");
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    let error = store.load(1).err().unwrap();
    assert!(error.to_string().contains("expected a regular file"), "{error}");
}

#[test]
fn what_is_in_good_order_is_never_written_over() {
    let disk = SimulatedDisk::new();
    let store = Store::new(disk.clone(), "/run");
    save(&store, 2);
    let again = store.save(2, &StepMeta::default(), |files| files.write("a", b"new"));
    assert!(matches!(again, Err(SaveError::Exists { .. })));
    disk.corrupt("/run/checkpoint-2/empty", |bytes| bytes.push(0)).unwrap();
    save(&store, 2);
    assert!(store.verify_all().unwrap().is_sound());
}

#[test]
fn folders_of_other_programs_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("checkpoint-500");
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("model.safetensors"), "weights of weeks").unwrap();
    let store = Store::new(RealFs, folder.path()).with_limit(1.try_into().unwrap());
    for step in [1, 2, 3] {
        save(&store, step);
    }
    assert_eq!(store.latest().unwrap().unwrap().skipped().len(), 1);
    let taken = store.save(500, &StepMeta::default(), |files| files.write("a", b"b"));
    assert!(matches!(taken, Err(SaveError::Taken { .. })));
    assert_eq!(store.discard_after(0).unwrap(), [3, 2]);
    assert_eq!(fs::read(theirs.join("model.safetensors")).unwrap(), b"weights of weeks");
}

#[test]
fn checkpoints_of_later_versions_and_of_other_names_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(RealFs, folder.path()).with_limit(1.try_into().unwrap());
    save(&store, 1);
    fs::rename(folder.path().join("checkpoint-1"), folder.path().join("checkpoint-2")).unwrap();
    let body = b"{\n  \"version\": 999,\n  \"news\": []";
    let digest: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    let manifest = format!(",\n  \"checksum\": \"{digest}\"\n}}\n");
    fs::create_dir(folder.path().join("checkpoint-3")).unwrap();
    let later = folder.path().join("checkpoint-3/manifest.json");
    fs::write(&later, [&body[..], manifest.as_bytes()].concat()).unwrap();

    for (step, words) in [(2, "found step 1, expected 2"), (3, "found version 999, expected 1 to 1")] {
        let error = store.save(step, &StepMeta::default(), |files| files.write("a", b"b")).unwrap_err();
        assert!(matches!(error, SaveError::Taken { .. }) && error.to_string().contains(words), "{error}");
    }
    for step in [4, 5, 6] {
        save(&store, step);
    }
    assert_eq!(store.steps().unwrap(), [2, 3, 5, 6]);
    assert_eq!(store.discard_after(0).unwrap(), [6, 5]);
}

#[test]
fn a_file_that_was_not_saved_is_named_with_those_that_were() {
    let store = Store::new(SimulatedDisk::new(), "/run");
    save(&store, 1);
    let loaded = store.load(1).unwrap();
    let error = loaded.read("optimizer.safetensors").unwrap_err().to_string();
    assert!(error.contains("optimizer.safetensors") && error.contains("adapter_config.json"), "{error}");
    assert!(loaded.read("manifest.json").is_err() && loaded.read("../x").is_err());
}
