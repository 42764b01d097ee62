use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use phase_run::{Credentials, VaultKey};

use super::{Access, Reason, Settings, Stage, TOKEN};

#[test]
fn no_credentials_name_the_variable() {
    let (reason, text) = Stage::new(&[("PHASE_SERVICE_TOKEN", "")]).refused(&["--app", "web"]);
    assert_eq!(reason, Reason::Credentials);
    assert!(text.contains("PHASE_SERVICE_TOKEN"), "{text}");
}

#[test]
fn credentials_of_two_providers_are_an_error_that_names_both() {
    let stage = Stage::new(&[("PHASE_RUN_VAULT", "team.vault")]);
    let (reason, text) = stage.refused(&["--app", "web"]);
    assert_eq!(reason, Reason::Ambiguous);
    assert!(
        text.contains("PHASE_SERVICE_TOKEN") && text.contains("team.vault"),
        "{text}"
    );
    assert!(text.contains("--provider"), "{text}");
    assert!(
        stage
            .resolve(&["--app", "web", "--provider", "phase"])
            .is_ok()
    );
}

#[test]
fn the_token_file_wins_over_the_token_over_the_files_variable_over_systemds_folder() {
    let stage = Stage::new(&[("PHASE_SERVICE_TOKEN", "")])
        .file("credentials/phase-token", TOKEN)
        .file("named", "not a token");
    let mut stage = stage;
    stage.variables.push((
        "CREDENTIALS_DIRECTORY",
        stage.home.path().join("credentials").into(),
    ));
    let origin = |stage: &Stage, args: &[&str]| {
        let settings = stage.resolve(args).unwrap();
        settings
            .origins
            .iter()
            .find(|line| line.starts_with("token"))
            .cloned()
            .unwrap()
    };
    assert!(origin(&stage, &[]).contains("credentials/phase-token"));
    stage.variables.push((
        "PHASE_SERVICE_TOKEN_FILE",
        stage.home.path().join("named").into(),
    ));
    assert!(
        stage.refused(&[]).0 == Reason::Credentials,
        "the named file holds no token"
    );
    stage.variables.push(("PHASE_SERVICE_TOKEN", TOKEN.into()));
    assert!(origin(&stage, &[]).contains("PHASE_SERVICE_TOKEN"));
    let flag = stage.home.path().join("credentials/phase-token");
    assert!(origin(&stage, &["--token-file", flag.to_str().unwrap()]).contains("phase-token"));
}

#[test]
fn a_credential_file_that_others_can_read_is_a_warning_and_a_final_newline_is_trimmed() {
    let stage = Stage::new(&[("PHASE_SERVICE_TOKEN", "")]).file("token", &format!("{TOKEN}\r\n"));
    let path = stage.home.path().join("token");
    let args = ["--token-file", path.to_str().unwrap()];
    for (mode, warnings) in [(0o644, 1), (0o640, 0), (0o600, 0)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(
            stage.resolve(&args).unwrap().warnings.len(),
            warnings,
            "{mode:o}"
        );
    }
}

#[test]
fn a_credential_file_that_is_empty_huge_or_absent_is_named() {
    let stage = Stage::new(&[])
        .file("empty", "\n")
        .file("huge", &"x".repeat(2 << 20));
    for file in ["empty", "huge", "absent"] {
        let path = stage.home.path().join(file);
        let (reason, text) = stage.refused(&["--token-file", path.to_str().unwrap()]);
        assert_eq!(reason, Reason::Credentials);
        assert!(text.contains(file), "{text}");
    }
}

#[test]
fn the_word_of_a_cloud_needs_an_account_and_stands_against_a_vault() {
    let settings = [("PHASE_RUN_AUTH", "azure")];
    let failure = Stage::new(&settings).resolve(&[]).unwrap_err();
    assert!(failure.advice()[0].contains("PHASE_SERVICE_ACCOUNT_ID"));
    let stage = Stage::new(&[
        ("PHASE_RUN_AUTH", "azure"),
        ("PHASE_RUN_VAULT", "v"),
        ("PHASE_SERVICE_TOKEN", ""),
    ]);
    let text = stage.resolve(&[]).unwrap_err().to_string();
    assert!(
        text.contains("PHASE_RUN_AUTH") && text.contains("vault v"),
        "{text}"
    );
    let failure = Stage::new(&[("PHASE_RUN_AUTH", "gcp")])
        .resolve(&[])
        .unwrap_err();
    assert!(
        failure.to_string().contains("aws-iam, azure, gcp-iam"),
        "{failure}"
    );
    let text = Stage::new(&[("PHASE_RUN_AUTH", "kubernetes")])
        .refused(&["--provider", "phase"])
        .1;
    assert!(text.contains("kubernetes (PHASE_RUN_AUTH)"), "{text}");
    let settings = Stage::new(&settings)
        .resolve(&["--auth", "aws-iam", "--service-account-id", "x"])
        .unwrap();
    assert!(
        settings
            .origins
            .contains(&"service_account = x (--service-account-id)".to_owned())
    );
    assert!(
        settings
            .origins
            .iter()
            .any(|line| line.starts_with("token (not used)"))
    );
    assert!(matches!(settings.access, Access::Machine(_)));
    // A token is still a token where that is said.
    let settings = Stage::new(&[("PHASE_RUN_AUTH", "azure")]).resolve(&["--auth", "token"]);
    assert!(matches!(settings.unwrap().access, Access::Credentials(_)));
}

#[test]
fn a_vaults_identity_comes_from_the_flag_the_variable_systemd_or_the_users_folder() {
    let key = "AGE-SECRET-KEY-1XXXX";
    let stage = Stage::new(&[("PHASE_SERVICE_TOKEN", ""), ("PHASE_RUN_VAULT", "v")])
        .file("v", "age-encryption.org/v1\n-> X25519 a\n");
    let opens = |stage: &Stage| match stage.resolve(&["--app", "a"]) {
        Ok(Settings {
            access:
                Access::Vault(
                    Credentials::Vault {
                        key: VaultKey::Identities(text),
                        ..
                    },
                    _,
                ),
            ..
        }) => text.expose().to_owned(),
        other => panic!("{other:?}"),
    };
    let mut stage = stage.file(".config/phase-run/identity", "at home");
    assert_eq!(opens(&stage), "at home");
    stage = stage.file("credentials/age-identity", "systemd");
    stage.variables.push((
        "CREDENTIALS_DIRECTORY",
        stage.home.path().join("credentials").into(),
    ));
    assert_eq!(opens(&stage), "systemd");
    stage = stage.file("id", "in a file");
    stage
        .variables
        .push(("PHASE_RUN_IDENTITY", stage.home.path().join("id").into()));
    assert_eq!(opens(&stage), "in a file");
    stage.variables.push(("PHASE_RUN_IDENTITY", key.into()));
    assert_eq!(opens(&stage), key);
}
