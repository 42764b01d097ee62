#!/bin/sh
# Shows what phase-run put into the environment. It may: every value is made up.
set -eu
printf '%-13s %s\n' GREETING "$GREETING" DATABASE_URL "$DATABASE_URL" SESSION_KEY "$SESSION_KEY"
