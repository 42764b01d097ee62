//! Which secret has a name when several do.

use std::cmp::Ordering;

use crate::notice::Notice;
use crate::scope::{Folders, Scope};
use crate::secret_set::Entry;

/// Which secrets of a scope are to be used.
#[derive(Debug)]
pub(crate) struct Chosen<'a> {
    /// One per name, in name order.
    pub(crate) roots: Vec<Entry<'a>>,
    /// The names that are not wanted.
    pub(crate) left_out: Vec<String>,
    pub(crate) collisions: Vec<Notice>,
}

/// Those of `entries` that lie in `scope` and whose names are `wanted`, one per
/// name, in name order.
///
/// A later folder of the scope wins; where every folder is meant, or all below
/// some, the deeper, then the lexicographically later one; within a folder, the
/// one changed last.
pub(crate) fn chosen<'a>(
    mut entries: Vec<Entry<'a>>,
    scope: &Scope,
    wanted: &dyn Fn(&str) -> bool,
) -> Chosen<'a> {
    entries.retain(|entry| scope.folders.contains(entry.folder) && scope.admits(entry.tags));
    entries.sort_unstable_by(|a, b| a.name.cmp(b.name).then_with(|| order(a, b, &scope.folders)));
    let mut chosen = Chosen {
        roots: Vec::with_capacity(entries.len()),
        left_out: Vec::new(),
        collisions: Vec::new(),
    };
    for candidates in entries.chunk_by(|a, b| a.name == b.name) {
        let Some((winner, losers)) = candidates.split_last() else {
            continue;
        };
        if !wanted(winner.name) {
            chosen.left_out.push(winner.name.to_owned());
            continue;
        }
        chosen.roots.push(*winner);
        let collision = |loser: &Entry<'_>| Notice::Collision {
            name: winner.name.to_owned(),
            kept: winner.folder.clone(),
            dropped: loser.folder.clone(),
        };
        chosen.collisions.extend(losers.iter().map(collision));
    }
    chosen
}

/// The winner is the greater.
fn order(a: &Entry<'_>, b: &Entry<'_>, folders: &Folders) -> Ordering {
    let by_folder = match folders {
        Folders::All => (a.folder.depth(), a.folder).cmp(&(b.folder.depth(), b.folder)),
        Folders::Below(tops) => {
            let rank = |folder| tops.iter().rposition(|top| top.holds(folder));
            (rank(a.folder), a.folder.depth(), a.folder).cmp(&(
                rank(b.folder),
                b.folder.depth(),
                b.folder,
            ))
        }
        Folders::These(list) => {
            let rank = |folder| list.iter().rposition(|listed| listed == folder);
            rank(a.folder).cmp(&rank(b.folder))
        }
    };
    by_folder.then_with(|| a.age().cmp(&b.age()))
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scope::{App, Folder};
    use crate::secret::{Secret, SecretType, SecretValue};
    use crate::secret_set::{Plain, SecretSet as _};

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
            metadata: Vec::new(),
            updated: stamp.to_owned(),
            value: Some(SecretValue::new(value.to_owned())),
            version: 1,
        }
    }

    /// The values of those chosen, and what is told.
    fn values(secrets: &[Secret], folders: Folders) -> (Vec<String>, Vec<Notice>) {
        let scope = Scope::new(App::Name("web".into()), "dev").in_folders(folders);
        let set = Plain::new(secrets.to_vec(), true);
        let Chosen {
            roots, collisions, ..
        } = chosen(set.entries(), &scope, &|_| true);
        let value = |root: &Entry<'_>| set.value(root.number).unwrap().0.expose().to_owned();
        (roots.iter().map(value).collect(), collisions)
    }

    fn winner(secrets: &[Secret], folders: Folders) -> (String, Vec<Notice>) {
        let (values, notices) = values(secrets, folders);
        let [value] = <[String; 1]>::try_from(values).unwrap();
        (value, notices)
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
            prop_assert_eq!(values(&secrets, Folders::All).0, values(&turned, Folders::All).0);
        }
    }
}
