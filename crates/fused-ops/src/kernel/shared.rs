//! A buffer that several threads fill at once, each its own part.

use std::marker::PhantomData;

/// A mutable slice whose disjoint parts may be written from several threads.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    start: *mut f32,
    len: usize,
    buffer: PhantomData<&'a mut [f32]>,
}

// SAFETY: the pointer comes from an exclusive borrow, and `part` obliges its callers to keep parts disjoint.
unsafe impl Send for Shared<'_> {}
// SAFETY: as above.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    /// Lends out `buffer` part by part.
    pub(crate) fn new(buffer: &'a mut [f32]) -> Self {
        Self { start: buffer.as_mut_ptr(), len: buffer.len(), buffer: PhantomData }
    }

    /// The `len` elements from `start` on.
    ///
    /// # Safety
    /// While the part lives, no other part that overlaps it may exist.
    pub(crate) unsafe fn part(self, start: usize, len: usize) -> &'a mut [f32] {
        assert!(start <= self.len && len <= self.len - start, "part {start}+{len} of {}", self.len);
        // SAFETY: in bounds (checked above), and exclusive by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), len) }
    }
}

impl<'a> Shared<'a> {
    /// The same numbers to read from.
    ///
    /// # Safety
    /// A part that is read must not be written while what was read from it lives.
    pub(crate) unsafe fn source(self) -> Source<'a> {
        Source { start: self.start, len: self.len, buffer: PhantomData }
    }
}

/// Numbers to read, other parts of which may be written meanwhile.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    start: *const f32,
    len: usize,
    buffer: PhantomData<&'a [f32]>,
}

// SAFETY: what is read through it is not written meanwhile, by the promise made where it came from.
unsafe impl Send for Source<'_> {}
// SAFETY: as above.
unsafe impl Sync for Source<'_> {}

impl<'a> From<&'a [f32]> for Source<'a> {
    fn from(numbers: &'a [f32]) -> Self {
        Self { start: numbers.as_ptr(), len: numbers.len(), buffer: PhantomData }
    }
}

impl<'a> Source<'a> {
    /// The `len` elements from `start` on.
    pub(crate) fn part(self, start: usize, len: usize) -> &'a [f32] {
        assert!(start <= self.len && len <= self.len - start, "part {start}+{len} of {}", self.len);
        // SAFETY: in bounds (checked above), and not written, by the promise made where this came from.
        unsafe { std::slice::from_raw_parts(self.start.add(start), len) }
    }
}
