//! Programs that some tests need, and that not each machine has.

use std::env;
use std::io::{self, Write as _};

/// Whether `programs` are there. A test that does without says so, and is a failure
/// where `CI` is set: there they are installed.
pub(crate) fn are_there(programs: &[&str]) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let missing = |name: &&&str| !env::split_paths(&path).any(|folder| folder.join(name).exists());
    let Some(missing) = programs.iter().find(missing) else {
        return true;
    };
    let test = std::thread::current();
    let test = test.name().unwrap_or("a test");
    skip(&format!("{test}: there is no {missing} here"))
}

/// Says that something is not tested. What the macros write the test harness hides.
pub(crate) fn skip(what: &str) -> bool {
    assert!(env::var_os("CI").is_none(), "{what}: install it");
    let text = format!("\nNOT TESTED: {what}\n");
    io::stderr().write_all(text.as_bytes()).expect("stderr");
    false
}
