//! OCI auth: a question that the user's API key has signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use phase_run::ErrorKind::{Configuration, Credentials};
use phase_run::IdentityProof;
use serde_json::Value;

use super::super::{Machine, says};
use super::{IDENTITY, failure, refusal, refused, shown, verify};

const CONFIG: &str = "\
[DEFAULT]
user=ocid1.user.oc1..aaaa
fingerprint=20:3b:97:13
tenancy=ocid1.tenancy.oc1..bbbb
region=eu-frankfurt-1
key_file=~/.oci/key.pem
[OTHER]
user=ocid1.user.oc1..cccc
[PERSON]
security_token_file=/nonexistent
";
const PKCS1: &str = include_str!("../../fixtures/identity/key.pkcs1.pem");
const PKCS8: &str = include_str!("../../fixtures/identity/key.pkcs8.pem");
const ENCRYPTED: &str = include_str!("../../fixtures/identity/encrypted.pkcs8.pem");

/// A machine with this configuration.
fn with(config: &str) -> Machine {
    Machine::new()
        .file(".oci/config", config)
        .file(".oci/key.pem", PKCS1)
}

fn proof(machine: &Machine) -> IdentityProof {
    IdentityProof::Oci(machine.env())
}

/// The user, the key's id and the host that a server is shown, signed.
#[track_caller]
fn signed(machine: &Machine) -> (String, String, String) {
    let (route, body) = shown(proof(machine));
    assert_eq!(route, "oci-auth");
    assert_eq!(body.as_object().unwrap().len(), 3);
    assert_eq!(body["identityId"], IDENTITY);
    let user = body["userOcid"].as_str().unwrap();
    let headers = body["headers"].as_object().unwrap();
    let names: Vec<_> = headers.keys().collect();
    assert_eq!(names, ["authorization", "date", "host"]);
    let text = |name: &str| headers.get(name).and_then(Value::as_str).unwrap();
    let (date, host) = (text("date"), text("host"));
    assert!(date.len() == 29 && date.ends_with(" GMT"), "{date}");
    let parameters = text("authorization")
        .strip_prefix("Signature version=\"1\",headers=\"date (request-target) host\",keyId=\"");
    let (id, rest) = parameters.unwrap().split_once('"').unwrap();
    let signature = rest.strip_prefix(",algorithm=\"rsa-sha256\",signature=\"");
    let signature = signature.and_then(|rest| rest.strip_suffix('"')).unwrap();
    verify(
        &format!("date: {date}\n(request-target): get /20160918/users/{user}\nhost: {host}"),
        &STANDARD.decode(signature).unwrap(),
    );
    (user.to_owned(), id.to_owned(), host.to_owned())
}

#[test]
fn the_users_own_question_is_signed_by_the_key_in_the_profile() {
    for key in [PKCS1, PKCS8] {
        let (user, id, host) = signed(&with(CONFIG).file(".oci/key.pem", key));
        assert_eq!(user, "ocid1.user.oc1..aaaa");
        assert_eq!(
            id,
            "ocid1.tenancy.oc1..bbbb/ocid1.user.oc1..aaaa/20:3b:97:13"
        );
        assert_eq!(host, "identity.eu-frankfurt-1.oraclecloud.com");
    }
}

#[test]
fn another_file_and_another_profile_may_be_named() {
    let other = CONFIG.replace("eu-frankfurt-1", "uk-london-1");
    let machine = with(CONFIG)
        .set_file("OCI_CONFIG_FILE", "other", &other)
        .set("OCI_CONFIG_PROFILE", "OTHER");
    let (user, _, host) = signed(&machine);
    assert_eq!(user, "ocid1.user.oc1..cccc");
    assert_eq!(host, "identity.uk-london-1.oraclecloud.com");
    let machine = machine
        .set("OCI_CLI_CONFIG_FILE", "~/.oci/config")
        .set("OCI_CLI_PROFILE", "DEFAULT");
    let (user, _, host) = signed(&machine);
    assert_eq!(user, "ocid1.user.oc1..aaaa");
    assert_eq!(host, "identity.eu-frankfurt-1.oraclecloud.com");
}

#[test]
fn variables_stand_in_for_the_entries_of_a_profile() {
    let machine = Machine::new()
        .set("OCI_CLI_USER", "ocid1.user.oc1..dddd")
        .set("OCI_CLI_TENANCY", "ocid1.tenancy.oc1..eeee")
        .set("OCI_CLI_FINGERPRINT", "aa:bb")
        .set("OCI_CLI_REGION", "us-ashburn-1");
    let expected = (
        "ocid1.user.oc1..dddd".to_owned(),
        "ocid1.tenancy.oc1..eeee/ocid1.user.oc1..dddd/aa:bb".to_owned(),
        "identity.us-ashburn-1.oraclecloud.com".to_owned(),
    );
    let machine = machine.set_file("OCI_CLI_KEY_FILE", "key", PKCS8);
    assert_eq!(signed(&machine), expected);
    let machine = machine
        .set("OCI_CLI_KEY_FILE", "/nonexistent")
        .set("OCI_CLI_KEY_CONTENT", PKCS1);
    assert_eq!(signed(&machine), expected);
}

#[test]
fn a_machine_without_a_profile_is_told_what_is_missing() {
    for (machine, kind, parts) in [
        (
            Machine::new(),
            Credentials,
            &[
                "no user for OCI",
                ".oci/config",
                "oci setup config",
                "OCI_CLI_USER",
            ][..],
        ),
        (
            with(&CONFIG.replace("tenancy=", "x=")),
            Credentials,
            &["no tenancy for OCI", "OCI_CLI_TENANCY"],
        ),
        (
            with(CONFIG).set("OCI_CLI_PROFILE", "NONE"),
            Configuration,
            &["no OCI profile \"NONE\"", "OCI_CLI_PROFILE"],
        ),
        (
            with(CONFIG).set("OCI_CLI_PROFILE", "PERSON"),
            Configuration,
            &["\"PERSON\" is a session", "oci setup config"],
        ),
    ] {
        let error = failure(proof(&machine));
        assert_eq!(error.kind(), kind);
        says(&error, parts);
    }
}

#[test]
fn entries_that_cannot_be_used_are_named() {
    for (machine, parts) in [
        (
            with(CONFIG).set("OCI_CLI_REGION", "phx"),
            &["\"phx\"", "eu-frankfurt-1"][..],
        ),
        (
            with(CONFIG).set("OCI_CLI_USER", "a/../b"),
            &["the user for OCI cannot be", "OCI_CLI_USER"],
        ),
        (
            with(CONFIG).file(".oci/key.pem", ENCRYPTED),
            &["key.pem", "is encrypted", "openssl"],
        ),
        (
            with(&CONFIG.replace("~/.oci/key.pem", "/nonexistent/key")),
            &["no key of OCI from /nonexistent/key"],
        ),
    ] {
        let error = failure(proof(&machine));
        assert_eq!(error.kind(), Configuration);
        says(&error, parts);
    }
}

#[test]
fn a_refusal_is_told() {
    let text = "Access denied: OCI account isn't part of tenancy.";
    let error = refused(refusal(401, text), proof(&with(CONFIG)));
    assert_eq!(error.kind(), Credentials);
    says(&error, &["the credentials for OCI auth", text]);
}
