//! A child that takes every signal from the queue and says what it got.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use nix::unistd::{Pid, setpgid, setsid};

use crate::event::Event;
use crate::kernel;
use crate::prepare::say;

/// Nobody waits longer for a test than this.
const PATIENCE: Duration = Duration::from_mins(1);

/// What to do beside listening.
struct Habits {
    counted: bool,
    endings: BTreeMap<i32, u8>,
    out: Box<dyn Write>,
    stops: BTreeMap<i32, i32>,
    tick: Option<Instant>,
}

/// `listen [WORD]…`, where a word is
///
/// - `count`: no line per signal, but all counts when signal 64 comes;
/// - `exit=SIGNAL:STATUS`: this signal is the end;
/// - `into=FILE`: says it there;
/// - `own-group`, `own-session`: leaves those we are in;
/// - `stop=SIGNAL:BY`: at this signal we stop ourselves by another;
/// - `tick=MILLISECONDS`: says when they have passed;
/// - `default=SIGNAL`: this one keeps its effect.
pub(crate) fn listen(words: &[String]) -> u8 {
    kernel::settle();
    let mut set = kernel::ALL;
    let mut habits = Habits {
        counted: false,
        endings: BTreeMap::new(),
        out: Box::new(io::stdout()),
        stops: BTreeMap::new(),
        tick: None,
    };
    for word in words {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        match name {
            "count" => habits.counted = true,
            "default" => set &= !kernel::bit(number(value)),
            "exit" => {
                let (signal, status) = pair(value);
                habits
                    .endings
                    .insert(signal, u8::try_from(status).expect("a status"));
            }
            "into" => habits.out = Box::new(File::create(value).expect("a file to write to")),
            "own-group" => setpgid(Pid::from_raw(0), Pid::from_raw(0)).expect("we lead no session"),
            "own-session" => drop(setsid().expect("we lead no group")),
            "stop" => habits.stops.extend([pair(value)]),
            "tick" => {
                let after = Duration::from_millis(number(value).unsigned_abs().into());
                habits.tick = Some(Instant::now() + after);
            }
            other => panic!("no such habit: {other}"),
        }
    }
    kernel::block_only(set);
    habits.follow(set)
}

fn number(text: &str) -> i32 {
    text.parse().expect("a number")
}

fn pair(text: &str) -> (i32, i32) {
    let (left, right) = text.split_once(':').expect("two numbers");
    (number(left), number(right))
}

impl Habits {
    fn follow(mut self, set: u64) -> u8 {
        say(&mut self.out, &Event::Ready(crate::report::place()));
        let end = Instant::now() + PATIENCE;
        let mut counts = BTreeMap::new();
        loop {
            let until = self.tick.unwrap_or(end);
            let left = until.saturating_duration_since(Instant::now());
            let Some(received) = kernel::take_signal(set, left) else {
                if Instant::now() >= end {
                    return 99;
                }
                if self.tick.is_some_and(|tick| Instant::now() >= tick) {
                    self.tick = None;
                    say(&mut self.out, &Event::Tick);
                }
                continue;
            };
            let signal = received.number;
            *counts.entry(signal).or_insert(0) += 1;
            if !self.counted {
                say(&mut self.out, &Event::Signal(received));
            } else if signal == 64 {
                let counts = std::mem::take(&mut counts);
                say(&mut self.out, &Event::Counts { counts });
            }
            if let Some(status) = self.endings.get(&signal) {
                return *status;
            }
            if let Some(by) = self.stops.get(&signal) {
                stop_by(*by, set);
                say(&mut self.out, &Event::Resumed);
            }
        }
    }
}

/// Comes back when somebody continues us.
fn stop_by(signal: i32, set: u64) {
    kernel::send(std::process::id().cast_signed(), signal);
    kernel::block_only(set & !kernel::bit(signal));
    kernel::block_only(set);
}
