//! Several requests at the same time.

use std::pin::pin;

use futures_util::future::{Either, select};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

/// The most requests under way at the same time.
const AT_ONCE: usize = 8;

/// The results of all `futures`, in their order; so many run at the same time.
pub(super) fn each<T, F: Future<Output = T>>(
    futures: impl Iterator<Item = F>,
) -> impl Future<Output = Vec<T>> {
    // The compiler cannot tell that the closures of a kept iterator are `Send`.
    let futures: Vec<F> = futures.collect();
    stream::iter(futures).buffered(AT_ONCE).collect()
}

/// The same, or the first error that there is, as soon as it is there.
pub(super) async fn all<T, E, F: Future<Output = Result<T, E>>>(
    futures: impl Iterator<Item = F>,
) -> Result<Vec<T>, E> {
    let number = |(number, future): (usize, F)| async move { Ok((number, future.await?)) };
    let futures: Vec<_> = futures.enumerate().map(number).collect();
    let results = stream::iter(futures).buffer_unordered(AT_ONCE);
    let mut results: Vec<(usize, T)> = results.try_collect().await?;
    results.sort_unstable_by_key(|(number, _)| *number);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// The result of `one`, and that of `guess` if it is right in view of the first.
/// Both run at the same time; a wrong guess is not waited for.
pub(super) async fn with_guess<A, B, E>(
    one: impl Future<Output = Result<A, E>>,
    guess: impl Future<Output = B>,
    is_right: impl Fn(&A) -> bool,
) -> Result<(A, Option<B>), E> {
    Ok(match select(pin!(one), pin!(guess)).await {
        Either::Left((one, guess)) => match one? {
            one if is_right(&one) => (one, Some(guess.await)),
            one => (one, None),
        },
        Either::Right((guess, one)) => {
            let one = one.await?;
            let guess = is_right(&one).then_some(guess);
            (one, guess)
        }
    })
}
