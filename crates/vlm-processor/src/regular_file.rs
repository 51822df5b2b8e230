//! Opening files that others name: a pipe or a device must not keep a reader waiting for ever.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// Opens a regular file for reading. A folder, a pipe, a socket or a device is an error of the kind
/// [`ErrorKind::InvalidInput`], found before anything is read.
///
/// ```
/// let error = vlm_processor::open_regular(&std::env::temp_dir()).unwrap_err();
/// assert_eq!(error.to_string(), "not a regular file");
/// ```
pub fn open_regular(path: &Path) -> Result<File> {
    // Opening a pipe already waits for its other end, so the question comes first.
    if !std::fs::metadata(path)?.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "not a regular file"));
    }
    File::open(path)
}
