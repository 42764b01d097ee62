//! Which file a command is, and what is said when it cannot be executed.

use std::fs;

use crate::support::run::Run;

/// In each place: this status, this word, this name, and nothing on standard output.
#[track_caller]
fn refused(change: impl Fn(Run) -> Run, status: i32, word: &str, name: &str) {
    for run in Run::everywhere() {
        change(run)
            .stderr_has(&format!("phase-run: error[{word}]: "))
            .stderr_has(name)
            .status(status)
            .stdout("");
    }
}

/// In each place: this status.
#[track_caller]
fn each(change: impl Fn(Run) -> Run, status: i32) {
    for run in Run::everywhere() {
        change(run).status(status);
    }
}

fn search_path(run: Run, folders: &[&str]) -> Run {
    let folders = folders.iter().map(|folder| run.folder().join(folder));
    let path = std::env::join_paths(folders).expect("no colon in a folder of ours");
    run.variable("PATH", path)
}

#[test]
fn a_command_that_is_nowhere_in_path_is_127() {
    let command = |run: Run| run.command(["no-such-command-xyz", "--", "x"]);
    refused(command, 127, "not-found", "no-such-command-xyz");
}

#[test]
fn a_file_that_is_not_there_is_127() {
    refused(
        |run| run.command(["/nonexistent/command"]),
        127,
        "not-found",
        "/nonexistent/command",
    );
}

#[test]
fn a_file_in_a_file_is_127() {
    let command = |run: Run| run.file("plain", 0o644, "").command(["./plain/command"]);
    refused(command, 127, "not-found", "./plain/command");
}

#[test]
fn an_empty_command_is_127() {
    refused(|run| run.command([""]), 127, "not-found", "");
}

#[test]
fn a_file_without_the_right_to_be_executed_is_126() {
    let command = |run: Run| {
        run.file("plain", 0o644, "#!/bin/sh\nexit 0\n")
            .command(["./plain"])
    };
    refused(command, 126, "not-executable", "./plain");
}

#[test]
fn a_folder_is_126() {
    refused(
        |run| run.file("folder/x", 0o644, "").command(["./folder"]),
        126,
        "not-executable",
        "./folder",
    );
}

#[test]
fn a_symbolic_link_to_itself_is_126() {
    let command = |run: Run| {
        std::os::unix::fs::symlink("loop", run.folder().join("loop")).unwrap();
        run.command(["./loop"])
    };
    refused(command, 126, "not-executable", "./loop");
}

#[test]
fn bytes_that_are_no_program_are_126() {
    let garbage = b"\x7fNOTELF\0\x01\x02".repeat(20);
    let command = |run: Run| run.file("garbage", 0o755, &garbage).command(["./garbage"]);
    refused(command, 126, "not-executable", "./garbage");
}

#[test]
fn a_program_for_another_machine_is_126_and_the_message_says_so() {
    let mut program = fs::read("/bin/true").unwrap();
    // The field e_machine: 0xf3 is RISC-V, or 0x3e is x86-64.
    program[18] = if program[18] == 0xf3 { 0x3e } else { 0xf3 };
    let command = |run: Run| run.file("foreign", 0o755, &program).command(["./foreign"]);
    refused(command, 126, "not-executable", "processor");
}

#[test]
fn a_script_whose_interpreter_is_missing_is_127_and_the_message_says_so() {
    let script = "#!/nonexistent/interpreter\n";
    let command = |run: Run| run.file("script", 0o755, script).command(["./script"]);
    refused(command, 127, "not-found", "./script");
    refused(command, 127, "not-found", "interpreter");
}

#[test]
fn a_text_without_an_interpreter_line_is_a_script_for_the_shell() {
    let script = "printf '%s|' \"$0\" \"$@\"; exit 33\n";
    let command = |run: Run| {
        run.file("script", 0o755, script)
            .command(["./script", "a b", ""])
    };
    for run in Run::everywhere() {
        command(run).stdout("./script|a b||").status(33);
    }
}

#[test]
fn where_there_is_no_shell_such_a_text_is_126() {
    for run in [Run::with(&[]).exec(), Run::with(&[]).supervised()] {
        let run = run
            .pid_one()
            .stage(|stage| stage.hidden = vec!["/bin/sh".into()]);
        let finished = run
            .file("script", 0o755, "exit 33\n")
            .command(["./script"])
            .status(126);
        finished
            .stdout("")
            .stderr_has("phase-run: error[not-executable]: ");
    }
}

#[test]
fn the_search_goes_past_a_file_that_cannot_be_executed() {
    let command = |run: Run| {
        let run = run.file("a/tool", 0o644, "#!/bin/sh\nexit 1\n");
        let run = run.file("b/tool", 0o755, "#!/bin/sh\nexit 44\n");
        search_path(run, &["a", "b"]).command(["tool"])
    };
    each(command, 44);
}

#[test]
fn the_search_goes_past_folders_that_are_none() {
    let command = |run: Run| {
        let run = run
            .file("plain", 0o644, "")
            .file("b/tool", 0o755, "#!/bin/sh\nexit 44\n");
        search_path(run, &["missing", "plain", "b/"]).command(["tool"])
    };
    each(command, 44);
}

#[test]
fn a_search_that_finds_only_what_cannot_be_executed_is_126() {
    let command = |run: Run| {
        let run = run.file("a/tool", 0o644, "#!/bin/sh\nexit 1\n");
        search_path(run, &["a", "b"]).command(["tool"])
    };
    refused(command, 126, "not-executable", "a/tool");
}

#[test]
fn an_empty_part_of_path_is_the_working_directory() {
    let command = |run: Run| {
        let run = run.file("tool", 0o755, "#!/bin/sh\nexit 44\n");
        run.variable("PATH", "/nonexistent:").command(["tool"])
    };
    each(command, 44);
}

#[test]
fn without_path_the_systems_own_folders_are_searched() {
    let command = |run: Run| run.without("PATH").command(["sh", "-c", "exit 7"]);
    each(command, 7);
}

#[test]
fn a_file_that_only_a_descriptor_names_can_be_executed() {
    let command = |run: Run| {
        let run = run.stage(|stage| stage.opened = vec![(9, "/bin/true".into())]);
        run.command(["/proc/self/fd/9"])
    };
    each(command, 0);
}

#[test]
fn a_path_among_the_secrets_finds_no_command_and_the_message_says_so() {
    let run = Run::with(&["--only", "PATH"]).file("tools/tool", 0o755, "#!/bin/sh\n");
    let tools = run.folder().join("tools");
    let run = run.secrets(&[("PATH", tools.to_str().expect("a plain path"))]);
    let finished = run.command(["tool"]).failed(127, "not-found");
    finished
        .stderr_has("there is no `tool` in the PATH that phase-run inherited")
        .stderr_has("a PATH among the secrets is for the command itself");
}
