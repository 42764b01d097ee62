//! The commands beside the launcher.

mod apps;
mod copy;
mod generate;
mod secrets;
mod value;
mod vault;

pub(crate) use apps::apps;
pub(crate) use copy::copy;
pub(crate) use generate::{completions, man};
pub(crate) use secrets::secrets;
pub(crate) use vault::vault;
