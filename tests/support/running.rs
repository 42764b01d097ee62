//! A run that is under way.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{self, Signal};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::event::{Event, Place, Received};
use super::finished::Finished;
use super::output::Output;
use super::proc::{self, Process};
use super::run::{Run, child_program};
use super::stage::Seat;
use super::terminal::Terminal;
use super::wait::{DEADLINE, until};

/// The last of all signals: whoever gets it has had all others before, since
/// the kernel gives out pending signals in the order of their numbers.
pub(crate) const LAST: i32 = 64;

/// Ends, when it goes out of scope, whatever it has started.
#[derive(Debug)]
pub(crate) struct Running {
    control: BufReader<UnixStream>,
    description: String,
    ended: Receiver<()>,
    errors: Output,
    folder: TempDir,
    input: Option<ChildStdin>,
    output: Output,
    pid: i32,
    pid_one: bool,
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
            input.write_all(bytes).expect("a child that reads");
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
    fn news(&mut self) -> Option<Event> {
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

    /// The next line of standard output, or of the terminal.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        let line = self.output.line();
        line.unwrap_or_else(|why| {
            panic!(
                "{}\n  no line: {why}\n  errors: {}",
                self.description,
                self.errors.text()
            )
        })
    }

    /// The next thing that the child says; other lines are passed over.
    #[track_caller]
    pub(crate) fn event(&mut self) -> Event {
        loop {
            if let Ok(event) = serde_json::from_str(&self.line()) {
                return event;
            }
        }
    }

    /// The child has begun: where it is, in its own eyes.
    #[track_caller]
    pub(crate) fn ready(&mut self) -> Place {
        match self.event() {
            Event::Ready(place) => place,
            other => panic!("{}\n  not ready, but {other:?}", self.description),
        }
    }

    /// The next signal that the child gets.
    #[track_caller]
    pub(crate) fn received(&mut self) -> Received {
        match self.event() {
            Event::Signal(received) => received,
            other => panic!("{}\n  no signal, but {other:?}", self.description),
        }
    }

    /// All signals that the child gets, up to one that is sent now. What
    /// `phase-run` has to forward has then arrived, and arrived first.
    #[track_caller]
    pub(crate) fn settled(&mut self) -> Vec<Received> {
        self.send(LAST, 1, None);
        let mut all = Vec::new();
        loop {
            match self.received() {
                received if received.number == LAST => return all,
                received => all.push(received),
            }
        }
    }

    /// Sends a signal to `phase-run`.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid, signal);
    }

    /// Sends any signal, real-time ones too, some times and perhaps with a value.
    pub(crate) fn send(&self, signal: i32, times: u32, value: Option<u64>) {
        let words = [self.pid.to_string(), signal.to_string(), times.to_string()];
        let value = value.map(|value| value.to_string());
        let sent = Command::new(child_program())
            .arg("send")
            .args(words)
            .args(value)
            .status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "cannot send signal {signal}"
        );
    }

    /// The number outside of a process that says `inner` of itself.
    #[track_caller]
    pub(crate) fn outer(&self, inner: i32) -> i32 {
        if !self.pid_one {
            return inner;
        }
        if inner == 1 {
            return self.pid;
        }
        let inside = |process: &Process| {
            proc::inner_pid(process.pid) == Some(inner) && process.is_descendant_of(self.pid)
        };
        let found = Process::all().into_iter().find(inside);
        found
            .unwrap_or_else(|| panic!("no process {inner} in the namespace"))
            .pid
    }

    /// The state of `phase-run`: `S` sleeping, `T` stopped, …
    pub(crate) fn state(&self) -> Option<char> {
        Process::of(self.pid).map(|process| process.state)
    }

    /// Sends a signal to another process, by the number that it has in its own eyes.
    #[track_caller]
    pub(crate) fn signal_other(&self, inner: i32, signal: Signal) {
        kill(self.outer(inner), signal);
    }

    /// Waits until the process, by its own number, is in this state.
    #[track_caller]
    pub(crate) fn await_state(&self, inner: i32, wanted: char) {
        let pid = self.outer(inner);
        let state = || Process::of(pid).map(|process| process.state);
        until("another process changes", || {
            (state() == Some(wanted)).then_some(())
        });
    }

    /// Waits until the process, by our number, is no more.
    #[track_caller]
    pub(crate) fn await_end(&self, pid: i32) {
        until("another process ends", || {
            (!Process::is_alive(pid)).then_some(())
        });
    }

    /// Its children that nobody has reaped.
    pub(crate) fn zombies(&self) -> usize {
        let ours = |process: &Process| process.parent == self.pid && process.state == 'Z';
        Process::all().into_iter().filter(ours).count()
    }

    /// Holds `phase-run` still, until [`release`](Self::release): what comes
    /// in between, it finds all at once.
    #[track_caller]
    pub(crate) fn hold(&self) {
        self.signal(Signal::SIGSTOP);
        until("phase-run is held", || {
            (self.state() == Some('T')).then_some(())
        });
    }

    pub(crate) fn release(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// The signal by which the shell sees its job stopped next.
    #[track_caller]
    pub(crate) fn stopped(&mut self) -> i32 {
        match self.news() {
            Some(Event::Stopped { signal }) => signal,
            other => panic!("{}\n  not stopped, but {other:?}", self.description),
        }
    }

    /// The shell's `fg`.
    pub(crate) fn fg(&mut self) {
        self.control
            .get_mut()
            .write_all(b"fg\n")
            .expect("the shell listens");
    }

    /// One line of standard input.
    pub(crate) fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("standard input is open");
        writeln!(input, "{line}").expect("somebody reads");
    }

    /// The end of standard input.
    pub(crate) fn close_input(&mut self) {
        self.input = None;
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

/// Sends a signal. A process that is gone is not an error.
pub(crate) fn kill(pid: i32, signal: Signal) {
    let _ = signal::kill(Pid::from_raw(pid), signal);
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
