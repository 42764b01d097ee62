//! The order of precedence: flag, variable, project file, user file, default.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::file::{Content, File};
use crate::exit::{Failure, Reason};

/// How the environment is read, so that tests need not change the real one.
pub(crate) type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Where a setting came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    Default,
    File(PathBuf),
    Flag(&'static str),
    /// The keyring, into which this one put it.
    Keyring(&'static str),
    /// Something that says its own name.
    Named(String),
    Variable(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Named(name) => f.write_str(name),
            Self::Keyring(by) => write!(f, "the keyring, by {by}"),
        }
    }
}

impl Origin {
    /// The variable that it is, if it is one.
    pub(super) fn variable(&self) -> Option<&'static str> {
        match self {
            Self::Variable(name) => Some(name),
            _ => None,
        }
    }
}

/// The sources of settings, and the list of what came from where.
pub(crate) struct Layers<'a> {
    origins: RefCell<Vec<(&'static str, String, Origin)>>,
    pub(crate) project: Option<File>,
    pub(crate) user: Option<File>,
    variables: Variables<'a>,
}

/// How one setting is spelled in each source.
pub(crate) struct Spelling<T> {
    pub(crate) name: &'static str,
    pub(crate) flag: &'static str,
    /// The first one that is set counts.
    pub(crate) variables: &'static [&'static str],
    pub(crate) file: fn(&Content) -> Option<T>,
}

impl<'a> Layers<'a> {
    pub(crate) fn new(variables: Variables<'a>, project: Option<File>, user: Option<File>) -> Self {
        Self {
            origins: RefCell::default(),
            project,
            user,
            variables,
        }
    }

    /// The variable `name`; an empty one counts as not set.
    pub(crate) fn variable_os(&self, name: &str) -> Option<OsString> {
        (self.variables)(name).filter(|value| !value.is_empty())
    }

    /// The same as text.
    ///
    /// # Errors
    ///
    /// A variable that is not UTF-8.
    pub(crate) fn variable(&self, name: &str) -> Result<Option<String>, Failure> {
        let text = self.variable_os(name).map(OsString::into_string);
        text.transpose().map_err(|_| {
            Failure::new(
                Reason::Configuration,
                format!("{name} holds bytes that are not UTF-8"),
            )
        })
    }

    /// The first source that has the setting; `parse` reads a variable.
    ///
    /// # Errors
    ///
    /// What `parse` says, with the variable's name.
    pub(crate) fn first<T>(
        &self,
        flag: Option<T>,
        spelling: &Spelling<T>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<(T, Origin)>, Failure> {
        if let Some(value) = flag {
            return Ok(Some((value, Origin::Flag(spelling.flag))));
        }
        for name in spelling.variables {
            let Some(text) = self.variable(name)? else {
                continue;
            };
            let value = parse(&text).map_err(|why| {
                Failure::new(
                    Reason::Configuration,
                    format!("{name} cannot be used: {why}"),
                )
            })?;
            return Ok(Some((value, Origin::Variable(name))));
        }
        let from_file = |file: &File| {
            (spelling.file)(&file.content).map(|value| (value, Origin::File(file.path.clone())))
        };
        let files = [&self.project, &self.user];
        Ok(files.into_iter().flatten().find_map(from_file))
    }

    /// The place of a source in the order of precedence, 0 first.
    pub(crate) fn rank(&self, origin: &Origin) -> usize {
        let is_project = |path: &Path| self.project.as_ref().is_some_and(|file| file.path == path);
        match origin {
            Origin::Flag(_) => 0,
            Origin::Variable(_) => 1,
            Origin::File(path) if is_project(path) => 2,
            Origin::File(_) => 3,
            Origin::Default | Origin::Keyring(_) | Origin::Named(_) => 4,
        }
    }

    /// Whether it is the user's file, above which a project's stands.
    pub(crate) fn is_users(&self, origin: &Origin) -> bool {
        self.rank(origin) == 3
    }

    /// The first source that has the text.
    ///
    /// # Errors
    ///
    /// A variable that is not UTF-8.
    pub(crate) fn text(
        &self,
        flag: Option<&String>,
        spelling: &Spelling<String>,
    ) -> Result<Option<(String, Origin)>, Failure> {
        self.first(flag.cloned(), spelling, |text| Ok(text.to_owned()))
    }

    /// The first source that has the list; a variable is split at `separator`.
    ///
    /// # Errors
    ///
    /// A variable that is not UTF-8.
    pub(crate) fn list(
        &self,
        flag: &[String],
        spelling: &Spelling<Vec<String>>,
        separator: char,
    ) -> Result<Option<Vec<String>>, Failure> {
        let flag = (!flag.is_empty()).then(|| flag.to_vec());
        let split = |text: &str| Ok(text.split(separator).map(str::to_owned).collect());
        let found = self.first(flag, spelling, split)?;
        Ok(found.map(|(values, origin)| {
            self.note(spelling.name, &values.join(" "), origin);
            values
        }))
    }

    /// The first source that has the path, noted for the report.
    pub(crate) fn path(
        &self,
        flag: Option<&Path>,
        spelling: &Spelling<PathBuf>,
    ) -> Option<PathBuf> {
        let variable = |name: &&'static str| {
            self.variable_os(name)
                .map(|path| (path.into(), Origin::Variable(name)))
        };
        let from_file = |file: &File| {
            (spelling.file)(&file.content).map(|path| (path, Origin::File(file.path.clone())))
        };
        let (path, origin) = flag
            .map(|path| (path.to_owned(), Origin::Flag(spelling.flag)))
            .or_else(|| spelling.variables.iter().find_map(variable))
            .or_else(|| {
                [&self.project, &self.user]
                    .into_iter()
                    .flatten()
                    .find_map(from_file)
            })?;
        self.note(spelling.name, &path.display().to_string(), origin);
        Some(path)
    }

    /// Remembers what a setting is and where it came from.
    pub(crate) fn note(&self, name: &'static str, value: &str, origin: Origin) {
        self.origins
            .borrow_mut()
            .push((name, value.to_owned(), origin));
    }

    /// `name = value (origin)`, a line per setting.
    pub(crate) fn report(&self) -> Vec<String> {
        let origins = self.origins.borrow();
        let line = |(name, value, origin): &(_, _, _)| format!("{name} = {value} ({origin})");
        origins.iter().map(line).collect()
    }
}

/// The value of a setting that is one of a few words.
pub(super) fn word<T: clap::ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, false).map_err(|_| {
        let words: Vec<_> = T::value_variants()
            .iter()
            .filter_map(|value| Some(value.to_possible_value()?.get_name().to_owned()))
            .collect();
        format!("{text:?} is none of: {}", words.join(", "))
    })
}

/// A time span such as `30s` or `2m`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(span) if span.is_zero() => Err(format!("{text:?} is no time at all")),
        Ok(span) => Ok(span),
        Err(error) => Err(format!("{text:?} is no time span: {error}")),
    }
}
