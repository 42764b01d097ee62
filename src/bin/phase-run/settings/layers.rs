//! The order of precedence: flag, variable, project file, user file, default.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use phase_run::{FileOwners, outside};

use super::content::Content;
use super::parse::{at_home, name, yes};
use super::project::{File, Projects};
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
    /// So long a file may keep us waiting that is a pipe.
    pub(super) patience: Duration,
    pub(crate) project: Option<File>,
    /// Where project files come from, those of other tools too.
    pub(super) projects: Projects,
    pub(crate) user: Option<&'a File>,
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
    pub(super) fn new(
        variables: Variables<'a>,
        projects: Projects,
        project: Option<File>,
        user: Option<&'a File>,
    ) -> Self {
        Self {
            origins: RefCell::default(),
            patience: Duration::ZERO,
            project,
            projects,
            user,
            variables,
        }
    }

    /// The variable `name`, if it is set.
    pub(crate) fn variable_os(&self, name: &str) -> Option<OsString> {
        (self.variables)(name)
    }

    /// The file that the variable `name` names.
    pub(crate) fn variable_path(&self, name: &str) -> Option<PathBuf> {
        variable_path(self.variables, name)
    }

    /// What the variable `name` says, yes or no.
    ///
    /// # Errors
    ///
    /// It says neither.
    pub(crate) fn variable_yes(&self, name: &'static str) -> Result<Option<bool>, Failure> {
        variable_yes(self.variables, name)
    }

    /// The same as text.
    ///
    /// # Errors
    ///
    /// A variable that is not UTF-8.
    pub(crate) fn variable(&self, name: &str) -> Result<Option<String>, Failure> {
        variable(self.variables, name)
    }

    /// The first source that has the setting; `parse` reads a variable, or says
    /// what it must be.
    ///
    /// # Errors
    ///
    /// A variable that means nothing, by its name.
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
            let value = parse(&text).map_err(|expected| unfit(name, &text, &expected))?;
            return Ok(Some((value, Origin::Variable(name))));
        }
        let from_file = |file: &File| {
            (spelling.file)(&file.content).map(|value| (value, Origin::File(file.path.clone())))
        };
        Ok(self.files().find_map(from_file))
    }

    /// The files, the first one first in the order of precedence.
    pub(crate) fn files(&self) -> impl Iterator<Item = &File> {
        self.project.iter().chain(self.user)
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

    /// Whether it is the project's file.
    pub(crate) fn is_projects(&self, origin: &Origin) -> bool {
        self.rank(origin) == 2
    }

    /// Whether it is the user's file, above which a project's stands.
    pub(crate) fn is_users(&self, origin: &Origin) -> bool {
        self.rank(origin) == 3
    }

    /// The first source that has the text.
    ///
    /// # Errors
    ///
    /// A variable that is not UTF-8, or a text that looks like a token.
    pub(crate) fn text(
        &self,
        flag: Option<&String>,
        spelling: &Spelling<String>,
    ) -> Result<Option<(String, Origin)>, Failure> {
        check(spelling.flag, flag)?;
        self.first(flag.cloned(), spelling, name)
    }

    /// The first source that has the list; a variable is split at `separator`.
    ///
    /// # Errors
    ///
    /// A variable that is not UTF-8, or a text that looks like a token.
    pub(crate) fn list(
        &self,
        flag: &[String],
        spelling: &Spelling<Vec<String>>,
        separator: char,
    ) -> Result<Option<Vec<String>>, Failure> {
        check(spelling.flag, flag)?;
        let flag = (!flag.is_empty()).then(|| flag.to_vec());
        let split = |text: &str| {
            // What separates may stand in a token, too.
            let text = name(text)?;
            let parts = text.split(separator).map(outside::trimmed_text);
            parts.filter(|part| !part.is_empty()).map(name).collect()
        };
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
    ) -> Option<(PathBuf, Origin)> {
        let variable = |name: &&'static str| {
            self.variable_path(name)
                .map(|path| (path, Origin::Variable(name)))
        };
        let from_file = |file: &File| {
            (spelling.file)(&file.content).map(|path| (path, Origin::File(file.path.clone())))
        };
        let (path, origin) = flag
            .map(|path| (path.to_owned(), Origin::Flag(spelling.flag)))
            .or_else(|| spelling.variables.iter().find_map(variable))
            .or_else(|| self.files().find_map(from_file))?;
        self.note(spelling.name, &path.display().to_string(), origin.clone());
        Some((path, origin))
    }

    /// Whose the file may be that `origin` names. What is named by hand is anybody's.
    pub(super) fn owners(&self, origin: &Origin) -> FileOwners {
        if self.is_projects(origin) {
            self.projects.owners()
        } else {
            FileOwners::everybody()
        }
    }

    /// Remembers what a setting is and where it came from, as it may be shown. What is
    /// looked up twice is remembered once.
    pub(crate) fn note(&self, name: &'static str, value: &str, origin: Origin) {
        let noted = (name, outside::shown(value).to_owned(), origin);
        let mut origins = self.origins.borrow_mut();
        if !origins.contains(&noted) {
            origins.push(noted);
        }
    }

    /// Where the setting `name` came from, if it was noted.
    pub(super) fn origin_of(&self, name: &str) -> Option<Origin> {
        let origins = self.origins.borrow();
        let found = origins.iter().rev().find(|(noted, ..)| *noted == name);
        found.map(|(_, _, origin)| origin.clone())
    }

    /// `name = value (origin)`, a line per setting.
    pub(crate) fn report(&self) -> Vec<String> {
        let origins = self.origins.borrow();
        let line = |(name, value, origin): &(_, _, _)| format!("{name} = {value} ({origin})");
        origins.iter().map(line).collect()
    }
}

/// That the texts of `flag` are names.
fn check<'a>(flag: &str, texts: impl IntoIterator<Item = &'a String>) -> Result<(), Failure> {
    let unfit = |expected| Failure::new(Reason::Usage, format!("{flag} must be {expected}"));
    let mut texts = texts.into_iter();
    texts.try_for_each(|text| name(text).map(drop).map_err(unfit))
}

/// The variable `name` as text.
///
/// # Errors
///
/// It is not UTF-8.
pub(super) fn variable(variables: Variables<'_>, name: &str) -> Result<Option<String>, Failure> {
    let text = variables(name).map(OsString::into_string);
    text.transpose().map_err(|_| {
        let text = format!("{name} holds bytes that are not UTF-8");
        Failure::new(Reason::Configuration, text)
    })
}

/// The file that the variable `name` names. `~/` is the home folder.
pub(crate) fn variable_path(variables: Variables<'_>, name: &str) -> Option<PathBuf> {
    let home = variables("HOME").map(PathBuf::from);
    let path = PathBuf::from(variables(name)?);
    Some(at_home(&path, home.as_deref()))
}

/// What the variable `name` says, yes or no.
///
/// # Errors
///
/// It says neither.
pub(crate) fn variable_yes(
    variables: Variables<'_>,
    name: &'static str,
) -> Result<Option<bool>, Failure> {
    let Some(text) = variables(name) else {
        return Ok(None);
    };
    let text = text.to_string_lossy();
    let answer = yes(&text).map_err(|expected| unfit(name, &text, &expected));
    answer.map(Some)
}

/// That the variable `name` cannot say `text`.
pub(crate) fn unfit(name: &str, text: &str, expected: &str) -> Failure {
    let text = if outside::looks_like_token(text) {
        format!("{name} looks like a token, which is not repeated: it must be {expected}")
    } else {
        let shown = outside::shown(text);
        format!("{name} cannot be {shown:?}: it must be {expected}")
    };
    Failure::new(Reason::Configuration, text)
}
