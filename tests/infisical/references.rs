//! References, which the server replaces.

use phase_run::ErrorKind::{Denied, Unresolved};
use phase_run::{Plan, Result};

use super::{Lab, all_text, demo, notices, pairs, resolve, these, wait};

#[test]
fn references_into_all_places_come_replaced() {
    let infisical = demo().secret("HOST", "h").secret("PORT", "1");
    let infisical = infisical.secret("URL", "x://${HOST}:${dev.db.PORT}/${staging.KEY}");
    let infisical = infisical.secret("TWICE", "${URL}${URL}");
    let infisical = infisical.folder("/db").secret("PORT", "2");
    let lab = Lab::new(infisical.within("staging").secret("KEY", "k"));
    let resolution = resolve(&lab.client(), &lab.scope()).unwrap();
    let url = "x://h:2/k";
    let expected = [
        "HOST=h",
        "PORT=1",
        &format!("TWICE={url}{url}"),
        &format!("URL={url}"),
    ];
    assert_eq!(pairs(&resolution), expected);
    assert_eq!(lab.asked().len(), 2, "whatever they refer to");
}

#[test]
fn a_reference_that_leads_nowhere_fails_with_its_name_and_not_with_the_value() {
    let lab = Lab::new(demo().secret("A", "hunter2 ${NOPE} ${dev.x.GONE}"));
    let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
    assert_eq!(error.kind(), Unresolved);
    let text = all_text(&error);
    assert!(text.contains('A') && text.contains("${NOPE}"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");

    let plan = Plan {
        allow_unresolved: true,
        ..Plan::default()
    };
    let resolution = wait(lab.client().resolve(&lab.scope(), &plan)).unwrap();
    assert_eq!(pairs(&resolution), ["A=hunter2 ${NOPE} ${dev.x.GONE}"]);
    let told = notices(&resolution);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("A: ${NOPE} stays as it is"), "{told:?}");
}

#[test]
fn a_cycle_leads_nowhere() {
    let lab = Lab::new(demo().secret("A", "${B}").secret("B", "${A}"));
    assert_eq!(
        resolve(&lab.client(), &lab.scope()).unwrap_err().kind(),
        Unresolved
    );
}

#[test]
fn what_is_not_wanted_may_refer_to_anything() {
    let lab = Lab::new(demo().secret("A", "${NOPE}").secret("B", "2"));
    let wanted = |name: &str| name == "B";
    let plan = Plan {
        wanted: &wanted,
        ..Plan::default()
    };
    let resolution = wait(lab.client().resolve(&lab.scope(), &plan)).unwrap();
    assert_eq!(pairs(&resolution), ["B=2"]);
}

#[test]
fn without_expansion_references_are_text() {
    let lab = Lab::new(demo().secret("A", "${B} ${NOPE}").secret("B", "2"));
    let plan = Plan {
        expand: false,
        ..Plan::default()
    };
    let resolution = wait(lab.client().resolve(&lab.scope(), &plan)).unwrap();
    assert_eq!(pairs(&resolution), ["A=${B} ${NOPE}", "B=2"]);
    assert_eq!(notices(&resolution), [""; 0]);
}

#[test]
fn what_only_looks_like_a_reference_is_text() {
    let values = ["$B", "${ B }", "${}", "${{B}}", "$${", "${a b}", "a${"];
    let names: Vec<String> = (0..values.len())
        .map(|number| format!("N{number}"))
        .collect();
    let pairs_of = names.iter().zip(values);
    let lab = Lab::new(
        pairs_of
            .clone()
            .fold(demo().secret("B", "2"), |infisical, (name, text)| {
                infisical.secret(name, text)
            }),
    );
    let resolution = resolve(&lab.client(), &lab.scope()).unwrap();
    let expected: Vec<String> = pairs_of
        .map(|(name, text)| format!("{name}={text}"))
        .collect();
    assert_eq!(pairs(&resolution)[1..], expected);
}

#[test]
fn a_reference_into_a_folder_that_nobody_may_see_refuses_all() {
    let infisical = demo()
        .secret("A", "${dev.db.B}")
        .folder("/db")
        .secret("B", "2");
    let lab = Lab::new(infisical.forbidden());
    let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
    assert_eq!(error.kind(), Denied);
    assert_eq!(lab.asked().len(), 2, "no login is tried again");
}

#[test]
fn imported_references_are_looked_up_in_the_importing_folder_first() {
    let infisical = demo()
        .within("staging")
        .secret("URL", "${HOST}")
        .secret("HOST", "staging");
    let infisical = infisical
        .within("dev")
        .import("staging", "/")
        .secret("HOST", "dev");
    let url = |lab: &Lab| -> Result<String> {
        let resolution = resolve(&lab.client(), &lab.scope())?;
        Ok(pairs(&resolution).pop().unwrap())
    };
    assert_eq!(url(&Lab::new(infisical.clone())).unwrap(), "URL=dev");
    // Where there is no version 4 they are looked up where they stand.
    let old = crate::support::server::infisical::Version::WithoutV4;
    assert_eq!(
        url(&Lab::new(infisical.version(old))).unwrap(),
        "URL=staging"
    );
}

#[test]
fn each_folder_of_several_resolves_its_own() {
    let infisical = demo().folder("/a").secret("X", "${K}").secret("K", "a");
    let lab = Lab::new(infisical.folder("/b").secret("Y", "${K}").secret("K", "b"));
    let scope = lab.scope().in_folders(these(&["/a", "/b"]));
    let resolution = resolve(&lab.client(), &scope).unwrap();
    assert_eq!(pairs(&resolution), ["K=b", "X=a", "Y=b"]);
}
