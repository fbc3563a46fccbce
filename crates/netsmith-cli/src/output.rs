//! What a command prints: results on stdout, everything else on stderr.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::failure::Failure;

/// How results and notes are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// One JSON object on stdout, and nothing else there.
    pub(crate) json: bool,
    /// No notes on stderr.
    pub(crate) quiet: bool,
}

impl Output {
    /// Prints a result: as JSON, or as the text that `human` makes.
    ///
    /// # Errors
    /// stdout cannot be written. A reader that has seen enough and closed the
    /// pipe is no error.
    pub(crate) fn result<T: Serialize>(
        self,
        value: &T,
        human: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let text = if self.json {
            serde_json::to_string_pretty(value)
                .expect("results have text keys and finite depth — this is a bug in netsmith")
        } else {
            human()
        };
        print(&text)
    }

    /// Tells something on stderr that is not the result.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            // There is nowhere to tell that stderr cannot be written.
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    }
}

/// Prints a text and the end of the line on stdout.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "{}", text.trim_end()).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(
            crate::exit::FAILED,
            format!("cannot write to stdout: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Shows why a command failed.
pub(crate) fn show(failure: &Failure) {
    let [error, hint] = if is_coloured() {
        ["\u{1b}[1;31merror:\u{1b}[0m", "\u{1b}[1;36mhint:\u{1b}[0m"]
    } else {
        ["error:", "hint:"]
    };
    let mut text = format!("{error} {}\n", failure.message);
    if let Some(remedy) = &failure.hint {
        text.push_str(&format!("\n{hint} {remedy}\n"));
    }
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Whether stderr is a terminal whose user did not ask for plain text; see
/// <https://no-color.org>.
fn is_coloured() -> bool {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !plain && io::stderr().is_terminal()
}

/// Columns of a table, left-aligned, the last one as wide as it is.
pub(crate) fn columns<R: AsRef<[String]>>(rows: &[R]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (at, cell) in row.as_ref().iter().enumerate() {
            let width = cell.chars().count();
            match widths.get_mut(at) {
                Some(most) => *most = width.max(*most),
                None => widths.push(width),
            }
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .as_ref()
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A number with its thousands apart: `394,210`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in the unit in which they are read best: `1.5 MiB`.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = number as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{number} B")
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_easily() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [0, 1023, 1536, 5 << 30].map(bytes),
            ["0 B", "1023 B", "1.5 KiB", "5.0 GiB"]
        );
    }

    #[test]
    fn columns_line_up() {
        let rows = [["a", "b"], ["ccc", "d"]].map(|row| row.map(String::from));
        assert_eq!(columns(&rows), "a    b\nccc  d\n");
    }
}
