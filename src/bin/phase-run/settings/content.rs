//! What a project file and a user file may say, and in which shape.
//!
//! No message quotes a file: it may hold what should not be there.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use phase_run::outside::{looks_like_token, trimmed_text};
use toml::de::{DeTable, DeValue};
use tracing::level_filters::LevelFilter;

use super::options::{self, Optional, Shape};
use super::parse::{at_home, level, name, span, word};
use crate::args::{Api, ProviderName};
use crate::exit::{Failure, Reason};

/// What a `phase-run.toml` or a user's `config.toml` says. What is blank is not said.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) allow_empty: Option<bool>,
    pub(crate) api: Option<Api>,
    pub(crate) app: Option<String>,
    pub(crate) app_id: Option<String>,
    pub(crate) ca_cert: Option<PathBuf>,
    pub(crate) env: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) log: Option<LevelFilter>,
    pub(crate) no_project_file: Option<bool>,
    /// Words of the command line, by the flag for which they stand in.
    pub(crate) options: BTreeMap<&'static str, Vec<String>>,
    pub(crate) paths: Option<Vec<String>>,
    pub(crate) project_file: Option<PathBuf>,
    pub(crate) provider: Option<ProviderName>,
    pub(crate) require: Option<Vec<String>>,
    /// Folders in which the files of others count.
    pub(crate) safe_directories: Option<Vec<PathBuf>>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) vault: Option<PathBuf>,
}

/// The keys that a project file may not have.
const OF_USERS: [&str; 5] = [
    "ca_cert",
    "log",
    "no_project_file",
    "project_file",
    "safe_directories",
];

/// All keys.
const KEYS: [&str; 17] = [
    "allow_empty",
    "api",
    "app",
    "app_id",
    "ca_cert",
    "env",
    "host",
    "log",
    "no_project_file",
    "paths",
    "project_file",
    "provider",
    "require",
    "safe_directories",
    "tags",
    "timeout",
    "vault",
];

/// What a list must be.
const LIST: &str = "a list of texts in brackets, such as [\"a\", \"b\"]";

/// Whose file it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Whose {
    Projects,
    Users,
}

/// What `text` says, which stands in the file `path`, `whose` it is. Files that it
/// names lie beside it, or in `home` by `~/`.
///
/// # Errors
///
/// The line that cannot be understood, and why.
pub(crate) fn parse(
    text: &str,
    path: &Path,
    whose: Whose,
    home: Option<&Path>,
) -> Result<Content, Failure> {
    // An editor's byte order mark is no part of the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let refused = |place: Option<Range<usize>>, why: &str| {
        misused(path, &format!("{}: {why}", position(text, place)))
    };
    // What the parser says of the syntax quotes nothing.
    let table = DeTable::parse(text).map_err(|error| refused(error.span(), error.message()))?;
    let mut content = Content::default();
    let folder = path.parent().unwrap_or(Path::new("."));
    for (key, value) in table.into_inner() {
        let place = Some(key.span());
        let key = &**key.get_ref();
        if whose == Whose::Projects && is_of_users(key) {
            let why = format!("`{key}` belongs into the user's config.toml");
            return Err(refused(place, &why));
        }
        let entry = Entry {
            folder,
            home,
            value: value.get_ref(),
        };
        match content.put(key, &entry) {
            Ok(true) => {}
            Ok(false) => return Err(refused(place, &unknown(key, whose))),
            Err(expected) => {
                let why = format!("`{key}` must be {expected}");
                return Err(refused(Some(value.span()), &why));
            }
        }
    }
    Ok(content)
}

/// A configuration file that cannot be used.
pub(crate) fn misused(path: &Path, why: &str) -> Failure {
    Failure::new(
        Reason::Configuration,
        format!("{} cannot be used: {why}", path.display()),
    )
    .help("such a file names things, and holds no credentials")
}

/// Line and column of the beginning of `place` in `text`.
fn position(text: &str, place: Option<Range<usize>>) -> String {
    let end = place.map_or(0, |place| place.start.min(text.len()));
    let before = String::from_utf8_lossy(&text.as_bytes()[..end]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default();
    format!("line {line}, column {}", column.chars().count() + 1)
}

/// That there is no such key in a file of theirs.
fn unknown(key: &str, whose: Whose) -> String {
    let keys = KEYS.iter().map(ToString::to_string);
    let more = options::ALL.iter().map(Optional::key);
    let keys = keys.chain(more.filter(|key| key != "require"));
    let keys = keys.filter(|key| whose == Whose::Users || !is_of_users(key));
    let keys = keys.map(|key| format!("`{key}`"));
    let keys = keys.collect::<Vec<_>>().join(", ");
    // A name that somebody made up is short, and none of it is a secret.
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let shown = key.len() <= 32 && key.chars().all(is_name) && !looks_like_token(key);
    if shown {
        format!("unknown key `{key}`, expected one of {keys}")
    } else {
        format!("unknown key, expected one of {keys}")
    }
}

/// A value, and what it takes to read it.
struct Entry<'a> {
    folder: &'a Path,
    home: Option<&'a Path>,
    value: &'a DeValue<'a>,
}

impl Content {
    /// Takes the value of `key`; false if there is no such key.
    ///
    /// # Errors
    ///
    /// What the value must be.
    fn put(&mut self, key: &str, entry: &Entry<'_>) -> Result<bool, String> {
        match key {
            "allow_empty" => self.allow_empty = Some(entry.yes()?),
            "api" => self.api = entry.read(word)?,
            "app" => self.app = entry.read(name)?,
            "app_id" => self.app_id = entry.read(name)?,
            "ca_cert" => self.ca_cert = entry.file()?,
            "env" => self.env = entry.read(name)?,
            "host" => self.host = entry.read(name)?,
            "log" => self.log = entry.read(level)?,
            "no_project_file" => self.no_project_file = Some(entry.yes()?),
            "paths" => self.paths = Some(entry.list()?),
            "project_file" => self.project_file = entry.file()?,
            "provider" => self.provider = entry.read(word)?,
            "require" => self.require = Some(entry.list()?),
            "safe_directories" => {
                let folders = entry.list()?.into_iter();
                let folders = folders.map(|folder| entry.inside(&folder));
                self.safe_directories = Some(folders.collect());
            }
            "tags" => self.tags = Some(entry.list()?),
            "timeout" => self.timeout = entry.read(span)?,
            "vault" => self.vault = entry.file()?,
            other => {
                let Some(optional) = optional(other) else {
                    return Ok(false);
                };
                self.options.insert(optional.flag, entry.words(optional)?);
            }
        }
        Ok(true)
    }
}

/// Whether a project file may not have the key.
fn is_of_users(key: &str) -> bool {
    OF_USERS.contains(&key) || optional(key).is_some()
}

/// The option that `key` gives. That `require` is also a project's is older.
fn optional(key: &str) -> Option<&'static Optional> {
    let mut all = options::ALL.iter();
    all.find(|optional| optional.key() == key && key != "require")
}

impl Entry<'_> {
    /// What `parse` makes of the text, unless it is blank.
    fn read<T>(&self, parse: fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
        match text(self.value) {
            Some("") => Ok(None),
            Some(text) => parse(text).map(Some),
            None => {
                let expected = parse("").err();
                let expected = expected.unwrap_or_else(|| "a text".to_owned());
                Err(format!("{expected}, in quotes"))
            }
        }
    }

    fn file(&self) -> Result<Option<PathBuf>, String> {
        let file = self.read(name)?;
        Ok(file.map(|file| self.inside(&file)))
    }

    /// A file by its name: beside this one, unless it says where.
    fn inside(&self, file: &str) -> PathBuf {
        self.folder.join(at_home(Path::new(file), self.home))
    }

    fn list(&self) -> Result<Vec<String>, String> {
        let DeValue::Array(items) = self.value else {
            return Err(LIST.to_owned());
        };
        let texts = items.iter().map(|item| text(item.get_ref()));
        let texts = texts.filter(|text| *text != Some(""));
        texts.map(|text| name(text.ok_or(LIST)?)).collect()
    }

    /// The value as words of the command line.
    fn words(&self, optional: &Optional) -> Result<Vec<String>, String> {
        match (optional.shape, self.value) {
            (Shape::Any | Shape::File, _) => {
                let text = self.read(|text| Ok(text.to_owned()))?;
                Ok(optional.words(&Vec::from_iter(text)))
            }
            (Shape::Count, DeValue::Integer(count)) => match count.as_str() {
                "0" => Ok(optional.times(0)),
                "1" => Ok(optional.times(1)),
                "2" => Ok(optional.times(2)),
                _ => Err("0, 1 or 2".to_owned()),
            },
            (Shape::Count | Shape::Switch, _) => Ok(optional.bare(self.yes()?)),
            (Shape::Text, _) => {
                let text = self.read(name)?;
                Ok(optional.words(&Vec::from_iter(text)))
            }
            (Shape::Span, _) => {
                self.read(span)?;
                let text = self.read(name)?;
                Ok(optional.words(&Vec::from_iter(text)))
            }
            (Shape::Names, DeValue::Boolean(all)) => Ok(optional.bare(*all)),
            (Shape::List, DeValue::Table(table)) => {
                let pairs = table.iter().map(|(old, new)| {
                    let new = text(new.get_ref());
                    let new = new.ok_or("a table of texts, such as { OLD = \"NEW\" }")?;
                    name(&format!("{}={new}", old.get_ref()))
                });
                Ok(optional.words(&pairs.collect::<Result<Vec<_>, _>>()?))
            }
            (Shape::List, _) => Ok(optional.words(&self.list()?)),
            (Shape::Names, _) => {
                let names = self
                    .list()
                    .map_err(|list| format!("true, false, or {list}"));
                Ok(optional.words(&names?))
            }
        }
    }

    fn yes(&self) -> Result<bool, String> {
        match self.value {
            DeValue::Boolean(yes) => Ok(*yes),
            _ => Err("true or false, without quotes".to_owned()),
        }
    }
}

fn text<'a>(value: &'a DeValue<'a>) -> Option<&'a str> {
    match value {
        DeValue::String(text) => Some(trimmed_text(text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Content, Failure> {
        let path = Path::new("/project/phase-run.toml");
        parse(text, path, Whose::Users, Some(Path::new("/me")))
    }

    #[test]
    fn a_file_that_cannot_be_understood_tells_key_line_and_column_and_quotes_nothing() {
        let token = "pss_service:v2:hunter2";
        for (text, line, key) in [
            (
                format!("app = 'a'\npaths = '{token}'"),
                "line 2, column 9",
                "`paths`",
            ),
            (
                format!("tags = [['{token}']]"),
                "line 1, column 8",
                "`tags`",
            ),
            (
                format!("require = ['{token}']"),
                "line 1, column 11",
                "`require`",
            ),
            (
                format!("app = {{ a = '{token}' }}"),
                "line 1, column 7",
                "`app`",
            ),
            (format!("app = '{token}'"), "line 1, column 7", "`app`"),
            (format!("host = '{token}'"), "line 1, column 8", "`host`"),
            (format!("vault = '{token}'"), "line 1, column 9", "`vault`"),
            (format!("api = '{token}'"), "line 1, column 7", "`api`"),
            (
                format!("timeout = '{token}'"),
                "line 1, column 11",
                "`timeout`",
            ),
            (
                format!("allow_empty = '{token}'"),
                "line 1, column 15",
                "`allow_empty`",
            ),
            (
                format!("\n'{token}' = 1"),
                "line 2, column 1",
                "unknown key",
            ),
            (
                format!("'{}' = 1", "hunter2".repeat(9)),
                "line 1, column 1",
                "unknown key",
            ),
            (format!("token = '{token}'"), "line 1, column 1", "`token`"),
            (format!("app = 'a'\n  = '{token}'"), "line 2, column 3", ""),
            (format!("app = '{token}"), "line 1", ""),
            (token.to_owned(), "line 1", ""),
        ] {
            let failure = parsed(&text).unwrap_err();
            assert_eq!(failure.reason(), Reason::Configuration);
            let shown = format!("{failure} {}", failure.advice().join(" "));
            assert!(
                shown.contains(line) && shown.contains(key),
                "{text}: {shown}"
            );
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn what_is_round_a_text_falls_off_and_what_is_blank_is_not_said() {
        let text = "\u{feff}app = ' web\t'\nenv = ' '\npaths = [' /a ', '', ' ']\napi = ''\n";
        let content = parsed(text).unwrap();
        assert_eq!(content.app.as_deref(), Some("web"));
        assert_eq!((content.env, content.api), (None, None));
        assert_eq!(content.paths.unwrap(), ["/a"]);
    }

    #[test]
    fn a_file_lies_beside_the_one_that_names_it_or_in_the_home_folder() {
        for (named, path) in [
            ("v.age", "/project/v.age"),
            ("~/v.age", "/me/v.age"),
            ("/v.age", "/v.age"),
        ] {
            let text =
                format!("vault = '{named}'\nca_cert = '{named}'\nsafe_directories = ['{named}']");
            let content = parsed(&text).unwrap();
            let path = Path::new(path);
            assert_eq!(content.vault.as_deref(), Some(path));
            assert_eq!(content.ca_cert.as_deref(), Some(path));
            assert_eq!(content.safe_directories.unwrap(), [path]);
        }
    }

    #[test]
    fn a_key_of_the_user_says_what_its_flag_would() {
        for (text, flag, words) in [
            ("only = ['A*', 'B']", "only", &["--only=A*", "--only=B"][..]),
            ("rename = { A = 'B' }", "rename", &["--rename=A=B"]),
            ("rename = ['A=B']", "rename", &["--rename=A=B"]),
            ("clean_env = true", "clean-env", &["--clean-env"]),
            ("clean_env = ['A', 'B']", "clean-env", &["--clean-env=A,B"]),
            ("pass_auth = true", "pass-auth", &["--pass-auth"]),
            ("pass_auth = false", "pass-auth", &[]),
            ("kill_after = '5s'", "kill-after", &["--kill-after=5s"]),
            ("verbose = true", "verbose", &["--verbose"]),
            ("verbose = 2", "verbose", &["--verbose", "--verbose"]),
            ("command = 'a && b'", "command", &["--command=a && b"]),
        ] {
            assert_eq!(parsed(text).unwrap().options[flag], words, "{text}");
        }
        for text in [
            "only = 'A'",
            "pass_auth = 'yes'",
            "kill_after = 5",
            "verbose = 3",
            "mode = 'pss_x'",
        ] {
            let failure = parsed(text).unwrap_err().to_string();
            assert!(!failure.contains("pss_x"), "{failure}");
        }
    }

    #[test]
    fn a_project_file_cannot_say_whom_to_trust() {
        for key in OF_USERS.into_iter().chain(["pass_auth", "only"]) {
            let path = Path::new("phase-run.toml");
            let text = format!("{key} = []");
            let failure = parse(&text, path, Whose::Projects, None).unwrap_err();
            assert!(failure.to_string().contains("config.toml"), "{failure}");
        }
    }

    #[test]
    fn an_unknown_key_is_told_with_those_that_this_file_takes() {
        let path = Path::new("a.toml");
        let told = |whose| {
            parse("nope = 1", path, whose, None)
                .unwrap_err()
                .to_string()
        };
        let (users, projects) = (told(Whose::Users), told(Whose::Projects));
        for key in ["`app`", "`require`", "`timeout`"] {
            assert!(users.contains(key) && projects.contains(key), "{projects}");
        }
        for key in ["`ca_cert`", "`safe_directories`", "`only`", "`sysexits`"] {
            assert!(users.contains(key), "{users}");
            assert!(!projects.contains(key), "{projects}");
        }
    }

    #[test]
    fn the_readme_lists_every_key() {
        let readme = include_str!("../../../../README.md");
        let (_, listed) = readme.split_once("Both files may say").unwrap();
        let (listed, _) = listed.split_once("\n\n").unwrap();
        let more = options::ALL.iter().map(Optional::key);
        for key in KEYS.map(str::to_owned).into_iter().chain(more) {
            assert!(listed.contains(&format!("`{key}`")), "{key}");
            let text = format!("{key} = 1.5");
            let failure = parsed(&text).unwrap_err().to_string();
            assert!(failure.contains(&format!("`{key}` must be")), "{failure}");
        }
    }
}
