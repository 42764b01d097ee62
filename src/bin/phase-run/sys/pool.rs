//! Blocks of memory, out of a room of fixed size.
//!
//! A run takes and gives back some two thousand blocks, nearly all of them
//! short: with musl's allocator that is a third of all its instructions, with
//! this a tenth. Of the long ones, musl maps and unmaps most each time, and each
//! of their pages is another fault.

use std::alloc::Layout;
use std::cell::UnsafeCell;
use std::mem::{self, MaybeUninit};
use std::sync::atomic::{AtomicBool, Ordering};
use std::{ptr, slice, thread};

use super::memory::overwrite;

/// Every block consists of so many of these, and is aligned as they are.
type Step = u128;

const STEP: usize = size_of::<Step>();

/// The longest of the short blocks, of which there are all lengths in steps, in bytes.
const SHORT: usize = 32 * STEP;

/// How many lengths of short blocks there are.
const SHORTS: usize = SHORT / STEP;

/// The longest block of all, in bytes; from the short ones on, lengths double.
const LONGEST: usize = 64 << 10;

const LISTS: usize = list(LONGEST) + 1;

/// All that is ever given out, in bytes: what a run of some hundred secrets
/// takes, and little enough to keep while supervising. It is too little for a
/// huge page, too, all of which would be resident from the first touch.
const ROOM: usize = 512 << 10;

/// The room, with a list of the free blocks of each length.
pub(super) struct Pool {
    busy: AtomicBool,
    books: UnsafeCell<Books>,
    room: UnsafeCell<MaybeUninit<[Step; ROOM / STEP]>>,
}

struct Books {
    /// The first free block of each length; null if there is none.
    free: [*mut Free; LISTS],
    /// How many bytes of the room were ever given out.
    used: usize,
}

/// The start of a free block. Behind it there are zeros.
struct Free {
    next: *mut Self,
}

// SAFETY: the books, and the blocks that they list, are touched by the thread
// alone that has set `busy`; every other block by its owner.
unsafe impl Sync for Pool {}

impl Pool {
    pub(super) const fn new() -> Self {
        Self {
            busy: AtomicBool::new(false),
            books: UnsafeCell::new(Books {
                free: [ptr::null_mut(); LISTS],
                used: 0,
            }),
            room: UnsafeCell::new(MaybeUninit::zeroed()),
        }
    }

    /// A block for `layout`, all zeros. Null if that is too long, too strictly
    /// aligned, or if there is no room left.
    pub(super) fn take(&self, layout: Layout) -> *mut u8 {
        if layout.size() > LONGEST || layout.align() > align_of::<Step>() {
            return ptr::null_mut();
        }
        let list = list(layout.size());
        self.with_books(|books| {
            let block = books.free[list];
            if block.is_null() {
                return self.cut(books, length(list));
            }
            // SAFETY: a block in a list is free, and begins with its link.
            let link = unsafe { &mut (*block).next };
            books.free[list] = mem::replace(link, ptr::null_mut());
            block.cast()
        })
    }

    /// A block that nobody had before.
    fn cut(&self, books: &mut Books, length: usize) -> *mut u8 {
        if length > ROOM - books.used {
            return ptr::null_mut();
        }
        // SAFETY: the room has `length` bytes more than are used.
        let block = unsafe { self.room.get().cast::<u8>().add(books.used) };
        books.used += length;
        block
    }

    /// Whether `block` is one of ours.
    pub(super) fn holds(&self, block: *const u8) -> bool {
        block.addr().wrapping_sub(self.room.get().addr()) < ROOM
    }

    /// Whether a block for `old` bytes does for `new` bytes as well.
    pub(super) fn is_enough(old: usize, new: usize) -> bool {
        new <= LONGEST && list(old) == list(new)
    }

    /// Takes a block back, and overwrites what was used of it.
    ///
    /// # Safety
    ///
    /// The block is [ours](Self::holds), for a layout of `size` bytes, and is not used any more.
    pub(super) unsafe fn give_back(&self, block: *mut u8, size: usize) {
        let list = list(size);
        if size > SHORT {
            overwrite(block, size);
        } else {
            let steps: *mut MaybeUninit<Step> = block.cast();
            // SAFETY: a short block has one step more than the number of its list.
            for step in unsafe { slice::from_raw_parts_mut(steps, list + 1) } {
                // SAFETY: a reference can be written to. Volatile, as the compiler
                // must not leave out what nobody here reads.
                unsafe { ptr::write_volatile(step, MaybeUninit::zeroed()) };
            }
        }
        let block: *mut Free = block.cast();
        self.with_books(|books| {
            let next = books.free[list];
            // SAFETY: the block is ours again, and long enough for a link.
            unsafe { block.write(Free { next }) };
            books.free[list] = block;
        });
    }

    /// Waits for a few stores of other threads at most. It allocates nothing and
    /// does not panic: it works for the allocator.
    fn with_books<T>(&self, work: impl FnOnce(&mut Books) -> T) -> T {
        while self.busy.swap(true, Ordering::Acquire) {
            make_way();
        }
        // SAFETY: it was not busy and we made it so: nobody else is here.
        let done = work(unsafe { &mut *self.books.get() });
        self.busy.store(false, Ordering::Release);
        done
    }
}

/// Which list has the blocks for `size` bytes.
const fn list(size: usize) -> usize {
    if size > SHORT {
        SHORTS + (size - 1).ilog2() as usize - SHORT.ilog2() as usize
    } else {
        size.saturating_sub(1) / STEP
    }
}

/// How long the blocks of `list` are, in bytes.
const fn length(list: usize) -> usize {
    if list < SHORTS {
        (list + 1) * STEP
    } else {
        SHORT << (list - SHORTS + 1)
    }
}

/// Lets the thread go on that holds us up, if it waits for our processor.
#[cold]
#[inline(never)]
fn make_way() {
    thread::yield_now();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 1).unwrap()
    }

    fn contents<'a>(block: *const u8, size: usize) -> &'a [u8] {
        // SAFETY: the tests ask for what they were given, and write it nowhere else.
        unsafe { slice::from_raw_parts(block, size) }
    }

    #[test]
    fn a_block_comes_back_overwritten_and_is_given_out_again() {
        static POOL: Pool = Pool::new();
        for size in [1, 15, 16, 17, 100, 512, 513, 1024, 1025, 4097, 65_536] {
            let block = POOL.take(layout(size));
            assert!(POOL.holds(block) && block.addr().is_multiple_of(STEP));
            let length = length(list(size));
            assert!(length >= size);
            // SAFETY: the block is this long.
            unsafe { block.write_bytes(0xAA, size) };
            // SAFETY: it is not used any more.
            unsafe { POOL.give_back(block, size) };
            assert!(!contents(block, length).contains(&0xAA));
            assert_eq!(POOL.take(layout(size)), block);
            assert!(contents(block, length).iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn what_is_long_or_strictly_aligned_is_left_to_others() {
        static POOL: Pool = Pool::new();
        assert!(POOL.take(layout(LONGEST + 1)).is_null());
        assert!(
            POOL.take(Layout::from_size_align(16, 32).unwrap())
                .is_null()
        );
        assert!(!POOL.holds(ptr::null()));
        assert!(!Pool::is_enough(512, 513) && Pool::is_enough(497, 512));
        assert!(!Pool::is_enough(1024, 1025) && Pool::is_enough(513, 1024));
        assert!(!Pool::is_enough(LONGEST, LONGEST + 1));
    }

    #[test]
    fn a_full_room_has_what_was_given_back_and_nothing_else() {
        static POOL: Pool = Pool::new();
        let blocks = || std::iter::repeat_with(|| POOL.take(layout(512)));
        let taken: Vec<*mut u8> = blocks().take_while(|block| !block.is_null()).collect();
        assert_eq!(taken.len(), ROOM / 512);
        assert!(POOL.take(layout(1)).is_null());
        // SAFETY: it is not used any more.
        unsafe { POOL.give_back(taken[7], 512) };
        assert_eq!(POOL.take(layout(512)), taken[7]);
        assert!(POOL.take(layout(512)).is_null());
    }

    #[test]
    fn threads_at_once_never_have_the_same_block() {
        static POOL: Pool = Pool::new();
        let work = |mark: u8| {
            for size in (1..=2100).cycle().take(20_000) {
                let block = POOL.take(layout(size));
                // SAFETY: the block is this long.
                unsafe { block.write_bytes(mark, size) };
                assert!(contents(block, size).iter().all(|byte| *byte == mark));
                // SAFETY: it is not used any more.
                unsafe { POOL.give_back(block, size) };
            }
        };
        thread::scope(|scope| {
            for mark in 1..=4 {
                scope.spawn(move || work(mark));
            }
        });
    }
}
