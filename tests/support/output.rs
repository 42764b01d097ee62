//! A stream of the child, read as it comes.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::wait::DEADLINE;

/// Its lines one by one, and all of it at the end.
#[derive(Debug)]
pub(crate) struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    lines: Receiver<String>,
    reader: Option<JoinHandle<()>>,
    /// Closed when nobody wants more.
    wanted: Option<UnixStream>,
}

impl Output {
    pub(super) fn of(stream: impl Into<OwnedFd>) -> Self {
        let mut stream = File::from(stream.into());
        let (wanted, unwanted) = UnixStream::pair().expect("a socket");
        let (sender, lines) = channel();
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut line = Vec::new();
            let mut block = [0; 4096];
            while is_readable(&stream, &unwanted) {
                // A terminal that nobody has open any more is an error to read.
                let Ok(length @ 1..) = stream.read(&mut block) else {
                    break;
                };
                let block = &block[..length];
                all.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend(block);
                for byte in block {
                    if *byte == b'\n' {
                        let _ = sender.send(String::from_utf8_lossy(&line).trim_end().to_owned());
                        line.clear();
                    } else {
                        line.push(*byte);
                    }
                }
            }
        });
        Self {
            bytes,
            lines,
            reader: Some(reader),
            wanted: Some(wanted),
        }
    }

    /// A stream that is not there.
    pub(super) fn none() -> Self {
        Self::of(File::open("/dev/null").expect("/dev/null is there"))
    }

    /// The next line, or why there is none.
    pub(super) fn line(&self) -> Result<String, &'static str> {
        self.lines
            .recv_timeout(DEADLINE)
            .map_err(|error| match error {
                RecvTimeoutError::Disconnected => "the output is over",
                RecvTimeoutError::Timeout => "none came",
            })
    }

    /// All of it, when it is over.
    #[track_caller]
    pub(super) fn rest(&self) -> Vec<u8> {
        loop {
            match self.line() {
                Ok(_) => {}
                Err("none came") => panic!("somebody holds the output open"),
                Err(_) => return self.bytes(),
            }
        }
    }

    /// All of it so far.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// Closes our end, now.
    pub(super) fn abandon(&mut self) {
        self.wanted = None;
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader has nothing to fail at");
        }
    }
}

/// Waits until there is something to read, if it is wanted.
fn is_readable(stream: &File, unwanted: &UnixStream) -> bool {
    let mut both = [
        PollFd::new(stream.as_fd(), PollFlags::POLLIN),
        PollFd::new(unwanted.as_fd(), PollFlags::POLLIN),
    ];
    let polled = poll(&mut both, PollTimeout::NONE);
    polled.is_ok() && both[1].any() == Some(false)
}
