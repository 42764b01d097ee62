//! Networks and servers that fail for a while, or ask to come back later.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use phase_run::ErrorKind::{Throttled, Timeout, Unreachable};
use phase_run::{Folder, Leases, Plan};

use super::{Lab, demo, new, pairs, refusal, resolve, set, wait};
use crate::support::server::{Reply, Request};

/// One whose first `count` answers to requests that fit are `reply`.
fn failing(count: usize, reply: &Reply, fits: fn(&Request) -> bool) -> Lab {
    let (seen, reply) = (AtomicUsize::new(0), reply.clone());
    let infisical = demo().secret("A", "1").dynamic("pg", &["USER"]);
    Lab::with(infisical, move |request| {
        let failing = fits(request) && seen.fetch_add(1, Ordering::SeqCst) < count;
        failing.then(|| reply.clone())
    })
}

fn is_login(request: &Request) -> bool {
    request.path.ends_with("/login")
}

fn is_list(request: &Request) -> bool {
    request.method == "GET"
}

fn is_write(request: &Request) -> bool {
    request.method != "GET" && !is_login(request)
}

/// What passes by itself, and may have been carried out.
fn doubtful() -> [Reply; 5] {
    [
        Reply::reset(),
        refusal(500, "InternalServerError", "Something went wrong"),
        Reply::typed(502, "text/html", "<html>bad gateway</html>"),
        Reply::json(503, ""),
        refusal(504, "GatewayTimeoutError", "too slow"),
    ]
}

#[test]
fn a_fault_that_passes_is_not_noticed_in_lists_and_logins() {
    for fault in doubtful() {
        for fits in [is_login as fn(&Request) -> bool, is_list] {
            let lab = failing(2, &fault, fits);
            let resolution = resolve(&lab.client(), &lab.scope()).unwrap();
            assert_eq!(pairs(&resolution), ["A=1"]);
            assert_eq!(lab.asked().len(), 4, "{fault:?}");
        }
    }
}

#[test]
fn a_change_is_never_sent_twice_and_says_that_it_may_have_been_made() {
    for fault in doubtful() {
        let lab = failing(1, &fault, is_write);
        let client = lab.at_hand();
        let root = Folder::root();
        let error = wait(client.create(&lab.place(), &new("B", "2"))).unwrap_err();
        assert_eq!(error.kind(), Unreachable);
        assert!(
            error.to_string().contains("may have been stored"),
            "{error:?}"
        );
        assert_eq!(lab.asked().len(), 1);
        let lab = failing(9, &fault, is_write);
        let client = lab.at_hand();
        let updated = wait(client.update(&lab.place(), &root, "A", &set("2")));
        assert_eq!(updated.unwrap_err().kind(), Unreachable);
        let deleted = wait(client.delete(&lab.place(), &root, "A"));
        assert_eq!(deleted.unwrap_err().kind(), Unreachable);
        assert_eq!(lab.asked().len(), 2, "{fault:?}");
    }
}

#[test]
fn a_lease_is_never_asked_for_twice() {
    for fault in doubtful() {
        let lab = failing(1, &fault, is_write);
        let plan = Plan {
            leases: Leases::Generate { ttl: None },
            ..Plan::default()
        };
        let error = wait(lab.at_hand().resolve(&lab.scope(), &plan)).unwrap_err();
        assert_eq!(error.kind(), Unreachable, "{fault:?}");
        let asked = lab.asked();
        let posts = asked.iter().filter(|line| line.starts_with("POST")).count();
        assert_eq!(posts, 1, "{asked:?}");
    }
}

#[test]
fn a_short_wait_that_the_server_asks_for_is_kept() {
    let limit = |wait: &str| {
        let text = "Rate limit exceeded. Please try again in 1 seconds";
        refusal(429, "RateLimitExceeded", text).header("Retry-After", wait)
    };
    for fits in [is_login as fn(&Request) -> bool, is_list] {
        let lab = failing(1, &limit("1"), fits);
        let start = Instant::now();
        assert_eq!(
            pairs(&resolve(&lab.client(), &lab.scope()).unwrap()),
            ["A=1"]
        );
        assert!(start.elapsed() >= Duration::from_secs(1));
        assert_eq!(lab.asked().len(), 3);
    }
    // Nothing was done yet, so that a change may be sent again.
    let lab = failing(1, &limit("0"), is_write);
    wait(lab.at_hand().create(&lab.place(), &new("B", "2"))).unwrap();
    assert_eq!(lab.infisical.stored("dev", "/").len(), 2);
}

#[test]
fn a_wait_beyond_the_timeout_fails_at_once_and_is_told_in_seconds_whatever_it_came_in() {
    for (header, seconds) in [("60", 60), ("60000", 60), ("3600", 3600), ("7200000", 7200)] {
        let reply = refusal(429, "RateLimitExceeded", "Rate limit exceeded");
        let lab = failing(9, &reply.header("Retry-After", header), is_list);
        let start = Instant::now();
        let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(10));
        assert_eq!(error.kind(), Throttled);
        let advice = format!("try again in {seconds} s, or give --timeout more than that");
        assert_eq!(error.advice(), Some(&*advice), "{header}");
        assert_eq!(lab.lists().len(), 1);
    }
}

#[test]
fn a_wait_until_a_date_is_not_in_milliseconds() {
    let reply = refusal(429, "RateLimitExceeded", "Rate limit exceeded");
    let reply = reply.header("Retry-After", "Sat, 06 Nov 2094 08:49:37 GMT");
    let lab = failing(9, &reply, is_list);
    let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
    let mut words = error.advice().unwrap().split(' ');
    let seconds: u64 = words.nth(3).unwrap().parse().unwrap();
    assert!(seconds > 1_000_000_000, "{seconds}");
}

#[test]
fn a_server_that_stays_broken_is_unreachable_at_the_end() {
    for fault in doubtful() {
        let lab = failing(usize::MAX, &fault, is_list);
        let client = lab.at_hand().timeout(Duration::from_millis(500));
        let error = resolve(&client, &lab.scope()).unwrap_err();
        assert_eq!(error.kind(), Unreachable, "{fault:?}: {error:?}");
        assert!(lab.lists().len() > 1, "{fault:?}");
    }
}

#[test]
fn a_server_that_hangs_is_given_up_at_the_timeout() {
    for fits in [is_login as fn(&Request) -> bool, is_list, |request| {
        is_write(request)
    }] {
        let lab = failing(usize::MAX, &Reply::hang(), fits);
        let client = lab.client().timeout(Duration::from_secs(1));
        let start = Instant::now();
        let error = wait(client.update(&lab.place(), &Folder::root(), "A", &set("2")));
        let error = match error {
            Ok(()) => resolve(&client, &lab.scope()).unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.kind(), Timeout, "{error:?}");
        assert!(start.elapsed() >= Duration::from_secs(1));
        assert!(error.to_string().contains("127.0.0.1:"), "{error}");
    }
}
