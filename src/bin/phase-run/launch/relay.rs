//! What the command tells systemd, passed on. By default systemd listens to the
//! process alone that it started, and that is us.

use std::ffi::OsStr;
use std::io;
use std::os::fd::AsFd as _;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use nix::unistd::{Pid, geteuid, getpid};

use super::image::NOTIFY_SOCKET;
use super::notify;
use crate::sys::{self, Datagram, Sender, Watched};

/// The longest message that systemd reads.
const LONGEST: usize = 4096;

/// So many messages are passed on before signals are looked at again.
const AT_ONCE: usize = 32;

/// What the command cannot say in our name: which process is the service, and who
/// may speak for it.
const NOT_ITS_OWN: [&[u8]; 3] = [b"MAINPID=", b"MAINPIDFDID=", b"NOTIFYACCESS="];

/// The way from the command to the service manager.
pub(super) struct Relay {
    ear: UnixDatagram,
    manager: UnixDatagram,
    /// What the manager has no room for at present.
    held: Option<Datagram>,
    name: String,
}

impl Relay {
    /// A way to the manager that `environment` names, if it names one that can be
    /// spoken to.
    pub(super) fn open(environment: &[Vec<u8>]) -> Option<Self> {
        let mut entries = environment.iter().rev();
        let socket = entries.find_map(|entry| entry.strip_prefix(NOTIFY_SOCKET))?;
        match Self::to(socket) {
            Ok(relay) => Some(relay),
            Err(error) => {
                let socket = OsStr::from_bytes(socket);
                tracing::info!(?socket, %error, "what the command tells systemd is not passed on");
                None
            }
        }
    }

    fn to(socket: &[u8]) -> io::Result<Self> {
        let manager = UnixDatagram::unbound()?;
        manager.connect_addr(&notify::address(socket)?)?;
        let name = format!("phase-run/{}/{:016x}", getpid(), fastrand::u64(..));
        let ear = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
        sys::ask_for_senders(&ear)?;
        Ok(Self {
            ear,
            manager,
            held: None,
            name,
        })
    }

    /// The entry of the command's environment that leads to us.
    pub(super) fn entry(&self) -> Vec<u8> {
        [NOTIFY_SOCKET, b"@", self.name.as_bytes()].concat()
    }

    /// What to wait for: a message, or room for the one that is held.
    pub(super) fn watched(&self) -> Watched<'_> {
        match self.held {
            Some(_) => Watched::ToWrite(self.manager.as_fd()),
            None => Watched::ToRead(self.ear.as_fd()),
        }
    }

    /// Passes on what has come.
    pub(super) fn pass_on(&mut self) {
        for _ in 0..AT_ONCE {
            let message = match self.held.take() {
                Some(message) => message,
                None => match sys::receive(&self.ear, LONGEST).map(admitted) {
                    Ok(Some(message)) => message,
                    Ok(None) => continue,
                    Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                        tracing::debug!("a message to systemd is too long, and is not passed on");
                        continue;
                    }
                    Err(_) => return,
                },
            };
            match sys::send_datagram(&self.manager, &message) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.held = Some(message);
                    return;
                }
                Err(error) => tracing::debug!(%error, "the service manager could not be told"),
            }
        }
    }
}

/// The message without what the command cannot say, if it may say any of it.
fn admitted(mut message: Datagram) -> Option<Datagram> {
    if !message.sender.is_some_and(is_ours) {
        tracing::debug!("a stranger's message to systemd is not passed on");
        return None;
    }
    let lines = message.bytes.split(|&byte| byte == b'\n');
    let its_own = |line: &&[u8]| !NOT_ITS_OWN.iter().any(|not| line.starts_with(not));
    let lines: Vec<&[u8]> = lines.filter(its_own).collect();
    message.bytes = lines.join(&b'\n');
    (!message.bytes.is_empty()).then_some(message)
}

/// Whether a process of ours sent it: anybody may find the socket. One that has gone
/// since, as `systemd-notify` does, is known by its user.
fn is_ours(sender: Sender) -> bool {
    let family = sys::family();
    let parent = |at: &Pid| {
        let kin = family.iter().find(|kin| kin.process == *at)?;
        Some(kin.parent)
    };
    let mut line = std::iter::successors(Some(sender.process), parent).take(family.len());
    line.any(|process| process == getpid()) || sender.user == geteuid().as_raw() || sender.user == 0
}
