//! How the static program is linked, where it is released.

#![expect(
    clippy::disallowed_methods,
    reason = "by variables Cargo tells a build script what it builds"
)]

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=packaging/static.ld");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_ENV", "musl") {
        // Relocations in their short form: they are a tenth as long, 160 KB less.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        let folder = env::var("CARGO_MANIFEST_DIR").expect("Cargo sets it");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{folder}/packaging/static.ld");
    }
}
