use super::*;

/// The limits of Linux with 4 KiB pages and 8 MiB of stack.
const USUAL: ArgumentLimits = ArgumentLimits {
    string: 131_072,
    total: 2_097_152,
};

/// What is executed.
const PATH: &str = "/bin/true";

const POINTER: usize = size_of::<usize>();

fn check(
    arguments: &[OsString],
    environment: &[Vec<u8>],
    limits: ArgumentLimits,
) -> Result<(), Failure> {
    let load = Load {
        arguments,
        environment,
        path: PATH.len(),
    };
    load.check(limits)
}

/// An entry of this many bytes, NUL not counted.
fn entry(name: &str, size: usize) -> Vec<u8> {
    let mut entry = format!("{name}=").into_bytes();
    entry.resize(size, b'v');
    entry
}

/// An environment that together with the path takes `total` bytes, most of
/// them in `LARGEST`.
fn filled(total: usize) -> Vec<Vec<u8>> {
    let mut environment = vec![entry("SMALL", 10), entry("MEDIUM", 1000)];
    let mut left = total - (PATH.len() + 1) - (1010 + 2 * (1 + POINTER));
    for number in 0.. {
        let size = left.min(100_000);
        environment.push(entry(&format!("LARGE_{number}"), size - 1 - POINTER));
        left -= size;
        if left == 0 {
            break;
        }
        // The last must not be too small to be an entry.
        if left < 100 {
            environment.push(entry("LAST", left - 1 - POINTER));
            break;
        }
    }
    environment
}

#[track_caller]
fn refusal(result: Result<(), Failure>) -> String {
    let failure = result.unwrap_err();
    assert_eq!(failure.reason(), Reason::TooLarge);
    let mut text = failure.to_string();
    for line in failure.advice() {
        text.push('\n');
        text.push_str(line);
    }
    text
}

#[test]
fn what_fills_the_limit_passes_and_a_byte_more_does_not() {
    for total in [131_072, 524_288, 2_097_152, 6_291_456] {
        let limits = ArgumentLimits { total, ..USUAL };
        check(&[], &filled(total), limits).unwrap();
        let text = refusal(check(&[], &filled(total + 1), limits));
        assert!(
            text.contains(&format!("need {} bytes", total + 1)),
            "{text}"
        );
        assert!(text.contains(&format!("takes {total};")), "{text}");
    }
}

#[test]
fn arguments_count_like_variables() {
    let limits = ArgumentLimits {
        total: 200,
        ..USUAL
    };
    let room = 200 - (PATH.len() + 1) - (1 + POINTER);
    check(&["a".repeat(room).into()], &[], limits).unwrap();
    refusal(check(&["a".repeat(room + 1).into()], &[], limits));
    refusal(check(&["a".repeat(room).into(), "".into()], &[], limits));
}

#[test]
fn the_largest_variables_are_named_largest_first() {
    let environment = [
        entry("A", 700),
        entry("B", 900),
        entry("C", 100),
        entry("D", 800),
        entry("E", 300),
        entry("F", 200),
    ];
    let limits = ArgumentLimits {
        total: 2000,
        ..USUAL
    };
    let text = refusal(check(&[], &environment, limits));
    let names = "`B` (900), `D` (800), `A` (700), `E` (300), `F` (200) and 1 more";
    assert!(text.contains(names), "{text}");
}

#[test]
fn one_string_may_have_a_byte_less_than_the_limit_which_counts_its_nul() {
    check(&[], &[entry("TLS", 131_071)], USUAL).unwrap();
    let text = refusal(check(&[], &[entry("A", 9), entry("TLS", 131_072)], USUAL));
    assert!(
        text.contains("`TLS` has 131072 bytes with its name"),
        "{text}"
    );
    assert!(text.contains("may have 131071"), "{text}");
}

#[test]
fn one_argument_may_be_as_long_as_a_variable() {
    let arguments = |size| ["x".into(), "a".repeat(size).into()];
    check(&arguments(131_071), &[], USUAL).unwrap();
    let text = refusal(check(&arguments(131_072), &[], USUAL));
    assert!(
        text.contains("argument 1 of the command has 131072"),
        "{text}"
    );
}

#[test]
fn larger_pages_allow_longer_strings() {
    let limits = ArgumentLimits {
        string: 32 * 16 * 1024,
        ..USUAL
    };
    check(&[], &[entry("TLS", 524_287)], limits).unwrap();
    refusal(check(&[], &[entry("TLS", 524_288)], limits));
}

#[test]
fn pointers_count_so_that_many_tiny_variables_are_too_many() {
    let environment: Vec<Vec<u8>> = (0..100_000)
        .map(|number| format!("V{number:05}=").into_bytes())
        .collect();
    let total = 100_000 * ("V00000=\0".len() + POINTER) + (PATH.len() + 1);
    check(&[], &environment, ArgumentLimits { total, ..USUAL }).unwrap();
    let limits = ArgumentLimits {
        total: total - 1,
        ..USUAL
    };
    let text = refusal(check(&[], &environment, limits));
    assert!(text.contains("and 99995 more"), "{text}");
}

#[test]
fn no_message_holds_a_value() {
    let value = "hunter2".repeat(20_000);
    let whole = [format!("KEY={value}").into_bytes()];
    let nameless = [format!("={value}").into_bytes(), value.clone().into_bytes()];
    let total = ArgumentLimits {
        string: usize::MAX,
        total: 1000,
    };
    for limits in [USUAL, total] {
        for environment in [&whole[..], &nameless[..1], &nameless[1..]] {
            let text = refusal(check(&[], environment, limits));
            assert!(!text.contains("hunter2"), "{text:.200}");
        }
        let text = refusal(check(&[value.clone().into()], &[], limits));
        assert!(!text.contains("hunter2"), "{text:.200}");
    }
}

#[cfg(target_os = "linux")]
mod kernel {
    use std::ffi::CString;

    use nix::errno::Errno;

    use super::*;
    use crate::sys::{self, Program, SpawnOptions};

    /// What the kernel says to a program with this environment.
    fn exec_result(environment: &[Vec<u8>]) -> Result<(), Errno> {
        sys::shield_thread();
        let path = CString::new(PATH).unwrap();
        let mut program = Program::new(vec![path], &[b"x"], environment, &[]);
        let options = SpawnOptions {
            own_group: true,
            parent_death: true,
        };
        let spawned = sys::spawn(&mut program, options, None).unwrap();
        sys::wait_for(spawned.child);
        loop {
            // The child of another test may hold the pipe until it is a program.
            if let Some(exec_result) = spawned.exec_result() {
                return exec_result;
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_kernel_draws_the_line_where_we_do() {
        let limits = sys::argument_limits();
        let room = limits.total - ("x\0".len() + POINTER);
        assert_eq!(exec_result(&filled(room)), Ok(()));
        assert_eq!(exec_result(&filled(room + 1)), Err(Errno::E2BIG));
        assert_eq!(exec_result(&[entry("TLS", limits.string - 1)]), Ok(()));
        assert_eq!(
            exec_result(&[entry("TLS", limits.string)]),
            Err(Errno::E2BIG)
        );
    }
}
