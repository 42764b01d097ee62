//! Log-ins by a cloud's identity.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{by, json, web};
use crate::support::server::{Identity, Kind, Limit, Phase, Reply, Request, Token};

const AWS: &str = "/service/public/identities/external/v1/aws/iam/auth/";
const AZURE: &str = "/service/public/identities/external/v1/azure/entra/auth/";

/// Requests that AWS's own library signed.
fn signed() -> Value {
    serde_json::from_str(include_str!("../fixtures/phase/sts.json")).unwrap()
}

fn login(phase: &Phase, target: &str, body: &Value) -> Reply {
    phase.answer(&Request::to("POST", target).carrying(body.to_string()))
}

/// A Phase at the time of the signatures, and an account that AWS knows.
fn lab(endpoint: &str, trusted: bool) -> (Phase, Token) {
    let phase = web();
    let vectors = signed();
    let text = |name: &str| vectors[name].as_str().unwrap().to_owned();
    phase.wall_clock(humantime::parse_rfc3339(&text("time")).unwrap());
    let account = phase.admit(Kind::ServiceAccount, &["web/Development"]);
    let identity = Identity::Aws {
        access_key: text("access_key"),
        endpoint: endpoint.to_owned(),
        secret_key: text("secret_key"),
        trusted,
    };
    phase.know(&account, identity);
    (phase, account)
}

/// The body that a client makes of a signed request.
fn body(account: &Token, request: &Value) -> Value {
    let text = |name: &str| STANDARD.encode(request[name].as_str().unwrap());
    json!({
        "account": {"type": "service", "id": account.account},
        "awsIam": {
            "httpRequestMethod": "POST", "httpRequestUrl": text("url"),
            "httpRequestHeaders": STANDARD.encode(request["headers"].to_string()),
            "httpRequestBody": text("body"),
        },
    })
}

#[test]
fn a_request_that_aws_would_accept_gives_a_token() {
    for request in signed()["requests"].as_array().unwrap() {
        let (phase, account) = lab(request["url"].as_str().unwrap(), true);
        let mut body = body(&account, request);
        body["tokenRequest"] = json!({"ttl": 60});
        let made = json(200, &login(&phase, AWS, &body));
        let made = &made["authentication"];
        assert_eq!(
            (&made["TTL"], &made["maxTTL"]),
            (&json!(60), &json!(86_400))
        );
        let full = made["token"].as_str().unwrap().to_owned();
        assert!(full.starts_with("pss_service:v2:"));
        let rest = made["bearerToken"].as_str().unwrap().to_owned();
        let token = Token {
            full,
            rest,
            ..account
        };
        let world = by(&token, "GET", "/service/secrets/tokens/");
        let world = json(200, &phase.answer(&world));
        assert_eq!(world["account_id"], token.account.as_str());
        assert_eq!(world["apps"][0]["name"], "web");
    }
}

#[test]
fn a_request_that_aws_would_not_accept_gives_none() {
    let vectors = signed();
    let request = &vectors["requests"][0];
    let endpoint = request["url"].as_str().unwrap();
    let (phase, account) = lab(endpoint, true);
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut request = request.clone();
        change(&mut request);
        body(&account, &request)
    };
    let forged = changed(&|request| request["body"] = json!("Action=AssumeRole"));
    let answer = json(401, &login(&phase, AWS, &forged));
    assert_eq!(answer["error"], "AWS STS validation failed");
    let forged = changed(&|request| request["headers"]["X-Amz-Date"] = json!("20261121T010844Z"));
    json(401, &login(&phase, AWS, &forged));
    let elsewhere = changed(&|request| request["url"] = json!("https://sts.example"));
    let answer = json(400, &login(&phase, AWS, &elsewhere));
    assert_eq!(answer["expectedEndpoint"], endpoint);
    assert_eq!(answer["receivedEndpoint"], "https://sts.example");
    let undated = changed(&|request| {
        request["headers"]
            .as_object_mut()
            .unwrap()
            .remove("X-Amz-Date");
    });
    json(400, &login(&phase, AWS, &undated));
    let good = changed(&|_| {});
    let mut long = good.clone();
    long["tokenRequest"] = json!({"ttl": 86_401});
    let answer = json(400, &login(&phase, AWS, &long));
    let text = "Requested TTL (86401s) exceeds maximum allowed TTL (86400s)";
    assert_eq!(answer["error"], text);
    phase.limit(&account, Limit::KeysElsewhere);
    json(403, &login(&phase, AWS, &good));

    let (phase, account) = lab(endpoint, false);
    let answer = json(403, &login(&phase, AWS, &body(&account, request)));
    assert_eq!(answer["error"], "Untrusted principal");
    phase.wall_clock(std::time::SystemTime::UNIX_EPOCH);
    let answer = json(401, &login(&phase, AWS, &body(&account, request)));
    assert_eq!(answer["error"], "Signature expired");
    let user = phase.token(Kind::User);
    let answer = json(404, &login(&phase, AWS, &body(&user, request)));
    assert_eq!(answer["error"], "Service account not found");
}

#[test]
fn a_token_of_azure_gives_one_of_ours_if_it_is_known_and_trusted() {
    let phase = web();
    let account = phase.admit(Kind::ServiceAccount, &["web"]);
    let shown = |jwt: &str| json!({"account": {"id": account.account}, "azureEntra": {"jwt": STANDARD.encode(jwt)}});
    for (jwt, trusted) in [("a.good.one", true), ("a.strange.one", false)] {
        let jwt = jwt.to_owned();
        phase.know(&account, Identity::Azure { jwt, trusted });
    }
    let made = json(200, &login(&phase, AZURE, &shown("a.good.one")));
    assert_eq!(made["authentication"]["tokenType"], "ServiceAccount");
    assert_eq!(made["authentication"]["TTL"], 3600);
    let answer = json(403, &login(&phase, AZURE, &shown("a.strange.one")));
    assert_eq!(answer["error"], "Untrusted service principal");
    let answer = json(401, &login(&phase, AZURE, &shown("a.forged.one")));
    assert_eq!(answer["error"], "Azure JWT validation failed");
    let raw = json!({"account": {"id": account.account}, "azureEntra": {"jwt": "a.good.one"}});
    let answer = json(400, &login(&phase, AZURE, &raw));
    assert_eq!(answer["error"], "Invalid JWT encoding");
}
