//! The same references as four official implementations resolved them, and where
//! we differ from them on purpose.

use serde_json::Value;

use super::*;
use crate::error::Error;
use crate::scope::{App, Folder};
use crate::secret::Secret;
use crate::secret_set::Plain;

const SERVER: &str = "server_sse_v2.73.2";
const GO: &str = "go_cli_main_sdk_2.4.1";

/// What becomes of a reference here, where the server makes something else of it.
const OURS: &[(&str, &str, &str)] = &[
    (
        "STGPART",
        "sv",
        "a unique part of an environment's name is enough, as for the clients",
    ),
    ("XAPPPART", "xv", "and so is one of an app's name"),
    (
        "DOTPATH",
        "dotpath",
        "a dot in a folder's name is no environment; everybody else gives up",
    ),
];

fn table() -> Value {
    let vectors = include_str!("../../tests/fixtures/phase/vectors.json");
    let mut vectors: Value = serde_json::from_str(vectors).unwrap();
    vectors["reference_resolution_observed"].take()
}

/// The environments of the table, by app and name.
fn world(table: &Value) -> Vec<(Place, Vec<Secret>)> {
    let environment = |(name, folders): (&String, &Value)| {
        let (app, environment) = name.split_once('/').unwrap();
        let place = Place {
            app: App::Name(app.to_owned()),
            environment: environment.to_owned(),
        };
        let secrets = folders
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(folder, secrets)| {
                let secrets = secrets.as_object().unwrap().iter();
                secrets.map(move |(key, value)| secret(folder, key, value.as_str().unwrap(), "1"))
            });
        (place, secrets.collect())
    };
    table["world"]
        .as_object()
        .unwrap()
        .iter()
        .map(environment)
        .collect()
}

/// The place that a back-end would settle `asked` on.
fn canonical(asked: &Place, world: &[(Place, Vec<Secret>)]) -> Result<Place> {
    let places = world.iter().map(|(place, _)| place);
    let of_app = matching(places, &asked.app.to_string(), |place| {
        place.app.to_string()
    });
    let fit = matching(of_app.into_iter(), &asked.environment, |place| {
        place.environment.clone()
    });
    let absent = || Error::new(ErrorKind::Missing, "it is not there");
    fit.first().map(|&place| place.clone()).ok_or_else(absent)
}

/// Those whose name is `wanted`, ignoring case, or else those that contain it.
fn matching<'a>(
    places: impl Iterator<Item = &'a Place>,
    wanted: &str,
    name: impl Fn(&Place) -> String,
) -> Vec<&'a Place> {
    let places: Vec<&Place> = places.collect();
    let wanted = wanted.to_lowercase();
    let is = |place: &&&Place| name(place).to_lowercase() == wanted;
    let has = |place: &&&Place| name(place).to_lowercase().contains(&wanted);
    let whole: Vec<&Place> = places.iter().filter(is).copied().collect();
    if whole.is_empty() {
        places.iter().filter(has).copied().collect()
    } else {
        whole
    }
}

/// The value of `folder` / `key` in web / Development.
fn resolved(world: &[(Place, Vec<Secret>)], folder: &str, key: &str) -> String {
    let plan = Plan {
        allow_unresolved: true,
        ..Plan::default()
    };
    let set = |place: &Place| -> Arc<dyn SecretSet> {
        let (_, secrets) = world.iter().find(|(other, _)| other == place).unwrap();
        Arc::new(Plain::new(secrets.clone(), true))
    };
    let home = Place {
        app: App::Name("web".to_owned()),
        environment: "Development".to_owned(),
    };
    let secrets = set(&home);
    let mut roots = secrets.entries();
    roots.retain(|root| root.folder.as_str() == folder && root.name == key);
    let mut resolver = Resolver::following(home, Arc::clone(&secrets), &plan);
    loop {
        let asked = match resolver.step(&roots).unwrap() {
            Step::Done(done, _) => return done[0].value.expose().to_owned(),
            Step::Needs(asked) => asked,
        };
        for Target { key, site } in asked {
            let asked = site.place;
            let place = canonical(&asked, world);
            let new = |place: &&Place| {
                let (key, folder, place) = (key.clone(), Folder::root(), Place::clone(place));
                let site = Site { folder, place };
                !resolver.knows(&Target { key, site })
            };
            let sets = place.as_ref().ok().filter(new);
            let sets = sets.map(|place| (place.clone(), Ok(set(place))));
            let sets = sets.into_iter().collect();
            resolver.supply(sets, vec![(asked, place)]).unwrap();
        }
    }
}

#[test]
fn every_observed_reference_is_resolved_as_by_the_server_but_where_we_differ_on_purpose() {
    let table = table();
    let world = world(&table);
    let cases = table["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 35);
    let mut differ = 0;
    for case in cases {
        let text = |field: &str| case[field].as_str().unwrap();
        let key = text("key");
        let raw = text("raw");
        let known = world.iter().any(|(_, secrets)| {
            secrets
                .iter()
                .any(|it| it.name == key && it.folder.as_str() == text("path"))
        });
        if !known {
            // Recorded later than the list of the world was.
            assert!(["OVRREF", "SHDEF"].contains(&key), "{key}");
            continue;
        }
        let ours = resolved(&world, text("path"), key);
        match OURS.iter().find(|(other, ..)| *other == key) {
            Some((_, expected, why)) => {
                differ += 1;
                assert_eq!(ours, *expected, "{key} = {raw}: {why}");
                assert_ne!(ours, text(SERVER), "{key}: no difference to explain");
            }
            None => assert_eq!(ours, text(SERVER), "{key} = {raw}"),
        }
    }
    assert_eq!(differ, OURS.len());
}

#[test]
fn the_value_of_the_app_that_refers_never_leaks_into_the_one_referred_to() {
    // Go SDK 2.3.0 gives `x-h` for this one.
    let table = table();
    let world = world(&table);
    let ours = resolved(&world, "/leak", "LEAK");
    assert_eq!(ours, "x-backend-dev-host");
    let case = &table["extra"][0];
    assert_eq!(ours, case[GO].as_str().unwrap());
}

#[test]
fn an_app_that_does_not_exist_fails_its_reference_and_not_the_call() {
    // The Python SDK fails the whole call.
    let table = table();
    let ours = resolved(&world(&table), "/noapp", "NOAPP");
    assert_eq!(ours, table["extra"][1][SERVER].as_str().unwrap());
}
