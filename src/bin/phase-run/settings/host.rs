//! Which server credentials may be sent to.
//!
//! A project file is somebody else's text: credentials never follow it to a
//! host that nobody else named.

use super::layers::{Layers, Origin, Spelling};
use crate::exit::{Failure, Reason};

pub(super) const DEFAULT: &str = "https://console.phase.dev";

const HOST: Spelling<String> = Spelling {
    name: "host",
    flag: "--host",
    variables: &["PHASE_HOST"],
    // The project file's host is looked at below.
    file: |_| None,
};

/// The host that a flag or a variable names.
///
/// # Errors
///
/// A variable that is not UTF-8.
pub(super) fn given(
    flag: Option<&String>,
    layers: &Layers<'_>,
) -> Result<Option<(String, Origin)>, Failure> {
    layers.text(flag, &HOST)
}

/// The host that somebody named, and who.
///
/// # Errors
///
/// A variable that is not UTF-8.
pub(super) fn named(
    flag: Option<&String>,
    layers: &Layers<'_>,
) -> Result<Option<(String, Origin)>, Failure> {
    // A project's too: it may choose among the hosts that logins were made for.
    let spelling = Spelling {
        file: |content| content.host.clone(),
        ..HOST
    };
    layers.text(flag, &spelling)
}

/// The host in force for a token that was given.
///
/// # Errors
///
/// The project file names a host that no flag, variable or user file names.
pub(super) fn host(flag: Option<&String>, layers: &Layers<'_>) -> Result<String, Failure> {
    let given = given(flag, layers)?;
    let of_user = layers.user.as_ref().and_then(|file| {
        let host = file.content.host.clone()?;
        Some((host, Origin::File(file.path.clone())))
    });
    let project = layers.project.as_ref().and_then(|file| {
        let host = file.content.host.as_deref()?;
        Some((host, &file.path))
    });
    let ours = given.clone().or(of_user);
    if let Some((named, path)) = project {
        let known = ours.as_ref().map_or(DEFAULT, |(host, _)| host);
        let same = same(named, known);
        if given.is_some() && !same {
            layers.note("host (not used)", named, Origin::File(path.clone()));
        } else if !same {
            return Err(Failure::new(
                Reason::Configuration,
                format!(
                    "{} names the host {named}, which may not get your credentials unless you name it too",
                    path.display()
                ),
            )
            .help(format!(
                "if you trust it, set PHASE_HOST={named}, pass --host, or write `host = {named:?}` into your own config.toml"
            )));
        }
    }
    let (host, origin) = ours.unwrap_or_else(|| (DEFAULT.to_owned(), Origin::Default));
    layers.note("host", &host, origin);
    Ok(host)
}

/// Whether two spellings mean one host.
pub(crate) fn same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// A host as it is compared: scheme and name ignore case, a final slash is nothing.
pub(super) fn plain(host: &str) -> String {
    host.trim().trim_end_matches('/').to_ascii_lowercase()
}
