function __phase_run_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    for line in ($words[1] completions fish -- $words "$token" 2>/dev/null)
        switch $line
            case :command
                # What follows `--`, as if it had been typed alone.
                set -l at (contains -i -- -- $words)
                set -e words[1..$at]
                complete -C (string join ' ' -- (string escape -- $words) "$token")
            case :files
                set -l head (string match -r '^--[^=]*=' -- "$token")
                for path in (__fish_complete_path (string replace -- "$head" '' "$token"))
                    echo "$head$path"
                end
            case '*'
                echo $line
        end
    end
end

complete -c phase-run -f -a '(__phase_run_complete)'
