//! The servers that are reached without a proxy: `NO_PROXY`.

use std::net::IpAddr;

use reqwest::Url;

use super::{Text, Variables, text};
use crate::http::connection::address;

/// The items of `NO_PROXY`.
#[derive(Clone, Debug, Default)]
pub(super) struct Exceptions {
    items: Vec<Item>,
    pub(super) warnings: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Network {
    /// How many bits of the address count.
    bits: u8,
    start: IpAddr,
}

#[derive(Clone, Debug)]
struct Item {
    /// Any port, if there is none.
    port: Option<u16>,
    servers: Servers,
}

#[derive(Clone, Debug)]
enum Servers {
    All,
    /// All whose names end with a dot and this.
    Below(String),
    /// The one of this name, and all below it.
    Named(String),
    Network(Network),
}

impl Exceptions {
    pub(super) fn read(variables: Variables<'_>) -> Self {
        let names = ["no_proxy", "NO_PROXY"];
        let found = names
            .iter()
            .find_map(|name| Some((name, text(name, variables)?)));
        let Some((name, Text { text, warning })) = found else {
            return Self::default();
        };
        let mut warnings = Vec::from_iter(warning);
        let Some(text) = text else {
            warnings.push(format!("{name} is not UTF-8, and does not count"));
            return Self {
                items: Vec::new(),
                warnings,
            };
        };
        let words = text.split(|c: char| c == ',' || c.is_whitespace());
        let words = words.filter(|word| !word.is_empty());
        let mut items = Vec::new();
        for (at, word) in words.enumerate() {
            match Item::parse(word) {
                Some(item) => items.push(item),
                // It may be a URL with a password.
                None => warnings.push(format!(
                    "item {} of {name} cannot be read, and does not count: it takes names, \
                     .NAME, *.NAME, addresses, ADDRESS/BITS, each of them with :PORT or not, and *",
                    at + 1
                )),
            }
        }
        Self { items, warnings }
    }

    /// Whether the server at `url` is among them.
    pub(super) fn contain(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let host = host.strip_suffix('.').unwrap_or(host);
        let (address, port) = (address(host), url.port_or_known_default());
        self.items.iter().any(|item| {
            let here = match &item.servers {
                Servers::All => true,
                Servers::Below(name) => is_below(host, name),
                Servers::Named(name) => host == name || is_below(host, name),
                Servers::Network(network) => address.is_some_and(|one| network.contains(one)),
            };
            here && (item.port.is_none() || item.port == port)
        })
    }
}

fn is_below(host: &str, name: &str) -> bool {
    let before = host.strip_suffix(name);
    before.is_some_and(|before| before.ends_with('.'))
}

impl Item {
    fn parse(text: &str) -> Option<Self> {
        // The colons of an address without brackets are no port's.
        let bare = text.matches(':').count() > 1 && !text.starts_with('[');
        let (servers, port) = match text.rsplit_once(':') {
            Some((servers, port)) if !bare && !port.ends_with(']') => {
                (servers, Some(port.parse().ok()?))
            }
            _ => (text, None),
        };
        let servers = if servers == "*" {
            Servers::All
        } else if let Some(network) = Network::parse(servers) {
            Servers::Network(network)
        } else if let Some(name) = servers.strip_prefix("*.") {
            Servers::Below(name_of_server(name)?)
        } else {
            Servers::Named(name_of_server(
                servers.strip_prefix('.').unwrap_or(servers),
            )?)
        };
        Some(Self { port, servers })
    }
}

/// `text` as it stands in URLs, if it can be a server's name.
fn name_of_server(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let usual = |label: &str| !label.is_empty() && label.chars().all(usual);
    // What ends with a number would be an address.
    let last = text.rsplit('.').next()?;
    let number = last.bytes().all(|byte| byte.is_ascii_digit());
    (text.split('.').all(usual) && !number).then(|| text.to_ascii_lowercase())
}

impl Network {
    /// An address, or `ADDRESS/BITS`.
    fn parse(text: &str) -> Option<Self> {
        let (start, bits) = match text.split_once('/') {
            Some((start, bits)) => (start, Some(bits)),
            None => (text, None),
        };
        let start = address(start)?;
        let most = if start.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
        (bits <= most).then_some(Self { bits, start })
    }

    fn contains(self, address: IpAddr) -> bool {
        let bits = u32::from(self.bits);
        match (self.start, address) {
            (IpAddr::V4(start), IpAddr::V4(address)) => {
                let differing = u32::from(start) ^ u32::from(address);
                differing.leading_zeros() >= bits
            }
            (IpAddr::V6(start), IpAddr::V6(address)) => {
                let differing = u128::from(start) ^ u128::from(address);
                differing.leading_zeros() >= bits
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contain(list: &str, url: &str) -> bool {
        let exceptions = Exceptions::read(&|name| (name == "NO_PROXY").then(|| list.into()));
        assert!(exceptions.warnings.is_empty(), "{list}: {exceptions:?}");
        exceptions.contain(&Url::parse(url).unwrap())
    }

    /// Rows of a list, a URL that is among its items, and one that is not.
    fn check(rows: &[(&str, &str, Option<&str>)]) {
        for (list, inside, outside) in rows {
            assert!(contain(list, inside), "{list} has {inside}");
            if let Some(outside) = outside {
                assert!(!contain(list, outside), "{list} has not {outside}");
            }
        }
    }

    #[test]
    fn a_name_means_itself_and_a_dot_or_a_star_what_is_below() {
        check(&[
            ("*", "https://10.0.0.1", None),
            ("*", "https://h.example", None),
            ("a.example", "https://A.example", Some("https://ba.example")),
            ("a.example", "https://x.a.example", Some("https://example")),
            (
                "A.Example.",
                "https://a.example.",
                Some("https://a.example.org"),
            ),
            (
                ".a.example",
                "https://a.example",
                Some("https://ba.example"),
            ),
            (".a.example", "https://x.a.example", Some("https://example")),
            (
                "*.a.example",
                "https://x.y.a.example",
                Some("https://a.example"),
            ),
            (
                "a.example:443",
                "https://a.example",
                Some("https://a.example:8443"),
            ),
            (
                "a.example:80",
                "http://x.a.example",
                Some("https://a.example"),
            ),
            (
                "localhost",
                "http://localhost:8000",
                Some("http://127.0.0.1:8000"),
            ),
            ("a_b", "http://a_b", Some("http://a-b")),
        ]);
    }

    #[test]
    fn an_address_or_a_network_means_what_lies_in_it() {
        check(&[
            ("10.0.0.1", "https://10.0.0.1", Some("https://10.0.0.10")),
            (
                "10.0.0.1:8443",
                "https://10.0.0.1:8443",
                Some("https://10.0.0.1"),
            ),
            ("[::1]", "https://[::1]:8443", Some("https://[::2]")),
            ("[::1]:443", "https://[::1]", Some("https://[::1]:8443")),
            ("::1", "https://[::1]", Some("https://[::2]")),
            (
                "::ffff:10.0.0.1",
                "https://10.0.0.1",
                Some("https://10.0.0.2"),
            ),
            ("10.0.0.0/8", "https://10.9.9.9", Some("https://11.0.0.0")),
            ("10.0.0.77/8", "https://10.9.9.9", Some("https://h.example")),
            (
                "192.168.1.128/25",
                "https://192.168.1.200",
                Some("https://192.168.1.127"),
            ),
            ("0.0.0.0/0", "https://10.0.0.1", Some("https://[::1]")),
            ("10.0.0.1/32", "https://10.0.0.1", Some("https://10.0.0.0")),
            ("fd00::/8", "https://[fd12::1]", Some("https://[fe80::1]")),
            ("::/0", "https://[fe80::1]", Some("https://10.0.0.1")),
        ]);
    }

    #[test]
    fn items_stand_between_commas_or_white_space() {
        for list in ["a,b,c", "a b c", " a ,, b\t,\nc "] {
            assert!(
                contain(list, "http://b") && contain(list, "http://c"),
                "{list}"
            );
            assert!(!contain(list, "http://d"), "{list}");
        }
        assert!(!contain(",", "http://a"));
    }

    #[test]
    fn what_could_never_match_is_not_taken_for_a_name() {
        for item in [
            "ex*ple",
            "*example",
            "a.*",
            "*.*",
            "10.*",
            "10.0.0",
            "10.0.0.300",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/x",
            "::/129",
            "[::1",
            "a:b",
            "a:99999",
            "a:",
            "a..b",
            ".",
            "*.",
            "http://a",
            "a/8",
            "a;b",
            "<local>",
            "b\u{fc}cher.example",
            "\u{fffd}",
        ] {
            assert!(Item::parse(item).is_none(), "{item}");
        }
    }
}
