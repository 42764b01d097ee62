//! The program that the tests start: each word of its command line is a child
//! with one purpose. It says what happens in lines of JSON.

#![cfg_attr(target_os = "linux", no_main)]

#[cfg(target_os = "linux")]
#[path = "child/acts.rs"]
mod acts;
#[cfg(target_os = "linux")]
mod event;
#[cfg(target_os = "linux")]
#[path = "child/kernel.rs"]
mod kernel;
#[cfg(target_os = "linux")]
#[path = "child/listen.rs"]
mod listen;
#[cfg(target_os = "linux")]
#[path = "child/orphans.rs"]
mod orphans;
#[cfg(target_os = "linux")]
#[path = "child/prepare.rs"]
mod prepare;
#[cfg(target_os = "linux")]
#[path = "child/report.rs"]
mod report;
#[cfg(target_os = "linux")]
#[path = "child/shell.rs"]
mod shell;
#[cfg(target_os = "linux")]
mod stage;

#[cfg(not(target_os = "linux"))]
fn main() {}

/// The entry point of the C library. The one of the standard library would
/// ignore SIGPIPE and open what is closed of 0 to 2, before we could look.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "the linker takes the name for the entry point, which it is"
)]
#[unsafe(no_mangle)]
extern "C" fn main() -> std::ffi::c_int {
    use std::os::unix::ffi::OsStringExt;

    let words = std::env::args_os().skip(1).map(OsStringExt::into_vec);
    act(&words.collect::<Vec<_>>()).into()
}

#[cfg(target_os = "linux")]
fn act(words: &[Vec<u8>]) -> u8 {
    let (act, rest) = words.split_first().expect("an act");
    let text = |word: &Vec<u8>| String::from_utf8_lossy(word).into_owned();
    let words: Vec<_> = rest.iter().map(text).collect();
    match act.as_slice() {
        b"stage" => prepare::enter(rest),
        b"report" => report::report(),
        b"listen" => listen::listen(&words),
        b"deaf" => acts::ignore_polite_signals(),
        b"die" => acts::die(&words),
        b"idle" => acts::idle(),
        b"lease" => acts::lease(&words),
        b"notify" => acts::notify(&words),
        b"read" => acts::read_line(),
        b"resize" => acts::resize(&words),
        b"send" => acts::send(&words),
        b"stop" => acts::stop(),
        b"hold" => orphans::hold_output(),
        b"leave" => orphans::leave(),
        b"orphan" => orphans::one(),
        b"orphans" => orphans::many(&words),
        b"together" => orphans::end_together(),
        other => panic!("no such act: {}", String::from_utf8_lossy(other)),
    }
}
