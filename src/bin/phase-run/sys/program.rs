//! A program to become, laid out so that starting it needs no memory.

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char};
use std::ptr;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;

use super::entry;

const SHELL: &CStr = c"/bin/sh";

/// The most digits a process id has.
const PID_DIGITS: usize = 10;

/// Everything `execve` reads.
pub(crate) struct Program {
    candidates: Vec<CString>,
    arguments: Strings,
    environment: Strings,
    /// Where in the environment the digits of our own process id go.
    digits: Vec<usize>,
    /// `/bin/sh`, the candidate, the arguments: for a script without `#!`.
    shell: Vec<*const c_char>,
}

impl Program {
    /// Lays out a program: what to try, in order, with which arguments (the
    /// program's name first) and environment. The entries of the environment
    /// with an index in `own` end in `=` and get the process id of the
    /// process that becomes the program.
    ///
    /// No string may hold NUL: it would be cut there.
    pub(crate) fn new(
        candidates: Vec<CString>,
        arguments: &[&[u8]],
        environment: &[Vec<u8>],
        own: &[usize],
    ) -> Self {
        let arguments = Strings::new(arguments.iter().map(|text| (*text, 0)));
        let reserve = |index: usize| if own.contains(&index) { PID_DIGITS } else { 0 };
        let entries = environment.iter().enumerate();
        let environment =
            Strings::new(entries.map(|(index, text)| (text.as_slice(), reserve(index))));
        let digits = own
            .iter()
            .filter_map(|index| environment.ends.get(*index).copied())
            .collect();
        let mut shell = vec![SHELL.as_ptr(), ptr::null()];
        shell.extend(arguments.pointers.iter().skip(1));
        // Without arguments there was not even the one behind them.
        shell.push(ptr::null());
        Self {
            candidates,
            arguments,
            environment,
            digits,
            shell,
        }
    }

    /// Becomes the first candidate that can be run, by the rules of `execvp`
    /// in POSIX. Returns why that did not work. Async-signal-safe.
    pub(super) fn become_it(&mut self) -> Errno {
        self.write_pid();
        let mut refused = false;
        let mut last = Errno::ENOENT;
        for index in 0..self.candidates.len() {
            let path = self.candidates[index].as_c_str();
            last = execve(path, &self.arguments.pointers, &self.environment.pointers);
            match last {
                Errno::EACCES => refused = true,
                Errno::ENOENT
                | Errno::ENOTDIR
                | Errno::ESTALE
                | Errno::ENODEV
                | Errno::ETIMEDOUT => {}
                Errno::ENOEXEC => {
                    if is_text(path) {
                        self.shell[1] = path.as_ptr();
                        execve(SHELL, &self.shell, &self.environment.pointers);
                    }
                    return last;
                }
                _ => return last,
            }
        }
        if refused { Errno::EACCES } else { last }
    }

    fn write_pid(&self) {
        for start in &self.digits {
            let mut rest = std::process::id();
            let mut digits = [0; PID_DIGITS];
            let mut first = PID_DIGITS;
            while rest > 0 {
                first -= 1;
                digits[first] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
                rest /= 10;
            }
            let places = self.environment.bytes.iter().skip(*start);
            places
                .zip(&digits[first..])
                .for_each(|(place, digit)| place.set(*digit));
        }
    }
}

/// Becomes `program` in this process, in the state that we were started in.
/// Returns why that did not work, fit to report it.
pub(crate) fn exec(mut program: Program) -> Errno {
    entry::restore();
    let errno = program.become_it();
    entry::carry_on();
    errno
}

/// NUL-terminated strings in one block, and the array of pointers to them.
struct Strings {
    /// Cells, because the pointers stay in use when digits are written.
    bytes: Vec<Cell<u8>>,
    /// Where each string ends: the place of its first NUL.
    ends: Vec<usize>,
    pointers: Vec<*const c_char>,
}

impl Strings {
    /// Each text comes with the room to keep behind it.
    fn new<'a>(texts: impl Iterator<Item = (&'a [u8], usize)> + Clone) -> Self {
        // Known in advance, so that no outgrown block is left behind.
        let size = texts
            .clone()
            .map(|(text, room)| text.len() + room + 1)
            .sum();
        let mut bytes: Vec<u8> = Vec::with_capacity(size);
        let mut starts = Vec::new();
        let mut ends = Vec::new();
        for (text, room) in texts {
            starts.push(bytes.len());
            bytes.extend_from_slice(text);
            ends.push(bytes.len());
            bytes.resize(bytes.len() + room + 1, 0);
        }
        let bytes: Vec<Cell<u8>> = bytes.into_iter().map(Cell::new).collect();
        let address = |start: usize| bytes[start..].as_ptr().cast();
        let mut pointers: Vec<_> = starts.into_iter().map(address).collect();
        pointers.push(ptr::null());
        Self {
            bytes,
            ends,
            pointers,
        }
    }
}

/// Returns only on failure.
fn execve(path: &CStr, arguments: &[*const c_char], environment: &[*const c_char]) -> Errno {
    // SAFETY: both arrays end in a null pointer. What they point to are
    // NUL-terminated strings, in blocks of the same `Program` or static.
    unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    Errno::last()
}

/// Whether a shell may have a go at the file. POSIX spares it binaries.
fn is_text(path: &CStr) -> bool {
    let mut head = [0; 256];
    let Ok(file) = open(path, OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()) else {
        return true;
    };
    nix::unistd::read(&file, &mut head).is_ok_and(|length| !head[..length].contains(&0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pointers: &[*const c_char]) -> Vec<&str> {
        let strings = pointers.iter().take_while(|pointer| !pointer.is_null());
        strings
            // SAFETY: all of a program's pointers but null are to its strings.
            .map(|pointer| unsafe { CStr::from_ptr(*pointer) }.to_str().unwrap())
            .collect()
    }

    fn program(arguments: &[&[u8]], environment: &[&[u8]], own: &[usize]) -> Program {
        let environment: Vec<Vec<u8>> = environment.iter().map(|entry| entry.to_vec()).collect();
        Program::new(vec![c"/x".to_owned()], arguments, &environment, own)
    }

    #[test]
    fn our_number_is_written_where_it_was_left_out() {
        let environment: [&[u8]; 3] = [b"A=1", b"LISTEN_PID=", b"B=2"];
        let program = program(&[b"x"], &environment, &[1]);
        program.write_pid();
        let entry = format!("LISTEN_PID={}", std::process::id());
        assert_eq!(texts(&program.environment.pointers), ["A=1", &entry, "B=2"]);
    }

    #[test]
    fn a_shell_gets_the_path_and_all_arguments_but_the_name() {
        let mut program = program(&[b"x", b"-a", b""], &[], &[]);
        program.shell[1] = program.candidates[0].as_ptr();
        assert_eq!(texts(&program.shell), ["/bin/sh", "/x", "-a", ""]);
    }

    #[test]
    fn every_array_ends_even_if_it_is_empty() {
        let mut program = program(&[], &[], &[]);
        program.shell[1] = program.candidates[0].as_ptr();
        for array in [
            &program.arguments.pointers,
            &program.environment.pointers,
            &program.shell,
        ] {
            assert!(array.last().is_some_and(|pointer| pointer.is_null()));
        }
    }
}
