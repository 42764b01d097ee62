//! Writers that are killed, that come together, or that have no room.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::*;

fn writer() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let profile = tests.ancestors().nth(2).unwrap();
    profile.join("examples/writer")
}

/// A process that adds `count` secrets.
fn adding(desk: &Desk, prefix: &str, count: &str) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(writer())
        .arg("add")
        .args([desk.file(), desk.path("identity")])
        .args([prefix, count])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    (child, lines)
}

#[test]
fn a_writer_that_is_killed_loses_nothing_that_it_acknowledged() {
    let desk = Desk::with(&["FIRST"]);
    desk.identity.save(&desk.path("identity")).unwrap();
    let mut acknowledged = BTreeSet::from(["FIRST".to_owned()]);
    let mut interrupted = 0;
    for round in 0..200 {
        let (mut child, mut lines) = adding(&desk, &format!("R{round}"), "1000000");
        let mut text = String::new();
        lines.read_line(&mut text).unwrap();
        // Not waiting for anything: this is the random moment.
        thread::sleep(Duration::from_micros(fastrand::u64(0..8000)));
        child.kill().unwrap();
        child.wait().unwrap();
        lines.read_to_string(&mut text).unwrap();
        acknowledged.extend(text.lines().map(str::to_owned));

        interrupted += usize::from(desk.path("vault.new").exists());
        let there: BTreeSet<_> = desk.names().into_iter().collect();
        assert!(
            acknowledged.is_subset(&there),
            "round {round}: a write is lost"
        );
        let more = there.difference(&acknowledged).count();
        assert!(
            more <= round + 1,
            "at most one in each round came without being acknowledged"
        );
    }
    assert!(interrupted > 0, "no process was killed while it wrote");
    desk.create(&secret("LAST", "x")).unwrap();
    assert!(
        !desk.path("vault.new").exists(),
        "what the killed ones left is gone"
    );
}

#[test]
fn eight_writers_at_once_lose_nothing() {
    let desk = Desk::new();
    desk.identity.save(&desk.path("identity")).unwrap();
    let writers: Vec<_> = (0..8)
        .map(|number| adding(&desk, &format!("W{number}"), "5"))
        .collect();
    for (mut child, mut lines) in writers {
        let mut text = String::new();
        lines.read_to_string(&mut text).unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(text.lines().count(), 5);
    }
    assert_eq!(desk.names().len(), 40);
}

#[test]
fn of_two_who_make_the_same_vault_one_succeeds() {
    let desk = Desk::bare();
    let results: Vec<_> = thread::scope(|scope| {
        let makers: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| wait(desk.vault().create(&[]))))
            .collect();
        makers
            .into_iter()
            .map(|maker| maker.join().unwrap())
            .collect()
    });
    let refused: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].kind(), ErrorKind::Conflict);
}

#[test]
fn who_waits_too_long_for_another_writer_is_told_for_which_file() {
    let desk = Desk::with(&["NAME"]);
    let lock = fs::File::open(desk.path("vault.lock")).unwrap();
    lock.lock().unwrap();
    let client = desk.client().timeout(Duration::from_millis(50));
    let error = wait(client.create(&place(), &secret("OTHER", "x"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("vault.lock"), "{error}");
    assert_eq!(desk.names(), ["NAME"], "reading waits for nobody");
    drop(lock);
    wait(client.create(&place(), &secret("OTHER", "x"))).unwrap();
}

/// Runs the writer where it can mount a file system of its own.
#[cfg(target_os = "linux")]
#[track_caller]
fn in_own_mounts(what: &str) {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command
        .args(["--mount", "--"])
        .arg(writer())
        .arg(what)
        .arg(directory.path());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "this needs a mount namespace: {said}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_vault_as_it_was() {
    in_own_mounts("full");
}

#[cfg(target_os = "linux")]
#[test]
fn a_vault_is_read_where_nothing_can_be_written() {
    in_own_mounts("readonly");
}
