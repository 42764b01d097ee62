//! The tests' Infisical, to try things with by hand: `cargo run --example infisical-server`.
//! It tells where it is and who may log in, as lines for a shell, and runs until it is ended.

#![expect(clippy::unwrap_used, reason = "there is nobody to tell")]

#[expect(dead_code, unused_imports, reason = "the tests use the rest of it")]
mod server;

use std::io::{self, Write as _};
use std::thread;

use server::Infisical;
use server::infisical::{CLIENT_ID, CLIENT_SECRET};

fn main() -> io::Result<()> {
    let infisical = Infisical::default()
        .project("web")
        .environments(&["prod", "staging"])
        .secret("HOST", "db.example")
        .secret("REGION", "eu")
        .environment("dev")
        .secret("HOST", "localhost")
        .comment("where the database is")
        .secret("URL", "pg://${HOST}:${dev.db.PORT}/")
        .secret("GREETING", "hello")
        .own("hello, me")
        .import("staging", "/")
        .dynamic("pg", &["DB_USER", "DB_PASSWORD"])
        .folder("/db")
        .secret("PORT", "5432")
        .tags(&["db"]);
    let server = infisical.serve();
    let project = infisical.project_id("web");
    let mut out = io::stdout().lock();
    writeln!(out, "export INFISICAL_DOMAIN={}", server.url())?;
    writeln!(out, "export INFISICAL_PROJECT_ID={project}")?;
    writeln!(out, "export INFISICAL_UNIVERSAL_AUTH_CLIENT_ID={CLIENT_ID}")?;
    writeln!(
        out,
        "export INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET={CLIENT_SECRET}"
    )?;
    writeln!(
        out,
        "# Tokens, instead: of the identity, of a user, and an older one for services"
    )?;
    writeln!(out, "# {}", infisical.token())?;
    writeln!(out, "# {}", infisical.user_token())?;
    writeln!(out, "# {}", infisical.service_token(&[("dev", "/**")]))?;
    drop(out);
    loop {
        thread::park();
    }
}
