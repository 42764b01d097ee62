//! The files in `~/.aws`: which profile, and what in it.

use phase_run::ErrorKind::{Configuration, Credentials, System};

use super::{Machine, says};

fn keys(section: &str, id: &str) -> String {
    format!("[{section}]\naws_access_key_id = {id}\naws_secret_access_key = hunter2\n")
}

fn id(machine: &Machine) -> String {
    machine.proves().signer().0.to_owned()
}

#[test]
fn a_profile_is_chosen_by_name_and_is_called_default_otherwise() {
    let config = keys("default", "DEFAULT") + &keys("profile web", "WEB");
    let machine = Machine::new().file(".aws/config", &config);
    assert_eq!(id(&machine), "DEFAULT");
    let machine = machine.set("AWS_DEFAULT_PROFILE", "web");
    assert_eq!(id(&machine), "WEB");
    assert_eq!(id(&machine.set("AWS_PROFILE", "default")), "DEFAULT");
}

#[test]
fn the_file_of_credentials_counts_before_the_configuration() {
    let machine = Machine::new().file(".aws/config", &keys("profile web", "CONFIG"));
    let machine = machine.set("AWS_PROFILE", "web");
    assert_eq!(id(&machine), "CONFIG");
    let text = keys("web", "CREDENTIALS") + "aws_session_token = hunter2\n";
    let proof = machine.file(".aws/credentials", &text).proves();
    assert_eq!(proof.signer().0, "CREDENTIALS");
    assert_eq!(proof.session(), Some("hunter2"));
}

#[test]
fn the_files_may_lie_elsewhere() {
    let machine = Machine::new()
        .file(".aws/credentials", &keys("default", "USUAL"))
        .set_file(
            "AWS_SHARED_CREDENTIALS_FILE",
            "a/b",
            &keys("default", "ELSEWHERE"),
        )
        .file("c", "[default]\nregion = eu-west-3\n")
        .set("AWS_CONFIG_FILE", "~/c");
    assert_eq!(machine.proves().signer(), ("ELSEWHERE", "eu-west-3"));
}

#[test]
fn a_profile_that_is_asked_for_must_be_there() {
    let error = Machine::new()
        .file(".aws/credentials", &keys("default", "A"))
        .set("AWS_PROFILE", "web")
        .fails();
    assert_eq!(error.kind(), Configuration);
    says(
        &error,
        &[
            "no AWS profile \"web\"",
            ".aws/config",
            ".aws/credentials",
            "AWS_PROFILE",
        ],
    );
}

#[test]
fn a_profile_without_keys_is_one_of_the_sources_that_were_tried() {
    let error = Machine::new()
        .file(".aws/config", "[default]\nregion = eu-west-1\n")
        .fails();
    assert_eq!(error.kind(), Credentials);
    says(&error, &["profile default (it has no keys)"]);
}

#[test]
fn a_profile_with_half_of_its_keys_is_an_error() {
    let text = "[default]\naws_secret_access_key = hunter2\n";
    let error = Machine::new().file(".aws/credentials", text).fails();
    assert_eq!(error.kind(), Credentials);
    says(
        &error,
        &["\"default\" has no aws_access_key_id", ".aws/credentials"],
    );
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let error = Machine::new().file(".aws/config/x", "").fails();
    assert_eq!(error.kind(), System);
    says(&error, &["cannot read ", ".aws/config"]);
}

#[test]
fn ways_that_need_a_person_or_a_program_are_errors_that_name_another_way() {
    for (entry, part) in [
        ("sso_session = work", "sso_session"),
        ("sso_start_url = https://example.com", "sso_start_url"),
        ("credential_process = /bin/true", "credential_process"),
        (
            "role_arn = arn:aws:iam::1:role/a\nmfa_serial = x\nsource_profile = default",
            "mfa_serial",
        ),
    ] {
        let error = Machine::new()
            .file(".aws/config", &format!("[default]\n{entry}\n"))
            .fails();
        assert_eq!(error.kind(), Configuration);
        says(&error, &[part, "aws configure export-credentials"]);
    }
}
