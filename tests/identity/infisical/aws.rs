//! AWS auth: a signed request to the STS of the region.

use std::collections::BTreeMap;

use phase_run::ErrorKind::{Configuration, Credentials, Protocol};
use phase_run::{IdentityProof, MachineIdentity};
use serde_json::{Value, json};

use super::super::{FUTURE, Machine, SECRETS, decoded, document, says, signer};
use super::{IDENTITY, failure, refusal, refused, shown};
use crate::support::server::{Reply, Request, Server};

const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
const PLACE: &str = "/latest/dynamic/instance-identity/document";

fn proof(machine: &Machine) -> IdentityProof {
    IdentityProof::Cloud(machine.aws())
}

/// The headers that a server is to send on.
fn headers(machine: &Machine) -> BTreeMap<String, String> {
    let (_, body) = shown(proof(machine));
    let headers = decoded(body["iamRequestHeaders"].as_str().unwrap());
    serde_json::from_str(&headers).unwrap()
}

/// Whose STS is asked, for the keys of which id.
fn asked(machine: &Machine) -> (String, String) {
    let headers = headers(machine);
    let (id, region) = signer(&headers["Authorization"]);
    assert_eq!(headers["Host"], format!("sts.{region}.amazonaws.com"));
    (id.to_owned(), region.to_owned())
}

/// An instance that answers `place` when it is asked where it is.
fn instance(place: Reply) -> Server {
    Server::start(move |request: &Request| match request.path.as_str() {
        "/latest/api/token" => Reply::typed(200, "text/plain", "session"),
        ROLES => Reply::typed(200, "text/plain", "web"),
        PLACE => place.clone(),
        _ => Reply::typed(200, "text/plain", document("INSTANCE", FUTURE)),
    })
}

fn on(cloud: &Server) -> Machine {
    Machine::new().set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &cloud.url())
}

#[test]
fn a_login_has_every_field_that_the_server_wants() {
    let machine = Machine::with_keys("AKID").set("AWS_SESSION_TOKEN", "hunter2");
    let (route, mut body) = shown(proof(&machine));
    assert_eq!(route, "aws-auth");
    let headers = body["iamRequestHeaders"].take();
    assert_eq!(
        body,
        json!({
            "iamHttpRequestMethod": "POST",
            "iamRequestBody": "QWN0aW9uPUdldENhbGxlcklkZW50aXR5JlZlcnNpb249MjAxMS0wNi0xNQ==",
            "iamRequestHeaders": null,
            "identityId": IDENTITY,
        })
    );
    let headers: Value = serde_json::from_str(&decoded(headers.as_str().unwrap())).unwrap();
    let names: Vec<_> = headers.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "Authorization",
            "Content-Type",
            "Host",
            "X-Amz-Date",
            "X-Amz-Security-Token"
        ]
    );
    assert_eq!(headers["Host"], "sts.us-east-1.amazonaws.com");
    assert_eq!(headers["X-Amz-Security-Token"], "hunter2");
}

#[test]
fn the_region_is_the_one_that_is_named_first() {
    let machine = Machine::with_keys("AKID").file(".aws/config", "[default]\nregion=eu-north-1");
    assert_eq!(asked(&machine).1, "eu-north-1");
    let machine = machine.set("AWS_DEFAULT_REGION", "eu-west-2");
    assert_eq!(asked(&machine).1, "eu-west-2");
    let machine = machine.set("AWS_REGION", "us-east-1");
    assert_eq!(asked(&machine).1, "us-east-1");
    let (_, body) = shown(IdentityProof::Cloud(MachineIdentity::Aws {
        region: Some("ap-south-2".into()),
        env: machine.env(),
    }));
    let headers = decoded(body["iamRequestHeaders"].as_str().unwrap());
    assert!(
        headers.contains("sts.ap-south-2.amazonaws.com"),
        "{headers}"
    );
}

#[test]
fn an_instance_is_asked_for_its_region_if_nothing_else_names_one() {
    let place = r#"{"accountId": "1", "region": "eu-south-2"}"#;
    let cloud = instance(Reply::typed(200, "text/plain", place));
    let machine = on(&cloud);
    assert_eq!(asked(&machine), ("INSTANCE".into(), "eu-south-2".into()));
    let requests = cloud.requests();
    let paths: Vec<_> = requests.iter().map(|one| one.path.as_str()).collect();
    let role = format!("{ROLES}web");
    assert_eq!(paths, ["/latest/api/token", ROLES, &role, PLACE]);
    let session = requests[3].header("x-aws-ec2-metadata-token");
    assert_eq!(session, Some("session"));
    assert_eq!(cloud.connections(), 1);

    let machine = machine.set("AWS_REGION", "eu-west-1");
    assert_eq!(asked(&machine), ("INSTANCE".into(), "eu-west-1".into()));
    assert_eq!(cloud.requests().len(), 4 + 3);
}

#[test]
fn nobody_is_asked_for_the_region_of_keys_that_are_at_hand() {
    let cloud = instance(Reply::json(200, "{}"));
    let machine = Machine::with_keys("AKID").set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &cloud.url());
    assert_eq!(asked(&machine), ("AKID".into(), "us-east-1".into()));
    assert!(cloud.requests().is_empty());
}

#[test]
fn an_instance_that_cannot_say_where_it_is_counts_as_in_us_east_1() {
    let cloud = instance(Reply::typed(404, "text/html", "<h1>Not Found</h1>"));
    assert_eq!(asked(&on(&cloud)).1, "us-east-1");
    let cloud = instance(Reply::json(200, "{}"));
    let error = failure(proof(&on(&cloud)));
    assert_eq!(error.kind(), Protocol);
    says(&error, &["metadata service names no region"]);
}

#[test]
fn a_region_that_no_server_takes_is_refused_by_name() {
    for text in [
        "eu-west-1.evil.example",
        "EU-WEST-1",
        "aa-bbbbbbbbbbbbbbbb-11",
    ] {
        let machine = Machine::with_keys("AKID").set("AWS_REGION", text);
        let error = failure(proof(&machine));
        assert_eq!(error.kind(), Configuration);
        says(&error, &[text, "no name of a region", "eu-central-1"]);
    }
}

#[test]
fn without_credentials_the_error_lists_what_was_tried() {
    let error = failure(proof(&Machine::new()));
    assert_eq!(error.kind(), Credentials);
    says(&error, &["no AWS credentials", "environment", "instance"]);
}

#[test]
fn a_refusal_says_what_to_do_and_shows_no_secret() {
    let machine = Machine::with_keys("AKID").set("AWS_SESSION_TOKEN", SECRETS[0]);
    let text = "AWS auth method not found for identity, did you configure AWS auth?";
    let error = refused(refusal(404, text), proof(&machine));
    assert_eq!(error.kind(), Configuration);
    says(
        &error,
        &["this identity has no AWS auth", "did you configure"],
    );
    let error = refused(refusal(401, "no: hunter2"), proof(&machine));
    assert_eq!(error.kind(), Credentials);
    says(&error, &["refuses the credentials for AWS auth"]);
}
