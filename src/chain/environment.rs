//! A login in the variables of Infisical's own tools and SDKs.

use std::time::SystemTime;

use super::parts::{CLIENT_IDS, CLIENT_SECRETS, GCP_KEY, MACHINE_IDENTITY, TOKENS};
use super::{InfisicalMethod, LoginLookup, LoginOverrides};
use crate::error::{Error, ErrorKind, Result};
use crate::identity::EnvSnapshot;
use crate::jwt::Claims;
use crate::outside::shown;

/// The method that is to be used.
const METHOD: &str = "INFISICAL_AUTH_METHOD";

/// Methods that are meant where their own variable of the identity's id is set.
const BY_IDENTITY: [InfisicalMethod; 8] = [
    InfisicalMethod::AwsIam,
    InfisicalMethod::GcpIam,
    InfisicalMethod::GcpIdToken,
    InfisicalMethod::Kubernetes,
    InfisicalMethod::Azure,
    InfisicalMethod::Oidc,
    InfisicalMethod::Ldap,
    InfisicalMethod::Oci,
];

/// The login that the variables amount to.
pub(super) fn look(env: &EnvSnapshot) -> Result<LoginLookup> {
    look_at(env, SystemTime::now())
}

fn look_at(env: &EnvSnapshot, now: SystemTime) -> Result<LoginLookup> {
    let variables = Variables(env);
    if let Some(name) = env.text(METHOD)?
        // The login of a person is looked for elsewhere.
        && !name.eq_ignore_ascii_case("user")
    {
        let method = InfisicalMethod::from_name(name).ok_or_else(|| unknown(name))?;
        return variables.by(method);
    }
    let mut none = LoginLookup::Absent;
    let pair = variables
        .any(&CLIENT_IDS)?
        .zip(variables.any(&CLIENT_SECRETS)?);
    if let Some((name, token)) = variables.any(&TOKENS)? {
        let ended = Claims::of(token).is_some_and(|claims| claims.has_ended(now));
        if !ended {
            return variables.by(InfisicalMethod::Token);
        }
        none = LoginLookup::Unusable(format!("the token of {name} has expired"));
    }
    if pair.is_some() {
        return variables.by(InfisicalMethod::Universal);
    }
    if let Some((name, _)) = variables.any(&CLIENT_IDS)? {
        none = LoginLookup::Unusable(format!("{name} is set, and no client secret"));
    } else if let Some((name, _)) = variables.any(&CLIENT_SECRETS)? {
        none = LoginLookup::Unusable(format!("{name} is set, and no client id"));
    }
    for method in BY_IDENTITY {
        let meant = variables.any(method.identity_variables())?.is_some();
        let key = env.file(GCP_KEY).is_some();
        if meant && (method != InfisicalMethod::GcpIam || key) {
            return variables.by(method);
        }
    }
    if env.text(MACHINE_IDENTITY)?.is_some() {
        for (name, method) in [
            ("INFISICAL_OIDC_AUTH_JWT", InfisicalMethod::Oidc),
            ("INFISICAL_JWT", InfisicalMethod::Jwt),
            ("INFISICAL_LDAP_USERNAME", InfisicalMethod::Ldap),
        ] {
            if env.text(name)?.is_some() {
                return variables.by(method);
            }
        }
        none = LoginLookup::Unusable(format!("{MACHINE_IDENTITY} is set, and {METHOD} is not"));
    }
    Ok(none)
}

struct Variables<'a>(&'a EnvSnapshot);

impl<'a> Variables<'a> {
    /// The first one that is set, and its text.
    fn any(&self, names: &[&'static str]) -> Result<Option<(&'static str, &'a str)>> {
        for name in names {
            if let Some(text) = self.0.text(name)? {
                return Ok(Some((name, text)));
            }
        }
        Ok(None)
    }

    fn by(&self, method: InfisicalMethod) -> Result<LoginLookup> {
        let found = method.login(&LoginOverrides::default(), self.0)?;
        Ok(LoginLookup::Found(Box::new(found)))
    }
}

fn unknown(name: &str) -> Error {
    let message = format!(
        "{METHOD} cannot be {:?}: there is no such auth method",
        shown(name)
    );
    Error::new(ErrorKind::Configuration, message).help(
        "there are: universal-auth, token-auth, aws-iam, azure, gcp-iam, gcp-id-token, kubernetes, oidc-auth, jwt-auth, ldap-auth, oci-auth, alicloud-auth, spiffe-auth, tls-cert-auth; and user, for `infisical login`",
    )
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::chain::FoundLogin;
    use crate::credentials::{IdentityProof, InfisicalLogin, JwtKind, SecretSource};
    use crate::identity::MachineIdentity;

    /// What `variables` amount to at the second 1,000.
    fn look(variables: &[(&str, &str)]) -> Result<LoginLookup> {
        let env = EnvSnapshot::new(None, |name| {
            let found = variables.iter().find(|(other, _)| *other == name);
            let of_identity = name.ends_with("_IDENTITY_ID");
            found.map(|(_, value)| match value {
                value if of_identity && value.len() == 1 => id(value).into(),
                value => value.into(),
            })
        });
        look_at(&env, UNIX_EPOCH + Duration::from_secs(1000))
    }

    /// The id that a letter stands for.
    fn id(letter: &str) -> String {
        format!("00000000-0000-4000-8000-{:012x}", letter.as_bytes()[0])
    }

    #[track_caller]
    fn found(variables: &[(&str, &str)]) -> FoundLogin {
        match look(variables).unwrap() {
            LoginLookup::Found(found) => *found,
            other => panic!("{variables:?}: {other:?}"),
        }
    }

    /// Method, who logs in, and with what, in one line.
    fn told(login: &InfisicalLogin) -> String {
        let secret = |source: &SecretSource| match source {
            SecretSource::File(file) => format!("file {}", file.display()),
            SecretSource::Value(value) => value.expose().to_owned(),
        };
        match login {
            InfisicalLogin::Token(token) => format!("token {}", token.expose()),
            InfisicalLogin::Session { .. } => "session".to_owned(),
            InfisicalLogin::Universal {
                client_id,
                client_secret,
            } => format!("universal {client_id} {}", client_secret.expose()),
            InfisicalLogin::Identity { id, proof } => match proof {
                IdentityProof::Cloud(MachineIdentity::Aws { .. }) => format!("aws {id}"),
                IdentityProof::Cloud(MachineIdentity::Azure { resource, .. }) => {
                    format!("azure {id} {resource}")
                }
                IdentityProof::Gcp(_) => format!("gcp {id}"),
                IdentityProof::AliCloud(_) => format!("alicloud {id}"),
                IdentityProof::Oci(_) => format!("oci {id}"),
                IdentityProof::GcpKey { key, .. } => format!("gcp-key {id} {}", secret(key)),
                IdentityProof::GitHub { .. } => format!("github {id}"),
                IdentityProof::Jwt { kind, token } => {
                    let kind = match kind {
                        JwtKind::Jwt => "jwt",
                        JwtKind::Kubernetes => "kubernetes",
                        JwtKind::Oidc => "oidc",
                        JwtKind::Spiffe => "spiffe",
                    };
                    format!("{kind} {id} {}", secret(token))
                }
                IdentityProof::Ldap { password, username } => {
                    format!("ldap {id} {username} {}", password.expose())
                }
                IdentityProof::TlsCertificate => format!("tls {id}"),
            },
        }
    }

    #[track_caller]
    fn amounts_to(variables: &[(&str, &str)], expected: &str) {
        let mut told = told(&found(variables).login);
        for letter in ('a'..='z').map(String::from) {
            told = told.replace(&id(&letter), &letter);
        }
        assert_eq!(told, expected, "{variables:?}");
    }

    fn jwt(exp: u64) -> String {
        let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"exp":{exp}}}"#));
        format!("e30.{claims}.c2ln")
    }

    #[test]
    fn a_token_is_found_under_each_of_its_names() {
        for name in TOKENS {
            amounts_to(&[(name, " t\n")], "token t");
            assert_eq!(found(&[(name, "t")]).origin, name);
        }
        let all = TOKENS.map(|name| (name, name));
        amounts_to(&all, &format!("token {}", TOKENS[0]));
        amounts_to(&[("INFISICAL_TOKEN", "st.a.b")], "token st.a.b");
    }

    #[test]
    fn a_clients_id_and_secret_are_found_under_each_of_their_names() {
        for id in CLIENT_IDS {
            for secret in CLIENT_SECRETS {
                amounts_to(&[(id, "i"), (secret, "s")], "universal i s");
            }
        }
    }

    /// Variables, and what they amount to.
    type Row = (&'static [(&'static str, &'static str)], &'static str);

    const IDENTITIES: &[Row] = &[
        (&[("INFISICAL_AWS_IAM_AUTH_IDENTITY_ID", "i")], "aws i"),
        (
            &[("INFISICAL_AZURE_AUTH_IDENTITY_ID", "i")],
            "azure i https://management.azure.com/",
        ),
        (&[("INFISICAL_GCP_AUTH_IDENTITY_ID", "i")], "gcp i"),
        (
            &[("INFISICAL_GCP_AUTH_IDENTITY_ID", "i"), (GCP_KEY, "/k")],
            "gcp-key i file /k",
        ),
        (
            &[("INFISICAL_GCP_IAM_AUTH_IDENTITY_ID", "i"), (GCP_KEY, "/k")],
            "gcp-key i file /k",
        ),
        (
            &[("INFISICAL_KUBERNETES_IDENTITY_ID", "i")],
            "kubernetes i file /var/run/secrets/kubernetes.io/serviceaccount/token",
        ),
        (
            &[
                ("INFISICAL_KUBERNETES_IDENTITY_ID", "i"),
                ("INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH", "/t"),
            ],
            "kubernetes i file /t",
        ),
        (
            &[
                ("INFISICAL_KUBERNETES_IDENTITY_ID", "i"),
                (
                    "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH_ENV_NAME",
                    "/t",
                ),
            ],
            "kubernetes i file /t",
        ),
        (
            &[
                ("INFISICAL_OIDC_AUTH_IDENTITY_ID", "i"),
                ("INFISICAL_JWT", "j"),
            ],
            "oidc i j",
        ),
        (
            &[
                ("INFISICAL_OIDC_AUTH_IDENTITY_ID", "i"),
                ("INFISICAL_OIDC_AUTH_JWT", "j"),
            ],
            "oidc i j",
        ),
        (
            &[
                ("INFISICAL_OIDC_AUTH_IDENTITY_ID", "i"),
                ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://github.example"),
            ],
            "github i",
        ),
        (&[("INFISICAL_OCI_AUTH_IDENTITY_ID", "i")], "oci i"),
        (
            &[
                ("INFISICAL_LDAP_AUTH_IDENTITY_ID", "i"),
                ("INFISICAL_LDAP_USERNAME", "u"),
                ("INFISICAL_LDAP_PASSWORD", "p"),
            ],
            "ldap i u p",
        ),
    ];

    #[test]
    fn an_identity_is_found_by_the_variable_of_its_method() {
        for (variables, expected) in IDENTITIES {
            amounts_to(variables, expected);
        }
    }

    #[test]
    fn the_method_that_is_named_takes_any_variable_of_the_identity() {
        let id = (MACHINE_IDENTITY, "m");
        for (method, more, expected) in [
            ("aws-iam", &[][..], "aws m"),
            ("azure", &[], "azure m https://management.azure.com/"),
            ("gcp-id-token", &[], "gcp m"),
            ("gcp-iam", &[(GCP_KEY, "/k")], "gcp-key m file /k"),
            (
                "kubernetes",
                &[("INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH", "/t")],
                "kubernetes m file /t",
            ),
            ("oidc-auth", &[("INFISICAL_JWT", "j")], "oidc m j"),
            ("jwt-auth", &[("INFISICAL_JWT", "j")], "jwt m j"),
            ("spiffe-auth", &[("INFISICAL_JWT", "j")], "spiffe m j"),
            ("tls-cert-auth", &[], "tls m"),
            ("oci-auth", &[], "oci m"),
            ("alicloud-auth", &[], "alicloud m"),
            (
                "ldap-auth",
                &[
                    ("INFISICAL_LDAP_USERNAME", "u"),
                    ("INFISICAL_LDAP_PASSWORD", "p"),
                ],
                "ldap m u p",
            ),
        ] {
            let mut variables = vec![(METHOD, method), id];
            variables.extend(more);
            amounts_to(&variables, expected);
        }
        amounts_to(
            &[
                (METHOD, "kubernetes"),
                ("INFISICAL_KUBERNETES_IDENTITY_ID", "k"),
            ],
            "kubernetes k file /var/run/secrets/kubernetes.io/serviceaccount/token",
        );
    }

    #[test]
    fn an_identitys_id_that_is_no_uuid_is_refused_by_the_name_of_its_variable() {
        for (method, name) in [
            ("aws-iam", MACHINE_IDENTITY),
            ("kubernetes", "INFISICAL_KUBERNETES_IDENTITY_ID"),
            ("tls-cert-auth", MACHINE_IDENTITY),
        ] {
            let error = look(&[(METHOD, method), (name, "my-identity")]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            let text = format!("the identity's id in {name} is no UUID: \"my-identity\"");
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn the_method_that_is_named_goes_before_a_token() {
        let mut variables = vec![
            (METHOD, "universal-auth"),
            (CLIENT_IDS[0], "i"),
            (CLIENT_SECRETS[0], "s"),
            ("INFISICAL_TOKEN", "t"),
        ];
        amounts_to(&variables, "universal i s");
        variables.remove(0);
        amounts_to(&variables, "token t");
        variables.insert(0, (METHOD, "user"));
        amounts_to(&variables, "token t");
    }

    #[test]
    fn a_method_that_lacks_a_part_is_an_error_that_names_the_variable() {
        for (method, variable) in [
            ("universal-auth", "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID"),
            ("aws-iam", MACHINE_IDENTITY),
            ("token-auth", "INFISICAL_UNIVERSAL_AUTH_ACCESS_TOKEN"),
        ] {
            let error = look(&[(METHOD, method)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials);
            assert!(error.to_string().contains(method), "{error}");
            let advice = error.advice().unwrap();
            assert!(
                advice.starts_with("give --") && advice.contains(variable),
                "{advice}"
            );
        }
        let error = look(&[(METHOD, "hunter")]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }

    #[test]
    fn a_token_that_has_ended_gives_way_to_a_client() {
        let (old, new) = (jwt(1000), jwt(1031));
        let client = [(CLIENT_IDS[0], "i"), (CLIENT_SECRETS[0], "s")];
        let with = |token: &'static str| [("INFISICAL_TOKEN", token), client[0], client[1]];
        let (old, new): (&str, &str) = (old.leak(), new.leak());
        amounts_to(&with(old), "universal i s");
        amounts_to(&with(new), &format!("token {new}"));
        let LoginLookup::Unusable(why) = look(&[("INFISICAL_TOKEN", old)]).unwrap() else {
            panic!("it has ended");
        };
        assert_eq!(why, "the token of INFISICAL_TOKEN has expired");
    }

    #[test]
    fn the_order_of_methods_is_that_of_the_sdks() {
        let mut all = vec![
            ("INFISICAL_AWS_IAM_AUTH_IDENTITY_ID", "a"),
            (GCP_KEY, "/k"),
            ("INFISICAL_GCP_AUTH_IDENTITY_ID", "g"),
            ("INFISICAL_KUBERNETES_IDENTITY_ID", "k"),
            ("INFISICAL_AZURE_AUTH_IDENTITY_ID", "z"),
            ("INFISICAL_OIDC_AUTH_IDENTITY_ID", "o"),
            ("INFISICAL_JWT", "j"),
        ];
        for expected in [
            "aws a",
            "gcp-key g file /k",
            "gcp g",
            "kubernetes k file /var/run/secrets/kubernetes.io/serviceaccount/token",
            "azure z https://management.azure.com/",
            "oidc o j",
        ] {
            amounts_to(&all, expected);
            all.remove(0);
        }
    }

    #[test]
    fn an_identity_of_no_method_is_what_its_token_says() {
        let id = (MACHINE_IDENTITY, "m");
        amounts_to(&[id, ("INFISICAL_JWT", "j")], "jwt m j");
        amounts_to(&[id, ("INFISICAL_OIDC_AUTH_JWT", "j")], "oidc m j");
        let ldap = [
            id,
            ("INFISICAL_LDAP_USERNAME", "u"),
            ("INFISICAL_LDAP_PASSWORD", "p"),
        ];
        amounts_to(&ldap, "ldap m u p");
    }

    #[test]
    fn without_a_token_for_oidc_the_advice_is_for_github_too() {
        let error = look(&[(METHOD, "oidc-auth"), (MACHINE_IDENTITY, "m")]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        let advice = error.advice().unwrap();
        assert!(advice.contains("INFISICAL_JWT"), "{advice}");
        assert!(advice.contains("id-token: write"), "{advice}");
    }

    #[test]
    fn half_a_login_is_none_and_says_what_is_missing() {
        for (variable, part) in [
            (CLIENT_IDS[1], "no client secret"),
            (CLIENT_SECRETS[2], "no client id"),
            (MACHINE_IDENTITY, METHOD),
        ] {
            let LoginLookup::Unusable(why) = look(&[(variable, "x")]).unwrap() else {
                panic!("{variable}");
            };
            assert!(why.contains(variable) && why.contains(part), "{why}");
        }
    }

    #[test]
    fn variables_of_other_programs_are_not_read() {
        let variables = [
            ("TOKEN", "t"),
            ("PROJECT_ID", "p"),
            ("INFISICAL_EMAIL", "e"),
            ("INFISICAL_PASSWORD", "p"),
        ];
        assert!(matches!(look(&variables).unwrap(), LoginLookup::Absent));
    }

    #[test]
    fn the_organisation_is_that_of_every_method() {
        let slug = ("INFISICAL_AUTH_ORGANIZATION_SLUG", "acme");
        let login = found(&[slug, (CLIENT_IDS[0], "i"), (CLIENT_SECRETS[0], "s")]);
        assert_eq!(login.organisation.as_deref(), Some("acme"));
    }
}
