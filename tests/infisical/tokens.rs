//! The life of a token: when another one is asked for, and when not.

use std::sync::Arc;
use std::time::Duration;

use phase_run::ErrorKind::{Credentials, Denied};
use phase_run::{Client, InfisicalLogin, Result, Scope, Secret};

use super::{Lab, all_text, demo, listed, pairs, refusal, resolve, set, these, token, value, wait};
use crate::support::server::infisical::{CLIENT_ID, Version};
use crate::support::server::{Infisical, Reply, Request};

fn lab() -> Lab {
    Lab::new(demo().secret("A", "1"))
}

/// How a token ends, and what the server then says.
const ENDS: [fn(&Infisical); 2] = [Infisical::expire_all, Infisical::revoke_all];

#[test]
fn a_token_serves_many_calls() {
    let lab = lab();
    let client = lab.client();
    for _ in 0..3 {
        assert_eq!(pairs(&resolve(&client, &lab.scope()).unwrap()), ["A=1"]);
    }
    assert_eq!((lab.logins(), lab.asked().len()), (1, 4));
}

#[test]
fn a_token_that_has_ended_is_replaced_once_and_the_request_sent_again() {
    for end in ENDS {
        let lab = lab();
        let client = lab.client();
        resolve(&client, &lab.scope()).unwrap();
        end(&lab.infisical);
        assert_eq!(pairs(&resolve(&client, &lab.scope()).unwrap()), ["A=1"]);
        let asked = lab.asked();
        let [login, list] = ["POST /v1/auth/universal-auth/login", "GET /v4/secrets"];
        assert_eq!(asked, [login, list, list, login, list]);
    }
}

#[test]
fn a_change_that_met_an_ended_token_is_made_once() {
    for end in ENDS {
        let lab = lab();
        let client = lab.client();
        resolve(&client, &lab.scope()).unwrap();
        end(&lab.infisical);
        let root = phase_run::Folder::root();
        wait(client.update(&lab.place(), &root, "A", &set("2"))).unwrap();
        assert_eq!(lab.infisical.stored("dev", "/")[0].value, "2");
        assert_eq!(lab.logins(), 2);
    }
}

#[test]
fn a_new_token_that_is_refused_too_is_the_end_of_it() {
    let texts = [
        (
            403,
            "TokenError",
            "Your token has expired. Please re-authenticate.",
        ),
        (401, "UnauthorizedError", "No identity access token found"),
        (
            401,
            "UnauthorizedError",
            "Unable to renew because access token number of uses limit reached",
        ),
    ];
    for (status, name, text) in texts {
        let lab = Lab::with(demo(), move |request| {
            let list = request.path == "/api/v4/secrets";
            list.then(|| refusal(status, name, text))
        });
        let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
        assert_eq!(error.kind(), Credentials);
        assert!(all_text(&error).contains(text), "{error:?}");
        assert_eq!((lab.logins(), lab.lists().len()), (2, 2));
    }
}

#[test]
fn a_token_at_hand_is_never_replaced_and_never_sent_twice() {
    for end in ENDS {
        for user in [false, true] {
            let lab = lab();
            let client = if user { lab.user() } else { lab.at_hand() };
            end(&lab.infisical);
            let error = resolve(&client, &lab.scope()).unwrap_err();
            assert_eq!(error.kind(), Credentials);
            assert!(
                error.advice().unwrap().contains("infisical login"),
                "{error:?}"
            );
            assert_eq!(lab.asked(), ["GET /v4/secrets"]);
        }
    }
}

#[test]
fn a_token_that_is_none_of_this_servers_is_refused_and_not_shown() {
    let lab = lab();
    let theirs = "eyJhbGciOiJIUzI1NiJ9.eyJodW50ZXIyIjoxfQ.c2lnbmF0dXJl";
    for text in [theirs, "st.id.hunter2.key", "hunter2"] {
        let error = resolve(&lab.client_of(token(text)), &lab.scope()).unwrap_err();
        assert_eq!(error.kind(), Credentials);
        let shown = all_text(&error);
        assert!(
            !shown.contains("hunter2") && !shown.contains(theirs),
            "{shown}"
        );
    }
}

#[test]
fn whoever_may_not_look_is_not_let_in_again() {
    let old = demo().secret("A", "1").version(Version::WithoutV4);
    let lab = Lab::new(old.forbidden());
    let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
    assert_eq!(error.kind(), Denied);
    assert!(
        error.to_string().contains("/ of environment \"dev\""),
        "{error}"
    );
    assert_eq!(lab.logins(), 1);

    // The oldest servers said 401 to that.
    for status in [401, 403] {
        let lab = Lab::with(demo(), move |request| {
            let text = "You are not allowed to read on secrets";
            let list = request.path == "/api/v4/secrets";
            list.then(|| refusal(status, "PermissionDenied", text))
        });
        let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
        assert_eq!(error.kind(), Denied);
        assert_eq!(lab.asked().len(), 2, "{status}");
    }
}

#[test]
fn a_token_that_ends_within_half_a_minute_is_replaced_before_the_next_call() {
    for (seconds, logins) in [(10, 2), (30, 2), (60, 1)] {
        let lab = Lab::new(
            demo()
                .secret("A", "1")
                .token_ttl(Duration::from_secs(seconds)),
        );
        let client = lab.client();
        for _ in 0..2 {
            resolve(&client, &lab.scope()).unwrap();
        }
        assert_eq!(lab.logins(), logins, "{seconds} s");
        assert_eq!(lab.lists().len(), 2);
    }
}

#[test]
fn a_token_that_never_ends_is_kept() {
    let old = demo().secret("A", "1").version(Version::WithoutV4);
    let lab = Lab::new(old.token_ttl(Duration::ZERO).max_ttl(Duration::ZERO));
    let client = lab.client();
    for _ in 0..2 {
        assert_eq!(pairs(&resolve(&client, &lab.scope()).unwrap()), ["A=1"]);
    }
    assert_eq!(lab.logins(), 1);
    assert_eq!(wait(client.owner()).unwrap().expires, "");
}

#[test]
fn a_login_may_leave_out_when_its_token_ends() {
    for more in [
        "",
        r#", "expiresIn": null"#,
        r#", "expiresIn": 1e300"#,
        r#", "expiresIn": 1e19"#,
        r#", "expiresIn": -5"#,
    ] {
        let lab = Lab::with(demo(), move |request| {
            let body = format!(r#"{{"accessToken": "ours"{more}}}"#);
            match request.path.as_str() {
                path if path.ends_with("/login") => Some(Reply::json(200, body)),
                _ => Some(Reply::json(200, r#"{"secrets": []}"#)),
            }
        });
        let client = lab.client();
        wait(client.list(&lab.scope())).unwrap();
        wait(client.list(&lab.scope())).unwrap();
        assert_eq!(lab.logins(), 1, "{more}");
        assert_eq!(lab.lists()[0].header("authorization"), Some("Bearer ours"));
    }
}

/// Asks for the same several times at once.
fn at_once(client: &Arc<Client>, scope: &Scope) -> Vec<Result<Vec<Secret>>> {
    wait(async {
        let list = |_| {
            let (client, scope) = (Arc::clone(client), scope.clone());
            tokio::spawn(async move { client.list(&scope).await })
        };
        let tasks: Vec<_> = (0..5).map(list).collect();
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await.unwrap());
        }
        results
    })
}

#[test]
fn calls_at_the_same_time_share_one_login() {
    let lab = lab();
    let client = Arc::new(lab.client());
    assert!(at_once(&client, &lab.scope()).iter().all(Result::is_ok));
    assert_eq!((lab.logins(), lab.lists().len()), (1, 5));

    // So they do when its token ends.
    lab.infisical.expire_all();
    assert!(at_once(&client, &lab.scope()).iter().all(Result::is_ok));
    assert_eq!(lab.logins(), 2);
    let several = lab.scope().in_folders(these(&["/", "/"]));
    lab.infisical.revoke_all();
    assert_eq!(listed(&client, &several).unwrap(), ["A"]);
    assert_eq!(lab.logins(), 3);
}

#[test]
fn calls_at_the_same_time_are_refused_together_as_each_refusal_may_lock_an_identity_out() {
    let lab = lab();
    let wrong = InfisicalLogin::Universal {
        client_id: CLIENT_ID.into(),
        client_secret: value("hunter2"),
    };
    let client = Arc::new(lab.client_of(wrong));
    for logins in [1, 2] {
        for result in at_once(&client, &lab.scope()) {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), Credentials);
            let text = all_text(&error);
            assert!(text.contains("Invalid credentials"), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
        assert_eq!(lab.asked().len(), logins, "a later call tries again");
    }
}

#[test]
fn a_token_for_few_requests_is_not_wasted() {
    let lab = Lab::new(demo().secret("A", "1").token_uses(1));
    let client = lab.client();
    assert_eq!(pairs(&resolve(&client, &lab.scope()).unwrap()), ["A=1"]);
    assert_eq!(lab.asked().len(), 2);
    // The next one takes another token.
    assert_eq!(pairs(&resolve(&client, &lab.scope()).unwrap()), ["A=1"]);
    assert_eq!(lab.logins(), 2);
}

#[test]
fn an_ended_token_does_not_pass_for_a_server_without_version_4() {
    let lab = Lab::new(demo().secret("A", "1").version(Version::WithoutV4));
    let client = lab.client();
    resolve(&client, &lab.scope()).unwrap();
    lab.infisical.expire_all();
    resolve(&client, &lab.scope()).unwrap();
    let count = |version: &str| {
        let with = |request: &Request| request.path.contains(version);
        lab.lists().iter().filter(|request| with(request)).count()
    };
    assert_eq!((count("/v4/"), count("/v3/")), (1, 3));
}
