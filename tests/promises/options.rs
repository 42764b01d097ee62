//! Options that variables and the user's own file give, where there is no room for
//! flags.

use super::context::in_every_environment;
use super::{over, serve, web, web_with};
use crate::support::run::Run;
use crate::support::server::Sse;
use crate::support::store::{Store, TOKEN};

const GREET: &str = "printf %s \"$GREETING\"";

/// A run that is told nothing of a store.
fn nowhere() -> Run {
    Run::with(&[]).store(Store::Nowhere)
}

#[test]
fn every_option_of_a_run_has_a_variable_and_a_key_and_the_flag_wins() {
    let server = serve(web_with(&[("A_1", "a"), ("A_2", "b"), ("B", "c")]));
    let show = "env | grep -E '^(A_|B|X_|KEPT|PHASE_SERVICE)' | cut -d= -f1 | sort | tr '\\n' ' '";
    let run = || over(&server).variable("KEPT", "1").sh(show);
    run().stdout("A_1 A_2 B KEPT ");
    run()
        .variable("PHASE_RUN_ONLY", "A_1,B")
        .stdout("A_1 B KEPT ");
    run().variable("PHASE_RUN_EXCLUDE", "A_*").stdout("B KEPT ");
    run()
        .variable("PHASE_RUN_PREFIX", "X_")
        .stdout("KEPT X_A_1 X_A_2 X_B ");
    run()
        .variable("PHASE_RUN_RENAME", "A_1=X_1, B=X_B")
        .stdout("A_2 KEPT X_1 X_B ");
    run()
        .variable("PHASE_RUN_CLEAN_ENV", "true")
        .stdout("A_1 A_2 B ");
    run()
        .variable("PHASE_RUN_CLEAN_ENV", "KEPT")
        .stdout("A_1 A_2 B KEPT ");
    run()
        .variable("PHASE_RUN_PASS_AUTH", "1")
        .stdout("A_1 A_2 B KEPT PHASE_SERVICE_TOKEN ");
    let required = run().variable("PHASE_RUN_REQUIRE", "A_1,NOPE");
    required.failed(125, "missing").stderr_has("NOPE");
    let flag = run()
        .variable("PHASE_RUN_ONLY", "A_*")
        .arguments(&["--only", "B"]);
    flag.stdout("B KEPT ");

    let keys = "only = ['A_*']\nrename = { A_1 = 'X_1' }\npass_auth = true\n";
    let user = || run().file("config/phase-run/config.toml", 0o600, keys);
    user().stdout("A_2 KEPT PHASE_SERVICE_TOKEN X_1 ");
    user()
        .variable("PHASE_RUN_ONLY", "B")
        .variable("PHASE_RUN_PASS_AUTH", "no")
        .variable("PHASE_RUN_RENAME", "B=X_B")
        .stdout("KEPT X_B ");
    let told = user()
        .argument("-v")
        .stdout("A_2 KEPT PHASE_SERVICE_TOKEN X_1 ");
    told.stderr_has("only = A_*").stderr_has("config.toml");
    let project = run().file("phase-run.toml", 0o644, "only = ['A_*']");
    project
        .failed(125, "configuration")
        .stderr_has("config.toml");

    let mode = run().variable("PHASE_RUN_KILL_AFTER", "5s").argument("-v");
    mode.stdout("A_1 A_2 B KEPT ").stderr_has("supervis");
    let key = run().file("config/phase-run/config.toml", 0o600, "kill_after = '5s'");
    let finished = key.arguments(&["--mode", "exec"]).stdout("A_1 A_2 B KEPT ");
    finished.stderr_has("warning").stderr_has("`kill_after`");
}

#[test]
fn what_stands_in_for_a_flag_is_followed_whatever_the_values_are_spelled_like() {
    let phase = web().app("secrets", Sse::On).environment("Development");
    let server = serve(phase.secret("A", "a").secret("B", "b"));
    let run = || {
        let run = nowhere().variable("PHASE_HOST", server.url());
        run.variable("PHASE_SERVICE_TOKEN", TOKEN)
            .arguments(&["--app", "secrets"])
            .sh("echo $A $B")
    };
    run().stdout("a b\n").silent();
    run().variable("PHASE_RUN_ONLY", "A").stdout("a\n").silent();
}

#[test]
fn how_messages_are_told_and_what_a_shell_runs_may_be_said_without_flags() {
    let server = serve(web_with(&[("A-B", "a")]));
    let key = |run: Run, key: &str| run.file("config/phase-run/config.toml", 0o600, key);
    let run = || over(&server).sh("true");
    run().stderr_has("warning");
    run().variable("PHASE_RUN_QUIET", "1").status(0).silent();
    key(run(), "quiet = true").status(0).silent();
    for level in ["PHASE_RUN_VERBOSE", "PHASE_RUN_LOG"] {
        let text = if level.ends_with("LOG") { "info" } else { "1" };
        run().variable(level, text).stderr_has("INFO host = ");
    }
    for text in ["verbose = true", "log = 'info'"] {
        key(run(), text).stderr_has("INFO host = ");
    }
    for text in ["verbose = 2", "log = 'debug'"] {
        key(run(), text).stderr_has("DEBUG");
    }
    let louder = key(run(), "quiet = true").argument("-v");
    louder.stderr_has("warning").stderr_has("INFO");
    let louder = key(run(), "quiet = true").variable("PHASE_RUN_VERBOSE", "1");
    louder.stderr_has("warning").stderr_has("INFO");
    let both = run().variable("PHASE_RUN_QUIET", "1");
    let both = both.variable("PHASE_RUN_VERBOSE", "1");
    let both = both.failed(125, "configuration");
    both.stderr_has("PHASE_RUN_QUIET and PHASE_RUN_VERBOSE");
    let failing = key(run(), "sysexits = true").argument("--require=NOPE");
    failing.failed(78, "missing");

    let script = || over(&server).variable("PHASE_RUN_COMMAND", "echo $0 $((1 + 1))");
    let told = script().argument("-v").stdout("/bin/sh 2\n");
    told.stderr_has("command = (not shown) (PHASE_RUN_COMMAND)");
    script()
        .variable("PHASE_RUN_SHELL", "/bin/bash")
        .stdout("/bin/bash 2\n");
    key(over(&server), "command = 'echo $0'\nshell = '/bin/bash'").stdout("/bin/bash\n");
    let typed = script().variable("PHASE_RUN_SHELL", "/bin/bash");
    typed.sh("echo typed").stdout("typed\n");
    let bare = nowhere().variable("PHASE_HOST", server.url());
    let bare = bare.variable("PHASE_SERVICE_TOKEN", TOKEN);
    let bare = bare.variable("PHASE_APP", "web").sh("echo typed");
    bare.variable("PHASE_RUN_COMMAND", "echo no")
        .stdout("typed\n");
}

#[test]
fn a_project_file_may_be_named_in_ones_own_file() {
    const NAMED: &str = "project_file = '../../other.toml'";
    const NONE: &str = "no_project_file = true";
    let server = in_every_environment();
    let run = |keys: &str| {
        let run = over(&server).sh(GREET);
        let run = run.file("other.toml", 0o644, "env = 'Preprod'");
        let run = run.file("phase-run.toml", 0o644, "env = 'Staging'");
        run.file("config/phase-run/config.toml", 0o600, keys)
    };
    run("").stdout("Staging");
    run(NAMED).stdout("Preprod");
    run(NONE).stdout("Development");
    let variable = run(NAMED).variable("PHASE_RUN_NO_PROJECT_FILE", "1");
    variable.stdout("Development");
    let variable = run(NONE).variable("PHASE_RUN_NO_PROJECT_FILE", "0");
    variable.stdout("Staging");
    let variable = run(NONE).variable("PHASE_RUN_PROJECT_FILE", "other.toml");
    variable.stdout("Preprod");
    let flag = run(NAMED).arguments(&["--project-file", "phase-run.toml"]);
    flag.stdout("Staging");
    let both = run(&format!("{NAMED}\n{NONE}")).failed(125, "configuration");
    both.stderr_has("`no_project_file`");
}

#[test]
fn what_is_required_by_hand_is_added_to_what_a_file_requires() {
    let server = serve(web_with(&[("A", "a")]));
    let run = || {
        let run = over(&server).sh("echo started");
        run.file("phase-run.toml", 0o644, "require = ['A', 'IN_FILE']")
    };
    let both = run().arguments(&["--require", "TYPED"]);
    both.failed(125, "missing")
        .stderr_has("secrets: IN_FILE, TYPED");
    let both = run().variable("PHASE_RUN_REQUIRE", "SET");
    both.failed(125, "missing")
        .stderr_has("secrets: IN_FILE, SET");
}

#[test]
fn a_variable_that_is_no_value_of_its_flag_is_an_error_that_names_it() {
    let server = serve(web_with(&[("A", "a")]));
    let run = || over(&server).sh("echo started");
    for (variable, value) in [
        ("PHASE_RUN_VERBOSE", "3"),
        ("PHASE_RUN_MODE", "magic"),
        ("PHASE_RUN_KILL_AFTER", "soon"),
        ("PHASE_RUN_SIGNAL_SCOPE", "pss_service:hunter2"),
        ("PHASE_RUN_LEASES", "maybe"),
        ("PHASE_RUN_LEASE_TTL", "0s"),
    ] {
        let finished = run().variable(variable, value).failed(125, "configuration");
        finished.stderr_has(variable).stderr_lacks("hunter2");
    }
}

#[test]
fn what_is_typed_goes_before_a_key_that_contradicts_it_and_a_variable_is_named() {
    let server = serve(web_with(&[("A", "a")]));
    let with = |keys: &str| {
        let run = over(&server).sh("echo $A");
        run.file("config/phase-run/config.toml", 0o600, keys)
    };
    for (keys, typed, told) in [
        (
            "lease_ttl = '1h'",
            &["--leases", "skip"][..],
            "`lease_ttl` of ",
        ),
        (
            "revoke_leases = true",
            &["--leases", "skip"],
            "`revoke_leases` of ",
        ),
        (
            "leases = 'skip'",
            &["--revoke-leases"],
            "gives way to --revoke-leases",
        ),
        (
            "mode = 'exec'",
            &["--kill-after", "5s"],
            "gives way to --kill-after",
        ),
        (
            "mode = 'exec'\nsignal_scope = 'group'",
            &[],
            "`signal_scope` of ",
        ),
    ] {
        let finished = with(keys).arguments(typed).stdout("a\n").status(0);
        finished.stderr_has("warning").stderr_has(told);
    }
    for (variable, text, typed) in [
        ("PHASE_RUN_MODE", "exec", &["--kill-after", "5s"][..]),
        ("PHASE_RUN_KILL_AFTER", "5s", &["--mode", "exec"]),
        ("PHASE_RUN_LEASE_TTL", "1h", &["--leases", "skip"]),
    ] {
        let run = with("").variable(variable, text).arguments(typed);
        let finished = run.failed(125, "configuration");
        finished.stderr_has(variable).stderr_has(typed[0]);
    }
    let run = with("leases = 'skip'").variable("PHASE_RUN_REVOKE_LEASES", "1");
    let finished = run.stdout("a\n");
    finished.stderr_has("gives way to PHASE_RUN_REVOKE_LEASES");
}

#[test]
fn the_variable_of_the_log_goes_before_the_keys_of_a_file() {
    let server = serve(web_with(&[("A", "a")]));
    let with = |keys: &str, level: &str| {
        let run = over(&server).sh("true").variable("PHASE_RUN_LOG", level);
        run.file("config/phase-run/config.toml", 0o600, keys)
    };
    with("verbose = true", "error").status(0).silent();
    with("quiet = true", "info").stderr_has("INFO host = ");
}

#[test]
fn wrong_usage_is_told_as_variables_and_the_users_file_say_unless_it_is_typed() {
    let keys = "log_format = 'json'\nsysexits = true";
    let with = |words: &[&str]| {
        let run = nowhere().file("config/phase-run/config.toml", 0o600, keys);
        run.arguments(words)
    };
    let finished = with(&["--nope"]).status(64);
    assert!(finished.errors().starts_with('{'), "{}", finished.errors());
    for words in [
        &["--log-format", "text", "--nope"][..],
        &["--log-format=text", "--nope"],
    ] {
        let run = with(words).variable("PHASE_RUN_LOG_FORMAT", "json");
        let finished = run.variable("PHASE_RUN_SYSEXITS", "no").status(2);
        finished.stderr_has("phase-run: error[usage]");
    }
}

#[test]
fn a_shell_may_lie_in_the_home_and_run_a_script_that_a_variable_says() {
    let server = serve(web_with(&[("A", "a")]));
    let shell = "#!/bin/sh\necho mine\n";
    let run = || over(&server).file("mysh", 0o755, shell);
    let script = || run().variable("PHASE_RUN_COMMAND", "echo $A");
    script()
        .variable("PHASE_RUN_SHELL", "~/mysh")
        .stdout("mine\n");
    let key = script().file("config/phase-run/config.toml", 0o600, "shell = '~/mysh'");
    key.stdout("mine\n");
    script().arguments(&["--shell", "/bin/bash"]).stdout("a\n");
    let alone = over(&server).arguments(&["--shell", "/bin/bash"]);
    alone.failed(2, "usage").stderr_has("--command");
}
