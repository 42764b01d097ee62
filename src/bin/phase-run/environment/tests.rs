use phase_run::{Folder, SecretValue};
use proptest::prelude::*;

use super::*;

fn secret(name: &str, value: &str) -> Resolved {
    Resolved {
        folder: Folder::root(),
        name: name.to_owned(),
        overridden: false,
        value: SecretValue::new(value.to_owned()),
    }
}

fn block(entries: &[&str]) -> Vec<Vec<u8>> {
    entries
        .iter()
        .map(|entry| entry.as_bytes().to_vec())
        .collect()
}

fn merged(environ: &[&str], secrets: &[Resolved], policy: &Policy<'_>) -> Vec<String> {
    let entries = merge(block(environ), secrets, policy).unwrap().entries;
    entries
        .iter()
        .map(|entry| String::from_utf8_lossy(entry).into_owned())
        .collect()
}

#[test]
fn a_secret_replaces_every_entry_of_its_name_and_goes_to_the_end() {
    let environ = ["A=1", "DUP=x", "B=2", "DUP=y"];
    let merged = merged(
        &environ,
        &[secret("DUP", "new"), secret("C", "3")],
        &Policy::default(),
    );
    assert_eq!(merged, ["A=1", "B=2", "C=3", "DUP=new"]);
}

#[test]
fn what_is_malformed_doubled_or_not_utf_8_survives_in_its_place() {
    let environ = vec![
        b"Z=1".to_vec(),
        b"D=1".to_vec(),
        b"D=2".to_vec(),
        b"MALFORMED".to_vec(),
        b"=weird".to_vec(),
        b"N=\xff\xfe".to_vec(),
    ];
    let merged = merge(environ.clone(), &[secret("A", "1")], &Policy::default()).unwrap();
    assert_eq!(merged.entries[..6], environ[..]);
}

#[test]
fn credentials_do_not_reach_the_child_unless_asked_to() {
    let environ = ["PHASE_SERVICE_TOKEN=t", "X=1"];
    let mut policy = Policy {
        credential: Some(|name| name == b"PHASE_SERVICE_TOKEN"),
        ..Policy::default()
    };
    assert_eq!(merged(&environ, &[], &policy), ["X=1"]);
    policy.credential = None;
    assert_eq!(merged(&environ, &[], &policy).len(), 2);
}

#[test]
fn inherited_variables_win_where_they_are_preserved() {
    let secrets = [
        secret("A", "secret"),
        secret("B", "secret"),
        secret("C", "secret"),
    ];
    let all = Policy {
        preserve: Some(Vec::new()),
        ..Policy::default()
    };
    assert_eq!(
        merged(&["A=1", "B=2"], &secrets, &all),
        ["A=1", "B=2", "C=secret"]
    );
    let one = Policy {
        preserve: Some(block(&["B"])),
        ..Policy::default()
    };
    assert_eq!(
        merged(&["A=1", "B=2"], &secrets, &one),
        ["B=2", "A=secret", "C=secret"]
    );
}

#[test]
fn a_clean_environment_keeps_the_basic_variables_and_the_named_ones() {
    let policy = Policy {
        clean: Some(block(&["KEEP"])),
        ..Policy::default()
    };
    let environ = [
        "PATH=/bin",
        "HOME=/h",
        "SSH_AUTH_SOCK=s",
        "KEEP=1",
        "MALFORMED",
        "TZ=UTC",
    ];
    assert_eq!(
        merged(&environ, &[secret("A", "1")], &policy),
        ["PATH=/bin", "HOME=/h", "KEEP=1", "TZ=UTC", "A=1"]
    );
}

#[test]
fn an_excluded_secret_is_not_inherited_either() {
    let excluded = ["A".to_owned()];
    let policy = Policy {
        excluded: &excluded,
        ..Policy::default()
    };
    assert_eq!(merged(&["A=stale", "B=1"], &[], &policy), ["B=1"]);
}

#[test]
fn a_prefix_goes_before_every_name_but_a_renamed_one() {
    let rename = [("OLD".to_owned(), "NEW".to_owned())];
    let policy = Policy {
        prefix: "APP_",
        rename: &rename,
        ..Policy::default()
    };
    assert_eq!(
        merged(&[], &[secret("A", "1"), secret("OLD", "2")], &policy),
        ["APP_A=1", "NEW=2"]
    );
}

#[test]
fn two_secrets_with_one_name_in_the_child_are_a_conflict() {
    let rename = [("A".to_owned(), "B".to_owned())];
    let policy = Policy {
        rename: &rename,
        ..Policy::default()
    };
    let failure = merge(Vec::new(), &[secret("A", "1"), secret("B", "2")], &policy).unwrap_err();
    assert_eq!(failure.reason(), Reason::Conflict);
}

#[test]
fn what_no_environment_can_carry_fails_by_name_and_is_left_out_only_when_allowed() {
    for (bad, reason) in [
        (secret("A=B", "v"), Reason::InvalidName),
        (secret("", "v"), Reason::InvalidName),
        (secret("NUL", "a\0b-the-value"), Reason::InvalidValue),
    ] {
        let failure =
            merge(Vec::new(), std::slice::from_ref(&bad), &Policy::default()).unwrap_err();
        assert_eq!(failure.reason(), reason);
        assert!(!failure.to_string().contains("the-value"));
        let policy = Policy {
            allow_partial: true,
            ..Policy::default()
        };
        let merged = merge(Vec::new(), &[bad, secret("OK", "1")], &policy).unwrap();
        assert_eq!(merged.entries, block(&["OK=1"]));
        assert_eq!(merged.warnings.len(), 1);
    }
}

/// What is said about a secret of this name.
fn warnings(name: &str, policy: &Policy<'_>) -> Vec<String> {
    let merged = merge(Vec::new(), &[secret(name, "v")], policy).unwrap();
    assert_eq!(merged.entries.len(), 1);
    merged.warnings
}

/// Names that change how programs load code, whom they trust or where they send.
const POWERFUL: &str = "LD_PRELOAD LD_x DYLD_INSERT_LIBRARIES BASH_FUNC_x%% BASH_ENV ENV \
    PROMPT_COMMAND NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED \
    PYTHONPATH PYTHONHOME PYTHONSTARTUP PERL5OPT PERL5LIB PERL5DB RUBYOPT RUBYLIB \
    JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS CLASSPATH DOTNET_STARTUP_HOOKS GLIBC_TUNABLES GCONV_PATH \
    GIT_SSH_COMMAND npm_config_registry NPM_CONFIG_REGISTRY SSLKEYLOGFILE HTTPS_PROXY \
    https_proxy NO_PROXY PATH IFS";

#[test]
fn names_that_change_how_programs_work_go_in_with_a_warning() {
    for name in POWERFUL.split_whitespace() {
        let warnings = warnings(name, &Policy::default());
        let [warning] = &warnings[..] else {
            panic!("{name}: {warnings:?}");
        };
        assert!(
            warning.starts_with(name) && warning.contains("--only"),
            "{warning}"
        );
        assert!(!warning.contains("drop it"), "{warning}");
    }
    for name in ["a.b", "1A"] {
        assert!(warnings(name, &Policy::default())[0].contains("drop it"));
    }
    for name in [
        "DATABASE_URL",
        "PATHS",
        "ENVIRONMENT",
        "path",
        "PROXY",
        "NODE_ENV",
        "BUILD_ID",
    ] {
        assert!(warnings(name, &Policy::default()).is_empty(), "{name}");
    }
}

#[test]
fn a_name_that_the_user_wrote_out_needs_no_warning() {
    for name in POWERFUL.split_whitespace() {
        let spelled_out = Policy {
            spelled_out: vec!["OTHER", name],
            ..Policy::default()
        };
        assert!(warnings(name, &spelled_out).is_empty(), "{name}");
        let pattern = format!("{}*", &name[..name.len() - 1]);
        let glob = Policy {
            spelled_out: vec!["*", &pattern],
            ..Policy::default()
        };
        assert_eq!(warnings(name, &glob).len(), 1, "{name}");
        let rename = [("A".to_owned(), name.to_owned())];
        let renamed = Policy {
            rename: &rename,
            ..Policy::default()
        };
        assert!(warnings("A", &renamed).is_empty(), "{name}");
    }
    let prefixed = Policy {
        prefix: "LD_",
        spelled_out: vec!["PRELOAD"],
        ..Policy::default()
    };
    assert_eq!(warnings("PRELOAD", &prefixed).len(), 1);
}

#[test]
fn what_is_too_long_for_one_variable_is_left_out_by_name_when_that_is_allowed() {
    let policy = Policy {
        allow_partial: true,
        longest: 5,
        ..Policy::default()
    };
    let secrets = [secret("A", "123"), secret("LONG", "1")];
    let merged = merge(Vec::new(), &secrets, &policy).unwrap();
    assert_eq!(merged.entries, block(&["A=123"]));
    let [warning] = &merged.warnings[..] else {
        panic!("{:?}", merged.warnings);
    };
    assert!(
        warning.contains("\"LONG\" is left out") && warning.contains('5'),
        "{warning}"
    );
    let strict = Policy {
        longest: 5,
        ..Policy::default()
    };
    assert_eq!(
        merge(Vec::new(), &secrets, &strict).unwrap().entries.len(),
        2
    );
}

#[test]
fn an_empty_value_is_an_empty_variable() {
    assert_eq!(
        merged(&["A=1"], &[secret("A", "")], &Policy::default()),
        ["A="]
    );
}

proptest! {
    #[test]
    fn every_secret_is_there_once_and_all_else_is_as_it_was(
        environ in prop::collection::vec("[A-D=]{0,3}(=[x-z]{0,2})?", 0..12),
        names in prop::collection::btree_set("[A-E]{1,2}", 0..6),
    ) {
        let before: Vec<Vec<u8>> = environ.iter().map(|entry| entry.clone().into_bytes()).collect();
        let secrets: Vec<_> = names.iter().map(|name| secret(name, "secret")).collect();
        let after = merge(before.clone(), &secrets, &Policy::default()).unwrap().entries;
        for one in &names {
            let count = after.iter().filter(|entry| name(entry) == Some(one.as_bytes())).count();
            prop_assert_eq!(count, 1);
            prop_assert_eq!(value(&after, one), Some(&b"secret"[..]));
        }
        let others = |entries: &[Vec<u8>]| -> Vec<Vec<u8>> {
            entries.iter().filter(|entry| {
                name(entry).is_none_or(|name| !names.iter().any(|one| one.as_bytes() == name))
            }).cloned().collect()
        };
        prop_assert_eq!(others(&before), others(&after));
    }
}
