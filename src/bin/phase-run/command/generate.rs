//! `man`, from the parser.

use std::io::{self, Write as _};

use clap::CommandFactory as _;

use crate::args::Args;
use crate::exit::{Failure, Reason};
use crate::print::print;
use crate::settings::names;

/// Prints the manual page, the subcommands' pages after the program's.
pub(crate) fn man() -> Result<(), Failure> {
    let mut text = Vec::new();
    manual(&mut text).map_err(|error| {
        Failure::new(
            Reason::Internal,
            format!("cannot write the manual page: {error}"),
        )
    })?;
    print(&String::from_utf8_lossy(&text))
}

fn manual(text: &mut Vec<u8>) -> io::Result<()> {
    let mut command = Args::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(text)?;
    tables(text)?;
    below(&command, text)
}

/// What the parser does not know: the variables, and the reasons of a failure.
fn tables(text: &mut Vec<u8>) -> io::Result<()> {
    writeln!(text, ".SH ENVIRONMENT")?;
    for variable in names::ALL.iter().chain(names::INFISICAL) {
        // roff knows ASCII alone.
        let meaning = variable.meaning.replace('-', "\\-").replace('…', "...");
        writeln!(text, ".TP\n\\fB{}\\fR\n{meaning}", variable.name)?;
    }
    writeln!(
        text,
        ".SH DIAGNOSTICS\nThe word of a failure, and its status:"
    )?;
    for reason in Reason::ALL {
        let word = reason.word().replace('-', "\\-");
        let (status, sysexit) = (reason.status(), reason.sysexit());
        writeln!(
            text,
            ".TP\n\\fB{word}\\fR\n{status}; {sysexit} under \\-\\-sysexits"
        )?;
    }
    Ok(())
}

fn below(command: &clap::Command, text: &mut Vec<u8>) -> io::Result<()> {
    command
        .get_subcommands()
        .filter(|one| !one.is_hide_set())
        .try_for_each(|one| {
            clap_mangen::Man::new(one.clone()).render(text)?;
            below(one, text)
        })
}
