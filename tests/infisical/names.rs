//! Names of secrets that URLs would take for something else.

use phase_run::ErrorKind::{Configuration, InvalidName};
use phase_run::{App, Folder};

use super::{Lab, all_text, demo, listed, new, resolve, set, wait};
use crate::support::server::infisical::Version;

const ODD: [&str; 9] = [
    "a b?c#d%41",
    "schlüssel.日本",
    "..a",
    "%2e%2e",
    "a&b;c$d",
    "-x",
    "a\\b\"c",
    "1+1",
    "batch2",
];

#[test]
fn odd_names_are_created_read_changed_and_deleted() {
    for version in [Version::Current, Version::WithoutV4] {
        let lab = Lab::new(demo().version(version));
        let client = lab.at_hand();
        for name in ODD {
            wait(client.create(&lab.place(), &new(name, "1"))).unwrap();
            assert_eq!(listed(&client, &lab.scope()).unwrap(), [name]);
            wait(client.update(&lab.place(), &Folder::root(), name, &set("2"))).unwrap();
            let stored = &lab.infisical.stored("dev", "/")[0];
            assert_eq!((&*stored.key, &*stored.value), (name, "2"));
            assert!(wait(client.delete(&lab.place(), &Folder::root(), name)).unwrap());
            assert!(lab.infisical.stored("dev", "/").is_empty());
        }
    }
}

#[test]
fn names_that_would_lead_to_another_route_are_refused_here() {
    let lab = Lab::new(demo().secret("A", "1"));
    let client = lab.at_hand();
    for name in [".", ".."] {
        let errors = [
            wait(client.create(&lab.place(), &new(name, "1"))).unwrap_err(),
            wait(client.update(&lab.place(), &Folder::root(), name, &set("2"))).unwrap_err(),
            wait(client.delete(&lab.place(), &Folder::root(), name)).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), InvalidName);
            assert!(error.to_string().contains(&format!("{name:?}")), "{error}");
        }
    }
    assert!(lab.asked().is_empty());
}

#[test]
fn names_that_the_server_does_not_take_are_refused_in_its_words() {
    let lab = Lab::new(demo());
    let words = "Secret name cannot contain";
    let blank = "String must contain at least 1 character";
    for (name, words) in [("a/b", words), ("a:b", words), (" ", blank)] {
        let error = wait(lab.at_hand().create(&lab.place(), &new(name, "hunter2"))).unwrap_err();
        assert_eq!(error.kind(), Configuration, "{name}");
        let text = all_text(&error);
        assert!(text.contains(&format!("secretName: {words}")), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert!(lab.infisical.stored("dev", "/").is_empty());
}

#[test]
fn a_secret_called_like_a_route_is_a_limit_of_the_server() {
    // `batch` and `move` are routes of their own, beside those of all secrets.
    let lab = Lab::new(demo().secret("A", "1"));
    for name in ["batch", "move"] {
        let error = wait(lab.at_hand().create(&lab.place(), &new(name, "hunter2"))).unwrap_err();
        assert!(!all_text(&error).contains("hunter2"), "{error:?}");
    }
    assert_eq!(lab.infisical.stored("dev", "/").len(), 1);
}

#[test]
fn a_name_too_long_for_the_servers_routes_is_refused_before_anything_is_sent() {
    let long = "N".repeat(101);
    let lab = Lab::new(demo().secret(&long, "1").secret("A", "2"));
    let client = lab.at_hand();
    let root = Folder::root();
    let mut place = lab.place();
    place.app = App::Name("demo".into());
    let smileys = "😀".repeat(51);
    for name in [&long, &smileys] {
        let errors = [
            wait(client.create(&place, &new(name, "1"))).unwrap_err(),
            wait(client.update(&place, &root, name, &set("2"))).unwrap_err(),
            wait(client.delete(&place, &root, name)).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), InvalidName);
            assert!(error.to_string().contains("100 at most"), "{error}");
            assert!(error.advice().unwrap().contains("shorter"), "{error:?}");
        }
    }
    assert!(lab.asked().is_empty(), "{:?}", lab.asked());
    // It is listed and used, and the server is not taken for an old one.
    assert_eq!(listed(&client, &lab.scope()).unwrap(), ["A", &*long]);
    assert_eq!(resolve(&client, &lab.scope()).unwrap().secrets.len(), 2);
    wait(client.create(&place, &new(&"N".repeat(100), "3"))).unwrap();
    let asked = lab.asked();
    assert!(asked.iter().all(|line| !line.contains("/v3/")), "{asked:?}");
}
