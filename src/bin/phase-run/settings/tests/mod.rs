mod credentials;

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;

use clap::Parser as _;
use phase_run::{App, Folder, Folders};
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
            // Those who read the environment take what is blank for not set.
            last.map(|(_, value)| value.clone())
                .filter(|value| !value.is_empty())
        };
        let user = user_file(&variables);
        let process = ProcessContext {
            user: &user,
            directory: &directory,
            has_variables: &|start| {
                self.variables
                    .iter()
                    .any(|(name, _)| name.starts_with(start))
            },
            variables: &variables,
        };
        Settings::resolve(&args.run.context, &process)
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
    assert_eq!(scope.tags, ["x", "y"]);
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
        ("PHASE_RUN_AUTH", "magic"),
        ("PHASE_VERIFY_SSL", "nope"),
        ("PHASE_RUN_NO_PROJECT_FILE", "maybe"),
        ("PHASE_RUN_ALLOW_EMPTY", "maybe"),
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
fn a_token_in_the_place_of_a_setting_is_refused_and_never_repeated() {
    let token = "pss_service:v2:hunter2";
    for variable in [
        "PHASE_APP",
        "PHASE_APP_ID",
        "PHASE_ENV",
        "PHASE_HOST",
        "PHASE_PATH",
        "PHASE_TAGS",
        "PHASE_RUN_API",
        "PHASE_RUN_AUTH",
        "PHASE_RUN_PROVIDER",
        "PHASE_RUN_TIMEOUT",
        "PHASE_VERIFY_SSL",
        "PHASE_CONFIG_PARENT_DIR_SEARCH_DEPTH",
        "PHASE_RUN_ALLOW_EMPTY",
        "PHASE_RUN_NO_PROJECT_FILE",
    ] {
        let (reason, text) = Stage::new(&[(variable, token)]).refused(&[]);
        assert_eq!(reason, Reason::Configuration, "{variable}");
        assert!(text.contains(variable), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    for (variable, list) in [
        ("PHASE_PATH", format!("/a:TOKEN={token}")),
        ("PHASE_TAGS", format!("a,TOKEN={token}")),
    ] {
        let (_, text) = Stage::new(&[(variable, &list)]).refused(&[]);
        assert!(text.contains(variable), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    for flag in ["--app", "--app-id", "--env", "--host", "--path", "--tag"] {
        let (reason, text) = Stage::new(&[]).refused(&[flag, token]);
        assert_eq!(reason, Reason::Usage, "{flag}");
        assert!(text.contains(flag) && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_projects_api_turns_no_encryption_off_and_the_users_may() {
    let keyed = format!(
        "pss_service:v2:{}",
        [&"ab".repeat(32); 4].map(String::as_str).join(":")
    );
    let api = |stage: &Stage, args: &[&str]| {
        let settings = stage.resolve(args).unwrap();
        let api = match settings.access {
            Access::Credentials(phase_run::Credentials::Phase { api, .. }) => api,
            other => panic!("{other:?}"),
        };
        (api, settings.warnings)
    };
    let stage = Stage::new(&[("PHASE_SERVICE_TOKEN", &keyed)]);
    let project = stage.file("project/phase-run.toml", "api = 'rest'");
    let (used, warnings) = api(&project, &[]);
    assert_eq!(used, phase_run::PhaseApi::Auto);
    assert!(
        warnings[0].contains("phase-run.toml") && warnings[0].contains("--api"),
        "{warnings:?}"
    );
    let (used, warnings) = api(&project, &["--api", "rest"]);
    assert_eq!((used, warnings.len()), (phase_run::PhaseApi::Rest, 0));
    let plain = Stage::new(&[]).file("project/phase-run.toml", "api = 'rest'");
    assert!(
        api(&plain, &[]).1.is_empty(),
        "this token is for REST alone"
    );
    let stage = Stage::new(&[("PHASE_SERVICE_TOKEN", &keyed)]);
    let own = stage.file(".config/phase-run/config.toml", "api = 'rest'");
    assert_eq!(api(&own, &[]).0, phase_run::PhaseApi::Rest);
}

#[test]
fn a_user_and_a_password_in_a_host_are_shown_nowhere() {
    for host in [
        "http://me:hunter2@phase.example",
        "https://me:hunter2%40phase.example",
        "https://127.0.0.1:hunter2/",
        "me:hunter2",
    ] {
        no_login_is_shown(host);
    }
}

fn no_login_is_shown(host: &str) {
    let stage = Stage::new(&[("PHASE_VERIFY_SSL", "false")]);
    let file = format!("host = '{host}'");
    for (stage, args) in [
        (stage, &["--host", host][..]),
        (Stage::new(&[("PHASE_HOST", host)]), &[]),
        (
            Stage::new(&[("PHASE_HOST", "https://a.example")])
                .file("project/phase-run.toml", &file),
            &[],
        ),
    ] {
        let settings = stage.resolve(args).unwrap();
        let shown = [settings.origins, settings.warnings].concat().join("\n");
        assert!(
            shown.contains("host = ") || shown.contains("host (not used) = "),
            "{shown}"
        );
        assert!(
            !shown.contains("hunter2") && !shown.contains("me:"),
            "{shown}"
        );
    }
    let project = Stage::new(&[]).file("project/phase-run.toml", &file);
    let logins = r#"{"version": 1, "logins": [{"host": "https://a.example", "token": "t"}]}"#;
    let login = Stage::new(&[("PHASE_SERVICE_TOKEN", ""), ("PHASE_HOST", host)])
        .file(".config/phase-run/logins.json", logins);
    for (stage, advice) in [(project, "PHASE_HOST=URL"), (login, "login --host URL")] {
        let (_, text) = stage.refused(&[]);
        assert!(text.contains(advice) && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_file_that_a_variable_names_may_lie_in_the_home_folder() {
    for (variable, file) in [
        ("PHASE_SERVICE_TOKEN_FILE", "token"),
        ("CREDENTIALS_DIRECTORY", "phase-token"),
    ] {
        let named = if file == "token" {
            "~/secrets/token"
        } else {
            "~/secrets"
        };
        let stage = Stage::new(&[("PHASE_SERVICE_TOKEN", ""), (variable, named)]);
        let stage = stage.file(&format!("secrets/{file}"), &format!("\u{feff}{TOKEN}\r\n"));
        let mut stage = stage;
        stage
            .variables
            .retain(|(name, _)| *name != "PHASE_SERVICE_TOKEN");
        let settings = stage.resolve(&[]).unwrap();
        assert!(
            settings
                .token
                .unwrap()
                .ends_with(&format!("secrets/{file}"))
        );
    }
    let config = "~/elsewhere";
    let stage = Stage::new(&[("XDG_CONFIG_HOME", config)]);
    let stage = stage.file("elsewhere/phase-run/config.toml", "app = 'there'");
    assert_eq!(stage.scope(&[]).place.app, name("there"));
    let stage = Stage::new(&[("PHASE_RUN_PROJECT_FILE", "~/web.toml")]);
    let stage = stage.file("web.toml", "app = 'named'");
    assert_eq!(stage.scope(&[]).place.app, name("named"));
    let stage = Stage::new(&[
        ("PHASE_RUN_CA_CERT", "~/ca.pem"),
        ("SSL_CERT_FILE", "~/all.pem"),
    ]);
    let settings = stage.resolve(&[]).unwrap();
    let (connection, _) = settings.access.holder().unwrap();
    let at_home = |file: &str| Some(stage.home.path().join(file));
    assert_eq!(connection.roots, at_home("ca.pem"));
    assert_eq!(connection.bundle, at_home("all.pem"));
}

#[test]
fn allowing_nothing_is_for_a_variable_then_the_project_then_the_user() {
    let allows = |stage: &Stage| stage.resolve(&[]).unwrap().allow_empty;
    assert!(!allows(&Stage::new(&[])));
    let user = Stage::new(&[]).file(".config/phase-run/config.toml", "allow_empty = true");
    assert!(allows(&user));
    let project = user.file("project/phase-run.toml", "allow_empty = false");
    assert!(!allows(&project));
    let mut variable = project;
    variable
        .variables
        .push(("PHASE_RUN_ALLOW_EMPTY", "yes".into()));
    assert!(allows(&variable));
}

#[test]
fn a_certificate_that_is_not_checked_is_one_loud_warning() {
    for (args, value) in [(&["--insecure"][..], ""), (&[], "False")] {
        let settings = Stage::new(&[("PHASE_VERIFY_SSL", value)])
            .resolve(args)
            .unwrap();
        assert!(settings.warnings[0].contains("NOT checked"));
    }
    for (host, proxy, warnings) in [
        ("http://127.0.0.1:1", "", 0),
        ("http://127.0.0.1:1", "https://127.0.0.1:2", 1),
        ("https://127.0.0.1:1", "", 1),
    ] {
        let variables = [("PHASE_HOST", host), ("http_proxy", proxy)];
        let settings = Stage::new(&variables).resolve(&["--insecure"]).unwrap();
        let told = settings.warnings.iter();
        let found = told.filter(|text| text.contains("NOT checked")).count();
        assert_eq!(found, warnings, "{host} {proxy}");
    }
    for (word, warnings) in [("0", 1), ("off", 1), ("on", 0), ("1", 0)] {
        let settings = Stage::new(&[("PHASE_VERIFY_SSL", word)]).resolve(&[]);
        assert_eq!(settings.unwrap().warnings.len(), warnings, "{word}");
    }
}
