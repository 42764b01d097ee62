//! Logins with nothing stored: a cloud says who this machine is, and the server
//! gives it a token for a while.

mod refusal;
mod wire;

use std::time::{Duration, Instant};

use reqwest::Method;
use zeroize::Zeroizing;

use crate::credentials::PhaseToken;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Connection, Http, Product, Request};
use crate::identity::{MachineIdentity, Search, Sts, access_token, caller_identity};
use wire::{Granted, Proof};

/// How long a proof is sent: servers take signatures of the last minute alone.
const FRESH: Duration = Duration::from_secs(45);

impl PhaseToken {
    /// A new token of the service account whose id is `account`, which the server
    /// gives to this machine because a cloud vouches for it as `identity`. It is
    /// good for `lifetime`, in whole seconds; if `None`, for as long as the Phase
    /// console says. Gives up after `timeout`, and after a day at most.
    ///
    /// The proof goes to the server of `connection`, which could pass it on while
    /// it is good: some minutes for AWS, where it does no more than name this
    /// machine, and up to some hours for Azure. Log in where you trust.
    ///
    /// # Errors
    ///
    /// [`Credentials`](ErrorKind::Credentials) if there is no such identity, or
    /// nobody knows it; [`Denied`](ErrorKind::Denied) if the account does not
    /// trust it; otherwise any.
    ///
    /// # Cancellation
    ///
    /// A token that the server has already given lives on until its time is over;
    /// so does one whose answer was lost, after which another is asked for.
    pub async fn by_identity(
        connection: &Connection,
        account: &str,
        identity: &MachineIdentity,
        lifetime: Option<Duration>,
        timeout: Duration,
    ) -> Result<Self> {
        let until = Instant::now() + timeout.min(Duration::from_hours(24));
        let http = Http::new(connection)?.asking(Product::Phase);
        let lifetime = lifetime.map(seconds).transpose()?;
        let (MachineIdentity::Aws { env, .. } | MachineIdentity::Azure { env, .. }) = identity;
        let search = Search {
            connection,
            env,
            until,
        };
        let way = Way::of(identity);
        let proof = match identity {
            MachineIdentity::Aws { region, .. } => {
                Proof::Aws(caller_identity(&search, region.as_deref(), Sts::Global).await?)
            }
            // As Azure's own tools write a resource.
            MachineIdentity::Azure { resource, .. } => {
                Proof::Azure(access_token(&search, resource.trim_end_matches('/')).await?)
            }
        };
        let request = Request {
            body: Some(proof.login(account, lifetime)?),
            method: Method::POST,
            ..Request::get(way.path())
        };
        let until = match way {
            Way::Aws => until.min(Instant::now() + FRESH),
            Way::Azure => until,
        };
        let answer = http.send(&request, until).await?;
        let answer = refusal::check(answer, way, account, &proof.secrets())?;
        let Granted { authentication } = answer.json("a token")?;
        let token = Zeroizing::new(authentication.token);
        Self::parse(&token).map_err(|error| {
            let message = format!("the server gave no usable token for service account {account}");
            Error::new(ErrorKind::Protocol, message).with_source(error)
        })
    }
}

/// Which cloud's word is given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    Aws,
    Azure,
}

impl Way {
    fn of(identity: &MachineIdentity) -> Self {
        match identity {
            MachineIdentity::Aws { .. } => Self::Aws,
            MachineIdentity::Azure { .. } => Self::Azure,
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Aws => "/service/public/identities/external/v1/aws/iam/auth/",
            Self::Azure => "/service/public/identities/external/v1/azure/entra/auth/",
        }
    }

    /// As the Phase console calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Aws => "AWS IAM",
            Self::Azure => "Azure",
        }
    }
}

fn seconds(lifetime: Duration) -> Result<u64> {
    match lifetime.as_secs() {
        0 => Err(Error::new(
            ErrorKind::Configuration,
            "a token cannot be for less than a second",
        )),
        seconds => Ok(seconds),
    }
}
