//! Standard error: the one place that writes there. A stream that is closed or
//! broken never stops the run.

use std::io::{self, IsTerminal as _, Write as _};

use tracing::level_filters::LevelFilter;

use crate::args::{LogFormat, Output};
use crate::exit::Failure;
use crate::print::printable;

/// How messages are written, and which.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    colour: bool,
    json: bool,
    quiet: bool,
}

impl Report {
    /// Starts the log if `-v` or `level` ask for one. `plain` is whether
    /// `NO_COLOR` is set.
    pub(crate) fn start(output: &Output, level: Option<&str>, plain: bool) -> Self {
        let report = Self {
            colour: io::stderr().is_terminal() && !plain,
            json: output.log_format == LogFormat::Json,
            quiet: output.quiet,
        };
        let level = match output.verbose {
            _ if output.quiet => LevelFilter::OFF,
            0 => level
                .and_then(|level| level.parse().ok())
                .unwrap_or(LevelFilter::OFF),
            1 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        };
        if level != LevelFilter::OFF {
            report.log(level);
        }
        report
    }

    fn log(self, level: LevelFilter) {
        let builder = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_target(false)
            .without_time()
            .with_writer(|| Unbreakable);
        if self.json {
            builder.json().flatten_event(true).init();
        } else {
            builder.compact().init();
        }
    }

    /// Something that did not fail, but may not be what was meant.
    pub(crate) fn warn(self, text: &str) {
        if self.quiet {
            return;
        }
        if self.json {
            let line = serde_json::json!({ "level": "WARN", "message": text });
            write(&format!("{line}\n"));
        } else {
            let (on, off) = self.style("33");
            write(&format!(
                "phase-run: {on}warning:{off} {}\n",
                printable(text)
            ));
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
            let line = serde_json::json!({ "level": "INFO", "message": text });
            write(&format!("{line}\n"));
        } else {
            write(&format!("phase-run: {}\n", printable(text)));
        }
    }

    /// The same, unless only errors are wanted.
    pub(crate) fn tell(self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// A failure of ours: one line, then what to do.
    pub(crate) fn fail(self, failure: &Failure) {
        let word = failure.reason().word();
        if self.json {
            let text = failure.to_string();
            let line = serde_json::json!({
                "level": "ERROR",
                "reason": word,
                "message": format!("phase-run: error[{word}]: {text}"),
                "help": failure.advice(),
            });
            return write(&format!("{line}\n"));
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

/// A failure before it is known how messages are to be written.
pub(crate) fn plain(failure: &Failure) {
    write(&lines(failure, (String::new(), "")));
}

fn lines(failure: &Failure, (on, off): (String, &str)) -> String {
    let word = failure.reason().word();
    let mut lines = format!(
        "phase-run: {on}error[{word}]:{off} {}\n",
        printable(&failure.to_string())
    );
    for line in failure.advice() {
        lines.push_str("  ");
        lines.push_str(&printable(line));
        lines.push('\n');
    }
    lines
}

/// Writes to standard error, whatever becomes of it.
fn write(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Standard error for the log: a write never fails.
struct Unbreakable;

impl io::Write for Unbreakable {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = io::stderr().lock().write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
