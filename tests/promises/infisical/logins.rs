//! Each login, from the command line to the secret: with as few requests as there can be.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use ring::signature::{KeyPair as _, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

use super::{PRINT, asked, id, lab, nobody, run};
use crate::support::run::Run;
use crate::support::server::infisical::{CLIENT_ID, CLIENT_SECRET, IDENTITY, Identity};
use crate::support::server::{Authority, Infisical, Reply, Server};
use crate::support::store::Store;

const PUBLIC: &[u8] = include_bytes!("../../fixtures/identity/public.der");
const PRIVATE: &str = include_str!("../../fixtures/identity/key.pkcs8.pem");
const ACCOUNT: &str = include_str!("../../fixtures/infisical/service-account.json");
const PROOF: &str = "eyJ0.a.proof";

/// A server whose identity is known by `proof`, beside its client.
fn knowing(proof: Identity) -> Server {
    lab().identity(proof).serve()
}

fn token(method: &'static str) -> Server {
    let token = PROOF.to_owned();
    knowing(Identity::Token { method, token })
}

/// The command gets its secret, after `method`'s login and one more request on
/// the same connection.
#[track_caller]
fn logs_in(run: Run, server: &Server, method: &str) {
    let project = id();
    let run = run.arguments(&["--provider", "infisical", "--app-id", &project]);
    let run = run.arguments(&["--env", "dev"]).sh(PRINT);
    run.stdout("of dev").status(0).silent();
    let login = format!("POST /api/v1/auth/{method}-auth/login");
    assert_eq!(asked(server), [&*login, "GET /api/v4/secrets"]);
    assert_eq!(server.connections(), 1);
}

/// A run as the identity, by the method `way`.
fn by(server: &Server, way: &str) -> Run {
    let run = nobody(server).arguments(&["--auth", way]);
    run.arguments(&["--machine-identity-id", IDENTITY])
}

/// A metadata service that gives everybody the token.
fn cloud(body: &str) -> Server {
    Server::always(Reply::json(200, body))
}

#[test]
fn a_clients_id_and_secret_by_variables() {
    let server = lab().serve();
    logs_in(run(&server), &server, "universal");
}

#[test]
fn a_clients_id_by_a_flag_and_its_secret_by_a_file() {
    let server = lab().serve();
    let run = nobody(&server).file("secret", 0o600, format!("{CLIENT_SECRET}\n"));
    let run = run.arguments(&["--client-id", CLIENT_ID, "--token-file", "secret"]);
    logs_in(run, &server, "universal");
}

#[test]
fn a_token_at_hand_takes_no_login() {
    let infisical = lab();
    let server = infisical.serve();
    let project = id();
    let words = ["--app-id", &project, "--env", "dev"];
    let with = |run: Run| run.arguments(&words).sh(PRINT).stdout("of dev").status(0);
    with(nobody(&server).variable("INFISICAL_TOKEN", infisical.token())).silent();
    let run = nobody(&server).file("token", 0o600, infisical.token());
    let run = run.arguments(&["--provider", "infisical", "--token-file", "token"]);
    with(run).silent();
    let service = infisical.service_token(&[("dev", "/**")]);
    with(nobody(&server).variable("INFISICAL_TOKEN", service)).silent();
    assert_eq!(asked(&server), ["GET /api/v4/secrets"; 3]);
}

#[test]
fn a_service_token_says_itself_which_project_and_environment_it_is_for() {
    let infisical = lab();
    let server = infisical.serve();
    let token = infisical.service_token(&[("prod", "/**")]);
    let run = nobody(&server).variable("INFISICAL_TOKEN", token);
    run.sh(PRINT).stdout("of prod").status(0).silent();
    let expected = ["GET /api/v2/service-token", "GET /api/v4/secrets"];
    assert_eq!(asked(&server), expected);
    let several = infisical.service_token(&[("dev", "/"), ("prod", "/")]);
    let run = nobody(&server).variable("INFISICAL_TOKEN", several);
    let finished = run.sh(PRINT).failed(125, "ambiguous");
    finished.stderr_has("dev, prod").stderr_has("--env");
}

#[test]
fn the_token_of_a_pods_service_account() {
    let server = token("kubernetes");
    let run = by(&server, "kubernetes").file("token", 0o600, format!("{PROOF}\n"));
    logs_in(
        run.arguments(&["--token-file", "token"]),
        &server,
        "kubernetes",
    );
}

#[test]
fn the_keys_of_aws() {
    let server = knowing(Identity::Aws {
        access_key: "AKIDEXAMPLE".to_owned(),
        secret_key: "hunter2".to_owned(),
    });
    let run = by(&server, "aws-iam").variable("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    let run = run.variable("AWS_SECRET_ACCESS_KEY", "hunter2");
    logs_in(run.variable("AWS_REGION", "eu-central-1"), &server, "aws");
}

#[test]
fn the_metadata_service_of_googles_cloud() {
    let (server, cloud) = (token("gcp"), cloud(PROOF));
    let host = cloud.url();
    let host = host.trim_start_matches("http://");
    let run = by(&server, "gcp-id-token").variable("GCE_METADATA_HOST", host);
    logs_in(run, &server, "gcp");
    assert_eq!(cloud.requests().len(), 1);
}

#[test]
fn the_key_of_a_service_account_of_google_signs_here() {
    let account: serde_json::Value = serde_json::from_str(ACCOUNT).unwrap();
    let text = |name: &str| account[name].as_str().unwrap().to_owned();
    let key = PrivatePkcs8KeyDer::from_pem_slice(text("private_key").as_bytes()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    let server = knowing(Identity::Google {
        account: text("client_email"),
        key: text("private_key_id"),
        public: pair.public_key().as_ref().to_vec(),
    });
    let run = by(&server, "gcp-iam").file("key.json", 0o600, ACCOUNT);
    logs_in(run.arguments(&["--token-file", "key.json"]), &server, "gcp");
}

#[test]
fn the_managed_identity_of_a_machine_in_azure() {
    let cloud = cloud(&format!(r#"{{"access_token":"{PROOF}"}}"#));
    let server = token("azure");
    let run = by(&server, "azure").variable("AZURE_POD_IDENTITY_AUTHORITY_HOST", cloud.url());
    logs_in(run, &server, "azure");
    assert_eq!(cloud.requests().len(), 1);
}

#[test]
fn the_token_of_a_run_in_github_actions() {
    let cloud = cloud(&format!(r#"{{"value":"{PROOF}"}}"#));
    let server = token("oidc");
    let url = format!("{}/token?api-version=2.0", cloud.url());
    let run = by(&server, "oidc").variable("ACTIONS_ID_TOKEN_REQUEST_URL", url);
    let run = run.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hunter2");
    logs_in(run, &server, "oidc");
    assert_eq!(cloud.requests().len(), 1);
}

#[test]
fn a_jwt_of_any_kind() {
    for method in ["jwt", "oidc", "spiffe"] {
        let server = token(method);
        let run = by(&server, method).file("jwt", 0o600, PROOF);
        logs_in(run.arguments(&["--token-file", "jwt"]), &server, method);
        let server = token(method);
        let run = by(&server, method).variable("INFISICAL_JWT", PROOF);
        logs_in(run, &server, method);
    }
}

#[test]
fn a_name_and_a_password() {
    let server = knowing(Identity::Ldap {
        username: "ada".to_owned(),
        password: "hunter2".to_owned(),
    });
    let run = by(&server, "ldap").variable("INFISICAL_LDAP_USERNAME", "ada");
    let run = run.variable("INFISICAL_LDAP_PASSWORD", "hunter2");
    logs_in(run, &server, "ldap");
}

#[test]
fn a_user_of_oracles_cloud() {
    let user = "ocid1.user.oc1..aaaa";
    let server = knowing(Identity::Oracle {
        user: user.to_owned(),
        public: PUBLIC.to_vec(),
    });
    let config = format!(
        "[DEFAULT]\nuser={user}\nfingerprint=20:3b\ntenancy=ocid1.tenancy.oc1..bbbb\n\
         region=eu-frankfurt-1\nkey_file=~/.oci/key.pem\n"
    );
    let run = by(&server, "oci").file(".oci/config", 0o600, config);
    logs_in(run.file(".oci/key.pem", 0o600, PRIVATE), &server, "oci");
}

#[test]
fn a_key_of_alibabas_cloud() {
    let server = knowing(Identity::Alibaba {
        access_key: "LTAI5tExample".to_owned(),
        secret_key: "hunter2".to_owned(),
    });
    let run = by(&server, "alicloud").variable("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tExample");
    let run = run.variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "hunter2");
    logs_in(run, &server, "alicloud");
}

#[test]
fn a_certificate_that_is_shown_when_connecting() {
    let authority = Authority::new();
    let infisical: Infisical = lab().identity(Identity::TlsCertificate);
    let server = Server::start_for_clients_of(&authority, &["127.0.0.1"], move |request| {
        infisical.answer(request)
    });
    let (certificate, key) = authority.client();
    let run = by(&server, "tls-cert")
        .argument("--ca-cert")
        .argument(authority.file());
    let without = by(&server, "tls-cert")
        .argument("--ca-cert")
        .argument(authority.file());
    let run = run
        .file("cert.pem", 0o600, certificate)
        .file("key.pem", 0o600, key)
        .arguments(&["--client-cert", "cert.pem", "--client-key", "key.pem"]);
    logs_in(run, &server, "tls-cert");
    let finished = without.arguments(&["--app-id", "x"]).sh(PRINT);
    finished
        .failed(125, "configuration")
        .stderr_has("--client-cert");
}

#[test]
fn a_file_that_a_variable_names_may_be_a_pipe_and_keeps_nobody_waiting_longer_than_the_timeout() {
    let server = lab().serve();
    for (way, variable) in [
        (
            "kubernetes",
            "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH",
        ),
        ("gcp-iam", "INFISICAL_GCP_IAM_SERVICE_ACCOUNT_KEY_FILE_PATH"),
        ("aws-iam", "AWS_SHARED_CREDENTIALS_FILE"),
        ("aws-iam", "AWS_CONFIG_FILE"),
        ("oci", "OCI_CLI_CONFIG_FILE"),
        ("oci", "OCI_CLI_KEY_FILE"),
    ] {
        let run = by(&server, way)
            .arguments(&["--app-id", &id(), "--env", "dev", "--timeout", "1s"])
            .variable("OCI_CLI_USER", "ocid1.user.oc1..a")
            .variable("OCI_CLI_TENANCY", "ocid1.tenancy.oc1..a")
            .variable("OCI_CLI_FINGERPRINT", "00:11")
            .variable("OCI_CLI_REGION", "eu-frankfurt-1");
        let pipe = run.folder().join("pipe");
        mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        let start = Instant::now();
        let finished = run.variable(variable, &pipe).sh(PRINT);
        let finished = finished.failed(125, "timeout");
        let told = format!(
            "{} is a pipe or a terminal, and did not end in time",
            pipe.display()
        );
        finished.stderr_has(&told).stderr_has("--timeout");
        assert!(start.elapsed() < Duration::from_secs(10), "{variable}");
    }
    assert!(server.requests().is_empty());

    let server = token("kubernetes");
    let run = by(&server, "kubernetes");
    let pipe = run.folder().join("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let run = run.variable("INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH", &pipe);
    let writer = thread::spawn(move || fs::write(pipe, PROOF).unwrap());
    logs_in(run, &server, "kubernetes");
    writer.join().unwrap();
}

#[test]
fn the_method_may_be_named_as_the_official_program_names_it() {
    for (method, way) in [
        ("kubernetes", "kubernetes"),
        ("oidc", "oidc-auth"),
        ("jwt", "jwt-auth"),
    ] {
        let server = token(method);
        let run = nobody(&server).file("token", 0o600, PROOF);
        let file = run.folder().join("token");
        let run = run
            .variable("INFISICAL_AUTH_METHOD", way)
            .variable("INFISICAL_MACHINE_IDENTITY_ID", IDENTITY)
            .variable("INFISICAL_JWT", fs::read_to_string(&file).unwrap())
            .variable("INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH", file);
        logs_in(run, &server, method);
    }
}

#[test]
fn the_organisation_is_told_at_the_login() {
    let infisical = lab();
    let server = infisical.serve();
    let flag = run(&server).arguments(&["--organization", "acme"]);
    flag.sh(PRINT).status(0);
    let variable = run(&server).variable("INFISICAL_AUTH_ORGANIZATION_SLUG", "globex");
    variable.sh(PRINT).status(0);
    let told = infisical
        .logins()
        .into_iter()
        .map(|login| login.organisation);
    let told: Vec<_> = told.flatten().collect();
    assert_eq!(told, ["acme", "globex"]);
}

#[test]
fn half_a_login_is_told_with_the_half_that_is_missing() {
    let old = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjEwMDB9.c2ln";
    for (name, value, lack) in [
        ("INFISICAL_CLIENT_ID", CLIENT_ID, "no client secret"),
        ("INFISICAL_CLIENT_SECRET", "hunter2", "no client id"),
        ("INFISICAL_TOKEN", old, "has expired"),
    ] {
        let run = Run::with(&[]).store(Store::Nowhere).variable(name, value);
        let finished = run.sh(PRINT).failed(125, "credentials");
        let finished = finished.stderr_has(name).stderr_has(lack);
        finished.stderr_lacks("hunter2").stderr_lacks("PHASE_");
    }
}

#[test]
fn a_refused_login_is_sent_once_and_told_without_the_secret() {
    let server = lab().serve();
    let run = run(&server).variable("INFISICAL_CLIENT_SECRET", "hunter2");
    let finished = run.sh(PRINT).failed(125, "credentials");
    finished
        .stderr_has("Invalid credentials")
        .stderr_lacks("hunter2");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn an_identitys_id_that_is_no_uuid_is_told_by_its_flag_or_variable_before_anything_is_sent() {
    let server = lab().serve();
    let flag = nobody(&server).arguments(&["--machine-identity-id", "my-app"]);
    let variable = |name: &str| nobody(&server).variable(name, "my-app");
    for (run, place) in [
        (flag, "--machine-identity-id"),
        (
            variable("INFISICAL_MACHINE_IDENTITY_ID"),
            "INFISICAL_MACHINE_IDENTITY_ID",
        ),
        (
            variable("INFISICAL_AWS_IAM_AUTH_IDENTITY_ID"),
            "INFISICAL_AWS_IAM_AUTH_IDENTITY_ID",
        ),
    ] {
        let run = run.arguments(&["--provider", "infisical", "--auth", "aws-iam"]);
        let finished = run.sh(PRINT).failed(125, "configuration");
        finished.stderr_has(&format!("the identity's id in {place} is no UUID"));
    }
    assert!(server.requests().is_empty());
}
