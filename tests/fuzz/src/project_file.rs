use std::path::Path;

use crate::CANARY;
use crate::exit::{Failure, Reason};
use crate::settings::content::{Content, Whose};

/// A project file that cannot be used is refused, and the message does not
/// quote what should not be there; one that can names files beside itself.
///
/// # Panics
///
/// If that is not so.
pub fn project_file(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    match parse(text) {
        Ok(content) => {
            for file in [&content.vault, &content.ca_cert].into_iter().flatten() {
                assert!(file.is_absolute());
            }
            assert!(content.timeout.is_none_or(|timeout| !timeout.is_zero()));
        }
        Err(failure) => assert_refused(&failure),
    }
    for spoilt in [
        format!("token = \"{CANARY}\"\n{text}"),
        format!("{text}\npss_user:v1:{CANARY}"),
        format!("{text}\ntoken = {CANARY}"),
        format!("paths = \"{CANARY}\"\n{text}"),
    ] {
        let failure = parse(&spoilt).expect_err("a file can hold no credentials");
        assert_refused(&failure);
        let shown = format!("{failure} {failure:?}");
        assert!(!shown.contains(CANARY), "a secret is shown: {shown}");
    }
}

/// What it says as a user's file, which may say more than a project's.
fn parse(text: &str) -> Result<Content, Failure> {
    let path = Path::new("/project/phase-run.toml");
    crate::settings::content::parse(text, path, Whose::Users, None)
}

fn assert_refused(failure: &Failure) {
    assert_eq!(failure.reason(), Reason::Configuration);
    let shown = failure.to_string();
    assert!(shown.starts_with("/project/phase-run.toml"), "{shown}");
}
