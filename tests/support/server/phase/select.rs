//! Which secrets are asked for: by headers over one API, by parameters over the other.

use serde_json::{Value, json};

use super::access::Caller;
use super::dynamic::Unmade;
use super::refusal::{Answer, Refusal};
use super::render::secret_row;
use super::store::{Place, Secret, World, normalized};

/// A question for secrets.
#[derive(Default)]
pub(super) struct Query {
    /// Whether a provider's words are passed on.
    detailed: bool,
    digest: Option<String>,
    dynamic: bool,
    lease: bool,
    lease_ttl: Option<String>,
    path: Option<String>,
    tags: Vec<String>,
}

impl Query {
    /// Reads it by `get`, which knows the names that are written `like_this`. A digest
    /// is not spelled alike everywhere.
    pub(super) fn read<'a>(digest: Option<String>, get: impl Fn(&str) -> Option<&'a str>) -> Self {
        let said = |name: &str| get(name).filter(|text| !text.is_empty());
        // Present is true, even if nothing follows.
        let flag = |name: &str| get(name).is_some_and(|text| !text.eq_ignore_ascii_case("false"));
        let tags = said("tags").map(|tags| tags.split(',').map(str::to_owned).collect());
        Self {
            detailed: false,
            digest: digest.filter(|digest| !digest.is_empty()),
            dynamic: flag("dynamic") || flag("include_dynamic"),
            lease: flag("lease"),
            lease_ttl: said("lease_ttl").map(str::to_owned),
            path: said("path").map(normalized),
            tags: tags.unwrap_or_default(),
        }
    }

    /// The same, with what a provider says that fails.
    pub(super) fn detailed(self) -> Self {
        let detailed = true;
        Self { detailed, ..self }
    }

    /// How often a secret is in the answer: once for each of its tags that is asked for.
    fn count(&self, secret: &Secret) -> usize {
        let fits = self.path.as_ref().is_none_or(|path| secret.path == *path)
            && self
                .digest
                .as_ref()
                .is_none_or(|digest| secret.digest == *digest);
        let tags = secret.tags.iter().filter(|tag| self.tags.contains(tag));
        match fits {
            false => 0,
            true if self.tags.is_empty() => 1,
            true => tags.count(),
        }
    }
}

impl World {
    /// The rows of an answer, encrypted. Leases are made on the way.
    pub(super) fn select(
        &mut self,
        caller: Caller,
        place: Place,
        query: &Query,
    ) -> Answer<Vec<Value>> {
        let person = self.person(caller);
        let environment = self.at(place);
        let secrets = environment.living();
        let rows = secrets.flat_map(|secret| {
            let row = secret_row(environment, secret, person.as_deref());
            std::iter::repeat_n(row, query.count(secret))
        });
        let mut rows: Vec<Value> = rows.collect();
        if query.dynamic {
            let numbers = environment.dynamics_in(query.path.as_deref());
            let seconds = seconds(query.lease_ttl.as_deref(), "lease_ttl")?;
            if query.lease {
                self.lease_all(caller, place, &numbers, seconds, query.detailed)?;
            }
            let row = |&number| self.dynamic_row(place, number, query.lease);
            rows.extend(numbers.iter().map(row));
        }
        Ok(rows)
    }

    /// Makes a lease of each. Those that were made stay, whatever fails. What the provider
    /// says is passed on only if this is `detailed`.
    fn lease_all(
        &mut self,
        caller: Caller,
        place: Place,
        numbers: &[usize],
        seconds: Option<i64>,
        detailed: bool,
    ) -> Answer<()> {
        let mut failed = Vec::new();
        for &number in numbers {
            if let Err(unmade) = self.lease(place, number, seconds, caller.account) {
                let text = match unmade {
                    Unmade::Asked(text) => text.to_owned(),
                    Unmade::Failed(text) if detailed => text,
                    Unmade::Failed(_) => "An internal error occurred".to_owned(),
                };
                let dynamic = &self.at(place).dynamics[number];
                let row =
                    json!({"secret_id": dynamic.id, "secret_name": dynamic.name, "error": text});
                failed.push(row);
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        let made = numbers.len() - failed.len();
        let text = "One or more dynamic secret leases could not be created";
        let body = json!({"error": text, "failed_leases": failed, "successful_leases": made});
        Err(Refusal::with(400, body))
    }
}

/// A number of seconds that was given under `name`.
pub(super) fn seconds(text: Option<&str>, name: &str) -> Answer<Option<i64>> {
    let invalid = |_| Refusal::new(400, format!("{name} must be a valid integer (seconds)"));
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| text.trim().parse().map_err(invalid))
        .transpose()
}
