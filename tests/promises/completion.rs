//! What the shells complete, with the key pressed in each of them.

use crate::support::needs;
use crate::support::run::Run;
use crate::support::running::Running;
use crate::support::stage::Seat;
use crate::support::store::Store;

/// How a shell is started, and told that `phase-run` prints its words unless it is asked
/// for completions.
struct Shell {
    name: &'static str,
    start: &'static str,
    setup: (&'static str, &'static str),
}

const BASH: Shell = Shell {
    name: "bash",
    start: "exec bash --rcfile ./setup -i",
    setup: (
        "setup",
        r#"
phase-run() {
    if [ "$3" = -- ]; then "$PROGRAM" "$@"; else printf 'got:'; printf '[%s]' "$@"; echo; fi
}
source <("$PROGRAM" completions bash)
PS1='ready> '
"#,
    ),
};

const FISH: Shell = Shell {
    name: "fish",
    start: "exec fish -i",
    setup: (
        "config/fish/config.fish",
        r#"
function phase-run
    if [ "$argv[3]" = -- ]; $PROGRAM $argv; else; printf 'got:'; printf '[%s]' $argv; echo; end
end
$PROGRAM completions fish | source
function fish_prompt; echo 'ready> '; end
"#,
    ),
};

const ZSH: Shell = Shell {
    name: "zsh",
    start: "exec zsh -i",
    setup: (
        ".zshrc",
        r#"
phase-run() {
    if [ "$3" = -- ]; then "$PROGRAM" "$@"; else printf 'got:'; printf '[%s]' "$@"; echo; fi
}
autoload -U compinit && compinit -u -D
source <("$PROGRAM" completions zsh)
PS1='ready> '
"#,
    ),
};

impl Shell {
    /// At a terminal, where a program `zz-program` can be found, and a file lies.
    fn start(&self) -> Option<Running> {
        if !needs::are_there(&[self.name]) {
            return None;
        }
        let script = format!(
            "PROGRAM=$1 PATH=$PWD/bin:$PATH && export PROGRAM PATH && {}",
            self.start
        );
        let run = Run::with(&[]).store(Store::Nowhere).at(Seat::Leader);
        let run = run.inside(&["/bin/sh", "-c", &script, "sh"]);
        let run = run.file(self.setup.0, 0o600, self.setup.1);
        let run = run.file("only-file", 0o600, "");
        let run = run.file("bin/zz-program", 0o700, "#!/bin/sh\n");
        Some(run.variable("TERM", "dumb").spawn())
    }
}

/// What becomes of `keys`, in which `\t` asks for a completion.
#[track_caller]
fn typed(running: &mut Running, keys: &str) -> String {
    running.terminal().press(&format!("{keys}\r"));
    loop {
        let line = running.line();
        if let Some((_, words)) = line.split_once("got:") {
            return words.to_owned();
        }
    }
}

#[track_caller]
fn completes(shell: &Shell) {
    let Some(mut running) = shell.start() else {
        return;
    };
    running.await_text("ready> ");
    for (keys, words) in [
        ("secrets cr\t", "[secrets][create]"),
        ("vault recipients acc\t", "[vault][recipients][accept]"),
        ("secrets create --ty\t", "[secrets][create][--type]"),
        ("vault rekey --to-i\t", "[vault][rekey][--to-identity]"),
        ("--provider inf\t", "[--provider][infisical]"),
        ("run --mode sup\t", "[run][--mode][supervise]"),
        ("apps --api e\t", "[apps][--api][e2ee]"),
        ("--leases=sk\t", "[--leases=skip]"),
        ("completions zs\t", "[completions][zsh]"),
        ("--vault onl\t", "[--vault][only-file]"),
        (
            "secrets get --token-file onl\t",
            "[secrets][get][--token-file][only-file]",
        ),
        ("--ca-cert=onl\t", "[--ca-cert=only-file]"),
        ("copy onl\t", "[copy][only-file]"),
        ("--env onl\t", "[--env][onl]"),
        ("secrets get onl\t", "[secrets][get][onl]"),
        ("-- zz-pro\t", "[--][zz-program]"),
        (
            "run --env prod -- zz-program onl\t",
            "[run][--env][prod][--][zz-program][only-file]",
        ),
    ] {
        let found = typed(&mut running, &format!("phase-run {keys}"));
        assert_eq!(found, words, "{}: {keys:?}", shell.name);
    }
    running.terminal().press("exit\r");
    running.finish();
}

#[test]
fn bash_completes_commands_options_values_files_and_what_follows_the_dashes() {
    completes(&BASH);
}

#[test]
fn fish_completes_commands_options_values_files_and_what_follows_the_dashes() {
    completes(&FISH);
}

#[test]
fn zsh_completes_commands_options_values_files_and_what_follows_the_dashes() {
    completes(&ZSH);
}
