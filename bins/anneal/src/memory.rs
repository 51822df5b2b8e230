//! The memory of the process: keeping what was freed, and the most it has held.

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

/// Peak resident set size in bytes, where the system tells it.
pub fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
