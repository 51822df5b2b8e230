//! Comparing a checkpoint with its manifest.

use std::io;
use std::path::Path;

use crate::flaw::{Flaw, ManifestFlaw};
use crate::fs::{Fs, Kind};
use crate::hashing;
use crate::manifest::{FileEntry, MANIFEST, MANIFEST_LIMIT, Manifest};

/// The manifest of a checkpoint in good order, every byte of it compared; or the first thing that is wrong.
pub(crate) fn sound(fs: &dyn Fs, path: &Path, step: u64) -> Result<Manifest, Flaw> {
    let manifest = outline(fs, path, step)?;
    for entry in &manifest.files {
        contents(fs, path, entry, io::sink())?;
    }
    Ok(manifest)
}

/// The manifest of a checkpoint whose files are there in their full length; their bytes are not read.
pub(crate) fn outline(fs: &dyn Fs, path: &Path, step: u64) -> Result<Manifest, Flaw> {
    let manifest = manifest(fs, path, step)?;
    manifest.files.iter().try_for_each(|entry| length(fs, path, entry))?;
    Ok(manifest)
}

/// The manifest of a checkpoint.
pub(crate) fn manifest(fs: &dyn Fs, path: &Path, step: u64) -> Result<Manifest, Flaw> {
    let file = path.join(MANIFEST);
    match fs.kind(&file).map_err(unreadable(&file))? {
        None => return Err(Flaw::NoManifest),
        Some(Kind::File(found)) if found > MANIFEST_LIMIT => {
            return Err(ManifestFlaw::TooLong { found, limit: MANIFEST_LIMIT }.into());
        }
        Some(Kind::File(_)) => {}
        Some(_) => return Err(Flaw::NotAFile { name: MANIFEST.to_owned() }),
    }
    let mut bytes = Vec::new();
    let reader = fs.open(&file).map_err(unreadable(&file))?;
    hashing::copy(reader, &mut bytes, MANIFEST_LIMIT).map_err(unreadable(&file))?;
    let manifest = Manifest::decode(&bytes)?;
    if manifest.step != step {
        return Err(Flaw::Step { found: manifest.step, expected: step });
    }
    Ok(manifest)
}

/// Compares the length of a file.
pub(crate) fn length(fs: &dyn Fs, path: &Path, entry: &FileEntry) -> Result<(), Flaw> {
    let file = path.join(&entry.name);
    match fs.kind(&file).map_err(unreadable(&file))? {
        None => Err(Flaw::Missing { name: entry.name.clone() }),
        Some(Kind::File(found)) => same_length(entry, found),
        Some(_) => Err(Flaw::NotAFile { name: entry.name.clone() }),
    }
}

/// Reads a file, passes its bytes on, and compares their length and digest.
pub(crate) fn contents(fs: &dyn Fs, path: &Path, entry: &FileEntry, to: impl io::Write) -> Result<(), Flaw> {
    length(fs, path, entry)?;
    let file = path.join(&entry.name);
    let reader = fs.open(&file).map_err(unreadable(&file))?;
    let limit = entry.length.saturating_add(1);
    let (length, digest) = hashing::copy(reader, to, limit).map_err(unreadable(&file))?;
    same_length(entry, length)?;
    if digest != entry.sha256 {
        let expected = entry.sha256.clone();
        return Err(Flaw::Digest { name: entry.name.clone(), found: digest, expected });
    }
    Ok(())
}

fn same_length(entry: &FileEntry, found: u64) -> Result<(), Flaw> {
    let expected = entry.length;
    if found == expected {
        return Ok(());
    }
    Err(Flaw::Length { name: entry.name.clone(), found, expected })
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Flaw {
    let path = path.to_owned();
    move |source| Flaw::Unreadable { path, source }
}
