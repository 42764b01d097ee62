#!/bin/sh
# Fuzzes each target for SECONDS (30): with libFuzzer where it can be built, else
# by random changes of the saved inputs. Fails on a finding, and names its input.
# Nothing is fetched but crates, and cargo-fuzz itself where it is missing.
set -eu

seconds=${1:-30}
cd "$(dirname "$0")"
artifacts=$PWD/artifacts

# cargo-fuzz needs flags that stable compilers hide.
export RUSTC_BOOTSTRAP=1

targets="ciphertext cli_login infisical_json project_file reference rest_json sealed_json token vault"

without_libfuzzer() {
    echo "fuzz: $1; the targets run as plain tests over the saved inputs and random changes of them"
    RUSTFLAGS='--cfg fuzzing' cargo build --locked --release --no-default-features --bin replay
    # What takes more memory than this is a finding. (Addresses, not pages in use.)
    ulimit -v 1500000
    exec target/release/replay "$seconds" seeds "$artifacts"
}

if ! command -v cargo-fuzz >/dev/null; then
    cargo install cargo-fuzz --locked || without_libfuzzer "cargo-fuzz cannot be installed"
fi
cargo fuzz build --fuzz-dir . || without_libfuzzer "libFuzzer cannot be built"

status=0
for target in $targets; do
    mkdir -p "corpus/$target"
    echo "fuzz: $target, libFuzzer, $seconds s"
    log=$(mktemp)
    if cargo fuzz run --fuzz-dir . "$target" "corpus/$target" "seeds/$target" -- \
        -max_total_time="$seconds" -timeout=10 -max_len=4096 -rss_limit_mb=1024 -malloc_limit_mb=64 \
        -verbosity=1 >"$log" 2>&1
    then
        grep -E '^Done|^INFO: +[0-9]+ files' "$log" || tail -n 3 "$log"
    else
        tail -n 80 "$log"
        echo "fuzz: $target: a finding, see $artifacts/$target"
        status=1
    fi
    rm -f "$log"
done
exit "$status"
