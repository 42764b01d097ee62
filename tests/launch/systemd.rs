//! The protocols of systemd, by which a service's process is named.

use std::os::unix::net::UnixDatagram;

use crate::support::run::{Run, child_program};

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

/// What the manager is told until the command has ended, message by message.
fn told(run: Run) -> Vec<String> {
    let socket = run.folder().join("notify");
    let manager = UnixDatagram::bind(&socket).expect("a folder of ours");
    run.variable("NOTIFY_SOCKET", &socket).status(0);
    manager.set_nonblocking(true).expect("a socket");
    let mut messages = Vec::new();
    let mut message = [0; 512];
    while let Ok(length) = manager.recv(&mut message) {
        messages.push(String::from_utf8_lossy(&message[..length]).into_owned());
    }
    messages
}

#[test]
fn what_a_supervised_command_tells_systemd_is_passed_on_but_not_who_the_service_is() {
    for run in Run::supervisors() {
        let messages = told(run.child("notify READY=1 MAINPID=4711 STATUS=up X_OWN=1"));
        let last = messages.last().map(String::as_str);
        assert_eq!(last, Some("READY=1\nSTATUS=up\nX_OWN=1"), "{messages:?}");
        let text = messages.concat();
        assert!(!text.contains("NOTIFYACCESS"), "{text}");
    }
    for run in Run::supervisors() {
        let messages = told(run.child("notify MAINPID=4711 NOTIFYACCESS=none"));
        let text = messages.concat();
        assert!(!text.contains("MAINPID") && !text.contains("NOTIFYACCESS"));
    }
}

#[test]
fn the_last_word_of_each_process_below_the_command_is_passed_on() {
    let child = child_program();
    let child = child.display();
    for run in Run::supervisors() {
        let script = format!(
            "{child} notify READY=1; {child} notify STATUS=a & wait; exec {child} notify STOPPING=1"
        );
        let messages = told(run.sh(&script));
        let last = &messages[messages.len() - 3..];
        assert_eq!(last, ["READY=1", "STATUS=a", "STOPPING=1"]);
    }
}

#[test]
fn a_manager_that_nobody_can_speak_to_stays_the_commands() {
    for socket in ["/nowhere/notify", "vsock:2:1", ""] {
        for run in Run::supervisors() {
            let run = run.variable("NOTIFY_SOCKET", socket);
            run.sh("echo $NOTIFY_SOCKET")
                .stdout(format!("{socket}\n"))
                .status(0);
        }
    }
}

#[test]
fn a_command_that_we_become_speaks_for_itself() {
    let messages = told(Run::with(&[]).exec().child("notify MAINPID=1"));
    assert_eq!(messages.last().map(String::as_str), Some("MAINPID=1"));
    let text = messages[..messages.len() - 1].concat();
    for word in ["MAINPID=", "NOTIFYACCESS=", "READY="] {
        assert!(!text.contains(word), "{text}");
    }
}
