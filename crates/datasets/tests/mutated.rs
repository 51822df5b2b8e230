//! Files of every layout with bytes changed, cut out, doubled or dropped: an error or a record, never a panic.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::path::{Path, PathBuf};

use datasets::{Format, InspectOptions, Layout, OpenOptions, Permutation, inspect};

const MUTATIONS: u64 = 40;

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/datasets");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.is_file());
    files.sort();
    files
}

/// The bytes with one thing done to them; `draw` chooses what and where.
fn mutated(mut bytes: Vec<u8>, draw: impl Fn(u64, usize) -> usize) -> Vec<u8> {
    let at = draw(1, bytes.len());
    let len = draw(2, 64).min(bytes.len() - at);
    match draw(3, 6) {
        0 => bytes[at] ^= 1 << draw(4, 8),
        1 => bytes[at] = *b"{}[]\",:\\\n\0<0".get(draw(4, 12)).unwrap(),
        2 => drop(bytes.drain(at..at + len)),
        3 => bytes.truncate(at),
        4 => {
            let copy = bytes[at..at + len].to_vec();
            bytes.splice(at..at, copy);
        }
        _ => bytes[at..at + len].fill(0xff),
    }
    bytes
}

#[test]
fn mutated_files_end_in_errors_or_records() {
    let folder = tempfile::tempdir().unwrap();
    let layouts: Vec<Layout> = Layout::all().collect();
    // The parquet reader's own panics are contained; their words would only fill the screen.
    std::panic::set_hook(Box::new(|_| {}));
    let (mut opened, mut refused) = (0, 0);
    for (number, file) in fixtures().iter().enumerate() {
        let original = std::fs::read(file).unwrap();
        let path = folder.path().join(file.file_name().unwrap());
        for mutation in 0..MUTATIONS {
            let draw = |what: u64, choices: usize| {
                Permutation::new(choices as u64, &[number as u64, mutation, what]).at(0) as usize
            };
            std::fs::write(&path, mutated(original.clone(), draw)).unwrap();
            let named = Format::Named(layouts[draw(5, layouts.len())]);
            for format in [Format::Auto, named] {
                let open = OpenOptions { format, max_samples: Some(50), ..OpenOptions::default() };
                let options = InspectOptions { open, images: 4, tokenised: 0 };
                match inspect(&path, &options, None) {
                    Ok(found) => opened += usize::from(!found.to_string().is_empty()),
                    Err(error) => refused += usize::from(!error.to_string().is_empty()),
                }
            }
        }
    }
    let _ = std::panic::take_hook();
    assert!(opened > 1000 && refused > 500, "{opened} opened, {refused} refused");
}
