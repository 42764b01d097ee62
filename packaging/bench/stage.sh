# The stage of run.sh and guard.sh, to be sourced there: static programs, a
# server on loopback, and a folder that goes away with them at the end.

bench=$(cd "$(dirname "$0")" && pwd)
musl=$(uname -m)-unknown-linux-musl
cargo build --quiet --release --locked --manifest-path "$bench/../../Cargo.toml" --target "$musl"
cargo build --quiet --release --locked --manifest-path "$bench/Cargo.toml" --target "$musl"
phase_run=$(cd "$bench/../../target/$musl/release" && pwd)/phase-run
tools=$bench/target/$musl/release

folder=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server"; fi; rm -rf "$folder"' EXIT
tab=$(printf '\t')

# Commands to become: one that ends at once, and one that cannot be started, so
# that a profiler sees the whole way there.
musl-gcc -static -Os -o "$folder/true" "$bench/src/true.c"
cc -Os -o "$folder/true-dynamic" "$bench/src/true.c"
printf '\177NO\0' >"$folder/unstartable"
chmod +x "$folder/unstartable"

# Starts the server and sets HTTP, EC, FAR and, given a folder with keys, RSA.
start_server() {
    "$tools/server" "$folder" "$@" &
    server=$!
    until [ -e "$folder/ports" ]; do
        kill -0 "$server" || exit 1
        sleep 0.1
    done
    . "$folder/ports"
}

# A line of a plan: `fetch NAME URL COUNT CA [BINARY]`.
fetch() {
    printf '%s\t' "$1" "PHASE_HOST=$2" "PHASE_APP_ID=$3" "SSL_CERT_FILE=$4" \
        "PHASE_SERVICE_TOKEN=User $token" "${5:-$phase_run}" --
    printf '%s\n' "$folder/true"
}
token=$(printf '%064d' 0)

# The same, end to end encrypted.
sealed() {
    printf '%s\t' "$1" "PHASE_HOST=$2" "PHASE_APP=$3" "SSL_CERT_FILE=$4" \
        "PHASE_SERVICE_TOKEN_FILE=$folder/token" "${5:-$phase_run}" --
    printf '%s\n' "$folder/true"
}

# The same from Infisical, after a login.
infisical() {
    printf '%s\t' "$1" "INFISICAL_DOMAIN=$2" "INFISICAL_PROJECT_ID=$3" "SSL_CERT_FILE=$4" \
        INFISICAL_UNIVERSAL_AUTH_CLIENT_ID=client INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET=secret \
        "${5:-$phase_run}" --
    printf '%s\n' "$folder/true"
}

# The user instructions of each line of a plan, up to the end or to a command
# that cannot be started.
instructions() {
    while IFS= read -r line; do
        (
            IFS=$tab
            set -f
            set -- $(printf '%s' "$line" | sed "s|$folder/true\$|$folder/unstartable|")
            name=$1
            shift
            # The variables at the front, then the command under the profiler.
            env -i "PATH=$PATH" sh -c '
                for word; do
                    shift
                    case $word in
                    *=*) export "$word" ;;
                    *) exec valgrind --tool=callgrind --callgrind-out-file=/dev/null "$word" "$@" ;;
                    esac
                done
            ' sh "$@" 2>&1 >/dev/null </dev/null | sed -n "s|.*Collected : |$name$tab|p"
        )
    done
}
