//! Our own environment block, as the kernel gave it to us.

use std::ffi::{CStr, c_char};

unsafe extern "C" {
    static mut environ: *mut *mut c_char;
}

/// The entries of the environment block: in order, with duplicates, entries
/// without `=` and bytes that are not UTF-8.
pub(crate) fn raw_environment() -> Vec<Vec<u8>> {
    entries()
        .map(|entry| {
            // SAFETY: every entry of `environ` is a NUL-terminated string. It
            // is not changed meanwhile: nobody here calls `setenv`, and
            // `wipe_variables` runs on this thread.
            unsafe { CStr::from_ptr(entry) }.to_bytes().to_vec()
        })
        .collect()
}

/// Whether there is a variable whose name begins with `start`.
pub(crate) fn has_variables(start: &str) -> bool {
    entries().any(|entry| {
        // SAFETY: as in `raw_environment`; the borrow ends with this closure.
        let bytes = unsafe { CStr::from_ptr(entry) }.to_bytes();
        bytes.starts_with(start.as_bytes())
    })
}

/// Overwrites the values of the variables whose name `names` accepts, so that
/// they are readable neither in our memory nor in `/proc/PID/environ`.
///
/// They are empty afterwards. To be called while there is one thread, after
/// their values have been read.
pub(crate) fn wipe_variables(names: &dyn Fn(&[u8]) -> bool) {
    for entry in entries() {
        // SAFETY: as in `raw_environment`; the borrow ends before the write.
        let bytes = unsafe { CStr::from_ptr(entry) }.to_bytes();
        let length = bytes.len();
        let Some(name) = bytes.iter().position(|byte| *byte == b'=') else {
            continue;
        };
        if names(&bytes[..name]) {
            // SAFETY: `name` is an index within the string.
            let value = unsafe { entry.add(name + 1) };
            // SAFETY: from `value` to the string's NUL there are these many
            // bytes. The block lies on our stack's far end, writable and ours.
            unsafe { std::ptr::write_bytes(value, 0, length - name - 1) };
        }
    }
}

/// The pointers of the block, up to the null pointer that ends it.
fn entries() -> impl Iterator<Item = *mut c_char> {
    // SAFETY: `environ` is set by the C runtime before `main` and changed only
    // by `setenv` and its kin, which this program never calls (see .clippy.toml).
    let block = unsafe { environ };
    (0..)
        .map_while(move |index| {
            if block.is_null() {
                return None;
            }
            // SAFETY: all earlier entries were not null, so this one is within
            // the array, which a null pointer ends.
            let slot = unsafe { block.add(index) };
            // SAFETY: as above.
            Some(unsafe { *slot })
        })
        .take_while(|entry| !entry.is_null())
}
