//! Several requests at the same time.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

/// The most requests under way at the same time.
const AT_ONCE: usize = 8;

/// The results of all `futures`, in their order; so many run at the same time.
pub(super) async fn each<T, F: Future<Output = T>>(futures: impl Iterator<Item = F>) -> Vec<T> {
    let Ok(all) = all(futures.map(|future| async { Ok::<T, Infallible>(future.await) })).await;
    all
}

/// The same, or the first error there is.
pub(super) async fn all<T, E, F>(mut futures: impl Iterator<Item = F>) -> Result<Vec<T>, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut results = Vec::new();
    loop {
        let some = together(futures.by_ref().take(AT_ONCE)).await?;
        if some.is_empty() {
            return Ok(results);
        }
        results.extend(some);
    }
}

/// The results of two different futures.
pub(super) async fn two<A, B>(
    one: impl Future<Output = A>,
    other: impl Future<Output = B>,
) -> (A, B) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let (mut first, mut second) = (None, None);
    poll_fn(|context| {
        if first.is_none() {
            first = ready(one.as_mut().poll(context));
        }
        if second.is_none() {
            second = ready(other.as_mut().poll(context));
        }
        match (first.take(), second.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            (one, other) => {
                (first, second) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
}

fn ready<T>(poll: Poll<T>) -> Option<T> {
    match poll {
        Poll::Pending => None,
        Poll::Ready(value) => Some(value),
    }
}

/// The results of all `futures`, which all run at the same time.
async fn together<T, E, F>(futures: impl Iterator<Item = F>) -> Result<Vec<T>, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut slots: Vec<(Pin<Box<F>>, Option<T>)> =
        futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        let mut waiting = false;
        for (future, done) in slots.iter_mut().filter(|(_, done)| done.is_none()) {
            match future.as_mut().poll(context) {
                Poll::Pending => waiting = true,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(value)) => *done = Some(value),
            }
        }
        if waiting {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    })
    .await?;
    Ok(slots.into_iter().filter_map(|(_, done)| done).collect())
}
