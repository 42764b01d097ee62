//! Small children with one purpose each.

use std::env;
use std::fs::OpenOptions;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process;
use std::thread;
use std::time::Duration;

use crate::event::Event;
use crate::prepare::say;
use crate::{kernel, report};

/// Longer than any test waits.
const LONG: Duration = Duration::from_mins(1);

fn ready() {
    say(&mut io::stdout(), &Event::Ready(report::place()));
}

fn number<T: std::str::FromStr>(words: &[String], index: usize) -> Option<T> {
    words.get(index)?.parse().ok()
}

/// All dispositions as by default, and nothing to do.
pub(crate) fn idle() -> u8 {
    kernel::settle();
    ready();
    thread::sleep(LONG);
    99
}

/// Does not want to go.
pub(crate) fn ignore_polite_signals() -> u8 {
    kernel::settle();
    kernel::ignore(libc::SIGTERM);
    kernel::ignore(libc::SIGINT);
    ready();
    thread::sleep(LONG);
    97
}

/// `die SIGNAL`
pub(crate) fn die(words: &[String]) -> u8 {
    kernel::settle();
    kernel::send(
        process::id().cast_signed(),
        number(words, 0).expect("a signal"),
    );
    98
}

/// Stops itself, and ends with 3 when somebody continues it.
pub(crate) fn stop() -> u8 {
    kernel::settle();
    ready();
    kernel::send(process::id().cast_signed(), libc::SIGSTOP);
    3
}

/// Reads one line of the terminal.
pub(crate) fn read_line() -> u8 {
    kernel::settle();
    ready();
    let mut text = String::new();
    if io::stdin().read_line(&mut text).is_err() {
        return 8;
    }
    say(&mut io::stdout(), &Event::Read { text });
    0
}

/// `send PID SIGNAL [TIMES [VALUE]]`
pub(crate) fn send(words: &[String]) -> u8 {
    let pid = number(words, 0).expect("a process");
    let signal = number(words, 1).expect("a signal");
    for _ in 0..number(words, 2).unwrap_or(1) {
        match number(words, 3) {
            Some(value) => kernel::queue(pid, signal, value),
            None => kernel::send(pid, signal),
        }
    }
    0
}

/// `notify LINE...`: tells systemd, in one message, and ends.
pub(crate) fn notify(lines: &[String]) -> u8 {
    let socket = env::var_os("NOTIFY_SOCKET").expect("a socket");
    let socket = socket.to_str().expect("a plain name");
    let sender = UnixDatagram::unbound().expect("a socket");
    let text = lines.join("\n");
    match socket.strip_prefix('@') {
        Some(name) => {
            let address = SocketAddr::from_abstract_name(name).expect("a name");
            sender.send_to_addr(text.as_bytes(), &address)
        }
        None => sender.send_to(text.as_bytes(), socket),
    }
    .expect("somebody listens");
    0
}

/// `resize ROWS COLUMNS`, of the terminal on standard input.
pub(crate) fn resize(words: &[String]) -> u8 {
    let rows = number(words, 0).expect("rows");
    let columns = number(words, 1).expect("columns");
    kernel::set_size(&io::stdin(), rows, columns).expect("a terminal on standard input");
    0
}

/// `lease FILE`: says when somebody opens the file, which then hangs until a
/// line comes on standard input. Fails where somebody has it open already.
pub(crate) fn lease(words: &[String]) -> u8 {
    kernel::block_only(kernel::bit(libc::SIGIO));
    let file = OpenOptions::new()
        .read(true)
        .open(&words[0])
        .expect("a file of ours");
    if let Err(error) = kernel::lease(&file, libc::F_WRLCK) {
        let what = error.to_string();
        say(&mut io::stdout(), &Event::Failed { what });
        return 1;
    }
    ready();
    if kernel::take_signal(kernel::bit(libc::SIGIO), LONG).is_none() {
        return 99;
    }
    say(&mut io::stdout(), &Event::Opened);
    let _ = io::stdin().read_line(&mut String::new());
    kernel::lease(&file, libc::F_UNLCK).expect("the lease is ours");
    0
}
