//! `auth`: logging in, seeing as whom, and logging out.

mod login;
mod logout;
mod revoke;
mod status;
mod web;

use phase_run::{Owner, OwnerKind};

use crate::args::{Auth, Context};
use crate::exit::Failure;
use crate::report::Report;
use crate::settings::ProcessContext;

pub(crate) fn auth(
    args: &Auth,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<(), Failure> {
    match args {
        Auth::Login(args) => login::login(args, process, report),
        Auth::Status {
            provider,
            host,
            server,
            token_file,
            machine,
            json,
        } => {
            let context = Context {
                provider: *provider,
                host: host.clone(),
                token_file: token_file.clone(),
                machine: machine.clone(),
                ..server.context()
            };
            status::status(&context, *json, process, report)
        }
        Auth::Logout {
            host,
            project,
            revoke,
            token_file,
        } => {
            let context = Context {
                host: host.clone(),
                project: project.clone(),
                token_file: token_file.clone(),
                ..Context::default()
            };
            if *revoke {
                return revoke::revoke(context, process, report);
            }
            logout::logout(&context, process, report)
        }
    }
}

/// What sort of account it is, for a person.
fn kind(owner: &Owner) -> &'static str {
    match owner.kind {
        OwnerKind::Identity => "machine identity",
        OwnerKind::Service => "service token of the older kind",
        OwnerKind::ServiceAccount => "service account",
        OwnerKind::User => "user",
        // The library may learn new kinds before the program does.
        _ => "account",
    }
}

/// The same as a word for a program.
fn kind_word(owner: &Owner) -> &'static str {
    match owner.kind {
        OwnerKind::Identity => "identity",
        OwnerKind::Service => "service",
        OwnerKind::ServiceAccount => "service_account",
        OwnerKind::User => "user",
        _ => "other",
    }
}
