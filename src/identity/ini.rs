//! Files of entries in sections, as clouds' tools keep them in `~/.aws` and `~/.oci`.

use std::fs;
use std::io::{self, ErrorKind as Io};
use std::path::{Path, PathBuf};
use std::time::Instant;

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result, plain};
use crate::named_file::NamedFile;
use crate::outside;

/// A file, empty if it is not there.
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) text: Zeroizing<String>,
}

impl File {
    pub(super) fn read(path: PathBuf, until: Instant) -> Result<Self> {
        let patience = until.saturating_duration_since(Instant::now());
        let text = match NamedFile::read(&path, patience) {
            Ok(file) => Zeroizing::new(outside::trimmed_text(file.text.expose()).to_owned()),
            Err(error) if is_absent(&error, &path) => Zeroizing::default(),
            Err(error) => {
                let name = path.display().to_string();
                return Err(NamedFile::late(&name, &error).unwrap_or_else(|| {
                    Error::new(ErrorKind::System, format!("cannot read {name}"))
                        .with_source(plain(&error))
                }));
            }
        };
        Ok(Self { path, text })
    }

    pub(super) fn sections(&self, is_wanted: impl Fn(&str) -> bool) -> usize {
        let wanted = |line: &Line<'_>| matches!(line, Line::Section(name) if is_wanted(name));
        lines(&self.text).filter(wanted).count()
    }

    /// The last entry called `wanted` in the sections that are wanted. An empty
    /// one counts as none.
    pub(super) fn entry(&self, is_wanted: impl Fn(&str) -> bool, wanted: &str) -> Option<&str> {
        let (mut inside, mut found) = (false, None);
        for line in lines(&self.text) {
            match line {
                Line::Section(name) => inside = is_wanted(name),
                Line::Entry(name, value) if inside && name.eq_ignore_ascii_case(wanted) => {
                    found = Some(value);
                }
                Line::Entry(..) => {}
            }
        }
        found.filter(|value| !value.is_empty())
    }
}

/// Whether there is no file, or nobody lets us see if there is: the home folder that a
/// container's image names is often somebody else's.
fn is_absent(error: &io::Error, path: &Path) -> bool {
    match error.kind() {
        Io::NotFound | Io::NotADirectory => true,
        Io::PermissionDenied => fs::symlink_metadata(path).is_err(),
        _ => false,
    }
}

/// A line that means something.
#[derive(Debug, Eq, PartialEq)]
enum Line<'a> {
    /// A name and a value. Names are compared without their case.
    Entry(&'a str, &'a str),
    /// `[…]`: what stands between, without the space around it.
    Section(&'a str),
}

/// The lines of `text`. Comments, entries within entries, and what is neither
/// are left out, as the tools of AWS do it.
fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    // How far the last entry is indented; what is indented more belongs to it.
    let mut indent = None;
    text.lines().filter_map(move |line| {
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            return None;
        }
        let depth = line.len() - line.trim_start().len();
        if let Some(rest) = content.strip_prefix('[') {
            indent = None;
            let name = rest.split(']').next().unwrap_or_default();
            return Some(Line::Section(name.trim()));
        }
        if indent.is_some_and(|indent| depth > indent) {
            return None;
        }
        let (name, value) = content.split_once('=')?;
        indent = Some(depth);
        Some(Line::Entry(name.trim_end(), without_comment(value)))
    })
}

/// A comment in a line of an entry begins after a space: values hold none.
fn without_comment(value: &str) -> &str {
    let ends = [" #", "\t#", " ;", "\t;"];
    let end = ends.iter().filter_map(|end| value.find(end)).min();
    value[..end.unwrap_or(value.len())].trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_stand_under_their_sections() {
        let text = "\
# [no]
[default]
region = eu-west-1 ; a comment
s3 =
   region = inner
output=json
[ profile a b ] # here
\taws_access_key_id = AK
\taws_secret_access_key = a/b+c=#;
;x = y
nonsense
[unfinished
x = y
";
        let found: Vec<_> = lines(text).collect();
        assert_eq!(
            found,
            [
                Line::Section("default"),
                Line::Entry("region", "eu-west-1"),
                Line::Entry("s3", ""),
                Line::Entry("output", "json"),
                Line::Section("profile a b"),
                Line::Entry("aws_access_key_id", "AK"),
                Line::Entry("aws_secret_access_key", "a/b+c=#;"),
                Line::Section("unfinished"),
                Line::Entry("x", "y"),
            ]
        );
    }

    #[test]
    fn lines_that_are_all_indented_alike_are_entries() {
        let found: Vec<_> = lines("[a]\r\n  x = 1\r\n  y = 2\r\n").collect();
        let expected = [
            Line::Section("a"),
            Line::Entry("x", "1"),
            Line::Entry("y", "2"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_file_that_is_not_there_is_empty_and_one_that_cannot_be_read_is_an_error() {
        assert!(
            File::read("/nonexistent/config".into(), Instant::now())
                .unwrap()
                .text
                .is_empty()
        );
        assert!(
            File::read("/dev/null/config".into(), Instant::now())
                .unwrap()
                .text
                .is_empty()
        );
        let error = File::read("/proc".into(), Instant::now()).err().unwrap();
        assert!(error.to_string().contains("/proc"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_and_values_are_parts_of_it(text in "[ \\t\\n#;=\\[\\]a-cä]*") {
            for line in lines(&text) {
                let parts = match line {
                    Line::Entry(name, value) => [name, value],
                    Line::Section(name) => [name, ""],
                };
                proptest::prop_assert!(parts.iter().all(|part| text.contains(part)));
            }
        }
    }
}
