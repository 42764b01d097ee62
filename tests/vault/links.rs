//! Files that are not where they seem to be, or no files at all: nobody is led
//! elsewhere, and nobody waits.

use nix::sys::stat::Mode;

use super::*;

fn pipe(path: &Path) {
    nix::unistd::mkfifo(path, Mode::S_IRWXU).unwrap();
}

fn overridden(name: &str) -> NewSecret {
    NewSecret {
        personal: Some(value("mine")),
        ..secret(name, "x")
    }
}

/// Neither reads nor writes, and says why.
#[track_caller]
fn refused(desk: &Desk, words: &[&str]) {
    let reading = desk.list().map(|_| ());
    for result in [reading, desk.create(&overridden("NEW"))] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        for word in words {
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}

#[test]
fn a_link_in_the_folder_of_a_vault_is_written_through() {
    let desk = Desk::with(&["ONE"]);
    fs::create_dir(desk.path("below")).unwrap();
    fs::rename(desk.file(), desk.path("below/kept")).unwrap();
    symlink("below/kept", desk.path("between")).unwrap();
    symlink("between", desk.file()).unwrap();
    desk.create(&overridden("TWO")).unwrap();
    assert!(desk.file().is_symlink());
    assert_eq!(desk.names(), ["ONE", "TWO"]);
    for suffix in ["lock", "personal"] {
        let lies = |name: &str| desk.path(&format!("{name}.{suffix}")).exists();
        assert!(lies("below/kept"), "beside the file that is meant");
        assert!(suffix == "lock" || !lies("vault"));
    }
}

#[test]
fn so_is_one_in_the_place_of_the_overrides() {
    let desk = Desk::with(&["ONE"]);
    desk.create(&overridden("TWO")).unwrap();
    let personal = desk.path("vault.personal");
    fs::rename(&personal, desk.path("kept")).unwrap();
    symlink("kept", &personal).unwrap();
    desk.create(&overridden("THREE")).unwrap();
    assert!(personal.is_symlink());
    let secrets = desk.list().unwrap();
    let own = secrets.iter().filter(|secret| secret.personal.is_some());
    assert_eq!(own.count(), 2);
}

#[test]
fn a_vault_that_is_a_link_out_of_its_folder_is_refused_and_names_where_it_leads() {
    let desk = Desk::with(&["ONE"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().canonicalize().unwrap().join("target");
    fs::rename(desk.file(), &target).unwrap();
    symlink(&target, desk.file()).unwrap();
    refused(&desk, &["vault is a link out", target.to_str().unwrap()]);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
    let error = VaultFile::takes_passphrase(&desk.file(), &FileOwners::everybody()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    fs::remove_file(target).unwrap();
    refused(&desk, &["leads nowhere"]);
}

#[test]
fn a_vault_that_is_a_pipe_or_a_device_is_refused_and_nobody_waits_for_it() {
    let desk = Desk::with(&["ONE"]);
    fs::remove_file(desk.file()).unwrap();
    pipe(&desk.file());
    refused(&desk, &["vault is not a regular file"]);
    let zero = client(Path::new("/dev/zero"), desk.identity.key());
    let error = list(&zero).unwrap_err();
    assert!(error.to_string().contains("not a regular file"), "{error}");
}

#[test]
fn overrides_in_a_pipe_or_behind_a_link_out_of_the_folder_are_refused() {
    let desk = Desk::with(&["ONE"]);
    desk.create(&overridden("TWO")).unwrap();
    let personal = desk.path("vault.personal");
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("target");
    fs::rename(&personal, &target).unwrap();
    symlink(&target, &personal).unwrap();
    refused(&desk, &["vault.personal is a link out", "target"]);
    fs::remove_file(&target).unwrap();
    refused(&desk, &["vault.personal is a link that leads nowhere"]);
    fs::remove_file(&personal).unwrap();
    pipe(&personal);
    refused(&desk, &["vault.personal is not a regular file"]);
    fs::remove_file(&personal).unwrap();
    assert_eq!(desk.names(), ["ONE", "TWO"]);
}

#[test]
fn a_lock_makes_no_file_elsewhere_and_nobody_waits_for_a_pipe() {
    let desk = Desk::with(&["ONE"]);
    let (lock, elsewhere) = (desk.path("vault.lock"), tempfile::tempdir().unwrap());
    let target = elsewhere.path().join("target");
    let refused = |word: &str| {
        let error = desk.create(&secret("TWO", "2")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("vault.lock"), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    };
    fs::remove_file(&lock).unwrap();
    symlink(&target, &lock).unwrap();
    refused("leads nowhere");
    assert!(!target.exists());
    fs::write(&target, "").unwrap();
    refused("a link out");
    fs::remove_file(&lock).unwrap();
    pipe(&lock);
    refused("not a regular file");
    assert_eq!(desk.names(), ["ONE"], "reading takes no lock");
    fs::remove_file(&lock).unwrap();
    desk.create(&secret("TWO", "2")).unwrap();
}

#[test]
fn what_a_link_in_the_place_of_the_new_file_leads_to_is_not_written() {
    let desk = Desk::with(&["ONE"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("target");
    fs::write(&target, "whole").unwrap();
    for name in ["vault.new", "vault.personal.new"] {
        symlink(&target, desk.path(name)).unwrap();
    }
    desk.create(&overridden("TWO")).unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "whole");
    assert!(!desk.file().is_symlink() && !desk.path("vault.personal").is_symlink());
}
