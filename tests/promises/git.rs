//! A vault that git, or whoever mounts it, has got hold of.

use std::fs;
use std::process::Command;

use super::Desk;
use crate::support::needs;

/// A desk with a vault in a repository, and what git does to it.
struct Repository(Desk);

impl Repository {
    fn new(attributes: &str) -> Option<Self> {
        if !needs::are_there(&["git"]) {
            return None;
        }
        let repository = Self(Desk::new());
        repository.0.add("A", "1");
        repository.attributes(attributes);
        repository.git(&["init", "--quiet", "--initial-branch=ours"]);
        repository.git(&["add", "vault", ".gitattributes"]);
        repository.git(&["commit", "--quiet", "-m", "one"]);
        Some(repository)
    }

    fn attributes(&self, text: &str) {
        fs::write(self.0.path(".gitattributes"), text).unwrap();
    }

    /// Whether it went well.
    fn git(&self, words: &[&str]) -> bool {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=n",
                "-c",
                "user.email=e",
                "-c",
                "core.autocrlf=false",
            ])
            .args(words)
            .current_dir(self.0.path(""))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output();
        output.unwrap().status.success()
    }

    /// The vault opens for nobody, which is said with these `words`.
    #[track_caller]
    fn refuses(&self, words: &[&str]) {
        let before = fs::read(self.0.path("vault")).unwrap();
        for run in [
            self.0.secrets(&["list"]),
            self.0.secrets(&["create", "B"]).stdin("x"),
            self.0.run(&["vault", "recipients", "list"]),
        ] {
            let finished = run.failed(125, "protocol");
            words
                .iter()
                .fold(finished, |finished, word| finished.stderr_has(word));
        }
        assert!(fs::read(self.0.path("vault")).unwrap() == before);
    }
}

#[test]
fn a_vault_whose_line_ends_git_has_changed_is_told_with_the_way_back() {
    let Some(repository) = Repository::new("vault text eol=crlf\n") else {
        return;
    };
    let again = || {
        fs::remove_file(repository.0.path("vault")).unwrap();
        assert!(repository.git(&["checkout", "--", "vault"]));
    };
    again();
    repository.refuses(&[
        "has CRLF line ends",
        "`vault -text`",
        "`git checkout -- vault`",
    ]);
    repository.attributes("vault -text\n");
    again();
    repository.0.has("A", "1");
}

#[test]
fn a_vault_with_both_sides_of_a_conflict_is_told_with_the_way_out() {
    let Some(repository) = Repository::new("") else {
        return;
    };
    let commit = |name: &str| {
        repository.0.add(name, "1");
        assert!(repository.git(&["commit", "--quiet", "--all", "-m", name]));
    };
    assert!(repository.git(&["checkout", "--quiet", "-b", "theirs"]));
    commit("THEIRS");
    assert!(repository.git(&["checkout", "--quiet", "ours"]));
    commit("OURS");
    let contents = || fs::read(repository.0.path("vault")).unwrap();
    let ours = contents();
    assert!(!repository.git(&["merge", "theirs"]), "a conflict");
    assert!(repository.git(&["checkout", "--theirs", "vault"]));
    // To git it is text where it happens to hold no NUL: that is what becomes of it then.
    let theirs = contents();
    let line = ours.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let sides = [
        &ours[..line],
        b"<<<<<<< HEAD\n",
        &ours[line..],
        b"\n=======\n",
        &theirs[line..],
        b"\n>>>>>>> theirs\n",
    ];
    fs::write(repository.0.path("vault"), sides.concat()).unwrap();
    repository.refuses(&[
        "merge conflict",
        "`git checkout --ours vault`",
        "--theirs vault",
    ]);
    assert!(repository.git(&["checkout", "--ours", "vault"]));
    repository.0.has("OURS", "1");
    assert!(repository.git(&["checkout", "--theirs", "vault"]));
    repository.0.has("THEIRS", "1");
}

#[test]
fn a_pointer_of_git_lfs_is_told_for_what_it_is() {
    let Some(repository) = Repository::new("") else {
        return;
    };
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    fs::write(repository.0.path("vault"), pointer).unwrap();
    repository.refuses(&["pointer of git-lfs", "`git lfs pull"]);
}

#[test]
fn a_vault_that_is_mounted_by_itself_is_not_written_and_nothing_is_lost() {
    if !needs::are_there(&["unshare", "mount"]) {
        return;
    }
    let desk = Desk::new();
    desk.add("A", "1");
    let script = "exec unshare -rm /bin/sh -c \
        'mount --bind \"$PHASE_RUN_VAULT\" \"$PHASE_RUN_VAULT\" && exec \"$@\"' sh \"$@\"";
    let mounted = |words: &[&str]| {
        let run = desk.secrets(words);
        run.inside(&["/bin/sh", "-c", script, "sh"])
    };
    mounted(&["get", "A", "--raw"]).stdout("1").status(0);
    for words in [
        &["create", "B"][..],
        &["update", "A"],
        &["update", "A", "--keep-value", "--comment", "c"],
        &["delete", "A"],
    ] {
        let finished = mounted(words).stdin("x").failed(125, "system");
        finished
            .stderr_has("is mounted by itself")
            .stderr_has("mount the folder");
    }
    desk.has("A", "1");
    assert!(!desk.path("vault.new").exists(), "nothing is left behind");
}
