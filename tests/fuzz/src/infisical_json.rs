use std::collections::{BTreeMap, BTreeSet};

use phase_run::fuzz::infisical::secrets;
use phase_run::{ErrorKind, Secret, SecretValue};
use serde_json::Value;

/// An answer is secrets or is refused; the order of its own rows does not change
/// them, and an import never stands beside a secret of the folder's own.
///
/// # Panics
///
/// If that is not so.
pub fn infisical_json(data: &[u8]) {
    let forwards = match secrets(data) {
        Ok(secrets) => secrets,
        Err(error) => {
            // Denied, where the rows are of another place than was asked for.
            assert!(matches!(
                error.kind(),
                ErrorKind::Denied | ErrorKind::Protocol
            ));
            return;
        }
    };
    // A number may be too large for this, and is of no interest then.
    let Ok(mut answer) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let Some(own) = answer["secrets"].as_array_mut() else {
        return;
    };
    let names: Vec<_> = own.iter().map(|row| row["secretKey"].to_string()).collect();
    let unique = names.iter().collect::<BTreeSet<_>>().len() == names.len();
    own.reverse();
    let body = serde_json::to_vec(&answer).expect("rows can be written");
    let backwards = secrets(&body).expect("the same rows");
    if unique {
        assert_eq!(told(&forwards), told(&backwards));
        let root = forwards.iter().filter(|secret| secret.folder.depth() == 0);
        let names: Vec<_> = root.map(|secret| &secret.name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }
}

/// Each secret by folder and name: what counts of it.
fn told(secrets: &[Secret]) -> BTreeMap<(String, String), (String, Option<String>)> {
    let shown = |value: &Option<SecretValue>| match value {
        Some(value) => value.expose().to_owned(),
        None => "(hidden)".to_owned(),
    };
    let row = |secret: &Secret| {
        let own = secret.personal.as_ref();
        let own = own.map(|own| shown(&own.value));
        let place = (secret.folder.to_string(), secret.name.clone());
        (place, (shown(&secret.value), own))
    };
    secrets.iter().map(row).collect()
}
