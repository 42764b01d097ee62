use super::*;

#[test]
fn a_value_that_doubles_at_each_level_ends_at_the_limit() {
    let mut secrets = vec![secret("/", "K0", &"x".repeat(1000), "1")];
    for level in 1..40 {
        let text = format!("${{K{}}}${{K{}}}", level - 1, level - 1);
        secrets.push(secret("/", &format!("K{level}"), &text, "1"));
    }
    let error = alone(secrets, "K39", &Plan::default()).unwrap_err();
    assert!(error.to_string().contains("4 MiB"), "{error}");
}

#[test]
fn a_knot_of_cycles_comes_to_an_end() {
    let all = (0..30)
        .map(|at| format!("${{K{at}}}"))
        .collect::<Vec<_>>()
        .concat();
    let secrets: Vec<_> = (0..30)
        .map(|at| secret("/", &format!("K{at}"), &all, "1"))
        .collect();
    let plan = Plan {
        allow_unresolved: true,
        ..Plan::default()
    };
    assert!(alone(secrets, "K0", &plan).is_ok());
}

#[test]
fn a_chain_deeper_than_the_limit_fails_with_a_reason() {
    let secrets: Vec<_> = (0..200)
        .map(|at| secret("/", &format!("K{at}"), &format!("${{K{}}}", at + 1), "1"))
        .collect();
    let error = alone(secrets, "K0", &Plan::default()).unwrap_err();
    assert!(error.to_string().contains("too deeply"), "{error}");
}

#[test]
fn a_chain_that_doubles_into_another_environment_is_walked_once_a_round() {
    let home = place("web", "dev");
    let mut secrets: Vec<_> = (0..12)
        .map(|at| {
            let next = at + 1;
            secret(
                "/",
                &format!("E{at}"),
                &format!("${{E{next}}}${{E{next}}}"),
                "1",
            )
        })
        .collect();
    secrets.push(secret("/", "E12", "${prod.HOST}", "1"));
    secrets.extend((0..30_000).map(|at| secret("/", &format!("R{at}"), "${E12}", "1")));
    let plan = Plan::default();
    let secrets = set(secrets, &plan);
    let roots = secrets.entries();
    let mut resolver = Resolver::following(home, Arc::clone(&secrets), &plan);
    assert!(matches!(resolver.step(&roots), Ok(Step::Needs(_))));
    let prod = place("web", "prod");
    let other = set(vec![secret("/", "HOST", "h", "1")], &plan);
    resolver
        .supply(vec![(prod, Ok(other))], Vec::new())
        .unwrap();
    let Ok(Step::Done(done, _)) = resolver.step(&roots) else {
        panic!("all is there");
    };
    let first = done.iter().find(|one| one.name == "E0").unwrap();
    assert_eq!(first.value.expose(), "h".repeat(4096));
}
