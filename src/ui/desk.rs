//! The work behind notes, queries, counts, comparisons and files. On threads in life, in line when headless.

use super::fuzzy;
use super::model::{Candidate, Choose, Msg, Placed, Then, Why, Written};
use super::overlays::LISTED;
use super::report::Asked;
use super::screens::console::{Answer, MOST};
use super::screens::stack::{self, Leads};
use super::widgets::scroll::{Tick, Ticked};
use crate::journal::Names;
use crate::model::{Hash, Kind, Row};
use crate::report::Format;
use crate::store::Case;
use crate::store::views::{Flow, Views};
use crate::work::bundle::{Content, make};
use crate::work::filter::{Clause, Field, Filter};
use crate::work::lines::{self, Lines, Tally};
use crate::work::notebook::{self, Entry, Hand, Notebook};
use crate::work::payments::refunds;
use crate::work::rows::{RequestRow, request_row};
use crate::work::save::{Existing, save};
use crate::work::select::{Partial, select_telling};
use crate::work::session;
use crate::work::sheet::{Form, Sheet};
use crate::work::stack::{By, Count, count, sort};
use crate::work::study::Study;
use crate::work::{Cancel, WorkError};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// The most records whose place in a list is looked up for its scrollbar.
const TICKED: usize = 2000;

/// A selection in its order, with the place of the cursor's record and of what its scrollbar marks.
pub fn selected(
    study: &Study,
    filter: &Filter,
    by: Option<By>,
    (keep, noted): (Option<Row>, &[Row]),
    cancel: &Cancel,
    tell: &mut dyn FnMut(Partial),
) -> Result<Placed, WorkError> {
    let mut selection = select_telling(study, filter, cancel, tell)?;
    let evidence = study.findings.iter().flat_map(|finding| finding.evidence.iter().copied());
    let wanted =
        noted.iter().map(|row| (*row, Ticked::Mark)).chain(evidence.map(|row| (row, Ticked::Finding)));
    let wanted: Vec<(Row, Ticked)> = wanted.take(TICKED).collect();
    let Some(by) = by else {
        let cursor = keep.map_or(Ok(0), |row| selection.place_of(study, row))?;
        let mut ticks = Vec::new();
        for (row, what) in wanted {
            let place = selection.place_of(study, row)?;
            if selection.rows.get(place) == Some(&row) {
                ticks.push(Tick { place, what });
            }
        }
        return Ok((selection, cursor, ticks));
    };
    selection.rows = sort(study, &selection.rows, by, cancel)?.into();
    let place = |row: Row| selection.rows.iter().position(|known| *known == row);
    let cursor = keep.and_then(place).unwrap_or(0);
    let marked: HashSet<Row> = noted.iter().copied().collect();
    let all: HashSet<Row> = wanted.iter().map(|(row, _)| *row).collect();
    let rows = selection.rows.iter().enumerate().filter(|(_, row)| all.contains(row));
    let what = |row: &Row| if marked.contains(row) { Ticked::Mark } else { Ticked::Finding };
    let ticks = rows.map(|(place, row)| Tick { place, what: what(row) }).collect();
    Ok((selection, cursor, ticks))
}

/// How many requests have each value of a field.
pub fn counted(study: &Study, question: u64, (rows, field): (&[Row], Field), cancel: &Cancel) -> Msg {
    let value = |count: Count| stack::Value {
        text: count.value,
        count: count.count,
        leads: Leads::Clauses(count.clauses),
    };
    let values = count(study, rows, field, cancel);
    Msg::Counted { question, values: values.map(|counts| counts.into_iter().map(value).collect()) }
}

/// How many rows of a list have each text of a column.
pub fn counted_rows(
    question: u64,
    lines: &dyn Lines,
    order: Option<&[u32]>,
    column: usize,
    cancel: &Cancel,
) -> Msg {
    let value = |tally: Tally| stack::Value {
        text: tally.text,
        count: tally.count,
        leads: Leads::Place(tally.first),
    };
    let tallies = lines::count(lines, order, column, cancel);
    Msg::Counted { question, values: tallies.map(|tallies| tallies.into_iter().map(value).collect()) }
}

/// The names that match best, and how many there are.
pub fn matched(study: &Study, text: &str, own: &[Candidate], then: Then, cancel: &Cancel) -> Option<Msg> {
    let kinds = [
        (Names::Version, Field::Version, "version"),
        (Names::Node, Field::Node, "node"),
        (Names::Agent, Field::Agent, "agent"),
    ];
    let tables = kinds.map(|(names, field, kind)| (study.snapshot.names(names).texts(), field, kind));
    let ends = tables.iter().scan(own.len(), |end, (names, ..)| {
        *end += names.len();
        Some(*end)
    });
    let ends: Vec<usize> = ends.collect();
    let all = ends.last().copied().unwrap_or(own.len());
    let found = |place: usize| {
        let table = ends.partition_point(|end| *end <= place);
        let start = if table == 0 { own.len() } else { ends[table - 1] };
        (&tables[table], place - start)
    };
    let name = |place: usize| match own.get(place) {
        Some(candidate) => candidate.name.as_str(),
        None => {
            let ((names, ..), n) = found(place);
            &names[n]
        }
    };
    let best = match text {
        "" => (0..all.min(LISTED)).collect(),
        _ => fuzzy::best(text, all, name, LISTED, cancel).ok()?,
    };
    let candidate = |place: usize| {
        own.get(place).cloned().unwrap_or_else(|| {
            let ((_, field, kind), _) = found(place);
            let clause = Clause::is(*field, name(place));
            let choice = match then {
                Then::Only => Choose::Only(clause),
                Then::Seek => Choose::Seek(clause),
            };
            Candidate { kind, name: name(place).to_owned(), keys: String::new(), choice }
        })
    };
    let best = best.into_iter().map(candidate).collect();
    Some(Msg::Matched { text: text.to_owned(), best, all: all as u64 })
}

/// The notes of a case as they stand.
pub fn notebook(study: &Study) -> Msg {
    let notebook = notebook::open(study.snapshot.path()).map(|book| with_rows(study, book));
    Msg::Notebook { notebook, wrote: None, why: Why::Trail }
}

/// A notebook that is in memory only, over records that may be others now.
pub fn held(study: &Study, book: Notebook) -> Msg {
    Msg::Notebook { notebook: Ok(with_rows(study, book)), wrote: None, why: Why::Trail }
}

/// Where this user left the case.
pub fn recalled(study: &Study) -> Msg {
    Msg::Recalled(session::recall(study.snapshot.path()).map(Box::new))
}

/// Writes lines into the log of a case.
pub fn note(study: &Study, entries: &[Entry], why: Why) -> Msg {
    let written = notebook::write(study.snapshot.path(), entries, &Hand::now());
    let (notebook, wrote) = match written {
        Ok((book, first)) => (Ok(with_rows(study, book)), Some(first)),
        Err(error) => (Err(error), None),
    };
    Msg::Notebook { notebook, wrote, why }
}

/// Adds lines to a notebook in memory only.
pub fn note_in_memory(study: &Study, mut book: Notebook, entries: &[Entry], why: Why, hand: &Hand) -> Msg {
    let first = book.lines.len() as u64 + 1;
    entries.iter().for_each(|entry| drop(book.append(entry, hand)));
    Msg::Notebook { notebook: Ok(with_rows(study, book)), wrote: Some(first), why }
}

/// With the records that notes are about.
fn with_rows(study: &Study, book: Notebook) -> (Arc<Notebook>, Vec<Row>) {
    let requests = book.notes().filter(|(subject, _)| subject.kind == Kind::Inference.name()).take(TICKED);
    let rows = requests.flat_map(|(subject, _)| study.snapshot.find_id(&subject.id).unwrap_or_default());
    let rows = rows.collect();
    (Arc::new(book), rows)
}

/// Runs a query until it ends, is interrupted, or has brought as many rows as a screen takes.
pub fn query(study: &Study, sql: &str, cancel: &Cancel) -> Msg {
    Msg::Queried { answer: queried(study, sql, cancel), sql: sql.to_owned() }
}

fn queried(study: &Study, sql: &str, cancel: &Cancel) -> Result<Arc<Answer>, WorkError> {
    let mut views = Views::open(&study.sight(sql, cancel)?)?;
    let wanted = cancel.clone();
    views.while_wanted(move || !wanted.is_cancelled())?;
    let (mut rows, mut titles) = (Vec::new(), Vec::new());
    let answer = views.select(
        sql,
        |head| titles = head.to_vec(),
        |row| {
            rows.push(row.to_vec());
            if rows.len() < MOST && !cancel.is_cancelled() { Flow::More } else { Flow::Enough }
        },
    );
    cancel.check()?;
    answer?;
    Ok(Arc::new(Answer { titles, rows }))
}

/// What a report would say, in Markdown.
pub fn report(study: &Study, asked: Asked, cancel: &Cancel) -> Msg {
    let text = study.whole(cancel).and_then(|study| {
        let mut text = Vec::new();
        asked.made(&study, cancel)?.write(Format::Markdown, None, &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    });
    Msg::Reported { asked: Box::new(asked), text }
}

/// Saves the report; of a folder, the digest of its list of digests.
fn save_report(study: &Study, path: &Path, asked: &Asked, cancel: &Cancel) -> Result<Hash, WorkError> {
    let study = study.whole(cancel)?;
    let written = asked.made(&study, cancel)?.save(asked.format, None, path, Existing::Refuse)?;
    Ok(written.last().map(|file| file.sha256).unwrap_or_default())
}

/// Writes a new file.
pub fn write(study: &Study, path: &Path, what: Written, cancel: &Cancel) -> Msg {
    let bytes = match what {
        Written::Report(asked) => {
            return Msg::Wrote { path: path.to_owned(), hash: save_report(study, path, &asked, cancel) };
        }
        Written::Rows { lines, order } => lines::sheet(&*lines, order.as_deref(), cancel)
            .map(|sheet| sheet.bytes(Form::of(path).unwrap_or(Form::Csv))),
        Written::Refunds => {
            refunds(study, cancel).map(|sheet| sheet.bytes(Form::of(path).unwrap_or(Form::Csv)))
        }
        Written::Text(text) => Ok(text.into_bytes()),
        // Content is never given by a key alone: the refusal says how to give it.
        Written::Bundle(ids) => {
            study.archive().and_then(|archive| Ok(make(study, &archive, &ids, Content::Refused)?.bytes))
        }
        Written::Log => {
            let lines = Case::open(study.snapshot.path()).and_then(|case| case.log());
            lines.map(|lines| Notebook::export(&lines)).map_err(WorkError::from)
        }
        Written::Requests(rows) => {
            requests(study, &rows, cancel).map(|sheet| sheet.bytes(Form::of(path).unwrap_or(Form::Csv)))
        }
    };
    let hash = bytes.and_then(|bytes| {
        save(path, &bytes, Existing::Refuse, &study.evidence())?;
        Ok(Hash(Sha256::digest(&bytes).into()))
    });
    Msg::Wrote { path: path.to_owned(), hash }
}

/// Requests with every column, as the SQL view names them.
fn requests(study: &Study, rows: &[Row], cancel: &Cancel) -> Result<Sheet, WorkError> {
    let mut sheet = Sheet::default();
    for (n, row) in rows.iter().enumerate() {
        if n % 1024 == 0 {
            cancel.check()?;
        }
        let (titles, cells): (Vec<String>, Vec<String>) =
            columns(&request_row(study, *row)?).into_iter().unzip();
        sheet.titles = titles;
        sheet.rows.push(cells);
    }
    Ok(sheet)
}

pub fn columns(row: &RequestRow) -> Vec<(String, String)> {
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    let pairs = [
        ("id", row.id.clone()),
        ("at", row.at.rfc3339()),
        ("node", row.node.clone()),
        ("agent", row.agent.clone()),
        ("model", row.model.clone()),
        ("claimed", row.claimed.clone()),
        ("scheduled", row.scheduled.clone()),
        ("attested", row.attested.clone()),
        ("effective", row.effective.clone()),
        ("evidence", row.evidence.name().to_owned()),
        ("pointer", row.pointers.to_string()),
        ("proof", row.proof.map_or_else(String::new, |status| status.name().to_owned())),
        ("tier", row.tier.flatten().map_or_else(String::new, |tier| tier.name().to_owned())),
        ("status", row.status.clone()),
        ("error", row.error.clone()),
        ("tokens_in", number(row.tokens_in)),
        ("tokens_out", number(row.tokens_out)),
        ("latency_ms", number(row.latency.map(|latency| latency.0.unsigned_abs() / 1_000_000))),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
}
