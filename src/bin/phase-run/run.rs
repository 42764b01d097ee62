//! The whole run, top to bottom. Each step hands a value to the next.

mod selection;
mod start;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::mem;

use phase_run::{App, Leases, Notice, Place, Plan, Resolution};

use crate::args::{self, LeasesName, Mode, ProviderName, SignalScopeName};
use crate::environment::{self, Environment};
use crate::exit::{Failure, Reason};
use crate::hint::Hint;
use crate::launch::{self, Image, Manager, Outcome};
use crate::pending_leases::PendingLeases;
use crate::report::Report;
use crate::settings::{ProcessContext, Settings};
use crate::waiting::Waiting;
use crate::{preview, sys};
use selection::{Globs, policy};
use start::{start, supervision};

/// Fetches, merges and launches. Returns only if we supervise, or for a dry run.
pub(crate) fn run(
    args: &args::Run,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<Outcome, Failure> {
    run_with(args, process, report, |_, _| Marks::new())
}

/// Variables that are set, or removed, whatever the secrets say.
type Marks = Vec<(&'static str, Option<String>)>;

/// The same, and the command's environment is marked with what `marks` says of the place.
fn run_with(
    args: &args::Run,
    process: &ProcessContext<'_>,
    report: Report,
    marks: fn(&Place, ProviderName) -> Marks,
) -> Result<Outcome, Failure> {
    check(args)?;
    let command = command(args)?;
    let supervision = supervision(&args.process)?;
    let globs = Globs::new(&args.selection)?;
    let mut settings = Settings::resolve(&args.context, process)?;
    let waiting = waiting(&mut settings, process, report);
    let scope = settings.scope()?;
    report.settings(&settings.warnings, &settings.origins);
    let environ = sys::raw_environment();
    let policy = policy(&args.selection, &[], &[]);
    let base = environment::inherited(environ.clone(), &policy);
    let path = environment::value(&base, "PATH");
    if let Some(program) = command.first() {
        launch::look_up(program, path)?;
    }
    let wanted = |name: &str| globs.admit(name);
    let hint = Hint::new(&settings, &scope.place, process);
    let known = hint.as_ref().and_then(Hint::read);
    let plan = Plan {
        hint: known.as_deref(),
        allow_empty: args.selection.allow_empty || settings.allow_empty,
        allow_partial: args.selection.allow_partial,
        allow_unresolved: args.selection.allow_unresolved,
        expand: settings.expand,
        imports: settings.imports,
        leases: leases(args, &settings),
        only: None,
        personal: settings.personal,
        wanted: &wanted,
    };
    let client = settings.client()?;
    let mut resolution = waiting.fetch(client.resolve(scope, &plan))?;
    if let Some(hint) = hint {
        hint.keep(resolution.hint.as_deref(), known.as_deref());
    }
    let leases = PendingLeases::new(client, mem::take(&mut resolution.leases));
    let merged = merged(environ, &resolution, args, &settings, &globs, report);
    let image = merged.and_then(|mut environment| {
        for (name, value) in marks(&resolution.place, settings.provider) {
            environment.set(name, value.as_deref());
        }
        if args.preview {
            preview::show(&environment, &resolution, args.json)?;
            return Ok(None);
        }
        Image::new(&command, environment.entries, path).map(Some)
    });
    let open = (resolution, settings);
    start(image, open, args, &supervision, leases, report)
}

/// What is said while the store is waited for, at the terminal and to a service
/// manager.
fn waiting(settings: &mut Settings, process: &ProcessContext<'_>, report: Report) -> Waiting {
    let waiting = Waiting::new(settings.access.host(), report);
    let manager = Manager::at((process.variables)("NOTIFY_SOCKET"));
    manager.tell_of_fetch();
    settings.tell_retries(waiting.ear(move |retry| manager.tell_of_retry(retry.wait)));
    waiting
}

/// Whether leases are wanted. Infisical's own tools make them only if asked to,
/// and it takes a request more to see whether there are any to make.
fn wants_leases(args: &args::Run, settings: &Settings) -> bool {
    let asks = args.selection.lease_ttl.is_some() || args.process.revoke_leases;
    match args.selection.leases {
        Some(leases) => leases == LeasesName::Generate,
        None => asks || settings.provider != ProviderName::Infisical,
    }
}

/// What to do about dynamic secrets, which a dry run only looks at.
fn leases(args: &args::Run, settings: &Settings) -> Leases {
    if !wants_leases(args, settings) {
        return Leases::Skip;
    }
    if args.preview {
        return Leases::Preview;
    }
    Leases::Generate {
        ttl: args.selection.lease_ttl,
    }
}

/// The child's environment, checked against what must be in it.
fn merged(
    environ: Vec<Vec<u8>>,
    resolution: &Resolution,
    args: &args::Run,
    settings: &Settings,
    globs: &Globs,
    report: Report,
) -> Result<Environment, Failure> {
    let leased = told(resolution, args, settings, report);
    let stored = resolution.secrets.iter().map(|secret| &secret.name);
    let passed_over = resolution.notices.iter().filter_map(|notice| match notice {
        Notice::LeftOut { name, .. } => Some(name),
        _ => None,
    });
    let names: Vec<&String> = stored
        .chain(&resolution.left_out)
        .chain(leased.iter().copied())
        .chain(passed_over)
        .collect();
    let allow_empty = args.selection.allow_empty || settings.allow_empty;
    selection::require_matches(&args.selection, globs, allow_empty, &names)?;
    let excluded: Vec<String> = resolution
        .left_out
        .iter()
        .filter(|name| globs.exclude(name))
        .cloned()
        .collect();
    let policy = policy(&args.selection, &settings.require, &excluded);
    let environment = environment::merge(environ, &resolution.secrets, &policy)?;
    for warning in &environment.warnings {
        report.warn(warning);
    }
    let required = settings.require.iter().chain(&args.selection.require);
    require_names(required, &environment, resolution, &leased)?;
    let (count, place) = (environment.injected.len(), &resolution.place);
    tracing::info!(
        "{count} secrets from {} of {}",
        place.environment,
        place.app
    );
    Ok(environment)
}

/// Tells what was noticed. The names are those that a run would make leases for, where
/// this is a dry one.
fn told<'a>(
    resolution: &'a Resolution,
    args: &args::Run,
    settings: &Settings,
    report: Report,
) -> Vec<&'a String> {
    let looks = args.preview && wants_leases(args, settings);
    let mut leased = Vec::new();
    for notice in &resolution.notices {
        match notice {
            Notice::Dynamic { name, keys } if looks => {
                let gives = match &keys[..] {
                    [] => "names not known yet".to_owned(),
                    keys => keys.join(", "),
                };
                report.warn(&format!(
                    "a run makes a lease of dynamic secret {name:?}, which sets {gives}"
                ));
                leased.extend(keys);
            }
            _ => report.warn(&notice.to_string()),
        }
    }
    leased
}

/// Checks that each of the names `required` is there, as stored or as in the child.
///
/// # Errors
///
/// Those that are not, by name.
fn require_names<'a>(
    required: impl Iterator<Item = &'a String>,
    environment: &Environment,
    resolution: &Resolution,
    leased: &[&String],
) -> Result<(), Failure> {
    let there = |name: &&String| {
        let there = environment
            .injected
            .iter()
            .any(|one| one.name.as_str() == *name || resolution.secrets[one.index].name == **name);
        there || leased.contains(name)
    };
    let missing: BTreeSet<&str> = required
        .filter(|name| !there(name))
        .map(String::as_str)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing: Vec<&str> = missing.into_iter().collect();
    let text = format!(
        "required, but not among the secrets: {}",
        missing.join(", ")
    );
    let left_out = |name: &&str| resolution.left_out.iter().any(|one| one == name);
    let given = |name: &&str| {
        resolution.notices.iter().any(|notice| {
        matches!(notice, Notice::Dynamic { keys, .. } if keys.iter().any(|key| key == name))
    })
    };
    let help = if missing.iter().all(left_out) {
        "--only or --exclude leave them out"
    } else if missing.iter().all(given) {
        "a dynamic secret gives them, in a lease: leave --leases skip out"
    } else {
        "create them in the store, or look at --env, --path and --tag"
    };
    Err(Failure::new(Reason::Missing, text).help(help))
}

/// The command to start; empty only for a dry run.
fn command(args: &args::Run) -> Result<Vec<OsString>, Failure> {
    if let Some(script) = &args.script {
        let shell = args.shell.clone().unwrap_or_else(|| "/bin/sh".into());
        return Ok(vec![shell.into(), "-c".into(), script.clone()]);
    }
    if args.argv.is_empty() && !args.preview {
        return Err(Failure::new(Reason::Usage, "there is no command to start")
            .help("usage: phase-run [OPTIONS] -- COMMAND [ARG]..."));
    }
    Ok(args.argv.clone())
}

/// Options that contradict each other, which the parser cannot see.
fn check(args: &args::Run) -> Result<(), Failure> {
    let (process, renames) = (&args.process, &args.selection.rename);
    let needs_us = [
        ("--kill-after", process.kill_after.is_some()),
        ("--map-signal", !process.map_signal.is_empty()),
        ("--revoke-leases", process.revoke_leases),
        (
            "--signal-scope group",
            process.signal_scope == SignalScopeName::Group,
        ),
    ];
    let needs_us = needs_us.into_iter().find(|(_, given)| *given);
    if let Some((flag, _)) = needs_us.filter(|_| process.mode == Mode::Exec) {
        let text = format!("{flag} needs a supervisor, and with --mode exec there is none");
        return Err(Failure::new(Reason::Usage, text).help("leave --mode out"));
    }
    if args.shell.is_some() && args.script.is_none() {
        let text = "--shell is the shell of --command, and there is no --command";
        return Err(Failure::new(Reason::Usage, text));
    }
    let leases = args.selection.leases;
    let about_leases = [
        ("--lease-ttl", args.selection.lease_ttl.is_some()),
        ("--revoke-leases", process.revoke_leases),
    ];
    let about_leases = about_leases.into_iter().find(|(_, given)| *given);
    if let Some((flag, _)) = about_leases.filter(|_| leases == Some(LeasesName::Skip)) {
        let text = format!("{flag} is about leases, and with --leases skip there are none");
        return Err(Failure::new(Reason::Usage, text));
    }
    let twice =
        |(at, old): &(usize, &String)| renames[..*at].iter().any(|(other, _)| other == *old);
    let mut olds = renames.iter().map(|(old, _)| old).enumerate();
    if let Some((_, old)) = olds.find(twice) {
        let text = format!("--rename gives {old} two names");
        return Err(Failure::new(Reason::Usage, text));
    }
    Ok(())
}

/// The arguments of `shell` as those of a run of `$SHELL`.
pub(crate) fn shell(
    args: &args::Shell,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<Outcome, Failure> {
    let program = (process.variables)("SHELL").filter(|shell| !shell.is_empty());
    let program = program.unwrap_or_else(|| "/bin/sh".into());
    let run = args::Run {
        context: args.context.clone(),
        selection: args.selection.clone(),
        process: args.process.clone(),
        ..args::Run::starting(vec![program])
    };
    run_with(&run, process, report, shell_marks)
}

/// What a shell's prompt may show, and what means the same place to
/// `phase-run` in that shell.
fn shell_marks(place: &Place, provider: ProviderName) -> Marks {
    let id = match &place.app {
        App::Id(id) => Some(id.clone()),
        App::Name(_) | App::Only => None,
    };
    let environment = Some(place.environment.clone());
    let mut marks = vec![
        ("PHASE_SHELL", Some("true".to_owned())),
        ("PHASE_APP", Some(place.app.to_string())),
        ("PHASE_APP_ID", id.clone()),
        ("PHASE_ENV", environment.clone()),
    ];
    if provider == ProviderName::Infisical {
        // They go before ours there, and may be inherited.
        marks.push(("INFISICAL_PROJECT_ID", id));
        marks.push(("INFISICAL_ENVIRONMENT", environment));
    }
    marks
}
