//! `--dry-run`: what would go in, never a value.

use phase_run::Resolution;

use crate::environment::Environment;
use crate::exit::Failure;
use crate::print::{columns, print, print_json};

/// Prints a table, or JSON, with a row per secret.
pub(crate) fn show(
    environment: &Environment,
    resolution: &Resolution,
    json: bool,
) -> Result<(), Failure> {
    let place = format!("{}/{}", resolution.place.app, resolution.place.environment);
    let rows = environment.injected.iter().map(|one| {
        let secret = &resolution.secrets[one.index];
        (one, secret, secret.value.expose().len())
    });
    if json {
        let rows: Vec<_> = rows
            .map(|(one, secret, length)| {
                serde_json::json!({
                    "name": one.name.as_str(),
                    "stored_name": secret.name,
                    "app": resolution.place.app.to_string(),
                    "env": resolution.place.environment,
                    "path": secret.folder.as_str(),
                    "overridden": secret.overridden,
                    "length": length,
                    "replaces_inherited": one.replaces,
                    "inherited_wins": one.preserved,
                })
            })
            .collect();
        return print_json(&serde_json::json!({ "secrets": rows }));
    }
    let mut table = vec![["NAME", "SOURCE", "LENGTH", "NOTES"].map(str::to_owned)];
    table.extend(rows.map(|(one, secret, length)| {
        let notes = [
            (secret.overridden, "personal override"),
            (one.replaces, "replaces an inherited variable"),
            (one.preserved, "the inherited variable wins"),
        ];
        let notes: Vec<&str> = notes
            .iter()
            .filter(|note| note.0)
            .map(|note| note.1)
            .collect();
        let source = format!("{place}{}", secret.folder);
        [
            one.name.to_string(),
            source,
            length.to_string(),
            notes.join(", "),
        ]
    }));
    print(&columns(&table))
}
