//! The project file and the user file.

use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::layers;
use crate::args::{Api, ProviderName};
use crate::exit::{Failure, Reason};

/// What a `phase-run.toml` or a user's `config.toml` may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Content {
    #[serde(default, deserialize_with = "word")]
    pub(crate) api: Option<Api>,
    pub(crate) app: Option<String>,
    pub(crate) app_id: Option<String>,
    pub(crate) ca_cert: Option<PathBuf>,
    pub(crate) env: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) paths: Option<Vec<String>>,
    #[serde(default, deserialize_with = "word")]
    pub(crate) provider: Option<ProviderName>,
    pub(crate) require: Option<Vec<String>>,
    pub(crate) tags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "span")]
    pub(crate) timeout: Option<Duration>,
    pub(crate) vault: Option<PathBuf>,
}

/// A word that the command line takes too.
fn word<'de, D: Deserializer<'de>, T: clap::ValueEnum>(input: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(input)?;
    layers::word(&text).map(Some).map_err(D::Error::custom)
}

fn span<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(input)?;
    layers::span(&text).map(Some).map_err(D::Error::custom)
}

/// A file that was found and read.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) content: Content,
    pub(crate) path: PathBuf,
}

/// The project's file name.
const PROJECT: &str = "phase-run.toml";

/// More than anybody has to say.
const LARGEST: u64 = 1 << 20;

/// The project file for `directory`: in it or above it, up to the repository's
/// root or `home`. Where neither lies above, only `directory` itself is looked
/// at: what lies in a shared folder such as `/tmp` is anybody's.
///
/// # Errors
///
/// A file that cannot be read or understood.
pub(crate) fn project(directory: &Path, home: Option<&Path>) -> Result<Option<File>, Failure> {
    let is_top = |at: &Path| Some(at) == home || at.join(".git").exists();
    let depth = directory
        .ancestors()
        .position(is_top)
        .map_or(1, |top| top + 1);
    for at in directory.ancestors().take(depth) {
        if let Some(file) = read(&at.join(PROJECT))? {
            if file.content.ca_cert.is_some() {
                return Err(misused(
                    &file.path,
                    "`ca_cert` belongs into the user's config.toml",
                ));
            }
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// The user's own file in `configuration`, such as `~/.config/phase-run`.
///
/// # Errors
///
/// A file that cannot be read or understood.
pub(crate) fn user(configuration: &Path) -> Result<Option<File>, Failure> {
    read(&configuration.join("config.toml"))
}

fn read(path: &Path) -> Result<Option<File>, Failure> {
    let Some(bytes) = contents(path).map_err(|error| misused(path, &error.to_string()))? else {
        return Ok(None);
    };
    let text = str::from_utf8(&bytes).map_err(|error| misused(path, &error.to_string()))?;
    Ok(Some(File {
        content: parse(text, path)?,
        path: path.to_owned(),
    }))
}

/// What stands in the configuration file `path`, if there is one. It may be
/// somebody else's: no pipe that never begins, and no device that never ends.
pub(super) fn contents(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(io::Error::other("it is not a regular file")),
        // A link that leads nowhere is there, and was meant to be read.
        Err(error) if error.kind() == ErrorKind::NotFound && path.is_symlink() => {
            return Err(error);
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(Some(bytes))
}

/// What `text` says, which stands in the file `path`.
///
/// # Errors
///
/// The line that cannot be understood, and why.
pub(crate) fn parse(text: &str, path: &Path) -> Result<Content, Failure> {
    // The whole error would quote the line, and with it what should not be there.
    let mut content: Content = toml::from_str(text).map_err(|error| {
        let end = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = text.as_bytes()[..end].split(|byte| *byte == b'\n').count();
        misused(path, &format!("line {line}: {}", error.message()))
    })?;
    let folder = path.parent().unwrap_or(Path::new("."));
    for inside in [&mut content.vault, &mut content.ca_cert]
        .into_iter()
        .flatten()
    {
        *inside = folder.join(&*inside);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn the_project_file_is_found_upwards_to_the_repositorys_root_and_not_beyond() {
        let top = folder();
        let deep = top.path().join("repo/a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::create_dir(top.path().join("repo/.git")).unwrap();
        fs::write(top.path().join(PROJECT), "app = 'outside'").unwrap();
        assert!(project(&deep, None).unwrap().is_none());
        fs::write(top.path().join("repo").join(PROJECT), "app = 'inside'").unwrap();
        let file = project(&deep, None).unwrap().unwrap();
        assert_eq!(file.content.app.as_deref(), Some("inside"));
    }

    #[test]
    fn without_a_repository_or_a_home_above_only_the_folder_itself_counts() {
        let top = folder();
        let inner = top.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::write(top.path().join(PROJECT), "app = 'somebody'").unwrap();
        assert!(project(&inner, None).unwrap().is_none());
        assert!(project(top.path(), None).unwrap().is_some());
        assert!(project(&inner, Some(top.path())).unwrap().is_some());
    }

    #[test]
    fn a_project_file_that_cannot_be_understood_names_the_line_and_shows_no_value() {
        let top = folder();
        for text in ["app = 'a'\ntoken = 'pss_x'", "app = 'a'\n= 'pss_x'"] {
            fs::write(top.path().join(PROJECT), text).unwrap();
            let failure = project(top.path(), None).unwrap_err();
            assert_eq!(failure.reason(), Reason::Configuration);
            assert!(failure.to_string().contains("line 2"), "{failure}");
            assert!(!failure.to_string().contains("pss_x"), "{failure}");
        }
    }

    #[test]
    fn the_readme_lists_every_key() {
        let failure = parse("x = 1", Path::new("x")).unwrap_err().to_string();
        let (_, keys) = failure.split_once("expected one of ").unwrap();
        let readme = include_str!("../../../../README.md");
        let (_, listed) = readme.split_once("Both files may say").unwrap();
        let (listed, _) = listed.split_once("\n\n").unwrap();
        for key in keys.split(", ") {
            assert!(listed.contains(key), "{key}");
        }
    }

    #[test]
    fn a_vault_is_found_beside_the_file_that_names_it() {
        let top = folder();
        fs::write(top.path().join(PROJECT), "vault = 'v.age'").unwrap();
        let file = project(top.path(), None).unwrap().unwrap();
        assert_eq!(file.content.vault, Some(top.path().join("v.age")));
    }
}
