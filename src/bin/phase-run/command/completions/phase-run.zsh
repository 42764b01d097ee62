#compdef phase-run

_phase-run() {
    local line
    local -a found
    for line in "${(@f)$("${(Q)words[1]}" completions zsh -- "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
        case $line in
            (:command)
                # What follows `--`, as if it had been typed alone.
                local -i at=${words[(i)--]}
                shift $at words
                (( CURRENT -= at ))
                _normal
                return
                ;;
            (:files)
                compset -P '--*='
                _files
                return
                ;;
            (?*) found+=("$line") ;;
        esac
    done
    compset -P '--*='
    _describe phase-run found
}

if [[ $funcstack[1] == _phase-run ]]; then
    _phase-run "$@"
else
    compdef _phase-run phase-run
fi
