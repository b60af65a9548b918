//! The report as one HTML file: nothing is fetched, nothing recorded can run, and it reads on paper as on a screen.
//!
//! Everything goes through the template with autoescape. The policy allows just our own style and script, by their hashes.

use super::build::CHECK;
use super::model::{Basis, Block, Column, Figure, Journal, Report, Section, Table, Text, Value};
use super::picture::{self, Drawn};
use super::plain::{percent, plain, sentence};
use super::redact::MARK;
use crate::model::Untrusted;
use crate::model::time::Zone;
use crate::work::findings::grouped;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::{self, Write};

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// Writes the page.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page.html", PAGE).map_err(io::Error::other)?;
    let template = environment.get_template("page.html").map_err(io::Error::other)?;
    let page = page(report);
    let context = minijinja::Value::from(minijinja::value::Serde(Context { page }));
    template.render_captured_to(context, out).map_err(io::Error::other)?;
    Ok(())
}

#[derive(Serialize)]
struct Context {
    page: Page,
}

#[derive(Serialize)]
struct Page {
    style: &'static str,
    script: &'static str,
    style_hash: String,
    script_hash: String,
    version: &'static str,
    title: String,
    kicker: &'static str,
    standing: &'static str,
    lede: String,
    cover: Vec<Fact>,
    sources: Vec<Source>,
    check: &'static str,
    sections: Vec<SectionView>,
    digest_note: String,
}

#[derive(Serialize)]
struct Fact {
    term: &'static str,
    value: String,
}

/// A journal the report rests on, as the cover names it.
#[derive(Serialize)]
struct Source {
    name: String,
    sha256: String,
}

#[derive(Serialize)]
struct SectionView {
    id: &'static str,
    title: &'static str,
    empty: Option<String>,
    blocks: Vec<BlockView>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum BlockView {
    Prose { text: Vec<Piece> },
    Caution { text: Vec<Piece> },
    Notes { notes: Vec<Vec<Piece>> },
    Heading { text: String },
    Points { points: Vec<Vec<Piece>> },
    Commands { lines: Vec<String> },
    Figures { figures: Vec<FigureView> },
    Table(TableView),
    Bars(BarsView),
    Picture(PictureView),
}

/// A stretch of a sentence; one that names a figure leads to it.
#[derive(Default, Serialize)]
struct Piece {
    text: String,
    is_code: bool,
    figure: Option<&'static str>,
    withheld: Option<String>,
}

#[derive(Serialize)]
struct FigureView {
    id: &'static str,
    label: String,
    value: String,
    detail: String,
    is_time: bool,
    basis: BasisView,
}

#[derive(Serialize)]
struct BasisView {
    level: &'static str,
    meaning: &'static str,
    method: String,
    sql: Option<String>,
    parameters: Vec<Parameter>,
}

#[derive(Serialize)]
struct Parameter {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct TableView {
    title: String,
    is_wide: bool,
    count: String,
    columns: Vec<Head>,
    rows: Vec<Vec<Cell>>,
    if_empty: String,
    note: String,
    basis: BasisView,
}

#[derive(Serialize)]
struct Head {
    title: &'static str,
    right: bool,
}

#[derive(Serialize)]
struct Cell {
    text: String,
    class: &'static str,
    sort: String,
    withheld: Option<String>,
}

#[derive(Serialize)]
struct BarsView {
    title: String,
    names: &'static str,
    words: String,
    part: &'static str,
    whole: &'static str,
    rows: Vec<Bar>,
}

#[derive(Serialize)]
struct Bar {
    name: String,
    part: String,
    whole: String,
    part_width: u64,
    whole_width: u64,
}

#[derive(Serialize)]
struct PictureView {
    id: &'static str,
    title: String,
    words: String,
    #[serde(flatten)]
    drawn: Drawn,
}

fn page(report: &Report) -> Page {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    let lede = report.incident.iter().find(|(key, _)| *key == "title").map(|(_, value)| plain(report, value));
    Page {
        style: STYLE,
        script: SCRIPT,
        style_hash: hash(STYLE),
        script_hash: hash(SCRIPT),
        version: env!("CARGO_PKG_VERSION"),
        title: sentence(report, &report.title),
        kicker: match report.statement.audience {
            super::model::Audience::Executive => "Incident report for decision makers",
            super::model::Audience::Technical => "Incident report",
        },
        standing: report.statement.standing.name(),
        lede: lede.filter(|text| text != "—").unwrap_or_default(),
        cover: cover(report),
        sources: report.journals.iter().map(source).collect(),
        check: CHECK,
        sections: report.sections.iter().map(|section| one_section(report, section)).collect(),
        digest_note:
            "The JSON form of this report holds every question and parameter; backtrail check recomputes it."
                .to_owned(),
    }
}

fn cover(report: &Report) -> Vec<Fact> {
    let of = |key: &str| {
        let found = report.incident.iter().find(|(known, _)| *known == key);
        found.map_or("—".to_owned(), |(_, value)| plain(report, value))
    };
    let authors: Vec<String> =
        report.statement.authors.iter().map(|name| Untrusted(name).visible()).collect();
    let records: u64 = report.journals.iter().map(|journal| journal.records).sum();
    let mut facts = Vec::new();
    if !report.incident.is_empty() {
        facts.extend([
            Fact { term: "Faulty version", value: format!("{} of {}", of("faulty"), of("model")) },
            Fact { term: "Live from (UTC)", value: of("from") },
            Fact { term: "Until (UTC)", value: of("to") },
            Fact { term: "Good version", value: of("good") },
            Fact { term: "Known because it was", value: of("origin") },
        ]);
    }
    facts.extend([
        Fact {
            term: "Evidence",
            value: format!(
                "{} records in {} journals",
                grouped(records),
                grouped(report.journals.len() as u64)
            ),
        },
        Fact {
            term: "Proofs",
            value: if report.verified { "verified; see Proof and integrity" } else { "not verified" }
                .to_owned(),
        },
        Fact {
            term: "Authors",
            value: if authors.is_empty() { "not named".to_owned() } else { authors.join(", ") },
        },
        Fact { term: "As of", value: report.as_of() },
        Fact { term: "Made by", value: format!("backtrail {}", env!("CARGO_PKG_VERSION")) },
    ]);
    facts
}

fn source(journal: &Journal) -> Source {
    Source {
        name: Untrusted(&journal.name).visible(),
        sha256: journal.sha256.clone().unwrap_or_else(|| "not read to its end".to_owned()),
    }
}

fn one_section(report: &Report, section: &Section) -> SectionView {
    SectionView {
        id: section.id,
        title: section.title,
        empty: section.empty.as_deref().map(|why| Untrusted(why).visible()),
        blocks: section.blocks.iter().map(|block| one_block(report, block)).collect(),
    }
}

fn one_block(report: &Report, block: &Block) -> BlockView {
    match block {
        Block::Prose(text) => BlockView::Prose { text: pieces(report, text) },
        Block::Caution(text) => BlockView::Caution { text: pieces(report, text) },
        Block::Notes(notes) => {
            BlockView::Notes { notes: notes.iter().map(|text| pieces(report, text)).collect() }
        }
        Block::Heading(text) => BlockView::Heading { text: Untrusted(text).visible() },
        Block::Points(points) => {
            BlockView::Points { points: points.iter().map(|text| pieces(report, text)).collect() }
        }
        Block::Commands(lines) => {
            BlockView::Commands { lines: lines.iter().map(|line| Untrusted(line).visible()).collect() }
        }
        Block::Figures(figures) => {
            BlockView::Figures { figures: figures.iter().map(|figure| one_figure(report, figure)).collect() }
        }
        Block::Table(table) => BlockView::Table(one_table(report, table)),
        Block::Picture(picture) => BlockView::Picture(PictureView {
            id: picture.id,
            title: picture.title.clone(),
            words: picture.words.clone(),
            drawn: picture::draw(report, picture),
        }),
        Block::Bars(bars) => {
            let most = bars.rows.iter().map(|(_, _, whole)| *whole).max().unwrap_or(1).max(1);
            let width =
                |n: u64| u64::try_from(u128::from(n) * 1000 / u128::from(most)).unwrap_or(1000).min(1000);
            let row = |(name, part, whole): &(Value, u64, u64)| Bar {
                name: plain(report, name),
                part: grouped(*part),
                whole: grouped(*whole),
                part_width: width(*part).max(u64::from(*part > 0) * 3),
                whole_width: width(*whole),
            };
            BlockView::Bars(BarsView {
                title: bars.title.clone(),
                names: bars.names,
                words: bars.words.clone(),
                part: bars.part,
                whole: bars.whole,
                rows: bars.rows.iter().map(row).collect(),
            })
        }
    }
}

fn pieces(report: &Report, text: &Text) -> Vec<Piece> {
    let piece = |value: &Value| {
        let figure = match value {
            Value::Figure(id) => report.figure(id).map(|figure| figure.id),
            _ => None,
        };
        let (text, withheld) = withheld(plain(report, value), value);
        match value {
            Value::Words(_) => coded(&text),
            _ => vec![Piece { text, figure, withheld, is_code: false }],
        }
    };
    text.iter().flat_map(piece).collect()
}

/// Our own words: what stands between backticks is a command.
fn coded(text: &str) -> Vec<Piece> {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return vec![Piece { text: text.to_owned(), ..Piece::default() }];
    }
    let piece = |(n, part): (usize, &&str)| Piece {
        text: (*part).to_owned(),
        is_code: n % 2 == 1,
        ..Piece::default()
    };
    parts.iter().enumerate().map(piece).filter(|piece| !piece.text.is_empty()).collect()
}

/// A commitment is shown by its first digits; the whole stands in its title and in the JSON form.
fn withheld(shown: String, value: &Value) -> (String, Option<String>) {
    match value {
        Value::Recorded(field, text) if text.starts_with(MARK) => {
            let digest = text.rsplit(':').next().unwrap_or_default();
            let head: String = digest.chars().take(8).collect();
            (format!("{} {head}", field.name()), Some(Untrusted(text).visible()))
        }
        _ => (shown, None),
    }
}

fn one_figure(report: &Report, figure: &Figure) -> FigureView {
    let (value, detail) = match &figure.value {
        Value::Share { part, whole } => {
            (percent(*part, *whole), format!("{} of {}", grouped(*part), grouped(*whole)))
        }
        Value::Time(at) => (at.short(Zone::Utc), "UTC".to_owned()),
        other => (plain(report, other), String::new()),
    };
    FigureView {
        id: figure.id,
        label: Untrusted(&figure.label).visible(),
        value,
        detail,
        is_time: matches!(figure.value, Value::Time(_)),
        basis: one_basis(report, &figure.basis),
    }
}

fn one_basis(report: &Report, basis: &Basis) -> BasisView {
    let parameters = basis.sql.iter().flat_map(|sql| &sql.parameters);
    BasisView {
        level: basis.level.name(),
        meaning: basis.level.meaning(),
        method: Untrusted(&basis.method).visible(),
        sql: basis.sql.as_ref().map(|sql| sql.text.clone()),
        parameters: parameters.map(|(name, value)| Parameter { name, value: plain(report, value) }).collect(),
    }
}

fn one_table(report: &Report, table: &Table) -> TableView {
    let shown = table.rows.len() as u64;
    let count = match (shown, table.total) {
        (shown, total) if shown == total => format!("{} rows", grouped(total)),
        (shown, total) => format!("showing {} of {} rows", grouped(shown), grouped(total)),
    };
    let list = table.list.and_then(|name| report.attachments.iter().find(|list| list.name == name));
    let note = match list {
        Some(list) if shown < table.total => {
            format!("All {} are in {} (SHA-256 {}).", grouped(list.rows), list.name, list.sha256)
        }
        _ => String::new(),
    };
    let head = |column: &Column| Head { title: column.title(), right: matches!(column, Column::Right(_)) };
    TableView {
        title: Untrusted(&table.title).visible(),
        is_wide: table.columns.len() >= WIDE,
        count: if table.rows.is_empty() { String::new() } else { count },
        columns: table.columns.iter().map(head).collect(),
        rows: table.rows.iter().map(|row| cells(report, table, row)).collect(),
        if_empty: Untrusted(&table.if_empty).visible(),
        note,
        basis: one_basis(report, &table.basis),
    }
}

fn cells(report: &Report, table: &Table, row: &[Value]) -> Vec<Cell> {
    let cell = |(value, column): (&Value, &Column)| {
        let (text, withheld) = withheld(plain(report, value), value);
        let class = match (value, column, text.as_str()) {
            (_, Column::Right(_), _) => "right",
            (Value::Words(_), _, "failed" | "critical" | "forged" | "revoked") => "bad",
            (Value::Words(_), _, "verified" | "ok") if table.id != "glossary" => "ok",
            (Value::Digest(_), ..) => "digest",
            (Value::Time(_), ..) => "time",
            (_, _, text) if text.chars().count() <= SHORT => "short",
            (_, _, text) if !text.contains(' ') => "id",
            _ => "long",
        };
        let sort = match value {
            Value::Count(n) if *n >= 1000 => n.to_string(),
            Value::Share { part, whole } => format!("{:.6}", *part as f64 / (*whole).max(1) as f64),
            Value::Length(span) => span.0.to_string(),
            Value::Money { units, .. } => units.clone(),
            Value::Words(word) => {
                crate::model::Severity::of(word).map_or(String::new(), |s| (s as u8).to_string())
            }
            _ => String::new(),
        };
        Cell { text, class, sort, withheld }
    };
    row.iter().zip(&table.columns).map(cell).collect()
}

/// Columns from which on a table may use the whole width of the screen.
const WIDE: usize = 8;
/// What stands on one line whatever the table's width.
const SHORT: usize = 26;
