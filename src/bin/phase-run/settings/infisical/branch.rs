//! The branch that is checked out, read as git keeps it.

use std::path::{Path, PathBuf};

use phase_run::FileOwners;

use crate::settings::owners;

/// The branch of the repository around `directory`, such as `feature/login`.
/// None where no branch is checked out. Repositories of others than `owners` do
/// not count.
pub(super) fn branch(directory: &Path, owners: &FileOwners) -> Option<String> {
    let git = directory
        .ancestors()
        .map(|at| at.join(".git"))
        .find(|git| git.exists() && owners::have(owners, git))?;
    let folder = if git.is_dir() {
        git
    } else {
        // A worktree or a submodule: the file says where the rest is.
        let text = read(&git)?;
        let named = PathBuf::from(text.strip_prefix("gitdir:")?.trim());
        git.parent()?.join(named)
    };
    let head = read(&folder.join("HEAD"))?;
    let branch = head.strip_prefix("ref:")?.trim();
    Some(branch.strip_prefix("refs/heads/")?.to_owned())
}

fn read(path: &Path) -> Option<String> {
    String::from_utf8(owners::open(path).ok()??.bytes).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn branch(directory: &Path) -> Option<String> {
        super::branch(directory, &owners::owners(None, &[]))
    }

    #[test]
    fn the_branch_is_that_of_the_repository_or_worktree_around() {
        let top = tempfile::tempdir().unwrap();
        let inner = top.path().join("repo/a/b");
        fs::create_dir_all(&inner).unwrap();
        assert_eq!(branch(&inner), None);
        let git = top.path().join("repo/.git");
        fs::create_dir(&git).unwrap();
        assert_eq!(branch(&inner), None);
        fs::write(git.join("HEAD"), "ref: refs/heads/feature/x\n").unwrap();
        assert_eq!(branch(&inner).as_deref(), Some("feature/x"));
        fs::write(git.join("HEAD"), "0123456789abcdef\n").unwrap();
        assert_eq!(branch(&inner), None, "no branch is checked out");
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        // Only root can give a folder away.
        if std::os::unix::fs::chown(&git, Some(4242), None).is_ok() {
            assert_eq!(branch(&inner), None, "it is somebody else's");
        }

        let tree = top.path().join("tree");
        fs::create_dir_all(git.join("worktrees/tree")).unwrap();
        fs::create_dir(&tree).unwrap();
        fs::write(tree.join(".git"), "gitdir: ../repo/.git/worktrees/tree\n").unwrap();
        let head = git.join("worktrees/tree/HEAD");
        fs::write(head, "ref: refs/heads/main\n").unwrap();
        assert_eq!(branch(&tree).as_deref(), Some("main"));
    }
}
