//! Talking with a run that is under way: its lines, its events, its shell.

use std::io::Write;

use super::event::{Event, Place, Received};
use super::running::Running;
use super::wait::until;

impl Running {
    /// The next line of standard output, or of the terminal.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        let line = self.output.line();
        line.unwrap_or_else(|why| {
            panic!(
                "{}\n  no line: {why}\n  errors: {}\n  output: {:?}",
                self.description,
                self.errors.text(),
                self.output.text()
            )
        })
    }

    /// The next line of standard error.
    #[track_caller]
    pub(crate) fn error_line(&mut self) -> String {
        let line = self.errors.line();
        line.unwrap_or_else(|why| panic!("{}\n  no line of errors: {why}", self.description))
    }

    /// Waits until this has been written, whether a line ends there or not.
    #[track_caller]
    pub(crate) fn await_text(&self, mark: &str) {
        until(mark, || self.output.text().contains(mark).then_some(()));
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
}
