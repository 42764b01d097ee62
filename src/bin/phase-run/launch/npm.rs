//! npm and its kin, which do not hand on the signals that they get: npm signals a
//! shell between it and the program, and that shell just dies.

use nix::unistd::Pid;

use crate::sys;

const KIN: [&[u8]; 7] = [
    b"npm",
    b"npx",
    b"pnpm",
    b"pnpx",
    b"yarn",
    b"yarnpkg",
    b"corepack",
];

/// What runs a script that is named behind it.
const INTERPRETERS: [&[u8]; 7] = [b"env", b"node", b"nodejs", b"sh", b"ash", b"bash", b"dash"];

/// How far below the child to look.
const DEPTH: usize = 5;

/// Whether one of them runs the program at this moment: as the `child`, or as the only
/// process below it. Where that cannot be seen, whether the child `was` one at first.
pub(super) fn runs(child: Pid, was: bool) -> bool {
    let family = sys::family();
    if family.is_empty() {
        return was;
    }
    let only_child = |parent: &Pid| {
        let mut children = family.iter().filter(|kin| kin.parent == *parent);
        match (children.next(), children.next()) {
            (Some(only), None) => Some(only.process),
            _ => None,
        }
    };
    let mut line = std::iter::successors(Some(child), only_child).take(1 + DEPTH);
    line.any(|process| is_one(&sys::words_of(process)))
}

/// Whether this is the command line of one of them. They replace theirs by what a
/// person would have typed.
pub(super) fn is_one<T: AsRef<[u8]>>(words: &[T]) -> bool {
    let mut words = words.iter().map(|word| last_name(word.as_ref()));
    let is_kin = |name: &[u8]| KIN.contains(&name);
    match words.next() {
        Some(first) if INTERPRETERS.contains(&first) => {
            // `#!/usr/bin/env node` is two of them, for a moment.
            words
                .find(|name| !INTERPRETERS.contains(name))
                .is_some_and(is_kin)
        }
        first => first.is_some_and(is_kin),
    }
}

/// The last name of the path that `word` begins with, without what says that it is
/// a script.
fn last_name(word: &[u8]) -> &[u8] {
    let path = word.split(|&byte| byte == b' ').next().unwrap_or(word);
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    let suffixes: [&[u8]; 4] = [b"-cli.js", b".js", b".cjs", b".mjs"];
    let mut stems = suffixes
        .iter()
        .filter_map(|suffix| name.strip_suffix(*suffix));
    stems.next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(words: &[&str]) -> bool {
        is_one(words)
    }

    #[test]
    fn npm_and_its_kin_are_known_however_they_are_started() {
        for words in [
            &["npm", "start"][..],
            &["npm start"],
            &["npm run serve -- --port 1", "", ""],
            &["./yarn"],
            &["node", "/usr/bin/npm", "start"],
            &["/usr/bin/env", "node", "/usr/local/bin/npm"],
            &["node", "/usr/share/nodejs/npm/bin/npm-cli.js", "start"],
            &["/usr/bin/node", "/opt/yarn/bin/yarn.js"],
            &["node", "/opt/corepack/pnpm/9/bin/pnpm.cjs"],
            &["/bin/sh", "/usr/local/bin/yarnpkg", "start"],
        ] {
            assert!(is(words), "{words:?}");
        }
    }

    #[test]
    fn what_only_speaks_of_npm_is_another_program() {
        for words in [
            &["node", "server.js"][..],
            &["node", "server.js", "npm"],
            &["sh", "-c", "npm start"],
            &["sh", "-c", "node server.js"],
            &["npm-run"],
            &["npm/node"],
            &["vim", "npm"],
            &["node", "--title", "npm"],
            &["", ""],
            &[],
        ] {
            assert!(!is(words), "{words:?}");
        }
    }
}
