use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// A file of this mode and contents, and what is said when `execve` of it
/// fails with an error.
struct Exhibit {
    _folder: TempDir,
    path: PathBuf,
}

impl Exhibit {
    fn new(mode: u32, contents: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tool");
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        Self {
            _folder: folder,
            path,
        }
    }

    #[track_caller]
    fn says(&self, errno: Errno, reason: Reason, text: &str) {
        says(self.path.as_os_str(), &[&self.path], errno, reason, text);
    }
}

/// `text` may leave the folder of the file out.
#[track_caller]
fn says(command: &OsStr, candidates: &[&Path], errno: Errno, reason: Reason, text: &str) {
    let candidates: Vec<CString> = candidates
        .iter()
        .map(|path| CString::new(path.as_os_str().as_bytes()).unwrap())
        .collect();
    let failure = refused(command, &candidates, errno);
    assert_eq!(failure.reason(), reason, "{failure}");
    let said = format!("{failure}\n{}", failure.advice().join("\n"));
    assert!(said.contains(text), "{said}");
}

/// The head of a 64-bit program that asks for this loader.
fn program(loader: &[u8]) -> Vec<u8> {
    let mut head = vec![0; 120];
    head[..6].copy_from_slice(b"\x7fELF\x02\x01");
    head[32] = 64;
    head[54] = 56;
    head[56] = 1;
    head[64] = 3;
    head[72] = 120;
    [&head, loader, b"\0"].concat()
}

#[test]
fn a_missing_interpreter_is_named_and_not_the_script() {
    for line in [
        "#!/nowhere/ruby\n",
        "#! /nowhere/ruby -w\n",
        "#!\t/nowhere/ruby",
    ] {
        Exhibit::new(0o755, line.as_bytes()).says(
            Errno::ENOENT,
            Reason::NotFound,
            "tool` starts with `#!/nowhere/ruby`, and there is no `/nowhere/ruby`\n",
        );
    }
}

#[test]
fn a_carriage_return_in_the_first_line_is_shown() {
    Exhibit::new(0o755, b"#!/bin/sh\r\necho\r\n").says(
        Errno::ENOENT,
        Reason::NotFound,
        r"there is no `/bin/sh\r`",
    );
}

#[test]
fn a_missing_loader_is_named() {
    let exhibit = Exhibit::new(0o755, &program(b"/lib/ld-musl-x86_64.so.1"));
    let text = "needs the dynamic loader `/lib/ld-musl-x86_64.so.1`, which is not here";
    exhibit.says(Errno::ENOENT, Reason::NotFound, text);
    let exhibit = Exhibit::new(0o755, b"\x7fELF\x01\x01");
    let text = "needs the dynamic loader, which is not here";
    exhibit.says(Errno::ENOENT, Reason::NotFound, text);
}

#[test]
fn a_program_for_another_machine_is_told_from_garbage() {
    let reason = Reason::NotExecutable;
    let exhibit = Exhibit::new(0o755, &program(b"/lib/ld.so"));
    exhibit.says(Errno::ENOEXEC, reason, "for another processor or system");
    exhibit.says(Errno::ENOEXEC, reason, std::env::consts::ARCH);
    let exhibit = Exhibit::new(0o755, b"MZ\x90\0\x03\0");
    exhibit.says(Errno::ENOEXEC, reason, "neither a program nor a script");
}

#[test]
fn a_script_without_a_shell_to_run_it_is_told_what_it_lacks() {
    let exhibit = Exhibit::new(0o755, b"echo hello\n");
    let text = "is a script without `#!`, and there is no `/bin/sh`";
    exhibit.says(Errno::ENOEXEC, Reason::NotExecutable, text);
}

#[test]
fn a_directory_is_called_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let reason = Reason::NotExecutable;
    says(
        path.as_os_str(),
        &[path],
        Errno::EACCES,
        reason,
        "` is a directory",
    );
}

#[test]
fn a_file_without_the_right_to_execute_is_called_so() {
    let exhibit = Exhibit::new(0o644, b"#!/bin/sh\n");
    let reason = Reason::NotExecutable;
    exhibit.says(Errno::EACCES, reason, "tool` is not executable\n");
    exhibit.says(Errno::EACCES, reason, "chmod +x");
}

#[test]
fn a_file_is_told_before_a_directory_that_stood_in_path_before_it() {
    let exhibit = Exhibit::new(0o644, b"");
    let folder = tempfile::tempdir().unwrap();
    says(
        OsStr::new("tool"),
        &[folder.path(), &exhibit.path],
        Errno::EACCES,
        Reason::NotExecutable,
        "tool` is not executable",
    );
}

#[test]
fn an_interpreter_that_may_not_be_executed_is_named() {
    let exhibit = Exhibit::new(0o755, b"#!/etc/passwd\n");
    let text = "may not be executed through `/etc/passwd`: permission denied";
    exhibit.says(Errno::EACCES, Reason::NotExecutable, text);
}

#[test]
fn an_absent_command_is_told_by_where_it_was_looked_for() {
    let missing = |command: &str, text: &str| {
        let nowhere = Path::new("/nowhere/tool");
        for errno in [Errno::ENOENT, Errno::ENOTDIR] {
            says(
                OsStr::new(command),
                &[nowhere],
                errno,
                Reason::NotFound,
                text,
            );
        }
    };
    missing("tool", "there is no `tool` in the PATH");
    missing("/nowhere/tool", "there is no file `/nowhere/tool`");
    missing("", "the command is empty");
}

#[test]
fn a_line_in_one_word_is_told_how_to_be_written() {
    says(
        OsStr::new("node server.js"),
        &[],
        Errno::ENOENT,
        Reason::NotFound,
        "write `-- node server.js` without quotes, or `--command 'node server.js'`",
    );
}

#[test]
fn any_other_error_is_given_in_the_systems_words() {
    let exhibit = Exhibit::new(0o755, b"");
    for (errno, text) in [
        (Errno::ETXTBSY, "text file busy"),
        (Errno::ELOOP, "too many"),
        (Errno::EPERM, "operation not permitted"),
    ] {
        exhibit.says(errno, Reason::NotExecutable, text);
    }
}

#[test]
fn a_name_of_any_bytes_can_be_spoken_of() {
    let command = OsStr::from_bytes(b"\xff\n");
    for errno in [Errno::ENOENT, Errno::EACCES, Errno::ENOEXEC, Errno::E2BIG] {
        assert!(!refused(command, &[], errno).to_string().is_empty());
    }
}

proptest! {
    #[test]
    fn no_head_of_a_file_is_too_strange(
        head in proptest::collection::vec(any::<u8>(), 0..200),
        cut in 0..160_usize,
        at in 0..160_usize,
    ) {
        script_interpreter(&head);
        script_interpreter(&[b"#!", &head[..]].concat());
        let mut damaged = program(b"/lib/ld.so");
        for (place, byte) in damaged.iter_mut().skip(at.max(6)).zip(&head) {
            *place = *byte;
        }
        damaged.truncate(cut);
        elf_loader(&damaged);
    }
}
