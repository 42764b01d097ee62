//! Whether what was asked for gives anything: a mistyped folder or tag must not
//! start a program without its secrets, nor make a lease.

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind, Result};
use crate::scope::{Folder, Folders, Place, Scope};
use crate::secret::Secret;

/// How many names of what there is instead a message lists.
const MOST: usize = 10;

/// What a store answered, as far as it tells whether a scope is empty.
#[derive(Debug, Default)]
pub(crate) struct Held<'a> {
    /// The folders of dynamic secrets, which have no tags.
    pub(crate) dynamic: Vec<&'a Folder>,
    /// Whether the store kept back what has none of the tags: then a folder may
    /// only look empty.
    pub(crate) filtered: bool,
    /// Whether nothing came of folders outside the scope.
    pub(crate) partial: bool,
    /// Folder and tags of each secret that came, also of those outside the scope.
    pub(crate) secrets: Vec<(&'a Folder, &'a [String])>,
}

impl<'a> Held<'a> {
    /// Nothing but `secrets`.
    pub(crate) fn of(secrets: &'a [Secret]) -> Self {
        let secrets = secrets.iter();
        Self {
            secrets: secrets.map(|one| (&one.folder, &*one.tags)).collect(),
            ..Self::default()
        }
    }

    /// The folders in which something lies.
    fn folders(&self) -> impl Iterator<Item = &'a Folder> {
        let secrets = self.secrets.iter().map(|(folder, _)| *folder);
        secrets.chain(self.dynamic.iter().copied())
    }

    fn lies_in(&self, folders: &Folders) -> bool {
        self.folders().any(|folder| folders.contains(folder))
    }
}

/// Checks that each folder and each tag of `scope`, which is a part of `place`,
/// selects at least one of what is `held`.
///
/// # Errors
///
/// [`ErrorKind::Missing`] names the first one that selects nothing, and what there
/// is instead.
pub(crate) fn require_some(held: &Held<'_>, scope: &Scope, place: &Place) -> Result<()> {
    if !held.filtered {
        require_folders(held, scope, place)?;
    }
    require_tags(held, scope, place)
}

fn require_folders(held: &Held<'_>, scope: &Scope, place: &Place) -> Result<()> {
    let (folders, below, part): (_, _, fn(_) -> _) = match &scope.folders {
        Folders::All if held.lies_in(&Folders::All) => return Ok(()),
        Folders::All => return Err(nothing(format!("there is no secret in {}", named(place)))),
        Folders::Below(tops) => (tops, " or below it", Folders::Below),
        Folders::These(folders) => (folders, "", Folders::These),
    };
    for folder in folders {
        if !held.lies_in(&part(vec![folder.clone()])) {
            return Err(no_secret(folder, below, held, place));
        }
    }
    Ok(())
}

fn require_tags(held: &Held<'_>, scope: &Scope, place: &Place) -> Result<()> {
    let here = || {
        let secrets = held.secrets.iter();
        let here = secrets.filter(|(folder, _)| scope.folders.contains(folder));
        here.map(|(_, tags)| *tags)
    };
    for tag in &scope.tags {
        let tagged = scope.clone().tagged(vec![tag.clone()]);
        if !here().any(|tags| tagged.admits(tags)) {
            let tags: BTreeSet<&str> = here().flatten().map(String::as_str).collect();
            let text = format!(
                "no secret has the tag {tag:?} in the folders asked for, {}",
                named(place)
            );
            return Err(nothing_but(text, "the tags there are", &tags, "--tag"));
        }
    }
    Ok(())
}

fn no_secret(folder: &Folder, below: &str, held: &Held<'_>, place: &Place) -> Error {
    let folders = held.folders().filter(|_| !held.partial);
    let folders: BTreeSet<&str> = folders.map(Folder::as_str).collect();
    let text = format!(
        "there is no secret in folder {folder}{below}, {}",
        named(place)
    );
    nothing_but(text, "there are secrets in", &folders, "--path")
}

/// The environment in words.
fn named(place: &Place) -> String {
    match &*place.environment {
        "" => place.app.to_string(),
        environment => format!("environment {environment} of {}", place.app),
    }
}

fn nothing(text: String) -> Error {
    Error::new(ErrorKind::Missing, text)
        .help("look at --app, --env, --path and --tag; --allow-empty goes on without a secret")
}

/// The same, where there is something else `instead`.
fn nothing_but(text: String, what: &str, instead: &BTreeSet<&str>, flag: &str) -> Error {
    if instead.is_empty() {
        return nothing(text);
    }
    let mut listed: Vec<&str> = instead.iter().copied().take(MOST).collect();
    if instead.len() > MOST {
        listed.push("…");
    }
    Error::new(ErrorKind::Missing, text).help(format!(
        "{what}: {}; look at {flag}, or go on without by --allow-empty",
        listed.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::App;

    /// The folder of a secret, and its tags.
    type Row = (Folder, Vec<String>);

    /// The message and the advice of what is missing, if anything is.
    fn missing(secrets: &[Row], folders: Folders, tags: &[&str]) -> Option<(String, String)> {
        missing_beside(secrets, &[], folders, tags)
    }

    /// The same, where there are dynamic secrets too.
    fn missing_beside(
        secrets: &[Row],
        dynamic: &[Folder],
        folders: Folders,
        tags: &[&str],
    ) -> Option<(String, String)> {
        let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        let scope = Scope::new(App::Name("web".into()), "dev")
            .in_folders(folders)
            .tagged(tags);
        let rows = secrets.iter().map(|(folder, tags)| (folder, &**tags));
        let held = Held {
            dynamic: dynamic.iter().collect(),
            filtered: false,
            partial: false,
            secrets: rows.collect(),
        };
        let error = require_some(&held, &scope, &scope.place).err()?;
        assert_eq!(error.kind(), ErrorKind::Missing);
        Some((error.to_string(), error.advice().unwrap().to_owned()))
    }

    fn folders(paths: &[&str]) -> Vec<Folder> {
        paths
            .iter()
            .map(|path| Folder::new(path).unwrap())
            .collect()
    }

    fn tagged(folder: &str, tags: &[&str]) -> Row {
        let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        (Folder::new(folder).unwrap(), tags)
    }

    fn secret(folder: &str) -> Row {
        tagged(folder, &[])
    }

    #[test]
    fn each_folder_must_hold_a_secret_and_the_others_are_listed() {
        let secrets = [secret("/"), secret("/api")];
        let these = |paths: &[&str]| Folders::These(folders(paths));
        assert_eq!(missing(&secrets, these(&["/", "/api"]), &[]), None);
        let (text, advice) = missing(&secrets, these(&["/", "/apu"]), &[]).unwrap();
        assert_eq!(
            text,
            "there is no secret in folder /apu, environment dev of web"
        );
        assert!(
            advice.starts_with("there are secrets in: /, /api;"),
            "{advice}"
        );
        assert!(advice.contains("--allow-empty"), "{advice}");
    }

    #[test]
    fn a_tree_is_not_empty_if_something_lies_below_it() {
        let secrets = [secret("/a/b")];
        let below = |paths: &[&str]| Folders::Below(folders(paths));
        assert_eq!(missing(&secrets, below(&["/a"]), &[]), None);
        let (text, _) = missing(&secrets, below(&["/a", "/b"]), &[]).unwrap();
        assert_eq!(
            text,
            "there is no secret in folder /b or below it, environment dev of web"
        );
    }

    #[test]
    fn an_environment_without_any_secret_is_named() {
        let (text, _) = missing(&[], Folders::All, &[]).unwrap();
        assert_eq!(text, "there is no secret in environment dev of web");
        assert!(missing(&[], Folders::These(folders(&["/"])), &[]).is_some());
    }

    #[test]
    fn each_tag_must_be_there_in_the_folders_and_not_only_elsewhere() {
        let secrets = [tagged("/", &["db"]), tagged("/api", &["cache"])];
        let root = || Folders::These(folders(&["/"]));
        assert_eq!(missing(&secrets, root(), &["DB"]), None);
        let (text, advice) = missing(&secrets, root(), &["db", "cache"]).unwrap();
        assert!(
            text.starts_with("no secret has the tag \"cache\""),
            "{text}"
        );
        assert!(advice.starts_with("the tags there are: db;"), "{advice}");
    }

    #[test]
    fn a_dynamic_secret_fills_its_own_folder_alone_and_has_no_tag() {
        let secrets = [tagged("/api", &["cache"])];
        let dynamic = folders(&["/db"]);
        let missing = |paths: &[&str], tags: &[&str]| {
            let these = Folders::These(folders(paths));
            missing_beside(&secrets, &dynamic, these, tags)
        };
        assert_eq!(missing(&["/db"], &[]), None);
        let (text, advice) = missing(&["/db", "/nope"], &[]).unwrap();
        assert!(text.contains("folder /nope"), "{text}");
        assert!(advice.contains("/api, /db"), "{advice}");
        assert!(missing(&["/db"], &["cache"]).is_some());
        assert_eq!(missing(&["/db", "/api"], &["cache"]), None);
    }
}
