use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::exit::Reason;

/// What is tried, as text.
fn tried(command: &str, path: Option<&str>) -> Vec<String> {
    candidates(OsStr::new(command), path.map(str::as_bytes))
        .iter()
        .map(|path| path.to_str().unwrap().to_owned())
        .collect()
}

/// Directories, some of which hold a file `tool`.
struct Shelf(TempDir);

impl Shelf {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn place(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn directory(&self, name: &str) -> PathBuf {
        let place = self.place(name);
        fs::create_dir_all(&place).unwrap();
        place
    }

    /// A `tool` of this mode in the directory `name`.
    fn tool(self, name: &str, mode: u32) -> Self {
        let file = self.directory(name).join("tool");
        fs::write(&file, "#!/bin/sh\n").unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// Looks `tool` up in these directories.
    fn look_up(&self, directories: &[&str]) -> Result<(), Failure> {
        let places: Vec<String> = directories
            .iter()
            .map(|name| self.place(name).to_str().unwrap().to_owned())
            .collect();
        look_up(OsStr::new("tool"), Some(places.join(":").as_bytes()))
    }

    #[track_caller]
    fn fails(&self, directories: &[&str], reason: Reason, text: &str) {
        let failure = self.look_up(directories).unwrap_err();
        assert_eq!(failure.reason(), reason, "{failure}");
        assert!(failure.to_string().contains(text), "{failure}");
    }
}

#[test]
fn every_directory_of_path_is_tried_in_order() {
    assert_eq!(tried("x", Some("/b:/a:/b")), ["/b/x", "/a/x", "/b/x"]);
}

#[test]
fn without_path_the_systems_directories_are_searched() {
    let mut found = tried("x", None);
    found.sort();
    assert_eq!(found, ["/bin/x", "/usr/bin/x"]);
}

#[test]
fn an_empty_element_is_the_working_directory() {
    assert_eq!(tried("x", Some(":/a")), ["x", "/a/x"]);
    assert_eq!(tried("x", Some("/a::/b")), ["/a/x", "x", "/b/x"]);
    assert_eq!(tried("x", Some("/a:")), ["/a/x", "x"]);
    assert_eq!(tried("x", Some("")), ["x"]);
}

#[test]
fn a_relative_directory_stays_relative() {
    assert_eq!(tried("x", Some("bin:./b:..")), ["bin/x", "./b/x", "../x"]);
}

#[test]
fn a_trailing_slash_does_no_harm() {
    assert_eq!(tried("x", Some("/a/")), ["/a//x"]);
}

#[test]
fn a_command_with_a_slash_is_taken_as_it_is() {
    for command in ["/bin/x", "./x", "a/b", "x/"] {
        assert_eq!(tried(command, Some("/a")), [command]);
    }
}

#[test]
fn an_empty_command_is_found_nowhere() {
    assert_eq!(tried("", Some("/bin")), [""; 0]);
    let failure = look_up(OsStr::new(""), Some(b"/bin")).unwrap_err();
    assert_eq!(failure.reason(), Reason::NotFound);
}

#[test]
fn a_directory_too_long_to_exist_is_passed_over() {
    let longest = "d".repeat(4095);
    let path = format!("{longest}d:{longest}:/a");
    assert_eq!(tried("x", Some(&path)), [&format!("{longest}/x"), "/a/x"]);
    Shelf::new()
        .tool("good", 0o755)
        .look_up(&[&longest, "good"])
        .unwrap();
}

#[test]
fn a_path_with_nul_is_not_tried() {
    assert_eq!(tried("x\0y", Some("/a")), [""; 0]);
    assert_eq!(tried("x", Some("/a\0b:/c")), ["/c/x"]);
}

#[test]
fn what_may_not_be_executed_is_passed_over_for_what_may() {
    let shelf = Shelf::new().tool("bad", 0o644).tool("good", 0o755);
    shelf.look_up(&["bad", "good"]).unwrap();
    shelf.look_up(&["good", "bad"]).unwrap();
}

#[test]
fn a_file_that_may_not_be_executed_is_remembered_to_the_end() {
    let shelf = Shelf::new().tool("bad", 0o644);
    shelf.directory("empty");
    let not_executable = Reason::NotExecutable;
    shelf.fails(&["bad"], not_executable, "bad/tool` is not executable");
    shelf.fails(&["bad", "empty"], not_executable, "bad/tool` is not");
    shelf.fails(&["absent", "bad", "absent"], not_executable, "bad/tool");
}

#[test]
fn a_directory_of_the_commands_name_is_not_the_command() {
    let shelf = Shelf::new().tool("good", 0o755).tool("bad", 0o644);
    shelf.directory("deceptive/tool");
    shelf.look_up(&["deceptive", "good"]).unwrap();
    let not_executable = Reason::NotExecutable;
    shelf.fails(&["deceptive"], not_executable, "is a directory");
    shelf.fails(&["deceptive", "bad"], not_executable, "bad/tool` is not");
}

#[test]
fn what_is_no_directory_is_passed_over() {
    let shelf = Shelf::new().tool("good", 0o755);
    shelf.look_up(&["good/tool", "absent", "good"]).unwrap();
    shelf.fails(&["good/tool"], Reason::NotFound, "no `tool` in the PATH");
}

#[test]
fn a_link_without_a_target_is_no_command() {
    let shelf = Shelf::new().tool("good", 0o755);
    symlink("nowhere", shelf.directory("dangling").join("tool")).unwrap();
    shelf.look_up(&["dangling", "good"]).unwrap();
    shelf.fails(&["dangling"], Reason::NotFound, "no `tool` in the PATH");
}

#[test]
fn a_loop_of_links_ends_the_search() {
    let shelf = Shelf::new().tool("good", 0o755);
    symlink("tool", shelf.directory("loop").join("tool")).unwrap();
    let not_executable = Reason::NotExecutable;
    shelf.fails(&["loop", "good"], not_executable, "symbolic links");
}
