//! The few words of a certificate that `rustls` does not tell.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rustls::CertificateError;
use rustls::pki_types::{ServerName, UnixTime};

/// What a certificate says of itself. Whether that is true, it does not say.
#[derive(Debug)]
pub(super) struct Certificate {
    /// The last one of its subject; empty for want of one that is text.
    common_name: String,
    /// Whether there is a `subjectAltName`, whatever it holds.
    pub(super) has_names: bool,
    not_after: UnixTime,
    not_before: UnixTime,
}

/// A sequence of values in DER, as far as it has not been read.
#[derive(Clone, Copy)]
struct Der<'a>(&'a [u8]);

const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 29, 17];

const INTEGER: u8 = 0x02;
const OBJECT_ID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// UTF-8, and two sets of ASCII.
const TEXTS: [u8; 3] = [0x0c, 0x13, 0x16];

impl Certificate {
    /// Reads RFC 5280 §4.1, which is `None` for anything else.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let mut signed = Der(der).expect(SEQUENCE)?.expect(SEQUENCE)?;
        if signed.0.first() == Some(&VERSION) {
            signed.next()?;
        }
        signed.expect(INTEGER)?;
        let (_algorithm, _issuer) = (signed.expect(SEQUENCE)?, signed.expect(SEQUENCE)?);
        let mut validity = signed.expect(SEQUENCE)?;
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        let common_name = common_name(signed.expect(SEQUENCE)?)?;
        let _key = signed.expect(SEQUENCE)?;
        let mut has_names = false;
        while !signed.0.is_empty() {
            if let (EXTENSIONS, mut extensions) = signed.next()? {
                has_names = has_extension(extensions.expect(SEQUENCE)?, SUBJECT_ALT_NAME)?;
            }
        }
        Some(Self {
            common_name,
            has_names,
            not_after,
            not_before,
        })
    }

    /// # Errors
    ///
    /// `time` is before it begins to count, or after it ends.
    pub(super) fn check_dates(&self, time: UnixTime) -> Result<(), CertificateError> {
        let Self {
            not_after,
            not_before,
            ..
        } = *self;
        if time < not_before {
            Err(CertificateError::NotValidYetContext { time, not_before })
        } else if time > not_after {
            Err(CertificateError::ExpiredContext { time, not_after })
        } else {
            Ok(())
        }
    }

    /// Whether its common name is that of `server`, or `*.` and what follows the
    /// first label of that.
    ///
    /// # Errors
    ///
    /// It is not.
    pub(super) fn check_common_name(
        &self,
        server: &ServerName<'_>,
    ) -> Result<(), CertificateError> {
        let name = &*self.common_name;
        let matches = match server {
            ServerName::DnsName(server) => {
                let server = server.as_ref();
                let below = |domain: &str| {
                    let parent = server.split_once('.').map(|(_, parent)| parent);
                    parent.is_some_and(|parent| {
                        parent.contains('.') && parent.eq_ignore_ascii_case(domain)
                    })
                };
                name.eq_ignore_ascii_case(server) || name.strip_prefix("*.").is_some_and(below)
            }
            ServerName::IpAddress(server) => name.parse() == Ok(IpAddr::from(*server)),
            _ => false,
        };
        if matches {
            return Ok(());
        }
        Err(CertificateError::NotValidForNameContext {
            expected: server.to_owned(),
            presented: vec![format!("CommonName({name:?})")],
        })
    }
}

impl Der<'_> {
    /// The next value: its tag, and what it holds.
    fn next(&mut self) -> Option<(u8, Self)> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let digits = usize::from(first & 0x7f);
            let (digits, rest) = rest.split_at_checked(digits).filter(|_| digits <= 3)?;
            let add = |length: usize, digit: &u8| length << 8 | usize::from(*digit);
            (digits.iter().fold(0, add), rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, Self(content)))
    }

    /// What the next value holds, if that has the tag `wanted`.
    fn expect(&mut self, wanted: u8) -> Option<Self> {
        let (tag, content) = self.next()?;
        (tag == wanted).then_some(content)
    }

    /// `YYMMDDHHMMSSZ`, which begins with 1950, or `YYYYMMDDHHMMSSZ`.
    fn time(&mut self) -> Option<UnixTime> {
        let (tag, Der(text)) = self.next()?;
        let text = str::from_utf8(text).ok()?.strip_suffix('Z')?;
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let text = match (tag, text.len()) {
            (UTC_TIME, 12) if text < "5" => format!("20{text}"),
            (UTC_TIME, 12) => format!("19{text}"),
            (GENERALIZED_TIME, 14) => text.to_owned(),
            _ => return None,
        };
        // Before all that a clock can say.
        if *text < *"1970" {
            return Some(UnixTime::since_unix_epoch(Duration::ZERO));
        }
        let (date, time) = text.split_at(8);
        let time = format!(
            "{}-{}-{}T{}:{}:{}Z",
            &date[..4],
            &date[4..6],
            &date[6..],
            &time[..2],
            &time[2..4],
            &time[4..]
        );
        let time = humantime::parse_rfc3339(&time).ok()?;
        let time = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(UnixTime::since_unix_epoch(time))
    }
}

/// The last common name of a subject, or nothing. `None` for what is no subject.
fn common_name(mut subject: Der<'_>) -> Option<String> {
    let mut found = "";
    while !subject.0.is_empty() {
        let mut set = subject.expect(SET)?;
        while !set.0.is_empty() {
            let mut attribute = set.expect(SEQUENCE)?;
            let (kind, (tag, value)) = (attribute.expect(OBJECT_ID)?, attribute.next()?);
            if kind.0 == COMMON_NAME {
                let text = str::from_utf8(value.0).ok();
                let text = text.filter(|_| TEXTS.contains(&tag));
                found = text.unwrap_or_default();
            }
        }
    }
    Some(found.to_owned())
}

/// Whether the extension `wanted` is there. `None` for what are no extensions.
fn has_extension(mut extensions: Der<'_>, wanted: &[u8]) -> Option<bool> {
    let mut found = false;
    while !extensions.0.is_empty() {
        let kind = extensions.expect(SEQUENCE)?.expect(OBJECT_ID)?;
        found |= kind.0 == wanted;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    /// A certificate as `change` will have it.
    fn der(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = CertificateParams::default();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    fn at(text: &str) -> UnixTime {
        let time = humantime::parse_rfc3339(text).unwrap();
        UnixTime::since_unix_epoch(time.duration_since(SystemTime::UNIX_EPOCH).unwrap())
    }

    fn time(tag: u8, text: &str) -> Option<UnixTime> {
        let length = u8::try_from(text.len()).unwrap();
        Der(&[&[tag, length], text.as_bytes()].concat()).time()
    }

    #[test]
    fn dates_are_those_that_were_written() {
        for (from, to) in [(1999, 2001), (2026, 2049), (2050, 9999)] {
            let der = der(|params| {
                params.not_before = date_time_ymd(from, 2, 28);
                params.not_after = date_time_ymd(to, 12, 31);
            });
            let read = Certificate::read(&der).unwrap();
            let midnight = |year, day| at(&format!("{year}-{day}T00:00:00Z"));
            let (from, to) = (midnight(from, "02-28"), midnight(to, "12-31"));
            assert_eq!((read.not_before, read.not_after), (from, to));
            assert!(read.check_dates(from).is_ok() && read.check_dates(to).is_ok());
            let second = |time: UnixTime, by: i64| {
                let seconds = time.as_secs().checked_add_signed(by).unwrap();
                UnixTime::since_unix_epoch(Duration::from_secs(seconds))
            };
            let error = read.check_dates(second(from, -1)).unwrap_err();
            assert!(matches!(error, CertificateError::NotValidYetContext { .. }));
            let error = read.check_dates(second(to, 1)).unwrap_err();
            assert!(matches!(error, CertificateError::ExpiredContext { .. }));
        }
    }

    #[test]
    fn a_date_is_of_one_of_two_forms() {
        let new = Some(at("2049-12-31T23:59:59Z"));
        assert_eq!(time(UTC_TIME, "491231235959Z"), new);
        assert_eq!(time(GENERALIZED_TIME, "20491231235959Z"), new);
        assert_eq!(
            time(UTC_TIME, "991231235959Z"),
            Some(at("1999-12-31T23:59:59Z"))
        );
        assert_eq!(time(UTC_TIME, "500101000000Z").unwrap().as_secs(), 0);
        for (tag, text) in [
            (UTC_TIME, "20491231235959Z"),
            (GENERALIZED_TIME, "491231235959Z"),
            (INTEGER, "491231235959Z"),
            (UTC_TIME, "491231235959"),
            (UTC_TIME, "4912312359Z"),
            (UTC_TIME, "491331235959Z"),
            (UTC_TIME, "490230235959Z"),
            (UTC_TIME, "4912312359+0Z"),
            (UTC_TIME, "49123123595\u{e9}Z"),
            (UTC_TIME, ""),
        ] {
            assert_eq!(time(tag, text), None, "{text}");
        }
    }

    #[test]
    fn a_common_name_is_a_whole_name_an_address_or_a_wildcard() {
        for (name, server, right) in [
            ("a.example", "A.example", true),
            ("a.example", "b.a.example", false),
            ("a.example", "a.example.org", false),
            ("*.a.example", "b.a.example", true),
            ("*.a.example", "a.example", false),
            ("*.a.example", "c.b.a.example", false),
            ("*.example", "a.example", false),
            ("*", "a", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("*.0.0.1", "10.0.0.1", false),
            ("::1", "0:0::1", true),
            ("a.example\0.evil", "a.example", false),
            ("", "a.example", false),
        ] {
            let read = Certificate::read(&der(|params| {
                params
                    .distinguished_name
                    .push(DnType::OrganizationName, server);
                params.distinguished_name.push(DnType::CommonName, name);
            }));
            let read = read.unwrap();
            assert!(!read.has_names);
            let server = ServerName::try_from(server).unwrap();
            assert_eq!(
                read.check_common_name(&server).is_ok(),
                right,
                "{name} {server:?}"
            );
        }
    }

    #[test]
    fn what_is_cut_or_changed_is_read_without_a_panic() {
        let whole = der(|params| {
            let names = ["a.example", "10.0.0.1"].map(str::to_owned);
            *params = CertificateParams::new(names).unwrap();
        });
        let read = Certificate::read(&whole).unwrap();
        assert!(read.has_names);
        for end in 0..whole.len() {
            assert!(Certificate::read(&whole[..end]).is_none(), "{end}");
        }
        let mut changed = whole;
        for at in 0..changed.len() {
            for byte in [0, 0x30, 0x7f, 0x80, 0x84, 0xff] {
                let before = std::mem::replace(&mut changed[at], byte);
                // Whatever it is: the verdict is not ours, but that there is one is.
                let _ = Certificate::read(&changed);
                changed[at] = before;
            }
        }
    }
}
