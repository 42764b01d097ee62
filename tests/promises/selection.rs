//! What gets into the command's environment, and under which names.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::{names, over, serve, web, web_with};
use crate::support::run::Run;
use crate::support::server::Server;
use crate::support::store::Store;

fn lab() -> Server {
    serve(web_with(&[("T_A", "a"), ("T_B", "b"), ("OTHER", "o")]))
}

#[test]
fn only_and_exclude_choose_among_what_was_fetched() {
    let server = lab();
    let run = |words: &[&str]| over(&server).arguments(words);
    let show = names("[TO][_T]");
    for (words, wanted) in [
        (&[][..], "OTHER=o\nT_A=a\nT_B=b\n"),
        (&["--only", "T_*"], "T_A=a\nT_B=b\n"),
        (&["--only", "T_A", "--only", "OTHER"], "OTHER=o\nT_A=a\n"),
        (&["--exclude", "*_?"], "OTHER=o\n"),
        (&["--only", "T_*", "--exclude", "T_A"], "T_B=b\n"),
    ] {
        run(words).sh(&show).stdout(wanted).silent();
    }
    run(&["--only", "["]).sh("echo x").failed(2, "usage");
}

#[test]
fn an_excluded_secret_is_not_inherited_and_one_that_is_merely_not_chosen_is() {
    let server = lab();
    let run = |words: &[&str]| {
        let run = over(&server).variable("T_A", "old").variable("T_X", "x");
        run.arguments(words).sh(&names("T_"))
    };
    run(&["--exclude", "T_*"]).stdout("T_X=x\n");
    run(&["--only", "T_B"]).stdout("T_A=old\nT_B=b\nT_X=x\n");
}

#[test]
fn secrets_win_over_inherited_variables_unless_these_are_preserved() {
    let server = lab();
    let run = |words: &[&str]| {
        let run = over(&server).variable("T_A", "old").variable("T_B", "old");
        run.arguments(words).sh(&names("T_"))
    };
    run(&[]).stdout("T_A=a\nT_B=b\n").silent();
    run(&["--preserve-env"]).stdout("T_A=old\nT_B=old\n");
    run(&["--preserve-env=T_B,OTHER"]).stdout("T_A=a\nT_B=old\n");
    run(&["--preserve-env=T_A", "--preserve-env=T_B"]).stdout("T_A=old\nT_B=old\n");
    run(&["--preserve-env=,T_A,"]).stdout("T_A=old\nT_B=b\n");
    // A list that a script left empty.
    run(&["--preserve-env="]).stdout("T_A=a\nT_B=b\n");
    // What does not get in cannot win.
    run(&["--preserve-env", "--clean-env=T_B"]).stdout("T_A=a\nT_B=old\n");
}

#[test]
fn a_clean_environment_has_the_basic_variables_the_named_ones_and_the_secrets() {
    let server = lab();
    let run = |words: &[&str]| {
        let run = over(&server).variable("T_X", "x").variable("T_Y", "y");
        let basic = ["USER", "LANG", "TERM", "TZ"];
        let run = basic.iter().fold(run, |run, name| run.variable(name, name));
        let run = run.arguments(words).command(["env"]);
        let text = run.status(0).text();
        let names = text.lines().filter_map(|line| line.split_once('='));
        let mut names: Vec<_> = names.map(|(name, _)| name.to_owned()).collect();
        names.sort();
        names.join(" ")
    };
    let clean = "HOME LANG OTHER PATH TERM TZ T_A T_B USER";
    assert_eq!(run(&["--clean-env"]), clean);
    assert_eq!(
        run(&["--clean-env=T_Y,T_Z"]),
        "HOME LANG OTHER PATH TERM TZ T_A T_B T_Y USER"
    );
}

#[test]
fn a_prefix_and_a_rename_change_the_names_in_the_command() {
    let server = lab();
    let run = over(&server).arguments(&["--prefix", "P_", "--rename", "OTHER=MINE"]);
    run.sh("env | grep -e _T_ -e OTHER -e MINE | sort")
        .stdout("MINE=o\nP_T_A=a\nP_T_B=b\n")
        .silent();
    let run = over(&server)
        .arguments(&["--rename", "T_A=T_B"])
        .sh("echo x");
    run.failed(125, "conflict")
        .stderr_has("\"T_A\" and \"T_B\" would both be called T_B");
    let run = |words: &[&str]| over(&server).arguments(words).sh(&names("[TP]_"));
    let collides = run(&["--prefix", "P_", "--rename", "T_A=P_T_B"]);
    collides.failed(125, "conflict").stderr_has("P_T_B");
    run(&["--rename", "T_A=T_B", "--rename", "T_B=T_A"]).stdout("T_A=b\nT_B=a\n");
    run(&["--rename", "T_A=T_B", "--exclude", "T_B"]).stdout("T_B=a\n");
    let twice = run(&["--rename", "T_A=X", "--rename", "T_A=Y"]);
    twice.failed(2, "usage").stderr_has("T_A");
    run(&["--prefix", "P="]).failed(125, "invalid-name");
    run(&["--rename", "T_A="]).failed(2, "usage");
    let run = over(&server)
        .arguments(&["--rename", "NOPE=X"])
        .sh("echo x");
    run.failed(125, "missing")
        .stderr_has("there is no secret NOPE");
}

/// All that must not reach the command, and some that look like it.
const CREDENTIALS: [&str; 8] = [
    "PHASE_SERVICE_TOKEN",
    "PHASE_RUN_VAULT_PASSPHRASE",
    "PHASE_RUN_IDENTITY",
    "INFISICAL_TOKEN",
    "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET",
    "INFISICAL_PASSWORD",
    "INFISICAL_SOME_PASSPHRASE",
    "INFISICAL_JWT",
];
const SETTINGS: [&str; 4] = [
    "PHASE_SERVICE_TOKEN_FILE",
    "PHASE_RUN_VAULT_PASSPHRASE_FILE",
    "INFISICAL_CLIENT_ID",
    "GITHUB_TOKEN",
];

#[test]
fn the_credentials_of_every_provider_are_removed_in_every_mode_and_settings_stay() {
    for run in Run::everywhere() {
        let server = lab();
        let words = CREDENTIALS[1..].iter().chain(&SETTINGS);
        let run = words.fold(run, |run, name| run.variable(name, "set"));
        let run = run.store(Store::Phase(server.url()));
        let run = run.argument("--provider=phase");
        let script = "env | cut -d= -f1 | grep -e PHASE_ -e INFISICAL_ -e GITHUB_ | sort";
        run.sh(script).status(0).silent().stdout(
            "GITHUB_TOKEN\nINFISICAL_CLIENT_ID\nPHASE_HOST\nPHASE_RUN_VAULT_PASSPHRASE_FILE\n\
             PHASE_SERVICE_TOKEN_FILE\n",
        );
    }
}

#[test]
fn credentials_are_left_to_a_command_that_needs_them() {
    for run in Run::everywhere() {
        let server = lab();
        let words = CREDENTIALS[1..].iter();
        let run = words.fold(run, |run, name| run.variable(name, "set"));
        let run = run.store(Store::Phase(server.url()));
        let text = run
            .argument("--provider=phase")
            .argument("--pass-auth")
            .command(["env"])
            .status(0)
            .text();
        for name in CREDENTIALS {
            assert!(text.contains(&format!("{name}=")), "{name}");
        }
    }
}

/// Names that change how programs load code, whom they trust or where they send.
const POWERFUL: [&str; 13] = [
    "BASH_ENV",
    "DYLD_INSERT_LIBRARIES",
    "GCONV_PATH",
    "HTTPS_PROXY",
    "IFS",
    "LD_AUDIT",
    "NODE_EXTRA_CA_CERTS",
    "NODE_OPTIONS",
    "PERL5OPT",
    "PYTHONPATH",
    "RUBYOPT",
    "SSLKEYLOGFILE",
    "npm_config_registry",
];

#[test]
fn names_that_change_how_programs_work_go_in_with_a_warning_each() {
    let odd = ["1ST", "BASH_FUNC_x%%", "ODD-NAME"];
    let mut all: Vec<&str> = odd.into_iter().chain(POWERFUL).collect();
    all.sort_unstable();
    let secrets: Vec<_> = all.iter().map(|name| (*name, "")).collect();
    let server = serve(web_with(&secrets));
    let finished = over(&server).command(["env"]).status(0);
    for name in &all {
        let line = format!("\n{name}=\n");
        assert!(format!("\n{}", finished.text()).contains(&line), "{name}");
    }
    let errors = finished.errors();
    assert_eq!(errors.lines().count(), all.len(), "{errors}");
    for (line, name) in errors.lines().zip(&all) {
        assert!(line.starts_with("phase-run: warning: "), "{line}");
        assert!(line.contains(name), "{line}");
        let drops = ["1ST", "ODD-NAME"].contains(name);
        assert_eq!(line.contains("some shells drop it"), drops, "{line}");
    }
}

#[test]
fn a_powerful_name_that_is_written_out_goes_in_without_a_warning_and_a_glob_is_not_enough() {
    let secrets: Vec<_> = POWERFUL.iter().map(|name| (*name, "")).collect();
    let server = serve(web_with(&secrets));
    let flags = |flag: &str| {
        let words = POWERFUL.iter().map(|name| format!("{flag}={name}"));
        words.fold(over(&server), Run::argument)
    };
    flags("--only").sh("true").status(0).silent();
    flags("--require").sh("true").status(0).silent();
    let file = format!("require = {POWERFUL:?}\n");
    let run = over(&server).file("phase-run.toml", 0o644, file);
    run.sh("true").status(0).silent();
    let run = over(&server).arguments(&["--only", "LD_*"]).sh("true");
    run.status(0).stderr_has("LD_AUDIT changes how");
    let server = serve(web_with(&[("A", "")]));
    let run = over(&server).arguments(&["--rename", "A=LD_AUDIT"]);
    run.sh("true").status(0).silent();
}

#[test]
fn the_command_is_looked_for_in_the_inherited_path_and_never_in_a_fetched_one() {
    for run in Run::everywhere() {
        let run = run
            .file("good/tool", 0o755, "#!/bin/sh\necho \"good $PATH\"\n")
            .file("bad/tool", 0o755, "#!/bin/sh\necho bad\n");
        let folder = |name: &str| run.folder().join(name).to_str().unwrap().to_owned();
        let (good, bad) = (folder("good"), folder("bad"));
        let server = serve(web_with(&[("PATH", &bad)]));
        let run = run.store(Store::Phase(server.url()));
        let run = run.variable("PATH", good).command(["tool"]);
        let finished = run.stdout(format!("good {bad}\n")).status(0);
        finished.stderr_has("PATH changes how");
    }
    let run = over(&serve(web())).command(["no-such-tool"]);
    run.failed(127, "not-found")
        .stderr_has("a PATH among the secrets");
}

#[test]
fn inherited_variables_that_are_not_utf_8_survive_the_merge() {
    let odd = OsStr::from_bytes(b"\xff\xfe=\x80");
    for run in Run::everywhere() {
        let server = lab();
        let run = run.store(Store::Phase(server.url()));
        let run = run
            .variable("ODD", odd)
            .variable(OsStr::from_bytes(b"N\xe9"), "x");
        let finished = run.command(["env", "-0"]).status(0).silent();
        let text = finished.bytes();
        let entries: Vec<_> = text.split(|byte| *byte == 0).collect();
        assert!(entries.contains(&&b"ODD=\xff\xfe=\x80"[..]));
        assert!(entries.contains(&&b"N\xe9=x"[..]));
        assert!(entries.contains(&&b"T_A=a"[..]));
    }
}

#[test]
fn a_variable_that_is_too_long_is_named_and_its_limit_told() {
    // `NAME=value` and its NUL: 131,072 bytes is one too many for the value below.
    let fits = "x".repeat(131_072 - "T_LONG=".len() - 1);
    let server = serve(web_with(&[("T_LONG", &fits)]));
    over(&server)
        .sh("echo ${#T_LONG}")
        .stdout("131064\n")
        .silent();
    let server = serve(web_with(&[("T_LONG", &format!("{fits}x"))]));
    for run in Run::everywhere() {
        let run = run.store(Store::Phase(server.url()));
        run.sh("echo started")
            .failed(125, "too-large")
            .stderr_has("`T_LONG`")
            .stderr_has("131071")
            .stderr_lacks("xxx");
    }
    let run = over(&server).arguments(&["--exclude", "T_LONG"]);
    run.sh("echo started").stdout("started\n");
}

#[test]
fn an_environment_that_is_too_large_is_told_with_its_largest_variables() {
    let value = "x".repeat(100_000);
    let mut phase = web();
    for (at, name) in ["T_A", "T_B", "T_C"].into_iter().enumerate() {
        phase = phase.secret(name, &value[at..]);
    }
    let server = serve(phase);
    // A quarter of this stack is 256 KiB.
    let small = ["/bin/sh", "-c", "ulimit -s 1024; exec \"$@\"", "sh"];
    let run = over(&server).inside(&small).sh("echo started");
    run.failed(125, "too-large")
        .stderr_has("262144")
        .stderr_has("`T_A` (100004), `T_B` (100003), `T_C` (100002)")
        .stderr_lacks("xxx");
    over(&server).sh("echo started").stdout("started\n");
}

#[test]
fn a_shell_is_used_for_a_command_in_one_string_alone() {
    let server = lab();
    let run = over(&server).arguments(&["--command", "echo $T_A && echo $T_B; exit 3"]);
    run.stdout("a\nb\n").status(3).silent();
    over(&server)
        .command(["echo", "$T_A && *"])
        .stdout("$T_A && *\n");
    let script = "#!/bin/sh\nprintf '%s|' \"$@\"\n";
    let run = over(&server).file("my shell", 0o755, script);
    let run = run.arguments(&["--shell", "./my shell", "--command", "a && b"]);
    run.stdout("-c|a && b|").status(0);
    let run = over(&server)
        .arguments(&["--command", "echo x"])
        .command(["true"]);
    run.failed(2, "usage");
}

#[test]
fn commas_part_a_list_behind_a_flag_as_in_its_variable() {
    let server = lab();
    let show = names("[TON][_TE]");
    for (flag, variable, list, wanted) in [
        ("--only", "PHASE_RUN_ONLY", "T_A,OTHER", "OTHER=o\nT_A=a\n"),
        ("--exclude", "PHASE_RUN_EXCLUDE", "T_A,T_B", "OTHER=o\n"),
        (
            "--rename",
            "PHASE_RUN_RENAME",
            "T_A=NE_A,T_B=NE_B",
            "NE_A=a\nNE_B=b\nOTHER=o\n",
        ),
    ] {
        over(&server)
            .arguments(&[flag, list])
            .sh(&show)
            .stdout(wanted)
            .silent();
        over(&server)
            .variable(variable, list)
            .sh(&show)
            .stdout(wanted)
            .silent();
    }
    let run = over(&server)
        .arguments(&["--require", "T_A,GONE"])
        .sh("exit 0");
    run.failed(125, "missing").stderr_has("GONE");
}
