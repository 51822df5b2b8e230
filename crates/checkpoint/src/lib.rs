//! Crash-safe checkpoint directories: atomic saves, a manifest with checksums, retention, verification.
