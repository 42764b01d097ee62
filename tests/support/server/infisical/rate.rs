//! How many requests are answered in a minute.

use std::time::{Duration, SystemTime};

use super::super::{Reply, Request};
use super::refusal::{Answer, Refusal};
use super::store::World;

const MINUTE: Duration = Duration::from_mins(1);

/// The requests of one kind.
pub(super) struct Count {
    /// The method, and the route.
    kind: String,
    number: u32,
    since: SystemTime,
}

/// What is said of it with an answer.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    left: u32,
    limit: u32,
    /// Seconds.
    reset: u64,
}

impl World {
    /// Counts a request, and fails if there were too many.
    pub(super) fn count_request(&mut self, request: &Request) -> Answer<()> {
        if !self.settings.limits {
            return Ok(());
        }
        let parts = request.parts();
        let limit = limit(&request.method, &parts);
        let known: Vec<&str> = parts.iter().take(4).map(String::as_str).collect();
        let kind = format!("{} {} {}", request.method, known.join("/"), parts.len());
        let now = self.now();
        self.counts.retain(|count| now < count.since + MINUTE);
        if !self.counts.iter().any(|count| count.kind == kind) {
            self.counts.push(Count {
                kind: kind.clone(),
                number: 0,
                since: now,
            });
        }
        let mut counts = self.counts.iter_mut();
        let count = counts.find(|count| count.kind == kind).unwrap();
        count.number += 1;
        let left = (count.since + MINUTE).duration_since(now);
        let reset = left.unwrap_or_default().as_secs().max(1);
        self.pace = Some(Pace {
            left: limit.saturating_sub(count.number),
            limit,
            reset,
        });
        if count.number <= limit {
            return Ok(());
        }
        let time = if self.settings.version.is_old() {
            "1 minute".to_owned()
        } else {
            format!("{reset} seconds")
        };
        let text = format!("Rate limit exceeded. Please try again in {time}");
        Err(Refusal::new(429, text).header("Retry-After", &reset.to_string()))
    }
}

impl Pace {
    /// An answer that says it.
    pub(super) fn on(self, reply: Reply) -> Reply {
        reply
            .header("X-RateLimit-Limit", &self.limit.to_string())
            .header("X-RateLimit-Remaining", &self.left.to_string())
            .header("X-RateLimit-Reset", &self.reset.to_string())
    }
}

fn limit(method: &str, parts: &[String]) -> u32 {
    let noun = parts.get(2).map(String::as_str);
    match (method, noun) {
        (_, Some("secrets")) => 40,
        ("GET", _) => 60,
        (_, Some("folders" | "secret-imports")) => 40,
        _ => 200,
    }
}
