//! What systemd is told, by the protocol of `sd_notify`(3).

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// So long an attempt is given beyond the wait before it: as long as a connection is
/// waited for.
const ATTEMPT: Duration = Duration::from_secs(10);

/// The service manager that started us, if one did. That it cannot be told is no
/// failure of ours.
#[derive(Clone, Debug)]
pub(crate) struct Manager {
    socket: Option<OsString>,
}

impl Manager {
    /// The one that listens at `socket`, the value of `NOTIFY_SOCKET`.
    pub(crate) fn at(socket: Option<OsString>) -> Self {
        Self { socket }
    }

    /// Tells it that secrets are being fetched. The time for it is the unit's own.
    pub(crate) fn tell_of_fetch(&self) {
        self.tell("STATUS=phase-run: fetching secrets");
    }

    /// Tells it that an attempt failed, and asks for the time that the next one may
    /// take: a server that comes up later than we do must not fail the unit.
    pub(crate) fn tell_of_retry(&self, wait: Duration) {
        let microseconds = (wait + ATTEMPT).as_micros();
        self.tell(&format!(
            "STATUS=phase-run: fetching secrets, trying again\nEXTEND_TIMEOUT_USEC={microseconds}"
        ));
    }

    fn tell(&self, text: &str) {
        if let Some(socket) = &self.socket
            && let Err(error) = send(socket.as_bytes(), text)
        {
            tracing::debug!(%error, "the service manager could not be told");
        }
    }
}

fn send(socket: &[u8], text: &str) -> io::Result<()> {
    let sender = UnixDatagram::unbound()?;
    // A full queue must not keep us from our work.
    sender.set_nonblocking(true)?;
    sender.send_to_addr(text.as_bytes(), &address(socket)?)?;
    Ok(())
}

pub(super) fn address(socket: &[u8]) -> io::Result<SocketAddr> {
    match socket {
        #[cfg(target_os = "linux")]
        [b'@', name @ ..] => {
            use std::os::linux::net::SocketAddrExt;
            SocketAddr::from_abstract_name(name)
        }
        [b'/', ..] => SocketAddr::from_pathname(OsStr::from_bytes(socket)),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(listener: &UnixDatagram) -> String {
        let mut buffer = [0; 256];
        let length = listener.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn a_socket_with_a_path_is_told_of_a_retry_and_the_time_it_may_take() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let listener = UnixDatagram::bind(&path).unwrap();
        Manager::at(Some(path.into())).tell_of_retry(Duration::from_secs(2));
        let text = told(&listener);
        assert!(text.ends_with("\nEXTEND_TIMEOUT_USEC=12000000"), "{text}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_abstract_socket_is_told() {
        use std::os::linux::net::SocketAddrExt;
        let name = format!("phase-run-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listener = UnixDatagram::bind_addr(&address).unwrap();
        Manager::at(Some(format!("@{name}").into())).tell_of_fetch();
        assert_eq!(told(&listener), "STATUS=phase-run: fetching secrets");
    }

    #[test]
    fn nobody_to_tell_is_no_failure() {
        for socket in ["", "vsock:2:1", "/nowhere/x"] {
            Manager::at(Some(socket.into())).tell_of_fetch();
        }
        Manager::at(None).tell_of_fetch();
    }
}
