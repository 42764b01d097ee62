//! Asking at the terminal, without showing what is typed.

mod keys;

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Write as _};

use nix::sys::signal::{Signal, raise};
use nix::sys::termios::{
    FlushArg, InputFlags, LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcflush, tcgetattr,
    tcsetattr,
};
use phase_run::SecretValue;
use zeroize::Zeroizing;

use self::keys::{Keys, read_value};
use crate::exit::{Failure, Reason};
use crate::sys::SignalHold;

/// Asks at the terminal; what is typed is not shown. `instead` is what to do where
/// that cannot be.
///
/// # Errors
///
/// There is no terminal, or nobody answers.
pub(crate) fn prompt(question: &str, instead: &str) -> Result<SecretValue, Failure> {
    let failed = |error: io::Error| unasked(question, &error).help(instead);
    let value = ask(question).map_err(|error| {
        if error.kind() == ErrorKind::Interrupted {
            // The terminal is as it was before: now the key may do its work.
            let _ = raise(Signal::SIGINT);
        }
        failed(error)
    })?;
    match std::str::from_utf8(&value) {
        Ok(text) => Ok(SecretValue::new(text.to_owned())),
        Err(_) => Err(failed(io::Error::other("what was typed is not UTF-8"))),
    }
}

/// The longest answer to a question that has two.
const LONGEST_ANSWER: u64 = 100;

/// Asks a question at the terminal whose answer is shown, and which is no unless
/// somebody says yes.
///
/// # Errors
///
/// There is no terminal to ask at.
pub(crate) fn confirm(question: &str) -> Result<bool, Failure> {
    let ask = || -> io::Result<String> {
        let mut terminal = open()?;
        write!(terminal, "{question} [y/N] ")?;
        let mut answer = String::new();
        BufReader::new(terminal.take(LONGEST_ANSWER)).read_line(&mut answer)?;
        Ok(answer)
    };
    let answer = ask().map_err(|error| unasked(question, &error))?;
    Ok(["y", "yes"].contains(&&*answer.trim().to_lowercase()))
}

fn unasked(question: &str, why: &io::Error) -> Failure {
    let question = question.trim_end().trim_end_matches(':');
    // Who has no terminal gets this of the device.
    let text = if why.raw_os_error() == Some(libc::ENXIO) {
        format!("there is no terminal to ask at: {question}")
    } else {
        format!("cannot ask at the terminal: {question}: {why}")
    };
    Failure::new(Reason::Configuration, text)
}

fn open() -> io::Result<File> {
    File::options().read(true).write(true).open("/dev/tty")
}

fn ask(question: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let terminal = open()?;
    // Dropped last: a signal ends us when the terminal is as it was.
    let held = SignalHold::begin()?;
    // Before the question, since who sees it may type at once.
    let _hidden = Hidden::begin(&terminal)?;
    (&terminal).write_all(question.as_bytes())?;
    let keys = Keys::new(|block: &mut [u8], patience| held.read(&terminal, block, patience));
    let value = read_value(keys);
    (&terminal).write_all(b"\n")?;
    value
}

/// What a terminal that knows it puts around whatever is pasted, from now on.
const MARK_PASTES: &[u8] = b"\x1b[?2004h";
const LEAVE_PASTES: &[u8] = b"\x1b[?2004l";

/// A terminal that shows nothing and hands on each key, until this is dropped.
struct Hidden<'a> {
    before: Termios,
    marks_pastes: bool,
    terminal: &'a File,
}

impl<'a> Hidden<'a> {
    fn begin(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut hidden = before.clone();
        // Keys send no signals either: some would stop us with the terminal like this.
        hidden.local_flags.remove(
            LocalFlags::ECHO
                | LocalFlags::ECHONL
                | LocalFlags::ICANON
                | LocalFlags::IEXTEN
                | LocalFlags::ISIG,
        );
        // Enter and the ends of lines of a paste come as they are, and no key stops the output.
        hidden
            .input_flags
            .remove(InputFlags::ICRNL | InputFlags::INLCR | InputFlags::IGNCR | InputFlags::IXON);
        hidden.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
        hidden.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        tcsetattr(terminal, SetArg::TCSANOW, &hidden)?;
        // A terminal that is none would show the mark.
        let kind = std::env::var_os("TERM");
        let marks_pastes = kind.is_some_and(|kind| !kind.is_empty() && kind != "dumb");
        let mut hidden = Self {
            before,
            marks_pastes,
            terminal,
        };
        if marks_pastes {
            hidden.terminal.write_all(MARK_PASTES)?;
        }
        Ok(hidden)
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs no settings.
        if self.marks_pastes {
            let _ = self.terminal.write_all(LEAVE_PASTES);
        }
        // The rest of a paste must not become a shell's commands, nor its history.
        let _ = tcflush(self.terminal, FlushArg::TCIFLUSH);
        let _ = tcsetattr(self.terminal, SetArg::TCSANOW, &self.before);
    }
}
