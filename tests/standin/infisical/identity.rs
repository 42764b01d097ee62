//! Log-ins by a cloud's identity: what was signed is checked.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::{hmac, signature};
use serde_json::{Value, json};

use super::{demo, json, refusal, with};
use crate::support::server::infisical::{IDENTITY, Identity, Infisical};
use crate::support::server::{Reply, Request};

fn login(infisical: &Infisical, method: &str, body: &Value) -> Reply {
    let target = format!("/api/v1/auth/{method}-auth/login");
    infisical.answer(&with(Request::to("POST", &target), body))
}

/// The service account of Google, and its key.
fn account() -> (Value, KeyPair) {
    let account: Value = serde_json::from_str(include_str!(
        "../../fixtures/infisical/service-account.json"
    ))
    .unwrap();
    let lines = account["private_key"].as_str().unwrap().lines();
    let text: String = lines.filter(|line| !line.starts_with('-')).collect();
    let key = KeyPair::from_pkcs8(&STANDARD.decode(text).unwrap()).unwrap();
    (account, key)
}

fn signed(key: &KeyPair, text: &str) -> Vec<u8> {
    let mut found = vec![0; key.public().modulus_len()];
    let how = &signature::RSA_PKCS1_SHA256;
    key.sign(how, &SystemRandom::new(), text.as_bytes(), &mut found)
        .unwrap();
    found
}

fn jwt(key: &KeyPair, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signed(key, &text)))
}

#[test]
fn a_token_that_a_service_account_of_google_has_signed_is_accepted() {
    let (account, key) = account();
    let text = |name: &str| account[name].as_str().unwrap().to_owned();
    let infisical = demo().identity(Identity::Google {
        account: text("client_email"),
        key: text("private_key_id"),
        public: key.public().as_ref().to_vec(),
    });
    let header = json!({"alg": "RS256", "kid": text("private_key_id"), "typ": "JWT"});
    let claims = json!({"sub": text("client_email"), "aud": IDENTITY});
    let shown = |jwt: String| {
        login(
            &infisical,
            "gcp",
            &json!({"identityId": IDENTITY, "jwt": jwt}),
        )
    };
    json(200, &shown(jwt(&key, &header, &claims)));
    let changed = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        jwt(&key, &header, &claims)
    };
    json(200, &shown(changed("exp", json!(4_102_444_800_u64))));
    for (name, value) in [
        ("aud", json!("somebody")),
        ("exp", json!(1)),
        ("sub", json!("1-compute@developer.gserviceaccount.com")),
    ] {
        refusal(401, &shown(changed(name, value)));
    }
    let elsewhere = json!({"alg": "RS256", "kid": "another", "typ": "JWT"});
    refusal(401, &shown(jwt(&key, &elsewhere, &claims)));
    let (good, other) = (jwt(&key, &header, &claims), changed("iat", json!(1)));
    let (text, _) = good.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    refusal(401, &shown(format!("{text}.{signature}")));
}

/// An Infisical that knows the signer of a recorded request to AWS at its time, and the body
/// that a client makes of it.
fn aws(row: &Value) -> (Infisical, Value) {
    let text = |name: &str| row[name].as_str().unwrap().to_owned();
    let infisical = demo().identity(Identity::Aws {
        access_key: text("id"),
        secret_key: text("secret"),
    });
    infisical.wall_clock(humantime::parse_rfc3339(&text("time")).unwrap());
    let body = json!({
        "identityId": IDENTITY, "iamHttpRequestMethod": "POST",
        "iamRequestBody": STANDARD.encode(text("body")),
        "iamRequestHeaders": STANDARD.encode(row["headers"].to_string()),
    });
    (infisical, body)
}

#[test]
fn a_request_is_accepted_if_aws_would_at_the_regions_own_address() {
    let rows: Vec<Value> =
        serde_json::from_str(include_str!("../../fixtures/aws/signatures.json")).unwrap();
    for row in &rows {
        let regional =
            row["host"] == format!("sts.{}.amazonaws.com", row["region"].as_str().unwrap());
        let (infisical, body) = aws(row);
        let reply = login(&infisical, "aws", &body);
        assert_eq!(reply.status(), if regional { 200 } else { 401 }, "{row}");
    }
    let regional = |row: &&Value| row["host"] != "sts.amazonaws.com";
    let row = rows.iter().find(regional).unwrap();
    let (infisical, body) = aws(row);
    let changed = |name: &str, value: String| {
        let mut body = body.clone();
        body[name] = STANDARD.encode(value).into();
        login(&infisical, "aws", &body)
    };
    refusal(
        401,
        &changed("iamRequestBody", "Action=AssumeRole".to_owned()),
    );
    let headers = row["headers"].to_string();
    let region = row["region"].as_str().unwrap();
    let text = refusal(
        400,
        &changed("iamRequestHeaders", headers.replace(region, "evil.example")),
    )
    .1;
    assert_eq!(text, "Invalid AWS region");
    let text = refusal(400, &changed("iamRequestHeaders", "{}".to_owned())).1;
    assert_eq!(text, "Invalid AWS region");
    refusal(400, &changed("iamRequestHeaders", "no JSON".to_owned()));
    infisical.pass(Duration::from_mins(6));
    refusal(401, &login(&infisical, "aws", &body));
}

#[test]
fn a_request_that_a_user_of_oracle_has_signed_is_accepted() {
    let (_, key) = account();
    let user = "ocid1.user.oc1..a";
    let infisical = demo().identity(Identity::Oracle {
        user: user.to_owned(),
        public: key.public().as_ref().to_vec(),
    });
    let body = |host: &str, signer: &str| {
        let date = "Thu, 26 Nov 2026 02:31:22 GMT";
        let target = format!("get /20160918/users/{user}");
        let text = format!("date: {date}\n(request-target): {target}\nhost: {host}");
        let signature = STANDARD.encode(signed(&key, &text));
        let header = format!(
            "Signature version=\"1\",keyId=\"t/{signer}/f\",algorithm=\"rsa-sha256\",\
             headers=\"date (request-target) host\",signature=\"{signature}\""
        );
        json!({"identityId": IDENTITY, "userOcid": user, "headers": {
            "host": host, "date": date, "authorization": header,
        }})
    };
    let host = "identity.eu-frankfurt-1.oraclecloud.com";
    let good = body(host, user);
    json(200, &login(&infisical, "oci", &good));
    refusal(401, &login(&infisical, "oci", &body(host, "another")));
    refusal(400, &login(&infisical, "oci", &body("evil.example", user)));
    let mut later = good;
    later["headers"]["date"] = json!("Thu, 26 Nov 2026 02:31:23 GMT");
    refusal(401, &login(&infisical, "oci", &later));
}

#[test]
fn a_request_that_a_user_of_alibaba_cloud_has_signed_is_accepted() {
    let infisical = demo().identity(Identity::Alibaba {
        access_key: "key".to_owned(),
        secret_key: "secret".to_owned(),
    });
    infisical.wall_clock(humantime::parse_rfc3339("2026-11-26T02:31:22Z").unwrap());
    // As the server's documentation writes it out.
    let text = "GET&%2F&AccessKeyId%3Dkey%26Action%3DGetCallerIdentity%26Format%3DJSON%26\
                SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3Dn%26SignatureVersion%3D1.0%26\
                Timestamp%3D2026-11-26T02%253A31%253A22Z%26Version%3D2015-04-01";
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"secret&");
    let mut body = json!({
        "identityId": IDENTITY, "AccessKeyId": "key", "Action": "GetCallerIdentity",
        "Format": "JSON", "SignatureMethod": "HMAC-SHA1", "SignatureNonce": "n",
        "SignatureVersion": "1.0", "Timestamp": "2026-11-26T02:31:22Z", "Version": "2015-04-01",
        "Signature": STANDARD.encode(hmac::sign(&key, text.as_bytes())),
    });
    json(200, &login(&infisical, "alicloud", &body));
    body["SignatureNonce"] = json!("another");
    refusal(401, &login(&infisical, "alicloud", &body));
}
