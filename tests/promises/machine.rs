//! Logging in by the word of a cloud: nothing is stored, and nothing is left.

use super::names;
use crate::support::run::Run;
use crate::support::server::{Identity, Kind, Phase, Refusing, Reply, Server, Sse, Token};
use crate::support::store::Store;

const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// A Phase with an account that has access to `web/Development`.
fn lab() -> (Phase, Token) {
    let phase = Phase::default()
        .app("web", Sse::Off)
        .environment("Development")
        .secret("APP_A", "1")
        .dynamic("AWS", &["APP_KEY"]);
    let account = phase.admit(Kind::ServiceAccount, &["web/Development"]);
    (phase, account)
}

fn run(server: &Server, way: &str, account: &Token) -> Run {
    Run::with(&[])
        .store(Store::Nowhere)
        .variable("PHASE_HOST", server.url())
        .variable("PHASE_APP", "web")
        .variable("PHASE_RUN_AUTH", way)
        .variable("PHASE_SERVICE_ACCOUNT_ID", &account.account)
}

fn on_aws(run: Run, secret_key: &str) -> Run {
    run.variable("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .variable("AWS_SECRET_ACCESS_KEY", secret_key)
        .variable("AWS_REGION", "eu-central-1")
}

fn known_to_aws(trusted: bool) -> Identity {
    Identity::Aws {
        access_key: "AKIDEXAMPLE".to_owned(),
        endpoint: "https://sts.eu-central-1.amazonaws.com".to_owned(),
        secret_key: SECRET_KEY.to_owned(),
        trusted,
    }
}

#[test]
fn what_a_machine_is_to_aws_is_enough_for_a_run() {
    let (phase, account) = lab();
    phase.know(&account, known_to_aws(true));
    let server = phase.serve();
    let run = on_aws(run(&server, "aws-iam", &account), SECRET_KEY);
    let run = run.arguments(&["--leases", "skip", "--only", "APP_A"]);
    run.sh(&names("APP_"))
        .stdout("APP_A=1\n")
        .status(0)
        .silent();
    let paths: Vec<String> = server.requests().into_iter().map(|it| it.path).collect();
    assert_eq!(
        paths,
        [
            "/service/public/identities/external/v1/aws/iam/auth/",
            "/service/secrets/tokens/",
            "/service/secrets/"
        ]
    );
}

#[test]
fn an_account_that_does_not_trust_the_machine_says_so_and_starts_nothing() {
    for (secret_key, trusted, word) in [
        (SECRET_KEY, false, "denied"),
        ("another/key", true, "credentials"),
    ] {
        let (phase, account) = lab();
        phase.know(&account, known_to_aws(trusted));
        let server = phase.serve();
        let run = on_aws(run(&server, "aws-iam", &account), secret_key);
        let finished = run.sh("echo started").failed(125, word);
        finished.stdout("").stderr_lacks(secret_key);
    }
}

#[test]
fn a_managed_identity_of_azure_is_enough_too_and_its_leases_are_given_back() {
    let (phase, account) = lab();
    phase.know(
        &account,
        Identity::Azure {
            jwt: "a.good.one".to_owned(),
            trusted: true,
        },
    );
    let cloud = Server::start(|_| Reply::json(200, r#"{"access_token": "a.good.one"}"#));
    let server = phase.serve();
    let run = run(&server, "azure", &account)
        // A proxy, which is not for what belongs to the machine itself.
        .variable("HTTP_PROXY", Refusing::port().url())
        .variable("NO_PROXY", "127.0.0.1")
        .variable(
            "AZURE_POD_IDENTITY_AUTHORITY_HOST",
            cloud.url().replace("127.0.0.1", "localhost"),
        )
        .argument("--revoke-leases");
    let text = run.sh(&names("APP_")).status(0).text();
    assert!(
        text.contains("APP_A=1") && text.contains("APP_KEY="),
        "{text}"
    );
    assert!(phase.leases()[0].is_revoked());
    let asked = &cloud.requests()[0];
    assert_eq!(asked.header("metadata"), Some("true"));
    assert_eq!(
        asked.parameter("resource"),
        Some("https://management.azure.com")
    );
}

#[test]
fn the_command_is_looked_up_before_anybody_is_asked() {
    let (phase, account) = lab();
    phase.know(&account, known_to_aws(true));
    let server = phase.serve();
    let run = on_aws(run(&server, "aws-iam", &account), SECRET_KEY);
    run.command(["no-such-program"]).failed(127, "not-found");
    assert!(server.requests().is_empty());
}
