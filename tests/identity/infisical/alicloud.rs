//! Alibaba Cloud auth: a request to STS that the access key has signed.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use phase_run::ErrorKind::{Configuration, Credentials};
use phase_run::IdentityProof;
use ring::hmac;

use super::super::{Machine, says};
use super::{IDENTITY, failure, refusal, refused, shown};

const ID: &str = "ALIBABA_CLOUD_ACCESS_KEY_ID";
const SECRET: &str = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";

fn user() -> Machine {
    Machine::new()
        .set(ID, "LTAI5tExample")
        .set(SECRET, "hunter2")
}

fn proof(machine: &Machine) -> IdentityProof {
    IdentityProof::AliCloud(machine.env())
}

#[test]
fn the_request_is_signed_over_all_of_its_parameters() {
    let (route, body) = shown(proof(&user()));
    assert_eq!(route, "alicloud-auth");
    let mut sent: BTreeMap<String, String> = serde_json::from_value(body).unwrap();
    assert_eq!(sent.remove("identityId").as_deref(), Some(IDENTITY));
    let signature = sent.remove("Signature").unwrap();
    let (time, nonce) = (sent["Timestamp"].clone(), sent["SignatureNonce"].clone());
    let expected = [
        ("AccessKeyId", "LTAI5tExample"),
        ("Action", "GetCallerIdentity"),
        ("Format", "JSON"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", &nonce),
        ("SignatureVersion", "1.0"),
        ("Timestamp", &time),
        ("Version", "2015-04-01"),
    ];
    assert!(
        sent.iter()
            .map(|(name, value)| (&**name, &**value))
            .eq(expected)
    );
    assert!(nonce.len() == 32 && time.len() == 20, "{nonce} {time}");

    let time = time.replace(':', "%253A");
    let text = format!(
        "GET&%2F&AccessKeyId%3DLTAI5tExample%26Action%3DGetCallerIdentity%26Format%3DJSON%26\
         SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D{nonce}%26SignatureVersion%3D1.0%26\
         Timestamp%3D{time}%26Version%3D2015-04-01"
    );
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"hunter2&");
    let signature = STANDARD.decode(signature).unwrap();
    hmac::verify(&key, text.as_bytes(), &signature).unwrap();
}

#[test]
fn no_two_requests_are_alike() {
    let nonce = || shown(proof(&user())).1["SignatureNonce"].clone();
    assert_ne!(nonce(), nonce());
}

#[test]
fn without_a_key_or_with_a_temporary_one_the_variables_are_named() {
    let error = failure(proof(&Machine::new().set(ID, "LTAI5tExample")));
    assert_eq!(error.kind(), Credentials);
    says(&error, &[SECRET, "is not set", ID]);
    let error = failure(proof(
        &user().set("ALIBABA_CLOUD_SECURITY_TOKEN", "hunter2"),
    ));
    assert_eq!(error.kind(), Configuration);
    says(
        &error,
        &["ALIBABA_CLOUD_SECURITY_TOKEN", "temporary", "RAM user"],
    );
}

#[test]
fn a_refusal_is_told() {
    let text = "Access denied: Alibaba Cloud account ARN not allowed.";
    let error = refused(refusal(401, text), proof(&user()));
    assert_eq!(error.kind(), Credentials);
    says(&error, &["the credentials for Alibaba Cloud auth", text]);
}
