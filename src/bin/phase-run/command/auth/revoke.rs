//! `auth logout --revoke`: a token is ended at the server.

use crate::args::{Context, ProviderName};
use crate::command::settings;
use crate::exit::Failure;
use crate::fetch::fetch;
use crate::report::Report;
use crate::settings::ProcessContext;

pub(super) fn revoke(
    context: Context,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<(), Failure> {
    let context = Context {
        provider: Some(ProviderName::Infisical),
        ..context
    };
    let settings = settings(&context, process, report)?;
    let client = settings.client()?;
    fetch(client.log_out())?;
    let source = settings.token.as_deref().unwrap_or_default();
    report.tell(&format!(
        "the token is ended, for everybody who holds it ({source})"
    ));
    Ok(())
}
