//! Secrets that may be known of, and not read.

use phase_run::ErrorKind::Denied;
use phase_run::Folders;

use super::{Lab, demo, listed, resolve, these, wait};
use crate::support::server::Infisical;
use crate::support::server::infisical::Version;

fn filled() -> Infisical {
    demo().secret("A", "1").folder("/db").secret("B", "2")
}

#[test]
fn names_are_listed_for_who_may_read_no_values_by_one_request_more() {
    let lab = Lab::new(filled().describing());
    let client = lab.at_hand();
    let secrets = wait(client.list(&lab.scope())).unwrap();
    assert_eq!(secrets.len(), 1);
    assert_eq!(secrets[0].name, "A");
    assert!(
        secrets[0].value.is_none(),
        "what stands for a value is none"
    );
    let lists = lab.lists();
    let view = lists.iter().map(|list| list.parameter("viewSecretValue"));
    assert_eq!(view.collect::<Vec<_>>(), [Some("true"), Some("false")]);
    for folders in [these(&["/", "/db"]), Folders::All] {
        let scope = lab.scope().in_folders(folders);
        assert_eq!(listed(&client, &scope).unwrap(), ["A", "B"]);
    }
    let error = resolve(&client, &lab.scope()).unwrap_err();
    assert_eq!(error.kind(), Denied, "nothing runs without the values");
}

#[test]
fn what_may_be_read_is_read_beside_what_may_not() {
    let lab = Lab::new(filled().secret("C", "3").hidden());
    let scope = lab.scope().in_folders(these(&["/", "/db"]));
    let values = wait(lab.at_hand().list(&scope)).unwrap().into_iter();
    let values = values.map(|one| (one.name, one.value.map(|value| value.expose().to_owned())));
    let expected = [("A", Some("1")), ("B", None), ("C", None)];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
    assert_eq!(values.collect::<Vec<_>>(), expected);
}

#[test]
fn what_may_not_be_read_below_a_folder_is_listed_too() {
    let lab = Lab::new(filled().secret("C", "3").hidden());
    let scope = lab.scope().in_folders(Folders::All);
    let secrets = wait(lab.at_hand().list(&scope)).unwrap().into_iter();
    let values = secrets.map(|one| (one.name, one.value.is_some()));
    let expected = [("A", true), ("B", true), ("C", false)];
    let expected = expected.map(|(name, is_some)| (name.to_owned(), is_some));
    assert_eq!(values.collect::<Vec<_>>(), expected);
}

#[test]
fn a_value_that_comes_hidden_among_others_is_none() {
    let early = filled().version(Version::Early).secret("C", "3").hidden();
    let lab = Lab::new(early);
    let scope = lab.scope().in_folders(these(&["/db"]));
    let secrets = wait(lab.at_hand().list(&scope)).unwrap();
    let values = secrets.iter().map(|one| one.value.is_some());
    assert_eq!(values.collect::<Vec<_>>(), [true, false]);
    assert_eq!(lab.lists().len(), 1);
}

#[test]
fn whoever_may_not_even_describe_is_denied_as_ever() {
    let lab = Lab::new(
        filled()
            .folder("/gone")
            .forbidden()
            .version(Version::WithoutV4),
    );
    let scope = lab.scope().in_folders(these(&["/gone"]));
    let error = wait(lab.at_hand().list(&scope)).unwrap_err();
    assert_eq!(error.kind(), Denied);
}
