//! What a process can see of its inheritance.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use nix::sys::prctl;
use nix::unistd::{getpgrp, getpid, getppid, getsid, tcgetpgrp};

use crate::event::{Event, Place, Report};
use crate::kernel;
use crate::prepare::say;

pub(crate) fn place() -> Place {
    Place {
        pid: getpid().as_raw(),
        parent: getppid().as_raw(),
        group: getpgrp().as_raw(),
        session: getsid(None).map_or(0, nix::unistd::Pid::as_raw),
        foreground: tcgetpgrp(io::stdout()).ok().map(nix::unistd::Pid::as_raw),
    }
}

/// `report`: says all of it, and ends with 0.
pub(crate) fn report() -> u8 {
    let report = look().expect("/proc is there");
    say(&mut io::stdout(), &Event::Report(Box::new(report)));
    0
}

fn look() -> io::Result<Report> {
    let entries = |file| {
        let block = fs::read(file)?;
        let entries = block
            .strip_suffix(b"\0")
            .unwrap_or(&block)
            .split(|byte| *byte == 0);
        io::Result::Ok(entries.map(<[u8]>::to_vec).collect())
    };
    Ok(Report {
        arguments: entries("/proc/self/cmdline")?,
        descriptors: descriptors(),
        environment: entries("/proc/self/environ")?,
        folder: std::env::current_dir()?.to_string_lossy().into_owned(),
        limits: fs::read_to_string("/proc/self/limits")?,
        nice: kernel::niceness().into(),
        oom_score: fs::read_to_string("/proc/self/oom_score_adj")?,
        parent_death: prctl::get_pdeathsig()?.map_or(0, |signal| signal as i32),
        place: place(),
        status: status()?,
        subreaper: prctl::get_child_subreaper()?,
        timer_slack: prctl::get_timerslack()?,
    })
}

/// Which descriptors are open, and on what. Looking at each by its number
/// opens none that would be among them.
fn descriptors() -> BTreeMap<i32, String> {
    let name = |fd| {
        let target = fs::read_link(format!("/proc/self/fd/{fd}")).ok()?;
        Some((fd, target.to_string_lossy().into_owned()))
    };
    (0..256).filter_map(name).collect()
}

fn status() -> io::Result<BTreeMap<String, String>> {
    let text = fs::read_to_string("/proc/self/status")?;
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    Ok(pairs
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect())
}
