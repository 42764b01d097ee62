//! Fuzzes [`phase_run_fuzz::cli_login`] with libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phase_run_fuzz::cli_login(data));
