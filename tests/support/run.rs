//! One run of `phase-run`, told in one chain.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::running::Running;
use super::stage::{Seat, Stage};
use super::store::Store;

/// A run to be: what it is given, and where it starts.
#[derive(Debug)]
pub(crate) struct Run {
    arguments: Vec<OsString>,
    bare: bool,
    command: Vec<OsString>,
    pub(super) folder: TempDir,
    inside: Vec<OsString>,
    pub(super) input: Option<Vec<u8>>,
    pub(super) on_terminal: bool,
    pub(super) redirected: bool,
    removed: Vec<OsString>,
    pub(super) stage: Stage,
    store: Store,
    subcommand: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
}

/// The program under test. The variable lets the same tests run against
/// another build of it.
fn program() -> PathBuf {
    let built = || PathBuf::from(env!("CARGO_BIN_EXE_phase-run"));
    let program = env::var_os("PHASE_RUN_TEST_BINARY").map_or_else(built, PathBuf::from);
    // It is started in other folders than this.
    program.canonicalize().expect("the program under test")
}

/// The program that plays all the children: an example, which `cargo test`
/// builds into a folder beside that of the tests.
pub(crate) fn child_program() -> PathBuf {
    let tests = env::current_exe().expect("the tests are a program");
    let profile = tests
        .ancestors()
        .nth(2)
        .expect("the tests are in target/PROFILE/deps");
    let child = profile.join("examples/child");
    assert!(
        child.exists(),
        "build {} first: cargo build --example child",
        child.display()
    );
    child
}

impl Run {
    /// `phase-run` with these arguments of its own.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(OsString::from);
        Self {
            arguments: arguments.collect(),
            bare: false,
            command: Vec::new(),
            folder: TempDir::new().expect("a temporary folder"),
            inside: Vec::new(),
            input: None,
            on_terminal: false,
            redirected: false,
            removed: Vec::new(),
            stage: Stage::default(),
            store: Store::default(),
            subcommand: Vec::new(),
            variables: Vec::new(),
        }
    }

    /// A subcommand of `phase-run`, such as `secrets list`.
    pub(crate) fn subcommand(words: &[&str]) -> Self {
        let subcommand = words.iter().map(OsString::from).collect();
        let run = Self::with(&[]);
        Self { subcommand, ..run }
    }

    /// Its secrets come from there.
    pub(crate) fn store(mut self, store: Store) -> Self {
        self.store = store;
        self
    }

    /// Its secrets are these, in the root folder of a vault.
    pub(crate) fn secrets(self, secrets: &[(&str, &str)]) -> Self {
        let row = |&(name, value): &(&str, &str)| ("/".into(), name.into(), value.into());
        self.store(Store::Vault(secrets.iter().map(row).collect()))
    }

    /// Both modes, each in an ordinary place and as process 1.
    pub(crate) fn everywhere() -> [Self; 4] {
        let [place, one] = Self::supervisors();
        let [exec_place, exec_one] = [(); 2].map(|()| Self::with(&[]).exec());
        [place, one, exec_place, exec_one.pid_one()]
    }

    /// Supervising, in an ordinary place and as process 1.
    pub(crate) fn supervisors() -> [Self; 2] {
        let [place, one] = [(); 2].map(|()| Self::with(&[]).supervised());
        [place, one.pid_one()]
    }

    /// The command without us, to compare with.
    pub(crate) fn bare() -> Self {
        let run = Self::with(&[]);
        Self { bare: true, ..run }
    }

    /// Becomes the command.
    pub(crate) fn exec(self) -> Self {
        self.argument("--mode").argument("exec")
    }

    /// Stays, and watches over the command.
    pub(crate) fn supervised(self) -> Self {
        self.argument("--mode").argument("supervise")
    }

    /// More arguments of our own.
    pub(crate) fn arguments(self, words: &[&str]) -> Self {
        words.iter().fold(self, Self::argument)
    }

    /// One more argument of our own.
    pub(crate) fn argument(mut self, word: impl AsRef<OsStr>) -> Self {
        self.arguments.push(word.as_ref().to_owned());
        self
    }

    /// Process 1 of a new PID namespace, as in a container.
    pub(crate) fn pid_one(mut self) -> Self {
        self.stage.namespace = true;
        self
    }

    /// On a terminal of its own, with this relation to it.
    pub(crate) fn at(mut self, seat: Seat) -> Self {
        self.stage.seat = seat;
        self.on_terminal = true;
        self
    }

    /// Standard input is not the terminal.
    pub(crate) fn redirected(mut self) -> Self {
        self.redirected = true;
        self
    }

    /// Changes what the process inherits.
    pub(crate) fn stage(mut self, change: impl FnOnce(&mut Stage)) -> Self {
        change(&mut self.stage);
        self
    }

    /// One more variable, of any bytes.
    pub(crate) fn variable(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// A variable less.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.removed.push(name.into());
        self
    }

    /// All of standard input. Without it, it stays open and empty until
    /// [`Running::close_input`].
    pub(crate) fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.input = Some(bytes.as_ref().to_owned());
        self
    }

    /// `phase-run` is started by this command, which gets it as its last words.
    pub(crate) fn inside<T: AsRef<OsStr>>(mut self, words: &[T]) -> Self {
        self.inside = words.iter().map(|word| word.as_ref().to_owned()).collect();
        self
    }

    /// The command is a script for the shell.
    pub(crate) fn sh(self, script: &str) -> Self {
        self.command(["/bin/sh", "-c", script])
    }

    /// The command is the program `child`: an act and its words.
    pub(crate) fn child(self, act: impl AsRef<str>) -> Self {
        let act = act.as_ref();
        let words = act.split(' ').map(OsString::from);
        self.command([child_program().into_os_string()].into_iter().chain(words))
    }

    /// The command.
    pub(crate) fn command<T: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = T>) -> Self {
        self.command = words
            .into_iter()
            .map(|word| word.as_ref().to_owned())
            .collect();
        self
    }

    /// The working directory, which is also the home. Gone after the run.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Puts a file into the working directory.
    ///
    /// Another process writes it: while ours had it open for writing, a test in
    /// another thread could start a process that keeps the descriptor for a
    /// moment, and a program that is open for writing cannot be executed.
    pub(crate) fn file(self, name: &str, mode: u32, contents: impl AsRef<[u8]>) -> Self {
        let path = self.folder().join(name);
        fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder of ours");
        let script = "cat >\"$1\" && chmod \"$2\" \"$1\"";
        let mut writer = Command::new("/bin/sh")
            .args(["-c", script, "sh"])
            .args([path.into_os_string(), format!("{mode:o}").into()])
            .stdin(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut input = writer.stdin.take().expect("a pipe");
        input
            .write_all(contents.as_ref())
            .expect("a shell that reads");
        drop(input);
        assert!(
            writer.wait().expect("a child of ours").success(),
            "cannot write {name}"
        );
        self
    }

    /// Which run this is, for the reader of a failure.
    pub(super) fn description(&self) -> String {
        let words = |words: &[OsString]| {
            let words = words.iter().map(|word| word.to_string_lossy());
            words.collect::<Vec<_>>().join(" ")
        };
        let place = if self.stage.namespace {
            "as process 1"
        } else {
            "in an ordinary place"
        };
        let (arguments, command) = (words(&self.arguments), words(&self.command));
        if self.bare {
            return format!("without phase-run, {place}: {command}");
        }
        format!("{place}: phase-run {arguments} -- {command}")
    }

    /// The whole command line, with an environment that is known to the last entry.
    pub(super) fn assemble(&self) -> Command {
        let scene = serde_json::to_string(&self.stage).expect("a scene is plain data");
        let home = self.folder();
        let mut command = Command::new(child_program());
        command
            .arg("stage")
            .arg(scene)
            .args(&self.inside)
            .current_dir(home)
            .env_clear();
        command.env("PATH", env::var_os("PATH").unwrap_or_default());
        command.env("HOME", home);
        for (name, folder) in [("CACHE", "cache"), ("CONFIG", "config"), ("DATA", "data")] {
            command.env(format!("XDG_{name}_HOME"), home.join(folder));
        }
        if !self.bare {
            command.arg(program());
            command.args(&self.subcommand);
            self.store.tell(&mut command, home);
            command.args(&self.arguments);
            if !self.command.is_empty() {
                command.arg("--");
            }
        }
        command.args(&self.command);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        for name in &self.removed {
            command.env_remove(name);
        }
        command
    }

    /// Starts it.
    #[track_caller]
    pub(crate) fn spawn(self) -> Running {
        Running::start(self)
    }
}
