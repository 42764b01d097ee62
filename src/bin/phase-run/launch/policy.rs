//! What to do with a signal that came to the supervisor. Pure.

use nix::unistd::Pid;

use crate::sys::{Origin, Received, Signal};

/// What is done with a signal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Action {
    /// Nothing: the child has it already, or it was not about the child.
    Drop,
    /// It goes on to the child.
    Forward,
    /// It says that there is news of a child.
    Reap,
}

/// Where we are in a stop that we shared with the child.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub(super) enum StopState {
    #[default]
    None,
    Stopped,
    /// The child has been continued.
    Over,
}

/// What the decision depends on besides the signal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation {
    pub(super) own: Pid,
    pub(super) own_group: Pid,
    pub(super) is_init: bool,
    pub(super) is_session_leader: bool,
    pub(super) child: Option<Pid>,
    /// Asked for each time: the child may have moved.
    pub(super) child_group: Option<Pid>,
    /// The group of the process that sent the signal, if that can be known.
    pub(super) sender_group: Option<Pid>,
}

/// Forwards what was sent to us alone, once.
///
/// What the kernel sends it sends either to the whole group of the terminal's
/// foreground, where a child in our group has it already, or about this
/// process (a limit, a timer), which is not the child's concern.
pub(super) fn decide(received: &Received, situation: &Situation) -> Action {
    if received.signal == Signal::CHLD {
        return Action::Reap;
    }
    // Our own write to a broken pipe comes back as SIGPIPE from ourselves.
    if received.sender == Some(situation.own) {
        return Action::Drop;
    }
    let shares_group = situation.child_group == Some(situation.own_group);
    let drop = match received.origin {
        Origin::Kernel => match tells(received.signal) {
            Told::Us => true,
            Told::Foreground => shares_group,
            // The kernel tells only the leader of the session; whoever leads it
            // (we, in `docker run -t`) has to pass it on.
            Told::Leader => shares_group && !situation.is_session_leader,
        },
        Origin::Process | Origin::Queue(_) => {
            // PID 1 is told to stop by `kill 1`, from the child's group too.
            shares_group && !situation.is_init && comes_from_the_job(received, situation)
        }
    };
    if drop { Action::Drop } else { Action::Forward }
}

/// Whom the kernel tells with a signal.
enum Told {
    Foreground,
    Leader,
    Us,
}

fn tells(signal: Signal) -> Told {
    match signal {
        Signal::INT | Signal::QUIT | Signal::TSTP | Signal::TTIN | Signal::TTOU | Signal::WINCH => {
            Told::Foreground
        }
        #[cfg(target_os = "macos")]
        Signal::INFO => Told::Foreground,
        Signal::CONT | Signal::HUP => Told::Leader,
        _ => Told::Us,
    }
}

/// Whether a member of the job that we lead sent it, probably by `kill(0)`: to
/// the child as well. A script that started us leads its group itself.
fn comes_from_the_job(received: &Received, situation: &Situation) -> bool {
    received.sender.is_some() && received.sender == situation.child
        || situation.sender_group == Some(situation.own)
}

/// Whether a program ends on `signal` unless it has other plans.
pub(super) fn asks_to_end(signal: Signal) -> bool {
    matches!(signal, Signal::TERM | Signal::INT | Signal::QUIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: i32 = 100;
    const CHILD: i32 = 200;
    const STRANGER: i32 = 300;

    /// Every combination of: shares our group, session leader, PID 1.
    fn situations() -> impl Iterator<Item = (bool, bool, bool, Situation)> {
        (0..8).map(|bits| {
            let (shares, leader, init) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
            let own = if init { 1 } else { OWN };
            let situation = Situation {
                own: Pid::from_raw(own),
                own_group: Pid::from_raw(own),
                is_init: init,
                is_session_leader: leader,
                child: Some(Pid::from_raw(CHILD)),
                child_group: Some(Pid::from_raw(if shares { own } else { CHILD })),
                sender_group: None,
            };
            (shares, leader, init, situation)
        })
    }

    fn by_kernel(signal: Signal) -> Received {
        Received {
            signal,
            origin: Origin::Kernel,
            sender: None,
        }
    }

    fn by_process(signal: Signal, sender: i32) -> Received {
        Received {
            signal,
            origin: Origin::Process,
            sender: (sender > 0).then(|| Pid::from_raw(sender)),
        }
    }

    fn forwards(forward: bool) -> Action {
        if forward {
            Action::Forward
        } else {
            Action::Drop
        }
    }

    #[test]
    fn what_a_stranger_sends_is_forwarded_whatever_it_is() {
        for (_, _, _, mut situation) in situations() {
            situation.sender_group = Some(Pid::from_raw(STRANGER));
            for signal in Signal::all().filter(|signal| *signal != Signal::CHLD) {
                for sender in [STRANGER, 0] {
                    let received = by_process(signal, sender);
                    assert_eq!(decide(&received, &situation), Action::Forward, "{signal}");
                }
                let mut queued = by_process(signal, STRANGER);
                queued.origin = Origin::Queue(7);
                assert_eq!(decide(&queued, &situation), Action::Forward, "{signal}");
            }
        }
    }

    #[test]
    fn a_key_of_the_terminal_reaches_the_child_once() {
        for (shares, _, _, situation) in situations() {
            for signal in [
                Signal::INT,
                Signal::QUIT,
                Signal::WINCH,
                Signal::TSTP,
                Signal::TTIN,
                Signal::TTOU,
            ] {
                let action = decide(&by_kernel(signal), &situation);
                assert_eq!(action, forwards(!shares), "{signal} {situation:?}");
            }
        }
    }

    #[test]
    fn a_hang_up_is_passed_on_by_the_leader_of_the_session() {
        for (shares, leader, _, situation) in situations() {
            for signal in [Signal::HUP, Signal::CONT] {
                let action = decide(&by_kernel(signal), &situation);
                assert_eq!(
                    action,
                    forwards(leader || !shares),
                    "{signal} {situation:?}"
                );
            }
        }
    }

    #[test]
    fn what_the_kernel_says_about_us_is_ours() {
        let about_others = [
            Signal::CHLD,
            Signal::CONT,
            Signal::HUP,
            Signal::INT,
            Signal::QUIT,
            Signal::TSTP,
            Signal::TTIN,
            Signal::TTOU,
            Signal::WINCH,
        ];
        for (_, _, _, situation) in situations() {
            for signal in Signal::all().filter(|signal| !about_others.contains(signal)) {
                let action = decide(&by_kernel(signal), &situation);
                assert_eq!(action, Action::Drop, "{signal} {situation:?}");
            }
        }
    }

    #[test]
    fn our_own_broken_pipe_is_not_the_childs() {
        for (_, _, _, situation) in situations() {
            let received = by_process(Signal::PIPE, situation.own.as_raw());
            assert_eq!(decide(&received, &situation), Action::Drop);
        }
    }

    #[test]
    fn a_child_in_our_group_does_not_get_its_own_signal_back() {
        for (shares, _, init, mut situation) in situations() {
            situation.sender_group = situation.child_group;
            let action = decide(&by_process(Signal::TERM, CHILD), &situation);
            assert_eq!(action, forwards(init || !shares), "{situation:?}");
        }
    }

    #[test]
    fn a_member_of_our_job_has_told_the_child_itself() {
        for (shares, _, init, mut situation) in situations() {
            situation.sender_group = Some(situation.own);
            let action = decide(&by_process(Signal::TERM, STRANGER), &situation);
            assert_eq!(action, forwards(init || !shares), "{situation:?}");
        }
    }

    #[test]
    fn a_script_that_leads_our_group_may_signal_us() {
        for (_, _, _, mut situation) in situations() {
            // We are a member of the script's group, and so is the child.
            situation.own_group = Pid::from_raw(STRANGER);
            situation.child_group = Some(Pid::from_raw(STRANGER));
            situation.sender_group = Some(Pid::from_raw(STRANGER));
            let action = decide(&by_process(Signal::TERM, STRANGER), &situation);
            assert_eq!(action, Action::Forward, "{situation:?}");
        }
    }

    #[test]
    fn news_of_children_is_never_forwarded() {
        for (_, _, _, situation) in situations() {
            for sender in [CHILD, STRANGER, 0, situation.own.as_raw()] {
                let received = by_process(Signal::CHLD, sender);
                assert_eq!(decide(&received, &situation), Action::Reap);
            }
            assert_eq!(decide(&by_kernel(Signal::CHLD), &situation), Action::Reap);
        }
    }
}
