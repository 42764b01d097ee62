//! The whole run, top to bottom. Each step hands a value to the next.

use std::ffi::{OsStr, OsString};
use std::mem;
use std::os::unix::ffi::OsStrExt as _;

use glob::Pattern;
use phase_run::{App, Leases, Place, Plan, Resolution};

use crate::args::{self, LeasesName, Mode, SignalScopeName};
use crate::environment::{self, Environment, Policy};
use crate::exit::{Failure, Reason};
use crate::fetch::fetch;
use crate::held::Held;
use crate::hint::Hint;
use crate::launch::{self, Image, Outcome, SignalMapping, SignalScope, Supervision};
use crate::report::Report;
use crate::settings::{Settings, World, names};
use crate::{preview, sys};

/// Fetches, merges and launches. Returns only if we supervise, or for a dry run.
pub(crate) fn run(args: &args::Run, world: &World<'_>, report: Report) -> Result<Outcome, Failure> {
    run_with(args, world, report, |_| Marks::new())
}

/// Variables that are set, or removed, whatever the secrets say.
type Marks = Vec<(&'static str, Option<String>)>;

/// The same, and the command's environment is marked with what `marks` says of the place.
fn run_with(
    args: &args::Run,
    world: &World<'_>,
    report: Report,
    marks: fn(&Place) -> Marks,
) -> Result<Outcome, Failure> {
    let command = command(args)?;
    check(args)?;
    let supervision = supervision(&args.process, command.first())?;
    let globs = Globs::new(&args.selection)?;
    let settings = Settings::resolve(&args.context, world)?;
    let scope = settings.scope()?;
    for warning in &settings.warnings {
        report.warn(warning);
    }
    for origin in &settings.origins {
        tracing::info!("{origin}");
    }
    let environ = sys::raw_environment();
    let policy = policy(&args.selection, &[]);
    let base = environment::inherited(environ.clone(), &policy);
    if let Some(program) = command.first() {
        launch::look_up(program, environment::value(&base, "PATH"))?;
    }
    let wanted = |name: &str| globs.admit(name);
    let hint = Hint::new(&settings, &scope.place, world);
    let known = hint.as_ref().and_then(Hint::read);
    let plan = Plan {
        hint: known.as_deref(),
        allow_partial: args.selection.allow_partial,
        allow_unresolved: args.selection.allow_unresolved,
        leases: leases(args),
        personal: settings.personal,
        wanted: &wanted,
    };
    launch::announce(&base, settings.timeout);
    let client = settings.client()?;
    let mut resolution = fetch(client.resolve(scope, &plan))?;
    if let Some(hint) = hint {
        hint.keep(resolution.hint.as_deref(), known.as_deref());
    }
    let leases = Held::new(client, mem::take(&mut resolution.leases));
    let merged = merged(environ, &resolution, args, &settings, &globs, report);
    let image = merged.and_then(|mut environment| {
        for (name, value) in marks(&resolution.place) {
            environment.set(name, value.as_deref());
        }
        if args.preview {
            preview::show(&environment, &resolution, args.json)?;
            return Ok(None);
        }
        Image::new(&command, environment.entries).map(Some)
    });
    let open = (resolution, settings);
    start(image, open, args, &supervision, leases, report)
}

/// Becomes the command, or stays; for a dry run there is no image. Leases go
/// with a command that was not started, and with one that ended if asked for.
fn start(
    image: Result<Option<Image>, Failure>,
    open: (Resolution, Settings),
    args: &args::Run,
    supervision: &Supervision,
    leases: Held,
    report: Report,
) -> Result<Outcome, Failure> {
    let revokes = args.process.revoke_leases && !leases.is_empty();
    let outcome = match image {
        Ok(None) => return Ok(Outcome::Exited(0)),
        Err(failure) => Err(failure),
        Ok(Some(image)) if stays(&args.process, revokes) => {
            drop(open);
            sys::wipe_variables(&names::is_credential);
            supervise(image, supervision)
        }
        Ok(Some(image)) => {
            // They go with the address space, and are not taken apart before.
            mem::forget(open);
            Err(launch::exec(&image))
        }
    };
    if revokes || outcome.is_err() {
        leases.revoke(report);
    }
    outcome
}

/// What to do about dynamic secrets. To look takes none.
fn leases(args: &args::Run) -> Leases {
    match args.selection.leases {
        LeasesName::Generate if !args.preview => Leases::Generate {
            ttl: args.selection.lease_ttl,
        },
        _ => Leases::Skip,
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
    for notice in &resolution.notices {
        report.warn(&notice.to_string());
    }
    let excluded: Vec<String> = resolution
        .left_out
        .iter()
        .filter(|name| globs.exclude(name))
        .cloned()
        .collect();
    let policy = policy(&args.selection, &excluded);
    let environment = environment::merge(environ, &resolution.secrets, &policy)?;
    for warning in &environment.warnings {
        report.warn(warning);
    }
    let required = settings.require.iter().chain(&args.selection.require);
    let there = |name: &&String| {
        environment
            .injected
            .iter()
            .any(|one| one.name.as_str() == *name || resolution.secrets[one.index].name == **name)
    };
    let missing: Vec<&str> = required
        .filter(|name| !there(name))
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        let text = format!(
            "required, but not among the secrets: {}",
            missing.join(", ")
        );
        return Err(Failure::new(Reason::Missing, text)
            .help("create them in the store, or look at --env, --path and --tag"));
    }
    tracing::info!("{} secrets", environment.injected.len());
    Ok(environment)
}

/// Whether we supervise the command, instead of becoming it. `revokes` says
/// whether there is something to do when it has ended.
fn stays(args: &args::Process, revokes: bool) -> bool {
    let reason = if sys::is_init() {
        Some("we are PID 1")
    } else if args.kill_after.is_some() {
        Some("--kill-after")
    } else if !args.map_signal.is_empty() {
        Some("--map-signal")
    } else {
        revokes.then_some("there are leases to revoke")
    };
    match (args.mode, reason) {
        (Mode::Exec, _) => tracing::info!("exec: by --mode"),
        (Mode::Auto, None) => tracing::info!("exec: no reason to stay"),
        (Mode::Supervise, _) => tracing::info!("supervise: by --mode"),
        (Mode::Auto, Some(reason)) => tracing::info!("supervise: {reason}"),
    }
    args.mode == Mode::Supervise || (args.mode == Mode::Auto && reason.is_some())
}

fn supervise(image: Image, supervision: &Supervision) -> Result<Outcome, Failure> {
    if supervision.scope == SignalScope::GroupToEnd {
        tracing::info!(
            "signals that end it go to its whole group: npm and its kin do not hand them on"
        );
    }
    launch::supervise(image, supervision)
}

/// The command to start; empty only for a dry run.
fn command(args: &args::Run) -> Result<Vec<OsString>, Failure> {
    if let Some(script) = &args.script {
        return Ok(vec![args.shell.clone().into(), "-c".into(), script.clone()]);
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
    let needs_us = if process.kill_after.is_some() {
        Some("--kill-after")
    } else {
        (!process.map_signal.is_empty()).then_some("--map-signal")
    };
    if let Some(flag) = needs_us.filter(|_| process.mode == Mode::Exec) {
        let text = format!("{flag} needs a supervisor, and with --mode exec there is none");
        return Err(Failure::new(Reason::Usage, text).help("leave --mode out"));
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

fn supervision(args: &args::Process, program: Option<&OsString>) -> Result<Supervision, Failure> {
    if args.revoke_leases && args.mode == Mode::Exec {
        let text = "--revoke-leases needs somebody to stay, and --mode exec stays for nothing";
        return Err(Failure::new(Reason::Usage, text));
    }
    let scope = match args.signal_scope {
        SignalScopeName::Child => SignalScope::Child,
        SignalScopeName::Group => SignalScope::Group,
        SignalScopeName::Auto => {
            launch::automatic_scope(program.map_or(OsStr::new(""), OsString::as_os_str))
        }
    };
    let map: Result<Vec<SignalMapping>, String> =
        args.map_signal.iter().map(|text| text.parse()).collect();
    let map = map.map_err(|why| Failure::new(Reason::Usage, format!("--map-signal: {why}")))?;
    Ok(Supervision {
        scope,
        map,
        kill_after: args.kill_after,
        parent_death: !args.no_pdeathsig,
    })
}

fn policy<'a>(selection: &'a args::Selection, excluded: &'a [String]) -> Policy<'a> {
    let bytes = |names: &Option<Vec<OsString>>| {
        let names = names.as_ref()?.iter().filter(|name| !name.is_empty());
        Some(names.map(|name| name.as_bytes().to_vec()).collect())
    };
    // Without names it means all variables, and with an empty list none.
    let all_or_some =
        |names: &Vec<OsString>| names.iter().any(|name| !name.is_empty()) || names.is_empty();
    let preserves = selection.preserve_env.as_ref().is_some_and(all_or_some);
    Policy {
        allow_partial: selection.allow_partial,
        clean: bytes(&selection.clean_env),
        credential: (!selection.pass_auth).then_some(names::is_credential),
        excluded,
        prefix: selection.prefix.as_deref().unwrap_or(""),
        preserve: bytes(&selection.preserve_env).filter(|_| preserves),
        rename: &selection.rename,
    }
}

/// `--only` and `--exclude`.
#[derive(Debug)]
struct Globs {
    only: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

impl Globs {
    fn new(selection: &args::Selection) -> Result<Self, Failure> {
        let patterns = |flag: &str, texts: &[String]| -> Result<Vec<Pattern>, Failure> {
            let pattern = |text: &String| {
                Pattern::new(text).map_err(|error| {
                    let text = format!("{flag} {text:?} is no glob: {}", error.msg);
                    Failure::new(Reason::Usage, text)
                })
            };
            texts.iter().map(pattern).collect()
        };
        Ok(Self {
            only: patterns("--only", &selection.only)?,
            exclude: patterns("--exclude", &selection.exclude)?,
        })
    }

    fn exclude(&self, name: &str) -> bool {
        self.exclude.iter().any(|glob| glob.matches(name))
    }

    fn admit(&self, name: &str) -> bool {
        let only = self.only.is_empty() || self.only.iter().any(|glob| glob.matches(name));
        only && !self.exclude(name)
    }
}

/// The arguments of `shell` as those of a run of `$SHELL`.
pub(crate) fn shell(
    args: &args::Shell,
    world: &World<'_>,
    report: Report,
) -> Result<Outcome, Failure> {
    let program = (world.variables)("SHELL").filter(|shell| !shell.is_empty());
    let program = program.unwrap_or_else(|| "/bin/sh".into());
    let run = args::Run {
        context: args.context.clone(),
        selection: args.selection.clone(),
        process: args.process.clone(),
        ..args::Run::starting(vec![program])
    };
    run_with(&run, world, report, shell_marks)
}

/// What a shell's prompt may show, and what means the same place to
/// `phase-run` in that shell.
fn shell_marks(place: &Place) -> Marks {
    let id = match &place.app {
        App::Id(id) => Some(id.clone()),
        App::Name(_) => None,
    };
    vec![
        ("PHASE_SHELL", Some("true".to_owned())),
        ("PHASE_APP", Some(place.app.to_string())),
        ("PHASE_APP_ID", id),
        ("PHASE_ENV", Some(place.environment.clone())),
    ]
}
