//! `/v1/secrets/dynamic/` and `/v1/secrets/dynamic/leases/`.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::super::{Reply, Request};
use super::access::{Target, parameter};
use super::dynamic::Unmade;
use super::refusal::{Answer, Refusal};
use super::render::{camel, stamp};
use super::select::seconds;
use super::store::{Place, World};

impl World {
    /// The dynamic secrets, each with a lease if that is asked for.
    pub(super) fn dynamics(&mut self, request: &Request) -> Answer {
        let caller = self.caller(request, Target::Elsewhere)?;
        let place = caller.place.ok_or_else(Refusal::internal)?;
        self.admitted(request, caller)?;
        self.refuse_without_sse(place)?;
        let said = |name: &str| parameter(request, name).filter(|text| !text.is_empty());
        let path = said("path").map(super::store::normalized);
        let environment = self.at(place);
        let mut numbers = environment.dynamics_in(path.as_deref());
        numbers.retain(|&number| {
            let dynamic = &environment.dynamics[number];
            said("id").is_none_or(|id| dynamic.id == id)
                && said("name").is_none_or(|name| dynamic.name == name)
        });
        if numbers.is_empty() {
            return Err(Refusal::new(404, "No dynamic secrets found"));
        }
        let ttl = seconds(parameter(request, "ttl"), "ttl")?;
        let lease = parameter(request, "lease");
        let lease = lease.is_some_and(|text| !text.eq_ignore_ascii_case("false"));
        for &number in numbers.iter().filter(|_| lease) {
            let made = self.lease(place, number, ttl, caller.account);
            made.map_err(|unmade| match unmade {
                Unmade::Asked(text) => Refusal::new(400, text),
                Unmade::Failed(_) => {
                    let text = "An internal error occurred while creating the lease";
                    Refusal::new(500, text)
                }
            })?;
        }
        let rows = numbers
            .iter()
            .map(|&number| self.dynamic_row(place, number, lease));
        self.opened(caller, place, rows.collect())
    }

    /// Leases are listed, renewed and revoked.
    pub(super) fn leases(&mut self, request: &Request) -> Answer {
        let caller = self.caller(request, Target::Elsewhere)?;
        let required = |name: &str| Refusal::new(400, format!("{name} is required"));
        if request.method == "GET" {
            let id = parameter(request, "secret_id").filter(|id| !id.is_empty());
            let id = id.ok_or_else(|| required("secret_id"))?;
            let place = caller.place.ok_or_else(Refusal::internal)?;
            return self.lease_list(place, id);
        }
        let data: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let in_query = parameter(request, "lease_id").filter(|_| request.method == "DELETE");
        let id = data["lease_id"].as_str().or(in_query);
        let id = id.filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| required("lease_id"))?;
        let place = caller.place.ok_or_else(Refusal::internal)?;
        let text = match request.method.as_str() {
            "DELETE" => self.revoke(place, id)?,
            "PUT" => self.renew(place, id, data["ttl"].as_u64().unwrap_or(3600))?,
            other => {
                let text = format!("Method \"{other}\" not allowed.");
                return Err(Refusal::new(405, text));
            }
        };
        Ok(Reply::json(200, json!({"message": text}).to_string()))
    }

    /// The leases of a dynamic secret, the newest first, without their credentials.
    fn lease_list(&self, place: Place, id: &str) -> Answer {
        let dynamic = self
            .at(place)
            .dynamics
            .iter()
            .find(|dynamic| dynamic.id == id);
        let dynamic = dynamic.ok_or_else(|| Refusal::new(404, "Secret not found"))?;
        let leases = dynamic.leases.iter().rev();
        let rows: Vec<Value> = leases
            .map(|lease| self.lease_row(dynamic, lease, false))
            .collect();
        Ok(Reply::json(200, camel(json!(rows)).to_string()))
    }

    fn renew(&mut self, place: Place, id: &str, seconds: u64) -> Answer<String> {
        let now = self.now();
        let (dynamic, lease) = self.find_lease(place, id)?;
        let max = self.at(place).dynamics[dynamic].max_ttl;
        let lease = &mut self.at_mut(place).dynamics[dynamic].leases[lease];
        let more = Duration::from_secs(seconds);
        if lease.ttl + more > max {
            let left = max.saturating_sub(lease.ttl).as_secs();
            let text = format!(
                "The renewal TTL would exceed the maximum TTL for this dynamic secret. Maximum \
                 remaining renewal time: {left} seconds"
            );
            return Err(Refusal::new(400, text));
        }
        if lease.expires <= now {
            let text = "This lease has expired and cannot be renewed";
            return Err(Refusal::new(400, text));
        }
        lease.expires += more;
        lease.ttl += more;
        // It is looked at too late: the lease lasts longer all the same.
        if let Some(time) = lease.revoked {
            let text = format!("Lease has already been revoked at {}", printed(time));
            return Err(Refusal::new(400, text));
        }
        let expiry = printed(lease.expires);
        Ok(format!(
            "Lease renewed successfully. Updated expiry: {expiry}"
        ))
    }

    fn revoke(&mut self, place: Place, id: &str) -> Answer<String> {
        let now = self.now();
        let (dynamic, lease) = self.find_lease(place, id)?;
        let lease = &mut self.at_mut(place).dynamics[dynamic].leases[lease];
        let text = match lease.revoked {
            Some(_) => "Lease was already revoked",
            None => "Lease revoked successfully",
        };
        lease.revoked = lease.revoked.or(Some(now));
        Ok(text.to_owned())
    }

    /// The numbers of a dynamic secret and its lease.
    fn find_lease(&self, place: Place, id: &str) -> Answer<(usize, usize)> {
        let dynamics = self.at(place).dynamics.iter().enumerate();
        let mut leases = dynamics.flat_map(|(number, dynamic)| {
            let leases = dynamic.leases.iter().enumerate();
            leases.map(move |(lease, found)| (number, lease, &found.id))
        });
        let found = leases.find(|(.., known)| *known == id);
        let found = found.ok_or_else(|| Refusal::new(404, "Lease not found"))?;
        Ok((found.0, found.1))
    }
}

/// A moment as Python prints it.
fn printed(time: SystemTime) -> String {
    stamp(time).replace('T', " ").replace('Z', "+00:00")
}
