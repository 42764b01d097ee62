//! Runs commands in turns and says what they cost: `measure ROUNDS < PLAN`.
//!
//! A line of PLAN is `NAME COMMAND…`, words separated by tabs; words `A=B` before
//! the command are its environment, which is empty otherwise. Each round runs all of
//! them once, in random order, with standard output and error thrown away. What comes out
//! is a line per NAME, tabs between: median wall and CPU time in microseconds,
//! peak resident KiB and minor faults (both of the whole process, hence of a
//! command that it becomes, too).

use std::error::Error;
use std::io::{self, Read as _};
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use wait4::Wait4 as _;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Rounds that are not counted, to warm the caches.
const WARM_UP: usize = 3;

struct Entry<'a> {
    name: &'a str,
    command: Command,
    costs: Vec<Cost>,
}

struct Cost {
    wall: u64,
    cpu: u64,
    memory: u64,
    faults: u64,
}

fn main() -> Result<()> {
    let rounds: usize = std::env::args()
        .nth(1)
        .ok_or("usage: measure ROUNDS < PLAN")?
        .parse()?;
    let mut plan = String::new();
    io::stdin().read_to_string(&mut plan)?;
    let mut entries = plan.lines().map(entry).collect::<Result<Vec<_>>>()?;
    let mut order: Vec<usize> = (0..entries.len()).collect();
    for round in 0..WARM_UP + rounds {
        fastrand::shuffle(&mut order);
        for &at in &order {
            let entry = &mut entries[at];
            let cost = run(entry)?;
            if round >= WARM_UP {
                entry.costs.push(cost);
            }
        }
    }
    for entry in entries {
        let median = |part: fn(&Cost) -> u64| {
            let mut all: Vec<u64> = entry.costs.iter().map(part).collect();
            all.sort_unstable();
            all[all.len() / 2]
        };
        println!(
            "{}\t{}\t{}\t{}\t{}",
            entry.name,
            median(|cost| cost.wall),
            median(|cost| cost.cpu),
            median(|cost| cost.memory),
            median(|cost| cost.faults),
        );
    }
    Ok(())
}

fn entry(line: &str) -> Result<Entry<'_>> {
    let mut words = line.split('\t').peekable();
    let name = words.next().ok_or("an empty line")?;
    let mut variables = Vec::new();
    while let Some(pair) = words.peek().and_then(|word| word.split_once('=')) {
        variables.push(pair);
        words.next();
    }
    let mut command = Command::new(words.next().ok_or("a line without a command")?);
    command.args(words).env_clear().envs(variables);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Ok(Entry {
        name,
        command,
        costs: Vec::new(),
    })
}

fn run(entry: &mut Entry<'_>) -> Result<Cost> {
    let before = getrusage(UsageWho::RUSAGE_CHILDREN)?.minor_page_faults();
    let start = Instant::now();
    let child = entry.command.spawn()?;
    let used = child.wait4()?;
    let wall = start.elapsed();
    let after = getrusage(UsageWho::RUSAGE_CHILDREN)?.minor_page_faults();
    if !used.status.success() {
        return Err(format!("{}: {}", entry.name, used.status).into());
    }
    Ok(Cost {
        wall: u64::try_from(wall.as_micros())?,
        cpu: u64::try_from((used.rusage.utime + used.rusage.stime).as_micros())?,
        memory: used.rusage.maxrss / 1024,
        faults: u64::try_from(after - before)?,
    })
}
