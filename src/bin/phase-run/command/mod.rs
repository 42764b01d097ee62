//! The commands beside the launcher.

mod apps;
mod copy;
mod generate;
mod secrets;
mod value;
mod vault;

use std::io::{self, Write as _};

pub(crate) use apps::apps;
pub(crate) use copy::copy;
pub(crate) use generate::{completions, man};
pub(crate) use secrets::secrets;
pub(crate) use vault::vault;

use crate::exit::{Failure, Reason};

/// Writes what was asked for to standard output. A reader that went away has
/// seen enough.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let text = format!("cannot write to standard output: {error}");
            Err(Failure::new(Reason::System, text))
        }
        _ => Ok(()),
    }
}
