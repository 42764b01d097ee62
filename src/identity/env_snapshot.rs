//! What a process was started with: the environment and a home folder, as values.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result, plain};
use crate::named_file::NamedFile;
use crate::outside;

/// Where a machine's identity is looked for: a copy of the variables that the
/// clouds' own tools read, and the home folder with their files.
///
/// The files are read when the identity is needed, each time anew. The memory of
/// the variables is overwritten when the value is dropped.
///
/// ```
/// use phase_run::EnvSnapshot;
///
/// let env = EnvSnapshot::new(std::env::home_dir(), |name| std::env::var_os(name));
/// ```
#[derive(Clone)]
pub struct EnvSnapshot {
    home: Option<PathBuf>,
    variables: BTreeMap<&'static str, Zeroizing<Vec<u8>>>,
}

impl EnvSnapshot {
    /// The variables that are read, by name.
    pub const VARIABLES: &'static [&'static str] = &[
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "ALIBABA_CLOUD_SECURITY_TOKEN",
        "AWS_ACCESS_KEY_ID",
        "AWS_CONFIG_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_DEFAULT_PROFILE",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_STS",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AZURE_AUTHORITY_HOST",
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_POD_IDENTITY_AUTHORITY_HOST",
        "AZURE_TENANT_ID",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS",
        "GCE_METADATA_HOST",
        "IDENTITY_ENDPOINT",
        "IDENTITY_HEADER",
        "INFISICAL_ACCESS_TOKEN",
        "INFISICAL_AUTH_METHOD",
        "INFISICAL_AUTH_ORGANIZATION_SLUG",
        "INFISICAL_AWS_IAM_AUTH_IDENTITY_ID",
        "INFISICAL_AZURE_AUTH_IDENTITY_ID",
        "INFISICAL_CLIENT_ID",
        "INFISICAL_CLIENT_SECRET",
        "INFISICAL_GCP_AUTH_IDENTITY_ID",
        "INFISICAL_GCP_IAM_AUTH_IDENTITY_ID",
        "INFISICAL_GCP_IAM_SERVICE_ACCOUNT_KEY_FILE_PATH",
        "INFISICAL_JWT",
        "INFISICAL_KUBERNETES_IDENTITY_ID",
        "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH",
        "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH_ENV_NAME",
        "INFISICAL_LDAP_AUTH_IDENTITY_ID",
        "INFISICAL_LDAP_PASSWORD",
        "INFISICAL_LDAP_USERNAME",
        "INFISICAL_MACHINE_IDENTITY_CLIENT_ID",
        "INFISICAL_MACHINE_IDENTITY_CLIENT_SECRET",
        "INFISICAL_MACHINE_IDENTITY_ID",
        "INFISICAL_OCI_AUTH_IDENTITY_ID",
        "INFISICAL_OIDC_AUTH_IDENTITY_ID",
        "INFISICAL_OIDC_AUTH_JWT",
        "INFISICAL_TOKEN",
        "INFISICAL_UNIVERSAL_AUTH_ACCESS_TOKEN",
        "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID",
        "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET",
        "OCI_CLI_CONFIG_FILE",
        "OCI_CLI_FINGERPRINT",
        "OCI_CLI_KEY_CONTENT",
        "OCI_CLI_KEY_FILE",
        "OCI_CLI_PROFILE",
        "OCI_CLI_REGION",
        "OCI_CLI_TENANCY",
        "OCI_CLI_USER",
        "OCI_CONFIG_FILE",
        "OCI_CONFIG_PROFILE",
    ];

    /// What somebody chose, every character of it.
    const PASSWORD: &'static str = "INFISICAL_LDAP_PASSWORD";

    /// The snapshot of a process whose home folder is `home`, and whose
    /// environment `variable` reads. A byte order mark, white space and a pair of
    /// quotes round a value fall off, but for a password, and a variable that is
    /// blank then counts as not set.
    #[must_use]
    pub fn new(home: Option<PathBuf>, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let variables = Self::VARIABLES.iter().filter_map(|name| {
            let value = Zeroizing::new(variable(name)?.into_vec());
            let meant = match *name {
                Self::PASSWORD => &value,
                _ => outside::variable(&value).0,
            };
            (!meant.is_empty()).then(|| (*name, Zeroizing::new(meant.to_vec())))
        });
        Self {
            home,
            variables: variables.collect(),
        }
    }

    /// The variable `name`.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        match std::str::from_utf8(value) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(Error::new(
                ErrorKind::Configuration,
                format!("{name} is not text: it is not valid UTF-8"),
            )),
        }
    }

    /// The variable `name`, which says yes or no.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.value(name)
            .is_some_and(|value| value.eq_ignore_ascii_case(b"true"))
    }

    /// The file that the variable `name` names. `~/` is the home folder.
    pub(crate) fn file(&self, name: &str) -> Option<PathBuf> {
        let named = Path::new(OsStr::from_bytes(self.value(name)?));
        Some(self.at_home(named))
    }

    /// `path`, below the home folder if it begins with `~/`.
    pub(super) fn at_home(&self, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), &self.home) {
            (Ok(below), Some(home)) => home.join(below),
            _ => path.to_owned(),
        }
    }

    fn value(&self, name: &str) -> Option<&[u8]> {
        debug_assert!(
            Self::VARIABLES.contains(&name),
            "{name} is missing from the list"
        );
        self.variables.get(name).map(|value| value.as_slice())
    }
}

impl fmt::Debug for EnvSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvSnapshot")
            .field("home", &self.home)
            .field("variables", &self.variables.keys())
            .finish()
    }
}

/// The token in `file`, without the space around it. It is read anew each time:
/// such files are replaced before they expire. A pipe is waited for `until` then.
pub(crate) fn token(file: &Path, until: Instant) -> Result<Zeroizing<String>> {
    text(file, "token", until)
}

/// The same, of what messages call `what`.
pub(crate) fn text(file: &Path, what: &str, until: Instant) -> Result<Zeroizing<String>> {
    let whole = as_it_is(file, what, until)?;
    let text = outside::trimmed_text(&whole);
    if text.is_empty() {
        return Err(unreadable(file, what, "it is empty"));
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// The password in `file`: all of it, but one newline at its end.
pub(crate) fn password(file: &Path, until: Instant) -> Result<Zeroizing<String>> {
    let whole = as_it_is(file, "password", until)?;
    let text = outside::without_newline(&whole);
    if text.is_empty() {
        return Err(unreadable(file, "password", "it is empty"));
    }
    Ok(Zeroizing::new(text.to_owned()))
}

fn as_it_is(file: &Path, what: &str, until: Instant) -> Result<Zeroizing<String>> {
    let patience = until.saturating_duration_since(Instant::now());
    match NamedFile::read(file, patience) {
        Ok(read) => Ok(Zeroizing::new(read.text.expose().to_owned())),
        Err(error) => Err(NamedFile::late(&shown(file), &error)
            .unwrap_or_else(|| unreadable(file, what, &plain(&error)))),
    }
}

fn unreadable(file: &Path, what: &str, problem: &str) -> Error {
    let message = format!("no {what} from {}", shown(file));
    Error::new(ErrorKind::Configuration, message).with_source(problem.to_owned())
}

/// `file` as messages name it. What does not look like a path may be the secret
/// itself, in the wrong place.
pub(super) fn shown(file: &Path) -> String {
    let text = file.to_string_lossy();
    let is_path = text.contains('/') && text.len() < 256 && !text.contains(['{', '\n', '\r']);
    if is_path && !outside::looks_like_token(&text) {
        return text.into_owned();
    }
    "the file that was named".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &'static [(&'static str, &'static str)]) -> EnvSnapshot {
        EnvSnapshot::new(Some("/srv/web".into()), |name| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| value.into())
        })
    }

    #[test]
    fn what_is_around_the_value_of_every_variable_falls_off_but_a_passwords() {
        for name in EnvSnapshot::VARIABLES {
            let read = |value: &str| {
                let value = OsString::from(value);
                let around = EnvSnapshot::new(None, move |_| Some(value.clone()));
                around.text(name).unwrap().map(str::to_owned)
            };
            let odd = ["\u{feff}a b\r\n", " 'a b'\t", "\"a b\"\n"];
            if *name == "INFISICAL_LDAP_PASSWORD" {
                for value in odd.iter().chain(&[" "]) {
                    assert_eq!(read(value).as_deref(), Some(*value), "{name}");
                }
                assert_eq!(read(""), None, "{name}");
                continue;
            }
            for value in odd {
                assert_eq!(read(value).as_deref(), Some("a b"), "{name} {value:?}");
            }
            for value in ["", " \r\n", "\u{feff}", "\"\"", "' '"] {
                assert_eq!(read(value), None, "{name} {value:?}");
            }
        }
    }

    #[test]
    fn a_file_may_lie_in_the_home_folder() {
        for (value, path) in [
            ("~/aws", "/srv/web/aws"),
            ("/etc/aws", "/etc/aws"),
            ("aws", "aws"),
            ("~web/aws", "~web/aws"),
        ] {
            let env = EnvSnapshot::new(Some("/srv/web".into()), |name| {
                (name == "AWS_CONFIG_FILE").then(|| value.into())
            });
            assert_eq!(env.file("AWS_CONFIG_FILE").unwrap(), Path::new(path));
        }
    }

    #[test]
    fn what_is_not_text_is_an_error_that_names_the_variable() {
        let env = EnvSnapshot::new(None, |_| Some(OsString::from_vec(vec![0xff])));
        let error = env.text("AWS_REGION").unwrap_err();
        assert!(error.to_string().starts_with("AWS_REGION is not text"));
    }

    #[test]
    fn debug_output_shows_names_and_no_values() {
        let shown = format!("{:?}", with(&[("AWS_SECRET_ACCESS_KEY", "hunter2")]));
        assert!(shown.contains("AWS_SECRET_ACCESS_KEY"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_secret_in_the_place_of_a_file_is_not_shown() {
        let named = |file: &str| {
            let error = token(Path::new(file), Instant::now()).unwrap_err();
            error.to_string()
        };
        for secret in [
            "st.id.hunter2",
            r#"{"key":"/hunter2"}"#,
            "-----BEGIN\nhunter2/\n",
            &format!("/{}hunter2", "x".repeat(4000)),
            "pss_service:v2:hunter2/",
        ] {
            let error = named(secret);
            assert_eq!(error, "no token from the file that was named", "{secret}");
        }
        assert_eq!(named("./no/file"), "no token from ./no/file");
    }

    #[test]
    fn the_list_of_variables_is_in_order() {
        assert!(EnvSnapshot::VARIABLES.is_sorted());
    }
}
