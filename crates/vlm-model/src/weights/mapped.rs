//! Memory-mapped files: the one place of this crate that needs `unsafe`.

use memmap2::Mmap;
use std::path::Path;

/// Maps a file for reading. An empty file gives an empty slice.
///
/// A process that truncates the file while it is mapped makes the system end this process with SIGBUS; model
/// folders are not rewritten in place, and what is read is checked before use, so nothing worse can happen.
#[allow(unsafe_code)]
pub(super) fn map(path: &Path) -> std::io::Result<Mmap> {
    let file = vlm_processor::open_regular(path)?;
    // SAFETY: the map is private and read-only; every byte read from it is treated as untrusted data, so a
    // concurrent writer can change values but cannot break an invariant of this program.
    unsafe { Mmap::map(&file) }
}
