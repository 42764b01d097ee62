//! The age layer: bytes in, bytes out. No file is touched here.

use std::io::{Read, Write};
use std::path::Path;

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, EncryptError, Encryptor, scrypt, x25519};
use zeroize::Zeroizing;

use super::keys::VaultRecipient;
use crate::credentials::VaultKey;
use crate::error::{Error, ErrorKind, Result};

/// scrypt's N is two to this power: 128 MiB and a few tenths of a second, the
/// least that OWASP advises for passwords. It is fixed, and not measured as
/// age does it, so that a vault made on a fast machine opens on a slow one.
const WORK: u8 = 17;

/// The most work that is taken on unless asked: 256 MiB and about a second, for a file
/// that may be somebody else's. It is what `age` itself writes.
pub(super) const MOST_WORK: u8 = 18;

/// The most that can be asked for: 4 GiB.
pub(super) const LIMIT_OF_WORK: u8 = 22;

/// The most bytes a header may have. Its parser takes time that grows with
/// the square, and the file may be somebody else's.
const MOST_HEADER: usize = 64 * 1024;

/// The most recipients whose stanzas fit in such a header.
const MOST_RECIPIENTS: usize = 512;

/// What opens files, ready for use.
pub(super) enum Keys {
    Identities(Vec<x25519::Identity>),
    Passphrase {
        /// See [`MOST_WORK`].
        most_work: u8,
        text: SecretString,
    },
}

impl Keys {
    /// Parses `key`. A passphrase is tried where that takes at most `most_work`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`], with the number of the line.
    pub(super) fn new(key: &VaultKey, most_work: u8) -> Result<Self> {
        match key {
            VaultKey::Identities(text) => identities(text.expose()).map(Self::Identities),
            VaultKey::Passphrase(text) if text.expose().is_empty() => Err(Error::new(
                ErrorKind::Credentials,
                "the vault's passphrase is empty",
            )),
            VaultKey::Passphrase(text) => Ok(Self::Passphrase {
                most_work: most_work.min(LIMIT_OF_WORK),
                text: SecretString::from(text.expose()),
            }),
        }
    }

    /// The public halves; none for a passphrase.
    pub(super) fn recipients(&self) -> Vec<VaultRecipient> {
        match self {
            Self::Identities(identities) => identities.iter().map(VaultRecipient::from).collect(),
            Self::Passphrase { .. } => Vec::new(),
        }
    }
}

fn identities(text: &str) -> Result<Vec<x25519::Identity>> {
    let help = "an identity is a line that starts with `AGE-SECRET-KEY-1`; `phase-run vault init` makes one";
    let mut found = Vec::new();
    for (number, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let identity = line.parse().map_err(|reason: &str| {
            let message = format!(
                "line {} of the age identity is not an X25519 key: {reason}",
                number + 1
            );
            Error::new(ErrorKind::Credentials, message).help(help)
        })?;
        found.push(identity);
    }
    if found.is_empty() {
        return Err(Error::new(ErrorKind::Credentials, "the age identity holds no key").help(help));
    }
    Ok(found)
}

/// Whether the age file `bytes` opens with a passphrase. `file` is its name for messages.
///
/// # Errors
///
/// As [`open`].
pub(super) fn takes_passphrase(bytes: &[u8], file: &Path) -> Result<bool> {
    Ok(header(bytes, file)?.is_scrypt())
}

/// Decrypts the age file `bytes`. `file` is its name for messages.
///
/// # Errors
///
/// [`ErrorKind::Protocol`] where it is no age file, [`ErrorKind::Decryption`]
/// where it is damaged or these are not its keys.
pub(super) fn open(bytes: &[u8], keys: &Keys, file: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let decryptor = header(bytes, file)?;
    let mut plain = match (keys, decryptor.is_scrypt()) {
        (Keys::Identities(all), false) => {
            decryptor.decrypt(all.iter().map(|identity| identity as &dyn age::Identity))
        }
        (Keys::Passphrase { most_work, text }, true) => {
            let mut identity = scrypt::Identity::new(text.clone());
            identity.set_max_work_factor(*most_work);
            decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity))
        }
        (Keys::Identities(_), true) => {
            let message = format!(
                "{} opens with a passphrase, not with an identity",
                file.display()
            );
            return Err(Error::new(ErrorKind::Decryption, message)
                .help("set PHASE_RUN_VAULT_PASSPHRASE or PHASE_RUN_VAULT_PASSPHRASE_FILE"));
        }
        (Keys::Passphrase { .. }, false) => {
            let message = format!(
                "{} opens with an age identity, not with a passphrase",
                file.display()
            );
            return Err(Error::new(ErrorKind::Decryption, message)
                .help("give --identity FILE or set PHASE_RUN_IDENTITY"));
        }
    }
    .map_err(|error| refusal(&error, keys, file))?;

    // Room for all of it: growing would leave copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len()));
    plain.read_to_end(&mut text).map_err(|_| damaged(file))?;
    Ok(text)
}

/// How many keys open the age file `bytes`, by its header. Whose they are it does not tell.
pub(super) fn openers(bytes: &[u8]) -> usize {
    let lines = bytes.split(|&byte| byte == b'\n');
    let header = lines.take_while(|line| !line.starts_with(b"--- "));
    let kinds = header.filter_map(|line| line.strip_prefix(b"-> "));
    let kinds = kinds.map(|rest| rest.split(|&byte| byte == b' ').next().unwrap_or(rest));
    // age itself adds one at random that opens nothing, for others to get used to it.
    kinds.filter(|kind| !kind.ends_with(b"-grease")).count()
}

fn header<'a>(bytes: &'a [u8], file: &Path) -> Result<Decryptor<&'a [u8]>> {
    let foreign = |what: &str, help: &str| {
        Error::new(ErrorKind::Protocol, format!("{} {what}", file.display())).help(help.to_owned())
    };
    if bytes.is_empty() {
        return Err(foreign("is empty", "restore it from git or from a backup"));
    }
    let front = &bytes[..bytes.len().min(MOST_HEADER)];
    if let Some((what, help)) = changed_by_git(front, file) {
        return Err(foreign(what, &help));
    }
    if bytes.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
        return Err(foreign(
            "is an armored age file, and a vault is a binary one",
            "decrypt it with `age -d`, and encrypt it with `age` without armour",
        ));
    }
    if !bytes.starts_with(b"age-encryption.org/") {
        return Err(foreign(
            "is not an age file",
            "`phase-run vault init` makes a vault",
        ));
    }
    if !front.windows(5).any(|window| window == b"\n--- ") {
        return Err(damaged(file));
    }
    Decryptor::new_buffered(bytes).map_err(|error| match error {
        DecryptError::UnknownFormat => foreign(
            "is an age file of a version that this program does not read",
            "install a newer phase-run",
        ),
        _ => damaged(file),
    })
}

/// What git made of a file that begins with `front`, if that shows, and the way back.
fn changed_by_git(front: &[u8], file: &Path) -> Option<(&'static str, String)> {
    let name = file.file_name().unwrap_or_default().display();
    let mut lines = front.split(|&byte| byte == b'\n');
    if front.starts_with(b"version https://git-lfs.github.com/spec/") {
        let help = format!("`git lfs pull --include {name}` fetches the file itself");
        return Some(("is a pointer of git-lfs, and not the vault", help));
    }
    if lines.any(|line| line.starts_with(b"<<<<<<< ")) {
        let help = format!(
            "resolve the conflict: take one side with `git checkout --ours {name}` or `git checkout --theirs {name}`, add what the other side changed, and `git add {name}`; a line `{name} -text -merge` in .gitattributes keeps git from mixing them"
        );
        return Some(("holds both sides of a merge conflict of git", help));
    }
    if front.starts_with(b"age-encryption.org/v1\r\n") {
        let help = format!(
            "git does so to text: put a line `{name} -text` into .gitattributes (or `*.vault -text`), remove the file, and get it back with `git checkout -- {name}`"
        );
        return Some(("has CRLF line ends, which damage it", help));
    }
    None
}

/// In our own words: those of `age` come in the language of its localizer, and in several lines.
fn refusal(error: &DecryptError, keys: &Keys, file: &Path) -> Error {
    let name = file.display();
    let (message, help) = match (error, keys) {
        (DecryptError::ExcessiveWork { required, .. }, Keys::Passphrase { most_work, .. }) => {
            return too_much_work(*required, *most_work, file);
        }
        (DecryptError::NoMatchingKeys, Keys::Identities(all)) => (
            match all.len() {
                1 => format!("this identity does not open {name}"),
                count => format!("none of these {count} identities opens {name}"),
            },
            "give another with --identity, or ask somebody who can open it to run `phase-run vault recipients add` with your public key",
        ),
        (DecryptError::DecryptionFailed, Keys::Passphrase { .. }) => (
            format!("the passphrase does not open {name}"),
            "type it again, or check PHASE_RUN_VAULT_PASSPHRASE or PHASE_RUN_VAULT_PASSPHRASE_FILE if one is set",
        ),
        _ => return damaged(file),
    };
    Error::new(ErrorKind::Decryption, message).help(help)
}

fn too_much_work(required: u8, most: u8, file: &Path) -> Error {
    let message = format!(
        "{} asks for scrypt work 2^{required}, and at most 2^{most} is taken on",
        file.display()
    );
    let anew = "decrypt it with `age -d` and encrypt it anew";
    Error::new(ErrorKind::Decryption, message).help(if required > LIMIT_OF_WORK {
        anew.to_owned()
    } else {
        let mebibytes = 1_u32 << required.saturating_sub(10);
        format!("if you trust who made it, PHASE_RUN_VAULT_WORK_FACTOR={required} opens it, with {mebibytes} MiB of memory; or {anew}")
    })
}

fn damaged(file: &Path) -> Error {
    let message = format!("{} is damaged or cut short", file.display());
    Error::new(ErrorKind::Decryption, message).help("restore it from git or from a backup")
}

/// Encrypts what `write` writes: to `recipients`, or with the passphrase if
/// `keys` are one. The file key is new each time.
///
/// # Errors
///
/// [`ErrorKind::TooLarge`] for more recipients than a header may have.
pub(super) fn seal(
    keys: &Keys,
    recipients: &[VaultRecipient],
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<Vec<u8>> {
    if recipients.len() > MOST_RECIPIENTS {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!(
                "{} recipients are too many: a vault has at most {MOST_RECIPIENTS}",
                recipients.len()
            ),
        ));
    }
    encrypted(keys, recipients, write).map_err(|error| {
        Error::new(ErrorKind::System, "cannot encrypt the vault").with_source(error)
    })
}

fn encrypted(
    keys: &Keys,
    recipients: &[VaultRecipient],
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> std::result::Result<Vec<u8>, EncryptError> {
    let encryptor = match keys {
        Keys::Identities(_) => Encryptor::with_recipients(
            recipients
                .iter()
                .map(|recipient| recipient.key() as &dyn age::Recipient),
        )?,
        Keys::Passphrase { text, .. } => {
            let mut recipient = scrypt::Recipient::new(text.clone());
            recipient.set_work_factor(WORK);
            Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))?
        }
    };
    let mut writer = encryptor.wrap_output(Vec::new())?;
    write(&mut writer)?;
    Ok(writer.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretValue;

    fn keys(text: &str) -> Keys {
        let key = VaultKey::Passphrase(SecretValue::new(text.to_owned()));
        Keys::new(&key, MOST_WORK).unwrap()
    }

    #[test]
    fn a_header_of_the_most_recipients_is_read_and_one_more_is_refused() {
        let identity = crate::provider::vault::VaultIdentity::generate();
        let keys = Keys::new(&identity.key(), MOST_WORK).unwrap();
        let seal = |count| {
            seal(
                &keys,
                &vec![identity.recipient().clone(); count],
                |_| Ok(()),
            )
        };
        let sealed = seal(MOST_RECIPIENTS).unwrap();
        assert!(open(&sealed, &keys, Path::new("vault")).unwrap().is_empty());
        assert_eq!(openers(&sealed), MOST_RECIPIENTS);
        assert_eq!(
            seal(MOST_RECIPIENTS + 1).unwrap_err().kind(),
            ErrorKind::TooLarge
        );
    }

    #[test]
    fn a_text_of_many_chunks_comes_back() {
        let text: Vec<u8> = (0..=255).cycle().take(200_000).collect();
        let sealed = seal(&keys("words"), &[], |writer| writer.write_all(&text)).unwrap();
        let opened = open(&sealed, &keys("words"), Path::new("vault")).unwrap();
        assert!(*opened == text);
        let error = open(&sealed, &keys("word"), Path::new("vault")).unwrap_err();
        assert_eq!(error.to_string(), "the passphrase does not open vault");
    }

    #[test]
    fn the_work_for_a_passphrase_stands_in_the_header() {
        let sealed = seal(&keys("words"), &[], |_| Ok(())).unwrap();
        let line = sealed.split(|&byte| byte == b'\n').nth(1).unwrap();
        assert!(line.starts_with(b"-> scrypt ") && line.ends_with(b" 17"));
    }
}
