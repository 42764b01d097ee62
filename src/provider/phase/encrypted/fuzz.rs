//! The two answers of the encrypted API, for the fuzz targets.

use std::sync::Arc;

use super::account::Account;
use super::environment::EncryptedEnvironment;
use super::parted;
use crate::credentials::PhaseToken;
use crate::error::{Error, ErrorKind, Result};
use crate::http::Answer;
use crate::provider::AppSummary;
use crate::provider::phase::keys::EnvironmentKeys;
use crate::scope::{App, Folders, Scope};
use crate::secret::Secret;

/// What `token` reaches by the body of an answer; each environment's keys are tried.
///
/// # Errors
///
/// [`ErrorKind::Protocol`] for other JSON, [`ErrorKind::Decryption`] for keys of
/// another token.
pub fn account(body: &[u8], token: &PhaseToken) -> Result<Vec<AppSummary>> {
    let answer = serde_json::from_slice(body)
        .map_err(|_| Error::new(ErrorKind::Protocol, "not what a token reaches"))?;
    let account = Account::new(token, answer)?;
    let all = account.owner.apps.clone();
    for app in &all {
        for environment in &app.environments {
            let place = Scope::new(App::Id(app.id.clone()), environment).place;
            // Names and ids may come twice, and keys may be wrong.
            let _ = account.locate(&place).and_then(|it| account.keys(&it));
        }
    }
    Ok(all)
}

/// The secrets in the body of an answer, of an environment with the keys of `seed`.
///
/// # Errors
///
/// [`ErrorKind::Protocol`] for other JSON, [`ErrorKind::Decryption`] for other keys.
pub fn rows(body: &[u8], seed: &[u8; 32], salt: &str) -> Result<Vec<Secret>> {
    let scope = Scope::new(App::Id(String::new()), "").in_folders(Folders::All);
    let (rows, _) = parted(vec![Answer::of_json(body)], &scope.folders)?;
    let keys = Arc::new(EnvironmentKeys::of_seed(seed, salt));
    let mut environment = EncryptedEnvironment::new("it".to_owned(), keys, rows);
    environment.enter(&scope, false)?;
    environment.secrets()
}
