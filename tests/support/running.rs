//! A run that is under way.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::event::Event;
use super::finished::Finished;
use super::output::Output;
use super::proc::Process;
use super::run::Run;
use super::signalling::kill;
use super::stage::Seat;
use super::terminal::Terminal;
use super::wait::DEADLINE;

/// Ends, when it goes out of scope, whatever it has started.
#[derive(Debug)]
pub(crate) struct Running {
    pub(super) control: BufReader<UnixStream>,
    pub(super) description: String,
    ended: Receiver<()>,
    pub(super) errors: Output,
    folder: TempDir,
    pub(super) input: Option<ChildStdin>,
    pub(super) output: Output,
    pub(super) pid: i32,
    pub(super) pid_one: bool,
    process: Child,
    terminal: Option<Terminal>,
}

impl Running {
    #[track_caller]
    pub(super) fn start(mut run: Run) -> Self {
        run.stage.control = run.folder().join("control");
        let socket = UnixListener::bind(&run.stage.control).expect("a folder with a short name");
        let terminal = run.on_terminal.then(Terminal::open);
        let mut command = run.assemble();
        connect(&mut command, terminal.as_ref(), run.redirected);
        let mut process = command.spawn().expect("the child program starts");
        drop(command);
        let output = match &terminal {
            Some(terminal) => Output::of(terminal.window()),
            None => Output::of(process.stdout.take().expect("a pipe")),
        };
        let errors = process.stderr.take().map_or_else(Output::none, Output::of);
        let mut input = process.stdin.take();
        if let Some(bytes) = &run.input {
            let mut input = input.take().expect("a run without a terminal");
            // A program that refuses its arguments does not read.
            if let Err(error) = input.write_all(bytes) {
                assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
            }
        }
        let mut running = Self {
            control: BufReader::new(accept(&socket)),
            description: run.description(),
            ended: watch(&process),
            errors,
            input,
            output,
            pid: process.id().cast_signed(),
            pid_one: run.stage.namespace,
            process,
            terminal,
            folder: run.folder,
        };
        running.learn_pid(run.stage.seat);
        running
    }

    /// Waits until `phase-run` is there: the stage closes its socket when it
    /// becomes `phase-run`. A shell keeps it, and tells its job's number.
    #[track_caller]
    fn learn_pid(&mut self, seat: Seat) {
        while let Some(event) = self.news() {
            match event {
                Event::Started { pid } => self.pid = pid,
                other => panic!("{}\n  did not start: {other:?}", self.description),
            }
            if seat.has_shell() {
                return;
            }
        }
    }

    /// What the stage says next; nothing when it has become `phase-run`.
    pub(super) fn news(&mut self) -> Option<Event> {
        let mut line = String::new();
        self.control.read_line(&mut line).expect("news in time");
        serde_json::from_str(&line).ok()
    }

    /// The number of `phase-run`, as we see it.
    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    /// The working directory of the run.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) fn terminal(&self) -> &Terminal {
        self.terminal.as_ref().expect("a run on a terminal")
    }

    /// The terminal's window is closed.
    pub(crate) fn hang_up(&mut self) {
        self.output.abandon();
        self.terminal = None;
    }

    /// Waits for its end, and not for that of its output: others may hold it.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        // The sender is gone after its one message, which may have been taken before.
        let ended = self.ended.recv_timeout(DEADLINE) != Err(RecvTimeoutError::Timeout);
        assert!(
            ended,
            "{}\n  does not end\n  errors: {}",
            self.description,
            self.errors.text()
        );
        self.process.wait().expect("a child of ours")
    }

    /// Waits for its end and that of its output.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Finished {
        let status = self.wait();
        let stdout = self.output.rest();
        let stderr = self.errors.rest();
        self.finished(status, stdout, stderr)
    }

    /// Waits for its end; of the output, only what is there already counts.
    #[track_caller]
    pub(crate) fn end(&mut self) -> Finished {
        let status = self.wait();
        self.finished(status, self.output.bytes(), self.errors.bytes())
    }

    fn finished(&self, status: ExitStatus, stdout: Vec<u8>, stderr: Vec<u8>) -> Finished {
        Finished {
            description: self.description.clone(),
            pid_one: self.pid_one,
            status,
            stderr,
            stdout,
        }
    }
}

impl Drop for Running {
    /// Ends what is still there: the session, which holds all but children
    /// that left it; those end with their standard input.
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|status| status.is_some()) {
            return;
        }
        let session = self.process.id().cast_signed();
        let mut ours = vec![self.pid, session];
        let members = Process::all()
            .into_iter()
            .filter(|process| process.session == session);
        ours.extend(members.map(|process| process.pid));
        for pid in ours {
            kill(pid, Signal::SIGKILL);
        }
        let _ = self.process.wait();
    }
}

fn connect(command: &mut Command, terminal: Option<&Terminal>, redirected: bool) {
    let Some(terminal) = terminal else {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        return;
    };
    command
        .stdin(terminal.line())
        .stdout(terminal.line())
        .stderr(terminal.line());
    if redirected {
        command.stdin(Stdio::null());
    }
}

fn accept(socket: &UnixListener) -> UnixStream {
    let mut one = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
    let patience = PollTimeout::try_from(DEADLINE).expect("a short time");
    assert!(
        poll(&mut one, patience) == Ok(1),
        "the child program does not come"
    );
    let (control, _) = socket.accept().expect("somebody has come");
    control.set_read_timeout(Some(DEADLINE)).expect("a socket");
    control
}

/// Tells when the process has ended, and leaves it to be reaped.
fn watch(process: &Child) -> Receiver<()> {
    let (sender, ended) = channel();
    let pid = Pid::from_raw(process.id().cast_signed());
    thread::spawn(move || {
        let _ = waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
        let _ = sender.send(());
    });
    ended
}
