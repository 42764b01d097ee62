//! The protocols of systemd, by which a service's process is named.

use std::os::unix::net::UnixDatagram;

use crate::support::run::Run;

#[test]
fn socket_activation_names_the_command() {
    let script = "echo $$ $LISTEN_PID $WATCHDOG_PID $SYSTEMD_EXEC_PID $LISTEN_FDS $LISTEN_FDNAMES";
    for run in Run::everywhere() {
        let names = ["LISTEN_PID", "WATCHDOG_PID", "SYSTEMD_EXEC_PID"].map(str::to_owned);
        let run = run.stage(|stage| stage.pid_variables = names.to_vec());
        let run = run
            .variable("LISTEN_FDS", "1")
            .variable("LISTEN_FDNAMES", "web");
        let text = run.sh(script).status(0).text();
        let words: Vec<_> = text.split_whitespace().collect();
        let pid = words[0];
        assert_eq!(words, [pid, pid, pid, pid, "1", "web"]);
    }
}

#[test]
fn socket_activation_for_another_process_stays_as_it_is() {
    for run in Run::everywhere() {
        let run = run
            .variable("LISTEN_PID", "123456")
            .variable("WATCHDOG_PID", "1234567");
        run.sh("echo $LISTEN_PID $WATCHDOG_PID")
            .stdout("123456 1234567\n")
            .status(0);
    }
}

#[test]
fn the_number_of_a_process_that_does_not_exist_any_more_leaves_a_supervised_command() {
    for run in Run::supervisors() {
        let run = run.stage(|stage| stage.pid_variables = vec!["LISTEN_PID".into()]);
        let run = run
            .variable("LISTEN_PIDFDID", "4711")
            .variable("LISTEN_FDS", "1");
        run.sh("echo ${LISTEN_PIDFDID-none} $LISTEN_FDS")
            .stdout("none 1\n");
    }
}

/// What the manager is told until the command has ended. The command gets the socket too.
fn told(run: Run) -> String {
    let socket = run.folder().join("notify");
    let manager = UnixDatagram::bind(&socket).expect("a folder of ours");
    let run = run
        .variable("NOTIFY_SOCKET", &socket)
        .sh("echo $NOTIFY_SOCKET");
    run.stdout(format!("{}\n", socket.display())).status(0);
    manager.set_nonblocking(true).expect("a socket");
    let mut text = String::new();
    let mut message = [0; 512];
    while let Ok(length) = manager.recv(&mut message) {
        text += &String::from_utf8_lossy(&message[..length]);
        text.push('\n');
    }
    text
}

#[test]
fn a_supervisor_has_the_manager_listen_to_the_command() {
    for run in Run::supervisors() {
        let text = told(run);
        assert!(
            text.lines().any(|line| line == "NOTIFYACCESS=all"),
            "{text}"
        );
    }
}

#[test]
fn a_command_that_we_become_speaks_for_itself() {
    let text = told(Run::with(&[]).exec());
    for word in ["MAINPID=", "NOTIFYACCESS=", "READY="] {
        assert!(!text.contains(word), "{text}");
    }
}
