//! The views that are small: sources, faults, nodes, agents, findings, checkpoints as plain temporary tables, and edges.

use super::{JudgedAgent, Sight};
use crate::journal::{Column, Names};
use crate::model::{Kind, Row, Step};
use crate::store::{Case, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use std::collections::BTreeMap;

type Cells = Vec<Value>;
type Fill = fn(&Sight) -> Result<Vec<Cells>, StoreError>;

/// Name, columns, and what fills it.
const TABLES: &[(&str, &[&str], Fill)] = &[
    (
        "sources",
        &[
            "path",
            "sha256",
            "bytes",
            "lines",
            "root",
            "records",
            "faults",
            "duplicates",
            "conflicts",
            "blank_lines",
            "torn_bytes",
            "origin",
            "log_key",
            "format",
        ],
        sources,
    ),
    ("faults", &["source", "line", "offset", "length", "reason"], faults),
    ("nodes", &["node", "requests", "first", "last", "state"], nodes),
    (
        "agents",
        &[
            "agent",
            "requests",
            "actions",
            "payments",
            "first",
            "last",
            "verdict",
            "persistence",
            "q",
            "tvd",
            "retention",
            "retention_lo",
            "retention_hi",
            "n_before",
            "n_during",
            "n_after",
        ],
        agents,
    ),
    ("findings", &["rule", "severity", "subject", "sentence", "count"], findings),
    (
        "checkpoints",
        &["source", "line", "origin", "size", "recorded", "computed", "arithmetic", "reason"],
        checkpoints,
    ),
    ("verdicts", &["id", "step", "verdict"], verdicts),
    ("edges", &["kind", "from_id", "from_kind", "to_id", "to_kind"], edges),
];

pub(super) fn catalogue() -> impl Iterator<Item = (String, Vec<String>)> {
    TABLES.iter().map(|(name, columns, _)| {
        ((*name).to_owned(), columns.iter().map(|column| (*column).to_owned()).collect())
    })
}

/// Makes the tables. Each is filled when a statement names it (`fill`), not before.
pub(super) fn register_all(connection: &Connection) -> Result<(), StoreError> {
    for (name, columns, _) in TABLES {
        connection.execute_batch(&format!("create table {name} ({})", quoted(columns)))?;
    }
    Ok(())
}

/// Fills the tables that a statement may read.
pub(super) fn fill(connection: &Connection, sight: &Sight, sql: &str) -> Result<(), StoreError> {
    let sql = sql.to_lowercase();
    for (name, columns, rows) in TABLES.iter().filter(|(name, _, _)| sql.contains(name)) {
        let marks = vec!["?"; columns.len()].join(",");
        connection.execute_batch(&format!("begin; delete from {name};"))?;
        let mut insert = connection.prepare(&format!("insert into {name} values ({marks})"))?;
        for row in rows(sight)? {
            insert.execute(params_from_iter(row))?;
        }
        connection.execute_batch("commit")?;
    }
    Ok(())
}

fn quoted(columns: &[&str]) -> String {
    columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(",")
}

fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

fn maybe(value: Option<String>) -> Value {
    value.map_or(Value::Null, Value::Text)
}

fn count(value: u64) -> Value {
    Value::Integer(value.cast_signed())
}

fn moment(at: i64) -> Value {
    Value::Text(crate::model::Nanos(at).rfc3339())
}

fn sources(sight: &Sight) -> Result<Vec<Cells>, StoreError> {
    let row = |s: &crate::store::Source| {
        vec![
            text(s.path.to_string_lossy()),
            maybe(s.sha256.map(|hash| hash.hex())),
            count(s.bytes),
            count(s.lines),
            maybe(s.root.map(|hash| hash.hex())),
            count(s.records),
            count(s.faults),
            count(s.duplicates),
            count(s.conflicts),
            count(s.blanks),
            count(s.torn_bytes),
            maybe(s.origin.clone()),
            maybe(s.log_key.clone()),
            maybe(s.imported.as_ref().map(|imported| imported.format.clone())),
        ]
    };
    Ok(sight.snapshot.sources().iter().map(row).collect())
}

fn path_of(sight: &Sight, source: u32) -> Value {
    let source = sight.snapshot.sources().iter().find(|known| known.id == source);
    maybe(source.map(|source| source.path.to_string_lossy().into_owned()))
}

fn faults(sight: &Sight) -> Result<Vec<Cells>, StoreError> {
    let faults = Case::open(sight.snapshot.path())?.faults()?;
    let row = |(source, fault): (u32, crate::model::Fault)| {
        let place = fault.place();
        vec![
            path_of(sight, source),
            count(place.line),
            count(place.offset),
            count(place.length),
            text(fault.reason),
        ]
    };
    Ok(faults.into_iter().map(row).collect())
}

fn checkpoints(sight: &Sight) -> Result<Vec<Cells>, StoreError> {
    let row = |c: crate::store::tables::CheckpointRow| {
        vec![
            path_of(sight, c.source),
            count(c.line),
            text(c.origin),
            count(c.size),
            maybe(c.recorded.map(|hash| hash.hex())),
            maybe(c.computed.map(|hash| hash.hex())),
            text(c.verdict),
            text(c.reason),
        ]
    };
    Ok(Case::open(sight.snapshot.path())?.checkpoints()?.into_iter().map(row).collect())
}

/// One row per verified request and step.
fn verdicts(sight: &Sight) -> Result<Vec<Cells>, StoreError> {
    let mut rows = Vec::new();
    for row in sight.snapshot.order()?.iter() {
        let Some(verdicts) = sight.snapshot.verdicts(*row)? else {
            continue;
        };
        let id = sight.snapshot.id(*row)?;
        let steps = Step::ALL.into_iter().filter_map(|step| Some((step, verdicts.status(step)?)));
        rows.extend(steps.map(|(step, status)| vec![text(&*id), text(step.name()), text(status.name())]));
    }
    Ok(rows)
}

fn findings(sight: &Sight) -> Result<Vec<Cells>, StoreError> {
    let row = |f: &crate::model::Finding| {
        vec![text(&*f.rule), text(f.severity.name()), text(&*f.subject), text(&*f.sentence), count(f.count)]
    };
    Ok(sight.findings.iter().map(row).collect())
}

/// Per number of a dictionary: records of three kinds, first and last.
#[derive(Default)]
struct Tally {
    requests: u64,
    actions: u64,
    payments: u64,
    span: Option<(i64, i64)>,
}

fn tally(sight: &Sight, column: Column) -> Result<BTreeMap<u64, Tally>, StoreError> {
    let snapshot = &sight.snapshot;
    let (names, kinds, at) =
        (snapshot.column(column)?, snapshot.column(Column::Kind)?, snapshot.column(Column::At)?);
    let mut tallies: BTreeMap<u64, Tally> = BTreeMap::new();
    for row in snapshot.order()?.iter() {
        let kind = Kind::from_code(kinds.value(*row));
        if names.value(*row) == 0
            || !matches!(kind, Kind::Inference | Kind::Action | Kind::Payment | Kind::Message)
        {
            continue;
        }
        let tally = tallies.entry(names.value(*row)).or_default();
        tally.requests += u64::from(kind == Kind::Inference);
        tally.actions += u64::from(kind == Kind::Action);
        tally.payments += u64::from(kind == Kind::Payment);
        let at = at.value(*row).cast_signed();
        tally.span = Some(tally.span.map_or((at, at), |(first, _)| (first, at)));
    }
    Ok(tallies)
}

fn nodes(sight: &Sight) -> Result<Vec<Cells>, StoreError> {
    let mut tallies = tally(sight, Column::Node)?;
    for number in 1..=sight.snapshot.names(Names::Node).len() as u64 {
        tallies.entry(number).or_default();
    }
    let state = |number: u64| {
        let nodes = sight.window.iter().flat_map(|window| &window.nodes);
        maybe(nodes.into_iter().find(|node| node.node == number).map(|node| node.state.name().to_owned()))
    };
    let row = |(number, tally): (u64, Tally)| {
        let (first, last) = tally.span.map_or((Value::Null, Value::Null), |(a, b)| (moment(a), moment(b)));
        vec![
            text(sight.snapshot.name(Column::Node, number)),
            count(tally.requests),
            first,
            last,
            state(number),
        ]
    };
    Ok(tallies.into_iter().map(row).collect())
}

fn agents(sight: &Sight) -> Result<Vec<Cells>, StoreError> {
    let row = |(number, tally): (u64, Tally)| {
        let (first, last) = tally.span.map_or((Value::Null, Value::Null), |(a, b)| (moment(a), moment(b)));
        let name = text(sight.snapshot.name(Column::Agent, number));
        let mut row =
            vec![name, count(tally.requests), count(tally.actions), count(tally.payments), first, last];
        row.extend(judged(sight.agents.get(&number)));
        row
    };
    Ok(tally(sight, Column::Agent)?.into_iter().map(row).collect())
}

/// Nothing but NULL for payers and payees, which the analysis does not judge.
fn judged(agent: Option<&JudgedAgent>) -> [Value; 10] {
    let Some(agent) = agent else { return std::array::from_fn(|_| Value::Null) };
    let word = |word: Option<&str>| maybe(word.map(str::to_owned));
    let real = |number: Option<f64>| number.map_or(Value::Null, Value::Real);
    let [before, during, after] = agent.n.map(|n| count(n.into()));
    [
        word(Some(agent.verdict)),
        word(agent.persistence),
        real(agent.q),
        real(agent.tvd),
        real(agent.retention.map(|kept| kept[0])),
        real(agent.retention.map(|kept| kept[1])),
        real(agent.retention.map(|kept| kept[2])),
        before,
        during,
        after,
    ]
}

fn edges(sight: &Sight) -> Result<Vec<Cells>, StoreError> {
    let snapshot = &sight.snapshot;
    let mut rows = Vec::new();
    for (n, chunk) in snapshot.chunks().iter().enumerate() {
        let mut last = None;
        for edge in snapshot.edges(chunk)?.iter() {
            // A record's edges stand together; its line is read once and names them all.
            if last.replace(edge.place) == Some(edge.place) {
                continue;
            }
            let row = Row::new(n, edge.place as usize);
            if !snapshot.is_counted(row)? {
                continue;
            }
            let line = snapshot.line(row)?;
            let Ok((record, _)) = crate::journal::wire::parse(&line) else {
                continue;
            };
            for (kind, to) in record.links() {
                let to_kind = snapshot.find_id(to)?.first().map(|row| snapshot.kind(*row)).transpose()?;
                rows.push(vec![
                    text(kind.name()),
                    text(record.id()),
                    text(snapshot.kind(row)?.name()),
                    text(to),
                    maybe(to_kind.map(|kind| kind.name().to_owned())),
                ]);
            }
        }
    }
    Ok(rows)
}
