//! The apps and environments of a vault come and go by name, and by nothing else.

use super::*;

fn at(app: &str, environment: &str) -> Place {
    Place {
        app: App::Name(app.to_owned()),
        environment: environment.to_owned(),
    }
}

#[track_caller]
fn apps(desk: &Desk) -> Vec<String> {
    let apps = wait(desk.vault().apps()).unwrap();
    let line =
        |app: &phase_run::AppSummary| format!("{}: {}", app.name, app.environments.join(","));
    apps.iter().map(line).collect()
}

#[test]
fn a_secret_makes_no_app_and_no_environment_but_the_first_unless_asked() {
    let desk = Desk::with(&["ONE"]);
    let before = fs::read(desk.file()).unwrap();
    let client = desk.client();
    for (place, there) in [
        (at("web", "dve"), "dev"),
        (at("web", "de"), "dev"),
        (at("webb", "dev"), "web"),
    ] {
        let error = wait(client.create(&place, &secret("TWO", "2"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Missing);
        let advice = error.advice().unwrap();
        assert!(advice.contains(there), "{advice}");
        assert!(advice.contains("--new-environment"), "{advice}");
    }
    assert_eq!(fs::read(desk.file()).unwrap(), before);
    let client = client.make_environments(true);
    wait(client.create(&at("web", "de"), &secret("TWO", "2"))).unwrap();
    wait(client.create(&at("api", "dev"), &secret("TWO", "2"))).unwrap();
    assert_eq!(apps(&desk), ["api: dev", "web: de,dev"]);
}

#[test]
fn an_environment_is_made_once_and_removed_by_its_whole_name() {
    let desk = Desk::new();
    wait(desk.vault().add_environment("web", "staging")).unwrap();
    wait(desk.vault().add_environment("Web", "dev")).unwrap();
    assert_eq!(apps(&desk), ["web: dev,staging"]);
    assert_eq!(
        wait(desk.vault().environments("web")).unwrap(),
        ["dev", "staging"]
    );
    let error = wait(desk.vault().add_environment("web", "STAGING")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let error = wait(desk.vault().remove_environment("web", "stag", true)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    let error = wait(desk.vault().add_environment("web", "a\nb")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    wait(desk.vault().remove_environment("web", "staging", false)).unwrap();
    assert_eq!(apps(&desk), ["web: dev"]);
}

#[test]
fn an_environment_that_holds_secrets_goes_only_with_them_and_the_last_one_with_its_app() {
    let desk = Desk::new();
    desk.create(&NewSecret {
        personal: Some(value("mine")),
        ..secret("ONE", "1")
    })
    .unwrap();
    let error = wait(desk.vault().remove_environment("web", "dev", false)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().ends_with("holds 1 secret"), "{error}");
    assert_eq!(desk.names(), ["ONE"]);
    wait(desk.vault().remove_environment("web", "dev", true)).unwrap();
    assert!(apps(&desk).is_empty());
    desk.create(&secret("ONE", "again")).unwrap();
    assert!(
        desk.only().personal.is_none(),
        "overrides go with their secrets"
    );
}
