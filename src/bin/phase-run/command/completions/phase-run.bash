_phase_run() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :command) _phase_run_command "$2"; return ;;
            :files) compopt -o default 2>/dev/null; return ;;
            *) COMPREPLY+=("$line") ;;
        esac
    done < <("${1/#\~/$HOME}" completions bash -- "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
}

# What follows `--`, as if it had been typed alone.
_phase_run_command() {
    local at=1 line
    while [[ ${COMP_WORDS[at]} != -- ]]; do
        ((at++))
    done
    ((at++))
    if declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset "$at"
    elif declare -F _command_offset >/dev/null; then
        _command_offset "$at"
    elif ((at < COMP_CWORD)) || [[ $1 == */* ]]; then
        compopt -o default 2>/dev/null
    else
        while IFS= read -r line; do
            COMPREPLY+=("$line")
        done < <(compgen -c -- "$1")
    fi
}

complete -F _phase_run phase-run
