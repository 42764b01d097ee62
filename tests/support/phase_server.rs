//! The tests' Phase, to try things with by hand: `cargo run --example phase-server`.
//! It tells where it is and its tokens, as lines for a shell, and runs until it is ended.

#![expect(clippy::unwrap_used, reason = "there is nobody to tell")]

#[expect(dead_code, unused_imports, reason = "the tests use the rest of it")]
mod server;

use std::io::{self, Write as _};
use std::thread;

use server::{Kind, Phase, Sse};

fn main() -> io::Result<()> {
    let phase = Phase::default()
        .app("web", Sse::On)
        .environments(&["Development", "Staging", "Production"])
        .secret("HOST", "db.example")
        .within("web/Development")
        .secret("HOST", "localhost")
        .comment("where the database is")
        .secret("URL", "pg://${HOST}:${/db/PORT}/")
        .secret("GREETING", "hello")
        .own("hello, me")
        .folder("/db")
        .secret("PORT", "5432")
        .tags(&["db"])
        .dynamic(
            "AWS",
            &["AWS_USER", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
        )
        .app("vault", Sse::Off)
        .environment("Development")
        .secret("KEY", "end to end");
    let server = phase.serve();
    let mut out = io::stdout().lock();
    writeln!(out, "export PHASE_HOST={}", server.url())?;
    let user = phase.token(Kind::User);
    writeln!(out, "export PHASE_SERVICE_TOKEN={}", user.full)?;
    writeln!(out, "# The other tokens:")?;
    for kind in [Kind::ServiceAccount, Kind::Service] {
        writeln!(out, "# {}", phase.token(kind).full)?;
    }
    for kind in [Kind::User, Kind::ServiceAccount, Kind::Service] {
        writeln!(out, "# {}", phase.token(kind).rest)?;
    }
    drop(out);
    loop {
        thread::park();
    }
}
