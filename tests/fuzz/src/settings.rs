//! The part of the program's settings that reads files.

#[path = "../../../src/bin/phase-run/settings/content.rs"]
pub(crate) mod content;
#[path = "../../../src/bin/phase-run/settings/options.rs"]
#[expect(dead_code, reason = "the table is needed here, and no variable")]
mod options;
#[path = "../../../src/bin/phase-run/settings/parse.rs"]
mod parse;
