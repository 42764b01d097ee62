//! From the keys of a terminal to a value: what is typed, and what is pasted.

use std::io::{self, ErrorKind};
use std::time::Duration;

use zeroize::Zeroizing;

/// Within this time the parts of one thing follow each other: the characters that a
/// cursor key sends, and the lines of a paste. Nobody types as fast.
const PAUSE: Duration = Duration::from_millis(50);

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const BELL: u8 = 0x07;
const BACKSPACE: u8 = 0x08;
const TAB: u8 = b'\t';
const CTRL_U: u8 = 0x15;
const CTRL_W: u8 = 0x17;
const ESCAPE: u8 = 0x1b;
const CTRL_BACKSLASH: u8 = 0x1c;
const DELETE: u8 = 0x7f;

/// What a paste begins with, behind the escape and the bracket, and what it ends with.
const PASTE: &[u8] = b"200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// The bytes of a terminal, as they come.
pub(super) struct Keys<R> {
    at: usize,
    block: Zeroizing<[u8; 512]>,
    end: usize,
    read: R,
}

/// Reads into a block; `None` if nothing comes in time, where there is a limit.
pub(super) trait Read:
    FnMut(&mut [u8], Option<Duration>) -> io::Result<Option<usize>>
{
}

impl<R: FnMut(&mut [u8], Option<Duration>) -> io::Result<Option<usize>>> Read for R {}

impl<R: Read> Keys<R> {
    pub(super) fn new(read: R) -> Self {
        Self {
            at: 0,
            block: Zeroizing::new([0; 512]),
            end: 0,
            read,
        }
    }

    /// The next byte if it follows at once.
    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.at == self.end && !self.fill(Some(PAUSE))? {
            return Ok(None);
        }
        Ok(Some(self.block[self.at]))
    }

    /// The next byte, however long that takes.
    fn next(&mut self) -> io::Result<u8> {
        if self.at == self.end {
            self.fill(None)?;
        }
        self.at += 1;
        Ok(self.block[self.at - 1])
    }

    fn skip(&mut self) {
        self.at += 1;
    }

    /// Whether something has come.
    fn fill(&mut self, patience: Option<Duration>) -> io::Result<bool> {
        match (self.read)(&mut *self.block, patience)? {
            None => Ok(false),
            Some(0) => Err(ErrorKind::UnexpectedEof.into()),
            Some(length) => {
                (self.at, self.end) = (0, length);
                Ok(true)
            }
        }
    }
}

/// Takes keys up to Enter. Those that correct do so, what is pasted is taken whole,
/// and no other key that is not a character becomes part of the value.
pub(super) fn read_value(mut keys: Keys<impl Read>) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut value = Zeroizing::new(Vec::new());
    let mut marks_pastes = false;
    let mut lines = false;
    loop {
        let follows = keys.peek()?.is_some();
        match keys.next()? {
            ESCAPE if sequence(&mut keys)? => {
                marks_pastes = true;
                paste(&mut keys, &mut value)?;
            }
            ESCAPE => {}
            end @ (b'\r' | b'\n') => {
                if marks_pastes {
                    return Ok(value);
                }
                if end == b'\r' && keys.peek()? == Some(b'\n') {
                    keys.skip();
                }
                // Of a terminal that does not mark pastes: this is the end of a line in one.
                let inside = keys.peek()?.is_some();
                if inside || (lines && follows) {
                    value.push(b'\n');
                }
                if !inside {
                    return Ok(value);
                }
                lines = true;
            }
            CTRL_C | CTRL_BACKSLASH => return Err(ErrorKind::Interrupted.into()),
            CTRL_D if value.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
            CTRL_U => value.clear(),
            CTRL_W => drop_word(&mut value),
            BACKSPACE | DELETE => drop_character(&mut value),
            // Ctrl-Z too: it cannot stop us here, and nobody means it as text.
            other if other != TAB && other < b' ' => {}
            other => value.push(other),
        }
    }
}

/// Passes over what a key or the terminal sends behind an escape. Whether it was the
/// mark that a paste begins with.
fn sequence(keys: &mut Keys<impl Read>) -> io::Result<bool> {
    match keys.peek()? {
        Some(b'[') => keys.skip(),
        // A function key.
        Some(b'O') => {
            keys.skip();
            if keys.peek()?.is_some_and(|key| key > b' ') {
                keys.skip();
            }
            return Ok(false);
        }
        // What a terminal says of itself.
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            return until_end_of_string(keys).map(|()| false);
        }
        // A character together with Alt.
        Some(b' '..=b'~' | 0x80..) => {
            keys.skip();
            while keys.peek()?.is_some_and(continues) {
                keys.skip();
            }
            return Ok(false);
        }
        // The key Escape itself, or a key that corrects.
        _ => return Ok(false),
    }
    let mut known = Vec::new();
    while let Some(byte @ b' '..=b'~') = keys.peek()? {
        keys.skip();
        // The console of Linux has a second bracket in its function keys.
        let second = byte == b'[' && known.is_empty();
        if known.len() <= PASTE.len() {
            known.push(byte);
        }
        if (b'@'..=b'~').contains(&byte) && !second {
            break;
        }
    }
    Ok(known == PASTE)
}

fn until_end_of_string(keys: &mut Keys<impl Read>) -> io::Result<()> {
    while let Some(byte) = keys.peek()? {
        if byte == CTRL_C {
            return Ok(());
        }
        keys.skip();
        if byte == BELL {
            return Ok(());
        }
        if byte == ESCAPE {
            if keys.peek()? == Some(b'\\') {
                keys.skip();
            }
            return Ok(());
        }
    }
    Ok(())
}

/// Adds a paste, up to the mark of its end. Terminals end its lines as Enter would.
fn paste(keys: &mut Keys<impl Read>, value: &mut Vec<u8>) -> io::Result<()> {
    let mut pasted = Zeroizing::new(Vec::new());
    while !pasted.ends_with(PASTE_END) {
        match keys.next()? {
            CTRL_C => return Err(ErrorKind::Interrupted.into()),
            byte => pasted.push(byte),
        }
    }
    let length = pasted.len() - PASTE_END.len();
    let pasted = &pasted[..length];
    let mut lines = Zeroizing::new(Vec::with_capacity(length));
    for (at, &byte) in pasted.iter().enumerate() {
        match byte {
            b'\r' => lines.push(b'\n'),
            b'\n' if at > 0 && pasted[at - 1] == b'\r' => {}
            other => lines.push(other),
        }
    }
    // A line that was copied with its end is meant without it.
    if lines.iter().position(|&byte| byte == b'\n') == lines.len().checked_sub(1) {
        lines.pop();
    }
    value.extend_from_slice(&lines);
    Ok(())
}

/// Drops the last character, which may have several bytes.
fn drop_character(value: &mut Vec<u8>) {
    while let Some(byte) = value.pop() {
        if !continues(byte) {
            return;
        }
    }
}

/// Drops the last word, and the space behind it.
fn drop_word(value: &mut Vec<u8>) {
    let is_space = |byte: &u8| byte.is_ascii_whitespace();
    let word = value.iter().rposition(|byte| !is_space(byte));
    let space = word.and_then(|word| value[..word].iter().rposition(is_space));
    value.truncate(space.map_or(0, |space| space + 1));
}

/// Whether `byte` belongs to the character of the byte before it.
fn continues(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// What is read of `bursts`, with a pause behind each.
    fn value(bursts: &[&str]) -> io::Result<String> {
        let mut bursts: VecDeque<&[u8]> = bursts.iter().map(|text| text.as_bytes()).collect();
        let mut paused = true;
        let keys = Keys::new(|block: &mut [u8], patience: Option<Duration>| {
            if paused && patience.is_some() {
                return Ok(None);
            }
            let Some(burst) = bursts.front_mut() else {
                return Ok(Some(0));
            };
            // Less than there is, as a terminal gives at times.
            let length = burst.len().min(block.len()).min(7);
            block[..length].copy_from_slice(&burst[..length]);
            *burst = &burst[length..];
            paused = burst.is_empty();
            if paused {
                bursts.pop_front();
            }
            Ok(Some(length))
        });
        let value = read_value(keys)?;
        Ok(String::from_utf8(value.to_vec()).unwrap())
    }

    /// Each character for itself, as people type.
    fn typed(keys: &str) -> io::Result<String> {
        let mut ends = keys
            .char_indices()
            .map(|(at, c)| &keys[at..at + c.len_utf8()]);
        value(&ends.by_ref().collect::<Vec<_>>())
    }

    #[test]
    fn keys_that_correct_do_so_and_only_characters_are_text() {
        for (keys, wanted) in [
            ("plain\nrest", "plain"),
            ("a\tb \u{e9}\r", "a\tb \u{e9}"),
            ("ab\u{e9}\u{7f}\u{8}c\n", "ac"),
            ("\u{7f}a\n", "a"),
            ("wrong\u{15}right\n", "right"),
            ("one two  \u{17}three\n", "one three"),
            ("one\u{17}\u{17}two\n", "two"),
            ("sto\u{1a}p\n", "stop"),
            ("a\u{4}\u{1}\u{5}\u{b}\u{13}\u{0}\n", "a"),
            ("\n", ""),
        ] {
            assert_eq!(typed(keys).unwrap(), wanted, "{keys:?}");
        }
    }

    #[test]
    fn what_cursor_keys_and_terminals_send_is_no_part_of_a_value() {
        for sent in [
            "\x1b[A",
            "\x1b[D",
            "\x1b[3~",
            "\x1b[1;5C",
            "\x1bOP",
            "\x1b[[A",
            "\x1b[15;2~",
            "\x1bx",
            "\x1b\u{e9}",
            "\x1b[200",
            "\x1b[201~",
            "\x1b]11;rgb:0000/0000/0000\x07",
            "\x1bP1+r\x1b\\",
            "\x1b",
        ] {
            assert_eq!(value(&["a", sent, "b", "\r"]).unwrap(), "ab", "{sent:?}");
        }
        assert_eq!(value(&["one two", "\x1b\x7f", "\r"]).unwrap(), "one tw");
        assert_eq!(value(&["a", "\x1b\r"]).unwrap(), "a");
    }

    const KEY: &str = "-----BEGIN KEY-----\nabcdef\n\n-----END KEY-----\n";

    #[test]
    fn a_paste_that_is_marked_is_taken_whole() {
        for end in ["\n", "\r", "\r\n"] {
            let pasted = format!("\x1b[200~{}\x1b[201~", KEY.replace('\n', end));
            assert_eq!(value(&[&pasted, "\r"]).unwrap(), KEY, "{end:?}");
            let at_once = format!("{pasted}\rnext command\r");
            assert_eq!(value(&[&at_once]).unwrap(), KEY, "{end:?}");
        }
        let odd = "\x1b[200~a\x1b[A\u{15}b\tc\x1b[201~";
        assert_eq!(value(&[odd, "\r"]).unwrap(), "a\x1b[A\u{15}b\tc");
        let line = ["be", "\x1b[200~hunter2\r\x1b[201~", "\r"];
        assert_eq!(value(&line).unwrap(), "behunter2");
    }

    #[test]
    fn a_paste_that_nobody_marks_is_taken_whole_too() {
        for end in ["\n", "\r", "\r\n"] {
            let pasted = KEY.replace('\n', end);
            assert_eq!(value(&[&pasted]).unwrap(), KEY, "{end:?}");
            let cut = pasted.trim_end();
            assert_eq!(value(&[cut, "\r"]).unwrap(), KEY.trim_end(), "{end:?}");
        }
        assert_eq!(value(&["hunter2\r"]).unwrap(), "hunter2");
    }

    #[test]
    fn an_end_and_an_interruption_are_no_answer() {
        for (keys, kind) in [
            ("", ErrorKind::UnexpectedEof),
            ("half", ErrorKind::UnexpectedEof),
            ("\u{4}", ErrorKind::UnexpectedEof),
            ("half\u{3}\n", ErrorKind::Interrupted),
            ("half\u{1c}\n", ErrorKind::Interrupted),
            ("\x1b[200~half\u{3}", ErrorKind::Interrupted),
            ("\x1b[200~half", ErrorKind::UnexpectedEof),
        ] {
            assert_eq!(typed(keys).unwrap_err().kind(), kind, "{keys:?}");
            let error = value(&[keys]).unwrap_err();
            assert_eq!(error.kind(), kind, "{keys:?}");
        }
    }
}
