use std::collections::HashSet;

use phase_run::fuzz::phase::secrets;
use phase_run::fuzz::resolve::resolved;
use phase_run::{ErrorKind, Plan, Secret};
use serde_json::value::RawValue;

/// Every row of an answer becomes a secret or a dynamic one, or the answer is
/// refused; the order of the rows does not change what a program gets.
///
/// # Panics
///
/// If that is not so.
pub fn rest_json(data: &[u8]) {
    let (forwards, dynamic) = match secrets(data) {
        Ok(answer) => answer,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Protocol);
            return;
        }
    };
    // What is not read need not be UTF-8.
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let mut rows: Vec<&RawValue> = serde_json::from_str(text).expect("it is a list");
    assert_eq!(rows.len(), forwards.len() + dynamic);
    rows.reverse();
    let body = serde_json::to_vec(&rows).expect("rows can be written");
    let (mut backwards, told) = secrets(&body).expect("the same rows");
    let ids: HashSet<&str> = forwards.iter().map(|secret| secret.id.as_str()).collect();
    if ids.len() == forwards.len() {
        // A server gives each secret its own id.
        assert_eq!(
            environment(forwards.clone()),
            environment(backwards.clone())
        );
    }
    backwards.reverse();
    assert_eq!(dynamic, told);
    for (one, other) in forwards.iter().zip(&backwards) {
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        let exposed = |secret: &Secret| secret.value.as_ref().map(|it| it.expose().to_owned());
        assert_eq!(exposed(one), exposed(other));
    }
}

fn environment(secrets: Vec<Secret>) -> Vec<(String, String)> {
    let plan = Plan {
        allow_unresolved: true,
        ..Plan::default()
    };
    let all = resolved(secrets, &plan).expect("a lenient plan takes everything");
    let all = all.into_iter();
    all.map(|one| (one.name, one.value.expose().to_owned()))
        .collect()
}
