//! Memory that keeps no secrets, and little of anything while supervising.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;

use super::pool::Pool;

#[global_allocator]
static ALLOCATOR: Forgetful = Forgetful;

/// Where most blocks come from.
static POOL: Pool = Pool::new();

/// A pool and the system's allocator, with every block overwritten before it
/// goes back.
///
/// Values pass through the buffers of HTTP, TLS, JSON and this program; this
/// is the one place that sees them all.
struct Forgetful;

// SAFETY: blocks are those of the pool, for layouts that it takes, or those of
// `System`, whose contract this hands on; they are written to only while they
// are allocated.
unsafe impl GlobalAlloc for Forgetful {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = POOL.take(layout);
        if !block.is_null() {
            return block;
        }
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let block = POOL.take(layout);
        if !block.is_null() {
            return block;
        }
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if POOL.holds(block) {
            // SAFETY: the caller hands over a block that came from there, with
            // the layout that it has now.
            return unsafe { POOL.give_back(block, layout.size()) };
        }
        overwrite(block, layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(block, layout) }
    }

    // `System.realloc` may leave the old block behind as it is.
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if POOL.holds(block) && Pool::is_enough(layout.size(), size) {
            if size < layout.size() {
                // SAFETY: what is given up lies within the block.
                overwrite(unsafe { block.add(size) }, layout.size() - size);
            }
            return block;
        }
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
pub(super) fn overwrite(block: *mut u8, size: usize) {
    // SAFETY: every caller has a block of at least this size, used no more.
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

/// Gives back to the system what we can do without while we wait: free blocks,
/// and the pages of the program itself, most of which served the fetch. What is
/// needed again is read again.
pub(crate) fn release() {
    #[cfg(target_env = "gnu")]
    // SAFETY: callable at any time; it moves no block.
    unsafe {
        libc::malloc_trim(0);
    }
    #[cfg(target_os = "linux")]
    // SAFETY: the callback keeps no pointer and neither loads nor unloads.
    unsafe {
        libc::dl_iterate_phdr(Some(forget_program), ptr::null_mut());
    }
}

/// Drops the pages of one object of the program that nobody can have written to.
#[cfg(target_os = "linux")]
unsafe extern "C" fn forget_program(
    object: *mut libc::dl_phdr_info,
    _size: usize,
    _data: *mut libc::c_void,
) -> libc::c_int {
    // SAFETY: the caller, `dl_iterate_phdr`, hands over a valid description.
    let object = unsafe { &*object };
    if object.dlpi_phdr.is_null() {
        return 0;
    }
    let count = usize::from(object.dlpi_phnum);
    // SAFETY: the description says how many headers there are, and they stay.
    let headers = unsafe { std::slice::from_raw_parts(object.dlpi_phdr, count) };
    // SAFETY: takes a number, touches nothing.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    let page = u64::try_from(page).unwrap_or(4096);
    for header in headers {
        let clean = header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0;
        let start = object.dlpi_addr + header.p_vaddr;
        // Whole pages only: the last one may be shared with what can be written.
        let end = (start + header.p_memsz) / page * page;
        let start = start.div_ceil(page) * page;
        if clean && start < end {
            let (Ok(from), Ok(length)) = (usize::try_from(start), usize::try_from(end - start))
            else {
                continue;
            };
            let from = ptr::with_exposed_provenance_mut(from);
            // SAFETY: the pages are mapped from a file and cannot be written
            // to, so that reading them again gives the same bytes.
            unsafe { libc::madvise(from, length, libc::MADV_DONTNEED) };
        }
    }
    0
}
