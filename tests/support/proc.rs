//! What `/proc` says about processes, by the numbers that we see.

use std::fs;

use super::wait::until;

/// A process and what it is doing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    /// `R`, `S`, `T`, `Z`, …
    pub(crate) state: char,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    pub(crate) session: i32,
}

impl Process {
    /// Nothing, if there is none of this number.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name stands in parentheses and may hold anything.
        let (_, rest) = text.rsplit_once(") ")?;
        let mut words = rest.split(' ');
        Some(Self {
            pid,
            state: words.next()?.chars().next()?,
            parent: words.next()?.parse().ok()?,
            group: words.next()?.parse().ok()?,
            session: words.next()?.parse().ok()?,
        })
    }

    pub(crate) fn all() -> Vec<Self> {
        let folders = fs::read_dir("/proc").expect("/proc is mounted");
        let pid = |name: std::ffi::OsString| name.to_str()?.parse().ok();
        let pids = folders.filter_map(|entry| pid(entry.ok()?.file_name()));
        pids.filter_map(Self::of).collect()
    }

    pub(crate) fn is_descendant_of(self, ancestor: i32) -> bool {
        let mut process = Some(self);
        while let Some(one) = process {
            if one.parent == ancestor {
                return true;
            }
            process = Self::of(one.parent);
        }
        false
    }

    /// Neither gone nor waiting to be reaped.
    pub(crate) fn is_alive(pid: i32) -> bool {
        Self::of(pid).is_some_and(|process| !matches!(process.state, 'X' | 'Z'))
    }
}

/// Waits until the process is no more.
#[track_caller]
pub(crate) fn await_end(pid: i32) {
    until("another process ends", || {
        (!Process::is_alive(pid)).then_some(())
    });
}

/// A line of `/proc/PID/status`.
pub(crate) fn status(pid: i32, name: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    Some(value.trim().to_owned())
}

/// The number of a process in the innermost namespace that it is in.
pub(crate) fn inner_pid(pid: i32) -> Option<i32> {
    status(pid, "NSpid")?
        .split_whitespace()
        .last()?
        .parse()
        .ok()
}
