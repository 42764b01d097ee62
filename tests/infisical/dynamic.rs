//! Dynamic secrets, and the leases that are made of them and given back.

use std::time::Duration;

use phase_run::ErrorKind::{Configuration, Denied, Missing, Protocol};
use phase_run::{App, Folders, Leases, Notice, Plan, Resolution, Result, Scope};

use super::{Lab, body, demo, notices, pairs, these, wait};
use crate::support::server::infisical::Version;
use crate::support::server::{Infisical, Reply};

const LEASES: &str = "/v1/dynamic-secrets/leases";

/// Two in one folder, and one below, beside which there is no other secret.
fn infisical() -> Infisical {
    let infisical = demo()
        .secret("A", "1")
        .dynamic("pg", &["PG_USER", "PG_PASSWORD"]);
    let infisical = infisical.dynamic("aws", &["AWS_KEY"]);
    infisical.folder("/x/y").dynamic("redis", &["REDIS"])
}

fn lease(lab: &Lab, scope: &Scope, leases: Leases) -> Result<Resolution> {
    let plan = Plan {
        leases,
        ..Plan::default()
    };
    wait(lab.at_hand().resolve(scope, &plan))
}

const GENERATE: Leases = Leases::Generate { ttl: None };

#[test]
fn by_default_nobody_asks_for_dynamic_secrets() {
    let lab = Lab::new(infisical());
    let resolution = lease(&lab, &lab.scope(), Leases::default()).unwrap();
    assert_eq!(pairs(&resolution), ["A=1"]);
    assert_eq!(notices(&resolution), [""; 0]);
    assert_eq!(lab.asked(), ["GET /v4/secrets"]);
}

#[test]
fn each_dynamic_secret_of_the_folder_gives_a_lease_and_its_values() {
    let lab = Lab::new(infisical());
    let resolution = lease(&lab, &lab.scope(), GENERATE).unwrap();
    let expected = [
        "A=1",
        "AWS_KEY=aws_key-1",
        "PG_PASSWORD=pg_password-1",
        "PG_USER=pg_user-1",
    ];
    assert_eq!(pairs(&resolution), expected);
    let project = format!("GET /v1/projects/{}", lab.infisical.project_id("demo"));
    let post = format!("POST {LEASES}");
    let asked = [
        "GET /v4/secrets",
        &project,
        "GET /v1/dynamic-secrets",
        &post,
        &post,
    ];
    assert_eq!(lab.asked(), asked);
    let sent = body(lab.server.requests().last().unwrap());
    let expected = serde_json::json!({
        "dynamicSecretName": "pg", "projectSlug": "demo", "environmentSlug": "dev", "path": "/",
    });
    assert_eq!(sent, expected);

    let names: Vec<_> = resolution
        .leases
        .iter()
        .map(|lease| lease.name.as_str())
        .collect();
    assert_eq!(names, ["aws", "pg"]);
    let made = lab.infisical.leases();
    for (ours, theirs) in resolution.leases.iter().zip(&made) {
        assert_eq!(ours.id, theirs.id);
        assert_eq!(theirs.ttl(), Duration::from_hours(1));
        assert!(
            humantime::parse_rfc3339(&ours.expires).is_ok(),
            "{}",
            ours.expires
        );
    }
}

#[test]
fn by_the_projects_slug_a_lease_takes_no_further_look_at_the_project() {
    let lab = Lab::new(infisical());
    let scope = Scope::new(App::Name("demo".into()), "dev");
    lease(&lab, &scope, GENERATE).unwrap();
    assert_eq!(
        lab.asked()[..2],
        ["GET /v1/projects/slug/demo", "GET /v4/secrets"]
    );
    assert_eq!(lab.asked().len(), 5);
}

#[test]
fn leases_come_from_all_folders_that_are_meant_and_from_no_other() {
    let lab = Lab::new(infisical());
    for (folders, count) in [
        (Folders::All, 3),
        (super::below(&["/x"]), 1),
        (super::below(&["/x", "/x/y"]), 1),
        (these(&["/", "/x/y"]), 3),
    ] {
        let scope = lab.scope().in_folders(folders);
        let resolution = lease(&lab, &scope, GENERATE).unwrap();
        assert_eq!(resolution.leases.len(), count, "{scope:?}");
    }
    let scope = lab.scope().in_folders(these(&["/x"]));
    let error = lease(&lab, &scope, GENERATE).unwrap_err();
    assert_eq!(error.kind(), Missing);
}

#[test]
fn a_folder_whose_name_begins_alike_gives_no_lease_on_servers_of_any_age() {
    for version in [Version::Current, Version::WithoutV4] {
        let infisical = infisical().folder("/xy").dynamic("other", &["OTHER"]);
        let lab = Lab::new(infisical.version(version));
        let scope = lab.scope().in_folders(super::below(&["/x"]));
        let resolution = lease(&lab, &scope, GENERATE).unwrap();
        assert_eq!(pairs(&resolution), ["REDIS=redis-1"], "{version:?}");
        assert_eq!(lab.infisical.leases().len(), 1, "{version:?}");
    }
}

#[test]
fn a_lease_that_gives_nothing_that_is_wanted_is_ended_at_once() {
    let lab = Lab::new(infisical());
    let wanted = |name: &str| name == "AWS_KEY" || name == "A";
    let plan = Plan {
        leases: GENERATE,
        wanted: &wanted,
        ..Plan::default()
    };
    let resolution = wait(lab.at_hand().resolve(&lab.scope(), &plan)).unwrap();
    assert_eq!(pairs(&resolution), ["A=1", "AWS_KEY=aws_key-1"]);
    assert_eq!(resolution.left_out, ["PG_PASSWORD", "PG_USER"]);
    let names: Vec<_> = resolution.leases.iter().map(|lease| &lease.name).collect();
    assert_eq!(names, ["aws"]);
    let ended: Vec<_> = lab
        .infisical
        .leases()
        .iter()
        .map(|lease| lease.revoked)
        .collect();
    assert_eq!(ended, [false, true]);
}

#[test]
fn a_lease_lasts_as_long_as_is_asked_for() {
    let lab = Lab::new(infisical());
    let ttl = Duration::from_secs(90);
    lease(&lab, &lab.scope(), Leases::Generate { ttl: Some(ttl) }).unwrap();
    assert!(
        lab.infisical
            .leases()
            .iter()
            .all(|lease| lease.ttl() == ttl)
    );
    assert_eq!(body(lab.server.requests().last().unwrap())["ttl"], "90s");
}

#[test]
fn a_preview_names_dynamic_secrets_and_makes_no_lease() {
    let lab = Lab::new(infisical());
    let resolution = lease(&lab, &lab.scope(), Leases::Preview).unwrap();
    assert_eq!(pairs(&resolution), ["A=1"]);
    let dynamic = |name: &str| Notice::Dynamic {
        name: name.to_owned(),
        keys: Vec::new(),
    };
    assert_eq!(resolution.notices, [dynamic("aws"), dynamic("pg")]);
    assert!(resolution.leases.is_empty() && lab.infisical.leases().is_empty());
}

#[test]
fn tags_do_not_keep_leases_out_but_one_that_nothing_has_makes_none() {
    let lab = Lab::new(infisical().folder("/").secret("B", "2").tags(&["db"]));
    let tagged = |tag: &str| lab.scope().tagged(vec![tag.to_owned()]);
    for leases in [GENERATE, Leases::Preview] {
        let error = lease(&lab, &tagged("bd"), leases).unwrap_err();
        assert_eq!(error.kind(), Missing);
    }
    assert!(lab.infisical.leases().is_empty());
    let resolution = lease(&lab, &tagged("db"), GENERATE).unwrap();
    assert_eq!(pairs(&resolution).len(), 4);
}

#[test]
fn a_folder_that_is_empty_makes_no_lease_in_another() {
    for version in [Version::Current, Version::WithoutV4] {
        let lab = Lab::new(infisical().folder("/empty").version(version));
        let scope = lab.scope().in_folders(these(&["/", "/empty"]));
        let error = lease(&lab, &scope, GENERATE).unwrap_err();
        assert_eq!(error.kind(), Missing, "{version:?}");
        assert!(error.to_string().contains("/empty"), "{error}");
        assert!(lab.infisical.leases().is_empty(), "{version:?}");
    }
}

#[test]
fn a_lease_ends_when_it_is_revoked_and_one_that_has_ended_is_no_error() {
    let lab = Lab::new(infisical());
    let client = lab.at_hand();
    let plan = Plan {
        leases: GENERATE,
        ..Plan::default()
    };
    let resolution = wait(client.resolve(&lab.scope(), &plan)).unwrap();
    for _ in 0..2 {
        for lease in &resolution.leases {
            wait(client.revoke(lease)).unwrap();
        }
    }
    assert!(lab.infisical.leases().iter().all(|lease| lease.revoked));
    let last = lab.server.requests().pop().unwrap();
    let id = &resolution.leases[1].id;
    assert_eq!(
        (&*last.method, last.path),
        ("DELETE", format!("/api{LEASES}/{id}"))
    );
    let expected = serde_json::json!({
        "projectSlug": "demo", "environmentSlug": "dev", "path": "/", "isForced": false,
    });
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&last.body).unwrap(),
        expected
    );
}

#[test]
fn a_lease_in_a_folder_is_given_back_there() {
    let lab = Lab::new(infisical());
    let scope = lab.scope().in_folders(Folders::All);
    let resolution = lease(&lab, &scope, GENERATE).unwrap();
    for lease in &resolution.leases {
        wait(lab.client().revoke(lease)).unwrap();
    }
    assert!(lab.infisical.leases().iter().all(|lease| lease.revoked));
    let last = lab.server.requests().pop().unwrap();
    assert_eq!(body(&last)["path"], "/x/y");
}

#[test]
fn a_lease_that_came_without_credentials_is_given_back() {
    for data in ["null", "[]", "\"hunter2\""] {
        let lab = Lab::with(infisical(), move |request| {
            let body = format!(r#"{{"lease": {{"id": "l"}}, "data": {data}}}"#);
            let ours = request.path.contains(LEASES) && request.method != "GET";
            ours.then(|| Reply::json(200, body))
        });
        let error = lease(&lab, &lab.scope(), GENERATE).unwrap_err();
        assert_eq!(error.kind(), Protocol);
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        assert_eq!(lab.asked().last().unwrap(), &format!("DELETE {LEASES}/l"));
    }
}

#[test]
fn leases_are_given_back_when_the_call_fails_after_them() {
    // In order: `aws`, then `pg`, which fails.
    let failing = demo().dynamic("aws", &["AWS_KEY"]).dynamic("pg", &["PG"]);
    let lab = Lab::new(failing.failing("the database is down"));
    let error = lease(&lab, &lab.scope(), GENERATE).unwrap_err();
    assert_eq!(error.kind(), Configuration);
    assert!(
        super::all_text(&error).contains("the database is down"),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("dynamic secret \"pg\""),
        "{error}"
    );
    let made = lab.infisical.leases();
    assert!(made.len() == 1 && made[0].revoked);

    let hiding = infisical().version(Version::Early).within("dev");
    let lab = Lab::new(hiding.secret("B", "2").hidden());
    let error = lease(&lab, &lab.scope(), GENERATE).unwrap_err();
    assert_eq!(error.kind(), Denied);
    let made = lab.infisical.leases();
    assert!(made.len() == 2 && made.iter().all(|lease| lease.revoked));
}

#[test]
fn a_server_of_version_3_gives_leases_too() {
    let lab = Lab::new(infisical().version(Version::WithoutV4).without_projects());
    for app in [lab.place().app, App::Name("demo".into())] {
        let scope = Scope::new(app, "dev").in_folders(Folders::All);
        let resolution = lease(&lab, &scope, GENERATE).unwrap();
        assert_eq!(resolution.leases.len(), 3);
    }
}

#[test]
fn without_dynamic_secrets_there_is_nothing_to_lease() {
    let lab = Lab::new(demo().secret("A", "1"));
    for leases in [GENERATE, Leases::Preview] {
        let resolution = lease(&lab, &lab.scope(), leases).unwrap();
        assert_eq!(pairs(&resolution), ["A=1"]);
        assert_eq!(notices(&resolution), [""; 0]);
    }
}
