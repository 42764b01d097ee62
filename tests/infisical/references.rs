//! References, which are followed here: servers put nothing in the place of one that
//! leads nowhere.

use phase_run::ErrorKind::Unresolved;
use phase_run::{Folders, Leases, Plan, Result};

use super::{Lab, all_text, below, demo, notices, pairs, resolve, these, wait};
use crate::support::server::{Reply, Request};

#[test]
fn references_into_all_places_come_replaced() {
    let infisical = demo().secret("HOST", "h").secret("PORT", "1");
    let infisical = infisical.secret("URL", "x://${HOST}:${dev.db.PORT}/${staging.KEY}");
    let infisical = infisical.secret("TWICE", "${URL}${URL}");
    let infisical = infisical.folder("/db").secret("PORT", "2");
    let lab = Lab::new(infisical.within("staging").secret("KEY", "k"));
    let resolution = resolve(&lab.client(), &lab.scope()).unwrap();
    let url = "x://h:2/k";
    let expected = [
        "HOST=h",
        "PORT=1",
        &format!("TWICE={url}{url}"),
        &format!("URL={url}"),
    ];
    assert_eq!(pairs(&resolution), expected);
    let lists = lab.lists();
    let mut aims: Vec<_> = lists.iter().map(aim).collect();
    aims[1..].sort_unstable();
    assert_eq!(aims, ["dev /", "dev /db", "staging /"]);
    assert_eq!((lab.asked().len(), lab.server.connections()), (4, 2));
}

/// The environment and the folder of a list.
fn aim(list: &Request) -> String {
    let parameter = |name| list.parameter(name).unwrap();
    format!("{} {}", parameter("environment"), parameter("secretPath"))
}

#[test]
fn a_missing_reference_fails_although_the_server_puts_nothing_in_its_place() {
    for reference in ["${NOPE}", "${dev.nope.X}", "${nowhere.X}", "${@none.dev.X}"] {
        let lab = Lab::with(demo(), move |request| {
            // As servers of 2026 were recorded.
            let home = request.path == "/api/v4/secrets" && aim(request) == "dev /";
            let value = match request.parameter("expandSecretReferences") {
                Some("false") => format!("a{reference}b"),
                _ => "ab".to_owned(),
            };
            let row = r#""id": "1", "type": "shared", "secretPath": "/", "secretKey": "A""#;
            let body = format!(r#"{{"secrets": [{{{row}, "secretValue": "{value}"}}]}}"#);
            home.then(|| Reply::json(200, body))
        });
        let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
        assert_eq!(error.kind(), Unresolved, "{error:?}");
        let way = format!("A → {reference}");
        assert!(error.to_string().contains(&way), "{error}");
        let lenient = Plan {
            allow_unresolved: true,
            ..Plan::default()
        };
        let resolution = wait(lab.client().resolve(&lab.scope(), &lenient)).unwrap();
        assert_eq!(pairs(&resolution), [format!("A=a{reference}b")]);
        assert_eq!(notices(&resolution).len(), 1);
    }
}

#[test]
fn a_reference_that_leads_nowhere_fails_with_its_name_and_not_with_the_value() {
    let lab = Lab::new(demo().secret("A", "hunter2 ${NOPE} ${dev.x.GONE}"));
    let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
    assert_eq!(error.kind(), Unresolved);
    let text = all_text(&error);
    assert!(text.contains('A') && text.contains("${NOPE}"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");

    let plan = Plan {
        allow_unresolved: true,
        ..Plan::default()
    };
    let resolution = wait(lab.client().resolve(&lab.scope(), &plan)).unwrap();
    assert_eq!(pairs(&resolution), ["A=hunter2 ${NOPE} ${dev.x.GONE}"]);
    let told = notices(&resolution);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("A: ${NOPE} stays as it is"), "{told:?}");
}

#[test]
fn a_cycle_leads_nowhere() {
    let lab = Lab::new(demo().secret("A", "${B}").secret("B", "${A}"));
    assert_eq!(
        resolve(&lab.client(), &lab.scope()).unwrap_err().kind(),
        Unresolved
    );
}

#[test]
fn what_is_not_wanted_may_refer_to_anything() {
    let lab = Lab::new(demo().secret("A", "${NOPE}").secret("B", "2"));
    let wanted = |name: &str| name == "B";
    let plan = Plan {
        wanted: &wanted,
        ..Plan::default()
    };
    let resolution = wait(lab.client().resolve(&lab.scope(), &plan)).unwrap();
    assert_eq!(pairs(&resolution), ["B=2"]);
}

#[test]
fn without_expansion_references_are_text() {
    let lab = Lab::new(demo().secret("A", "${B} ${NOPE}").secret("B", "2"));
    let plan = Plan {
        expand: false,
        ..Plan::default()
    };
    let resolution = wait(lab.client().resolve(&lab.scope(), &plan)).unwrap();
    assert_eq!(pairs(&resolution), ["A=${B} ${NOPE}", "B=2"]);
    assert_eq!(notices(&resolution), [""; 0]);
}

#[test]
fn what_only_looks_like_a_reference_is_text() {
    let values = ["$B", "${ B }", "${}", "${{B}}", "$${", "${a b}", "a${"];
    let names: Vec<String> = (0..values.len())
        .map(|number| format!("N{number}"))
        .collect();
    let pairs_of = names.iter().zip(values);
    let lab = Lab::new(
        pairs_of
            .clone()
            .fold(demo().secret("B", "2"), |infisical, (name, text)| {
                infisical.secret(name, text)
            }),
    );
    let resolution = resolve(&lab.client(), &lab.scope()).unwrap();
    let expected: Vec<String> = pairs_of
        .map(|(name, text)| format!("{name}={text}"))
        .collect();
    assert_eq!(pairs(&resolution)[1..], expected);
}

#[test]
fn a_reference_into_a_folder_that_nobody_may_see_is_named() {
    let infisical = demo()
        .secret("A", "${dev.db.B}")
        .folder("/db")
        .secret("B", "hunter2");
    let lab = Lab::new(infisical.forbidden());
    let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
    assert_eq!(error.kind(), Unresolved);
    let text = all_text(&error);
    assert!(text.contains("A → ${dev.db.B}"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    assert_eq!(lab.logins(), 1, "no login is tried again");
}

#[test]
fn a_name_alone_is_looked_for_in_the_own_folder_then_in_its_imports_the_last_one_first() {
    let infisical = demo()
        .within("prod")
        .secret("A", "prod")
        .secret("B", "prod");
    let infisical = infisical.secret("C", "prod").within("staging");
    let infisical = infisical.secret("A", "staging").secret("B", "staging");
    let infisical = infisical.within("dev").secret("A", "own");
    let infisical = infisical.import("prod", "/").import("staging", "/");
    let lab = Lab::new(infisical.secret("R", "${A} ${B} ${C}"));
    let resolution = resolve(&lab.client(), &lab.scope()).unwrap();
    assert_eq!(pairs(&resolution)[3], "R=own staging prod");
    assert_eq!(lab.asked().len(), 2, "all of that is in one list");
    let plan = Plan {
        imports: false,
        ..Plan::default()
    };
    let resolution = wait(lab.client().resolve(&lab.scope(), &plan)).unwrap();
    assert_eq!(
        pairs(&resolution),
        ["A=own", "R=own staging prod"],
        "what is not imported can be referred to"
    );
}

#[test]
fn a_name_alone_means_the_folder_of_the_secret_that_holds_it_wherever_it_is_referred_to() {
    let infisical = demo().secret("A", "${staging.db.URL}").secret("HOST", "no");
    let infisical = infisical.within("staging").secret("HOST", "neither");
    let infisical = infisical.folder("/db").secret("URL", "x://${HOST}");
    let lab = Lab::new(infisical.secret("HOST", "h"));
    let resolution = resolve(&lab.client(), &lab.scope()).unwrap();
    assert_eq!(pairs(&resolution), ["A=x://h", "HOST=no"]);
    assert_eq!(lab.lists().len(), 2);
}

#[test]
fn tags_choose_what_comes_in_and_not_what_may_be_referred_to() {
    let infisical = demo().secret("A", "${B} ${C}").tags(&["db"]);
    let infisical = infisical.secret("B", "b").secret("C", "c").tags(&["db"]);
    let lab = Lab::new(infisical);
    let scope = lab.scope().tagged(vec!["db".into()]);
    let resolution = resolve(&lab.client(), &scope).unwrap();
    assert_eq!(pairs(&resolution), ["A=b c", "C=c"]);
    assert_eq!(lab.lists().len(), 2);
}

#[test]
fn in_a_tree_a_folder_is_asked_for_again_only_where_an_import_of_it_may_be_meant() {
    let infisical = demo().within("staging").secret("FAR", "f").within("dev");
    let infisical = infisical.secret("R", "${dev.a.X}").folder("/a");
    let infisical = infisical.secret("X", "${Y}").secret("Y", "y");
    let lab = Lab::new(infisical.clone());
    let all = lab.scope().in_folders(Folders::All);
    let resolution = resolve(&lab.client(), &all).unwrap();
    assert_eq!(pairs(&resolution), ["R=y", "X=y", "Y=y"]);
    assert_eq!(lab.asked().len(), 2);

    let lab = Lab::new(infisical.secret("Z", "${FAR}").import("staging", "/"));
    let scope = lab.scope().in_folders(below(&["/a"]));
    let resolution = resolve(&lab.client(), &scope).unwrap();
    assert_eq!(pairs(&resolution), ["FAR=f", "X=y", "Y=y", "Z=f"]);
    assert_eq!(lab.lists().len(), 2);
}

#[test]
fn a_reference_within_the_name_of_another_leads_nowhere() {
    let infisical = demo().secret("A", "<${AL${SUF}}>").secret("SUF", "PHA");
    let lab = Lab::new(infisical.secret("ALPHA", "a"));
    let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
    assert_eq!(error.kind(), Unresolved);
    assert!(error.to_string().contains("A → ${AL${SUF}}"), "{error}");
}

#[test]
fn a_reference_into_another_project_is_followed_as_far_as_these_credentials_go() {
    let infisical = demo().secret("A", "${@shop.prod.db.K}").project("shop");
    let infisical = infisical.environment("prod").folder("/db").secret("K", "k");
    let lab = Lab::new(infisical);
    let resolution = resolve(&lab.client(), &lab.scope()).unwrap();
    assert_eq!(pairs(&resolution), ["A=k"]);
    assert_eq!(
        lab.asked()[2..],
        ["GET /v1/projects/slug/shop", "GET /v4/secrets"]
    );
}

#[test]
fn what_an_imported_secret_still_refers_to_leads_nowhere() {
    // The server replaces all references in it, or none if one of them is missing.
    let lab = Lab::with(demo(), |request| {
        let row = r#""id": "1", "type": "shared", "secretKey": "MIX""#;
        let row = format!(r#"{{{row}, "secretValue": "${{B}}${{NOPE}}"}}"#);
        let body = format!(r#"{{"secrets": [], "imports": [{{"secrets": [{row}]}}]}}"#);
        let list = request.path == "/api/v4/secrets";
        list.then(|| Reply::json(200, body))
    });
    let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
    assert_eq!(error.kind(), Unresolved);
    let text = error.to_string();
    assert!(
        text.contains("MIX → ${NOPE} (the server could not"),
        "{text}"
    );
}

#[test]
fn what_a_lease_gives_is_text() {
    let lab = Lab::with(demo().dynamic("pg", &["PG"]), |request| {
        let made = request.method == "POST" && request.path.ends_with("/leases");
        let body = r#"{"lease": {"id": "l"}, "data": {"PG": "a${NOPE}b"}}"#;
        made.then(|| Reply::json(200, body))
    });
    let plan = Plan {
        leases: Leases::Generate { ttl: None },
        ..Plan::default()
    };
    let resolution = wait(lab.client().resolve(&lab.scope(), &plan)).unwrap();
    assert_eq!(pairs(&resolution), ["PG=a${NOPE}b"]);
}

#[test]
fn imported_references_are_looked_up_in_the_importing_folder_first() {
    let infisical = demo()
        .within("staging")
        .secret("URL", "${HOST}")
        .secret("HOST", "staging");
    let infisical = infisical
        .within("dev")
        .import("staging", "/")
        .secret("HOST", "dev");
    let url = |lab: &Lab| -> Result<String> {
        let resolution = resolve(&lab.client(), &lab.scope())?;
        Ok(pairs(&resolution).pop().unwrap())
    };
    assert_eq!(url(&Lab::new(infisical.clone())).unwrap(), "URL=dev");
    // Where there is no version 4 they are looked up where they stand.
    let old = crate::support::server::infisical::Version::WithoutV4;
    assert_eq!(
        url(&Lab::new(infisical.version(old))).unwrap(),
        "URL=staging"
    );
}

#[test]
fn each_folder_of_several_resolves_its_own() {
    let infisical = demo().folder("/a").secret("X", "${K}").secret("K", "a");
    let lab = Lab::new(infisical.folder("/b").secret("Y", "${K}").secret("K", "b"));
    let scope = lab.scope().in_folders(these(&["/a", "/b"]));
    let resolution = resolve(&lab.client(), &scope).unwrap();
    assert_eq!(pairs(&resolution), ["K=b", "X=a", "Y=b"]);
}
