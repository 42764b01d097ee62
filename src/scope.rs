//! Which part of a store is meant: app, environment, folders and tags.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};
use crate::outside;

/// An app by the name people gave it, or by the id the server gave it.
///
/// Names need not be unique; ids are.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum App {
    /// The server's id, a UUID.
    Id(String),
    /// The name, matched exactly, then ignoring case, then as a unique part.
    Name(String),
    /// The only one that the credentials reach. (Infisical)
    Only,
}

impl App {
    /// That a store wants to be told which app is meant.
    pub(crate) fn unnamed() -> Error {
        Error::new(ErrorKind::Configuration, "no app was named").help("give --app or --app-id")
    }
}

impl fmt::Display for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(text) | Self::Name(text) => f.write_str(text),
            Self::Only => f.write_str("the only project"),
        }
    }
}

/// The path of a folder, normalised: one leading slash, none at the end, none doubled.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Folder(String);

impl Folder {
    /// Normalises `text` the way the Phase server does: `a//b/` is `/a/b`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if `text` holds a NUL or a line break.
    pub fn new(text: &str) -> Result<Self> {
        if text.contains(['\0', '\n', '\r']) {
            return Err(Error::new(
                ErrorKind::Configuration,
                format!(
                    "{:?} is not a path: it holds a NUL or a line break",
                    outside::shown(text)
                ),
            ));
        }
        let mut path = String::with_capacity(text.len() + 1);
        for part in text.split('/').filter(|part| !part.is_empty()) {
            path.push('/');
            path.push_str(part);
        }
        if path.is_empty() {
            path.push('/');
        }
        Ok(Self(path))
    }

    /// The root folder, `/`.
    #[must_use]
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// The path, with its leading slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this folder, or lies somewhere below it.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        let below = other.0.strip_prefix(self.0.trim_end_matches('/'));
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    }

    /// How many folders deep: 0 for the root.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.split('/').filter(|part| !part.is_empty()).count()
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which folders of an environment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Folders {
    /// Every folder there is.
    All,
    /// These and all below them: on a collision one of a later tree wins, and
    /// within a tree the deeper one.
    Below(Vec<Folder>),
    /// These, in this order: on a collision a later one wins.
    These(Vec<Folder>),
}

impl Folders {
    /// Whether `folder` is one of them.
    #[must_use]
    pub fn contains(&self, folder: &Folder) -> bool {
        match self {
            Self::All => true,
            Self::Below(folders) => folders.iter().any(|top| top.holds(folder)),
            Self::These(folders) => folders.contains(folder),
        }
    }
}

/// One environment of one app.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// The app.
    pub app: App,
    /// The environment's name, matched as an app's name is. If it is empty, the
    /// one that is usual with the credentials. (Infisical)
    pub environment: String,
}

/// One folder of one environment: where a reference leads.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Site {
    pub(crate) folder: Folder,
    pub(crate) place: Place,
}

/// One name in one folder: what a reference means.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Target {
    pub(crate) key: String,
    pub(crate) site: Site,
}

/// The part of a store that a call is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scope {
    /// App and environment.
    pub place: Place,
    /// The folders, at least one.
    pub folders: Folders,
    /// Only secrets that carry one of these tags; empty: all secrets.
    pub tags: Vec<String>,
}

impl Scope {
    /// The root folder of `environment` of `app`.
    #[must_use]
    pub fn new(app: App, environment: impl Into<String>) -> Self {
        Self {
            place: Place {
                app,
                environment: environment.into(),
            },
            folders: Folders::These(vec![Folder::root()]),
            tags: Vec::new(),
        }
    }

    /// All secrets of `place`.
    pub(crate) fn all_of(place: Place) -> Self {
        Self {
            place,
            folders: Folders::All,
            tags: Vec::new(),
        }
    }

    /// The same, but these folders.
    #[must_use]
    pub fn in_folders(mut self, folders: Folders) -> Self {
        self.folders = folders;
        self
    }

    /// The same, but only secrets with one of `tags`: compared ignoring case,
    /// `_` as a space, and a part of a tag is enough.
    #[must_use]
    pub fn tagged(mut self, tags: Vec<String>) -> Self {
        self.tags = tags;
        self
    }

    /// Whether a secret that carries `tags` is meant.
    pub(crate) fn admits(&self, tags: &[String]) -> bool {
        let plain = |tag: &str| tag.trim().to_lowercase().replace('_', " ");
        self.tags.is_empty()
            || self
                .tags
                .iter()
                .map(|wanted| plain(wanted))
                .any(|wanted| tags.iter().any(|tag| plain(tag).contains(&wanted)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(name: &str) -> serde_json::Value {
        let vectors = include_str!("../tests/fixtures/phase/vectors.json");
        let mut vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
        vectors[name].take()
    }

    #[test]
    fn a_folder_is_normalised_as_the_server_does_it() {
        let rows = vectors("server_path_normalisation");
        for row in rows.as_array().unwrap() {
            let folder = Folder::new(row["in"].as_str().unwrap()).unwrap();
            assert_eq!(folder.as_str(), row["out"], "{row}");
        }
        for given in ["", "///"] {
            assert_eq!(Folder::new(given).unwrap(), Folder::root());
        }
    }

    #[test]
    fn a_folder_holds_itself_and_what_lies_below_it() {
        let folder = |text| Folder::new(text).unwrap();
        for (top, other, holds) in [
            ("/", "/", true),
            ("/", "/a", true),
            ("/a", "/a", true),
            ("/a", "/a/b", true),
            ("/a", "/ab", false),
            ("/a/b", "/a", false),
        ] {
            assert_eq!(folder(top).holds(&folder(other)), holds, "{top} {other}");
        }
    }

    #[test]
    fn tags_match_as_in_the_official_program_but_for_its_comma_that_never_did() {
        let observed = vectors("cli_tag_match");
        for (query, matches) in observed["query_to_matches"].as_object().unwrap() {
            // What it documents, and does not do, is what we do.
            let matches = if query == "db,aws" {
                serde_json::json!(["T1"])
            } else {
                matches.clone()
            };
            let wanted = query.split(',').map(str::to_owned).collect();
            let scope = Scope::new(App::Name("web".into()), "dev").tagged(wanted);
            let secrets = observed["secret_tags"].as_object().unwrap().iter();
            let admitted = secrets.filter(|(_, tags)| {
                let tags: Vec<String> = serde_json::from_value((*tags).clone()).unwrap();
                scope.admits(&tags)
            });
            let admitted: Vec<&String> = admitted.map(|(name, _)| name).collect();
            assert_eq!(serde_json::json!(admitted), matches, "{query}");
        }
    }

    #[test]
    fn any_of_several_tags_is_enough_and_case_and_underscores_do_not_matter() {
        let scope = |tags: &[&str]| {
            Scope::new(App::Name("web".into()), "dev")
                .tagged(tags.iter().map(|&tag| tag.to_owned()).collect())
        };
        let tags = ["Back End".to_owned(), "aws".to_owned()];
        assert!(scope(&[]).admits(&tags));
        assert!(scope(&["db", "AWS"]).admits(&tags));
        assert!(scope(&["back_end"]).admits(&tags));
        assert!(scope(&["end"]).admits(&tags));
        assert!(!scope(&["zz"]).admits(&tags));
        assert!(!scope(&["db"]).admits(&[]));
    }
}
