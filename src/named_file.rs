//! A file that was named, which may be a pipe: `--token-file <(…)`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind as Io, Read as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::secret::SecretValue;

/// More bytes than any token, key or identity has.
const LARGEST: usize = 1 << 20;

/// As much as a pipe holds at a time.
const PIPE: usize = 1 << 16;

/// How often it is looked whether something came through a pipe.
const MOMENT: Duration = Duration::from_millis(5);

/// What a file that somebody named says, and who may read it.
#[derive(Debug)]
#[non_exhaustive]
pub struct NamedFile {
    /// Its permissions, as chmod(1) has them.
    pub mode: u32,
    /// What it says, as it is.
    pub text: SecretValue,
}

impl NamedFile {
    /// What the file `path` says. Where a pipe or a terminal stands there, its end is
    /// waited for, but no longer than `patience`.
    ///
    /// # Errors
    ///
    /// It cannot be read, is not text or no file, is larger than 1 MiB, or nothing
    /// came in time.
    pub fn read(path: &Path, patience: Duration) -> io::Result<Self> {
        let (bytes, mode) = bytes(path, LARGEST, Instant::now() + patience)?;
        match str::from_utf8(&bytes) {
            Ok(text) => Ok(Self {
                mode,
                text: SecretValue::new(text.to_owned()),
            }),
            Err(_) => Err(io::Error::other("it is not text")),
        }
    }

    /// What to say of a file, `shown` so, if `error` is that it did not end in time.
    #[must_use]
    pub fn late(shown: &str, error: &io::Error) -> Option<Error> {
        let text = "is a pipe or a terminal, and did not end in time (--timeout)";
        let late = || Error::new(ErrorKind::Timeout, format!("{shown} {text}"));
        (error.kind() == Io::TimedOut).then(late)
    }
}

/// What the file `path` holds, text or not, and its permissions: at most `largest`
/// bytes, and until the instant `until`.
pub(crate) fn bytes(
    path: &Path,
    largest: usize,
    until: Instant,
) -> io::Result<(Zeroizing<Vec<u8>>, u32)> {
    // Opening never waits, neither for whoever writes to a pipe.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?;
    let found = file.metadata()?;
    let kind = found.file_type();
    if kind.is_dir() || kind.is_block_device() {
        return Err(io::Error::other("it is not a file"));
    }
    // A pipe without a name was made by who writes to it: it begins at once.
    let begins = kind.is_fifo() && fs::canonicalize(path).is_ok();
    let room = if found.is_file() {
        usize::try_from(found.len()).unwrap_or(largest)
    } else {
        PIPE
    };
    let bytes = contents(file, room.min(largest), largest, begins, until)?;
    Ok((bytes, found.mode() & 0o7777))
}

/// All of `file`, which needs so much `room`. If it `begins` only when somebody
/// writes, it is not over before.
fn contents(
    mut file: File,
    room: usize,
    largest: usize,
    begins: bool,
    until: Instant,
) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; room + 1]);
    let mut length = 0;
    loop {
        if length > largest {
            let text = format!("it is larger than {} MiB", largest >> 20);
            return Err(io::Error::other(text));
        }
        if length == bytes.len() {
            // What is outgrown is overwritten, which `Vec::resize` would not do.
            let mut larger = Zeroizing::new(vec![0; largest + 1]);
            larger[..length].copy_from_slice(&bytes);
            bytes = larger;
        }
        match file.read(&mut bytes[length..]) {
            Ok(0) if length > 0 || !begins => break,
            Ok(0) => {}
            Ok(more) => {
                length += more;
                continue;
            }
            Err(error) if error.kind() == Io::Interrupted => continue,
            Err(error) if error.kind() == Io::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if Instant::now() >= until {
            return Err(Io::TimedOut.into());
        }
        thread::sleep(MOMENT);
    }
    bytes.truncate(length);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    const LONG: Duration = Duration::from_secs(30);
    const SHORT: Duration = Duration::from_millis(50);

    fn text(path: &Path, patience: Duration) -> io::Result<String> {
        NamedFile::read(path, patience).map(|file| file.text.expose().to_owned())
    }

    #[test]
    fn a_file_is_read_as_it_is_with_its_mode() {
        let top = tempfile::tempdir().unwrap();
        let path = top.path().join("token");
        fs::write(&path, " a\r\n").unwrap();
        let file = NamedFile::read(&path, SHORT).unwrap();
        assert_eq!((file.text.expose(), file.mode), (" a\r\n", 0o644));
        fs::write(&path, [0xff]).unwrap();
        assert!(text(&path, SHORT).is_err());
        let file = File::create(&path).unwrap();
        file.set_len(LARGEST as u64 + 1).unwrap();
        assert!(text(&path, SHORT).is_err());
        file.set_len(LARGEST as u64).unwrap();
        assert_eq!(text(&path, SHORT).unwrap().len(), LARGEST);
        // Its size is told as 0.
        assert!(
            !text(Path::new("/proc/self/status"), SHORT)
                .unwrap()
                .is_empty()
        );
        assert!(text(top.path(), SHORT).is_err());
    }

    #[test]
    fn a_pipe_is_read_to_its_end_whoever_comes_first() {
        let top = tempfile::tempdir().unwrap();
        let path = top.path().join("pipe");
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        let writer = {
            let path = path.clone();
            thread::spawn(move || fs::write(path, "token\n").unwrap())
        };
        assert_eq!(text(&path, LONG).unwrap(), "token\n");
        writer.join().unwrap();

        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"token").unwrap();
        let name = format!("/dev/fd/{}", reader.as_raw_fd());
        assert!(
            text(Path::new(&name), SHORT).is_err(),
            "the writer is still there"
        );
        writer.write_all(b"token").unwrap();
        drop(writer);
        assert_eq!(text(Path::new(&name), LONG).unwrap(), "token");
        assert_eq!(text(Path::new(&name), LONG).unwrap(), "", "it is over");
    }

    #[test]
    fn nobody_is_waited_for_longer_than_patience_lasts() {
        let top = tempfile::tempdir().unwrap();
        let path = top.path().join("pipe");
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        let error = text(&path, SHORT).unwrap_err();
        assert_eq!(error.kind(), Io::TimedOut);
        let told = NamedFile::late("it", &error).unwrap();
        assert_eq!(told.kind(), ErrorKind::Timeout);
        assert!(text(Path::new("/dev/zero"), SHORT).is_err());
        assert_eq!(text(Path::new("/dev/null"), SHORT).unwrap(), "");
    }
}
