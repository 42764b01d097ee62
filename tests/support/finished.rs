//! A run that has ended, and what may be said about it.

use std::fmt::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use super::event::{Event, Report};
use super::run::Run;

/// The status and all output.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(super) description: String,
    /// Where a child's death by a signal cannot be repeated.
    pub(super) pid_one: bool,
    pub(super) status: ExitStatus,
    pub(super) stderr: Vec<u8>,
    pub(super) stdout: Vec<u8>,
}

impl Run {
    /// Starts it and waits for its end.
    #[track_caller]
    pub(crate) fn finish(self) -> Finished {
        let mut running = self.spawn();
        running.close_input();
        running.finish()
    }

    #[track_caller]
    pub(crate) fn status(self, wanted: i32) -> Finished {
        self.finish().status(wanted)
    }

    #[track_caller]
    pub(crate) fn signal(self, wanted: i32) -> Finished {
        self.finish().signal(wanted)
    }

    #[track_caller]
    pub(crate) fn stdout(self, wanted: impl AsRef<[u8]>) -> Finished {
        self.finish().stdout(wanted)
    }

    #[track_caller]
    pub(crate) fn failed(self, status: i32, word: &str) -> Finished {
        self.finish().failed(status, word)
    }

    #[track_caller]
    pub(crate) fn stderr_has(self, wanted: &str) -> Finished {
        self.finish().stderr_has(wanted)
    }
}

impl Finished {
    /// Ended by itself, with this status.
    #[track_caller]
    pub(crate) fn status(self, wanted: i32) -> Self {
        let found = self.status;
        assert!(
            found.code() == Some(wanted),
            "{}",
            self.account(&format!("status {wanted}"))
        );
        self
    }

    /// Ended as a child's death by this signal is handed on: by the same
    /// signal, without a core dump; as process 1, with 128 and the signal.
    #[track_caller]
    pub(crate) fn signal(self, wanted: i32) -> Self {
        if self.pid_one {
            return self.status(128 + wanted);
        }
        self.killed(wanted)
    }

    /// Ended by this signal itself, without a core dump.
    #[track_caller]
    pub(crate) fn killed(self, wanted: i32) -> Self {
        let ended = self.status.signal() == Some(wanted) && !self.status.core_dumped();
        assert!(
            ended,
            "{}",
            self.account(&format!("death by signal {wanted}"))
        );
        self
    }

    /// Standard output is exactly this.
    #[track_caller]
    pub(crate) fn stdout(self, wanted: impl AsRef<[u8]>) -> Self {
        let wanted = wanted.as_ref();
        let text = String::from_utf8_lossy(wanted);
        assert!(
            self.stdout == wanted,
            "{}",
            self.account(&format!("output {text:?}"))
        );
        self
    }

    /// Standard error holds this.
    #[track_caller]
    pub(crate) fn stderr_has(self, wanted: &str) -> Self {
        let text = String::from_utf8_lossy(&self.stderr);
        assert!(
            text.contains(wanted),
            "{}",
            self.account(&format!("{wanted:?} on standard error"))
        );
        self
    }

    /// Standard error is empty: we had nothing to say.
    #[track_caller]
    pub(crate) fn silent(self) -> Self {
        assert!(
            self.stderr.is_empty(),
            "{}",
            self.account("nothing on standard error")
        );
        self
    }

    /// Standard error says what was done, beginning so, and nothing else.
    #[track_caller]
    pub(crate) fn told(self, done: &str) -> Self {
        let text = self.errors();
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let told = first.strip_prefix("phase-run: ");
        assert!(
            told.is_some_and(|told| told.starts_with(done)) && rest.is_empty(),
            "{}",
            self.account(&format!("a line of {done:?}"))
        );
        self
    }

    /// Standard error is exactly this.
    #[track_caller]
    pub(crate) fn stderr(self, wanted: &str) -> Self {
        assert!(
            self.stderr == wanted.as_bytes(),
            "{}",
            self.account(&format!("errors {wanted:?}"))
        );
        self
    }

    /// Standard error does not hold this.
    #[track_caller]
    pub(crate) fn stderr_lacks(self, unwanted: &str) -> Self {
        let text = String::from_utf8_lossy(&self.stderr);
        assert!(
            !text.contains(unwanted),
            "{}",
            self.account(&format!("no {unwanted:?} on standard error"))
        );
        self
    }

    /// A failure of ours: this status, nothing on standard output, and a first
    /// line with this word.
    #[track_caller]
    pub(crate) fn failed(self, status: i32, word: &str) -> Self {
        let line = format!("phase-run: error[{word}]: ");
        let text = String::from_utf8_lossy(&self.stderr);
        let mut lines = text.lines().filter(|line| !line.contains("warning: "));
        assert!(
            lines.next().is_some_and(|first| first.starts_with(&line)),
            "{}",
            self.account(&format!("a line {line:?}"))
        );
        assert!(
            !lines.any(|line| line.contains("error[")),
            "{}",
            self.account("one line with an error")
        );
        self.status(status).stdout("")
    }

    /// Standard error as text.
    pub(crate) fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Standard output as it is.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.stdout
    }

    /// Standard output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// What the child said.
    #[track_caller]
    fn event(&self) -> Event {
        let text = self.text();
        let event = text
            .lines()
            .find_map(|line| serde_json::from_str(line).ok());
        event.unwrap_or_else(|| panic!("{}", self.account("an event")))
    }

    /// What the child saw of its inheritance.
    #[track_caller]
    pub(crate) fn report(&self) -> Report {
        match self.event() {
            Event::Report(report) => *report,
            other => panic!("{}\n  no report, but {other:?}", self.description),
        }
    }

    fn account(&self, wanted: &str) -> String {
        let mut text = format!(
            "{}\n  wanted: {wanted}\n  ended:  {}",
            self.description, self.status
        );
        for (name, bytes) in [("output", &self.stdout), ("errors", &self.stderr)] {
            let bytes = String::from_utf8_lossy(bytes);
            write!(text, "\n  {name}: {}", bytes.trim_end()).expect("a string takes everything");
        }
        text
    }
}
