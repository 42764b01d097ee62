//! Runs the targets without libFuzzer: `replay SECONDS SEEDS ARTIFACTS`.
//!
//! Every saved input, then random changes of them, for SECONDS per target.
//! Without coverage it finds less. An input that fails is written to ARTIFACTS.

use std::io;
use std::panic::catch_unwind;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

use phase_run_fuzz::TARGETS;

/// The most bytes of an input.
const LONGEST: usize = 4096;

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [seconds, seeds, artifacts] = &arguments[..] else {
        eprintln!("usage: replay SECONDS SEEDS ARTIFACTS");
        return Ok(ExitCode::from(2));
    };
    let time = Duration::from_secs(seconds.parse().map_err(io::Error::other)?);
    let mut status = ExitCode::SUCCESS;
    for (name, target) in TARGETS {
        let corpus = corpus(&Path::new(seeds).join(name))?;
        let start = Instant::now();
        let changed =
            std::iter::repeat_with(|| changed(&corpus)).take_while(|_| start.elapsed() < time);
        let mut runs = 0_u64;
        for input in corpus.iter().cloned().chain(changed) {
            runs += 1;
            if catch_unwind(|| target(&input)).is_err() {
                let file = Path::new(artifacts).join(format!("{name}-{runs}"));
                fs::create_dir_all(artifacts)?;
                fs::write(&file, &input)?;
                println!("{name}: fails for {}", file.display());
                status = ExitCode::FAILURE;
                break;
            }
        }
        println!(
            "{name}: {} saved inputs, {runs} runs without libFuzzer",
            corpus.len()
        );
    }
    Ok(status)
}

fn corpus(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut files = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    files.sort();
    files.iter().map(fs::read).collect()
}

/// One of `corpus`, with a few bytes replaced, removed, repeated, or taken from another.
fn changed(corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut input = pick(corpus).clone();
    for _ in 0..fastrand::usize(1..8) {
        let (from, to) = range(&input);
        match fastrand::u8(..6) {
            0 => drop(input.drain(from..to)),
            1 => input.insert(from, fastrand::u8(..)),
            2 => input.insert(from, *pick(b"${}./:\"'[]=\\ \n-0aA\0\xff")),
            3 if from < to => input[from] ^= 1 << fastrand::u8(..8),
            4 => {
                let again = input[from..to].to_vec();
                input.splice(from..from, again);
            }
            _ => {
                let other = pick(corpus);
                let (start, end) = range(other);
                input.splice(from..to, other[start..end].iter().copied());
            }
        }
    }
    input.truncate(LONGEST);
    input
}

fn range(bytes: &[u8]) -> (usize, usize) {
    let from = fastrand::usize(..=bytes.len());
    let length = fastrand::usize(..=32).min(bytes.len() - from);
    (from, from + length)
}

fn pick<T>(all: &[T]) -> &T {
    &all[fastrand::usize(..all.len())]
}
