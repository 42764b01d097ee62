"""Reads and writes secrets with the official Python SDK, `phase-dev`.

Standard input says where, as one JSON object: `host`, `token`, and whether the
token is a `person`'s. It ends with status 0 if all went as it should.
"""

import json
import sys

from phase import (
    CreateSecretsOptions,
    DeleteSecretOptions,
    GetAllSecretsOptions,
    GetSecretOptions,
    Phase,
    UpdateSecretOptions,
)

PLACE = {"env_name": "Development", "app_name": "web"}


def check(found, wanted):
    if found != wanted:
        sys.exit(f"found {found!r}, wanted {wanted!r}")


def main():
    told = json.load(sys.stdin)
    phase = Phase(init=False, pss=told["token"], host=told["host"])

    def get(key, path="/"):
        options = GetSecretOptions(**PLACE, key_to_find=key, secret_path=path)
        secret = phase.get_secret(options)
        return secret and (secret.value, secret.overridden or False)

    def update(key, **fields):
        options = UpdateSecretOptions(**PLACE, key=key, **fields)
        check(phase.update_secret(options), "Success")

    rows = phase.get_all_secrets(GetAllSecretsOptions(**PLACE))
    check({row.key: row.value for row in rows}, {"HOST": "hé", "URL": "pg://hé/"})
    check([row.comment for row in rows], ["for people", None])
    check([row.tags for row in rows], [["db"], []])
    # The SDK sends a path as Latin-1, which is how the server reads it.
    check(get("PORT", "/bücher"), ("80", False))
    check(get("NOPE"), None)

    pairs = [{"new": "one\n🔒"}, {"EMPTY": ""}]
    options = CreateSecretsOptions(**PLACE, key_value_pairs=pairs, secret_path="/deep")
    check(phase.create_secrets(options), "Success")
    check(get("new", "/deep"), ("one\n🔒", False))
    check(get("EMPTY", "/deep"), ("", False))
    update("new", value="two", secret_path="/deep", destination_path="/")
    check(get("new", "/deep"), None)
    check(get("new"), ("two", False))

    if told["person"]:
        update("HOST", value="mine", override=True)
        check(get("HOST"), ("mine", True))
        update("HOST", toggle_override=True)
        check(get("HOST"), ("hé", False))

    for key, path in [("new", "/"), ("EMPTY", "/deep"), ("NOPE", "/")]:
        options = DeleteSecretOptions(**PLACE, key_to_delete=key, secret_path=path)
        check(phase.delete_secret(options), ["NOPE"] if key == "NOPE" else [])
    check(get("new"), None)


main()
