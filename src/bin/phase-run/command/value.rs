//! Where the value of a secret to be written comes from.

use std::io::{self, IsTerminal as _, Read as _};

use phase_run::SecretValue;
use zeroize::Zeroizing;

use crate::args;
use crate::exit::{Failure, Reason};
use crate::report::Report;
use crate::settings::prompt;

/// The most bytes of `NAME=value` that one variable may have on Linux, wherever this
/// value will be used: `MAX_ARG_STRLEN` without its NUL.
const LONGEST_VARIABLE: usize = 131_071;

/// The name that `write` means. A value stands behind it only where that was said.
pub(super) fn name(write: &args::Write) -> Result<&str, Failure> {
    match (write.name.split_once('='), write.value.from_argv) {
        (Some((name, _)), true) => Ok(name),
        (Some((name, _)), false) => {
            let text =
                format!("the value of {name} stands in the command line, where others can read it");
            Err(Failure::new(Reason::Usage, text)
                .help("give the value on stdin; if it is no secret, say --from-argv"))
        }
        (None, true) => {
            let text = "--from-argv needs NAME=VALUE, and there is no `=`";
            Err(Failure::new(Reason::Usage, text))
        }
        (None, false) => Ok(&write.name),
    }
}

/// The value of `name` that `write` means: this may ask for it.
pub(super) fn value(
    name: &str,
    write: &args::Write,
    report: Report,
) -> Result<SecretValue, Failure> {
    let in_argv = write.name.split_once('=').filter(|_| write.value.from_argv);
    let value = match in_argv {
        Some((_, value)) => SecretValue::new(value.to_owned()),
        None => given(name, write, report)?,
    };
    check(name, &value, report)?;
    Ok(value)
}

/// The value that is not in the command line. None is no value: a producer that
/// failed in a pipe must not wipe a secret.
fn given(name: &str, write: &args::Write, report: Report) -> Result<SecretValue, Failure> {
    let trim = write.value.trim_newline;
    let given = from_stdin(&format!("the value of {name}"), trim)?;
    let piped = given.is_some();
    let value = match given {
        Some(value) => value,
        None => prompt(&format!("Value of {name}: "), "give it on stdin")?,
    };
    let text = value.expose();
    if text.is_empty() && !write.value.allow_empty {
        let text = if piped {
            format!("stdin holds no value for {name}")
        } else {
            format!("no value was typed for {name}")
        };
        return Err(
            Failure::new(Reason::Usage, text).help("if it is to be empty, say --allow-empty")
        );
    }
    let ends_once = text.ends_with('\n') && !text.ends_with("\n\n") && !text.ends_with("\n\r\n");
    if piped && ends_once && !trim {
        report.warn(&format!(
            "the value of {name} ends in a newline, which is stored with it: --trim-newline drops it"
        ));
    }
    Ok(value)
}

/// What no environment can hold is refused, or told, when it is written: whoever
/// reads it may be somebody else.
fn check(name: &str, value: &SecretValue, report: Report) -> Result<(), Failure> {
    let value = value.expose();
    if value.contains('\0') {
        let text = format!("the value of {name} holds a NUL byte, which no environment can carry");
        return Err(
            Failure::new(Reason::InvalidValue, text).help("encode it first, in base64 for example")
        );
    }
    let size = name.len() + 1 + value.len();
    if size > LONGEST_VARIABLE {
        report.warn(&format!(
            "{name} has {size} bytes with its name, and a variable may have {LONGEST_VARIABLE}: no environment can hold it, so `run` will refuse it"
        ));
    }
    Ok(())
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
    let text = if trim_newline { trimmed(text) } else { text };
    Ok(Some(SecretValue::new(text.to_owned())))
}

/// `text` without one end of a line at its end.
fn trimmed(text: &str) -> &str {
    let without = text.strip_suffix('\n');
    without.map_or(text, |line| line.strip_suffix('\r').unwrap_or(line))
}
