//! Datagrams between processes of one machine, with the descriptors that come with
//! them and with who sent them.

use std::ffi::c_int;
use std::io;
use std::mem::{size_of_val, zeroed};
use std::os::fd::{AsRawFd, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::net::UnixDatagram;
use std::slice;

use nix::errno::Errno;
use nix::unistd::Pid;

/// A message.
#[derive(Debug)]
pub(crate) struct Datagram {
    pub(crate) bytes: Vec<u8>,
    pub(crate) descriptors: Vec<OwnedFd>,
    /// Who sent it, where the kernel says so.
    pub(crate) sender: Option<Sender>,
}

/// The sender of a message, by the kernel's word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Sender {
    /// 0 is a process outside our PID namespace.
    pub(crate) process: Pid,
    pub(crate) user: u32,
}

/// Room for as many descriptors as the kernel lets through at once (253), and for
/// the sender; in words, since the headers in it are aligned so.
type Control = [u64; 160];

/// Has the kernel say who sends what comes to `socket`.
///
/// # Errors
///
/// The system's.
pub(crate) fn ask_for_senders(socket: &UnixDatagram) -> nix::Result<()> {
    let on: c_int = 1;
    let size = libc::socklen_t::try_from(size_of_val(&on)).unwrap_or_default();
    let (level, name) = (libc::SOL_SOCKET, libc::SO_PASSCRED);
    let fd = socket.as_raw_fd();
    // SAFETY: `on` has `size` bytes and outlives the call.
    let set = unsafe { libc::setsockopt(fd, level, name, (&raw const on).cast(), size) };
    Errno::result(set).map(drop)
}

/// The next message to `socket`, of at most `room` bytes.
///
/// # Errors
///
/// The system's: `WouldBlock` where there is none at present. `InvalidData` for one
/// that does not fit; it is gone.
pub(crate) fn receive(socket: &UnixDatagram, room: usize) -> io::Result<Datagram> {
    let mut bytes = vec![0_u8; room];
    let mut control: Control = [0; 160];
    let mut part = libc::iovec {
        iov_base: bytes.as_mut_ptr().cast(),
        iov_len: bytes.len(),
    };
    let mut header = header(&mut part);
    header.msg_control = (&raw mut control).cast();
    header.msg_controllen = size_of_val(&control) as _;
    let flags = libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC;
    // SAFETY: the header names two buffers with their sizes; all outlive the call.
    let length = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, flags) };
    let length = Errno::result(length)?;
    // Taken in before anything else, or they would stay open for ever.
    let (descriptors, sender) = extras(&header);
    if header.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    bytes.truncate(usize::try_from(length).unwrap_or_default());
    Ok(Datagram {
        bytes,
        descriptors,
        sender,
    })
}

/// What came beside the bytes. To be called once for what `recvmsg` has filled.
fn extras(header: &libc::msghdr) -> (Vec<OwnedFd>, Option<Sender>) {
    let mut descriptors = Vec::new();
    let mut sender = None;
    // SAFETY: the kernel has filled the control buffer that `header` names.
    let mut next = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !next.is_null() {
        // SAFETY: the macros give a header that lies in the buffer, or null.
        let part = unsafe { &*next };
        // SAFETY: a computation.
        let empty = unsafe { libc::CMSG_LEN(0) } as usize;
        // SAFETY: the data of a part lies behind its header.
        let data = unsafe { libc::CMSG_DATA(next) };
        // SAFETY: there is as much of it as the header says.
        let data = unsafe { slice::from_raw_parts(data, part.cmsg_len as usize - empty) };
        let mut numbers = data.as_chunks().0.iter().copied();
        match (part.cmsg_level, part.cmsg_type) {
            (libc::SOL_SOCKET, libc::SCM_RIGHTS) => {
                for fd in numbers.map(RawFd::from_ne_bytes) {
                    // SAFETY: the kernel has just made it for us, and nobody else has it.
                    descriptors.push(unsafe { OwnedFd::from_raw_fd(fd) });
                }
            }
            // Process, user and group, as numbers of four bytes.
            (libc::SOL_SOCKET, libc::SCM_CREDENTIALS) => {
                let process = numbers.next().map(i32::from_ne_bytes);
                let user = numbers.next().map(u32::from_ne_bytes);
                sender = process.zip(user).map(|(process, user)| Sender {
                    process: Pid::from_raw(process),
                    user,
                });
            }
            _ => {}
        }
        // SAFETY: as for the first.
        next = unsafe { libc::CMSG_NXTHDR(header, next) };
    }
    (descriptors, sender)
}

/// Sends `message`, from us, to whom `socket` is connected to.
///
/// # Errors
///
/// The system's: `WouldBlock` where there is no room at present.
pub(crate) fn send_datagram(socket: &UnixDatagram, message: &Datagram) -> io::Result<()> {
    let mut control: Control = [0; 160];
    let mut part = libc::iovec {
        // It is only read from.
        iov_base: message.bytes.as_ptr().cast_mut().cast(),
        iov_len: message.bytes.len(),
    };
    let mut header = header(&mut part);
    let fds: Vec<RawFd> = message.descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    if !fds.is_empty() {
        let size = u32::try_from(size_of_val(&*fds)).map_err(io::Error::other)?;
        // SAFETY: a computation.
        let space = unsafe { libc::CMSG_SPACE(size) } as usize;
        if space > size_of_val(&control) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        header.msg_control = (&raw mut control).cast();
        header.msg_controllen = space as _;
        // SAFETY: the header names a control buffer that is large enough for one part.
        let first = unsafe { libc::CMSG_FIRSTHDR(&raw const header) };
        // SAFETY: the data of a part lies behind its header.
        let data = unsafe { libc::CMSG_DATA(first) };
        // SAFETY: it is the only part, aligned as the buffer, and zeroed.
        let part = unsafe { &mut *first };
        part.cmsg_level = libc::SOL_SOCKET;
        part.cmsg_type = libc::SCM_RIGHTS;
        // SAFETY: a computation.
        part.cmsg_len = unsafe { libc::CMSG_LEN(size) } as _;
        // SAFETY: there is room for so much behind the header, see above.
        let data = unsafe { slice::from_raw_parts_mut(data, size_of_val(&*fds)) };
        for (place, fd) in data.as_chunks_mut().0.iter_mut().zip(&fds) {
            *place = fd.to_ne_bytes();
        }
    }
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the header names two buffers with their sizes; all outlive the call.
    let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const header, flags) };
    Errno::result(sent)?;
    Ok(())
}

/// The header of a message of one part.
fn header(part: &mut libc::iovec) -> libc::msghdr {
    // SAFETY: plain data for which all zeros is a value: nothing else is named.
    let mut header: libc::msghdr = unsafe { zeroed() };
    header.msg_iov = part;
    header.msg_iovlen = 1;
    header
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    fn bare(bytes: &[u8]) -> Datagram {
        Datagram {
            bytes: bytes.to_vec(),
            descriptors: Vec::new(),
            sender: None,
        }
    }

    #[test]
    fn a_message_says_who_sent_it_and_brings_its_descriptors() {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        ask_for_senders(&ours).unwrap();
        let (mut reader, writer) = std::io::pipe().unwrap();
        let message = Datagram {
            descriptors: vec![writer.into()],
            ..bare(b"FDSTORE=1")
        };
        send_datagram(&theirs, &message).unwrap();
        drop(message);
        let mut received = receive(&ours, 4096).unwrap();
        assert_eq!(received.bytes, b"FDSTORE=1");
        let sender = received.sender.unwrap();
        assert_eq!(sender.process, nix::unistd::getpid());
        assert_eq!(sender.user, nix::unistd::geteuid().as_raw());
        let mut file = std::fs::File::from(received.descriptors.remove(0));
        file.write_all(b"x").unwrap();
        drop(file);
        // Nobody else holds the writing end.
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "x");
        let none = receive(&ours, 4096).unwrap_err();
        assert_eq!(none.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn a_message_that_does_not_fit_is_refused_and_the_next_is_read() {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        for text in ["too long", "fits"] {
            send_datagram(&theirs, &bare(text.as_bytes())).unwrap();
        }
        let error = receive(&ours, 4).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(receive(&ours, 4).unwrap().bytes, b"fits");
    }
}
