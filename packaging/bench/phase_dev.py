"""Gets all secrets with the official SDK: phase_dev.py HOST APP ENVIRONMENT < TOKEN."""

import sys

from phase import GetAllSecretsOptions, Phase

host, app, environment = sys.argv[1:]
phase = Phase(init=False, pss=sys.stdin.read().strip(), host=host)
secrets = phase.get_all_secrets(GetAllSecretsOptions(env_name=environment, app_name=app))
assert len(secrets) == int(app), len(secrets)
