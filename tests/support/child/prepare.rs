//! Sets the scene, then becomes the program: what a careless or a careful
//! parent would leave behind for `phase-run`.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{execve, getegid, geteuid, mkfifo, setsid};

use crate::event::Event;
use crate::stage::{Seat, Stage};
use crate::{kernel, shell};

/// `stage SCENE PROGRAM [ARGUMENT]…`
pub(crate) fn enter(words: &[Vec<u8>]) -> u8 {
    let stage: Stage = serde_json::from_slice(&words[0]).expect("a scene in JSON");
    let control = UnixStream::connect(&stage.control).expect("the test listens");
    let mut control = Some(control);
    match play(&stage, &mut control, &words[1..]) {
        Ok(status) => status,
        Err(error) => {
            let what = error.to_string();
            let mut control = control.expect("only a parent that waits lets go of it");
            say(&mut control, &Event::Failed { what });
            1
        }
    }
}

pub(crate) fn say(control: &mut impl Write, event: &Event) {
    let line = serde_json::to_string(event).expect("events are plain data");
    // A test that has ended does not listen any more.
    let _ = writeln!(control, "{line}");
}

/// Comes back only in the parents of what becomes the program.
fn play(stage: &Stage, control: &mut Option<UnixStream>, words: &[Vec<u8>]) -> io::Result<u8> {
    guard(stage)?;
    let environment = environment()?;
    if stage.namespace {
        isolate()?;
        if let Some(pid) = kernel::fork()? {
            control
                .take()
                .iter_mut()
                .for_each(|control| say(control, &Event::Started { pid }));
            return Ok(shell::end_like(pid));
        }
        guard(stage)?;
        mount_own_proc().map_err(namespace_advice)?;
    }
    setsid()?;
    if stage.seat != Seat::None {
        kernel::take_terminal(&io::stdout())?;
    }
    if stage.seat.has_shell() {
        let (waiting, ready) = io::pipe()?;
        if let Some(job) = kernel::fork()? {
            drop(waiting);
            let control = control.take().expect("it is there from the start");
            return shell::attend(job, stage.seat, control, ready);
        }
        drop(ready);
        shell::await_turn(waiting)?;
        guard(stage)?;
    }
    apply(stage)?;
    Err(become_program(stage, environment, words))
}

/// The end of the parent, and so of the test, is our end.
fn guard(stage: &Stage) -> io::Result<()> {
    if !stage.unguarded {
        prctl::set_pdeathsig(Signal::SIGKILL)?;
    }
    Ok(())
}

fn isolate() -> io::Result<()> {
    let (user, group) = (geteuid(), getegid());
    let mut flags = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS;
    if !user.is_root() {
        flags |= CloneFlags::CLONE_NEWUSER;
    }
    unshare(flags).map_err(|error| namespace_advice(error.into()))?;
    if !user.is_root() {
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
        fs::write("/proc/self/gid_map", format!("0 {group} 1"))?;
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
fn namespace_advice(error: io::Error) -> io::Error {
    io::Error::other(format!(
        "this machine cannot make a PID namespace ({error}): run the tests as root, or allow unprivileged user namespaces"
    ))
}

fn mount_own_proc() -> io::Result<()> {
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "/proc", Some("proc"), flags, none)?;
    Ok(())
}

/// The environment as we got it: order, duplicates and malformed entries.
fn environment() -> io::Result<Vec<Vec<u8>>> {
    let block = fs::read("/proc/self/environ")?;
    let entries = block.split(|byte| *byte == 0).map(<[u8]>::to_vec);
    Ok(entries.filter(|entry| !entry.is_empty()).collect())
}

/// The parts of the scene that the program inherits. What could be in the way
/// of the parts after it comes last.
fn apply(stage: &Stage) -> io::Result<()> {
    kernel::settle();
    kernel::keep_to_ourselves()?;
    for path in &stage.hidden {
        hide(path, &stage.control)?;
    }
    for path in &stage.pipes {
        let pipe = stage.control.with_extension("pipe");
        mkfifo(&pipe, Mode::S_IRUSR)?;
        let none = None::<&str>;
        mount(Some(&pipe), path, none, MsFlags::MS_BIND, none)?;
    }
    if stage.odd {
        make_odd()?;
    }
    if stage.core {
        setrlimit(Resource::RLIMIT_CORE, 1 << 20, 1 << 20)?;
    }
    for (fd, path) in &stage.opened {
        kernel::duplicate(&File::open(path)?, *fd)?;
    }
    if stage.broken_stderr {
        let (_, writer) = io::pipe()?;
        kernel::duplicate(&writer, 2)?;
    }
    if stage.no_zombies {
        kernel::leave_no_zombies();
    }
    for signal in &stage.ignored {
        kernel::ignore(*signal);
    }
    kernel::block_only(
        stage
            .blocked
            .iter()
            .fold(0, |mask, n| mask | kernel::bit(*n)),
    );
    if !stage.refused.is_empty() {
        kernel::refuse(&stage.refused)?;
    }
    for fd in &stage.closed {
        kernel::close(*fd);
    }
    Ok(())
}

/// A folder becomes an empty one, a file a socket, which nobody can open.
fn hide(path: &Path, control: &Path) -> io::Result<()> {
    let none = None::<&str>;
    if path.is_dir() {
        mount(Some("none"), path, Some("tmpfs"), MsFlags::empty(), none)?;
        return Ok(());
    }
    let socket = control.with_extension("hidden");
    if !socket.exists() {
        UnixListener::bind(&socket)?;
    }
    mount(Some(&socket), path, none, MsFlags::MS_BIND, none)?;
    Ok(())
}

fn make_odd() -> io::Result<()> {
    umask(Mode::from_bits_truncate(0o137));
    kernel::add_niceness(3);
    setrlimit(Resource::RLIMIT_NOFILE, 777, 888)?;
    fs::write("/proc/self/oom_score_adj", "55")?;
    prctl::set_timerslack(77_777)?;
    Ok(())
}

fn become_program(stage: &Stage, mut environment: Vec<Vec<u8>>, words: &[Vec<u8>]) -> io::Error {
    environment.extend(stage.entries.iter().cloned());
    let own = |name: &String| format!("{name}={}", process::id()).into_bytes();
    environment.extend(stage.pid_variables.iter().map(own));
    let text = |bytes: &Vec<u8>| CString::new(bytes.as_slice()).expect("no NUL in a word");
    let environment: Vec<_> = environment.iter().map(text).collect();
    let words: Vec<_> = words.iter().map(text).collect();
    let Err(error) = execve(&words[0], &words, &environment);
    io::Error::other(format!("cannot start {:?}: {error}", words[0]))
}
