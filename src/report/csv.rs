//! RFC 4180: quoted where needed, CRLF, and no cell that a spreadsheet would run.

use super::model::Value;
pub use crate::work::sheet::csv_cell as cell;
use std::io::{self, Write};

/// Writes one line.
pub fn line(out: &mut dyn Write, cells: impl IntoIterator<Item = String>) -> io::Result<()> {
    for (n, cell) in cells.into_iter().enumerate() {
        if n > 0 {
            out.write_all(b",")?;
        }
        out.write_all(cell.as_bytes())?;
    }
    out.write_all(b"\r\n")
}

/// A value as a spreadsheet and a program read it: bare numbers, RFC 3339, whole digests.
pub fn value(value: &Value) -> String {
    match value {
        Value::Absent | Value::Figure(_) => String::new(),
        Value::Count(n) => n.to_string(),
        Value::Share { part, whole } => cell(&format!("{part}/{whole}")),
        Value::Real(number) => super::plain::real(*number),
        Value::Time(at) => at.rfc3339(),
        Value::Length(span) => cell(&span.to_string()),
        Value::Money { units, .. } => cell(units),
        Value::Digest(text) | Value::Words(text) | Value::Recorded(_, text) => cell(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What a reader that knows RFC 4180 gets back is what was meant, cell by cell.
        #[test]
        fn a_line_reads_back(cells in proptest::collection::vec("[ -~\n\"',=é]{0,12}", 1..6)) {
            let mut out = Vec::new();
            line(&mut out, cells.iter().map(|text| cell(text))).unwrap();
            let back = read(std::str::from_utf8(&out).unwrap());
            let meant: Vec<String> = cells.iter().map(|text| {
                let risky = text.trim_start().starts_with(['=', '+', '-', '@']);
                if risky { format!("'{text}") } else { text.clone() }
            }).collect();
            prop_assert_eq!(back, meant);
        }
    }

    /// A small reader of one RFC 4180 line.
    fn read(text: &str) -> Vec<String> {
        let mut cells = vec![String::new()];
        let mut quoted = false;
        let mut chars = text.strip_suffix("\r\n").unwrap().chars().peekable();
        while let Some(c) = chars.next() {
            let last = cells.last_mut().unwrap();
            match (c, quoted) {
                ('"', true) if chars.peek() == Some(&'"') => {
                    last.push('"');
                    chars.next();
                }
                ('"', _) => quoted = !quoted,
                (',', false) => cells.push(String::new()),
                (c, _) => last.push(c),
            }
        }
        cells
    }
}
