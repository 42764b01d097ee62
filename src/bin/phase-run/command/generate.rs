//! `completions` and `man`, from the parser.

use clap::CommandFactory as _;

use crate::args::Args;
use crate::exit::{Failure, Reason};
use crate::print::print;

/// Prints the completions for `shell`.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "phase-run", &mut text);
    print(&String::from_utf8_lossy(&text))
}

/// Prints the manual page, the subcommands' pages after the program's.
pub(crate) fn man() -> Result<(), Failure> {
    let mut text = Vec::new();
    let mut command = Args::command();
    command.build();
    pages(&command, &mut text).map_err(|error| {
        Failure::new(
            Reason::Internal,
            format!("cannot write the manual page: {error}"),
        )
    })?;
    print(&String::from_utf8_lossy(&text))
}

fn pages(command: &clap::Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(text)?;
    command
        .get_subcommands()
        .filter(|one| !one.is_hide_set())
        .try_for_each(|one| pages(one, text))
}
