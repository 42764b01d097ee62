//! Leases that were made for this run, and that may have to be given back.

use std::time::{Duration, Instant};

use phase_run::{Client, Lease};

use crate::fetch::fetch;
use crate::report::Report;

/// So long we try in all. Whoever stops us waits for it, and kills after ten seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Leases, and what is needed to give them back.
#[derive(Debug)]
pub(crate) struct PendingLeases(Option<(Client, Vec<Lease>)>);

impl PendingLeases {
    /// Without leases nothing is kept: `client` holds the token.
    pub(crate) fn new(client: Client, leases: Vec<Lease>) -> Self {
        Self((!leases.is_empty()).then_some((client, leases)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Gives them back. What cannot be given back ends by itself, later.
    pub(crate) fn revoke(self, report: Report) {
        let Some((mut client, leases)) = self.0 else {
            return;
        };
        let until = Instant::now() + PATIENCE;
        for lease in leases {
            client = client.timeout(until.saturating_duration_since(Instant::now()));
            let Lease { name, expires, .. } = &lease;
            match fetch(client.revoke(&lease)) {
                Ok(()) => tracing::info!("the lease of {name:?} is revoked"),
                Err(failure) => report.warn(&format!(
                    "the lease of {name:?} is not revoked, and ends by itself ({expires}): {failure}"
                )),
            }
        }
    }
}
