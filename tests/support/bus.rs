//! A session bus of one's own, with a real keyring on it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use zbus::Connection;

use self::service::Service;
use super::needs;
use super::wait::until;

// The program's own calls, to make what other programs would have made.
#[expect(dead_code, reason = "the tests need a few of them")]
#[path = "../../src/bin/phase-run/keyring/secret_service/service.rs"]
mod service;

/// A bus that nobody else is on. No service but ours can be started there.
const CONFIGURATION: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=FOLDER</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// The bus and the keyring. Both end with this.
pub(crate) struct Bus {
    pub(crate) address: String,
    daemons: Vec<Child>,
    folder: TempDir,
}

impl Bus {
    /// With a keyring that is open, and empty; none where its programs are not there.
    pub(crate) fn with_keyring() -> Option<Self> {
        if !needs::are_there(&["gnome-keyring-daemon", "secret-tool"]) {
            return None;
        }
        let mut bus = Self::bare()?;
        let home = bus.folder.path();
        let mut keyring = Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .env_clear()
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", home)
            .env("DBUS_SESSION_BUS_ADDRESS", &bus.address)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon starts");
        let mut input = keyring.stdin.take().expect("a pipe");
        input.write_all(b"its password").expect("it reads that");
        drop(input);
        bus.daemons.push(keyring);
        until("a keyring with a collection", || {
            bus.ask(async |service, _| service.default_collection().await.ok())?
        });
        Some(bus)
    }

    /// Without a keyring; none where there are no buses.
    pub(crate) fn bare() -> Option<Self> {
        if !needs::are_there(&["dbus-daemon"]) {
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("bus.conf");
        let place = folder.path().to_str().expect("a plain path");
        fs::write(&file, CONFIGURATION.replace("FOLDER", place)).expect("a file of ours");
        let mut daemon = Command::new("dbus-daemon")
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .arg("--config-file")
            .arg(file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon starts");
        let mut address = String::new();
        let output = daemon.stdout.take().expect("a pipe");
        BufReader::new(output)
            .read_line(&mut address)
            .expect("its address");
        Some(Self {
            address: address.trim().to_owned(),
            daemons: vec![daemon],
            folder,
        })
    }

    /// Puts an entry into the keyring, with these attributes and no others.
    pub(crate) fn put(&self, attributes: &[(&str, &str)], secret: &str) {
        let attributes = attributes.iter().copied().collect();
        let made = self.ask(async |service, _| {
            let collection = service.default_collection().await.ok()?;
            let made = service.create(&collection, &attributes, "of a test", secret.as_bytes());
            made.await.ok()
        });
        made.flatten().expect("the keyring takes an entry");
    }

    /// Locks the keyring: its password would have to be typed, and nobody is there.
    pub(crate) fn lock(&self) {
        let locked = self.ask(async |service, bus| {
            let collection = service.default_collection().await.ok()?;
            let (name, path) = ("org.freedesktop.secrets", "/org/freedesktop/secrets");
            let interface = "org.freedesktop.Secret.Service";
            let body = (vec![collection],);
            bus.call_method(Some(name), path, Some(interface), "Lock", &body)
                .await
                .ok()
        });
        locked.flatten().expect("the keyring can be locked");
    }

    /// What `secret-tool`, another program, finds there.
    pub(crate) fn look_up(&self, attributes: &[&str]) -> Option<String> {
        let output = Command::new("secret-tool")
            .arg("lookup")
            .args(attributes)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .output()
            .expect("secret-tool starts");
        let found = output.status.success() && !output.stdout.is_empty();
        found.then(|| String::from_utf8(output.stdout).expect("a text"))
    }

    /// Asks the keyring, if there is one yet.
    fn ask<T>(&self, question: impl AsyncFnOnce(&Service, &Connection) -> T) -> Option<T> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let bus = zbus::connection::Builder::address(&*self.address);
            let bus = bus.build().await.ok()?;
            let service = Service::open(bus.clone()).await.ok()?;
            Some(question(&service, &bus).await)
        })
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        for daemon in self.daemons.iter_mut().rev() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}
