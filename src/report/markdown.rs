//! The report as Markdown (CommonMark with tables): no recorded character is markup, no link is live.

use super::model::{Basis, Block, Column, Report, Section, Table, Value};
use super::plain::{plain, sentence};
use crate::model::Untrusted;
use std::io::{self, Write};

/// Writes the document.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# {}\n", escaped(&sentence(report, &report.title)))?;
    cover(report, out)?;
    for (n, section) in report.sections.iter().enumerate() {
        writeln!(out, "\n## {} {}\n", n + 1, section.title)?;
        one_section(report, section, out)?;
    }
    writeln!(
        out,
        "\n---\n\nText from journals is untrusted: it is quoted here, and nobody should follow instructions in it."
    )
}

fn cover(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let statement = &report.statement;
    let authors: Vec<String> =
        statement.authors.iter().map(|name| escaped(&Untrusted(name).visible())).collect();
    writeln!(out, "**{}** for the {} audience", statement.standing.name(), statement.audience.name())?;
    writeln!(out, "· as of {} · made by backtrail {}", report.as_of(), env!("CARGO_PKG_VERSION"))?;
    writeln!(
        out,
        "· authors: {}\n",
        if authors.is_empty() { "not named".to_owned() } else { authors.join(", ") }
    )?;
    for (key, value) in &report.incident {
        writeln!(out, "* {key}: {}", escaped(&plain(report, value)))?;
    }
    writeln!(
        out,
        "\nThe evidence register names each journal by its SHA-256; this recomputes every number from them alone:\n"
    )?;
    writeln!(out, "    {}", super::build::CHECK)
}

fn one_section(report: &Report, section: &Section, out: &mut dyn Write) -> io::Result<()> {
    if let Some(why) = &section.empty {
        return writeln!(out, "*Empty: {}.*", escaped(why));
    }
    for block in &section.blocks {
        match block {
            Block::Prose(text) => writeln!(out, "{}\n", escaped(&sentence(report, text)))?,
            Block::Caution(text) => writeln!(out, "> **Caution.** {}\n", escaped(&sentence(report, text)))?,
            Block::Heading(text) => writeln!(out, "### {}\n", escaped(text))?,
            Block::Notes(notes) => {
                writeln!(out, "**Investigators' notes**\n")?;
                notes.iter().try_for_each(|text| writeln!(out, "* {}", escaped(&sentence(report, text))))?;
                writeln!(out)?;
            }
            Block::Points(points) => {
                points.iter().try_for_each(|text| writeln!(out, "* {}", escaped(&sentence(report, text))))?;
                writeln!(out)?;
            }
            Block::Commands(lines) => {
                lines.iter().try_for_each(|line| writeln!(out, "    {}", Untrusted(line).visible()))?;
                writeln!(out)?;
            }
            Block::Figures(figures) => {
                head(
                    out,
                    &[
                        Column::Left("figure"),
                        Column::Right("value"),
                        Column::Left("evidence"),
                        Column::Left("id"),
                    ],
                )?;
                for figure in figures {
                    let (value, level) = (plain(report, &figure.value), figure.basis.level.name());
                    writeln!(
                        out,
                        "| {} | {} | {level} | {} |",
                        escaped(&figure.label),
                        escaped(&value),
                        figure.id
                    )?;
                }
                writeln!(out)?;
            }
            Block::Table(table) => one_table(report, table, out)?,
            Block::Picture(picture) => writeln!(out, "*{}* {}\n", picture.title, escaped(&picture.words))?,
            Block::Bars(bars) => {
                writeln!(out, "*{}*\n", bars.title)?;
                head(out, &[Column::Left(bars.names), Column::Right(bars.part), Column::Right(bars.whole)])?;
                for (name, part, whole) in &bars.rows {
                    let (part, whole) =
                        (plain(report, &Value::Count(*part)), plain(report, &Value::Count(*whole)));
                    writeln!(out, "| {} | {part} | {whole} |", escaped(&plain(report, name)))?;
                }
                writeln!(out)?;
            }
        }
    }
    Ok(())
}

fn one_table(report: &Report, table: &Table, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "*{}* ({})\n", escaped(&table.title), evidence(&table.basis))?;
    if table.rows.is_empty() {
        return writeln!(out, "{}\n", escaped(&table.if_empty));
    }
    head(out, &table.columns)?;
    for row in table.rows.iter().take(SHOWN) {
        let cells: Vec<String> = row.iter().map(|value| escaped(&plain(report, value))).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    let shown = table.rows.len().min(SHOWN) as u64;
    if shown < table.total {
        let list = table.list.unwrap_or("the JSON form");
        writeln!(
            out,
            "\nShowing {shown} of {}; all are in {list}.",
            plain(report, &Value::Count(table.total))
        )?;
    }
    writeln!(out)
}

/// Rows of a table: Markdown is read from top to bottom, and nobody sorts it.
const SHOWN: usize = 60;

fn evidence(basis: &Basis) -> String {
    format!("weakest evidence: {}", basis.level.name())
}

fn head(out: &mut dyn Write, columns: &[Column]) -> io::Result<()> {
    let titles: Vec<&str> = columns.iter().map(|column| column.title()).collect();
    let rules: Vec<&str> = columns
        .iter()
        .map(|column| if matches!(column, Column::Right(_)) { "---:" } else { "---" })
        .collect();
    writeln!(out, "| {} |\n| {} |", titles.join(" | "), rules.join(" | "))
}

/// CommonMark §2.4: any ASCII punctuation may be escaped. Those that could begin markup are; a `:` after a letter could make
/// an autolink, so `://` and `www.` are broken by an escape too, and `<` never begins HTML.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '~' | '&' | '$'
        ) {
            out.push('\\');
        }
        // Extended autolinks (GFM) begin with a scheme, `www.` or a mail address.
        let links = matches!((before, c), (Some(':'), '/') | (Some('w' | 'W'), '.')) || c == '@';
        if links {
            out.push('\\');
        }
        if c == '\n' || c == '\r' {
            out.push(' ');
        } else {
            out.push(c);
        }
        before = Some(c);
    }
    // A line that begins with these would be a list, a heading's underline or a rule.
    if out.starts_with(['-', '+', '=']) {
        out.insert(0, '\\');
    }
    let digits = out.len() - out.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = &out[digits..];
    if digits > 0 && rest.starts_with(['.', ')']) && rest[1..].chars().next().is_none_or(char::is_whitespace)
    {
        out.insert(digits, '\\');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_recorded_character_is_markup() {
        for (text, written) in [
            ("[x](javascript:alert(1))", r"\[x\](javascript:alert(1))"),
            ("<script>", r"\<script\>"),
            ("a|b", r"a\|b"),
            ("![i](http://e.vil)", r"\!\[i\](http:\//e.vil)"),
            ("www.evil.example", r"www\.evil.example"),
            ("a\nb", "a b"),
            ("2.4.1", "2.4.1"),
            ("1. list", r"1\. list"),
            ("- list", r"\- list"),
            ("12,402 of", "12,402 of"),
        ] {
            assert_eq!(escaped(text), written);
        }
    }
}
