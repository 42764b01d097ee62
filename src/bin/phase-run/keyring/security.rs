//! The keychain of macOS, by the tool that comes with the system: the entries
//! of Phase's own program belong to that tool, and other programs that read
//! them would have to ask the user.

use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};

use phase_run::SecretValue;
use zeroize::Zeroizing;

use super::encoding::{decoded, encoded};
use super::{Entry, Keyring};

const TOOL: &str = "/usr/bin/security";

/// Its status where there is no such entry.
const ABSENT: i32 = 44;

pub(super) fn read(_: &Keyring, entry: Entry<'_>) -> Result<Option<SecretValue>, String> {
    let words = ["find-generic-password", "-s", entry.service];
    let output = Command::new(TOOL)
        .args(words)
        .args(["-w", "-a", entry.username])
        .output();
    let Some(output) = done(output)? else {
        return Ok(None);
    };
    let text = Zeroizing::new(output.stdout);
    let text = std::str::from_utf8(&text).ok();
    let secret = text.and_then(|text| decoded(text.trim_ascii_end()));
    let odd = || format!("its entry {} holds no text", entry.service);
    secret.map(Some).ok_or_else(odd)
}

pub(super) fn write(
    _: &Keyring,
    entry: Entry<'_>,
    label: &str,
    secret: &SecretValue,
) -> Result<(), String> {
    let words = [entry.service, entry.username, label];
    if words.iter().any(|word| word.contains(['\'', '\\', '\n'])) {
        return Err(format!(
            "{} has characters it does not take",
            entry.username
        ));
    }
    // On its standard input, where nobody sees it: an argv is public.
    let command = Zeroizing::new(format!(
        "add-generic-password -U -s '{}' -a '{}' -l '{label}' -w '{}'\n",
        entry.service,
        entry.username,
        &*encoded(secret)
    ));
    let mut tool = Command::new(TOOL)
        .arg("-i")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{TOOL}: {error}"))?;
    if let Some(mut input) = tool.stdin.take() {
        // If it has gone, its status says why.
        let _ = input.write_all(command.as_bytes());
    }
    done(tool.wait_with_output()).map(|_| ())
}

pub(super) fn delete(_: &Keyring, entry: Entry<'_>) -> Result<bool, String> {
    let words = ["delete-generic-password", "-s", entry.service];
    let output = Command::new(TOOL)
        .args(words)
        .args(["-a", entry.username])
        .output();
    Ok(done(output)?.is_some())
}

/// What the tool did, unless there is no such entry.
fn done(output: io::Result<Output>) -> Result<Option<Output>, String> {
    let output = output.map_err(|error| format!("{TOOL}: {error}"))?;
    if output.status.success() {
        return Ok(Some(output));
    }
    if output.status.code() == Some(ABSENT) {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{TOOL} failed: {}", said.trim()))
}
