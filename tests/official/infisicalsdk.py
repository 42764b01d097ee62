"""Logs in, reads and writes with the official Python SDK of Infisical, `infisicalsdk`.

Standard input says where and as whom, as one JSON object. It ends with status 0 if all went
as it should, and leaves everything as it was.
"""

import json
import os
import sys

from infisical_sdk import InfisicalSDKClient
from infisical_sdk.infisical_requests import InfisicalError

HIDDEN = "<hidden-by-infisical>"


def check(found, wanted):
    if found != wanted:
        sys.exit(f"found {found!r}, wanted {wanted!r}")


def main():
    told = json.load(sys.stdin)
    os.environ.update(told["aws"])
    project = told["project"]
    client = InfisicalSDKClient(host=told["host"], cache_ttl=None)
    dev = {"environment_slug": "dev", "project_id": project}
    root = {**dev, "secret_path": "/"}

    def refused(action, *args, **fields):
        try:
            action(*args, **fields)
        except InfisicalError:
            return True
        return False

    auth = client.auth
    check(refused(auth.universal_auth.login, told["client_id"], "wrong"), True)
    made = auth.universal_auth.login(told["client_id"], told["client_secret"])
    check((made.expiresIn, made.tokenType), (7200, "Bearer"))

    secrets = client.secrets
    found = secrets.list_secrets(**root)
    values = {row.secretKey: row.secretValue for row in found.secrets}
    check(values, {"HOST": "hé", "URL": "pg://hé:80/"})
    check([tag["slug"] for tag in found.secrets[0].tags], ["web"])
    check([row["secretValue"] for row in found.imports[0].secrets], ["from staging"])
    options = {"recursive": True, "view_secret_value": False, "tag_filters": ["web"]}
    found = secrets.list_secrets(**root, **options)
    check([row.secretValue for row in found.secrets], [HIDDEN])
    check(secrets.get_secret_by_name("SHARED", **root).secretValue, "from staging")

    secrets.create_secret_by_name("NEW", **root, secret_value="  one\n", secret_comment="c")
    check(secrets.get_secret_by_name("NEW", **root).secretValue, "one\n")
    check(refused(secrets.create_secret_by_name, "NEW", **root, secret_value="two"), True)
    change = {"secret_value": "two", "new_secret_name": "NEWER"}
    changed = secrets.update_secret_by_name("NEW", **root, **change)
    check((changed.secretKey, changed.secretValue, changed.version), ("NEWER", "two", 2))
    secrets.delete_secret_by_name("NEWER", **root)
    check(refused(secrets.get_secret_by_name, "NEWER", **root), True)

    folder = client.folders.create_folder("new", **dev)
    folder = client.folders.update_folder(folder.id, "newer", **dev)
    check(client.folders.get_folder_by_id(folder.id).name, "newer")
    names = [row.name for row in client.folders.list_folders(project, "dev", "/").folders]
    check(names, ["db", "newer"])
    client.folders.delete_folder("newer", **dev)

    place = {"project_slug": "shop", "environment_slug": "dev"}
    made = client.dynamic_secrets.leases.create("pg", **place, ttl="30m")
    check(made.data, {"DB_USER": "db_user-1"})
    client.dynamic_secrets.leases.renew(made.lease.id, **place, ttl="1h")
    client.dynamic_secrets.leases.revoke(made.lease.id, **place)
    check(refused(client.dynamic_secrets.leases.get, made.lease.id, **place), True)

    auth.oidc_auth.login(told["identity"], "an.oidc.token")
    auth.ldap_auth.login(told["identity"], "ann", "p")
    auth.aws_auth.login(told["identity"])
    check(secrets.get_secret_by_name("HOST", **root).secretValue, "hé")


main()
