//! Standard error: the one place that writes there. A stream that is closed or
//! broken never stops the run.
//!
//! Here is the last step of all that goes there: text of others cannot write a line
//! of ours, and what looks like a token, or is a login in a URL, is not repeated.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::SystemTime;

use phase_run::outside::{masked, without_logins};
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::args::{LogFormat, Output};
use crate::exit::Failure;
use crate::print::{printable, printable_json};
use crate::sys;

/// Erases the rest of a terminal's line.
const TO_THE_END: &str = "\x1b[K";

/// How messages are written, and which.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(crate) struct Report {
    colour: bool,
    json: bool,
    /// Whether there is a log.
    logs: bool,
    quiet: bool,
}

impl Report {
    /// Starts the log if `-v` or `level` ask for one. `plain` is whether
    /// `NO_COLOR` is set.
    pub(crate) fn start(output: &Output, level: Option<LevelFilter>, plain: bool) -> Self {
        let mut report = Self {
            logs: false,
            colour: io::stderr().is_terminal() && !plain,
            json: output.log_format == LogFormat::Json,
            quiet: output.quiet,
        };
        let level = match output.verbose {
            _ if output.quiet => LevelFilter::OFF,
            0 => level.unwrap_or(LevelFilter::OFF),
            1 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        };
        if level != LevelFilter::OFF {
            report.log(level);
            report.logs = true;
        }
        report
    }

    fn log(self, level: LevelFilter) {
        let builder = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_target(false)
            .with_writer(Log { json: self.json });
        if self.json {
            let builder = builder.json().flatten_event(true);
            builder.with_timer(Clock).init();
        } else {
            builder.without_time().compact().init();
        }
    }

    /// Something that did not fail, but may not be what was meant.
    pub(crate) fn warn(self, text: &str) {
        if self.quiet {
            return;
        }
        if self.json {
            write_object(json!({ "level": "WARN", "message": repeatable(text) }));
        } else {
            let (on, off) = self.style("33");
            write(&format!("phase-run: {on}warning:{off} {}\n", shown(text)));
        }
    }

    /// What is to be said of settings: warnings, and where each came from.
    pub(crate) fn settings(self, warnings: &[String], origins: &[String]) {
        for warning in warnings {
            self.warn(warning);
        }
        for origin in origins {
            tracing::info!("{origin}");
        }
    }

    /// Something that was asked for, and is no data for other programs.
    pub(crate) fn say(self, text: &str) {
        if self.json {
            write_object(json!({ "level": "INFO", "message": repeatable(text) }));
        } else {
            write(&format!("phase-run: {}\n", shown(text)));
        }
    }

    /// The same, unless only errors are wanted.
    pub(crate) fn tell(self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// Whether somebody sees a line that is shown, and wants to. A log says it all.
    pub(crate) fn can_show(self) -> bool {
        !self.quiet && !self.json && !self.logs && io::stderr().is_terminal()
    }

    /// A failure of ours: one line, then what to do.
    pub(crate) fn fail(self, failure: &Failure) {
        let word = failure.reason().word();
        if self.json {
            let text = failure.to_string();
            let help: Vec<_> = failure
                .advice()
                .iter()
                .map(|line| repeatable(line))
                .collect();
            return write_object(json!({
                "level": "ERROR",
                "reason": word,
                "message": format!("phase-run: error[{word}]: {}", repeatable(&text)),
                "help": help,
            }));
        }
        write(&lines(failure, self.style("31")));
    }

    fn style(self, code: &str) -> (String, &'static str) {
        if self.colour {
            (format!("\x1b[1;{code}m"), "\x1b[0m")
        } else {
            (String::new(), "")
        }
    }
}

/// Shows `text` in the terminal's line, until it is erased.
pub(crate) fn show(text: &str) {
    let width = sys::width_of(&io::stderr()).unwrap_or(80);
    let text = format!("phase-run: {}", shown(text));
    // A full line would wrap, and could not be taken back.
    let text: String = text.chars().take(width.saturating_sub(1)).collect();
    write(&format!("\r{text}{TO_THE_END}"));
}

/// Erases what was shown.
pub(crate) fn erase() {
    write(&format!("\r{TO_THE_END}"));
}

/// A failure before it is known how messages are to be written.
pub(crate) fn plain(failure: &Failure) {
    write(&lines(failure, (String::new(), "")));
}

fn lines(failure: &Failure, (on, off): (String, &str)) -> String {
    let word = failure.reason().word();
    let mut lines = format!(
        "phase-run: {on}error[{word}]:{off} {}\n",
        shown(&failure.to_string())
    );
    for line in failure.advice() {
        lines.push_str("  ");
        lines.push_str(&shown(line));
        lines.push('\n');
    }
    lines
}

/// `text` without what looks like a token, and without logins in URLs.
fn repeatable(text: &str) -> String {
    without_logins(&masked(text)).into_owned()
}

/// `text` as it may be shown: in one line, and without what looks like a token.
fn shown(text: &str) -> String {
    printable(&repeatable(text))
}

/// Writes one object, and when that was.
fn write_object(mut object: Value) {
    object["timestamp"] = now().into();
    write(&(printable_json(&object.to_string()) + "\n"));
}

/// By RFC 3339.
fn now() -> String {
    humantime::format_rfc3339_micros(SystemTime::now()).to_string()
}

/// Writes to standard error, whatever becomes of it.
fn write(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// When a line of the log was written.
struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        writer.write_str(&now())
    }
}

/// Standard error for the log: a write never fails.
#[derive(Clone, Copy)]
struct Log {
    json: bool,
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        *self
    }
}

impl io::Write for Log {
    /// Takes a whole line: the log hands over each event at once.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let line = text.trim_end_matches('\n');
        let line = if self.json {
            printable_json(&repeatable(line))
        } else {
            shown(line)
        };
        write(&(line + "\n"));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_one_line_without_a_token() {
        let text = "a\u{2028}b\r\nphase-run: error[denied]: pss_user:v1:hunter2";
        let line = shown(text);
        assert!(!line.contains(['\u{2028}', '\r', '\n']), "{line}");
        assert!(!line.contains("hunter2"), "{line}");
    }
}
