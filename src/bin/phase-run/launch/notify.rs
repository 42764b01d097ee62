//! What systemd is told, by the protocol of `sd_notify`(3).

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use super::image::NOTIFY_SOCKET;
use super::lookup;

/// Says that secrets are being fetched, and that this may take up to `timeout`.
pub(crate) fn announce(environment: &[Vec<u8>], timeout: Duration) {
    let microseconds = timeout.as_micros();
    status(
        environment,
        &format!("STATUS=phase-run: fetching secrets\nEXTEND_TIMEOUT_USEC={microseconds}"),
    );
}

/// Sends `text`, lines like `STATUS=…`, to the service manager that
/// `environment` names, if it names one. Failing to is no failure of ours.
fn status(environment: &[Vec<u8>], text: &str) {
    let Some(socket) = lookup::variable(environment, NOTIFY_SOCKET) else {
        return;
    };
    if let Err(error) = send(socket, text) {
        tracing::debug!(%error, "the service manager could not be told");
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
    fn a_socket_with_a_path_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let listener = UnixDatagram::bind(&path).unwrap();
        let entry = [b"NOTIFY_SOCKET=", path.as_os_str().as_bytes()].concat();
        status(&[entry], "STATUS=fetching");
        assert_eq!(told(&listener), "STATUS=fetching");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_abstract_socket_is_told() {
        use std::os::linux::net::SocketAddrExt;
        let name = format!("phase-run-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listener = UnixDatagram::bind_addr(&address).unwrap();
        status(&[format!("NOTIFY_SOCKET=@{name}").into_bytes()], "READY=1");
        assert_eq!(told(&listener), "READY=1");
    }

    #[test]
    fn nobody_to_tell_is_no_failure() {
        for socket in [
            "",
            "NOTIFY_SOCKET=",
            "NOTIFY_SOCKET=vsock:2:1",
            "NOTIFY_SOCKET=/nowhere/x",
        ] {
            status(&[socket.as_bytes().to_vec()], "READY=1");
        }
    }
}
