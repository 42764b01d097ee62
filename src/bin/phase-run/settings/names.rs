//! Every environment variable that the program reads or removes, once.

/// A variable, and what it means.
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
}

const fn variable(name: &'static str, meaning: &'static str) -> Variable {
    Variable { name, meaning }
}

/// All that are read, in the order of the README's table.
pub(crate) const ALL: &[Variable] = &[
    variable(
        "PHASE_SERVICE_TOKEN",
        "the Phase token: any `pss_…` token, or a REST API token",
    ),
    variable(
        "PHASE_SERVICE_TOKEN_FILE",
        "a file with the Phase token, like `--token-file`",
    ),
    variable("PHASE_HOST", "`--host`"),
    variable("PHASE_APP", "`--app`"),
    variable("PHASE_APP_ID", "`--app-id`"),
    variable("PHASE_ENV", "`--env`"),
    variable("PHASE_PATH", "`--path`; several are separated by `:`"),
    variable("PHASE_TAGS", "`--tag`; several are separated by `,`"),
    variable(
        "PHASE_VERIFY_SSL",
        "`false`, `0`, `no` or `off` is `--insecure`",
    ),
    variable(
        "PHASE_CONFIG_PARENT_DIR_SEARCH_DEPTH",
        "how many parents are searched for `.phase.json`; 8",
    ),
    variable("PHASE_RUN_PROVIDER", "`--provider`"),
    variable("PHASE_RUN_API", "`--api`"),
    variable("PHASE_RUN_AUTH", "`--auth`"),
    variable("PHASE_SERVICE_ACCOUNT_ID", "`--service-account-id`"),
    variable("PHASE_RUN_TIMEOUT", "`--timeout`"),
    variable("PHASE_RUN_VAULT", "`--vault`"),
    variable(
        "PHASE_RUN_IDENTITY",
        "the age identity itself, or a file with it, like `--identity`",
    ),
    variable(
        "PHASE_RUN_VAULT_PASSPHRASE",
        "the passphrase of a vault that has one",
    ),
    variable(
        "PHASE_RUN_VAULT_PASSPHRASE_FILE",
        "a file with that passphrase",
    ),
    variable(
        "PHASE_RUN_VAULT_WORK_FACTOR",
        "the most scrypt work that a vault's passphrase may take, a power of two; 18",
    ),
    variable(
        "PHASE_RUN_LOG",
        "`error`, `warn`, `info` (`-v`), `debug` (`-vv`) or `trace`",
    ),
    variable("PHASE_RUN_SYSEXITS", "`--sysexits`"),
    variable("PHASE_RUN_LOG_FORMAT", "`--log-format`"),
    variable("PHASE_RUN_QUIET", "`--quiet`"),
    variable(
        "PHASE_RUN_VERBOSE",
        "`--verbose`: yes or no, or `2` for `-vv`",
    ),
    variable("PHASE_RUN_CA_CERT", "`--ca-cert`"),
    variable("PHASE_RUN_PROJECT_FILE", "`--project-file`"),
    variable("PHASE_RUN_NO_PROJECT_FILE", "`--no-project-file`"),
    variable("PHASE_RUN_NO_PERSONAL", "`--no-personal`"),
    variable("PHASE_RUN_ACCEPT_NEW_KEY", "`--accept-new-key`"),
    variable("PHASE_RUN_ACCEPT_RECIPIENTS", "`--accept-recipients`"),
    variable(
        "PHASE_RUN_ALLOW_EMPTY",
        "`--allow-empty`, but for `secrets create` and `update`",
    ),
    variable("PHASE_RUN_ALLOW_PARTIAL", "`--allow-partial`"),
    variable("PHASE_RUN_ALLOW_UNRESOLVED", "`--allow-unresolved`"),
    variable("PHASE_RUN_ONLY", "`--only`; several are separated by `,`"),
    variable(
        "PHASE_RUN_EXCLUDE",
        "`--exclude`; several are separated by `,`",
    ),
    variable(
        "PHASE_RUN_REQUIRE",
        "`--require`; several are separated by `,`",
    ),
    variable(
        "PHASE_RUN_RENAME",
        "`--rename`; several are separated by `,`",
    ),
    variable("PHASE_RUN_PREFIX", "`--prefix`"),
    variable(
        "PHASE_RUN_PRESERVE_ENV",
        "`--preserve-env`: `true`, or names separated by `,`",
    ),
    variable(
        "PHASE_RUN_CLEAN_ENV",
        "`--clean-env`: `true`, or names separated by `,`",
    ),
    variable("PHASE_RUN_PASS_AUTH", "`--pass-auth`"),
    variable("PHASE_RUN_MODE", "`--mode`"),
    variable("PHASE_RUN_SIGNAL_SCOPE", "`--signal-scope`"),
    variable(
        "PHASE_RUN_MAP_SIGNAL",
        "`--map-signal`; several are separated by `,`",
    ),
    variable("PHASE_RUN_KILL_AFTER", "`--kill-after`"),
    variable("PHASE_RUN_NO_PDEATHSIG", "`--no-pdeathsig`"),
    variable("PHASE_RUN_LEASES", "`--leases`"),
    variable("PHASE_RUN_LEASE_TTL", "`--lease-ttl`"),
    variable("PHASE_RUN_REVOKE_LEASES", "`--revoke-leases`"),
    variable(
        "PHASE_RUN_COMMAND",
        "`--command`, where no command was typed",
    ),
    variable("PHASE_RUN_SHELL", "`--shell`"),
    variable(
        "CREDENTIALS_DIRECTORY",
        "set by systemd: `phase-token` and `age-identity` are looked for in it",
    ),
    variable(
        "DBUS_SESSION_BUS_ADDRESS",
        "the session bus that the keyring is on; `$XDG_RUNTIME_DIR/bus`",
    ),
    variable(
        "SSL_CERT_FILE",
        "a bundle of root certificates that replaces the system's",
    ),
    variable(
        "SSL_CERT_DIR",
        "a folder of them, under their hashes; for want of a bundle",
    ),
    variable(
        "HTTPS_PROXY",
        "a proxy for `https` servers; likewise `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`",
    ),
    variable(
        "XDG_CONFIG_HOME",
        "where `phase-run/config.toml`, `…/identity` and `…/logins.json` are; `~/.config`",
    ),
    variable(
        "XDG_CACHE_HOME",
        "where `phase-run` remembers ids, and no secrets; `~/.cache`",
    ),
    variable("CACHE_DIRECTORY", "set by systemd: the same, for a service"),
    variable(
        "XDG_STATE_HOME",
        "where `phase-run` remembers what it trusted at first use; `~/.local/state`",
    ),
    variable("STATE_DIRECTORY", "set by systemd: the same, for a service"),
    variable(
        "SUDO_UID",
        "set by sudo: to root, the files of this user are no stranger's",
    ),
    variable("NO_COLOR", "no colour in messages, not even on a terminal"),
    variable(
        "TERM",
        "`dumb`, or none: a prompt does not ask the terminal to mark what is pasted",
    ),
];

/// Those that are read for Infisical alone, in the order of the README's table.
pub(crate) const INFISICAL: &[Variable] = &[
    variable(
        "INFISICAL_UNIVERSAL_AUTH_ACCESS_TOKEN",
        "an access token, or a service token (`st.…`)",
    ),
    variable("INFISICAL_ACCESS_TOKEN", "the same, after it"),
    variable("INFISICAL_TOKEN", "the same, after both"),
    variable(
        "INFISICAL_AUTH_METHOD",
        "`--auth`, by the names of `infisical login --method`; goes before a token",
    ),
    variable("INFISICAL_UNIVERSAL_AUTH_CLIENT_ID", "`--client-id`"),
    variable(
        "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET",
        "the secret of that client",
    ),
    variable("INFISICAL_CLIENT_ID", "`--client-id`, after the other"),
    variable("INFISICAL_CLIENT_SECRET", "the secret, after the other"),
    variable(
        "INFISICAL_MACHINE_IDENTITY_CLIENT_ID",
        "`--client-id`, after both",
    ),
    variable(
        "INFISICAL_MACHINE_IDENTITY_CLIENT_SECRET",
        "the secret, after both",
    ),
    variable("INFISICAL_MACHINE_IDENTITY_ID", "`--machine-identity-id`"),
    variable(
        "INFISICAL_AWS_IAM_AUTH_IDENTITY_ID",
        "the identity, for `--auth aws-iam`, which need not be said then",
    ),
    variable(
        "INFISICAL_GCP_AUTH_IDENTITY_ID",
        "the same for `gcp-id-token`, or `gcp-iam` where there is a key",
    ),
    variable(
        "INFISICAL_GCP_IAM_AUTH_IDENTITY_ID",
        "the same for `gcp-iam`",
    ),
    variable(
        "INFISICAL_GCP_IAM_SERVICE_ACCOUNT_KEY_FILE_PATH",
        "the key of the service account, a file, for `gcp-iam`",
    ),
    variable(
        "INFISICAL_KUBERNETES_IDENTITY_ID",
        "the identity, for `--auth kubernetes`",
    ),
    variable(
        "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH",
        "the pod's token; where Kubernetes puts it",
    ),
    variable(
        "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH_ENV_NAME",
        "the same",
    ),
    variable(
        "INFISICAL_AZURE_AUTH_IDENTITY_ID",
        "the identity, for `--auth azure`",
    ),
    variable(
        "INFISICAL_OIDC_AUTH_IDENTITY_ID",
        "the identity, for `--auth oidc`",
    ),
    variable("INFISICAL_JWT", "the JWT, for `jwt`, `oidc` and `spiffe`"),
    variable("INFISICAL_OIDC_AUTH_JWT", "the JWT, for `oidc`"),
    variable(
        "INFISICAL_LDAP_AUTH_IDENTITY_ID",
        "the identity, for `--auth ldap`",
    ),
    variable("INFISICAL_LDAP_USERNAME", "the account's name, for `ldap`"),
    variable("INFISICAL_LDAP_PASSWORD", "its password"),
    variable(
        "INFISICAL_OCI_AUTH_IDENTITY_ID",
        "the identity, for `--auth oci`",
    ),
    variable(
        "INFISICAL_AUTH_ORGANIZATION_SLUG",
        "`--organization`, for an identity",
    ),
    variable("INFISICAL_DOMAIN", "`--host`; with or without `/api`"),
    variable("INFISICAL_API_URL", "the same, after it"),
    variable("INFISICAL_URL", "the same, after both"),
    variable("INFISICAL_PROJECT_ID", "`--app-id`"),
    variable("INFISICAL_ENVIRONMENT", "`--env`"),
    variable("INFISICAL_SECRET_PATH", "`--path`"),
    variable(
        "INFISICAL_CUSTOM_HEADERS",
        "headers for the server: `Name=Value`, separated by spaces",
    ),
    variable(
        "INFISICAL_SSL_CERTIFICATE",
        "more root certificates, PEM, as text",
    ),
    variable(
        "INFISICAL_VERIFY_SSL",
        "`false`, `0`, `no` or `off` is `--insecure`",
    ),
    variable("INFISICAL_PROFILE", "the profile of `infisical login`"),
    variable(
        "INFISICAL_ORG",
        "`--organization`, for a login: id, slug or name",
    ),
    variable("INFISICAL_ORGANIZATION_ID", "the same, by id"),
    variable(
        "INFISICAL_VAULT_FILE_PASSPHRASE",
        "the passphrase of the CLI's `file` vault",
    ),
];

/// Whether `name` holds a credential of ours, which a child does not inherit.
pub(crate) fn is_credential(name: &[u8]) -> bool {
    const EXACT: [&[u8]; 4] = [
        // Some of them are what lets us through a door before the server.
        b"INFISICAL_CUSTOM_HEADERS",
        b"PHASE_SERVICE_TOKEN",
        b"PHASE_RUN_VAULT_PASSPHRASE",
        b"PHASE_RUN_IDENTITY",
    ];
    const ENDS: [&[u8]; 5] = [b"TOKEN", b"SECRET", b"PASSWORD", b"PASSPHRASE", b"JWT"];
    EXACT.contains(&name)
        || name.starts_with(b"INFISICAL_") && ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether the value of `name` is taken as it is: somebody chose every character
/// of it, or it is no setting of ours.
pub(crate) fn is_as_it_is(name: &str) -> bool {
    const PASSWORDS: [&str; 3] = [
        "INFISICAL_LDAP_PASSWORD",
        "INFISICAL_VAULT_FILE_PASSPHRASE",
        "PHASE_RUN_VAULT_PASSPHRASE",
    ];
    const OF_THE_SYSTEM: [&str; 5] = ["HOME", "PATH", "PWD", "SHELL", "USER"];
    PASSWORDS.contains(&name) || OF_THE_SYSTEM.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_taken_as_they_are_and_tokens_are_not() {
        let chosen = |name: &str| name.ends_with("PASSWORD") || name.ends_with("PASSPHRASE");
        for variable in ALL.iter().chain(INFISICAL) {
            assert_eq!(
                is_as_it_is(variable.name),
                chosen(variable.name),
                "{}",
                variable.name
            );
        }
        assert!(is_as_it_is("HOME"));
    }

    #[test]
    fn credentials_of_every_provider_are_known_and_plain_settings_are_not() {
        for name in [
            "PHASE_SERVICE_TOKEN",
            "INFISICAL_TOKEN",
            "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET",
            "INFISICAL_JWT",
            "INFISICAL_CUSTOM_HEADERS",
        ] {
            assert!(is_credential(name.as_bytes()), "{name}");
        }
        for name in [
            "PHASE_SERVICE_TOKEN_FILE",
            "PHASE_APP",
            "INFISICAL_DOMAIN",
            "GITHUB_TOKEN",
            "INFISICAL_TOKEN_FILE",
        ] {
            assert!(!is_credential(name.as_bytes()), "{name}");
        }
    }
}
