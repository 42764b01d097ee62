//! Which profile is in force, and what it says.
//!
//! A login of the first generation is a profile that is named after its e-mail
//! address, as the CLI itself migrates it.

use std::path::Path;

use super::config::{Content, Profile, User};
use super::organisation::{Organisation, Organisations};
use crate::error::{Error, ErrorKind, Result};
use crate::outside::shown;

/// Where a login is that names no server.
const USUAL_HOST: &str = "https://app.infisical.com";

/// The profile in force.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) host: String,
    pub(super) name: String,
    pub(super) organisations: Organisations,
}

/// The profile that `wanted` names, or else `directory` by what it or the
/// nearest folder above it is bound to, or else the usual one, if there is one.
/// `file` is the name of the file, for messages.
///
/// # Errors
///
/// [`ErrorKind::Configuration`] for one that was named and is not there.
pub(super) fn choose(
    mut content: Content,
    wanted: Option<&str>,
    directory: &Path,
    file: &Path,
) -> Result<Option<Chosen>> {
    complete(&mut content);
    let bound = || bound(&content, directory);
    let (name, help) = if let Some(name) = wanted {
        (
            name,
            "INFISICAL_PROFILE names it: name another one, or unset it".to_owned(),
        )
    } else if let Some((name, folder)) = bound() {
        let help = format!("it is bound to {folder}: name another one in INFISICAL_PROFILE");
        (name, help)
    } else {
        let usual = usual(&content).map(str::to_owned);
        let profile = usual.and_then(|name| take(&mut content.profiles, &name));
        return Ok(profile.map(Chosen::new));
    };
    let name = name.to_owned();
    match take(&mut content.profiles, &name) {
        Some(profile) => Ok(Some(Chosen::new(profile))),
        None => Err(absent(&name, &content.profiles, file).help(help)),
    }
}

impl Chosen {
    fn new(profile: Profile) -> Self {
        let own = profile.sub_organization_id.or(profile.organization_id);
        let own = own.map(|id| Organisation {
            id,
            name: profile.organization_name,
            slug: profile.organization_slug,
        });
        let others = profile.org_sessions.into_iter().filter_map(|session| {
            Some(Organisation {
                id: session.id?,
                name: session.name,
                slug: session.slug,
            })
        });
        Self {
            host: site(profile.domain.as_deref().unwrap_or(USUAL_HOST)),
            name: profile.name.unwrap_or_default(),
            organisations: Organisations {
                others: others.collect(),
                own,
            },
        }
    }
}

/// Adds a profile for each user who has none.
fn complete(content: &mut Content) {
    let logged_in = User {
        domain: content.logged_in_user_domain.take(),
        email: content.logged_in_user_email.clone(),
    };
    let others = std::mem::take(&mut content.logged_in_users);
    for user in std::iter::once(logged_in).chain(others) {
        let has_one = |profile: &Profile| profile.email == user.email;
        if user.email.is_none() || content.profiles.iter().any(has_one) {
            continue;
        }
        content.profiles.push(Profile {
            domain: user.domain,
            name: user.email.clone(),
            email: user.email,
            ..Profile::default()
        });
    }
}

/// What `directory` or the nearest folder above it is bound to, and that folder.
fn bound<'a>(content: &'a Content, directory: &Path) -> Option<(&'a str, &'a str)> {
    let bindings = content.directory_profiles.iter();
    let mut bindings: Vec<(&str, &str)> = bindings
        .map(|(folder, name)| (name.as_str(), folder.as_str()))
        .filter(|(name, folder)| !name.is_empty() && Path::new(folder).is_absolute())
        .collect();
    bindings.sort_by_key(|(_, folder)| Path::new(*folder).components().count());
    let holds = |(_, folder): &(&str, &str)| directory.starts_with(folder);
    bindings.into_iter().rfind(holds)
}

/// The name of the profile for want of another. An older version of the CLI
/// changes the user alone: then that is the newer word.
fn usual(content: &Content) -> Option<&str> {
    let active = content.active_profile.as_deref();
    let Some(email) = content.logged_in_user_email.as_deref() else {
        return active;
    };
    let of_user = |profile: &&Profile| profile.email.as_deref() == Some(email);
    let profiles = content.profiles.iter().filter(of_user);
    let names: Vec<&str> = profiles
        .filter_map(|profile| profile.name.as_deref())
        .collect();
    let mut wanted = [active, Some(email)].into_iter().flatten();
    let found = wanted.find(|name| names.contains(name));
    found.or_else(|| names.first().copied())
}

fn take(profiles: &mut Vec<Profile>, name: &str) -> Option<Profile> {
    let at = profiles
        .iter()
        .position(|profile| profile.name.as_deref() == Some(name))?;
    Some(profiles.swap_remove(at))
}

fn absent(name: &str, profiles: &[Profile], file: &Path) -> Error {
    let names = profiles.iter().filter_map(|profile| profile.name.as_ref());
    let names: Vec<_> = names.map(|name| format!("{name:?}")).collect();
    let known = match names.join(", ") {
        names if names.is_empty() => "it has none".to_owned(),
        names => format!("it has {names}"),
    };
    let message = format!(
        "there is no profile {:?} in {}: {known}",
        shown(name),
        file.display()
    );
    Error::new(ErrorKind::Configuration, message)
}

/// The URL of a site, where the CLI writes that of its API.
fn site(domain: &str) -> String {
    let domain = domain.trim().trim_end_matches('/');
    let site = domain.strip_suffix("/api").unwrap_or(domain);
    site.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str, wanted: Option<&str>, directory: &str) -> Result<Option<Chosen>> {
        let content = Content::parse(text.as_bytes()).unwrap();
        choose(content, wanted, Path::new(directory), Path::new("config"))
    }

    fn name(text: &str, wanted: Option<&str>, directory: &str) -> Option<String> {
        chosen(text, wanted, directory).unwrap().map(|it| it.name)
    }

    const PROFILES: &str = r#"{
        "activeProfile": "b",
        "profiles": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
        "directoryProfiles": {"/srv": "a", "/srv/code/./web/": "c", "relative": "a", "/opt": null, "/gone": "d"}
    }"#;

    #[test]
    fn a_profile_that_is_named_counts_before_that_of_the_folder_and_that_before_the_usual_one() {
        for (wanted, directory, expected) in [
            (Some("b"), "/srv", "b"),
            (None, "/srv", "a"),
            (None, "/srv/code", "a"),
            (None, "/srv/code/web", "c"),
            (None, "/srv/code/web/src", "c"),
            (None, "/srv/code/website", "a"),
            (None, "/srvx", "b"),
            (None, "/opt", "b"),
            (None, "relative", "b"),
            (None, "", "b"),
        ] {
            let found = name(PROFILES, wanted, directory);
            assert_eq!(found.as_deref(), Some(expected), "{wanted:?} {directory}");
        }
    }

    #[test]
    fn a_profile_that_is_named_and_not_there_is_an_error_and_a_usual_one_is_nobody() {
        let error = chosen(PROFILES, Some("x"), "/").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let message = error.to_string();
        assert_eq!(
            message,
            r#"there is no profile "x" in config: it has "a", "b", "c""#
        );
        let error = chosen(PROFILES, None, "/gone/x").unwrap_err();
        assert!(
            error.advice().unwrap().contains("bound to /gone"),
            "{error}"
        );
        assert_eq!(
            name(
                r#"{"activeProfile": "x", "profiles": [{"name": "a"}]}"#,
                None,
                "/"
            ),
            None
        );
        assert_eq!(name("{}", None, "/"), None);
        let error = chosen("{}", Some("x"), "/").unwrap_err();
        assert!(error.to_string().ends_with("it has none"), "{error}");
    }

    #[test]
    fn a_user_of_the_first_generation_is_a_profile_of_that_name() {
        let text = r#"{
            "loggedInUserEmail": "a@x", "LoggedInUserDomain": "https://one/api",
            "loggedInUsers": [{"email": "a@x", "domain": "https://old"}, {"email": "b@x", "domain": "https://two/"}, {}]
        }"#;
        for (wanted, host) in [(None, "https://one"), (Some("b@x"), "https://two")] {
            let found = chosen(text, wanted, "/").unwrap().unwrap();
            assert_eq!(found.host, host);
            assert!(found.organisations.own.is_none());
        }
    }

    #[test]
    fn the_user_counts_where_an_older_version_changed_it() {
        let with = |active: &str, email: &str| {
            let text = format!(
                r#"{{
                    "activeProfile": "{active}", "loggedInUserEmail": "{email}",
                    "profiles": [{{"name": "a@x--acme", "email": "a@x"}}, {{"name": "b@x--acme", "email": "b@x"}}, {{"name": "b@x", "email": "b@x"}}]
                }}"#
            );
            name(&text, None, "/").unwrap()
        };
        assert_eq!(with("a@x--acme", ""), "a@x--acme");
        assert_eq!(with("a@x--acme", "a@x"), "a@x--acme");
        assert_eq!(with("a@x--acme", "b@x"), "b@x");
        assert_eq!(with("b@x", "a@x"), "a@x--acme");
        assert_eq!(with("b@x", "c@x"), "c@x");
    }

    #[test]
    fn a_part_of_an_organisation_is_the_one_that_the_session_is_in() {
        let text = r#"{"activeProfile": "a", "profiles": [
            {"name": "a", "organizationId": "org-1", "subOrganizationId": "sub-1", "organizationName": "Acme / Research",
             "orgSessions": [{"orgName": "no id"}, {"orgId": "org-1"}]}
        ]}"#;
        let organisations = chosen(text, None, "/").unwrap().unwrap().organisations;
        assert_eq!(organisations.find("research", "a").unwrap(), None);
        assert_eq!(
            organisations.find("org-1", "a").unwrap().as_deref(),
            Some("org-1")
        );
    }

    #[test]
    fn the_host_is_the_site_and_not_its_api() {
        for (domain, host) in [
            ("https://a.example/api", "https://a.example"),
            (" https://a.example/api/ ", "https://a.example"),
            ("https://a.example//", "https://a.example"),
            (
                "https://a.example/infisical/api",
                "https://a.example/infisical",
            ),
            ("https://api.example", "https://api.example"),
            ("https://a.example/myapi", "https://a.example/myapi"),
        ] {
            assert_eq!(site(domain), host, "{domain}");
        }
        let found = chosen(r#"{"loggedInUserEmail": "a@x"}"#, None, "/")
            .unwrap()
            .unwrap();
        assert_eq!(found.host, USUAL_HOST);
    }
}
