//! Whose program is at the other end of a connection over the loopback interface.
//!
//! Linux lists the connections with their owners. Other systems tell nobody but
//! root: there the key in the URL alone keeps others out.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

/// Where Linux lists connections, and those of programs that speak version 6 to version 4.
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

/// So often the lists are read: while connections come and go, one may be passed over.
const LOOKS: usize = 3;

/// In the lists: both ends have it open. Of what was closed they know no owner.
const OPEN: &str = "01";

/// May do what we do, and carries connections for others, as from a virtual machine.
const ROOT: u32 = 0;

/// Who holds the other end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Peer {
    /// Another user, or nobody any more.
    Another,
    /// Our own user, or root.
    Own,
    /// The system does not say.
    Unknown,
}

/// Who is at `there`, seen from our end at `here`.
pub(super) fn at(there: SocketAddr, here: SocketAddr) -> Peer {
    let (SocketAddr::V4(there), SocketAddr::V4(here)) = (there, here) else {
        return Peer::Unknown;
    };
    let [there, here] = [there, here].map(|end| listed(*end.ip(), end.port()));
    let mut answer = Peer::Unknown;
    for _ in 0..LOOKS {
        let lists = TABLES.map(|path| fs::read_to_string(path).unwrap_or_default());
        answer = judge(&lists, &there, &here);
        if answer == Peer::Own {
            break;
        }
    }
    answer
}

/// The address in the one list, and in the other.
fn listed(address: Ipv4Addr, port: u16) -> [String; 2] {
    // In the order in which the processor has the bytes in its memory.
    let word = |bytes: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(bytes));
    let (zero, mapped, address) = (word([0; 4]), word([0, 0, 255, 255]), word(address.octets()));
    [
        format!("{address}:{port:04X}"),
        format!("{zero}{zero}{mapped}{address}:{port:04X}"),
    ]
}

fn judge(lists: &[String; 2], there: &[String; 2], here: &[String; 2]) -> Peer {
    let row = |from: &[String; 2], to: &[String; 2]| {
        let mut rows = lists.iter().flat_map(|list| list.lines()).map(Row::read);
        rows.find_map(|row| {
            row.filter(|row| (0..2).any(|list| row.local == from[list] && row.remote == to[list]))
        })
    };
    let Some(ours) = row(here, there) else {
        return Peer::Unknown;
    };
    match row(there, here) {
        Some(row) if row.state == OPEN && [ours.owner, ROOT].contains(&row.owner) => Peer::Own,
        _ => Peer::Another,
    }
}

/// One end of a connection.
struct Row<'a> {
    local: &'a str,
    owner: u32,
    remote: &'a str,
    state: &'a str,
}

impl<'a> Row<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (local, remote, state) = (fields.next()?, fields.next()?, fields.next()?);
        let owner = fields.nth(3)?.parse().ok()?;
        Some(Self {
            local,
            owner,
            remote,
            state,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(rows: &[(&str, &str, &str, u32)]) -> [String; 2] {
        let line = |(local, remote, state, owner): &(&str, &str, &str, u32)| {
            format!(
                "   0: {local} {remote} {state} 00000000:00000000 00:00000000 00000000 {owner:5} 0 99 1\n"
            )
        };
        let title = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n";
        let rows: String = rows.iter().map(line).collect();
        [title.to_owned(), format!("{title}{rows}")]
    }

    #[test]
    fn only_an_open_connection_of_our_user_or_root_is_our_own() {
        let there = listed(Ipv4Addr::LOCALHOST, 40_000);
        let here = listed(Ipv4Addr::LOCALHOST, 80);
        let ours = (&*here[0], &*there[0], OPEN, 1000);
        for (row, wanted) in [
            (Some((&*there[0], &*here[0], OPEN, 1000)), Peer::Own),
            (Some((&*there[1], &*here[1], OPEN, 1000)), Peer::Own),
            (Some((&*there[0], &*here[0], OPEN, 0)), Peer::Own),
            (Some((&*there[0], &*here[0], OPEN, 1001)), Peer::Another),
            (Some((&*there[1], &*here[1], OPEN, 1001)), Peer::Another),
            // Closed at once, after the request: the list calls it root's.
            (Some((&*there[0], &*here[0], "05", 0)), Peer::Another),
            (
                Some((&*there[0], "0100007F:0051", OPEN, 1000)),
                Peer::Another,
            ),
            (None, Peer::Another),
        ] {
            let rows: Vec<_> = [Some(ours), row].into_iter().flatten().collect();
            assert_eq!(judge(&lists(&rows), &there, &here), wanted, "{row:?}");
        }
        let nothing = [String::new(), String::new()];
        assert_eq!(judge(&nothing, &there, &here), Peer::Unknown);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_connection_of_ours_is_found_in_the_systems_lists() {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, there) = listener.accept().unwrap();
        assert_eq!(at(there, stream.local_addr().unwrap()), Peer::Own);
        drop(client);
        assert_eq!(at(there, stream.local_addr().unwrap()), Peer::Another);
    }
}
