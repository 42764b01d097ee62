//! Staying with the child: hand on its signals, reap, end as it ends.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::unistd::{Pid, getpgrp, getpid, getsid};

use super::policy::{self, Action, Situation, StopState, asks_to_end};
use super::relay::Relay;
use super::signal::ends;
use super::{Image, Outcome, SignalMapping, SignalScope, npm, require_entry_state};
use crate::exit::{Failure, Reason};
use crate::sys::{self, Change, Left, Received, Signal, Signals, SpawnOptions, Spawned};

/// How long what is left of a group is waited for, where nothing else is said.
const LEFT_BEHIND: Duration = Duration::from_secs(10);

/// How to supervise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Supervision {
    /// Who gets a forwarded signal.
    pub(crate) scope: SignalScope,
    /// What is sent in the place of what; the first that matches counts.
    pub(crate) map: Vec<SignalMapping>,
    /// How long after the first forwarded TERM, INT or QUIT to kill.
    pub(crate) kill_after: Option<Duration>,
    /// Whether the child is killed if we are.
    pub(crate) parent_death: bool,
}

/// Starts the command in a child and stays until it ends. What only a start that
/// fails needs is let go of by `started`.
///
/// # Errors
///
/// What [`exec`](super::exec) gives if the command cannot be executed; `System`
/// if there is no process or descriptor to be had.
pub(crate) fn supervise(
    image: Image,
    options: &Supervision,
    started: impl FnOnce(),
) -> Result<Outcome, Failure> {
    require_entry_state()?;
    let is_init = sys::is_init();
    let signals = Signals::block().map_err(|error| system("take in signals", &error))?;
    let is_subreaper = is_init || sys::adopt_orphans();
    let relay = Relay::open(image.environment());
    let has_terminal = sys::has_terminal();
    let spawn_options = SpawnOptions {
        // On a terminal the child must stay in the foreground's group, ours.
        own_group: !has_terminal,
        parent_death: options.parent_death,
    };
    options.scope.announce(spawn_options.own_group);
    let entry = relay.as_ref().map(Relay::entry);
    let mut program = image.program_of_child(entry.as_deref());
    let left = Left::behind();
    let spawned = sys::spawn(&mut program, spawn_options, left.as_ref())
        .map_err(|errno| system("start a process", &errno))?;
    drop(program);
    let is_session_leader = getsid(None) == Ok(getpid());
    let mut supervisor = Supervisor {
        is_subreaper,
        child: Some(spawned.child),
        deadline: None,
        is_init,
        is_interactive: has_terminal && !is_init && !is_session_leader,
        is_npm: npm::is_one(&image.arguments()),
        is_session_leader,
        options,
        patience: None,
        relay,
        stop: StopState::None,
        signals,
        terminated_group: None,
    };
    let result = supervisor.see_exec(&spawned)?;
    drop(spawned);
    match result {
        ExecResult::Failed(errno) => {
            // Why is looked for where the command was.
            let _ = left.as_ref().map(Left::go_back);
            Err(image.refused(errno))
        }
        ExecResult::Ended(outcome) => Ok(outcome),
        ExecResult::Runs => {
            drop(image);
            started();
            if left.is_none() {
                let _ = nix::unistd::chdir("/");
            }
            settle();
            supervisor.stay()
        }
    }
}

fn system(wanted: &str, error: &dyn std::error::Error) -> Failure {
    Failure::new(Reason::System, format!("cannot {wanted}: {error}"))
        .help("the limits on processes and open files may be reached (`ulimit -u`, `ulimit -n`, pids.max)")
}

/// What came of the child's exec.
enum ExecResult {
    Ended(Outcome),
    Failed(Errno),
    Runs,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent facts about where we run"
)]
struct Supervisor<'a> {
    /// Whether processes whose parent ends become our children.
    is_subreaper: bool,
    /// `None` once it has ended: its number may then be another process's.
    child: Option<Pid>,
    /// When to kill.
    deadline: Option<Instant>,
    is_init: bool,
    /// Whether a shell may watch us: then we stop when the child does. Nobody
    /// in its session watches a leader, and SIGSTOP would stop it for ever.
    is_interactive: bool,
    /// Whether the child was npm or one of its kin when it was started.
    is_npm: bool,
    is_session_leader: bool,
    options: &'a Supervision,
    /// How long what is left of the group is waited for, once the child has ended.
    patience: Option<Instant>,
    /// What the child tells systemd.
    relay: Option<Relay>,
    stop: StopState,
    signals: Signals,
    /// The group that was told to end, if we hear of the end of its members.
    terminated_group: Option<Pid>,
}

impl Supervisor<'_> {
    /// Waits until the child has become the command. It may take its time, on
    /// a network's file system say, and signals are handed on meanwhile.
    fn see_exec(&mut self, spawned: &Spawned) -> Result<ExecResult, Failure> {
        loop {
            let ended = self.take_turn(Some(spawned))?;
            match (spawned.exec_result(), ended) {
                (Some(Err(errno)), _) => {
                    // Unless it is reaped already, it is about to exit; but
                    // a key of the terminal may have stopped it just there.
                    if let Some(child) = self.child {
                        sys::send(child, Signal::KILL, None);
                        sys::wait_for(child);
                    }
                    return Ok(ExecResult::Failed(errno));
                }
                (Some(Ok(())), None) => return Ok(ExecResult::Runs),
                (_, Some(outcome)) => return Ok(ExecResult::Ended(outcome)),
                (None, None) => {}
            }
        }
    }

    /// Waits for the child's end, and for a while for that of the group that was
    /// told to end: npm is gone before the program below it has stopped, and what
    /// PID 1 or a service leaves behind is killed.
    fn stay(&mut self) -> Result<Outcome, Failure> {
        let outcome = loop {
            if let Some(outcome) = self.take_turn(None)? {
                break outcome;
            }
        };
        let limit = match self.deadline {
            Some(deadline) => deadline,
            None => Instant::now() + LEFT_BEHIND,
        };
        self.patience = Some(limit);
        loop {
            // Those who ended together with the child still count as members.
            self.reap();
            if !self.terminated_group.is_some_and(sys::group_exists) {
                return Ok(outcome);
            }
            if limit <= Instant::now() {
                tracing::info!("some of the command's process group are left behind");
                return Ok(outcome);
            }
            self.take_turn(None)?;
        }
    }

    /// Waits for something to happen and deals with it. The outcome, if the
    /// child has ended.
    fn take_turn(&mut self, spawned: Option<&Spawned>) -> Result<Option<Outcome>, Failure> {
        let watched = self.relay.as_ref().map(Relay::watched);
        let until = self.deadline.into_iter().chain(self.patience).min();
        sys::await_event(&self.signals, spawned, watched, until)
            .map_err(|errno| system("wait for the command", &errno))?;
        // Before the news of the child's end, which may have come with its last word.
        if let Some(relay) = &mut self.relay {
            relay.pass_on();
        }
        while let Some(received) = self.signals.next() {
            match policy::decide(&received, &self.situation(&received)) {
                // A log line to a broken pipe comes back as a signal: saying so
                // would bring the next one, for ever.
                Action::Drop if received.sender == Some(getpid()) => {}
                Action::Drop => tracing::debug!(signal = %received.signal, "not forwarded"),
                Action::Forward => {
                    // `fg` continues the whole job. Once more might take back
                    // a stop that was asked for since.
                    if received.signal == Signal::CONT {
                        if let Some(outcome) = self.reap() {
                            return Ok(Some(outcome));
                        }
                        if std::mem::take(&mut self.stop) == StopState::Over {
                            continue;
                        }
                    }
                    self.forward(&received);
                }
                Action::Reap => {
                    if let Some(outcome) = self.reap() {
                        return Ok(Some(outcome));
                    }
                }
            }
        }
        if self.deadline.is_some_and(|time| time <= Instant::now()) {
            self.kill();
        }
        Ok(None)
    }

    fn situation(&self, received: &Received) -> Situation {
        Situation {
            own: getpid(),
            own_group: getpgrp(),
            is_init: self.is_init,
            is_session_leader: self.is_session_leader,
            child: self.child,
            child_group: self.child.and_then(sys::group_of),
            sender_group: received.sender.and_then(sys::group_of),
        }
    }

    /// Sends on what came, to the child or to a group.
    fn forward(&mut self, received: &Received) {
        let mut mappings = self.options.map.iter();
        let signal = match mappings.find(|mapping| mapping.from == received.signal) {
            Some(mapping) => mapping.to,
            None => Some(received.signal),
        };
        let Some(signal) = signal else {
            tracing::debug!(signal = %received.signal, "swallowed");
            return;
        };
        // As it came, or as it is sent on.
        let ends = asks_to_end(received.signal) || asks_to_end(signal);
        if let Some(group) = self.group().filter(|_| self.widens(received.signal)) {
            tracing::debug!(%signal, %group, "forwarded to the group");
            sys::send_to_group(group, signal);
            if self.is_subreaper && ends {
                self.terminated_group = Some(group);
            }
        } else if let Some(child) = self.child {
            tracing::debug!(%signal, %child, "forwarded");
            sys::send(child, signal, Some(received));
        }
        if ends {
            self.start_grace();
        }
    }

    /// Whether `signal` goes to the child's group.
    fn widens(&self, signal: Signal) -> bool {
        match (self.options.scope, self.child) {
            (SignalScope::Child, _) => false,
            (SignalScope::Group, _) => true,
            (SignalScope::Auto, Some(child)) => {
                let widens = ends(signal) && npm::runs(child, self.is_npm);
                if widens {
                    tracing::info!(
                        "{signal} goes to the command's whole group: npm and its kin do not hand it on"
                    );
                }
                widens
            }
            (SignalScope::Auto, None) => ends(signal),
        }
    }

    /// The first signal that asks the child to end starts the clock.
    fn start_grace(&mut self) {
        if let Some(grace) = self.options.kill_after
            && self.deadline.is_none()
        {
            self.deadline = Instant::now().checked_add(grace);
        }
    }

    /// Takes in the news of children, until ours has ended: then its number is
    /// free, and may be another process'. Orphans that were given to us need
    /// no more than that.
    fn reap(&mut self) -> Option<Outcome> {
        while let Some((process, change)) = sys::wait_any() {
            if Some(process) != self.child {
                continue;
            }
            let outcome = match change {
                Change::Exited(status) => Outcome::Exited(status),
                Change::Killed(number) => Outcome::Signalled(number),
                // The shell is told only now that the child has really stopped.
                Change::Stopped(signal) if self.is_interactive => {
                    self.stop = StopState::Stopped;
                    sys::suspend_self(signal);
                    continue;
                }
                Change::Continued if self.stop == StopState::Stopped => {
                    self.stop = StopState::Over;
                    continue;
                }
                Change::Stopped(_) | Change::Continued => continue,
            };
            self.child = None;
            return Some(outcome);
        }
        None
    }

    /// Ends the child and, if it has a group of its own, all of that.
    fn kill(&mut self) {
        self.deadline = None;
        match (self.group(), self.child) {
            (Some(group), _) => sys::send_to_group(group, Signal::KILL),
            (None, Some(child)) => sys::send(child, Signal::KILL, None),
            (None, None) => {}
        }
    }

    /// The child's process group, if it is not ours; once the child has ended,
    /// the group that was told to.
    fn group(&self) -> Option<Pid> {
        match self.child {
            Some(child) => sys::group_of(child).filter(|group| *group != getpgrp()),
            None => self.terminated_group,
        }
    }
}

/// Lets go of what only the child needs.
fn settle() {
    sys::close_inherited();
    sys::release_memory();
}
