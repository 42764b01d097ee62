//! Modules import downwards only. This test is the map; keep it short.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

type Map = &'static [(&'static str, &'static [&'static str])];

/// Each module of the library, lowest first, with all that it may import.
const LIBRARY: Map = &[
    ("error", &[]),
    ("scope", &["error"]),
    ("pick", &["error"]),
    ("notice", &["scope"]),
    ("secret", &["error", "scope"]),
    ("http", &["error", "secret"]),
    ("provider", &["credentials", "error", "http", "notice", "pick", "scope", "secret"]),
    ("credentials", &["http", "provider", "secret"]),
    ("resolve", &["client", "error", "notice", "scope", "secret"]),
    ("client", &["credentials", "error", "notice", "provider", "resolve", "scope", "secret"]),
];

/// Each module of the program, lowest first, with all that it may import.
const PROGRAM: Map = &[
    ("args", &[]),
    ("exit", &[]),
    ("sys", &[]),
    ("environment", &["exit"]),
    ("settings", &["args", "exit"]),
    ("launch", &["exit", "sys"]),
    ("report", &["args", "exit"]),
    ("fetch", &["exit", "sys"]),
];
