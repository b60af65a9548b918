//! A table on its way out: CSV, JSON Lines or Markdown, written so that no reader obeys what was recorded.

use crate::model::Untrusted;
use crate::model::untrusted::visible_lines;
use std::path::Path;

/// Titles, and rows of as many texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    pub titles: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Csv,
    JsonLines,
    Markdown,
}

impl Form {
    /// What a file's name asks for.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "md" => Some(Self::Markdown),
            _ => None,
        }
    }
}

impl Sheet {
    pub fn bytes(&self, form: Form) -> Vec<u8> {
        let text = match form {
            Form::Csv => self.lines().map(|row| csv_line(row.iter().map(|cell| csv_cell(cell)))).collect(),
            Form::JsonLines => self.rows.iter().map(|row| self.object(row)).collect(),
            Form::Markdown => self.markdown(),
        };
        String::into_bytes(text)
    }

    fn lines(&self) -> impl Iterator<Item = &Vec<String>> {
        std::iter::once(&self.titles).chain(&self.rows)
    }

    /// JSON keeps the recorded text exactly: its own escapes are harmless.
    fn object(&self, row: &[String]) -> String {
        let pairs = self.titles.iter().zip(row).map(|(title, cell)| (title.clone(), cell.clone().into()));
        let object = serde_json::Value::Object(pairs.collect());
        // U+2028, bidi and the like are legal in JSON, and are escaped all the same.
        let mut out = String::new();
        for c in object.to_string().chars() {
            match Untrusted(c.encode_utf8(&mut [0; 4])).visible().as_str() {
                shown if shown.chars().eq([c]) => out.push(c),
                _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out += &format!("\\u{unit:04x}")),
            }
        }
        out + "\n"
    }

    fn markdown(&self) -> String {
        let line = |row: &Vec<String>| {
            let cells: Vec<String> = row.iter().map(|cell| markdown_cell(cell)).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule = format!("|{}\n", "---|".repeat(self.titles.len()));
        let rows: String = self.rows.iter().map(line).collect();
        line(&self.titles) + &rule + &rows
    }
}

/// RFC 4180 line.
pub fn csv_line(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(",") + "\r\n"
}

/// RFC 4180, for people and spreadsheets: what a screen would obey is made visible, and a cell that would be taken for
/// a formula gets a leading apostrophe. JSON keeps the recorded text exactly.
pub fn csv_cell(text: &str) -> String {
    let text = visible_lines(text);
    let risky = text.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let text = if risky { format!("'{text}") } else { text };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// Every sign that Markdown gives a meaning is escaped: no link, no image, no HTML, no further column.
pub fn markdown_cell(text: &str) -> String {
    let mut out = String::new();
    for c in Untrusted(text).visible().chars() {
        match c {
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '&' => out += "&amp;",
            '|' | '\\' | '[' | ']' | '(' | ')' | '*' | '_' | '`' | '#' | '!' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_and_never_a_formula() {
        for (text, cell) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=cmd()", "'=cmd()"),
            (" @SUM(A1)", "' @SUM(A1)"),
            ("＝1", "'＝1"),
            ("-1,2", "\"'-1,2\""),
            ("a\nb", "\"a\nb\""),
            ("\u{1b}[2J\r", "␛[2J␍"),
        ] {
            assert_eq!(csv_cell(text), cell);
        }
    }

    #[test]
    fn markdown_means_nothing_that_was_recorded() {
        for (text, cell) in [
            ("[x](javascript:1)", "\\[x\\]\\(javascript:1\\)"),
            ("a|b", "a\\|b"),
            ("<script>", "&lt;script&gt;"),
            ("![i](u)", "\\!\\[i\\]\\(u\\)"),
            ("\u{202e}x", "⟦U+202E⟧x"),
        ] {
            assert_eq!(markdown_cell(text), cell);
        }
    }

    #[test]
    fn json_lines_read_back_as_they_were_recorded() {
        let text = "a\u{2028}\u{202e}\n\"b\u{1b}é漢\u{1F9D1}".to_owned();
        let sheet = Sheet { titles: vec!["t".to_owned()], rows: vec![vec![text.clone()]] };
        let bytes = sheet.bytes(Form::JsonLines);
        let back: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(back["t"], text.as_str());
        assert_eq!(bytes.iter().filter(|b| **b == b'\n').count(), 1);
        let line = String::from_utf8(bytes).unwrap();
        assert!(!line.contains(['\u{2028}', '\u{202e}', '\u{1b}']), "{line}");
    }
}
