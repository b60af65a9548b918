//! Sources of unknown shape by a person's map: which column or member is which field of a record.
//!
//! ```toml
//! [[record]]                      # one record of each row, for every table here
//! kind = "inference"
//! id = "$.request.id"             # a member by its path; `$.columns[0]` by its place; a CSV column by `$.name`
//! at = "$.ts"
//! agent = "$.user"
//! model = "=risk-scorer"          # the same text for every row
//! when = { "$.type" = "chat" }    # only rows where this holds
//! ```

use super::value::{moment, moment_of, text};
use super::{Context, Format, Origin, Out, Unit};
use crate::journal::split::Place;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A map from rows to records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    records: Vec<Target>,
    text: String,
}

/// One kind of record made of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    kind: String,
    id: Selector,
    at: Selector,
    fields: Vec<(String, Selector)>,
    when: Vec<(Selector, String)>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Selector {
    Constant(String),
    Path(Vec<Step>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
}

/// Fields that a journal writes as numbers.
const NUMBERS: [&str; 10] = [
    "tokens_in",
    "tokens_out",
    "latency_ms",
    "value",
    "tee_timestamp",
    "block_number",
    "log_index",
    "receipt_status",
    "batch_size",
    "grace_s",
];
/// Fields that a journal writes as lists of ids; a text is split at commas and spaces.
const LISTS: [&str; 5] = ["parents", "causes", "carries", "pays", "settles"];
/// Fields that a journal writes as JSON.
const DOCUMENTS: [&str; 7] = ["request", "response", "asset", "authorization", "aliases", "pcrs", "tree"];

impl Mapping {
    /// Reads a map. An error says which record and which field.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| e.message().to_owned())?;
        let records = table.get("record").and_then(toml::Value::as_array).ok_or("no [[record]] in it")?;
        let records = records.iter().enumerate().map(|(n, record)| {
            let table = record.as_table().ok_or(format!("record {}: not a table", n + 1))?;
            Target::parse(table).map_err(|what| format!("record {}: {what}", n + 1))
        });
        Ok(Self { records: records.collect::<Result<_, _>>()?, text: text.to_owned() })
    }

    /// The map as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing is mapped.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    fn apply(&self, row: &Value, origin: &Origin<'_>, out: &mut Out) {
        let mut any = false;
        for target in self.records.iter().filter(|target| target.wants(row)) {
            any = true;
            target.apply(row, origin, out);
        }
        if !any {
            out.fault(origin, "kept, not mapped: no record of the map wants this row");
        }
    }
}

impl Target {
    fn parse(table: &toml::Table) -> Result<Self, String> {
        let selector = |name: &str| {
            let text = table
                .get(name)
                .and_then(toml::Value::as_str)
                .ok_or(format!("`{name}` is missing or no text"))?;
            Selector::parse(text).map_err(|what| format!("`{name}`: {what}"))
        };
        let kind = table.get("kind").and_then(toml::Value::as_str).ok_or("`kind` is missing or no text")?;
        let mut fields = Vec::new();
        for name in table.keys().filter(|name| !["kind", "id", "at", "when"].contains(&name.as_str())) {
            if name == "import" {
                return Err("`import` is written by Backtrail".to_owned());
            }
            fields.push((name.clone(), selector(name)?));
        }
        let mut when = Vec::new();
        for (path, wanted) in table.get("when").and_then(toml::Value::as_table).into_iter().flatten() {
            let wanted = wanted.as_str().map_or_else(|| wanted.to_string(), str::to_owned);
            when.push((Selector::parse(path)?, wanted));
        }
        Ok(Self { kind: kind.to_owned(), id: selector("id")?, at: selector("at")?, fields, when })
    }

    fn wants(&self, row: &Value) -> bool {
        self.when.iter().all(|(selector, wanted)| selector.text(row).as_deref() == Some(wanted))
    }

    fn apply(&self, row: &Value, origin: &Origin<'_>, out: &mut Out) {
        let Some(id) = self.id.text(row).filter(|id| !id.is_empty()) else {
            return out.fault(origin, "the row has nothing where the map says that the id is");
        };
        let at = self.at.text(row).and_then(|text| moment_of(&text).or_else(|| moment(raw(&text)?)));
        let Some(at) = at else {
            return out.fault(origin, "what the map says is the time cannot be read as one");
        };
        let mut line = out.record(&self.kind, &id, at);
        for (name, selector) in &self.fields {
            let Some(value) = selector.value(row) else { continue };
            let name = name.as_str();
            let shown = shown(&value);
            if NUMBERS.contains(&name) {
                if let Some(number) = raw(shown.trim()).filter(|raw| raw.get().parse::<f64>().is_ok()) {
                    line.raw(name, number.get());
                }
            } else if LISTS.contains(&name) {
                let several = value.as_array().map(|list| list.iter().map(shown_owned).collect::<Vec<_>>());
                let split =
                    || shown.split([',', ' ', ';']).filter(|id| !id.is_empty()).map(str::to_owned).collect();
                line.texts(name, &several.unwrap_or_else(split));
            } else if DOCUMENTS.contains(&name) {
                // A document inside a column is text of JSON.
                let inner = value.as_str().and_then(|text| raw(text).map(|raw| raw.get().to_owned()));
                line.raw(name, &inner.unwrap_or_else(|| value.to_string()));
            } else if !shown.is_empty() {
                line.text(name, &shown);
            }
        }
        line.finish(origin);
    }
}

fn raw(text: &str) -> Option<&RawValue> {
    serde_json::from_str(text).ok()
}

fn shown(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed(""),
        other => Cow::Owned(other.to_string()),
    }
}

fn shown_owned(value: &Value) -> String {
    shown(value).into_owned()
}

impl Selector {
    fn parse(text: &str) -> Result<Self, String> {
        if let Some(constant) = text.strip_prefix('=') {
            return Ok(Self::Constant(constant.to_owned()));
        }
        let rest = text.strip_prefix('$').ok_or("a selector begins with `$`, a constant with `=`")?;
        let mut steps = Vec::new();
        let mut rest = rest;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("['") {
                let (name, after) = after.split_once("']").ok_or("`['` without `']`")?;
                steps.push(Step::Member(name.to_owned()));
                rest = after;
            } else if let Some(after) = rest.strip_prefix('[') {
                let (place, after) = after.split_once(']').ok_or("`[` without `]`")?;
                steps.push(Step::Element(place.parse().map_err(|_| "a place in `[ ]` is a number")?));
                rest = after;
            } else if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                steps.push(Step::Member(after[..end].to_owned()));
                rest = &after[end..];
            } else {
                return Err("a path is `$.name`, `$['name']` or `$[0]`".to_owned());
            }
        }
        Ok(Self::Path(steps))
    }

    fn value<'v>(&self, row: &'v Value) -> Option<Cow<'v, Value>> {
        match self {
            Self::Constant(text) => Some(Cow::Owned(Value::from(text.as_str()))),
            Self::Path(steps) => {
                let step = |value: &'v Value, step: &Step| match step {
                    Step::Member(name) => value.get(name),
                    Step::Element(place) => value.get(place),
                };
                steps.iter().try_fold(row, step).filter(|value| !value.is_null()).map(Cow::Borrowed)
            }
        }
    }

    fn text(&self, row: &Value) -> Option<String> {
        self.value(row).map(|value| shown_owned(&value))
    }
}

/// One line or element of JSON.
pub(super) fn json(unit: &Unit<'_>, context: &Context, out: &mut Out) {
    let origin = Origin { format: Format::MappedJson, place: unit.place, bytes: unit.bytes };
    match serde_json::from_slice::<Value>(unit.bytes) {
        Ok(row) => context.mapping.apply(&row, &origin, out),
        Err(error) => out.fault(&origin, &format!("not JSON at byte {}", error.column())),
    }
}

/// A whole table with a header.
pub(super) fn csv(unit: &Unit<'_>, context: &Context, out: &mut Out) {
    for row in rows(unit) {
        match row {
            Ok((row, origin)) => context.mapping.apply(&row, &origin, out),
            Err((reason, origin)) => out.fault(&origin, &reason),
        }
    }
}

type Row<'a> = Result<(Value, Origin<'a>), (String, Origin<'a>)>;

/// The rows of a table as objects, each with its place.
fn rows<'a>(unit: &Unit<'a>) -> Vec<Row<'a>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(unit.bytes);
    let header: Vec<String> = match reader.byte_headers() {
        Ok(header) => header
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim_start_matches('\u{feff}').trim().to_owned())
            .collect(),
        Err(_) => Vec::new(),
    };
    let mut found = Vec::new();
    let mut record = csv::ByteRecord::new();
    loop {
        let place = reader.position().clone();
        let begin = usize::try_from(place.byte()).unwrap_or(0);
        let more = reader.read_byte_record(&mut record);
        let end = usize::try_from(reader.position().byte()).unwrap_or(unit.bytes.len()).min(unit.bytes.len());
        let bytes = unit.bytes.get(begin..end).unwrap_or_default().trim_ascii_end();
        let line = unit.place.line + place.line().saturating_sub(1);
        let place = Place { line, offset: unit.place.offset + begin as u64 };
        let origin = Origin { format: Format::MappedCsv, place, bytes };
        match more {
            Ok(false) => return found,
            Ok(true) if record.len() != header.len() => {
                let reason = format!("{} columns where the header has {}", record.len(), header.len());
                found.push(Err((reason, origin)));
            }
            Ok(true) => {
                let cells = record.iter().map(|cell| Value::from(String::from_utf8_lossy(cell).into_owned()));
                found.push(Ok((Value::Object(header.iter().cloned().zip(cells).collect()), origin)));
            }
            Err(error) => {
                found.push(Err((error.to_string(), origin)));
                return found;
            }
        }
    }
}

/// The first rows of a source, for a guess.
pub(super) fn first_rows(bytes: &[u8], is_table: bool, most: usize) -> Vec<Value> {
    let unit = Unit { bytes, place: Place { line: 0, offset: 0 } };
    if is_table {
        return rows(&unit).into_iter().filter_map(|row| row.ok().map(|(row, _)| row)).take(most).collect();
    }
    let values = super::units(bytes).0;
    values.into_iter().filter_map(|unit| serde_json::from_slice(unit.bytes).ok()).take(most).collect()
}

/// Whether a value can be read as a time.
pub(super) fn is_time(value: &Value) -> bool {
    let shown = shown(value);
    moment_of(&shown).is_some()
        || raw(&shown).and_then(moment).is_some()
        || raw(&shown).and_then(text).is_some_and(|t| moment_of(&t).is_some())
}
