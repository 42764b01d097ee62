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

/// The result of `one`, and that of `guess` if it is right in view of the first.
/// Both run at the same time; a wrong guess is not waited for.
pub(super) async fn with_guess<A, B, E>(
    one: impl Future<Output = Result<A, E>>,
    guess: impl Future<Output = B>,
    is_right: impl Fn(&A) -> bool,
) -> Result<(A, Option<B>), E> {
    let (mut one, mut guess) = (pin!(one), pin!(guess));
    let mut early = None;
    let one = poll_fn(|context| {
        if early.is_none() {
            early = ready(guess.as_mut().poll(context));
        }
        one.as_mut().poll(context)
    })
    .await?;
    if !is_right(&one) {
        return Ok((one, None));
    }
    let guess = match early {
        Some(guess) => guess,
        None => guess.await,
    };
    Ok((one, Some(guess)))
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
