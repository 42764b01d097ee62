//! What `execve` keeps, the command gets as we got it, in both modes.

use std::collections::BTreeMap;

use crate::support::event::Report;
use crate::support::run::{Run, child_program};

/// Those lines of `/proc/self/status` that a process inherits.
const INHERITED: [&str; 16] = [
    "CapAmb",
    "CapBnd",
    "CapEff",
    "CapInh",
    "CapPrm",
    "Cpus_allowed",
    "Gid",
    "Groups",
    "NoNewPrivs",
    "Seccomp",
    "ShdPnd",
    "SigBlk",
    "SigCgt",
    "SigIgn",
    "Uid",
    "Umask",
];

#[track_caller]
fn report(run: Run) -> Report {
    run.child("report").status(0).silent().report()
}

fn inherited(report: &Report) -> BTreeMap<&str, Option<&String>> {
    INHERITED
        .into_iter()
        .map(|name| (name, report.status.get(name)))
        .collect()
}

/// The entries that do not depend on the run's folder.
fn lasting(report: &Report) -> Vec<&Vec<u8>> {
    let lasts = |entry: &&Vec<u8>| !entry.starts_with(b"HOME=") && !entry.starts_with(b"XDG_");
    report.environment.iter().filter(lasts).collect()
}

/// Runs in all places, and each with the same run without us.
fn pairs(change: impl Fn(Run) -> Run) -> Vec<(Report, Report)> {
    let [place, one] = [Run::bare(), Run::bare().pid_one()].map(|run| report(change(run)));
    let [a, b, c, d] = Run::everywhere().map(|run| report(change(run)));
    vec![(a, place.clone()), (b, one.clone()), (c, place), (d, one)]
}

#[test]
fn limits_umask_niceness_and_capabilities_are_kept() {
    for (with, without) in pairs(|run| run.stage(|stage| stage.odd = true)) {
        assert_eq!(inherited(&with), inherited(&without));
        assert_eq!(with.limits, without.limits);
        assert_eq!(with.nice, without.nice);
        assert_eq!(with.oom_score, without.oom_score);
        assert_eq!(with.timer_slack, without.timer_slack);
        assert_eq!(with.status["Umask"], "0137", "the stage is odd");
        assert_eq!(
            with.status["NoNewPrivs"], "0",
            "programs like sudo keep working"
        );
    }
}

#[test]
fn the_environment_keeps_its_bytes_its_order_and_its_oddities() {
    let odd: [&[u8]; 11] = [
        b"A=1",
        b"DUP=first",
        b"DUP=second",
        b"EMPTY=",
        b"BIN=\xff\xfe\x80",
        b"NL=a\nb",
        b"MALFORMED",
        b"=weird",
        b"foo.bar-baz=x",
        b"1digit=first",
        b"LAST=1",
    ];
    let odd = odd.map(<[u8]>::to_vec);
    for (with, without) in pairs(|run| run.stage(|stage| stage.entries = odd.to_vec())) {
        assert_eq!(lasting(&with), lasting(&without));
        assert!(with.environment.ends_with(&odd));
    }
}

#[test]
fn the_arguments_arrive_byte_for_byte() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let words: [&[u8]; 10] = [
        b"report",
        b"",
        b" ",
        b"a b",
        b"\n",
        b"--",
        b"-x",
        b"\xff\xfe",
        b"$HOME",
        b"*",
    ];
    for run in Run::everywhere() {
        let program = child_program();
        let command = [program.as_os_str()].into_iter();
        let typed = words.map(OsStr::from_bytes);
        let report = run.command(command.chain(typed)).status(0).report();
        assert_eq!(report.arguments[1..], words.map(<[u8]>::to_vec));
        assert_eq!(report.arguments[0], program.as_os_str().as_bytes());
    }
}

#[test]
fn the_first_word_arrives_as_it_was_typed() {
    for run in Run::everywhere() {
        run.command(["sh", "-c", "cat /proc/$$/cmdline"])
            .stdout("sh\0-c\0cat /proc/$$/cmdline\0");
    }
}

#[test]
fn standard_input_reaches_the_command_byte_for_byte() {
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    for run in Run::everywhere() {
        run.stdin(&bytes).command(["cat"]).stdout(&bytes).status(0);
    }
}

#[test]
fn a_supervisor_holds_no_working_directory_when_the_command_starts() {
    for run in Run::supervisors() {
        // Whoever may not look says nothing.
        let script = "readlink /proc/$PPID/cwd || echo /";
        for _ in 0..20 {
            Run::with(&[])
                .supervised()
                .sh(script)
                .stdout("/\n")
                .status(0);
        }
        run.sh(script).stdout("/\n").status(0);
    }
}

#[test]
fn the_working_directory_is_ours() {
    for run in Run::everywhere() {
        let folder = run.folder().canonicalize().unwrap();
        assert_eq!(report(run).folder, folder.to_str().unwrap());
    }
}

#[test]
fn blocked_and_ignored_signals_are_those_that_we_started_with() {
    let blocked = vec![libc::SIGUSR1, libc::SIGTERM, libc::SIGTTIN, 34, 64];
    let ignored = vec![
        libc::SIGHUP,
        libc::SIGINT,
        libc::SIGQUIT,
        libc::SIGPIPE,
        libc::SIGTTOU,
        libc::SIGTSTP,
        libc::SIGUSR2,
        libc::SIGCHLD,
        35,
    ];
    let bits = |signals: &[i32]| {
        let mask = signals
            .iter()
            .fold(0_u64, |mask, signal| mask | 1 << (signal - 1));
        format!("{mask:016x}")
    };
    for run in Run::everywhere() {
        let report = report(run.stage(|stage| {
            stage.blocked.clone_from(&blocked);
            stage.ignored.clone_from(&ignored);
        }));
        assert_eq!(report.status["SigBlk"], bits(&blocked));
        assert_eq!(report.status["SigIgn"], bits(&ignored));
    }
}

#[test]
fn nothing_is_blocked_ignored_or_pending_that_was_not_before() {
    for run in Run::everywhere() {
        let report = report(run);
        for name in ["SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd"] {
            assert_eq!(report.status[name], "0000000000000000", "{name}");
        }
    }
}

#[test]
fn a_service_whose_manager_ignores_sigpipe_ignores_it_too() {
    for run in Run::everywhere() {
        let report = report(run.stage(|stage| stage.ignored = vec![libc::SIGPIPE]));
        assert_eq!(report.status["SigIgn"], "0000000000001000");
    }
}

#[test]
fn all_signals_may_be_blocked_from_the_start() {
    for run in Run::everywhere() {
        run.stage(|stage| stage.blocked = (1..=64).collect())
            .sh("exit 7")
            .status(7);
    }
}

#[test]
fn the_command_gets_the_descriptors_that_we_got_and_no_others() {
    for run in Run::everywhere() {
        let null = |fd| (fd, "/dev/null".into());
        let report = report(run.stage(|stage| stage.opened = vec![null(5), null(9)]));
        let found: Vec<_> = report.descriptors.keys().copied().collect();
        assert_eq!(found, [0, 1, 2, 5, 9]);
        assert_eq!(report.descriptors[&9], "/dev/null");
    }
}

#[test]
fn a_descriptor_that_is_closed_stays_closed() {
    for closed in [vec![0], vec![2], vec![0, 2]] {
        for run in Run::everywhere() {
            let report = report(run.stage(|stage| stage.closed.clone_from(&closed)));
            let found: Vec<_> = report.descriptors.keys().copied().collect();
            let wanted: Vec<_> = (0..=2).filter(|fd| !closed.contains(fd)).collect();
            assert_eq!(found, wanted);
        }
    }
    for run in Run::everywhere() {
        run.stage(|stage| stage.closed = vec![0, 1, 2])
            .sh("exit 7")
            .status(7);
    }
}
