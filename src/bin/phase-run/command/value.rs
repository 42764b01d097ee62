//! Where the value of a secret to be written comes from.

use std::io::{self, IsTerminal as _, Read as _};

use phase_run::SecretValue;
use zeroize::Zeroizing;

use crate::args;
use crate::exit::{Failure, Reason};
use crate::settings::prompt;

/// The name and the value that `write` means.
pub(super) fn name_and_value(write: &args::Write) -> Result<(String, SecretValue), Failure> {
    if write.value.from_argv {
        let Some((name, value)) = write.name.split_once('=') else {
            let text = "--from-argv needs NAME=VALUE, and there is no `=`";
            return Err(Failure::new(Reason::Usage, text));
        };
        return Ok((name.to_owned(), SecretValue::new(value.to_owned())));
    }
    let name = name(write)?;
    let value = value(&name, write.value.trim_newline)?;
    Ok((name, value))
}

/// The name, where nothing but a name may stand.
pub(super) fn name(write: &args::Write) -> Result<String, Failure> {
    if let Some((name, _)) = write.name.split_once('=') {
        let text =
            format!("the value of {name} stands in the command line, where others can read it");
        return Err(Failure::new(Reason::Usage, text)
            .help("give the value on stdin; if it is no secret, say --from-argv"));
    }
    Ok(write.name.clone())
}

fn value(name: &str, trim_newline: bool) -> Result<SecretValue, Failure> {
    match from_stdin(&format!("the value of {name}"), trim_newline)? {
        Some(value) => Ok(value),
        None => prompt(&format!("Value of {name}: ")),
    }
}

/// What stands on stdin, byte for byte; `None` where that is a terminal.
pub(super) fn from_stdin(what: &str, trim_newline: bool) -> Result<Option<SecretValue>, Failure> {
    if io::stdin().is_terminal() {
        return Ok(None);
    }
    let mut bytes = Zeroizing::new(Vec::new());
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| {
            Failure::new(
                Reason::System,
                format!("cannot read {what} from stdin: {error}"),
            )
        })?;
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Failure::new(Reason::InvalidValue, format!("{what} is not UTF-8"))
            .help("encode it first, in base64 for example")
    })?;
    let text = if trim_newline {
        text.strip_suffix('\n').unwrap_or(text)
    } else {
        text
    };
    Ok(Some(SecretValue::new(text.to_owned())))
}
