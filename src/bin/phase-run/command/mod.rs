//! The commands beside the launcher.

mod apps;
mod auth;
mod change;
mod completions;
mod confirm;
mod copy;
mod environments;
mod generate;
mod secrets;
mod store;
mod value;
mod vault;

pub(crate) use apps::apps;
pub(crate) use auth::auth;
pub(crate) use completions::completions;
pub(crate) use copy::copy;
pub(crate) use generate::man;
pub(crate) use secrets::secrets;
pub(crate) use vault::vault;

use crate::args::Context;
use crate::exit::Failure;
use crate::report::Report;
use crate::settings::{ProcessContext, Settings};

/// The settings, and what is to be said of them.
fn settings(
    context: &Context,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<Settings, Failure> {
    let settings = Settings::resolve(context, process)?;
    report.settings(&settings.warnings, &settings.origins);
    Ok(settings)
}
