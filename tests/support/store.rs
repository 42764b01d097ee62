//! Where a run gets its secrets from.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use phase_run::{
    App, Client, Credentials, Folder, NewSecret, Place, SecretName, SecretType, SecretValue,
    VaultFile, VaultIdentity,
};
use tempfile::TempDir;

use super::server::Server;

/// A token that no server knows, and every fake one takes.
pub(crate) const TOKEN: &str =
    "ServiceAccount 1111111111111111111111111111111111111111111111111111111111111111";

/// Where the secrets are.
#[derive(Debug, Default)]
pub(crate) enum Store {
    /// A vault with one secret, which is left out: the command's environment
    /// is that of `phase-run`.
    #[default]
    Empty,
    /// Nothing is said of it.
    Nowhere,
    /// A Phase server at this URL.
    Phase(String),
    /// A vault made for this run, with these secrets: folder, name, value.
    Vault(Vec<(String, String, String)>),
}

/// One vault for all the tests that need no secrets.
static EMPTY: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let vault = make(
        folder.path(),
        &[("/".into(), "LEFT_OUT".into(), "x".into())],
    );
    (folder, vault)
});

impl Store {
    /// Tells `command` of it. Files go into `folder`.
    pub(super) fn tell(&self, command: &mut Command, folder: &Path) {
        match self {
            Self::Empty => {
                vault(command, &EMPTY.1);
                command.args(["--exclude", "*"]);
            }
            Self::Nowhere => {}
            Self::Phase(url) => {
                command.env("PHASE_HOST", url);
                command.env("PHASE_SERVICE_TOKEN", TOKEN);
                command.args(["--app-id", "web-id"]);
            }
            Self::Vault(secrets) => vault(command, &make(folder, secrets)),
        }
    }
}

/// The URL of a server that never answers. It lasts as long as the tests do.
pub(crate) fn silent() -> String {
    use super::server::Reply;
    static SILENT: LazyLock<Server> = LazyLock::new(|| Server::always(Reply::hang()));
    SILENT.url()
}

fn vault(command: &mut Command, file: &Path) {
    let identity = file.with_file_name("test.identity");
    command.arg("--vault").arg(file);
    command.arg("--identity").arg(identity);
    command.args(["--app", "web"]);
}

/// Makes a vault and its identity in `folder`.
pub(crate) fn make(folder: &Path, secrets: &[(String, String, String)]) -> PathBuf {
    let file = folder.join("test.vault");
    let identity = VaultIdentity::generate();
    identity.save(&folder.join("test.identity")).unwrap();
    let place = Place {
        app: App::Name("web".to_owned()),
        environment: "development".to_owned(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        VaultFile::new(&file, identity.key())
            .create(&[])
            .await
            .unwrap();
        let client = Client::new(Credentials::Vault {
            file: file.clone(),
            key: identity.key(),
        });
        let client = client.unwrap();
        for (folder, name, value) in secrets {
            let secret = NewSecret {
                comment: String::new(),
                folder: Folder::new(folder).unwrap(),
                kind: SecretType::Secret,
                name: SecretName::new(name).unwrap(),
                personal: None,
                tags: Vec::new(),
                value: SecretValue::new(value.clone()),
            };
            client.create(&place, &secret).await.unwrap();
        }
    });
    file
}
