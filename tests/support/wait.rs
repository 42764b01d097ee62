//! Waiting for events, with one deadline for all.

use std::thread;
use std::time::{Duration, Instant};

/// Long enough for a slow machine; only a test that fails waits so long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// What `look` finds, as soon as it finds something. Only for what nobody
/// tells: the state of another process, a file's contents.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
