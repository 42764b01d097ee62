//! How long to wait before asking again, and who is told of it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const BASE: Duration = Duration::from_millis(150);
const MOST: Duration = Duration::from_secs(5);

/// An attempt that failed, and is to be made again.
#[derive(Debug)]
#[non_exhaustive]
pub struct Retry<'a> {
    /// The server, by host and port.
    pub server: &'a str,
    /// What went wrong, in one line.
    pub problem: &'a str,
    /// How long is waited before the next attempt.
    pub wait: Duration,
}

/// Whom to tell of each attempt that failed and is to be made again.
#[derive(Clone)]
pub struct OnRetry(Arc<dyn Fn(&Retry<'_>) + Send + Sync>);

impl OnRetry {
    /// Has `tell` told. It holds up the next attempt.
    #[must_use]
    pub fn new(tell: impl Fn(&Retry<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    pub(super) fn tell(&self, retry: &Retry<'_>) {
        (self.0)(retry);
    }
}

impl fmt::Debug for OnRetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnRetry")
    }
}

/// A wait before attempt number `attempt` + 1: anything up to a limit that
/// doubles each time, so that clients that failed together do not return together.
pub(super) fn backoff(attempt: u32) -> Duration {
    let limit = BASE.saturating_mul(2_u32.saturating_pow(attempt)).min(MOST);
    limit.mul_f64(fastrand::f64())
}

/// What a `Retry-After` means: seconds, or a date such as
/// `Wed, 21 Oct 2026 07:28:00 GMT`. A date that has passed is no wait.
pub(super) fn after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_random_doubles_its_limit_and_ends_at_five_seconds() {
        for attempt in 0..100 {
            assert!(backoff(attempt) <= MOST);
        }
        assert!((0..100).all(|_| backoff(0) <= BASE));
        assert!((0..1000).any(|_| backoff(3) > BASE * 4), "the limit grows");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = humantime::parse_rfc3339("2026-10-21T07:28:00Z").unwrap();
        for (text, seconds) in [
            ("58", Some(58)),
            (" 0 ", Some(0)),
            ("Wed, 21 Oct 2026 07:28:30 GMT", Some(30)),
            ("Wed, 21 Oct 2026 07:27:00 GMT", Some(0)),
            ("Sun, 01 Nov 2026 07:28:00 GMT", Some(11 * 86400)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("Wed, 99 Oct 2026 07:28:30 GMT", None),
            ("Wed, 21 Foo 2026 07:28:30 GMT", None),
            ("", None),
        ] {
            assert_eq!(after(text, now), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
