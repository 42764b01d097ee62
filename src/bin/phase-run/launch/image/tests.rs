use std::os::unix::ffi::OsStringExt;

use super::*;

const US: &[u8] = b"123";

fn entries(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

#[track_caller]
fn renames(given: &[&str], wanted: &[&str], own: &[usize]) {
    let (environment, indices) = renamed(&entries(given), US);
    assert_eq!(environment, entries(wanted));
    assert_eq!(indices, own);
}

#[test]
fn what_names_us_is_left_open_for_the_child() {
    renames(
        &[
            "A=1",
            "LISTEN_PID=123",
            "WATCHDOG_PID=123",
            "SYSTEMD_EXEC_PID=123",
        ],
        &["A=1", "LISTEN_PID=", "WATCHDOG_PID=", "SYSTEMD_EXEC_PID="],
        &[1, 2, 3],
    );
}

#[test]
fn what_names_another_process_stays() {
    let given = [
        "LISTEN_PID=12",
        "LISTEN_PID=1234",
        "WATCHDOG_PID=",
        "SYSTEMD_EXEC_PID=0123",
        "XLISTEN_PID=123",
        "LISTEN_PIDS=123",
        "LISTEN_FDS=123",
        "LISTEN_PID",
    ];
    renames(&given, &given, &[]);
}

#[test]
fn the_handle_goes_with_the_number_that_named_us() {
    renames(
        &["LISTEN_PIDFDID=77", "LISTEN_FDS=2", "LISTEN_PID=123", "B=2"],
        &["LISTEN_FDS=2", "LISTEN_PID=", "B=2"],
        &[1],
    );
}

#[test]
fn the_handle_of_another_process_stays() {
    let given = ["LISTEN_PIDFDID=77", "LISTEN_PID=12"];
    renames(&given, &given, &[]);
    // The watchdog has nothing to do with the sockets.
    renames(
        &["WATCHDOG_PID=123", "LISTEN_PIDFDID=77"],
        &["WATCHDOG_PID=", "LISTEN_PIDFDID=77"],
        &[0],
    );
}

#[test]
fn each_of_several_entries_that_name_us_is_left_open() {
    renames(
        &["LISTEN_PID=123", "LISTEN_PID=12", "LISTEN_PID=123"],
        &["LISTEN_PID=", "LISTEN_PID=12", "LISTEN_PID="],
        &[0, 2],
    );
}

#[track_caller]
fn refusal(command: &[&[u8]], environment: &[&str]) -> String {
    let command: Vec<OsString> = command
        .iter()
        .map(|text| OsString::from_vec(text.to_vec()))
        .collect();
    let Err(failure) = Image::new(&command, entries(environment), None) else {
        panic!("it is taken");
    };
    assert_eq!(failure.reason(), Reason::InvalidValue);
    failure.to_string()
}

#[test]
fn a_variable_with_nul_is_named_and_its_value_is_not() {
    let text = refusal(&[b"x"], &["A=1", "KEY=hunter2\0hunter2"]);
    assert!(text.contains("the variable `KEY` holds a NUL"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    let text = refusal(&[b"x"], &["hunter2\0"]);
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn an_argument_with_nul_is_counted_and_not_shown() {
    let text = refusal(&[b"x", b"hunter2\0"], &[]);
    assert!(text.contains("argument 1 of the command"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    let text = refusal(&[b"x\0y"], &[]);
    assert!(text.contains("argument 0 of the command"), "{text}");
}

#[test]
fn any_other_byte_is_taken() {
    let all: Vec<u8> = (1..=255).collect();
    let command = [OsString::from("x"), OsString::from_vec(all.clone())];
    let environment = vec![all.clone(), [b"A=", &all[..]].concat(), b"=".to_vec()];
    let image = Image::new(&command, environment.clone(), None)
        .ok()
        .unwrap();
    assert_eq!(image.environment(), environment);
    assert_eq!(image.arguments(), [&b"x"[..], &all]);
}

#[test]
fn a_load_too_large_for_the_system_is_refused_before_it_is_tried() {
    let limits = sys::argument_limits();
    let environment = entries(&[&format!("BIG={}", "v".repeat(limits.string))]);
    let Err(failure) = Image::new(&["x".into()], environment, None) else {
        panic!("it is taken");
    };
    assert_eq!(failure.reason(), Reason::TooLarge);
    assert!(failure.to_string().contains("`BIG`"), "{failure}");
}
