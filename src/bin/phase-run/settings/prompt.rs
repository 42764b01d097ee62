//! Asking at the terminal, without showing what is typed.

use std::fs::File;
use std::io::{self, ErrorKind, Write as _};

use nix::sys::signal::{Signal, raise};
use nix::sys::termios::{
    LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr,
};
use phase_run::SecretValue;
use zeroize::Zeroizing;

use crate::exit::{Failure, Reason};
use crate::sys::Held;

/// Asks at the terminal; what is typed is not shown.
///
/// # Errors
///
/// There is no terminal, or nobody answers.
pub(crate) fn prompt(question: &str) -> Result<SecretValue, Failure> {
    let failed = |why: String| {
        Failure::new(
            Reason::Configuration,
            format!("cannot ask at the terminal: {why}"),
        )
        .help("give it on stdin, in a file or in a variable instead")
    };
    let line = ask(question).map_err(|error| {
        if error.kind() == ErrorKind::Interrupted {
            // The terminal is as it was before: now the key may do its work.
            let _ = raise(Signal::SIGINT);
        }
        failed(error.to_string())
    })?;
    match std::str::from_utf8(&line) {
        Ok(text) => Ok(SecretValue::new(text.to_owned())),
        Err(_) => Err(failed("what was typed is not UTF-8".to_owned())),
    }
}

fn ask(question: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let terminal = File::options().read(true).write(true).open("/dev/tty")?;
    // Dropped last: a signal ends us when the terminal is as it was.
    let held = Held::begin()?;
    // Before the question, since who sees it may type at once.
    let _hidden = Hidden::begin(&terminal)?;
    (&terminal).write_all(question.as_bytes())?;
    let line = read_line(|key| held.read(&terminal, key));
    (&terminal).write_all(b"\n")?;
    line
}

/// A terminal that shows nothing and hands on each key, until this is dropped.
struct Hidden<'a> {
    before: Termios,
    terminal: &'a File,
}

impl<'a> Hidden<'a> {
    fn begin(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut hidden = before.clone();
        // Keys send no signals either: some would stop us with the terminal like this.
        hidden
            .local_flags
            .remove(LocalFlags::ECHO | LocalFlags::ECHONL | LocalFlags::ICANON | LocalFlags::ISIG);
        hidden.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
        hidden.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        tcsetattr(terminal, SetArg::TCSANOW, &hidden)?;
        Ok(Self { before, terminal })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs no settings.
        let _ = tcsetattr(self.terminal, SetArg::TCSANOW, &self.before);
    }
}

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const CTRL_U: u8 = 0x15;
const CTRL_Z: u8 = 0x1a;
const CTRL_BACKSLASH: u8 = 0x1c;
const DELETE: u8 = 0x7f;

/// Takes keys from `read` up to Enter. Those that correct do so; all others are text.
fn read_line(
    mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::new());
    let mut key = [0];
    loop {
        if read(&mut key)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        match key[0] {
            b'\n' | b'\r' => return Ok(line),
            CTRL_C | CTRL_BACKSLASH => return Err(ErrorKind::Interrupted.into()),
            CTRL_D if line.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
            CTRL_U => line.clear(),
            // It cannot stop us here, and nobody means it as text.
            CTRL_Z => {}
            BACKSPACE | DELETE => drop_character(&mut line),
            other => line.push(other),
        }
    }
}

/// Drops the last character, which may have several bytes.
fn drop_character(line: &mut Vec<u8>) {
    while let Some(byte) = line.pop() {
        let continues = byte & 0b1100_0000 == 0b1000_0000;
        if !continues {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use io::Read as _;

    use super::*;

    fn line(mut keys: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
        read_line(|key| keys.read(key))
    }

    #[test]
    fn keys_that_correct_do_so_and_all_others_are_text() {
        for (keys, wanted) in [
            ("plain\nrest", "plain"),
            ("a\tb \u{e9}\r", "a\tb \u{e9}"),
            ("ab\u{e9}\u{7f}\u{8}c\n", "ac"),
            ("\u{7f}a\n", "a"),
            ("wrong\u{15}right\n", "right"),
            ("sto\u{1a}p\n", "stop"),
            ("a\u{4}\n", "a\u{4}"),
            ("\n", ""),
        ] {
            let typed = line(keys.as_bytes()).unwrap();
            assert_eq!(*typed, wanted.as_bytes(), "{keys:?}");
        }
    }

    #[test]
    fn an_end_and_an_interruption_are_no_answer() {
        for (keys, kind) in [
            ("", ErrorKind::UnexpectedEof),
            ("half", ErrorKind::UnexpectedEof),
            ("\u{4}", ErrorKind::UnexpectedEof),
            ("half\u{3}\n", ErrorKind::Interrupted),
            ("half\u{1c}\n", ErrorKind::Interrupted),
        ] {
            let error = line(keys.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), kind, "{keys:?}");
        }
    }
}
