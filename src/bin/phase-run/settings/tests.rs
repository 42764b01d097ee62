use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;

use clap::Parser as _;
use phase_run::{App, Credentials, Folder, Folders};
use tempfile::TempDir;

use super::*;
use crate::args::Args;

/// A home with a project in it, arguments and variables: all that settings see.
struct Stage {
    home: TempDir,
    variables: Vec<(&'static str, OsString)>,
}

const TOKEN: &str =
    "ServiceAccount aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

impl Stage {
    /// With a token, unless `variables` say otherwise.
    fn new(variables: &[(&'static str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("project/sub")).unwrap();
        let mut all = vec![
            ("HOME", home.path().as_os_str().to_owned()),
            ("PHASE_SERVICE_TOKEN", TOKEN.into()),
        ];
        all.extend(variables.iter().map(|&(name, value)| (name, value.into())));
        Self {
            home,
            variables: all,
        }
    }

    fn file(self, path: &str, text: &str) -> Self {
        let path = self.home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn resolve(&self, args: &[&str]) -> Result<Settings, Failure> {
        let args = Args::try_parse_from(["phase-run"].iter().chain(args)).unwrap();
        let directory = self.home.path().join("project/sub");
        let variables = |name: &str| {
            let last = self
                .variables
                .iter()
                .rev()
                .find(|(other, _)| *other == name);
            last.map(|(_, value)| value.clone())
        };
        let world = World {
            directory: &directory,
            variables: &variables,
        };
        Settings::resolve(&args.run.context, &world)
    }

    fn scope(&self, args: &[&str]) -> Scope {
        self.resolve(args).unwrap().scope().unwrap().clone()
    }

    fn refused(&self, args: &[&str]) -> (Reason, String) {
        let failure = self.resolve(args).unwrap_err();
        let text = format!("{failure} {}", failure.advice().join(" "));
        (failure.reason(), text)
    }
}

fn name(text: &str) -> App {
    App::Name(text.to_owned())
}

#[test]
fn a_flag_wins_over_a_variable_over_the_project_over_the_user() {
    let stage = Stage::new(&[]).file(".config/phase-run/config.toml", "app = 'user'");
    assert_eq!(stage.scope(&[]).place.app, name("user"));
    let stage = stage.file("project/phase-run.toml", "app = 'project'");
    assert_eq!(stage.scope(&[]).place.app, name("project"));
    let mut stage = stage;
    stage.variables.push(("PHASE_APP", "variable".into()));
    assert_eq!(stage.scope(&[]).place.app, name("variable"));
    assert_eq!(stage.scope(&["--app", "flag"]).place.app, name("flag"));
    assert_eq!(
        stage.scope(&["--app-id", "7"]).place.app,
        App::Id("7".to_owned())
    );
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let stage = Stage::new(&[("PHASE_APP", ""), ("PHASE_ENV", ""), ("PHASE_PATH", "")])
        .file("project/phase-run.toml", "app = 'project'");
    let scope = stage.scope(&[]);
    assert_eq!(scope.place.app, name("project"));
    assert_eq!(scope.place.environment, "development");
    assert_eq!(scope.folders, Folders::These(vec![Folder::root()]));
}

#[test]
fn paths_and_tags_come_from_repeated_flags_or_separated_variables() {
    let stage = Stage::new(&[("PHASE_PATH", "/a:b/"), ("PHASE_TAGS", "x, y")]);
    let folders = |texts: &[&str]| {
        Folders::These(
            texts
                .iter()
                .map(|text| Folder::new(text).unwrap())
                .collect(),
        )
    };
    let scope = stage.scope(&["--app", "web"]);
    assert_eq!(scope.folders, folders(&["/a", "/b"]));
    assert_eq!(scope.tags, ["x", " y"]);
    let scope = stage.scope(&[
        "--app", "web", "--path", "/c", "--path", "/d", "--tag", "p,q", "--tag", "r",
    ]);
    assert_eq!(scope.folders, folders(&["/c", "/d"]));
    assert_eq!(scope.tags, ["p", "q", "r"]);
    assert_eq!(
        stage.scope(&["--app", "web", "--all-paths"]).folders,
        Folders::All
    );
}

#[test]
fn a_list_of_no_paths_is_not_taken_for_a_choice_of_no_secrets() {
    let stage = Stage::new(&[]).file("project/phase-run.toml", "app = 'web'\npaths = []");
    let failure = stage.resolve(&[]).unwrap_err();
    assert!(failure.to_string().contains("`paths`"), "{failure}");
    assert!(stage.resolve(&["--path", "/a"]).is_ok());
    assert!(stage.resolve(&["--all-paths"]).is_ok());
}

#[test]
fn a_missing_app_names_the_flag_and_the_variable() {
    let settings = Stage::new(&[]).resolve(&[]).unwrap();
    let failure = settings.scope().unwrap_err();
    assert_eq!(failure.reason(), Reason::Configuration);
    assert!(failure.advice()[0].contains("--app") && failure.advice()[0].contains("PHASE_APP"));
}

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
        failure.to_string().contains("aws-iam, azure, token"),
        "{failure}"
    );
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
fn a_projects_host_gets_no_credentials_unless_somebody_else_names_it() {
    let stage = Stage::new(&[]).file("project/phase-run.toml", "host = 'https://evil.example'");
    let (reason, text) = stage.refused(&[]);
    assert_eq!(reason, Reason::Configuration);
    assert!(
        text.contains("https://evil.example") && text.contains("PHASE_HOST"),
        "{text}"
    );
    assert!(stage.resolve(&["--host", "https://EVIL.example/"]).is_ok());
    let stage = stage.file(
        ".config/phase-run/config.toml",
        "host = 'https://evil.example/'",
    );
    assert!(stage.resolve(&[]).is_ok());
}

#[test]
fn a_variable_wins_over_a_projects_host_which_is_reported() {
    let stage = Stage::new(&[("PHASE_HOST", "https://mine.example")])
        .file("project/phase-run.toml", "host = 'https://other.example'");
    let settings = stage.resolve(&[]).unwrap();
    let (connection, _) = settings.access.holder().expect("a token makes it Phase");
    assert_eq!(connection.host, "https://mine.example");
    assert!(
        settings
            .origins
            .iter()
            .any(|line| line.starts_with("host (not used) = https://other.example"))
    );
}

#[test]
fn every_setting_knows_where_it_came_from() {
    let stage = Stage::new(&[("PHASE_ENV", "Staging")])
        .file("project/phase-run.toml", "app = 'web'\ntimeout = '5s'");
    let origins = stage.resolve(&["--path", "/x"]).unwrap().origins.join("\n");
    for line in [
        "env = Staging (PHASE_ENV)",
        "paths = /x (--path)",
        "host = https://console.phase.dev (default)",
    ] {
        assert!(origins.contains(line), "{line} in\n{origins}");
    }
    assert!(origins.contains("phase-run.toml"), "{origins}");
    assert!(!origins.contains("aaaa"), "the token is not shown");
}

#[test]
fn phases_own_project_file_gives_the_app_unless_one_is_named() {
    let text = r#"{"version":"2","appId":"42","defaultEnv":"Staging"}"#;
    let stage = Stage::new(&[]).file("project/sub/.phase.json", text);
    let scope = stage.scope(&[]);
    assert_eq!(scope.place.app, App::Id("42".to_owned()));
    assert_eq!(scope.place.environment, "Staging");
    assert_eq!(stage.scope(&["--env", "qa"]).place.environment, "qa");
    let scope = stage.scope(&["--app", "web"]);
    assert_eq!(scope.place.app, name("web"));
    assert_eq!(
        scope.place.environment, "development",
        "with --app the file is ignored whole"
    );
}

#[test]
fn a_variable_that_cannot_be_read_is_named() {
    for (variable, value) in [
        ("PHASE_RUN_TIMEOUT", "soon"),
        ("PHASE_RUN_TIMEOUT", "0s"),
        ("PHASE_RUN_PROVIDER", "gitlab"),
        ("PHASE_RUN_API", "soap"),
    ] {
        let (reason, text) = Stage::new(&[(variable, value)]).refused(&["--app", "web"]);
        assert_eq!(reason, Reason::Configuration, "{variable}");
        assert!(text.contains(variable), "{text}");
    }
    let mut stage = Stage::new(&[]);
    stage
        .variables
        .push(("PHASE_APP", OsString::from_vec(vec![0xff])));
    assert!(stage.refused(&[]).1.contains("PHASE_APP"));
}

#[test]
fn a_certificate_that_is_not_checked_is_one_loud_warning() {
    for (args, value) in [(&["--insecure"][..], ""), (&[], "False")] {
        let settings = Stage::new(&[("PHASE_VERIFY_SSL", value)])
            .resolve(args)
            .unwrap();
        assert!(settings.warnings[0].contains("NOT checked"));
    }
    assert!(
        Stage::new(&[("PHASE_VERIFY_SSL", "0")])
            .resolve(&[])
            .unwrap()
            .warnings
            .is_empty()
    );
}

#[test]
fn a_vaults_identity_comes_from_the_flag_the_variable_systemd_or_the_users_folder() {
    let key = "AGE-SECRET-KEY-1XXXX";
    let stage = Stage::new(&[("PHASE_SERVICE_TOKEN", ""), ("PHASE_RUN_VAULT", "v")])
        .file("v", "age-encryption.org/v1\n-> X25519 a\n");
    let opens = |stage: &Stage| match stage.resolve(&["--app", "a"]) {
        Ok(Settings {
            access:
                Access::Credentials(Credentials::Vault {
                    key: phase_run::VaultKey::Identities(text),
                    ..
                }),
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
