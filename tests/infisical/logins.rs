//! Logins that are refused: what each answer means, and that it is not asked for twice.

use std::time::Duration;

use phase_run::ErrorKind::{
    self, Configuration, Credentials, Denied, Protocol, Throttled, Unreachable,
};
use phase_run::{App, Connection, IdentityProof, InfisicalLogin, JwtKind, Scope, SecretSource};

use super::{
    Lab, all_text, client, client_over, demo, refusal, resolve, these, token, universal, value,
    wait,
};
use crate::support::server::infisical::{CLIENT_ID, CLIENT_SECRET, ORGANISATION, USER, Version};
use crate::support::server::{Reply, Server};

fn with_secret(secret: &str) -> InfisicalLogin {
    InfisicalLogin::Universal {
        client_id: CLIENT_ID.into(),
        client_secret: value(secret),
    }
}

#[test]
fn a_wrong_secret_is_sent_once_and_not_shown() {
    let lab = Lab::new(demo());
    let client = lab.client_of(with_secret("hunter2"));
    let error = resolve(&client, &lab.scope()).unwrap_err();
    assert_eq!(error.kind(), Credentials);
    assert!(error.to_string().contains("universal auth"), "{error}");
    let text = all_text(&error);
    assert!(
        text.contains("Invalid credentials") && text.contains("--host"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
    assert_eq!(lab.asked(), ["POST /v1/auth/universal-auth/login"]);
}

#[test]
fn a_wrong_secret_is_sent_once_however_much_is_asked_for() {
    let lab = Lab::new(demo().folder("/a").folder("/b"));
    let client = lab.client_of(with_secret("wrong"));
    let scope = lab.scope().in_folders(these(&["/", "/a", "/b"]));
    assert_eq!(resolve(&client, &scope).unwrap_err().kind(), Credentials);
    assert_eq!(lab.asked().len(), 1);
}

#[test]
fn a_secret_with_a_line_break_at_its_end_will_do() {
    let lab = Lab::new(demo().secret("A", "1"));
    let client = lab.client_of(with_secret(&format!("{CLIENT_SECRET}\n")));
    resolve(&client, &lab.scope()).unwrap();
}

/// A status, the name and the text of a refusal, the kind it must become, and words of ours.
const REFUSALS: [(u16, &str, &str, ErrorKind, &str); 11] = [
    (
        401,
        "UnauthorizedError",
        "Invalid credentials",
        Credentials,
        "refuses the credentials",
    ),
    (
        401,
        "UnauthorizedError",
        "Access denied due to expired client secret",
        Credentials,
        "the client secret has expired",
    ),
    (
        401,
        "UnauthorizedError",
        "Access denied due to client secret usage limit reached",
        Credentials,
        "as often as it may be",
    ),
    (
        401,
        "UnauthorizedError",
        "This identity auth method is temporarily locked, please try again later",
        Denied,
        "universal auth is locked for this identity",
    ),
    (
        403,
        "ForbiddenError",
        "This IP is not allowed",
        Denied,
        "keeps this machine out",
    ),
    (
        404,
        "NotFound",
        "Identity not found",
        Configuration,
        "no such identity",
    ),
    (
        404,
        "Not Found",
        "Route POST:/api/v1/auth/universal-auth/login not found",
        Configuration,
        "no such identity, or no universal auth",
    ),
    (
        400,
        "BadRequest",
        "Something else",
        Credentials,
        "does not accept what was sent",
    ),
    (
        422,
        "ValidationFailure",
        "Required",
        Configuration,
        "cannot read what was sent",
    ),
    // As older servers say it.
    (
        401,
        "ValidationFailure",
        "Required",
        Configuration,
        "cannot read what was sent",
    ),
    (
        404,
        "NotFound",
        "No identity with specified client ID was found",
        Credentials,
        "no such client id",
    ),
];

#[test]
fn each_refusal_has_its_meaning_and_none_is_tried_again() {
    for (status, name, text, kind, words) in REFUSALS {
        let server = Server::always(refusal(status, name, text));
        let scope = Scope::new(App::Id("p".into()), "dev");
        let error = resolve(&client(&server.url(), universal()), &scope).unwrap_err();
        assert_eq!(error.kind(), kind, "{text}: {error:?}");
        assert!(error.to_string().contains(words), "{text}: {error}");
        assert!(
            error.advice().is_some_and(|advice| !advice.is_empty()),
            "{text}"
        );
        let shown = all_text(&error);
        assert!(
            shown.contains(&format!("the server said {text:?}").replace("\\\"", "\"")),
            "{shown}"
        );
        assert!(shown.contains("(req-0123456789ab)"), "{shown}");
        assert_eq!(server.requests().len(), 1, "{text}");
    }
}

#[test]
fn a_login_that_the_server_is_too_busy_for_is_tried_again_until_the_end() {
    let text = "Failed to acquire lock: rate limit exceeded";
    let server = Server::always(refusal(429, "RateLimitExceeded", text));
    let client = client(&server.url(), universal()).timeout(Duration::from_secs(1));
    let error = resolve(&client, &Scope::new(App::Id("p".into()), "dev")).unwrap_err();
    assert_eq!(error.kind(), Throttled);
    assert!(server.requests().len() > 1);
}

#[test]
fn a_server_that_repeats_the_secret_is_not_quoted() {
    for status in [400, 401, 403, 404, 422, 500] {
        let server = Server::always(refusal(status, "x", format!("bad {CLIENT_SECRET}")));
        let client = client(&server.url(), universal()).timeout(Duration::from_millis(200));
        let error = resolve(&client, &Scope::new(App::Id("p".into()), "dev")).unwrap_err();
        assert!(
            !all_text(&error).contains(CLIENT_SECRET),
            "{status}: {error:?}"
        );
    }
}

#[test]
fn what_is_no_grant_is_no_login() {
    for body in [
        "{}",
        r#"{"accessToken": ""}"#,
        r#"{"accessToken": null}"#,
        "[]",
        "null",
        "",
    ] {
        let server = Server::always(Reply::json(200, body));
        let client = client(&server.url(), universal());
        let error = resolve(&client, &Scope::new(App::Id("p".into()), "dev")).unwrap_err();
        assert_eq!(error.kind(), Protocol, "{body}");
        assert_eq!(server.requests().len(), 1);
    }
    let server = Server::always(Reply::typed(200, "text/html", "<html>Sign in</html>"));
    let client = client(&server.url(), universal());
    let error = resolve(&client, &Scope::new(App::Id("p".into()), "dev")).unwrap_err();
    assert_eq!(error.kind(), Protocol);
    assert!(error.advice().unwrap().contains("--host"), "{error:?}");
    assert!(!all_text(&error).contains("Phase"), "{error:?}");
}

#[test]
fn a_failing_server_fails_the_login_as_unreachable() {
    let server = Server::always(Reply::typed(502, "text/html", "<html>Bad gateway</html>"));
    let client = client(&server.url(), universal()).timeout(Duration::from_secs(1));
    let error = resolve(&client, &Scope::new(App::Id("p".into()), "dev")).unwrap_err();
    assert_eq!(error.kind(), Unreachable);
    assert!(server.requests().len() > 1, "a login may be sent again");
}

#[test]
fn a_session_is_used_as_it_is_or_changed_once_into_another_organisation() {
    let lab = Lab::new(demo().secret("A", "1").own("mine"));
    let session = |organisation: Option<&str>| InfisicalLogin::Session {
        organisation: organisation.map(str::to_owned),
        token: value(&lab.infisical.user_token()),
    };
    let plain = lab.client_of(session(None));
    assert_eq!(
        super::pairs(&resolve(&plain, &lab.scope()).unwrap()),
        ["A=mine"]
    );
    assert_eq!(lab.asked(), ["GET /v4/secrets"]);

    let changed = lab.client_of(session(Some(ORGANISATION)));
    for _ in 0..2 {
        resolve(&changed, &lab.scope()).unwrap();
    }
    let asked = lab.asked();
    assert_eq!(
        asked[1..],
        [
            "POST /v3/auth/select-organization",
            "GET /v4/secrets",
            "GET /v4/secrets"
        ]
    );
    let first = lab.lists()[0].header("authorization").map(str::to_owned);
    assert_ne!(
        lab.lists()[1].header("authorization").map(str::to_owned),
        first
    );

    let stranger = lab.client_of(session(Some(USER)));
    let error = resolve(&stranger, &lab.scope()).unwrap_err();
    assert_eq!(error.kind(), Denied);
    assert!(
        error.to_string().contains(&format!("organisation {USER}")),
        "{error}"
    );
}

#[test]
fn an_organisation_that_wants_a_second_factor_is_refused_with_advice() {
    let lab = Lab::with(demo(), |request| {
        let change = request.path.ends_with("/select-organization");
        change.then(|| Reply::json(200, r#"{"token": "partial", "isMfaEnabled": true}"#))
    });
    let client = lab.client_of(InfisicalLogin::Session {
        organisation: Some(ORGANISATION.into()),
        token: value(&lab.infisical.user_token()),
    });
    let error = resolve(&client, &lab.scope()).unwrap_err();
    assert_eq!(error.kind(), Credentials);
    assert!(error.to_string().contains("second factor"), "{error}");
    assert!(error.advice().unwrap().contains("machine identity"));
    assert!(lab.lists().is_empty());
}

#[test]
fn log_out_ends_the_token_at_hand_and_no_other_login() {
    // A newer server does not mind that a token was revoked before.
    for (version, again) in [
        (Version::WithoutV4, Err(Credentials)),
        (Version::Current, Ok(())),
    ] {
        let lab = Lab::new(demo().version(version));
        let client = lab.at_hand();
        wait(client.log_out()).unwrap();
        assert_eq!(lab.asked(), ["POST /v1/auth/token/revoke"]);
        assert_eq!(
            resolve(&client, &lab.scope()).unwrap_err().kind(),
            Credentials
        );
        assert_eq!(wait(client.log_out()).map_err(|error| error.kind()), again);
    }

    let lab = Lab::new(demo());
    let session = InfisicalLogin::Session {
        organisation: None,
        token: value("session"),
    };
    for (login, advice) in [
        (universal(), "each run gets a token of its own"),
        (session, "infisical reset"),
        (token("st.a.b"), "in the console"),
    ] {
        let error = wait(lab.client_of(login).log_out()).unwrap_err();
        assert_eq!(error.kind(), Configuration);
        assert!(error.advice().unwrap().contains(advice), "{error:?}");
    }
    assert_eq!(lab.asked(), [""; 0], "nothing was sent");
}

#[test]
fn an_unknown_client_id_is_a_matter_of_credentials_on_servers_of_every_age() {
    for version in [Version::Current, Version::WithoutV4] {
        let lab = Lab::new(demo().version(version));
        let client = lab.client_of(InfisicalLogin::Universal {
            client_id: USER.into(),
            client_secret: value("hunter2"),
        });
        let error = resolve(&client, &lab.scope()).unwrap_err();
        assert_eq!(error.kind(), Credentials, "{version:?}: {error:?}");
        assert_eq!(lab.asked().len(), 1);
    }
}

/// Logins as the identity with that id, by a token and by an account.
fn as_identity(id: &str) -> [InfisicalLogin; 2] {
    let token = SecretSource::Value(value("a.b.c"));
    let kind = JwtKind::Kubernetes;
    let password = value("hunter2");
    let proofs = [
        IdentityProof::Jwt { kind, token },
        IdentityProof::Ldap {
            password,
            username: "u".into(),
        },
    ];
    proofs.map(|proof| InfisicalLogin::Identity {
        id: id.into(),
        proof,
    })
}

#[test]
fn an_identitys_id_that_is_no_uuid_is_said_to_be_none_and_sent_once() {
    for version in [Version::Current, Version::WithoutV4] {
        for login in as_identity("my-identity") {
            let lab = Lab::new(demo().version(version));
            let error = resolve(&lab.client_of(login), &lab.scope()).unwrap_err();
            assert_eq!(error.kind(), Configuration, "{error:?}");
            let text = "the identity's id is no UUID: \"my-identity\"";
            assert_eq!(error.to_string(), text);
            assert_eq!(lab.asked().len(), 1);
        }
    }
    let server = Server::always(refusal(500, "Find one", "Something went wrong"));
    let [login, _] = as_identity(USER);
    let client = client(&server.url(), login).timeout(Duration::from_secs(1));
    let error = resolve(&client, &Scope::new(App::Id("p".into()), "dev")).unwrap_err();
    assert_eq!(
        error.kind(),
        Unreachable,
        "a right id is none of the causes"
    );
    assert!(server.requests().len() > 1);
}

#[test]
fn an_organisation_that_the_server_does_not_know_is_named_with_its_flag() {
    let lab = Lab::new(demo().secret("A", "1").organisations(&["acme-x4k2"]));
    let client_in = |slug| client_over(Connection::new(lab.server.url()), universal(), Some(slug));
    resolve(&client_in("acme-x4k2"), &lab.scope()).unwrap();
    let error = resolve(&client_in("nope"), &lab.scope()).unwrap_err();
    assert_eq!(error.kind(), Configuration);
    let text = "the server knows no organisation \"nope\"";
    assert_eq!(error.to_string(), text);
    let text = all_text(&error);
    assert!(
        text.contains("Sub organization with name nope not found"),
        "{text}"
    );
    assert!(error.advice().unwrap().contains("--organization"), "{text}");
}
