//! Oracle's cloud: a request that it answers with who has signed it.

mod config;
mod signature;

use std::path::Path;
use std::time::{Instant, SystemTime};

use super::EnvSnapshot;
use super::env_snapshot::text;
use super::rsa::RsaKey;
use crate::error::{Error, ErrorKind, Result};
use crate::outside;
use crate::secret::SecretValue;
use config::{Config, Entry};

/// A question for a user of Oracle's cloud that only this user could have
/// signed, and that anybody may ask. It is good for some minutes.
pub(crate) struct OciRequest {
    pub(crate) authorization: SecretValue,
    pub(crate) date: String,
    pub(crate) host: String,
    pub(crate) user: String,
}

/// The request of the user whom the environment names, signed now. Files may keep us
/// waiting until the instant `until`.
pub(crate) fn oci_request(env: &EnvSnapshot, until: Instant) -> Result<OciRequest> {
    let config = Config::read(env, until)?;
    let user = config.word(Entry::User)?;
    let region = config.get(Entry::Region)?;
    if !is_region(region) {
        let message = format!(
            "the OCI region cannot be {:?}: that is no name of a region",
            outside::shown(region)
        );
        return Err(Error::new(ErrorKind::Configuration, message)
            .help("give a whole name such as eu-frankfurt-1"));
    }
    let id = format!(
        "{}/{user}/{}",
        config.word(Entry::Tenancy)?,
        config.word(Entry::Fingerprint)?
    );
    let key = key(&config, env, until)?;
    let host = format!("identity.{region}.oraclecloud.com");
    let date = signature::date(SystemTime::now());
    let path = format!("/20160918/users/{user}");
    let text = signature::text(&date, &path, &host);
    let authorization = signature::authorization(&id, &key.sign(&text)?);
    Ok(OciRequest {
        authorization: SecretValue::new(authorization),
        date,
        host,
        user: user.to_owned(),
    })
}

/// The user's key, of which the configuration holds the place.
fn key(config: &Config<'_>, env: &EnvSnapshot, until: Instant) -> Result<RsaKey> {
    if let Some(text) = env.text(config::KEY_CONTENT)? {
        return RsaKey::of_pem(text, config::KEY_CONTENT);
    }
    let file = env.at_home(Path::new(config.get(Entry::KeyFile)?));
    let name = format!("the key of OCI, {},", file.display());
    let text = text(&file, "key of OCI", until)?;
    RsaKey::of_pem(&text, &name)
}

/// `eu-frankfurt-1`: what servers take. It becomes a part of a host's name.
fn is_region(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase());
    match parts[..] {
        [land, place, number] => {
            land.len() == 2
                && letters(land)
                && !place.is_empty()
                && letters(place)
                && matches!(number.as_bytes(), [b'1'..=b'9'])
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_has_the_form_that_servers_take() {
        for (text, is) in [
            ("eu-frankfurt-1", true),
            ("us-phoenix-1", true),
            ("phx", false),
            ("eu-frankfurt-10", false),
            ("us-gov-ashburn-1", false),
            ("eu--1", false),
            ("evil.example/-a-1", false),
            ("", false),
        ] {
            assert_eq!(is_region(text), is, "{text}");
        }
    }
}
