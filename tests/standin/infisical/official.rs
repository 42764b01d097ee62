//! The official Python SDKs, of which one is new and one is not.

use serde_json::json;

use super::super::official::ran;
use crate::support::server::infisical::{
    CLIENT_ID, CLIENT_SECRET, IDENTITY, Identity, Infisical, Login,
};

const ACCESS_KEY: &str = "AKIDEXAMPLE";
const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "a.kubernetes.token";

/// What both scripts start with, and leave behind.
fn shop() -> Infisical {
    Infisical::default()
        .project("shop")
        .environments(&["prod", "staging"])
        .secret("SHARED", "from staging")
        .environment("dev")
        .secret("HOST", "h\u{e9}")
        .comment("for people")
        .tags(&["web"])
        .secret("URL", "pg://${HOST}:${dev.db.PORT}/")
        .import("staging", "/")
        .dynamic("pg", &["DB_USER"])
        .folder("/db")
        .secret("PORT", "80")
        .identity(Identity::Aws {
            access_key: ACCESS_KEY.to_owned(),
            secret_key: SECRET_KEY.to_owned(),
        })
        .identity(Identity::Ldap {
            username: "ann".to_owned(),
            password: "p".to_owned(),
        })
        .identity(Identity::Token {
            method: "kubernetes",
            token: TOKEN.to_owned(),
        })
        .identity(Identity::Token {
            method: "oidc",
            token: "an.oidc.token".to_owned(),
        })
}

/// Lets the script of a package do what it does, and compares what it has logged in by.
fn try_with(package: &str, script: &str, methods: &[&str]) {
    let infisical = shop();
    let before = ["/", "/db"].map(|path| infisical.stored("dev", path));
    let server = infisical.serve();
    let told = json!({
        "host": server.url(), "project": infisical.project_id("shop"), "identity": IDENTITY,
        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "kubernetes": TOKEN,
        "aws": {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_SESSION_TOKEN": "a session", "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1"},
    });
    if !ran(package, script, &told) {
        return;
    }
    let login = |method: &&str| Login {
        method: (*method).to_owned(),
        organisation: None,
    };
    let logins: Vec<Login> = methods.iter().map(login).collect();
    assert_eq!(infisical.logins(), logins);
    let after = ["/", "/db"].map(|path| infisical.stored("dev", path));
    assert_eq!(after, before);
    assert!(infisical.leases().iter().all(|lease| lease.revoked));
}

#[test]
fn infisicalsdk_logs_in_reads_creates_updates_and_deletes() {
    let methods = ["universal", "oidc", "ldap", "aws"];
    try_with("infisicalsdk==1.0.17", "infisicalsdk.py", &methods);
}

#[test]
fn infisical_python_logs_in_reads_creates_updates_and_deletes() {
    let methods = ["universal", "kubernetes", "aws"];
    try_with("infisical-python==2.3.5", "infisical_python.py", &methods);
}
