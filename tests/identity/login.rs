//! The request that logs in, field by field, and the token that it gives.

use std::time::Duration;

use phase_run::ErrorKind::{Configuration, Protocol};
use phase_run::{App, Client, Connection, Credentials, MachineIdentity, Scope};
use serde_json::{Value, json};

use super::{
    ACCOUNT, Machine, Proof, decoded, granted, hides_secrets, login, login_for, phase, says, wait,
};
use crate::support::server::{Reply, Server};

#[test]
fn a_login_by_aws_has_every_field_that_the_server_wants() {
    let phase = phase();
    let machine = Machine::with_keys("AKID").set("AWS_SESSION_TOKEN", "hunter2");
    login(&phase, &machine.aws()).unwrap();

    let [request] = &phase.requests()[..] else {
        panic!("not one request");
    };
    assert_eq!(request.method, "POST");
    assert_eq!(
        request.target,
        "/service/public/identities/external/v1/aws/iam/auth/"
    );
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("authorization"), None);

    let mut body: Value = serde_json::from_slice(&request.body).unwrap();
    for part in ["httpRequestBody", "httpRequestHeaders", "httpRequestUrl"] {
        body["awsIam"][part] = decoded(body["awsIam"][part].as_str().unwrap()).into();
    }
    let headers = body["awsIam"]["httpRequestHeaders"].take();
    assert_eq!(
        body,
        json!({
            "account": { "type": "service", "id": ACCOUNT },
            "awsIam": {
                "httpRequestMethod": "POST",
                "httpRequestUrl": "https://sts.amazonaws.com",
                "httpRequestHeaders": null,
                "httpRequestBody": "Action=GetCallerIdentity&Version=2011-06-15",
            },
        })
    );

    let headers: Value = serde_json::from_str(headers.as_str().unwrap()).unwrap();
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
    assert_eq!(headers["Host"], "sts.amazonaws.com");
    assert_eq!(
        headers["Content-Type"],
        "application/x-www-form-urlencoded; charset=utf-8"
    );
    let date = headers["X-Amz-Date"].as_str().unwrap();
    assert!(
        date.len() == 16 && date.ends_with('Z') && date.as_bytes()[8] == b'T',
        "{date}"
    );
    let authorization = headers["Authorization"].as_str().unwrap();
    let expected = format!(
        "AWS4-HMAC-SHA256 Credential=AKID/{}/us-east-1/sts/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=",
        &date[..8]
    );
    assert!(authorization.starts_with(&expected), "{authorization}");
}

#[test]
fn without_a_session_none_is_sent_and_none_is_signed() {
    let proof = Machine::with_keys("AKID").proves();
    assert_eq!(proof.session(), None);
    let authorization = &proof.headers["Authorization"];
    assert!(
        authorization.contains("SignedHeaders=content-type;host;x-amz-date, "),
        "{authorization}"
    );
    assert_eq!(proof.method, "POST");
    assert_eq!(proof.body.len(), 43);
}

#[test]
fn a_login_by_azure_has_every_field_that_the_server_wants() {
    let cloud = Server::start(|_| Reply::json(200, r#"{"access_token": "eyJ0.a.b"}"#));
    let phase = phase();
    let machine = Machine::new().set("AZURE_POD_IDENTITY_AUTHORITY_HOST", &cloud.url());
    login_for(&phase, &machine.azure(), Some(Duration::from_hours(1))).unwrap();

    let request = &phase.requests()[0];
    assert_eq!(request.method, "POST");
    assert_eq!(
        request.target,
        "/service/public/identities/external/v1/azure/entra/auth/"
    );
    let mut body: Value = serde_json::from_slice(&request.body).unwrap();
    body["azureEntra"]["jwt"] = decoded(body["azureEntra"]["jwt"].as_str().unwrap()).into();
    assert_eq!(
        body,
        json!({
            "account": { "type": "service", "id": ACCOUNT },
            "azureEntra": { "jwt": "eyJ0.a.b" },
            "tokenRequest": { "ttl": 3600 },
        })
    );
}

#[test]
fn the_token_reads_secrets_like_any_other() {
    let phase = Server::start(|request| match request.method.as_str() {
        "POST" => granted(),
        _ => Reply::json(200, "[]"),
    });
    let token = login(&phase, &Machine::with_keys("AKID").aws()).unwrap();
    assert!(token.holds_keys());
    let client = Client::new(Credentials::Phase {
        api: phase_run::PhaseApi::Auto,
        connection: Connection::new(phase.url()),
        token,
    });
    let scope = Scope::new(App::Id("web".into()), "development");
    // Whatever comes of it, it is asked for in the name of the account.
    let _ = wait(client.unwrap().list(&scope));
    let asked = phase.requests()[1]
        .header("authorization")
        .unwrap()
        .to_owned();
    assert!(asked.starts_with("Bearer ServiceAccount "), "{asked}");
}

#[test]
fn a_lifetime_is_at_least_a_second() {
    let phase = phase();
    let aws = Machine::with_keys("AKID").aws();
    login_for(&phase, &aws, Some(Duration::from_millis(1900))).unwrap();
    let body: Value = serde_json::from_slice(&phase.requests()[0].body).unwrap();
    assert_eq!(body["tokenRequest"]["ttl"], 1);
    let error = login_for(&phase, &aws, Some(Duration::from_millis(900))).unwrap_err();
    assert_eq!(error.kind(), Configuration);
    assert_eq!(phase.requests().len(), 1);
}

#[test]
fn the_region_is_the_one_that_is_named_first() {
    let config = "[default]\nregion = eu-north-1\n";
    let machine = Machine::with_keys("AKID");
    let url = |machine: &Machine, region: &str| {
        let proof = machine.proves();
        assert_eq!(proof.signer(), ("AKID", region));
        assert_eq!(format!("https://{}", proof.headers["Host"]), proof.url);
        proof.url
    };
    assert_eq!(url(&machine, "us-east-1"), "https://sts.amazonaws.com");
    let machine = machine.file(".aws/config", config);
    let expected = "https://sts.eu-north-1.amazonaws.com";
    assert_eq!(url(&machine, "eu-north-1"), expected);
    let machine = machine.set("AWS_DEFAULT_REGION", "eu-west-2");
    let expected = "https://sts.eu-west-2.amazonaws.com";
    assert_eq!(url(&machine, "eu-west-2"), expected);
    let machine = machine.set("AWS_REGION", "cn-north-1");
    let expected = "https://sts.cn-north-1.amazonaws.com.cn";
    assert_eq!(url(&machine, "cn-north-1"), expected);

    let phase = phase();
    let explicit = MachineIdentity::Aws {
        region: Some("us-east-1".into()),
        env: machine.env(),
    };
    login(&phase, &explicit).unwrap();
    assert_eq!(
        Proof::of(&phase.requests()[0]).url,
        "https://sts.amazonaws.com"
    );
}

#[test]
fn what_is_no_region_is_refused_by_name() {
    for text in ["evil.example/", "EU-WEST-1", "eu west 1"] {
        let error = Machine::with_keys("AKID").set("AWS_REGION", text).fails();
        assert_eq!(error.kind(), Configuration);
        says(&error, &["AWS_REGION", "eu-central-1"]);
    }
}

#[test]
fn an_answer_without_a_usable_token_is_not_phases() {
    for body in [
        "{}",
        r#"{"authentication": {}}"#,
        r#"{"authentication": {"token": "hunter2"}}"#,
        "[",
    ] {
        let phase = Server::always(Reply::json(200, body));
        let error = login(&phase, &Machine::with_keys("AKID").aws()).unwrap_err();
        assert_eq!(error.kind(), Protocol, "{body}");
        hides_secrets(&error);
    }
}

#[test]
fn debug_output_of_an_identity_shows_no_secret() {
    let machine = Machine::with_keys("AKID").set("AZURE_CLIENT_SECRET", "hunter2");
    for identity in [machine.aws(), machine.azure()] {
        let shown = format!("{identity:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
