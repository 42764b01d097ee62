"""Logs in, reads and writes with the older official Python SDK of Infisical, `infisical-python`.

Standard input says where and as whom, as one JSON object. It ends with status 0 if all went
as it should, and leaves everything as it was.
"""

import json
import os
import sys
import tempfile

from infisical_client import (
    AuthenticationOptions,
    AWSIamAuthMethod,
    ClientSettings,
    CreateSecretOptions,
    DeleteSecretOptions,
    GetSecretOptions,
    InfisicalClient,
    KubernetesAuthMethod,
    ListSecretsOptions,
    UniversalAuthMethod,
    UpdateSecretOptions,
)


def check(found, wanted):
    if found != wanted:
        sys.exit(f"found {found!r}, wanted {wanted!r}")


def main():
    told = json.load(sys.stdin)
    os.environ.update(told["aws"])
    root = {"environment": "dev", "project_id": told["project"], "path": "/"}

    def client(**auth):
        auth = AuthenticationOptions(**auth)
        return InfisicalClient(ClientSettings(site_url=told["host"], cache_ttl=0, auth=auth))

    def listed(client, **fields):
        options = ListSecretsOptions(**root, expand_secret_references=True, **fields)
        return {row.secret_key: row.secret_value for row in client.listSecrets(options)}

    method = UniversalAuthMethod(told["client_id"], told["client_secret"])
    known = client(universal_auth=method)
    own = {"HOST": "hé", "URL": "pg://hé:80/"}
    check(listed(known), own)
    check(listed(known, include_imports=True), {**own, "SHARED": "from staging"})
    check(listed(known, recursive=True), {**own, "PORT": "80"})

    def get(key):
        return known.getSecret(GetSecretOptions(**root, secret_name=key)).secret_value

    # It asks for no expansion here.
    check(get("URL"), "pg://${HOST}:${dev.db.PORT}/")
    new = {**root, "secret_name": "NEW", "type": "shared"}
    known.createSecret(CreateSecretOptions(**new, secret_value=" one\n"))
    check(get("NEW"), "one\n")
    known.updateSecret(UpdateSecretOptions(**new, secret_value="two"))
    check(get("NEW"), "two")
    known.deleteSecret(DeleteSecretOptions(**new))
    try:
        get("NEW")
        sys.exit("it is still there")
    except Exception as refusal:
        check("not found" in str(refusal), True)

    with tempfile.NamedTemporaryFile("w") as file:
        file.write(told["kubernetes"] + "\n")
        file.flush()
        method = KubernetesAuthMethod(told["identity"], file.name)
        check(listed(client(kubernetes=method)), own)
    check(listed(client(aws_iam=AWSIamAuthMethod(told["identity"]))), own)


main()
