//! Memory that keeps no secrets, and little of anything while supervising.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;

#[global_allocator]
static ALLOCATOR: Forgetful = Forgetful;

/// The system's allocator, with every block overwritten before it goes back.
///
/// Values pass through the buffers of HTTP, TLS, JSON and this program; this
/// is the one place that sees them all.
struct Forgetful;

// SAFETY: blocks are those of `System`, whose contract this hands on; they are
// written to only while they are allocated.
unsafe impl GlobalAlloc for Forgetful {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        overwrite(block, layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(block, layout) }
    }

    // `System.realloc` may leave the old block behind as it is.
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller vouches that `size`, rounded up to the alignment,
        // does not overflow; the alignment was valid before.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: the caller vouches that `size` is not zero.
        let new = unsafe { self.alloc(wanted) };
        if !new.is_null() {
            let kept = size.min(layout.size());
            // SAFETY: both blocks have `kept` bytes, and they are distinct.
            unsafe { ptr::copy_nonoverlapping(block, new, kept) };
            // SAFETY: the caller vouches for the old block, used no more.
            unsafe { self.dealloc(block, layout) };
        }
        new
    }
}

/// Overwrites `size` bytes in a way that the compiler must not leave out.
fn overwrite(block: *mut u8, size: usize) {
    // SAFETY: `dealloc`, the only caller, is handed a block of this size.
    #[cfg(target_os = "linux")]
    unsafe {
        libc::explicit_bzero(block.cast(), size);
    }
    // SAFETY: as above.
    #[cfg(target_os = "macos")]
    unsafe {
        libc::memset_s(block.cast(), size, 0, size);
    }
}

/// Gives back to the system what we can do without while we wait.
pub(crate) fn release() {
    #[cfg(target_env = "gnu")]
    // SAFETY: callable at any time; it moves no block.
    unsafe {
        libc::malloc_trim(0);
    }
}
