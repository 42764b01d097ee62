//! Roles that profiles take on.

use phase_run::ErrorKind::Configuration;

use super::{FUTURE, Machine, document, fields, says, signer};
use crate::support::server::{Reply, Request, Server};

pub(super) const ARN: &str = "arn:aws:iam::123456789012:role/web";

/// An STS that gives keys called like the role.
pub(super) fn sts() -> Server {
    Server::start(|request| {
        let role = fields(request)["RoleArn"].clone();
        gives(role.rsplit('/').next().unwrap(), FUTURE)
    })
}

pub(super) fn gives(id: &str, expiration: &str) -> Reply {
    let text = format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n\
         <AssumeRoleResult><AssumedRoleUser><Arn>{ARN}</Arn></AssumedRoleUser>\n\
         <Credentials>\n<AccessKeyId>{id}</AccessKeyId>\n\
         <SecretAccessKey>hunter2</SecretAccessKey>\n\
         <SessionToken>hunter2 of {id}</SessionToken>\n\
         <Expiration>{expiration}</Expiration>\n</Credentials>\n\
         </AssumeRoleResult></AssumeRoleResponse>"
    );
    Reply::typed(200, "text/xml", text)
}

/// A machine with a configuration whose STS is `sts`.
fn configured(sts: &Server, config: &str) -> Machine {
    Machine::new()
        .set("AWS_ENDPOINT_URL", &sts.url())
        .file(".aws/config", config)
}

/// The ids that signed what STS was asked, and the roles.
fn asked(sts: &Server) -> Vec<(Option<String>, String)> {
    let id = |request: &Request| {
        let authorization = request.header("authorization")?;
        Some(signer(authorization).0.to_owned())
    };
    sts.requests()
        .iter()
        .map(|request| (id(request), fields(request)["RoleArn"].clone()))
        .collect()
}

#[test]
fn a_profile_takes_on_its_role_with_the_keys_of_another() {
    let sts = sts();
    let config = "\
[default]
role_arn = arn:aws:iam::1:role/second
source_profile = middle
duration_seconds = 900
[profile middle]
role_arn = arn:aws:iam::1:role/first
role_session_name = me
external_id = a b
source_profile = base
[profile base]
aws_access_key_id = BASE
aws_secret_access_key = hunter2
";
    let proof = configured(&sts, config).proves();
    assert_eq!(proof.signer().0, "second");
    assert_eq!(
        asked(&sts),
        [
            (Some("BASE".into()), "arn:aws:iam::1:role/first".into()),
            (Some("first".into()), "arn:aws:iam::1:role/second".into()),
        ]
    );
    let requests = sts.requests();
    let first = fields(&requests[0]);
    assert_eq!(first["Action"], "AssumeRole");
    assert_eq!(
        (&*first["RoleSessionName"], &*first["ExternalId"]),
        ("me", "a b")
    );
    assert_eq!(requests[0].header("x-amz-security-token"), None);
    assert_eq!(fields(&requests[1])["DurationSeconds"], "900");
    assert_eq!(
        requests[1].header("x-amz-security-token"),
        Some("hunter2 of first")
    );
    assert_eq!(requests[1].header("host"), Some(&sts.url()[7..]));
}

#[test]
fn a_profile_may_take_on_its_role_with_its_own_keys() {
    let sts = sts();
    let config = "[default]\nrole_arn = arn:aws:iam::1:role/web\nsource_profile = default\n\
                  aws_access_key_id = OWN\naws_secret_access_key = hunter2\n";
    configured(&sts, config).proves();
    assert_eq!(
        asked(&sts),
        [(Some("OWN".into()), "arn:aws:iam::1:role/web".into())]
    );
}

#[test]
fn a_profile_may_take_on_its_role_with_a_token_or_a_source() {
    let sts = sts();
    let role = "[default]\nrole_arn = arn:aws:iam::1:role/web\n";
    let config = format!("{role}web_identity_token_file = ~/token\n");
    configured(&sts, &config).file("token", "eyJ0").proves();
    assert_eq!(asked(&sts)[0].0, None);

    let config = format!("{role}credential_source = Environment\n");
    // Keys in the environment would count before the profile.
    let error = configured(&sts, &config).fails();
    says(
        &error,
        &[
            "\"default\"",
            "\"Environment\"",
            "AWS_ACCESS_KEY_ID is not set",
        ],
    );
    let config = format!("{role}credential_source = EcsContainer\n");
    let cloud = Server::always(Reply::json(200, document("TASK", FUTURE)));
    configured(&sts, &config)
        .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &cloud.url())
        .proves();
    assert_eq!(asked(&sts)[1].0.as_deref(), Some("TASK"));
    let config = format!("{role}credential_source = hunter\n");
    says(
        &configured(&sts, &config).fails(),
        &["no such source", "Ec2InstanceMetadata"],
    );
}

#[test]
fn profiles_that_lead_nowhere_are_errors_that_name_them() {
    let sts = sts();
    let role = "role_arn = arn:aws:iam::1:role/web\n";
    for (config, parts) in [
        (
            format!("[default]\n{role}"),
            &["\"default\"", "nothing to ask for it with"][..],
        ),
        (
            format!("[default]\n{role}source_profile = a\ncredential_source = Environment\n"),
            &["one alone"],
        ),
        (
            format!("[default]\n{role}source_profile = a\n"),
            &["no AWS profile \"a\"", "source_profile"],
        ),
        (
            format!("[default]\n{role}source_profile = a\n[profile a]\nregion = x\n"),
            &["\"a\" has no credentials", "builds on it"],
        ),
        (
            format!(
                "[default]\n{role}source_profile = a\n[profile a]\n{role}source_profile = default\n"
            ),
            &["circle: default -> a -> default"],
        ),
    ] {
        let error = configured(&sts, &config).fails();
        assert_eq!(error.kind(), Configuration);
        says(&error, parts);
    }
    assert!(sts.requests().is_empty());
}
