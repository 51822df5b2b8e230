//! `manifest.json`: what a checkpoint holds, with a checksum of every file and of itself.
//!
//! The last entry, `"checksum"`, is the SHA-256 of every byte before it, and the bytes of the entry itself can be
//! written in one way only. A change of any single bit is therefore noticed, in white space too, while the file
//! stays plain JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::file_name::FileName;
use crate::flaw::ManifestFlaw;

/// The manifest's name. It is written last, so its presence says that the rest is there.
pub(crate) const MANIFEST: &str = "manifest.json";

/// The version of the manifest that this build writes. Every older one is read.
pub const MANIFEST_VERSION: u32 = 1;

/// The longest manifest that is read.
pub(crate) const MANIFEST_LIMIT: u64 = 16 << 20;

/// The most files a checkpoint may hold.
pub(crate) const FILES_LIMIT: usize = 4096;

/// What a step must match to be continued, kept in the manifest.
///
/// Random draws depend on the seed and on where they are made, so a seed and a place in the data say all about
/// them; larger state belongs into files of the checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepMeta {
    /// Digest of the settings of the run, as resolved.
    pub config_hash: String,
    /// The run's seed.
    pub seed: u64,
    /// Samples taken from the data so far, over all epochs.
    pub data_cursor: u64,
    /// Anything else that must agree, by name: the identity of a reference policy, the version of rollout weights.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub identities: BTreeMap<String, String>,
}

/// One file of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileEntry {
    pub(crate) name: String,
    pub(crate) length: u64,
    pub(crate) sha256: String,
}

/// What a checkpoint holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) version: u32,
    pub(crate) step: u64,
    pub(crate) meta: StepMeta,
    pub(crate) files: Vec<FileEntry>,
}

/// The manifest as it lies on the disk.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    version: u32,
    step: u64,
    meta: StepMeta,
    files: Vec<FileEntry>,
    #[serde(rename = "checksum")]
    _checksum: String,
}

/// All that is read of a manifest before its version is known.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl Manifest {
    /// The bytes of `manifest.json`.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.truncate(bytes.len() - CLOSE.len());
        let seal = seal(&bytes);
        bytes.extend_from_slice(seal.as_bytes());
        Ok(bytes)
    }

    /// Reads `manifest.json` and checks everything that it says about itself.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ManifestFlaw> {
        let body_len = bytes.len().checked_sub(SEAL_LEN).ok_or(ManifestFlaw::Checksum)?;
        let (body, found) = bytes.split_at(body_len);
        if found != seal(body).as_bytes() {
            return Err(ManifestFlaw::Checksum);
        }
        let malformed = |error: serde_json::Error| ManifestFlaw::Malformed(error.to_string());
        let Version { version } = serde_json::from_slice(bytes).map_err(malformed)?;
        if version == 0 || version > MANIFEST_VERSION {
            return Err(ManifestFlaw::Version { found: version, newest: MANIFEST_VERSION });
        }
        let Signed { version, step, meta, files, .. } = serde_json::from_slice(bytes).map_err(malformed)?;
        check_files(&files)?;
        Ok(Self { version, step, meta, files })
    }

    /// The entry of a file.
    pub(crate) fn file(&self, name: &str) -> Option<&FileEntry> {
        self.files.iter().find(|entry| entry.name == name)
    }

    /// The sum of all lengths.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, entry| sum.saturating_add(entry.length))
    }
}

fn check_files(files: &[FileEntry]) -> Result<(), ManifestFlaw> {
    if files.len() > FILES_LIMIT {
        return Err(ManifestFlaw::TooManyFiles { found: files.len(), limit: FILES_LIMIT });
    }
    let mut seen = BTreeSet::new();
    for FileEntry { name, .. } in files {
        FileName::new(name).map_err(|why| ManifestFlaw::Name { name: name.clone(), why })?;
        if !seen.insert(name) {
            return Err(ManifestFlaw::Twice { name: name.clone() });
        }
    }
    Ok(())
}

/// How `serde_json` closes a pretty object.
const CLOSE: &str = "\n}";
/// Length of the closing entry: a digest of 64 letters between fixed text.
const SEAL_LEN: usize = ",\n  \"checksum\": \"\"\n}\n".len() + 64;

fn seal(body: &[u8]) -> String {
    format!(",\n  \"checksum\": \"{}\"\n}}\n", hex(&Sha256::digest(body)))
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let entry =
            FileEntry { name: "a.safetensors".into(), length: 3, sha256: hex(&Sha256::digest("abc")) };
        let meta = StepMeta { config_hash: "c0ffee".into(), seed: u64::MAX, ..StepMeta::default() };
        Manifest { version: MANIFEST_VERSION, step: 12, meta, files: vec![entry] }
    }

    fn signed(body: &str) -> Vec<u8> {
        [body.as_bytes(), seal(body.as_bytes()).as_bytes()].concat()
    }

    #[test]
    fn what_is_written_is_read_back_and_is_json() {
        let bytes = manifest().encode().unwrap();
        assert_eq!(Manifest::decode(&bytes).unwrap(), manifest());
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["files"][0]["length"], 3);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let bytes = manifest().encode().unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(Manifest::decode(&bad), Err(ManifestFlaw::Checksum)), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(matches!(Manifest::decode(&bytes[..length]), Err(ManifestFlaw::Checksum)), "{length}");
        }
    }

    #[test]
    fn whatever_is_signed_is_read_with_plain_names_or_refused() {
        let bytes = manifest().encode().unwrap();
        let body = &bytes[..bytes.len() - SEAL_LEN];
        let pieces = [
            &b"{"[..],
            b"[",
            b"\"",
            b"-1",
            b"1e400",
            b"../",
            b"\0",
            b"\xff",
            b"null",
            b",",
            b"99999999999999999999",
        ];
        let mut dice = 1_u64;
        let mut roll = |end: usize| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) as usize % end
        };
        let mut read = 0;
        for _ in 0..20_000 {
            let mut changed = body.to_vec();
            for _ in 0..=roll(3) {
                let start = roll(changed.len());
                let end = (start + roll(4)).min(changed.len());
                changed.splice(start..end, pieces[roll(pieces.len())].iter().copied());
            }
            let seal = seal(&changed);
            if let Ok(manifest) = Manifest::decode(&[&changed, seal.as_bytes()].concat()) {
                assert!(manifest.files.iter().all(|entry| FileName::new(&entry.name).is_ok()));
                read += 1;
            }
        }
        assert!(read > 0);
    }

    #[test]
    fn a_later_version_is_named_before_anything_else_is_read() {
        let flaw = Manifest::decode(&signed("{\n  \"version\": 2,\n  \"shape\": \"new\"")).unwrap_err();
        assert!(matches!(flaw, ManifestFlaw::Version { found: 2, newest: 1 }), "{flaw}");
    }

    #[test]
    fn a_signed_manifest_that_makes_no_sense_is_refused() {
        let start = "{\"version\": 1, \"step\": 1, \"meta\": {\"config_hash\": \"\", \"seed\": 0, \"data_cursor\": 0}";
        let entry = |name: &str| format!("{{\"name\": {name:?}, \"length\": 0, \"sha256\": \"\"}}");
        for (files, words) in [
            (format!("[{}]", entry("../x")), "../x"),
            (format!("[{}]", entry("a/b")), "a/b"),
            (format!("[{}]", entry("manifest.json")), "manifest.json"),
            (format!("[{}]", entry("")), "\"\""),
            (format!("[{0}, {0}]", entry("a")), "twice"),
            ("7".to_owned(), "expected a sequence"),
            (format!("[{}]", vec![entry("a"); FILES_LIMIT + 1].join(",")), "at most 4096"),
        ] {
            let flaw = Manifest::decode(&signed(&format!("{start}, \"files\": {files}"))).unwrap_err();
            assert!(flaw.to_string().contains(words), "{flaw}");
        }
        let deep = format!("{{\"version\": {}", "[".repeat(100_000));
        assert!(matches!(Manifest::decode(&signed(&deep)), Err(ManifestFlaw::Malformed(_))));
    }
}
