//! Why a command could not be executed, in words.

use std::ffi::{CStr, CString, OsStr};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::lookup;
use crate::exit::{Failure, Reason};

/// How much of a file is read to see what it is.
const HEAD: u64 = 4096;

/// The failure to execute `command`, which `candidates` were tried for.
pub(super) fn refused(command: &OsStr, candidates: &[CString], errno: Errno) -> Failure {
    match errno {
        Errno::ENOENT | Errno::ENOTDIR | Errno::ESTALE | Errno::ENODEV | Errno::ETIMEDOUT => {
            match first_present(candidates) {
                Some(path) => interpreter_missing(&path),
                None => not_found(command),
            }
        }
        Errno::EACCES => no_permission(command, candidates),
        Errno::ENOEXEC => not_a_program(command, candidates),
        _ => {
            let text = errno.desc();
            cannot_run(command, &lower_first(text))
        }
    }
}

fn not_found(command: &OsStr) -> Failure {
    let shown = command.display();
    if command.is_empty() {
        return Failure::new(Reason::NotFound, "the command is empty")
            .help("write the program to start after `--`");
    }
    if command.as_bytes().contains(&b'/') {
        return Failure::new(Reason::NotFound, format!("there is no file `{shown}`"));
    }
    let text = format!("there is no `{shown}` in the PATH that phase-run inherited");
    let failure = Failure::new(Reason::NotFound, text);
    if command.as_bytes().contains(&b' ') {
        return failure.help(format!(
            "this is one word: write `-- {shown}` without quotes, or `--command '{shown}'` for a shell's line"
        ));
    }
    failure.help("a PATH among the secrets is for the command itself: nothing is looked up in it. Name the program with its folder, or set PATH before phase-run starts")
}

/// The file is there, so what the kernel misses is what should run it.
fn interpreter_missing(path: &Path) -> Failure {
    let shown = path.display();
    let head = head(path);
    let failure = |text: String| Failure::new(Reason::NotFound, text);
    if let Some(interpreter) = script_interpreter(&head) {
        return failure(format!(
            "`{shown}` starts with `#!{interpreter}`, and there is no `{interpreter}`"
        ))
        .help("install that interpreter, or correct the script's first line");
    }
    if head.starts_with(ELF) {
        let loader = elf_loader(&head).map_or(String::new(), |loader| format!(" `{loader}`"));
        return failure(format!(
            "`{shown}` needs the dynamic loader{loader}, which is not here"
        ))
        .help("it was built for another C library: install that one, or use a static build");
    }
    failure(format!("`{shown}` names an interpreter that is not here"))
}

fn no_permission(command: &OsStr, candidates: &[CString]) -> Failure {
    // A directory of that name may stand in PATH before the file.
    let present = || candidates.iter().map(|path| as_path(path));
    let file = present().find(|path| path.is_file());
    let Some(path) = file.or_else(|| first_present(candidates)) else {
        return cannot_run(command, "a directory on the way to it may not be searched");
    };
    let shown = path.display();
    let failure = |text: String| Failure::new(Reason::NotExecutable, text);
    if path.is_dir() {
        return failure(format!("`{shown}` is a directory"));
    }
    let candidate = candidates.iter().find(|other| as_path(other) == path);
    if candidate.is_some_and(|candidate| lookup::check(candidate).is_ok()) {
        let through = script_interpreter(&head(&path));
        let through = through.map_or(String::new(), |name| format!(" through `{name}`"));
        return failure(format!(
            "`{shown}` may not be executed{through}: permission denied"
        ));
    }
    failure(format!("`{shown}` is not executable"))
        .help("set its mode with `chmod +x`, and see that its file system is not mounted noexec")
}

/// The kernel knows no way to run it, and a shell had no go at it or is missing.
fn not_a_program(command: &OsStr, candidates: &[CString]) -> Failure {
    let executable = candidates.iter().find(|path| lookup::check(path).is_ok());
    let Some(path) = executable.map(|path| as_path(path)) else {
        return cannot_run(command, "it is not a program");
    };
    let shown = path.display();
    let head = head(&path);
    let failure = |text: String| Failure::new(Reason::NotExecutable, text);
    if head.starts_with(ELF) {
        failure(format!(
            "`{shown}` is a program for another processor or system than this one ({})",
            std::env::consts::ARCH
        ))
    } else if head.contains(&0) {
        failure(format!("`{shown}` is neither a program nor a script"))
    } else {
        failure(format!(
            "`{shown}` is a script without `#!`, and there is no `/bin/sh` to run it"
        ))
        .help("give it a first line like `#!/path/to/interpreter`, or start the interpreter itself")
    }
}

fn cannot_run(command: &OsStr, why: &str) -> Failure {
    let shown = command.display();
    Failure::new(
        Reason::NotExecutable,
        format!("`{shown}` cannot be executed: {why}"),
    )
}

fn first_present(candidates: &[CString]) -> Option<PathBuf> {
    candidates
        .iter()
        .map(|path| as_path(path))
        .find(|path| fs::metadata(path).is_ok())
}

fn as_path(path: &CStr) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(path.to_bytes()))
}

/// The beginning of a file; empty if it cannot be read.
fn head(path: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    if let Ok(file) = File::open(path) {
        // Half a head is as good as none: the words get less exact.
        let _ = file.take(HEAD).read_to_end(&mut head);
    }
    head
}

fn script_interpreter(head: &[u8]) -> Option<String> {
    let line = head
        .strip_prefix(b"#!")?
        .split(|byte| *byte == b'\n')
        .next()?;
    let line = String::from_utf8_lossy(line);
    // A carriage return is part of the name, and often what is wrong with it.
    let name = line.trim_start().split([' ', '\t']).next()?;
    (!name.is_empty()).then(|| name.escape_debug().to_string())
}

const ELF: &[u8] = b"\x7fELF";

/// The loader that a 64-bit program of this byte order asks for.
fn elf_loader(head: &[u8]) -> Option<String> {
    const LOADER_SEGMENT: usize = 3;
    let number = |at: usize, size: usize| -> Option<usize> {
        let mut bytes = [0; size_of::<u64>()];
        bytes[..size].copy_from_slice(head.get(at..at.checked_add(size)?)?);
        usize::try_from(u64::from_le_bytes(bytes)).ok()
    };
    if *head.get(4)? != 2 || *head.get(5)? != 1 {
        return None;
    }
    let (table, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
    for index in 0..count {
        let segment = table.checked_add(index * size)?;
        if number(segment, 4)? == LOADER_SEGMENT {
            let start = number(segment.checked_add(8)?, 8)?;
            let name = head.get(start..)?.split(|byte| *byte == 0).next()?;
            return Some(String::from_utf8_lossy(name).into_owned());
        }
    }
    None
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests;
