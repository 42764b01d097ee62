//! Servers of October 2024, which answer otherwise where something is not there.

use std::time::Duration;

use phase_run::ErrorKind::{Missing, Unreachable};
use phase_run::{App, NewSecret, Scope};

use super::{Lab, all_text, demo, new, pairs, refusal, resolve, wait};
use crate::support::server::Infisical;
use crate::support::server::infisical::Version;

fn old() -> Infisical {
    demo().version(Version::WithoutV4)
}

fn named(app: &str) -> Scope {
    Scope::new(App::Name(app.into()), "dev")
}

#[test]
fn a_slug_names_a_project_to_whoever_asks_on_an_old_server() {
    let lab = Lab::new(old().secret("A", "1"));
    for client in [lab.client(), lab.user()] {
        let resolution = resolve(&client, &named("demo")).unwrap();
        assert_eq!(pairs(&resolution), ["A=1"]);
        wait(client.create(&named("demo").place, &new("NEW", "n"))).unwrap();
        assert!(
            wait(client.delete(&named("demo").place, &phase_run::Folder::root(), "NEW")).unwrap()
        );
    }
}

#[test]
fn a_project_that_an_old_server_does_not_know_is_missing_at_once() {
    let lab = Lab::new(old());
    let unusable = "a".repeat(40);
    for wanted in ["zz-nope", &unusable, "The Shop"] {
        let error = resolve(&lab.client(), &named(wanted)).unwrap_err();
        assert_eq!(error.kind(), Missing, "{error:?}");
        let text = format!("there is no project with the slug {wanted:?}");
        assert_eq!(error.to_string(), text);
        let text = all_text(&error);
        assert!(
            text.contains("for users alone") && text.contains("--app-id"),
            "{text}"
        );
        let error = resolve(&lab.user(), &named(wanted)).unwrap_err();
        assert_eq!(error.kind(), Missing, "{error:?}");
        assert_eq!(error.advice(), Some("there are: demo"));
    }
    let id = App::Id("00000000-0000-4000-8000-000000000000".into());
    let error = resolve(&lab.client(), &Scope::new(id.clone(), "dev")).unwrap_err();
    assert_eq!(error.kind(), Missing);
    assert!(error.advice().unwrap().contains("--app-id"), "{error:?}");
    // Each route is asked once: none of these answers is a failure that may pass.
    let mut asked = lab.asked();
    asked.retain(|line| line.contains("/v2/workspace/"));
    assert_eq!(asked.len(), 4, "{asked:?}");
}

#[test]
fn an_old_server_that_fails_is_asked_again_all_the_same() {
    let lab = Lab::with(old(), |request| {
        let slug = request.path.starts_with("/api/v2/workspace/");
        slug.then(|| refusal(500, "InternalServerError", "Something went wrong"))
    });
    let client = lab.at_hand().timeout(Duration::from_secs(1));
    let error = resolve(&client, &named("demo")).unwrap_err();
    assert_eq!(error.kind(), Unreachable);
    assert!(lab.asked().len() > 3);
}

#[test]
fn tags_are_looked_up_by_the_routes_of_an_old_server() {
    let lab = Lab::new(old().secret("A", "1").tags(&["db"]));
    let client = lab.client();
    let tagged = |name: &str, slug: &str| NewSecret {
        tags: vec![slug.into()],
        ..new(name, "x")
    };
    let place = named("demo").place;
    wait(client.create(&place, &tagged("NEW", "db"))).unwrap();
    let stored = lab.infisical.stored("dev", "/").pop().unwrap();
    assert_eq!((&*stored.key, stored.tags), ("NEW", vec!["db".to_owned()]));
    let error = wait(client.create(&place, &tagged("OTHER", "nope"))).unwrap_err();
    assert_eq!(error.kind(), Missing);
    assert!(
        error.to_string().ends_with("has no tag \"nope\""),
        "{error}"
    );
}
