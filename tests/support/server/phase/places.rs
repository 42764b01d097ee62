//! `/v1/apps/` and `/v1/environments/`.

use serde_json::{Value, json};

use super::super::Request;
use super::access::{Target, reaches_app};
use super::account::Limit;
use super::refusal::{Answer, Refusal};
use super::render::{app_row, environment_row};
use super::store::{Place, World};

impl World {
    /// `/v1/apps/` and `/v1/apps/ID/`.
    pub(super) fn app_list(&self, request: &Request, id: &str) -> Answer<Value> {
        let target = if id.is_empty() {
            Target::Elsewhere
        } else {
            Target::App(id)
        };
        let caller = self.caller(request, target)?;
        refuse_writes(request)?;
        let account = &self.accounts[caller.account];
        if account.is(Limit::WithoutApps) {
            return Err(Refusal::new(403, "You don't have permission to read apps."));
        }
        if let (Some(app), false) = (caller.app, id.is_empty()) {
            return Ok(app_row(&self.apps[app]));
        }
        // The newest comes first.
        let apps = self.apps.iter().enumerate().rev();
        let apps = apps.filter(|(number, _)| reaches_app(account, *number));
        let rows: Vec<Value> = apps.map(|(_, app)| app_row(app)).collect();
        Ok(json!({"data": rows}))
    }

    /// `/v1/environments/` and `/v1/environments/ID/`.
    pub(super) fn environment_list(&self, request: &Request, id: &str) -> Answer<Value> {
        let target = if id.is_empty() {
            Target::Elsewhere
        } else {
            Target::Environment(id)
        };
        let caller = self.caller(request, target)?;
        let app = caller.app;
        let app = app.ok_or_else(|| Refusal::new(403, "Could not resolve app from request."))?;
        if !self.apps[app].sse {
            return Err(Refusal::new(403, "SSE is not enabled for this App."));
        }
        refuse_writes(request)?;
        let account = &self.accounts[caller.account];
        let environments = self.apps[app].environments.iter().enumerate();
        let reached = |environment: usize| account.may_reach(Place { app, environment });
        let mut environments = environments.filter(|(number, _)| reached(*number));
        if id.is_empty() {
            let rows = environments.map(|(number, one)| environment_row(one, number));
            return Ok(json!({"data": rows.collect::<Vec<_>>()}));
        }
        let found = environments.find(|(_, one)| one.id == id);
        let (number, found) = found.ok_or_else(|| Refusal::new(404, "Environment not found"))?;
        Ok(environment_row(found, number))
    }
}

fn refuse_writes(request: &Request) -> Answer<()> {
    if request.method == "GET" {
        return Ok(());
    }
    let text = format!("Method \"{}\" not allowed.", request.method);
    Err(Refusal::new(405, text))
}
