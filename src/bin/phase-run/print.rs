//! Standard output, for the commands whose answer goes there, and how text of
//! others is written anywhere.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use crate::exit::{Failure, Reason};
use crate::sys;

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

/// Writes one JSON document to standard output.
pub(crate) fn print_json(document: &serde_json::Value) -> Result<(), Failure> {
    print(&(printable_json(&document.to_string()) + "\n"))
}

/// Names come from servers and files: control characters in them must not
/// reach a terminal, make two lines of one, or turn the text around.
pub(crate) fn printable(text: &str) -> String {
    escaped(text, |shown, c| shown.extend(c.escape_default()))
}

/// The same for JSON, which says the same afterwards: these characters stand
/// in strings alone, and none of them takes more than four digits.
pub(crate) fn printable_json(text: &str) -> String {
    escaped(text, |shown, c| {
        // A string takes everything.
        let _ = write!(shown, "\\u{:04x}", u32::from(c));
    })
}

fn escaped(text: &str, escape: impl Fn(&mut String, char)) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_obeyed(c) {
            escape(&mut shown, c);
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Whether a terminal or an editor does something at `c`, instead of showing it:
/// control characters, ends of lines, and those that turn text around.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Rows in columns that fit, each on one line, which on a terminal is as wide as
/// that at most: cells that are too long end in `…` there.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    table(rows, sys::width_of(&std::io::stdout()))
}

/// Between two columns.
const GAP: usize = 2;

/// A column is not made narrower than this.
const NARROWEST: usize = 8;

fn table<const N: usize>(rows: &[[String; N]], room: Option<usize>) -> String {
    let printable = |row: &[String; N]| row.each_ref().map(|cell| printable(cell));
    let rows: Vec<[String; N]> = rows.iter().map(printable).collect();
    let widest = |column: usize| rows.iter().map(|row| width(&row[column])).max();
    let mut widths: Vec<usize> = (0..N).map(|column| widest(column).unwrap_or(0)).collect();
    if let Some(room) = room {
        shrink(&mut widths, room);
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        let mut due = 0;
        for (cell, &limit) in row.iter().zip(&widths) {
            let (shown, taken) = cut(cell, limit);
            line.extend(std::iter::repeat_n(' ', due));
            line.push_str(&shown);
            due = limit - taken + GAP;
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Takes room from the widest columns until all fit.
fn shrink(widths: &mut [usize], room: usize) {
    let room = room.saturating_sub(GAP * widths.len().saturating_sub(1));
    let needed = |most: usize| widths.iter().map(|&width| width.min(most)).sum::<usize>();
    let (mut fits, mut most) = (NARROWEST, widths.iter().copied().max().unwrap_or(0));
    while fits < most {
        let middle = fits + (most - fits).div_ceil(2);
        if needed(middle) <= room {
            fits = middle;
        } else {
            most = middle - 1;
        }
    }
    for width in widths {
        *width = (*width).min(fits);
    }
}

/// `cell` in at most `limit` places, and how many it takes.
fn cut(cell: &str, limit: usize) -> (String, usize) {
    let whole = width(cell);
    if whole <= limit {
        return (cell.to_owned(), whole);
    }
    let mut shown = String::new();
    let mut taken = 0;
    for c in cell.chars() {
        if taken + places(c) >= limit {
            break;
        }
        taken += places(c);
        shown.push(c);
    }
    shown.push('…');
    (shown, taken + 1)
}

fn width(text: &str) -> usize {
    text.chars().map(places).sum()
}

/// The places that a terminal gives to `c`: none to marks on other letters, two to
/// the letters of East Asia and to pictures. Roughly, as terminals do too.
fn places(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that a terminal would obey.
    const OBEYED: &str = "\n\r\t\u{0}\x1b\u{7f}\u{85}\u{9b}\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202e}\u{2066}\u{2069}";

    #[test]
    fn control_characters_of_a_name_are_shown_and_not_obeyed() {
        assert_eq!(printable("a\nb\x1b[2Jc é"), "a\\nb\\u{1b}[2Jc é");
        assert_eq!(printable("e\u{301}\u{202e}x"), "e\u{301}\\u{202e}x");
        assert!(printable(OBEYED).is_ascii());
        assert!(!printable(OBEYED).contains(char::is_control));
    }

    #[test]
    fn json_says_the_same_when_all_of_it_can_be_shown() {
        let value = serde_json::json!({ OBEYED: ["é", OBEYED, "\u{1f512}"] });
        let text = printable_json(&value.to_string());
        assert!(!text.contains(is_obeyed), "{text}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
    }

    #[test]
    fn a_table_has_a_line_per_row_and_no_space_at_its_ends() {
        let rows = [["A", "BB"], ["a\nb", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows, None), "A     BB\na\\nb\n");
    }

    #[test]
    fn no_length_of_a_cell_is_too_much_for_a_table() {
        for length in [65_535, 65_536, 1_000_000] {
            let rows = [
                ["x".repeat(length), "y".to_owned()],
                ["a", "b"].map(str::to_owned),
            ];
            let text = table(&rows, None);
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(lines[0].len(), length + 3);
            assert_eq!(lines[1].len(), length + 3);
        }
    }

    #[test]
    fn a_table_is_as_wide_as_the_terminal_at_most() {
        let long = "0123456789".repeat(9);
        let wide = "\u{6771}\u{4eac}".repeat(30);
        let rows = [
            ["NAME", "COMMENT", "VALUE"].map(str::to_owned),
            ["A".to_owned(), long.clone(), wide],
            ["B_LONGER_NAME".to_owned(), "short".to_owned(), long],
        ];
        for room in [40, 80, 120, 1000] {
            let text = table(&rows, Some(room));
            assert!(text.lines().all(|line| width(line) <= room), "{text}");
            assert!(text.contains("short"), "{text}");
            assert_eq!(text.contains('…'), room < 1000, "{text}");
        }
        assert!(table(&rows, Some(80)).contains("B_LONGER_NAME"));
        for room in 0..40 {
            assert_eq!(table(&rows, Some(room)).lines().count(), 3);
        }
    }
}
