//! Fuzzes [`phase_run_fuzz::infisical_json`] with libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phase_run_fuzz::infisical_json(data));
