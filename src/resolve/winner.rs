//! Which secret has a name when several do, and which of its values counts.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::notice::Notice;
use crate::scope::{Folder, Folders, Scope};
use crate::secret::{Secret, SecretValue};

/// The value that counts, and whether it is a personal one.
pub(crate) fn effective(secret: &Secret, personal: bool) -> (&SecretValue, bool) {
    match &secret.personal {
        Some(own) if personal && own.active => (&own.value, true),
        _ => (&secret.value, false),
    }
}

/// Which secrets of a scope are to be used.
#[derive(Debug)]
pub(crate) struct Chosen<'a> {
    /// One per name, in name order.
    pub(crate) roots: Vec<&'a Secret>,
    /// The names that are not wanted.
    pub(crate) left_out: Vec<String>,
    pub(crate) collisions: Vec<Notice>,
}

/// The secrets of `scope` whose names are `wanted`, one per name, in name order.
///
/// A later folder of the scope wins; where every folder is meant, the deeper,
/// then the lexicographically later one; within a folder, the one changed last.
pub(crate) fn chosen<'a>(
    secrets: &'a [Secret],
    scope: &Scope,
    wanted: &dyn Fn(&str) -> bool,
) -> Chosen<'a> {
    let meant =
        |secret: &&Secret| scope.folders.contains(&secret.folder) && scope.admits(&secret.tags);
    let mut by_name: BTreeMap<&str, Vec<&Secret>> = BTreeMap::new();
    for secret in secrets.iter().filter(meant) {
        by_name.entry(&secret.name).or_default().push(secret);
    }
    let mut winners = Vec::with_capacity(by_name.len());
    let mut left_out = Vec::new();
    let mut collisions = Vec::new();
    for (name, mut candidates) in by_name {
        if !wanted(name) {
            left_out.push(name.to_owned());
            continue;
        }
        candidates.sort_by(|a, b| order(a, b, &scope.folders));
        let Some((winner, losers)) = candidates.split_last() else {
            continue;
        };
        winners.push(*winner);
        collisions.extend(losers.iter().map(|loser| Notice::Collision {
            name: winner.name.clone(),
            kept: winner.folder.clone(),
            dropped: loser.folder.clone(),
        }));
    }
    Chosen {
        roots: winners,
        left_out,
        collisions,
    }
}

/// The one of `secrets` that is called `key` in `folder`: on a tie, the one changed last.
pub(crate) fn named<'a>(secrets: &'a [Secret], folder: &Folder, key: &str) -> Option<&'a Secret> {
    secrets
        .iter()
        .filter(|secret| secret.name == key && secret.folder == *folder)
        .max_by(|a, b| newer(a, b))
}

/// The winner is the greater.
fn order(a: &Secret, b: &Secret, folders: &Folders) -> Ordering {
    let by_folder = match folders {
        Folders::All => (a.folder.depth(), &a.folder).cmp(&(b.folder.depth(), &b.folder)),
        Folders::These(list) => {
            let rank = |folder| list.iter().rposition(|listed| listed == folder);
            rank(&a.folder).cmp(&rank(&b.folder))
        }
    };
    by_folder.then_with(|| newer(a, b))
}

/// By time of change; ids break the tie, so that the server's order never matters.
fn newer(a: &Secret, b: &Secret) -> Ordering {
    (&a.updated, &a.id).cmp(&(&b.updated, &b.id))
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scope::App;
    use crate::secret::{Personal, SecretType};

    /// A secret `folder` / `name` with `value`; its id and time are `stamp`.
    pub(crate) fn secret(folder: &str, name: &str, value: &str, stamp: &str) -> Secret {
        Secret {
            comment: String::new(),
            folder: Folder::new(folder).unwrap(),
            id: stamp.to_owned(),
            kind: SecretType::Secret,
            name: name.to_owned(),
            personal: None,
            tags: Vec::new(),
            updated: stamp.to_owned(),
            value: SecretValue::new(value.to_owned()),
            version: 1,
        }
    }

    fn winner(secrets: &[Secret], folders: Folders) -> (String, Vec<Notice>) {
        let scope = Scope::new(App::Name("web".into()), "dev").in_folders(folders);
        let Chosen {
            roots, collisions, ..
        } = chosen(secrets, &scope, &|_| true);
        assert_eq!(roots.len(), 1);
        (roots[0].value.expose().to_owned(), collisions)
    }

    fn these(folders: &[&str]) -> Folders {
        Folders::These(
            folders
                .iter()
                .map(|text| Folder::new(text).unwrap())
                .collect(),
        )
    }

    #[test]
    fn the_later_path_wins_and_the_collision_is_told() {
        let secrets = [secret("/", "A", "root", "1"), secret("/x", "A", "x", "0")];
        assert_eq!(winner(&secrets, these(&["/", "/x"])).0, "x");
        let (value, notices) = winner(&secrets, these(&["/x", "/"]));
        assert_eq!(value, "root");
        assert_eq!(
            notices[0].to_string(),
            "A from / is used, not the one from /x"
        );
    }

    #[test]
    fn among_all_paths_the_deeper_wins_then_the_later() {
        let secrets = [
            secret("/z", "A", "z", "9"),
            secret("/a/b", "A", "ab", "0"),
            secret("/a/c", "A", "ac", "0"),
        ];
        assert_eq!(winner(&secrets, Folders::All).0, "ac");
    }

    #[test]
    fn twice_on_one_path_the_newest_wins() {
        let secrets = [secret("/", "A", "new", "2"), secret("/", "A", "old", "1")];
        assert_eq!(winner(&secrets, these(&["/"])).0, "new");
    }

    #[test]
    fn an_override_counts_only_while_active_and_wanted() {
        let mut own = secret("/", "A", "shared", "1");
        assert_eq!(effective(&own, true).0.expose(), "shared");
        own.personal = Some(Personal {
            active: false,
            value: SecretValue::new("own".into()),
        });
        assert_eq!(effective(&own, true).0.expose(), "shared");
        own.personal = Some(Personal {
            active: true,
            value: SecretValue::new("own".into()),
        });
        assert_eq!(effective(&own, true).0.expose(), "own");
        assert_eq!(effective(&own, false).0.expose(), "shared");
    }

    proptest! {
        #[test]
        fn the_order_of_the_rows_never_matters(
            rows in prop::collection::vec(("[AB]", "/[xy]?", "[0-3]"), 0..8),
            turn in 0usize..8,
        ) {
            let secrets: Vec<_> = rows
                .iter()
                .enumerate()
                .map(|(at, (name, folder, stamp))| {
                    let mut row = secret(folder, name, &at.to_string(), stamp);
                    row.id = at.to_string();
                    row
                })
                .collect();
            let mut turned = secrets.clone();
            turned.rotate_left(if secrets.is_empty() { 0 } else { turn % secrets.len() });
            turned.reverse();
            let scope = Scope::new(App::Name("web".into()), "dev").in_folders(Folders::All);
            let values = |secrets: &[Secret]| -> Vec<String> {
                let Chosen { roots, .. } = chosen(secrets, &scope, &|_| true);
                roots.iter().map(|secret| secret.value.expose().to_owned()).collect()
            };
            prop_assert_eq!(values(&secrets), values(&turned));
        }
    }
}
