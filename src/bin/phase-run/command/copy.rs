//! `copy`: the program puts itself somewhere, as an init container does.

use std::error;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::exit::{Failure, Reason};

/// Copies the running program to `dest`, a file or a directory. What was there
/// is replaced at once, or not at all.
pub(crate) fn copy(dest: &Path) -> Result<(), Failure> {
    let target = if dest.is_dir() {
        dest.join("phase-run")
    } else {
        dest.to_owned()
    };
    write(&target).map_err(|error| {
        // Some errors repeat the path.
        let cause = error.get_ref().and_then(error::Error::source);
        let why = cause.map_or_else(|| error.to_string(), ToString::to_string);
        let text = format!("cannot copy to {}: {why}", target.display());
        Failure::new(Reason::System, text)
    })
}

fn write(target: &Path) -> io::Result<()> {
    // A link stays one: what it leads to is replaced.
    let target = match fs::canonicalize(target) {
        Ok(target) if target.is_file() => target,
        // A device would be gone.
        Ok(_) => return Err(io::Error::other("it is there, and is not a regular file")),
        Err(_) => target.to_owned(),
    };
    let folder = target
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    let mut program = fs::File::open(std::env::current_exe()?)?;
    io::copy(&mut program, &mut file)?;
    file.as_file()
        .set_permissions(fs::Permissions::from_mode(0o755))?;
    file.as_file().sync_all()?;
    file.persist(&target)?;
    Ok(())
}
