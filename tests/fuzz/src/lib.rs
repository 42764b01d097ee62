//! What must hold for any input: one function per fuzz target.
//!
//! Each takes bytes and panics if something does not hold. `targets/` hands
//! them to libFuzzer; `replay` runs them where libFuzzer cannot be built.

// The program is no library: the parts of it that read a project file are
// compiled here a second time.
#[path = "../../../src/bin/phase-run/args/mod.rs"]
#[expect(dead_code, unused_imports, reason = "a file needs few of its types")]
mod args;
mod cli_login;
#[path = "../../../src/bin/phase-run/exit.rs"]
#[expect(dead_code, reason = "failures are made here, and end nothing")]
mod exit;
mod infisical_json;
mod project_file;
mod reference;
mod rest_json;
mod sealed;
mod settings;
mod token;
mod vault;

pub use cli_login::cli_login;
pub use infisical_json::infisical_json;
pub use project_file::project_file;
pub use reference::reference;
pub use rest_json::rest_json;
pub use sealed::{ciphertext, sealed_json};
pub use token::token;
pub use vault::vault;

/// The targets by their names.
pub const TARGETS: [(&str, fn(&[u8])); 9] = [
    ("ciphertext", ciphertext),
    ("cli_login", cli_login),
    ("infisical_json", infisical_json),
    ("project_file", project_file),
    ("reference", reference),
    ("rest_json", rest_json),
    ("sealed_json", sealed_json),
    ("token", token),
    ("vault", vault),
];

/// Stands for a secret in inputs; nothing that is shown may hold it.
const CANARY: &str = "hunter2hunter2hunter2";

/// Fails if `error`, however it is printed, holds the canary.
fn assert_silent(error: &phase_run::Error) {
    let mut shown = format!("{error} {error:?} {:?}", error.advice());
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        shown += &format!("{error} {error:?}");
        cause = error.source();
    }
    assert!(!shown.contains(CANARY), "a secret is shown: {shown}");
}
