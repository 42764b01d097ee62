# Instructions, facts and costs (in this order) as two tables of Markdown.

FNR == 1 { file++ }
file == 1 { instructions[$1] = $2; next }
file == 2 { fact[$1] = $2; next }
{
    name[++rows] = $1
    wall[$1] = $2; cpu[$1] = $3; memory[$1] = $4; faults[$1] = $5
}

function millions(count) { return count == "" ? "–" : sprintf("%.2f", count / 1e6) }

# A row of the second table. `found` and `must` are numbers, `unit` follows both.
function check(what, found, must, unit) {
    printf "| %s | %.2f%s | ≤ %s%s | %s |\n", what, found, unit, must, unit, found <= must + 0 ? "yes" : "**no**"
}

function ratio(cost, one, other) { return cost[one] / cost[other] }

END {
    print "| what | wall ms | CPU ms | M instructions | peak RSS MiB | minor faults |"
    print "|---|---|---|---|---|---|"
    for (row = 1; row <= rows; row++) {
        n = name[row]
        printf "| %s | %.2f | %.2f | %s | %.1f | %d |\n", n, wall[n] / 1e3, cpu[n] / 1e3, \
            millions(instructions[n]), memory[n] / 1024, faults[n]
    }
    here = "EC, 60, one CA"
    print "\n| budget | measured | must | kept |"
    print "|---|---|---|---|"
    check("wall, of curl with the distribution's bundle", ratio(wall, "EC, 60, bundle", "curl: EC, 60, bundle"), 0.15, " ×")
    check("wall, of curl with one CA", ratio(wall, here, "curl: " here), 0.45, " ×")
    check("wall, of the floor", ratio(wall, here, "floor: " here), 1.15, " ×")
    check("wall 20 ms away, of the floor", ratio(wall, here ", 20 ms away", "floor: " here ", 20 ms away"), 1.05, " ×")
    check("CPU, of the floor", ratio(cpu, here, "floor: " here), 1.3, " ×")
    check("instructions, HTTP", instructions["HTTP, 60"] / 1e6, "1.0", " M")
    check("instructions, RSA", instructions["RSA, 60, one CA"] / 1e6, 5.5, " M")
    check("instructions, EC", instructions[here] / 1e6, 27, " M")
    check("minor faults", faults[here], 240, "")
    check("peak RSS, 60 secrets", memory[here] / 1024, "4.0", " MiB")
    check("peak RSS, 1,000 secrets", memory["EC, 1000, one CA"] / 1024, "6.0", " MiB")
    check("binary, static, stripped, with the keyring", fact["size"] / 1e6, "5.0", " MB")
    check("`--version`, of a dynamic `true`", ratio(wall, "`--version`", "execve: dynamic `true`"), "1.0", " ×")
    check("supervising: RSS", fact["idle-memory"] / 1024, 2.5, " MiB")
    check("supervising: wake-ups in 3 s idle", fact["idle-wakes"], 0, "")
    opened = wall["encrypted: HTTP, 1000"] - wall["encrypted: HTTP, 10"]
    bound = fact["bound-1000"] / fact["cores"]
    check("1,000 encrypted secrets, all they take above ten, of two X25519 each", opened / bound, 1.3, " ×")
    sdk = "phase-dev: EC, 1000, one CA"
    ours = "encrypted: EC, 1000, one CA"
    check("wall of 1,000 encrypted secrets, of phase-dev", ratio(wall, ours, sdk), 0.05, " ×")
    check("peak RSS of 1,000 encrypted secrets, of phase-dev", ratio(memory, ours, sdk), 0.2, " ×")
    sdk = "infisicalsdk: " here
    ours = "Infisical: " here
    check("wall of 60 Infisical secrets, of infisicalsdk", ratio(wall, ours, sdk), 0.05, " ×")
    check("peak RSS of 60 Infisical secrets, of infisicalsdk", ratio(memory, ours, sdk), 0.2, " ×")
    printf "\nTwo X25519 for each of 1,000 secrets take %.1f ms on one core.\n", fact["bound-1000"] / 1e3
    printf "\nThe glibc build has %.2f MB.\n", fact["size-glibc"] / 1e6
}
