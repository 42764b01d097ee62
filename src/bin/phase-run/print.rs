//! Standard output, for the commands whose answer goes there.

use std::io::{self, Write as _};

use crate::exit::{Failure, Reason};

/// Writes what was asked for to standard output. A reader that went away has
/// seen enough.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let text = format!("cannot write to standard output: {error}");
            Err(Failure::new(Reason::System, text))
        }
        _ => Ok(()),
    }
}

/// Names come from servers and files: control characters in them must not
/// reach a terminal, make two lines of one, or turn the text around.
pub(crate) fn printable(text: &str) -> String {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |c: char| {
        if c.is_control() || turns(c) {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    };
    text.chars().map(shown).collect()
}

/// Rows in columns that fit, each on one line.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let printable = |row: &[String; N]| row.each_ref().map(|cell| printable(cell));
    let rows: Vec<[String; N]> = rows.iter().map(printable).collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_a_name_are_shown_and_not_obeyed() {
        assert_eq!(printable("a\nb\x1b[2Jc é"), "a\\nb\\u{1b}[2Jc é");
        assert_eq!(printable("e\u{301}\u{202e}x"), "e\u{301}\\u{202e}x");
    }

    #[test]
    fn a_table_has_a_line_per_row_and_no_space_at_its_ends() {
        let rows = [["A", "BB"], ["a\nb", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(columns(&rows), "A     BB\na\\nb\n");
    }
}
