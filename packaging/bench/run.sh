#!/bin/sh
# Prints what a run costs, beside curl and the least that can be done: `run.sh [ROUNDS]`.
#
# Needs Linux, the musl target of Rust and musl-gcc, curl, valgrind, openssl for the RSA chain, and
# python3 with venv, which gets the official SDKs of Phase and Infisical.
# Absolute times are those of the machine; the ratios move less.
set -eu
. "$(dirname "$0")/stage.sh"
rounds=${1:-40}

cargo build --quiet --release --locked --manifest-path "$bench/../../Cargo.toml"
glibc=$bench/../../target/release/phase-run

python=$bench/target/python
[ -x "$python/bin/python" ] || python3 -m venv "$python"
"$python/bin/python" -m pip install --quiet --disable-pip-version-check phase-dev==2.1.2 infisicalsdk==1.0.17

mkdir "$folder/rsa"
for key in leaf:2048 intermediate:2048 root:4096; do
    openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:${key#*:}" -out "$folder/rsa/${key%:*}"
done
start_server "$folder/rsa"
# What a distribution trusts, and ours.
cat /etc/ssl/certs/ca-certificates.crt "$folder/ec.pem" >"$folder/bundle.pem"
one=$folder/ec.pem
bundle=$folder/bundle.pem

# The official SDK of Phase, which gets the token by standard input.
phase_dev() {
    line "$1" "REQUESTS_CA_BUNDLE=$4" sh -c 'exec "$1" "$2" "$3" "$4" development <"$5"' sh \
        "$python/bin/python" "$bench/phase_dev.py" "$2" "$3" "$folder/token"
}
# That of Infisical, whom the server lets in by whatever secret.
infisicalsdk() {
    line "$1" "REQUESTS_CA_BUNDLE=$4" "$python/bin/python" "$bench/infisicalsdk.py" "$2" "$3"
}
line() { (IFS=$tab && printf '%s\n' "$*"); }
curl_of() { line "$1" curl -s --cacert "$4" "$2/service/public/v1/secrets/?app_id=$3&env=development"; }
floor_of() { line "$1" "$tools/floor" "$2/service/public/v1/secrets/?app_id=$3&env=development" "$4" "$folder/true"; }

http=http://localhost:$HTTP ec=https://localhost:$EC rsa=https://localhost:$RSA far=https://localhost:$FAR
demo=$bench/../demo
{
    line 'execve: static `true`' "$folder/true"
    line 'execve: dynamic `true`' "$folder/true-dynamic"
    line '`--version`' "$phase_run" --version
    line 'demo vault' "$phase_run" --vault "$demo/demo.vault" --identity "$demo/identity" --app web -- "$folder/true"
    fetch 'HTTP, 60' "$http" 60 "$one"
    fetch 'RSA, 60, one CA' "$rsa" 60 "$folder/rsa.pem"
    fetch 'EC, 60, one CA' "$ec" 60 "$one"
    fetch 'EC, 60, bundle' "$ec" 60 "$bundle"
    fetch 'EC, 1000, one CA' "$ec" 1000 "$one"
    fetch 'EC, 10000, one CA' "$ec" 10000 "$one"
    fetch 'EC, 60, one CA, 20 ms away' "$far" 60 "$one"
    fetch 'glibc: HTTP, 60' "$http" 60 "$one" "$glibc"
    fetch 'glibc: EC, 60, one CA' "$ec" 60 "$one" "$glibc"
    line 'glibc: `--version`' "$glibc" --version
    sealed 'encrypted: HTTP, 10' "$http" 10 "$one"
    sealed 'encrypted: HTTP, 1000' "$http" 1000 "$one"
    sealed 'encrypted: EC, 60, one CA' "$ec" 60 "$one"
    sealed 'encrypted: EC, 1000, one CA' "$ec" 1000 "$one"
    sealed 'encrypted: EC, 10000, one CA' "$ec" 10000 "$one"
    sealed 'encrypted: EC, 60, one CA, 20 ms away' "$far" 60 "$one"
    phase_dev 'phase-dev: EC, 60, one CA' "$ec" 60 "$one"
    phase_dev 'phase-dev: EC, 1000, one CA' "$ec" 1000 "$one"
    infisical 'Infisical: HTTP, 60' "$http" 60 "$one"
    infisical 'Infisical: EC, 60, one CA' "$ec" 60 "$one"
    infisical 'Infisical: EC, 1000, one CA' "$ec" 1000 "$one"
    infisical 'Infisical: EC, 60, one CA, 20 ms away' "$far" 60 "$one"
    infisicalsdk 'infisicalsdk: EC, 60, one CA' "$ec" 60 "$one"
    infisicalsdk 'infisicalsdk: EC, 1000, one CA' "$ec" 1000 "$one"
    floor_of 'floor: HTTP, 60' "$http" 60 "$one"
    floor_of 'floor: RSA, 60, one CA' "$rsa" 60 "$folder/rsa.pem"
    floor_of 'floor: EC, 60, one CA' "$ec" 60 "$one"
    floor_of 'floor: EC, 1000, one CA' "$ec" 1000 "$one"
    floor_of 'floor: EC, 10000, one CA' "$ec" 10000 "$one"
    floor_of 'floor: EC, 60, one CA, 20 ms away' "$far" 60 "$one"
    curl_of 'curl: HTTP, 60' "$http" 60 "$one"
    curl_of 'curl: EC, 60, one CA' "$ec" 60 "$one"
    curl_of 'curl: EC, 60, bundle' "$ec" 60 "$bundle"
    curl_of 'curl: EC, 1000, bundle' "$ec" 1000 "$bundle"
    curl_of 'curl: EC, 10000, bundle' "$ec" 10000 "$bundle"
} >"$folder/plan"

"$tools/measure" "$rounds" <"$folder/plan" >"$folder/costs"
# The SDKs of another language are not counted: it would take minutes.
grep -v -e '^phase-dev:' -e '^infisicalsdk:' "$folder/plan" | instructions >"$folder/instructions"

# Staying: the memory of the supervisor, and how often it wakes in three idle seconds.
mkfifo "$folder/ready"
PHASE_HOST=$http PHASE_APP_ID=60 PHASE_SERVICE_TOKEN="User $token" \
    "$phase_run" --mode supervise -- sh -c 'echo >"$1"; exec sleep 60' sh "$folder/ready" &
supervisor=$!
read -r _ <"$folder/ready"
sleep 1
switches() { sed -n 's/^voluntary_ctxt_switches:\s*//p' "/proc/$supervisor/status"; }
before=$(switches)
sleep 3
{
    printf 'bound-1000\t%s\n' "$("$tools/bound" 1000)"
    printf 'cores\t%s\n' "$(nproc)"
    printf 'size\t%s\n' "$(stat -c %s "$phase_run")"
    printf 'size-glibc\t%s\n' "$(stat -c %s "$glibc")"
    printf 'idle-memory\t%s\n' "$(sed -n 's/^VmRSS:\s*\([0-9]*\) kB/\1/p' "/proc/$supervisor/status")"
    printf 'idle-wakes\t%s\n' "$(($(switches) - before))"
} >"$folder/facts"
kill "$supervisor"
wait "$supervisor" || true

awk -F "$tab" -f "$bench/table.awk" "$folder/instructions" "$folder/facts" "$folder/costs"
