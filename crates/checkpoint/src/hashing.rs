//! Bytes on their way to or from a file, counted and hashed.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use crate::manifest::hex;

/// SHA-256 of some bytes in hexadecimal digits, as [`StepMeta::config_hash`](crate::StepMeta) wants it.
///
/// ```
/// assert!(checkpoint::digest(b"").starts_with("e3b0c44298fc1c14"));
/// ```
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// A writer that hashes what goes through it.
pub(crate) struct Hashing<W> {
    pub(crate) inner: W,
    pub(crate) length: u64,
    hasher: Sha256,
}

impl<W: Write> Hashing<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, length: 0, hasher: Sha256::new() }
    }

    /// SHA-256 of everything written so far.
    pub(crate) fn digest(&self) -> String {
        hex(&self.hasher.clone().finalize())
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        let done = bytes.get(..written).unwrap_or(bytes);
        self.hasher.update(done);
        self.length += done.len() as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Copies everything there is, but at most `limit` bytes, and returns length and digest.
pub(crate) fn copy(from: impl Read, to: impl Write, limit: u64) -> io::Result<(u64, String)> {
    let mut to = Hashing::new(to);
    let mut from = io::BufReader::with_capacity(1 << 20, from.take(limit));
    io::copy(&mut from, &mut to)?;
    Ok((to.length, to.digest()))
}
