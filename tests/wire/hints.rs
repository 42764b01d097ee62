//! End to end encryption: a guess at the environment spares a round trip, and dynamic
//! secrets cost one only where they are wanted.

use std::sync::Barrier;
use std::time::Duration;

use phase_run::{ErrorKind, Leases, Notice, Plan};

use super::conversations::{
    DEVELOPMENT, KINDS, answer, client, conversation, lenient, scope, server, values,
};
use super::wait;
use crate::support::server::{Reply, Server};

#[test]
fn with_a_hint_both_requests_are_made_at_the_same_time() {
    let arrived = Barrier::new(2);
    let conversation = conversation("user_v1");
    let server = Server::start(move |request| {
        // Nobody is answered before both have asked.
        arrived.wait();
        answer(&conversation, request)
    });
    let wanted = |name: &str| name == "HOST";
    let plan = Plan {
        hint: Some(DEVELOPMENT),
        wanted: &wanted,
        ..Plan::default()
    };
    let resolution = wait(client("user_v1", &server).resolve(&scope(), &plan)).unwrap();
    assert_eq!(values(&resolution)["HOST"], "localhost");
    assert_eq!(resolution.hint.as_deref(), Some(DEVELOPMENT));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_wrong_hint_costs_a_request_and_nothing_else() {
    let other = "427697b9-fbb5-40ab-81d6-db8738e6501d";
    for hint in [other, "gone", "no id\n"] {
        let conversation = conversation("user_v1");
        let server = Server::start(move |request| match request.header("environment") {
            Some("gone") => Reply::json(401, r#"{"error": "Environment not found"}"#),
            _ => answer(&conversation, request),
        });
        let plan = Plan {
            hint: Some(hint),
            ..lenient()
        };
        let resolution = wait(client("user_v1", &server).resolve(&scope(), &plan)).unwrap();
        assert_eq!(values(&resolution)["HOST"], "localhost", "{hint}");
        assert_ne!(resolution.hint.as_deref(), Some(hint));
    }
}

#[test]
fn a_hint_is_given_where_an_answer_takes_longer_than_a_second_connection_would() {
    let conversation = conversation("user_v1");
    let server = Server::start(move |request| {
        let reply = answer(&conversation, request);
        reply.after(Duration::from_millis(20))
    });
    let resolution = wait(client("user_v1", &server).resolve(&scope(), &lenient())).unwrap();
    assert_eq!(resolution.hint.as_deref(), Some(DEVELOPMENT));
}

#[test]
fn without_a_lease_a_dynamic_secret_sets_nothing_and_is_told() {
    let server = server("user_v1");
    let resolution = wait(client("user_v1", &server).resolve(&scope(), &lenient())).unwrap();
    assert!(!values(&resolution).contains_key("AWS_ACCESS_KEY_ID"));
    assert!(resolution.leases.is_empty());
    let told = resolution.notices.iter().find_map(|notice| match notice {
        Notice::Dynamic { keys, .. } => Some(keys.clone()),
        _ => None,
    });
    let keys = [
        "AWS_IAM_USERNAME",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ];
    assert_eq!(told.unwrap(), keys);
}

#[test]
fn a_lease_is_asked_for_once_and_for_the_folder_alone() {
    for kind in KINDS {
        let server = server(kind);
        let plan = Plan {
            leases: Leases::Generate {
                ttl: Some(Duration::from_secs(90)),
            },
            ..lenient()
        };
        let resolution = wait(client(kind, &server).resolve(&scope(), &plan)).unwrap();
        let values = values(&resolution);
        assert_eq!(values["AWS_IAM_USERNAME"], "u-123");
        assert_eq!(values["AWS_ACCESS_KEY_ID"], "AKIAEXAMPLE");
        assert_eq!(values["AWS_SECRET_ACCESS_KEY"], "s3cr3t/+=");
        assert_eq!(resolution.leases.len(), 1);
        assert_eq!(resolution.leases[0].id, "lease-1");
        assert_eq!(resolution.leases[0].expires, "2026-01-01T01:00:00.000000Z");
        let requests = server.requests();
        let minting: Vec<_> = requests
            .iter()
            .filter(|request| request.header("lease").is_some())
            .collect();
        assert_eq!(minting.len(), 1);
        assert_eq!(minting[0].header("path"), Some("/"));
        assert_eq!(minting[0].header("lease-ttl"), Some("90"));
    }
}

#[test]
fn nobody_is_asked_for_a_lease_of_what_is_not_wanted() {
    let server = server("user_v1");
    let wanted = |name: &str| name == "HOST";
    let plan = Plan {
        leases: Leases::Generate { ttl: None },
        wanted: &wanted,
        ..Plan::default()
    };
    let resolution = wait(client("user_v1", &server).resolve(&scope(), &plan)).unwrap();
    assert_eq!(values(&resolution).len(), 1);
    assert!(resolution.notices.is_empty(), "{:?}", resolution.notices);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_request_that_mints_leases_is_never_repeated() {
    let conversation = conversation("user_v1");
    let server = Server::start(move |request| {
        if request.header("lease").is_some() {
            Reply::json(503, r#"{"error": "later"}"#)
        } else {
            answer(&conversation, request)
        }
    });
    let plan = Plan {
        leases: Leases::Generate { ttl: None },
        ..lenient()
    };
    let error = wait(client("user_v1", &server).resolve(&scope(), &plan)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert_eq!(server.requests().len(), 3);
}
