//! The part of the program's settings that reads files.

#[path = "../../../src/bin/phase-run/settings/file.rs"]
#[expect(
    dead_code,
    reason = "only the text is parsed here, no file is looked for"
)]
pub(crate) mod file;
#[path = "../../../src/bin/phase-run/settings/layers.rs"]
#[expect(dead_code, reason = "the words and the time spans are needed here")]
mod layers;
