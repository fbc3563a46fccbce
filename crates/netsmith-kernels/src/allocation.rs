//! An allocator that counts: what a piece of work really takes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator, which also knows how many bytes are taken.
///
/// A test or a benchmark of its own process makes it the global one and asks
/// [`peak_of`](Self::peak_of) what some work takes, to the byte, in all threads.
///
/// # Example
/// ```
/// use netsmith_kernels::CountingAllocator;
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator::new();
///
/// let (sum, bytes) = ALLOCATOR.peak_of(|| vec![1_u8; 1000].len() + vec![2_u8; 500].len());
/// assert_eq!((sum, bytes), (1500, 1500));
/// ```
#[derive(Debug, Default)]
pub struct CountingAllocator {
    taken: AtomicUsize,
    most: AtomicUsize,
}

impl CountingAllocator {
    /// One that has seen nothing yet.
    pub const fn new() -> Self {
        Self {
            taken: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        }
    }

    /// Bytes that are taken now.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::SeqCst) as u64
    }

    /// Does some work and tells how many bytes were taken at its peak, on top of
    /// those that were taken before it. What other threads take meanwhile counts.
    pub fn peak_of<T>(&self, work: impl FnOnce() -> T) -> (T, u64) {
        let before = self.taken.load(Ordering::SeqCst);
        self.most.store(before, Ordering::SeqCst);
        let done = work();
        let most = self.most.load(Ordering::SeqCst);
        (done, most.saturating_sub(before) as u64)
    }

    fn take(&self, bytes: usize) {
        let taken = self.taken.fetch_add(bytes, Ordering::SeqCst) + bytes;
        self.most.fetch_max(taken, Ordering::SeqCst);
    }

    fn give(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::SeqCst);
    }
}

// SAFETY: every call is passed on to the system's allocator as it came; counting
// touches no memory but two numbers of its own.
#[expect(unsafe_code, reason = "an allocator cannot be said in safe code")]
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.take(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.take(layout.size());
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.give(layout.size());
        // SAFETY: the pointer came from the system's allocator with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both may be there for a moment, while what was written is copied.
        self.take(size);
        self.give(layout.size());
        // SAFETY: the pointer came from the system's allocator with this layout,
        // and the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
