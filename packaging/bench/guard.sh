#!/bin/sh
# Fails if what can be counted exactly has grown past `budgets.txt`: size, crates,
# instructions and page faults. No time is measured.
set -eu
. "$(dirname "$0")/stage.sh"

start_server
{
    printf '%s\t' version-instructions "$phase_run" && echo --version
    fetch run-instructions "http://localhost:$HTTP" 60 /nonexistent
    infisical infisical-instructions "http://localhost:$HTTP" 60 /nonexistent
} | instructions >"$folder/found"
fetch run-faults "http://localhost:$HTTP" 60 /nonexistent | "$tools/measure" 9 | cut -f 1,5 >>"$folder/found"
printf 'crates\t%s\n' "$(grep -c '^\[\[package\]\]' "$bench/../../Cargo.lock")" >>"$folder/found"
printf 'size\t%s\n' "$(stat -c %s "$phase_run")" >>"$folder/found"

awk '
    /^(#|$)/ { next }
    NR == FNR { found[$1] = $2; next }
    {
        over = !($1 in found) || found[$1] > $2
        printf "%-22s %10s of %10d%s\n", $1, found[$1], $2, over ? "  PAST ITS BUDGET" : ""
        failed += over
    }
    END { exit failed > 0 }
' "$folder/found" "$bench/budgets.txt"
