//! All tests of the program, in one binary.

#[cfg(target_os = "linux")]
mod launch;
mod support;
