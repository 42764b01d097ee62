//! Work spread over the cores there are.

use std::num::NonZero;
use std::sync::Mutex;
use std::thread;

/// A thread takes as long to start as a few of these pieces of work take.
const WORTH_A_THREAD: usize = 32;

/// So many at a time, so that a core that is busy otherwise holds up nobody.
const CHUNK: usize = 16;

/// The results of `work` for all `items`, in their order.
///
/// Where no thread can be had, or none pays, this one does it all.
pub(super) fn map<T: Sync, U: Send>(items: &[T], work: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let worth = items.len() / WORTH_A_THREAD;
    let cores = if worth < 2 {
        1
    } else {
        thread::available_parallelism().map_or(1, NonZero::get)
    };
    let chunks = Mutex::new(items.chunks(CHUNK).enumerate());
    let done = Mutex::new(Vec::with_capacity(items.len().div_ceil(CHUNK)));
    let help = || {
        loop {
            let next = chunks.lock().map_or(None, |mut chunks| chunks.next());
            let Some((number, chunk)) = next else { return };
            let results: Vec<U> = chunk.iter().map(&work).collect();
            if let Ok(mut done) = done.lock() {
                done.push((number, results));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..cores.min(worth) {
            if thread::Builder::new().spawn_scoped(scope, help).is_err() {
                break;
            }
        }
        help();
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().flat_map(|(_, results)| results).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items_however_many_there_are() {
        for count in [0, 1, 31, 64, 1000] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(map(&items, |item| item * 2).len(), count);
            assert!(
                map(&items, |item| item * 2)
                    .iter()
                    .enumerate()
                    .all(|(at, two)| *two == 2 * at)
            );
        }
    }
}
