//! The machine: memory that is kept and that was held, threads, room in memory and on disk.

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread::available_parallelism;

/// Asks glibc to keep freed pages. A step frees and takes the same large buffers again and again, and fresh pages
/// from the system must be cleared first. Other systems and allocators are left as they are.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
pub fn keep_freed_pages() {
    const LARGEST_KEPT: i32 = 1 << 30;
    // SAFETY: mallopt only sets numbers inside the allocator; it runs before any other thread exists.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGEST_KEPT);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
    }
}

/// Nothing to ask for here.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn keep_freed_pages() {}

/// Makes the pool of threads that share work, this one among them: when an operation is shared it starts at once and takes
/// what nobody else has taken, and where the others sleep it does not wait for them. Without a number there are as many
/// as cores, or as `RAYON_NUM_THREADS` says.
///
/// Before anything is computed: later there is a pool, which keeps its size, and a number is refused.
pub fn share_work(threads: Option<usize>) -> Result<(), rayon::ThreadPoolBuildError> {
    let count =
        threads.or_else(wished).unwrap_or_else(|| available_parallelism().map_or(1, NonZeroUsize::get));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(count);
    // A pool of one is another thread: threads that prepare data may want it while this one waits for them.
    let pool = if count > 1 { pool.use_current_thread() } else { pool };
    let made = pool.build_global();
    if threads.is_some() { made } else { Ok(()) }
}

fn wished() -> Option<usize> {
    std::env::var("RAYON_NUM_THREADS").ok()?.parse().ok().filter(|count| *count > 0)
}

/// Peak resident set size in bytes, where the system tells it.
pub fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Memory in bytes that processes could still take, where the system tells it.
pub fn free_memory() -> Option<u64> {
    let file = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = file.lines().find(|line| line.starts_with("MemAvailable:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Writes an empty file into a folder and removes it: permissions, quotas and mounts have their say.
pub fn try_writing(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".anneal-{}", std::process::id()));
    std::fs::File::create_new(&probe)?;
    std::fs::remove_file(&probe)
}

/// Bytes that may still be written to the disk of a folder.
#[cfg(unix)]
#[allow(unsafe_code)]
pub fn free_disk(folder: &Path) -> Option<u64> {
    use std::os::unix::ffi::OsStrExt;
    let path = std::ffi::CString::new(folder.as_os_str().as_bytes()).ok()?;
    let mut found = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path ends in a zero byte, and the system fills the structure when it returns 0.
    let found = unsafe {
        match libc::statvfs(path.as_ptr(), found.as_mut_ptr()) {
            0 => found.assume_init(),
            _ => return None,
        }
    };
    Some((found.f_bavail as u64).saturating_mul(found.f_frsize as u64))
}

/// Not asked elsewhere.
#[cfg(not(unix))]
pub fn free_disk(_: &Path) -> Option<u64> {
    None
}
