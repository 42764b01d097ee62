//! Which server credentials may be sent to.
//!
//! A project file is somebody else's text: credentials never follow it to a
//! host that nobody else named.

use std::path::Path;

use phase_run::outside::{shown_host, typed_host};

use super::layers::{Layers, Origin, Spelling};
use super::project::File;
use crate::args::ProviderName;
use crate::exit::{Failure, Reason};

/// The servers of one provider.
pub(super) struct Servers {
    /// The one that is asked if nobody names another.
    default: &'static str,
    provider: ProviderName,
    variables: &'static [&'static str],
}

pub(super) const PHASE: Servers = Servers {
    default: "https://console.phase.dev",
    provider: ProviderName::Phase,
    variables: &["PHASE_HOST"],
};

pub(super) const INFISICAL: Servers = Servers {
    default: "https://app.infisical.com",
    provider: ProviderName::Infisical,
    variables: &["INFISICAL_DOMAIN", "INFISICAL_API_URL", "INFISICAL_URL"],
};

impl Servers {
    /// How the host is spelt, in flags and variables alone.
    fn given(&self) -> Spelling<String> {
        Spelling {
            name: "host",
            flag: "--host",
            variables: self.variables,
            file: |_| None,
        }
    }

    /// The host that `file` names for this provider: one that names none means Phase.
    fn of_file<'a>(&self, file: Option<&'a File>) -> Option<(&'a str, &'a Path)> {
        let file = file?;
        let meant = file.content.provider.unwrap_or(ProviderName::Phase);
        let host = file.content.host.as_deref()?;
        (meant == self.provider).then_some((host, &file.path))
    }

    /// The host of those who name none.
    ///
    /// # Errors
    ///
    /// Somebody did, but did not say that it is this provider's.
    fn usual(&self, layers: &Layers<'_>) -> Result<String, Failure> {
        for file in layers
            .files()
            .filter(|file| file.content.provider.is_none())
        {
            let host = file.content.host.as_ref();
            let other = host.filter(|host| !same(&site(host), self.default));
            if let Some(host) = other.filter(|_| self.provider != ProviderName::Phase) {
                let (word, path) = (self.provider.word(), file.path.display());
                let host = shown_host(host);
                let text =
                    format!("{path} names the host {host} and no provider: is it for {word}?");
                let variable = self.variables[0];
                return Err(Failure::new(Reason::Configuration, text).help(format!(
                    "write `provider = {word:?}` beside it if so; if not, say which host is meant with --host or {variable}"
                )));
            }
        }
        Ok(self.default.to_owned())
    }
}

/// The host that a flag or a variable names.
///
/// # Errors
///
/// A variable that is not UTF-8.
pub(super) fn given(
    servers: &Servers,
    flag: Option<&String>,
    layers: &Layers<'_>,
) -> Result<Option<(String, Origin)>, Failure> {
    layers.text(flag, &servers.given())
}

/// The host that somebody named, and who: the project too, which may choose
/// among the hosts that logins were made for.
///
/// # Errors
///
/// A variable that is not UTF-8.
pub(super) fn named(
    servers: &Servers,
    flag: Option<&String>,
    layers: &Layers<'_>,
) -> Result<Option<(String, Origin)>, Failure> {
    if let Some(given) = given(servers, flag, layers)? {
        return Ok(Some(given));
    }
    let found = layers.files().find_map(|file| servers.of_file(Some(file)));
    Ok(found.map(|(host, path)| (host.to_owned(), Origin::File(path.to_owned()))))
}

/// The host in force for a token that was given. `beside` is what another
/// tool's project file says, and where that is.
///
/// # Errors
///
/// A project file names a host that no flag, variable or user file names.
pub(super) fn host(
    servers: &Servers,
    flag: Option<&String>,
    layers: &Layers<'_>,
    beside: Option<(&str, &Path)>,
) -> Result<String, Failure> {
    let given = given(servers, flag, layers)?;
    let of_user = servers.of_file(layers.user);
    let of_user = of_user.map(|(host, path)| (host.to_owned(), Origin::File(path.to_owned())));
    let project = servers.of_file(layers.project.as_ref()).or(beside);
    let ours = given.clone().or(of_user);
    if let Some((named, path)) = project {
        let known = ours.as_ref().map_or(servers.default, |(host, _)| host);
        let same = same(&site(named), &site(known));
        if given.is_some() && !same {
            let origin = Origin::File(path.to_owned());
            layers.note("host (not used)", shown_host(named), origin);
        } else if !same {
            let (variable, typed) = (servers.variables[0], typed_host(named));
            let lines = match servers.provider {
                ProviderName::Phase => format!("`host = {typed:?}`"),
                other => format!("`provider = {:?}` and `host = {typed:?}`", other.word()),
            };
            return Err(Failure::new(
                Reason::Configuration,
                format!(
                    "{} names the host {}, which may not get your credentials unless you name it too",
                    path.display(),
                    shown_host(named)
                ),
            )
            .help(format!(
                "if you trust it, set {variable}={typed}, pass --host, or write {lines} into your own config.toml"
            )));
        }
    }
    let (host, origin) = match ours {
        Some(ours) => ours,
        None => (servers.usual(layers)?, Origin::Default),
    };
    layers.note("host", shown_host(&host), origin);
    Ok(host)
}

/// A host without the `/api` that some of Infisical's tools keep in it.
pub(super) fn site(host: &str) -> String {
    let host = host.trim().trim_end_matches('/');
    host.strip_suffix("/api").unwrap_or(host).to_owned()
}

/// Whether two spellings mean one host.
pub(crate) fn same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// A host as it is compared: scheme and name ignore case, a final slash is nothing.
pub(super) fn plain(host: &str) -> String {
    host.trim().trim_end_matches('/').to_ascii_lowercase()
}
