//! Whether what was asked for gives anything: a mistyped folder or tag must not
//! start a program without its secrets.

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind, Result};
use crate::scope::{Folder, Folders, Place, Scope};
use crate::stock::Stock;

/// How many names of what there is instead a message lists.
const MOST: usize = 10;

/// A secret's folder and tags.
type Site<'a> = (&'a Folder, &'a [String]);

/// Checks that each folder and each tag of `scope`, which is a part of `place`,
/// selects at least one of the secrets in `stock`.
///
/// # Errors
///
/// [`ErrorKind::Missing`] names the first one that selects nothing, and what there
/// is instead, as far as `stock` tells.
pub(crate) fn require_some(stock: &dyn Stock, scope: &Scope, place: &Place) -> Result<()> {
    let sites = stock.sites();
    // Where the store keeps back what has none of the tags, a folder only looks empty.
    let filtered = |folder: &Folder| !scope.tags.is_empty() && !stock.decides(folder, "");
    let lies_in = |folders: &Folders| sites.iter().any(|(folder, _)| folders.contains(folder));
    match &scope.folders {
        Folders::All if sites.is_empty() && !filtered(&Folder::root()) => {
            return Err(nothing(format!("there is no secret in {}", named(place))));
        }
        Folders::All => {}
        Folders::Below(tops) => {
            for top in tops {
                if !filtered(top) && !lies_in(&Folders::Below(vec![top.clone()])) {
                    return Err(no_secret(top, " or below it", &sites, place));
                }
            }
        }
        Folders::These(folders) => {
            for folder in folders {
                if !filtered(folder) && !lies_in(&Folders::These(vec![folder.clone()])) {
                    return Err(no_secret(folder, "", &sites, place));
                }
            }
        }
    }
    require_tags(&sites, scope, place)
}

fn require_tags(sites: &[Site<'_>], scope: &Scope, place: &Place) -> Result<()> {
    let here = || {
        let here = sites
            .iter()
            .filter(|(folder, _)| scope.folders.contains(folder));
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

fn no_secret(folder: &Folder, below: &str, sites: &[Site<'_>], place: &Place) -> Error {
    let folders: BTreeSet<&str> = sites.iter().map(|(folder, _)| folder.as_str()).collect();
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
    use crate::resolve::secret;
    use crate::scope::App;
    use crate::secret::Secret;
    use crate::stock::Plain;

    /// The message and the advice of what is missing, if anything is.
    fn missing(secrets: &[Secret], folders: Folders, tags: &[&str]) -> Option<(String, String)> {
        let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        let scope = Scope::new(App::Name("web".into()), "dev")
            .in_folders(folders)
            .tagged(tags);
        let stock = Plain::new(secrets.to_vec(), true);
        let error = require_some(&stock, &scope, &scope.place).err()?;
        assert_eq!(error.kind(), ErrorKind::Missing);
        Some((error.to_string(), error.advice().unwrap().to_owned()))
    }

    fn folders(paths: &[&str]) -> Vec<Folder> {
        paths
            .iter()
            .map(|path| Folder::new(path).unwrap())
            .collect()
    }

    fn tagged(folder: &str, tags: &[&str]) -> Secret {
        Secret {
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            ..secret(folder, "A", "1", "1")
        }
    }

    #[test]
    fn each_folder_must_hold_a_secret_and_the_others_are_listed() {
        let secrets = [secret("/", "A", "1", "1"), secret("/api", "B", "2", "2")];
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
        let secrets = [secret("/a/b", "A", "1", "1")];
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
}
