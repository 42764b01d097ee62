//! The organisations that a profile has sessions in.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind, Result};
use crate::outside::{is_uuid, shown};

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Organisation {
    pub(super) id: String,
    /// That of a part of an organisation is `Parent / Child`.
    pub(super) name: Option<String>,
    pub(super) slug: Option<String>,
}

/// Those of a profile.
#[derive(Clone, Debug, Default)]
pub(super) struct Organisations {
    pub(super) others: Vec<Organisation>,
    /// The one that its own session is in, where that is known.
    pub(super) own: Option<Organisation>,
}

/// How well an organisation fits: names are given out by people, and may be
/// those that others have as a slug or an id.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Fit {
    Name,
    Slug,
    Id,
}

impl Organisation {
    fn fit(&self, wanted: &str) -> Option<Fit> {
        let same = |text: &str| text.to_lowercase() == wanted.to_lowercase();
        let child = |name: &str| name.rsplit_once(" / ").is_some_and(|(_, own)| same(own));
        if same(&self.id) {
            Some(Fit::Id)
        } else if self.slug.as_deref().is_some_and(same) {
            Some(Fit::Slug)
        } else if self
            .name
            .as_deref()
            .is_some_and(|name| same(name) || child(name))
        {
            Some(Fit::Name)
        } else {
            None
        }
    }
}

impl Organisations {
    /// The id of the one that `wanted` means by its id, its slug or its name;
    /// `None` if it is the profile's own. An id need not be known.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Ambiguous`] and [`ErrorKind::Missing`], for the profile `profile`.
    pub(super) fn find(&self, wanted: &str, profile: &str) -> Result<Option<String>> {
        let mut best: Option<Fit> = None;
        let mut found = BTreeMap::new();
        for (organisation, own) in self.all() {
            let Some(fit) = organisation.fit(wanted) else {
                continue;
            };
            if best.is_some_and(|best| fit < best) {
                continue;
            }
            if best.is_none_or(|best| fit > best) {
                best = Some(fit);
                found.clear();
            }
            *found.entry(&organisation.id).or_insert(false) |= own;
        }
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some((id, own)), None) => Ok((!own).then(|| id.clone())),
            (None, _) if is_uuid(wanted) => Ok(Some(wanted.to_ascii_lowercase())),
            (None, _) => Err(self.absent(wanted, profile)),
            (Some((one, _)), Some((other, _))) => {
                let message = format!(
                    "{:?} is the name of more than one organisation of {profile:?}",
                    shown(wanted)
                );
                let help = format!("give its id: {one:?}, {other:?} …");
                Err(Error::new(ErrorKind::Ambiguous, message).help(help))
            }
        }
    }

    /// Each, and whether it is the profile's own.
    fn all(&self) -> impl Iterator<Item = (&Organisation, bool)> {
        let own = self.own.iter().map(|own| (own, true));
        own.chain(self.others.iter().map(|other| (other, false)))
    }

    fn absent(&self, wanted: &str, profile: &str) -> Error {
        let message = format!(
            "the Infisical login {profile:?} knows no organisation {:?}",
            shown(wanted)
        );
        let known: Vec<_> = self
            .all()
            .map(|(one, _)| one.slug.as_ref().or(one.name.as_ref()).unwrap_or(&one.id))
            .map(|name| format!("{name:?}"))
            .collect();
        let known = match known.join(", ") {
            known if known.is_empty() => known,
            known => format!("; it knows {known}"),
        };
        Error::new(ErrorKind::Missing, message)
            .help(format!("give the id that the console shows{known}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organisation(id: &str, slug: &str, name: &str) -> Organisation {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Organisation {
            id: id.to_owned(),
            name: given(name),
            slug: given(slug),
        }
    }

    fn organisations() -> Organisations {
        Organisations {
            others: vec![
                organisation("org-2", "globex", "Globex"),
                organisation("org-3", "", "Acme / Research"),
                organisation("org-4", "acme", "org-2"),
                organisation("org-5", "", "Globex"),
                organisation("org-6", "research-2", "Globex / Research"),
            ],
            own: Some(organisation("org-1", "acme-x4k2", "Acme")),
        }
    }

    fn found(wanted: &str) -> Result<Option<String>> {
        organisations().find(wanted, "dev@example.com")
    }

    #[test]
    fn an_id_counts_before_a_slug_and_a_slug_before_a_name() {
        for (wanted, id) in [
            ("org-1", None),
            ("ORG-1", None),
            ("acme-X4K2", None),
            ("org-2", Some("org-2")),
            ("GLOBEX", Some("org-2")),
            ("acme", Some("org-4")),
            ("acme / research", Some("org-3")),
        ] {
            assert_eq!(found(wanted).unwrap().as_deref(), id, "{wanted}");
        }
    }

    #[test]
    fn a_name_of_two_organisations_is_an_error_with_their_ids() {
        let error = found("Research").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous);
        assert!(error.advice().unwrap().contains(r#""org-3", "org-6""#));
    }

    #[test]
    fn an_organisation_that_is_recorded_twice_is_one() {
        let twice = Organisations {
            others: vec![
                organisation("org-1", "", "Acme"),
                organisation("org-2", "", "B"),
            ],
            own: Some(organisation("org-1", "", "Acme")),
        };
        assert_eq!(twice.find("acme", "p").unwrap(), None);
    }

    #[test]
    fn an_id_that_is_not_known_is_taken_and_a_name_is_not() {
        let id = "11111111-2222-4333-8444-55555555555A";
        assert_eq!(found(id).unwrap(), Some(id.to_lowercase()));
        for wanted in [
            "",
            "initech",
            &id[1..],
            &format!("{id}-1"),
            "1111111g-2222-4333-8444-555555555555",
        ] {
            let error = found(wanted).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Missing, "{wanted}");
            assert!(error.advice().unwrap().contains(r#""acme-x4k2", "globex""#));
        }
        let error = Organisations::default().find("acme", "p").unwrap_err();
        assert!(error.advice().unwrap().ends_with("console shows"));
    }
}
