//! Who may open a vault: recipients, and the identities they belong to.

use std::fmt;
use std::path::Path;
use std::time::SystemTime;

use age::secrecy::ExposeSecret;
use age::x25519;
use zeroize::Zeroizing;

use super::files;
use super::record::rfc3339;
use crate::credentials::VaultKey;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::SecretValue;

/// Somebody who can open a vault: the public half of an age X25519 key, `age1…`.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct VaultRecipient(x25519::Recipient);

impl VaultRecipient {
    /// Checks `text` once; from then on the type vouches for it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if `text` is no X25519 recipient. The
    /// message quotes it, unless it looks like the secret half.
    pub fn new(text: &str) -> Result<Self> {
        match text.parse::<x25519::Recipient>() {
            Ok(key) if !POWERLESS.contains(&key.to_string().as_str()) => Ok(Self(key)),
            Ok(_) => Err(refused(text, "this key would protect nothing")),
            Err(reason) => Err(refused(text, reason)),
        }
    }

    /// The key, as age takes it.
    pub(super) fn key(&self) -> &x25519::Recipient {
        &self.0
    }
}

/// Public keys whose shared secret is all zeros with every partner (RFC 7748,
/// section 6.1): the points of low order, in each of their encodings. `age`
/// ends the process when it is asked to encrypt to one.
const POWERLESS: [&str; 14] = [
    "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z",
    "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzqqsuwj9m",
    "age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya",
    "age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzqqk67yly",
    "age1ur4h5lpmgxu2u9jku0a0r87ydtdqnr0tnsetrlvxvgz3vh6fhqqqzyt4v9",
    "age1ur4h5lpmgxu2u9jku0a0r87ydtdqnr0tnsetrlvxvgz3vh6fhzqqxqejhu",
    "age1t7wft09r2zxzfvwsk92eeql0tvzyghxytqwgapkcyf8dm5ylz9ts6wm9s8",
    "age1t7wft09r2zxzfvwsk92eeql0tvzyghxytqwgapkcyf8dm5ylz8ts72fzt7",
    "age1anlllllllllllllllllllllllllllllllllllllllllllllllals4n2t7m",
    "age1anllllllllllllllllllllllllllllllllllllllllllllllllls3hcv9z",
    "age1ahlllllllllllllllllllllllllllllllllllllllllllllllalsn46ayy",
    "age1ahlllllllllllllllllllllllllllllllllllllllllllllllllsh3g6la",
    "age1amlllllllllllllllllllllllllllllllllllllllllllllllalselrwrv",
    "age1amlllllllllllllllllllllllllllllllllllllllllllllllllsam3fc4",
];

impl fmt::Debug for VaultRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VaultRecipient({self})")
    }
}

impl fmt::Display for VaultRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn refused(text: &str, reason: &str) -> Error {
    let message = if text.to_ascii_uppercase().contains("SECRET-KEY") {
        "a secret key is not a recipient".to_owned()
    } else {
        format!("{text:?} is not an age recipient: {reason}")
    };
    Error::new(ErrorKind::Configuration, message)
        .help("a recipient is an X25519 public key, `age1` and 58 more characters; the file of an identity names its own in a comment")
}

/// A new age X25519 key pair.
#[derive(Debug)]
pub struct VaultIdentity {
    recipient: VaultRecipient,
    text: SecretValue,
}

impl VaultIdentity {
    /// Makes one, from the system's randomness.
    #[must_use]
    pub fn generate() -> Self {
        let identity = x25519::Identity::generate();
        let recipient = VaultRecipient(identity.to_public());
        let secret = identity.to_string();
        let text = format!(
            "# created: {}\n# public key: {recipient}\n{}\n",
            rfc3339(SystemTime::now()),
            secret.expose_secret(),
        );
        Self {
            recipient,
            text: SecretValue::new(text),
        }
    }

    /// The public half.
    #[must_use]
    pub fn recipient(&self) -> &VaultRecipient {
        &self.recipient
    }

    /// The text of its age identity file, as `age-keygen` writes it.
    #[must_use]
    pub fn text(&self) -> &SecretValue {
        &self.text
    }

    /// What opens the vaults that it is a recipient of.
    #[must_use]
    pub fn key(&self) -> VaultKey {
        VaultKey::Identities(self.text.clone())
    }

    /// Writes it to the new file `file`, which only its owner can read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Conflict`] if there is such a file: it is never
    /// overwritten; [`ErrorKind::System`] if it cannot be written.
    pub fn save(&self, file: &Path) -> Result<()> {
        let bytes = Zeroizing::new(self.text.expose().as_bytes().to_vec());
        files::create(file, &bytes)
    }
}

impl From<&x25519::Identity> for VaultRecipient {
    fn from(identity: &x25519::Identity) -> Self {
        Self(identity.to_public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_recipient_is_named_but_never_a_secret_key() {
        let identity = VaultIdentity::generate();
        let good = identity.recipient().to_string();
        assert_eq!(VaultRecipient::new(&good).unwrap().to_string(), good);

        let mut bad = good.clone();
        bad.pop();
        for text in [bad.as_str(), "", "age1", "ssh-ed25519 AAAA", "age1pq1qqqq"] {
            let error = VaultRecipient::new(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }

        let secret = identity.text().expose().lines().last().unwrap().to_owned();
        for text in [secret.clone(), secret.to_lowercase(), format!(" {secret}")] {
            let error = VaultRecipient::new(&text).unwrap_err();
            assert_eq!(error.to_string(), "a secret key is not a recipient");
        }
    }

    #[test]
    fn a_public_key_that_age_would_panic_on_is_refused() {
        for text in POWERLESS {
            let key = text.parse::<x25519::Recipient>().unwrap();
            let encrypt = std::panic::catch_unwind(|| age::encrypt(&key, b"text"));
            assert!(encrypt.is_err(), "{text} is of low order");
            let error = VaultRecipient::new(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
        }
    }

    #[test]
    fn an_identity_file_names_its_time_and_its_recipient() {
        let identity = VaultIdentity::generate();
        let lines: Vec<_> = identity.text().expose().lines().collect();
        assert!(lines[0].starts_with("# created: 2") && lines[0].ends_with('Z'));
        assert_eq!(lines[1], format!("# public key: {}", identity.recipient()));
        assert!(lines[2].starts_with("AGE-SECRET-KEY-1"));
        assert_eq!(
            identity.key().recipients().unwrap(),
            [identity.recipient().clone()]
        );
        assert!(!format!("{identity:?}").contains("SECRET-KEY"));
    }
}
