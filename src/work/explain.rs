//! One record, whole: where its bytes are, what they say, which version served it and why, what led to it and from it.

use super::WorkError;
use super::rows::{RequestRow, request_row};
use super::study::Study;
use crate::analysis::taint::{Mark, Way};
use crate::journal::Column;
use crate::journal::batch::{EdgeKind, Flags};
use crate::journal::import::Format;
use crate::journal::import::line::Provenance;
use crate::journal::import::standing::Field;
use crate::journal::wire;
use crate::model::{Evidence, Kind, Nanos, Pointers, Row, Tier};
use crate::store::Snapshot;
use std::path::PathBuf;

/// Where a record's bytes stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub source: PathBuf,
    /// From 0.
    pub line: u64,
    pub offset: u64,
    pub length: u64,
}

/// Where an imported record came from, and what its fields are worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    pub format: String,
    /// Of the bytes it was read from, in the file that was given.
    pub place: Place,
    pub sha256: String,
    /// Nothing where the file no longer holds them.
    pub bytes: Option<Vec<u8>>,
    /// Members that are the importer's word, because the source holds none.
    pub assumed: Vec<String>,
    /// What each kind of field is worth.
    pub fields: &'static [Field],
}

/// A record that another points at, or that points at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    pub kind: EdgeKind,
    pub id: String,
    /// Not in the case: the id dangles.
    pub row: Option<Row>,
    pub record: Option<(Kind, Nanos)>,
    /// The agent or payer, empty if unknown.
    pub agent: String,
}

/// Everything known of one record.
#[derive(Clone, Debug)]
pub struct Explanation {
    pub row: Row,
    pub kind: Kind,
    pub kind_text: String,
    pub id: String,
    pub at: Nanos,
    /// As recorded, with its own offset.
    pub at_text: String,
    pub place: Place,
    pub bytes: Vec<u8>,
    /// What it was before it was imported.
    pub imported: Option<Original>,
    pub request: Option<RequestRow>,
    /// What the evidence comes to, in plain words.
    pub words: Vec<String>,
    pub causes: Vec<Linked>,
    pub effects: Vec<Linked>,
    /// Other records with this id.
    pub same_id: Vec<Row>,
    /// How the faulty version reached it, by the shortest chain, nearest to the faulty version first.
    pub chain: Vec<Linkage>,
    /// Answers of the other version to the same request, and whether they differ.
    pub pairs: Vec<Pair>,
    /// So many there are, of which `pairs` holds the first.
    pub pairs_in_all: usize,
    /// What was answered, as far as it is recorded.
    pub answer: String,
}

/// A link of a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Linkage {
    pub row: Row,
    pub id: String,
    pub kind: Kind,
    pub at: Nanos,
    pub agent: String,
    pub tier: Tier,
    pub strength: f32,
    pub way: Way,
    /// Its place in time is decided by the clock tolerance alone.
    pub by_tolerance: bool,
}

/// The same request, answered by the other version.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    pub other: RequestRow,
    /// `None` where an answer is not recorded.
    pub differs: Option<bool>,
    /// What was answered, as far as it is recorded.
    pub answer: String,
}

/// Explains the record at a row.
pub fn explain(study: &Study, row: Row) -> Result<Explanation, WorkError> {
    let snapshot = &study.snapshot;
    let bytes = snapshot.line(row)?;
    let (record, at) =
        wire::parse(&bytes).map_err(|reason| WorkError::Refused(format!("row {}: {reason}", row.0)))?;
    let (kind, kind_text) = (record.kind(), record.kind_text().to_owned());
    let (id, at_text) = (record.id().to_owned(), record.at_text().to_owned());
    let request = (kind == Kind::Inference).then(|| request_row(study, row)).transpose()?;
    let links = record.links();
    let causes = links.iter().map(|(kind, id)| linked_id(snapshot, *kind, id)).collect::<Result<_, _>>()?;
    let effects = snapshot.effects(row)?.into_iter().map(|link| linked_row(snapshot, link.kind, link.from));
    let mut effects: Vec<Linked> = effects.collect::<Result<_, _>>()?;
    effects.sort_by_key(|linked| linked.record.map(|(_, at)| at));
    let mut same_id = snapshot.find_id(&id)?;
    same_id.retain(|other| *other != row);
    let value = |column: Column| snapshot.value(column, row);
    let place = Place {
        source: snapshot.source_of(row)?.path.clone(),
        line: value(Column::Line)?,
        offset: value(Column::Offset)?,
        length: value(Column::Length)?,
    };
    let imported = original(snapshot, row, &place)?;
    let mut words = request.as_ref().map_or_else(Vec::new, |request| in_words(study, request));
    let flags = value(Column::Flags)?;
    if flags & Flags::TORN != 0 {
        words.push("It was read from bytes after the last newline: no leaf of the tree holds it.".to_owned());
    }
    if flags & Flags::CONFLICT != 0 {
        words.push("Another record has its kind and id but other bytes; both are kept.".to_owned());
    }
    if flags & Flags::SUPERSEDED != 0 {
        words.push("A later record is the next state of the same thing.".to_owned());
    }
    let answer = answer(&record);
    drop(record);
    let chain = chain(study, row)?;
    if let Some(last) = chain.last() {
        words.push(reach(last, chain.len()));
    }
    let (pairs, pairs_in_all) = pairs(study, row)?;
    Ok(Explanation {
        row,
        kind,
        kind_text,
        id,
        at,
        at_text,
        place,
        bytes,
        imported,
        request,
        words,
        causes,
        effects,
        same_id,
        chain,
        pairs,
        pairs_in_all,
        answer,
    })
}

fn original(snapshot: &Snapshot, row: Row, place: &Place) -> Result<Option<Original>, WorkError> {
    let Some((provenance, bytes)) = snapshot.original(row)? else { return Ok(None) };
    let Provenance { format, line, offset, length, sha256, source, assumed } = provenance;
    let source = source.map_or_else(|| place.source.clone(), PathBuf::from);
    let fields = Format::of(&format).map(Format::fields).unwrap_or_default();
    let place = Place { source, line, offset, length };
    Ok(Some(Original { format, place, sha256, bytes, assumed, fields }))
}

fn chain(study: &Study, row: Row) -> Result<Vec<Linkage>, WorkError> {
    let snapshot = &study.snapshot;
    let link = |(row, mark): (Row, Mark)| {
        Ok(Linkage {
            row,
            id: snapshot.id(row)?,
            kind: snapshot.kind(row)?,
            at: snapshot.at(row)?,
            agent: snapshot.name(Column::Agent, snapshot.value(Column::Agent, row)?).to_owned(),
            tier: mark.tier,
            strength: mark.strength,
            way: mark.way,
            by_tolerance: mark.by_tolerance,
        })
    };
    let chain = study.blast()?.chain(row);
    // Of an endless chain the ends tell most.
    let middle = chain.len().saturating_sub(LONGEST_CHAIN);
    let kept = chain
        .into_iter()
        .enumerate()
        .filter(|(n, _)| *n < LONGEST_CHAIN / 2 || *n >= LONGEST_CHAIN / 2 + middle);
    kept.map(|(_, one)| link(one)).collect()
}

/// Links of a chain that are read from the journals.
const LONGEST_CHAIN: usize = 200;

fn reach(last: &Linkage, length: usize) -> String {
    let links = super::findings::counted(length as u64 - 1, "link");
    match last.tier {
        Tier::T0 => "T0: the faulty version served it.".to_owned(),
        tier => format!(
            "{tier}: {}; {links} from what the faulty version served, strength {:.2}.",
            tier.meaning(),
            last.strength
        ),
    }
}

/// Answers that are shown beside one.
const MOST_PAIRS: usize = 200;

fn pairs(study: &Study, row: Row) -> Result<(Vec<Pair>, usize), WorkError> {
    let request = study.snapshot.value(Column::RequestHash, row)?;
    if request == 0 {
        return Ok((Vec::new(), 0));
    }
    let others = study.blast()?.pairs.of(request, row);
    let all = others.len();
    let pair = |(other, differs): (Row, Option<bool>)| {
        let line = study.snapshot.line(other)?;
        let answer = wire::parse(&line).map(|(record, _)| answer(&record)).unwrap_or_default();
        Ok(Pair { other: request_row(study, other)?, differs, answer })
    };
    let pairs = others.into_iter().take(MOST_PAIRS).map(pair).collect::<Result<_, WorkError>>()?;
    Ok((pairs, all))
}

/// The recorded answer: its text, else its JSON, else its hash.
fn answer(record: &wire::Record<'_>) -> String {
    let wire::Record::Inference(r) = record else {
        return String::new();
    };
    let text = match (&r.output, r.response, &r.tee_output_hash) {
        (Some(output), _, _) => output.to_string(),
        (None, Some(response), _) => response.get().to_owned(),
        (None, None, Some(hash)) => format!("only its hash is recorded: {}", &**hash),
        (None, None, None) => "not recorded".to_owned(),
    };
    text.chars().take(MOST_ANSWER).collect()
}

/// Characters of an answer that are shown beside another; the record holds the rest.
const MOST_ANSWER: usize = 2_000;

fn linked_id(snapshot: &Snapshot, kind: EdgeKind, id: &str) -> Result<Linked, WorkError> {
    match snapshot.find_id(id)?.first() {
        Some(row) => linked_row(snapshot, kind, *row),
        None => Ok(Linked { kind, id: id.to_owned(), row: None, record: None, agent: String::new() }),
    }
}

fn linked_row(snapshot: &Snapshot, kind: EdgeKind, row: Row) -> Result<Linked, WorkError> {
    let agent = snapshot.name(Column::Agent, snapshot.value(Column::Agent, row)?).to_owned();
    let record = Some((snapshot.kind(row)?, snapshot.at(row)?));
    Ok(Linked { kind, id: snapshot.id(row)?, row: Some(row), record, agent })
}

/// The evidence and the pointers of a request, each in a sentence.
fn in_words(study: &Study, r: &RequestRow) -> Vec<String> {
    let mut words = vec![match r.evidence {
        Evidence::Attested if study.verified => {
            format!("Served by {}: its enclave's measurement says so, and the enclave signed.", r.effective)
        }
        Evidence::Attested => format!(
            "Served by {}: its enclave's recorded measurement says so. The response signature is not verified yet.",
            r.effective
        ),
        Evidence::Scheduled => {
            format!("Served by {}: the node's deployments say so. No enclave attests it.", r.effective)
        }
        Evidence::Claimed => {
            format!(
                "Served by {}, if the record is to be believed: nothing else says which version.",
                r.effective
            )
        }
        Evidence::None => "Nothing says which version served it.".to_owned(),
    }];
    let faulty =
        study.window.as_ref().map_or("the faulty version", |window| study.version_name(window.faulty));
    for (flag, _) in Pointers::ALL.into_iter().filter(|(flag, _)| r.pointers.has(*flag)) {
        words.push(match flag {
            Pointers::STALE => format!(
                "Stale pointer: it claims {faulty} after the rollback, but {} served it.",
                r.effective
            ),
            Pointers::LATE => format!("Late serving: {faulty} served it after the rollback."),
            Pointers::SHADOW => format!("Shadow serving: it claims {}, but {faulty} served it.", r.claimed),
            Pointers::CONFLICT => {
                format!("Version conflict: attested {}, scheduled {}.", r.attested, r.scheduled)
            }
            _ => continue,
        });
    }
    words
}
