//! The environments at hand, and what they are called.

use std::collections::BTreeMap;
use std::ops::Index;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::scope::{Place, Site};
use crate::secret_set::SecretSet;

/// Environments by number.
#[derive(Debug)]
pub(super) struct World {
    environments: Vec<Environment>,
    /// The one name of an environment, by its others.
    names: BTreeMap<Place, Place>,
    /// What there is of the environment that each place means, or why there is nothing.
    places: BTreeMap<Place, Result<Vec<usize>, String>>,
    /// The same for single folders, each as if it were an environment of its own.
    sites: BTreeMap<Site, Result<usize, String>>,
}

/// An environment under the name the store has for it.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) place: Place,
    pub(super) set: Arc<dyn SecretSet>,
}

impl World {
    /// The environment of the secrets that are asked for.
    pub(super) const HOME: usize = 0;

    pub(super) fn new(home: Place, set: Arc<dyn SecretSet>) -> Self {
        let place = home.clone();
        Self {
            environments: vec![Environment { place, set }],
            names: BTreeMap::new(),
            places: BTreeMap::from([(home, Ok(vec![Self::HOME]))]),
            sites: BTreeMap::new(),
        }
    }

    /// `site` by the one name of its environment, as far as that is known.
    pub(super) fn canonical(&self, site: Site) -> Site {
        match self.names.get(&site.place) {
            Some(place) => Site {
                place: place.clone(),
                ..site
            },
            None => site,
        }
    }

    /// What is known of the secret `key` of the [canonical](Self::canonical) `site`: the
    /// environment that decides on it, or why there is none.
    pub(super) fn site(&self, site: &Site, key: &str) -> Option<Result<usize, &str>> {
        let decides = |number: &usize| self[*number].set.decides(&site.folder, key);
        let of_place = match self.places.get(&site.place) {
            Some(Ok(parts)) => parts.iter().copied().find(decides).map(Ok),
            Some(Err(reason)) => Some(Err(reason.as_str())),
            None => None,
        };
        let of_site = || {
            let known = self.sites.get(site)?;
            Some(known.as_ref().copied().map_err(String::as_str))
        };
        of_place.or_else(of_site)
    }

    /// Adds an environment, or a part of one.
    ///
    /// # Errors
    ///
    /// The given one, where it says nothing about the place.
    pub(super) fn add(&mut self, place: Place, set: Result<Arc<dyn SecretSet>>) -> Result<()> {
        match self.known(&place, set)? {
            Ok(number) => match self.places.get_mut(&place) {
                Some(Ok(parts)) => parts.push(number),
                _ => {
                    self.places.insert(place, Ok(vec![number]));
                }
            },
            Err(reason) => {
                self.places.insert(place, Err(reason));
            }
        }
        Ok(())
    }

    /// Adds a folder, with all that a reference into it may mean.
    ///
    /// # Errors
    ///
    /// As for [`add`](Self::add).
    pub(super) fn add_site(&mut self, site: Site, set: Result<Arc<dyn SecretSet>>) -> Result<()> {
        let known = self.known(&site.place, set)?;
        self.sites.insert(site, known);
        Ok(())
    }

    fn known(
        &mut self,
        place: &Place,
        set: Result<Arc<dyn SecretSet>>,
    ) -> Result<Result<usize, String>> {
        match set {
            Ok(set) => {
                let place = place.clone();
                self.environments.push(Environment { place, set });
                Ok(Ok(self.environments.len() - 1))
            }
            Err(error) => Ok(Err(reason(error)?)),
        }
    }

    /// Says which place `asked` means.
    ///
    /// # Errors
    ///
    /// As for [`add`](Self::add).
    pub(super) fn name(&mut self, asked: Place, canonical: Result<Place>) -> Result<()> {
        match canonical {
            Ok(canonical) if canonical == asked => {}
            Ok(canonical) => {
                self.names.insert(asked, canonical);
            }
            Err(error) => {
                self.places.insert(asked, Err(reason(error)?));
            }
        }
        Ok(())
    }
}

impl Index<usize> for World {
    type Output = Environment;

    fn index(&self, number: usize) -> &Environment {
        &self.environments[number]
    }
}

/// Why references into a place lead nowhere, if `error` says so.
fn reason(error: Error) -> Result<String> {
    match error.kind() {
        ErrorKind::Ambiguous | ErrorKind::Denied | ErrorKind::Missing => Ok(error.to_string()),
        _ => Err(error),
    }
}
