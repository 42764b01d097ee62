//! AWS: the default chain of credentials, and the request that STS answers with
//! who has signed it.

mod chain;
mod container;
mod document;
mod instance;
mod plan;
mod profile;
mod role;
mod signature;

use std::fmt;
use std::time::SystemTime;

use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use super::Search;
use crate::error::{Error, ErrorKind, Result};
use crate::http::json;
use crate::outside;
use crate::secret::SecretValue;
use profile::Profiles;

/// A request to STS that only its signer could have made, and that anybody may
/// send: the answer names the signer. It is good for some minutes.
pub(crate) struct CallerIdentity {
    headers: Vec<(&'static str, SecretValue)>,
    pub(crate) url: String,
}

impl CallerIdentity {
    pub(crate) const BODY: &'static str = "Action=GetCallerIdentity&Version=2011-06-15";
    pub(crate) const METHOD: &'static str = "POST";

    /// What of it no message may repeat.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let secret = |name| matches!(name, "Authorization" | "X-Amz-Security-Token");
        let headers = self.headers.iter().filter(move |(name, _)| secret(*name));
        headers.map(|(_, value)| value.expose())
    }

    /// The headers as a JSON object, name to value.
    pub(crate) fn headers(&self) -> Result<Zeroizing<Vec<u8>>> {
        json(&Headers(&self.headers))
    }
}

struct Headers<'a>(&'a [(&'static str, SecretValue)]);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value.expose())))
    }
}

/// By which name STS is asked: servers compare it, or make it themselves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sts {
    /// The older name, without a region in it, where the region has one.
    Global,
    /// Always `sts.REGION.amazonaws.com`.
    Regional,
}

impl Sts {
    /// The longest name that servers take for a region.
    const LONGEST: usize = 20;

    fn host(self, region: &Region) -> Result<String> {
        match self {
            Self::Global => Ok(region.global_sts()),
            Self::Regional if region.as_str().len() > Self::LONGEST => {
                Err(Region::unknown(region.as_str(), "the AWS region"))
            }
            Self::Regional => Ok(format!("sts.{}.amazonaws.com", region.as_str())),
        }
    }
}

/// The request that proves who this machine is, signed now. `region` wins over
/// the one that the environment names. Without either it is `us-east-1`, or, for a
/// regional STS, that of the instance whose keys sign.
pub(crate) async fn caller_identity(
    search: &Search<'_>,
    region: Option<&str>,
    sts: Sts,
) -> Result<CallerIdentity> {
    let profiles = Profiles::read(search)?;
    let region = match region {
        Some(region) => Some(Region::new(region, "the AWS region")?),
        None => Region::find(search, &profiles)?,
    };
    let locate = region.is_none() && sts == Sts::Regional;
    let keys = chain::keys(search, &profiles, region.as_ref(), locate).await?;
    let region = region.or_else(|| keys.region.clone()).unwrap_or_default();
    let host = sts.host(&region)?;
    let body = CallerIdentity::BODY.as_bytes();
    Ok(CallerIdentity {
        headers: signature::headers(&keys, &region, &host, body, SystemTime::now()),
        url: format!("https://{host}"),
    })
}

/// What signs.
#[derive(Clone)]
struct Keys {
    id: String,
    /// Where they are from, if that was asked and is known.
    region: Option<Region>,
    secret: SecretValue,
    /// What comes with keys that expire.
    session: Option<SecretValue>,
}

impl Keys {
    fn new(id: &str, secret: &str, session: Option<&str>) -> Self {
        let value = |text: &str| SecretValue::new(text.to_owned());
        Self {
            id: id.to_owned(),
            region: None,
            secret: value(secret),
            session: session.map(value),
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

/// The name of a region. It becomes a part of a host's name.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Region(String);

impl Default for Region {
    fn default() -> Self {
        Self("us-east-1".to_owned())
    }
}

impl Region {
    /// The region called `text`, as `source` says.
    fn new(text: &str, source: &str) -> Result<Self> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || text.len() > 32 || !text.bytes().all(fits) {
            return Err(Self::unknown(text, source));
        }
        Ok(Self(text.to_owned()))
    }

    fn unknown(text: &str, source: &str) -> Error {
        let message = format!(
            "{source} cannot be {:?}: that is no name of a region",
            outside::shown(text)
        );
        Error::new(ErrorKind::Configuration, message).help("give a name such as eu-central-1")
    }

    /// The region that the environment or the profile names.
    fn find(search: &Search<'_>, profiles: &Profiles) -> Result<Option<Self>> {
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            if let Some(text) = search.env.text(name)? {
                return Self::new(text, name).map(Some);
            }
        }
        let profile = profiles.chosen();
        profiles
            .get(profile, "region")
            .map(|text| Self::new(text, &format!("the region of AWS profile {profile:?}")))
            .transpose()
    }

    fn as_str(&self) -> &str {
        &self.0
    }

    /// The host of the region's own STS.
    fn sts(&self) -> String {
        let domain = if self.0.starts_with("cn-") {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        format!("sts.{}.{domain}", self.0)
    }

    /// The same, by its older name where it has one.
    fn global_sts(&self) -> String {
        if *self == Self::default() {
            "sts.amazonaws.com".to_owned()
        } else {
            self.sts()
        }
    }
}
