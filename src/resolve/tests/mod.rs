mod limits;

use super::*;
use crate::error::Error;
use crate::scope::App;
use crate::secret::{Personal, Secret};
use crate::secret_set::Plain;

fn place(app: &str, environment: &str) -> Place {
    Place {
        app: App::Name(app.to_owned()),
        environment: environment.to_owned(),
    }
}

/// A store: app, environment, folder, name, value.
type Store = [(
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
)];

fn environment(store: &Store, place: &Place) -> Vec<Secret> {
    store
        .iter()
        .filter(|row| App::Name(row.0.to_owned()) == place.app && row.1 == place.environment)
        .map(|row| secret(row.2, row.3, row.4, "1"))
        .collect()
}

/// Secrets as an environment. Overrides count if `plan` says so.
fn set(secrets: Vec<Secret>, plan: &Plan<'_>) -> Arc<dyn SecretSet> {
    Arc::new(Plain::new(secrets, plan.personal))
}

/// Resolves web / dev of `store`, and counts the rounds of asking.
fn resolved(store: &Store, lenient: bool) -> (Result<Step>, usize) {
    let home = place("web", "dev");
    let plan = Plan {
        allow_unresolved: lenient,
        ..Plan::default()
    };
    let secrets = set(environment(store, &home), &plan);
    let roots = secrets.entries();
    let mut resolver = Resolver::following(home, Arc::clone(&secrets), &plan);
    for round in 0.. {
        match resolver.step(&roots) {
            Ok(Step::Needs(sites)) => {
                for Target { site, .. } in sites {
                    let asked = site.place;
                    let secrets = environment(store, &asked);
                    let answer = if secrets.is_empty() {
                        let text = format!("there is no environment {}", asked.environment);
                        Err(Error::new(ErrorKind::Missing, text))
                    } else {
                        Ok(set(secrets, &plan))
                    };
                    resolver.supply(vec![(asked, answer)], Vec::new()).unwrap();
                }
            }
            step => return (step, round),
        }
    }
    unreachable!()
}

/// Resolves the secret `name` of an environment that refers to itself alone.
fn alone(
    secrets: Vec<Secret>,
    name: &str,
    plan: &Plan<'_>,
) -> Result<(Vec<Resolved>, Vec<Notice>)> {
    let secrets = set(secrets, plan);
    let roots: Vec<_> = secrets
        .entries()
        .into_iter()
        .filter(|entry| entry.name == name)
        .collect();
    let mut resolver = Resolver::following(place("web", "dev"), Arc::clone(&secrets), plan);
    match resolver.step(&roots)? {
        Step::Done(done, notices) => Ok((done, notices)),
        Step::Needs(_) => panic!("nothing is needed"),
    }
}

fn value(store: &Store, name: &str) -> String {
    match resolved(store, true).0.unwrap() {
        Step::Done(secrets, _) => secrets
            .iter()
            .find(|secret| secret.name == name)
            .map(|secret| secret.value.expose().to_owned())
            .unwrap(),
        Step::Needs(_) => unreachable!(),
    }
}

fn failure(store: &Store) -> String {
    let error = resolved(store, false).0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unresolved);
    error.to_string()
}

#[test]
fn references_are_followed_recursively_and_at_the_root_wherever_they_stand() {
    let store = [
        ("web", "dev", "/", "HOST", "h"),
        ("web", "dev", "/", "URL", "pg://${HOST}:${/db/PORT}/x"),
        ("web", "dev", "/", "NEST", "<${URL}>"),
        ("web", "dev", "/db", "PORT", "5432"),
        ("web", "dev", "/db", "HOST", "not this one"),
        ("web", "dev", "/db", "FROM_BELOW", "${HOST}"),
    ];
    assert_eq!(value(&store, "NEST"), "<pg://h:5432/x>");
    assert_eq!(value(&store, "FROM_BELOW"), "h");
}

#[test]
fn the_context_switches_to_the_app_and_environment_of_the_secret_that_refers() {
    let store = [
        ("web", "dev", "/", "HOST", "dev-host"),
        ("web", "dev", "/", "A", "${staging.NEST}|${api::prod.NEST}"),
        ("web", "staging", "/", "NEST", "s-${HOST}"),
        ("web", "staging", "/", "HOST", "staging-host"),
        ("api", "prod", "/", "NEST", "x-${HOST}"),
        ("api", "prod", "/", "HOST", "x-host"),
    ];
    assert_eq!(value(&store, "A"), "s-staging-host|x-x-host");
}

#[test]
fn all_environments_of_a_round_are_asked_for_at_once() {
    let store = [
        ("web", "dev", "/", "A", "${staging.X}${qa.X}${api::prod.X}"),
        ("web", "staging", "/", "X", "1"),
        ("web", "qa", "/", "X", "2"),
        ("api", "prod", "/", "X", "3"),
    ];
    let (step, rounds) = resolved(&store, false);
    assert!(matches!(step, Ok(Step::Done(..))));
    assert_eq!(rounds, 1);
}

#[test]
fn a_reference_that_leads_nowhere_names_the_way_to_it_and_the_reason() {
    let store = [
        ("web", "dev", "/", "URL", "${NEST}"),
        ("web", "dev", "/", "NEST", "x${NOPE}"),
    ];
    let text = failure(&store);
    assert!(
        text.contains("NEST → ${NOPE} (there is no NOPE in / of dev)"),
        "{text}"
    );
    let text = failure(&[("web", "dev", "/", "A", "${gone.X}")]);
    assert!(
        text.contains("A → ${gone.X} (there is no environment gone)"),
        "{text}"
    );
}

#[test]
fn a_cycle_is_told_with_its_whole_chain() {
    let store = [
        ("web", "dev", "/", "A", "a${B}"),
        ("web", "dev", "/", "B", "b${A}"),
    ];
    let text = failure(&store);
    assert!(text.contains("in a circle"), "{text}");
    assert!(text.contains("A → B → ${A}"), "{text}");
}

#[test]
fn leniently_only_the_reference_that_fails_stays() {
    let store = [
        ("web", "dev", "/", "HOST", "h"),
        ("web", "dev", "/", "MIXED", "${HOST}-${NOPE}-${HOST}"),
        ("web", "dev", "/", "CYC_A", "a${CYC_B}"),
        ("web", "dev", "/", "CYC_B", "b${CYC_A}"),
        ("web", "dev", "/", "SELF", "s${SELF}"),
    ];
    assert_eq!(value(&store, "MIXED"), "h-${NOPE}-h");
    assert_eq!(value(&store, "CYC_A"), "ab${CYC_A}");
    assert_eq!(value(&store, "CYC_B"), "ba${CYC_B}");
    assert_eq!(value(&store, "SELF"), "s${SELF}");
}

#[test]
fn what_nobody_meant_as_a_reference_never_fails_a_run() {
    for text in [
        "${HOST:-x}",
        "${VAR%.*}",
        "${{HOST}}",
        "${ HOST }",
        "$HOST",
        "${arr[0]}",
    ] {
        let secrets = vec![secret("/", "A", text, "1")];
        let (done, notices) = alone(secrets, "A", &Plan::default()).unwrap();
        assert_eq!(done[0].value.expose(), text);
        assert!(notices.is_empty());
    }
}

#[test]
fn a_key_that_looks_like_shell_is_used_if_it_exists() {
    let store = [
        ("web", "dev", "/", "A B-C.D=E", "odd"),
        ("web", "dev", "/", "R", "${A B-C.D=E}"),
    ];
    assert_eq!(value(&store, "R"), "odd");
}

#[test]
fn overrides_come_before_references() {
    let mut target = secret("/", "OVR", "shared", "1");
    target.personal = Some(Personal {
        active: true,
        value: Some(SecretValue::new("own".to_owned())),
    });
    let secrets = vec![target, secret("/", "R", "${OVR}", "1")];
    for (personal, expected) in [(true, "own"), (false, "shared")] {
        let plan = Plan {
            personal,
            ..Plan::default()
        };
        let (done, _) = alone(secrets.clone(), "R", &plan).unwrap();
        assert_eq!(done[0].value.expose(), expected);
    }
}

#[test]
fn what_the_server_left_over_is_unresolved_and_what_is_not_meant_is_text() {
    let plan = Plan::default();
    let step = |text: &str| {
        let secrets = set(vec![secret("/", "A", text, "1")], &plan);
        let roots = secrets.entries();
        Resolver::checking(place("web", "dev"), Arc::clone(&secrets), &plan).step(&roots)
    };
    let error = step("x${api::prod.KEY}").unwrap_err();
    assert!(
        error.to_string().contains("A → ${api::prod.KEY}"),
        "{error}"
    );
    assert!(matches!(step("${X:-y}"), Ok(Step::Done(..))));
}

#[test]
fn a_circle_says_of_each_secret_that_was_asked_for_which_reference_it_keeps() {
    let rows = [("A", "a${B}"), ("B", "b${A}"), ("C", "${A}"), ("D", "${D}")];
    let secrets = rows.map(|(name, text)| secret("/", name, text, "1"));
    let plan = Plan {
        allow_unresolved: true,
        ..Plan::default()
    };
    let set = set(secrets.to_vec(), &plan);
    let roots = set.entries();
    let mut resolver = Resolver::following(place("web", "dev"), Arc::clone(&set), &plan);
    let Ok(Step::Done(done, notices)) = resolver.step(&roots) else {
        panic!("all is there");
    };
    let told: Vec<String> = notices.iter().map(ToString::to_string).collect();
    let why = "stays as it is: it leads back to where it stands";
    assert_eq!(
        told,
        [
            format!("A: ${{A}} {why} (A → B → ${{A}})"),
            format!("B: ${{B}} {why} (B → A → ${{B}})"),
            format!("C: ${{A}} {why} (C → A → B → ${{A}})"),
            format!("D: ${{D}} {why} (D → ${{D}})"),
        ]
    );
    let kept = ["ab${A}", "ba${B}", "ab${A}", "${D}"];
    for (one, kept) in done.iter().zip(kept) {
        assert_eq!(one.value.expose(), kept, "{}", one.name);
    }
}
