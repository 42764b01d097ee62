//! What opens the store: credentials at hand, or the word of a cloud for which
//! a server gives a token.

use std::time::{Duration, Instant};

use phase_run::{
    Client, Connection, Credentials, FileOwners, MachineIdentity, PhaseApi, PhaseToken, TrustStore,
};

use crate::exit::Failure;
use crate::fetch::fetch;

/// How a store is entered.
#[derive(Debug)]
pub(crate) enum Access {
    Credentials(Credentials),
    Machine(Machine),
    /// Those of a vault, and whose it may be.
    Vault(Credentials, FileOwners),
}

/// A service account that this machine may act as.
#[derive(Debug)]
pub(crate) struct Machine {
    /// The account's id.
    pub(super) account: String,
    pub(super) api: PhaseApi,
    pub(super) connection: Connection,
    pub(super) identity: MachineIdentity,
}

impl Access {
    /// The client, which takes `timeout` at most, a login included, and remembers in
    /// `trust` what it accepts. Nothing of a login is kept.
    ///
    /// # Errors
    ///
    /// A host or a certificate file that cannot be used; for a machine, whatever
    /// keeps it from logging in.
    pub(super) fn client(
        &self,
        timeout: Duration,
        trust: Option<&TrustStore>,
    ) -> Result<Client, Failure> {
        let trusting = |client: Client| match trust {
            Some(store) => client.trust(store.clone()),
            None => client,
        };
        let machine = match self {
            Self::Credentials(credentials) => {
                let client = Client::new(credentials.clone())?.timeout(timeout);
                return Ok(trusting(client));
            }
            Self::Vault(credentials, owners) => {
                let client = Client::new(credentials.clone())?.timeout(timeout);
                return Ok(trusting(client.owned_by(owners.clone())));
            }
            Self::Machine(machine) => machine,
        };
        let Machine {
            account,
            api,
            connection,
            identity,
        } = machine;
        let start = Instant::now();
        let login = PhaseToken::by_identity(connection, account, identity, None, timeout);
        let token = fetch(login)?;
        tracing::info!("logged in as service account {account}");
        let client = Client::new(Credentials::Phase {
            api: *api,
            connection: connection.clone(),
            token,
        })?;
        Ok(trusting(client).timeout(timeout.saturating_sub(start.elapsed())))
    }

    /// How the server is reached, where there is one.
    pub(super) fn connection_mut(&mut self) -> Option<&mut Connection> {
        match self {
            Self::Credentials(
                Credentials::Infisical { connection, .. } | Credentials::Phase { connection, .. },
            )
            | Self::Machine(Machine { connection, .. }) => Some(connection),
            Self::Credentials(_) | Self::Vault(..) => None,
        }
    }

    /// The server's URL; empty where there is none.
    pub(crate) fn host(&self) -> &str {
        match self {
            Self::Credentials(
                Credentials::Infisical { connection, .. } | Credentials::Phase { connection, .. },
            )
            | Self::Machine(Machine { connection, .. }) => &connection.host,
            Self::Credentials(_) | Self::Vault(..) => "",
        }
    }

    /// The server and what tells one holder of credentials for it from others,
    /// where there is a server.
    pub(crate) fn holder(&self) -> Option<(&Connection, String)> {
        match self {
            Self::Credentials(Credentials::Phase {
                connection, token, ..
            }) => Some((connection, token.fingerprint())),
            Self::Credentials(_) | Self::Vault(..) => None,
            Self::Machine(machine) => Some((&machine.connection, machine.account.clone())),
        }
    }
}
