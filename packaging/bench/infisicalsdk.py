"""Gets all secrets with the official SDK: infisicalsdk.py HOST PROJECT."""

import sys

from infisical_sdk import InfisicalSDKClient

host, project = sys.argv[1:]
with InfisicalSDKClient(host=host) as client:
    client.auth.universal_auth.login("client", "secret")
    answer = client.secrets.list_secrets(
        environment_slug="dev", secret_path="/", project_id=project
    )
assert len(answer.secrets) == int(project), len(answer.secrets)
