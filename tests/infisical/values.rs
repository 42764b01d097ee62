//! Which of several secrets of one name counts, and which values are none.

use phase_run::ErrorKind::Denied;
use phase_run::{Folders, Plan, Scope};

use super::{Lab, all_text, below, demo, listed, notices, pairs, resolve, these, wait};
use crate::shown;
use crate::support::server::infisical::Version;
use crate::support::server::{Infisical, Reply, Server};

const VERSIONS: [Version; 3] = [Version::Current, Version::Early, Version::WithoutV4];

/// `OWN`, `BOTH` and `PROD` are in two imports; the folder itself has `OWN`.
fn imports() -> Infisical {
    let fill = |infisical: Infisical, slug: &&str| {
        let infisical = infisical.within(slug).secret("OWN", slug);
        infisical
            .secret("BOTH", slug)
            .secret(&slug.to_uppercase(), slug)
    };
    let infisical = ["prod", "staging"].iter().fold(demo(), fill);
    let infisical = infisical.within("dev").secret("OWN", "dev");
    infisical.import("prod", "/").import("staging", "/")
}

#[test]
fn a_folders_own_secret_goes_before_imports_and_a_later_import_before_an_earlier_one() {
    let expected = ["BOTH=staging", "OWN=dev", "PROD=prod", "STAGING=staging"];
    for version in VERSIONS {
        let lab = Lab::new(imports().version(version));
        let resolution = resolve(&lab.client(), &lab.scope()).unwrap();
        assert_eq!(pairs(&resolution), expected, "{version:?}");
        assert_eq!(
            notices(&resolution),
            [""; 0],
            "that is what imports are for"
        );
    }
}

#[test]
fn what_an_import_imports_itself_comes_with_it() {
    let infisical = demo()
        .within("prod")
        .secret("A", "prod")
        .secret("B", "prod");
    let infisical = infisical
        .within("staging")
        .import("prod", "/")
        .secret("A", "staging");
    let lab = Lab::new(infisical.within("dev").import("staging", "/"));
    for expand in [true, false] {
        let plan = Plan {
            expand,
            ..Plan::default()
        };
        let resolution = wait(lab.client().resolve(&lab.scope(), &plan)).unwrap();
        assert_eq!(
            pairs(&resolution),
            ["A=staging", "B=prod"],
            "expand: {expand}"
        );
    }
}

#[test]
fn imports_are_left_out_where_tags_are_asked_for_and_that_is_said_once() {
    let infisical = demo().within("staging").secret("A", "1").secret("C", "no");
    let infisical = infisical.folder("/none").within("dev");
    let infisical = infisical.import("staging", "/").secret("B", "2");
    let infisical = infisical.secret("C", "3").tags(&["db"]);
    let infisical = infisical.folder("/x").import("staging", "/");
    let lab = Lab::new(infisical.folder("/y").import("staging", "/none"));
    let tagged = |paths: &[&str]| {
        let scope = lab.scope().in_folders(these(paths));
        resolve(&lab.client(), &scope.tagged(vec!["db".into()])).unwrap()
    };
    let resolution = tagged(&["/", "/x"]);
    assert_eq!(pairs(&resolution), ["C=3"]);
    let told = "imported secrets are left out: the server does not tell their tags";
    assert_eq!(notices(&resolution), [told]);
    let plan = Plan {
        allow_empty: true,
        ..Plan::default()
    };
    let scope = lab.scope().in_folders(these(&["/y"]));
    let scope = scope.tagged(vec!["db".into()]);
    let resolution = wait(lab.client().resolve(&scope, &plan)).unwrap();
    assert_eq!(notices(&resolution), [""; 0], "there was none to leave out");
}

#[test]
fn a_folder_whose_name_begins_alike_is_no_part_of_a_tree() {
    let infisical = demo().folder("/a").secret("X", "a");
    let infisical = infisical.folder("/a/deep").secret("Y", "deep");
    let infisical = infisical.folder("/ab").secret("X", "ab").secret("Z", "ab");
    for version in VERSIONS {
        let lab = Lab::new(infisical.clone().version(version));
        let scope = lab.scope().in_folders(below(&["/a"]));
        let resolution = resolve(&lab.client(), &scope).unwrap();
        assert_eq!(pairs(&resolution), ["X=a", "Y=deep"], "{version:?}");
        assert_eq!(notices(&resolution), [""; 0]);
    }
}

#[test]
fn of_several_folders_a_later_one_wins_and_the_collision_is_told() {
    let infisical = demo().folder("/a").secret("X", "a").secret("A", "1");
    let lab = Lab::new(infisical.folder("/b").secret("X", "b"));
    for (paths, value) in [(["/a", "/b"], "b"), (["/b", "/a"], "a")] {
        let scope = lab.scope().in_folders(these(&paths));
        let resolution = resolve(&lab.client(), &scope).unwrap();
        assert_eq!(pairs(&resolution), ["A=1".to_owned(), format!("X={value}")]);
        let [dropped, kept] = paths;
        let expected = format!("X from {kept} is used, not the one from {dropped}");
        assert_eq!(notices(&resolution), [expected]);
    }
}

#[test]
fn of_a_tree_the_deeper_folder_wins_then_the_later_one_by_name() {
    let infisical = demo().secret("X", "root").secret("Y", "root");
    let infisical = infisical.folder("/b").secret("X", "b").secret("Z", "b");
    let infisical = infisical.folder("/a").secret("X", "a").secret("Z", "a");
    let lab = Lab::new(infisical.folder("/a/deep").secret("X", "deep"));
    let all = lab.scope().in_folders(Folders::All);
    let resolution = resolve(&lab.client(), &all).unwrap();
    assert_eq!(pairs(&resolution), ["X=deep", "Y=root", "Z=b"]);
    let told = notices(&resolution);
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(
        told.iter()
            .any(|text| text == "X from /a/deep is used, not the one from /")
    );
    assert_eq!(resolution.secrets[0].folder.as_str(), "/a/deep");

    let scope = lab.scope().in_folders(below(&["/a", "/b"]));
    let resolution = resolve(&lab.client(), &scope).unwrap();
    assert_eq!(pairs(&resolution), ["X=b", "Z=b"], "a later tree wins");
}

#[test]
fn overlapping_trees_give_each_secret_once() {
    let infisical = demo().folder("/a").secret("X", "a");
    let lab = Lab::new(infisical.folder("/a/b").secret("Y", "b"));
    let scope = lab.scope().in_folders(below(&["/a", "/a/b"]));
    let resolution = resolve(&lab.client(), &scope).unwrap();
    assert_eq!(pairs(&resolution), ["X=a", "Y=b"]);
    assert_eq!(notices(&resolution), [""; 0]);
    assert_eq!(listed(&lab.client(), &scope).unwrap(), ["X", "Y"]);
}

#[test]
fn in_a_tree_a_deeper_secret_goes_before_an_import_of_the_top() {
    let infisical = demo()
        .within("staging")
        .secret("X", "imported")
        .secret("Y", "imported");
    let infisical = infisical.within("dev").import("staging", "/");
    let lab = Lab::new(infisical.folder("/a").secret("X", "own"));
    let scope = lab.scope().in_folders(Folders::All);
    let resolution = resolve(&lab.client(), &scope).unwrap();
    assert_eq!(pairs(&resolution), ["X=own", "Y=imported"]);
}

#[test]
fn a_hidden_value_is_refused_by_name_and_its_stand_in_never_given() {
    let hiding = |version| {
        let infisical = demo().version(version).secret("A", "1");
        Lab::new(infisical.secret("B", "2").hidden())
    };
    // Others give nothing of such a folder.
    for version in [Version::Current, Version::WithoutV4] {
        let lab = hiding(version);
        let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
        assert_eq!(error.kind(), Denied, "{version:?}");
    }
    let lab = hiding(Version::Early);
    let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
    assert_eq!(error.kind(), Denied);
    let text = "the value of B is hidden: these credentials may not read it";
    assert_eq!(error.to_string(), text);
    assert!(error.advice().unwrap().contains("--exclude"));

    let wanted = |name: &str| name != "B";
    let plan = Plan {
        wanted: &wanted,
        ..Plan::default()
    };
    let resolution = wait(lab.client().resolve(&lab.scope(), &plan)).unwrap();
    assert_eq!(pairs(&resolution), ["A=1"]);
    assert_eq!(resolution.left_out, ["B"]);

    let plan = Plan {
        allow_partial: true,
        ..Plan::default()
    };
    let resolution = wait(lab.client().resolve(&lab.scope(), &plan)).unwrap();
    assert_eq!(pairs(&resolution), ["A=1"]);
    assert_eq!(notices(&resolution), [format!("B is left out: {text}")]);
}

#[test]
fn a_hidden_value_stays_hidden_whoever_overrides_it_unless_the_override_counts() {
    let infisical = demo().version(Version::Early).secret("A", "1");
    let lab = Lab::new(infisical.own("mine").hidden());
    let resolution = resolve(&lab.user(), &lab.scope()).unwrap();
    assert_eq!(pairs(&resolution), ["A=mine"]);
    let plan = Plan {
        personal: false,
        ..Plan::default()
    };
    let error = wait(lab.user().resolve(&lab.scope(), &plan)).unwrap_err();
    assert_eq!(error.kind(), Denied);
    assert!(!all_text(&error).contains("mine"));
}

#[test]
fn the_stand_in_of_a_hidden_value_is_none_wherever_it_stands_and_whatever_is_said_of_it() {
    let shared = r#"{"id": "1", "secretKey": "A", "type": "shared", "secretValue": "1"}"#;
    let hidden = |id, kind| {
        format!(
            r#"{{"id": "{id}", "secretKey": "A", "type": "{kind}",
                "secretValue": "<hidden-by-infisical>"}}"#
        )
    };
    for rows in [
        hidden(1, "shared"),
        hidden(1, "personal"),
        format!("{shared}, {}", hidden(2, "personal")),
        format!("{}, {shared}", hidden(2, "personal")),
    ] {
        let server = Server::always(Reply::json(200, format!(r#"{{"secrets": [{rows}]}}"#)));
        let client = super::client(&server.url(), super::token("t"));
        let scope = Scope::new(phase_run::App::Id("p".into()), "dev");
        let error = resolve(&client, &scope).unwrap_err();
        assert_eq!(error.kind(), Denied, "{rows}");
        assert!(error.to_string().contains("the value of A"), "{error}");
    }
}

#[test]
fn names_that_no_environment_can_carry_are_listed() {
    let names = ["", "1x", "a b", "a=b", "-x", "ü", "a.b", "$(id)"];
    let fill = |infisical: Infisical, name: &&str| infisical.secret(name, "v");
    let lab = Lab::new(names[1..].iter().fold(demo(), fill));
    let mut expected: Vec<_> = names[1..].to_vec();
    expected.sort_unstable();
    assert_eq!(listed(&lab.client(), &lab.scope()).unwrap(), expected);
    let resolution = resolve(&lab.client(), &lab.scope()).unwrap();
    assert_eq!(resolution.secrets.len(), expected.len());
}

#[test]
fn all_that_the_server_keeps_with_a_secret_is_listed() {
    let infisical = demo()
        .secret("A", "1\n2")
        .comment("why")
        .tags(&["db", "aws"]);
    let lab = Lab::new(infisical.metadata("owner", "ops").metadata("tier", ""));
    let secrets = wait(lab.client().list(&lab.scope())).unwrap();
    let [secret] = &secrets[..] else {
        panic!("one secret")
    };
    let stored = &lab.infisical.stored("dev", "/")[0];
    assert_eq!(secret.id, stored.id);
    assert_eq!(shown(secret.value.as_ref()), "1\n2");
    assert_eq!((secret.comment.as_str(), secret.version), ("why", 1));
    assert_eq!(secret.tags, ["db", "aws"]);
    assert!(
        secret.updated.starts_with("2025-01-02T03:04:0"),
        "{}",
        secret.updated
    );
    let metadata = secret.metadata.iter();
    let metadata: Vec<_> = metadata
        .map(|line| (&*line.key, line.value.expose()))
        .collect();
    assert_eq!(metadata, [("owner", "ops"), ("tier", "")]);
    assert!(secret.personal.is_none());
}

#[test]
fn a_row_with_hardly_any_fields_will_do_and_so_will_unknown_ones() {
    let body = r#"{"secrets": [
        {"secretKey": "OLD", "type": "shared"},
        {"secretKey": "NEW", "secretValue": "v", "secretPath": null, "tags": null, "version": null,
         "secretMetadata": null, "secretComment": null, "quantum": {"a": [1]}, "type": "shared"}
    ], "imports": null, "more": 1}"#;
    let server = Server::always(Reply::json(200, body));
    let client = super::client(&server.url(), super::token("t"));
    let scope = Scope::new(phase_run::App::Id("p".into()), "dev");
    assert_eq!(pairs(&resolve(&client, &scope).unwrap()), ["NEW=v", "OLD="]);
}
