//! Modules import downwards only. This test is the map; keep it short.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

type Map = &'static [(&'static str, &'static [&'static str])];

/// Each module of the library, lowest first, with all that it may import.
const LIBRARY: Map = &[
    ("error", &[]),
    ("outside", &[]),
    ("file_owners", &["error"]),
    ("scope", &["error", "outside"]),
    ("pick", &["error", "outside"]),
    ("notice", &["error", "scope"]),
    ("secret", &["error", "outside", "scope"]),
    ("emptiness", &["error", "scope", "secret"]),
    ("named_file", &["error", "secret"]),
    ("secret_set", &["error", "scope", "secret"]),
    ("regular", &[]),
    ("trust", &["error", "regular"]),
    ("jwt", &[]),
    (
        "cli_login",
        &["error", "jwt", "outside", "regular", "secret"],
    ),
    ("lease", &["scope"]),
    ("owner", &[]),
    ("plan", &["lease"]),
    ("http", &["error", "named_file", "outside", "secret"]),
    (
        "identity",
        &[
            "error",
            "http",
            "named_file",
            "outside",
            "regular",
            "secret",
        ],
    ),
    (
        "credentials",
        &["error", "http", "identity", "outside", "secret"],
    ),
    (
        "chain",
        &[
            "credentials",
            "error",
            "identity",
            "jwt",
            "outside",
            "secret",
        ],
    ),
    (
        "provider",
        &[
            "credentials",
            "emptiness",
            "error",
            "file_owners",
            "http",
            "lease",
            "identity",
            "jwt",
            "notice",
            "outside",
            "owner",
            "pick",
            "plan",
            "scope",
            "regular",
            "secret",
            "secret_set",
            "trust",
        ],
    ),
    (
        "resolve",
        &["error", "notice", "plan", "scope", "secret", "secret_set"],
    ),
    (
        "client",
        &[
            "credentials",
            "error",
            "file_owners",
            "lease",
            "notice",
            "owner",
            "plan",
            "provider",
            "resolve",
            "scope",
            "secret",
            "trust",
        ],
    ),
    ("fuzz", &["cli_login", "provider", "resolve"]),
];

/// Each module of the program, lowest first, with all that it may import.
const PROGRAM: Map = &[
    ("args", &[]),
    ("exit", &[]),
    ("sys", &[]),
    ("advice", &["args", "exit"]),
    ("usage", &["args", "exit"]),
    ("print", &["exit", "sys"]),
    ("report", &["args", "exit", "print", "sys"]),
    ("environment", &["exit"]),
    ("fetch", &["exit", "sys"]),
    ("keyring", &["fetch"]),
    (
        "settings",
        &["args", "exit", "fetch", "keyring", "sys", "usage"],
    ),
    ("variables", &["report", "settings"]),
    ("waiting", &["exit", "fetch", "report"]),
    ("launch", &["exit", "sys"]),
    ("pending_leases", &["fetch", "report"]),
    ("hint", &["settings"]),
    ("preview", &["environment", "exit", "print"]),
    (
        "command",
        &[
            "args", "exit", "fetch", "keyring", "print", "report", "settings", "sys",
        ],
    ),
    (
        "run",
        &[
            "args",
            "environment",
            "exit",
            "pending_leases",
            "hint",
            "launch",
            "preview",
            "report",
            "settings",
            "sys",
            "waiting",
        ],
    ),
];

/// What stands above all modules, and may import any of them.
const ROOTS: [&str; 3] = ["lib.rs", "main.rs", "bin"];

#[test]
fn the_library_imports_downwards_only() {
    check(&root().join("src"), LIBRARY);
}

#[test]
fn the_program_imports_downwards_only() {
    check(&root().join("src/bin/phase-run"), PROGRAM);
}

#[test]
fn unsafe_code_stands_in_the_fence_alone() {
    for (file, text) in sources(&root().join("src")) {
        let fenced = file.contains("phase-run/sys/");
        let code = text
            .lines()
            .map(str::trim_start)
            .filter(|line| !line.starts_with("//"));
        let found = code
            .into_iter()
            .any(|line| line.contains("unsafe ") || line.contains("unsafe("));
        assert!(
            fenced || !found,
            "{file} has unsafe code outside src/bin/phase-run/sys"
        );
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn check(folder: &Path, map: Map) {
    for (at, (module, imports)) in map.iter().enumerate() {
        for import in *imports {
            let below = map[..at].iter().any(|(lower, _)| lower == import);
            assert!(
                below,
                "the map lets {module} import {import}, which is not below it"
            );
        }
    }
    let mut seen = BTreeSet::new();
    for (file, text) in sources(folder) {
        let relative = file
            .trim_start_matches(&*folder.to_string_lossy())
            .trim_start_matches('/');
        let module = relative.split('/').next().unwrap_or(relative);
        if ROOTS.contains(&module) {
            continue;
        }
        let module = module.trim_end_matches(".rs");
        seen.insert(module.to_owned());
        let row = map.iter().find(|(name, _)| *name == module);
        let (_, allowed) = row.unwrap_or_else(|| panic!("{module} is missing from the map"));
        for import in imports(&text) {
            assert!(
                import == module || allowed.contains(&import.as_str()),
                "{file} imports {import}, and the map does not let {module} do so"
            );
        }
    }
    for (module, _) in map {
        assert!(
            seen.contains(*module),
            "the map names {module}, which is not there"
        );
    }
}

/// The modules that `text` names by `crate::`, up to its tests. What begins
/// with a capital letter, or is a macro or a function, is re-exported by the root.
fn imports(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or(text);
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code: String = lines.collect::<Vec<_>>().join("\n");
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let mut found = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(group) => {
                let group = group.split('}').next().unwrap_or(group);
                found.extend(group.split(',').map(|part| word(part.trim())));
            }
            None => {
                found.insert(word(after));
            }
        }
    }
    found.retain(|name| name.chars().next().is_some_and(char::is_lowercase));
    found
}

/// Every source file below `folder`, by its path.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.to_string_lossy().into_owned(), text));
        }
    }
    found
}
