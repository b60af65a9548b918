//! Three to seven requests told whole: one of each kind that matters, with versions and proof path.

use super::{Facts, by, empty, recorded, section, words};
use crate::model::{Evidence, Pointers, Row, Status};
use crate::report::model::{Audience, Block, Column, Field, Level, Section, Table, Text, Value};
use crate::work::rows::{RequestRow, request_row};
use crate::work::{Cancel, WorkError};

const FEWEST: usize = 3;
const MOST: usize = 7;
/// Requests looked at for exemplars: those that matter come early or not at all, and a report must not take for ever.
const LOOKED_AT: usize = 20_000;

pub fn section_of(facts: &Facts<'_>, audience: Audience) -> Result<Section, WorkError> {
    let (id, title) = ("exemplars", "Exemplar requests");
    if let Some(why) = facts.no_incident() {
        return Ok(empty(id, title, why));
    }
    let chosen = if audience == Audience::Technical { chosen(facts)? } else { Vec::new() };
    if chosen.is_empty() {
        return Ok(empty(id, title, "the faulty version served no request, and none points at it"));
    }
    let archive = facts.study.archive()?;
    let mut section = section(id, title);
    section.blocks.push(Block::Prose(vec![words(
        "Each was chosen by a rule, not by hand: the earliest of its kind. `backtrail explain CASE ID` tells more about each, \
         down to its bytes.",
    )]));
    for (why, request) in chosen {
        section.blocks.push(Block::Heading(why.clone()));
        section.blocks.push(Block::Prose(story(&request)));
        if let Some(text) = pair(facts, &request)? {
            section.blocks.push(Block::Prose(text));
        }
        archive.name_blob(request.row, &Cancel::default(), &mut |_| {})?;
        if let Some(path) = archive.path_of(request.row)? {
            let rows: Vec<Vec<Value>> = path
                .steps
                .iter()
                .map(|step| {
                    vec![words(step.step.name()), words(step.status.name()), words(step.reason.clone())]
                })
                .collect();
            section.blocks.push(Block::Table(Table {
                id: "ladder",
                title: format!("{why}: its proof path"),
                columns: vec![Column::Left("step"), Column::Left("verdict"), Column::Left("why")],
                total: rows.len() as u64,
                rows,
                list: None,
                basis: by(
                    if facts.verification.is_some() { Level::Proved } else { Level::Computed },
                    "every step recomputed from the record and what else is in evidence",
                ),
                if_empty: String::new(),
            }));
        }
    }
    Ok(section)
}

/// The earliest request of each kind, told once even where it is several.
fn chosen(facts: &Facts<'_>) -> Result<Vec<(String, RequestRow)>, WorkError> {
    let faulty = facts.window().map_or("", |window| facts.study.version_name(window.faulty));
    type Kind = (&'static str, fn(&Look<'_>, &str) -> bool);
    let kinds: [Kind; MOST] = [
        ("request it served with an enclave's attestation", |r, faulty| {
            r.effective == faulty && r.evidence == Evidence::Attested && r.pointers.is_empty()
        }),
        ("request it served that is known only from deployments", |r, faulty| {
            r.effective == faulty && r.evidence < Evidence::Attested && r.pointers.is_empty()
        }),
        ("request served late, after the rollback", |r, _| r.pointers.has(Pointers::LATE)),
        ("request that claims another version than the one that served it", |r, _| {
            r.pointers.has(Pointers::SHADOW)
        }),
        ("request that still claims the faulty version, served by another", |r, _| {
            r.pointers.has(Pointers::STALE)
        }),
        ("request attested to one version and scheduled on another", |r, _| {
            r.pointers.has(Pointers::CONFLICT)
        }),
        ("affected request with a false proof", |r, _| r.proof == Some(Status::Failed)),
    ];
    let mut found: [Option<Row>; MOST] = [None; MOST];
    for row in facts.exposure.affected.iter().take(LOOKED_AT) {
        let look = Look::at(facts, *row)?;
        for (place, (_, is)) in found.iter_mut().zip(kinds) {
            if place.is_none() && is(&look, faulty) {
                *place = Some(*row);
            }
        }
        if found.iter().all(Option::is_some) {
            break;
        }
    }
    let mut told = std::collections::BTreeSet::new();
    let mut chosen = Vec::new();
    for ((why, _), row) in kinds.into_iter().zip(found) {
        if let Some(row) = row.filter(|row| told.insert(*row)) {
            chosen.push((format!("The first {why}"), request_row(facts.study, row)?));
        }
    }
    // Where few kinds occur, the earliest others make it three.
    for row in facts.exposure.affected.iter().take(FEWEST + MOST) {
        if chosen.len() < FEWEST && told.insert(*row) {
            chosen.push(("Another affected request".to_owned(), request_row(facts.study, *row)?));
        }
    }
    Ok(chosen)
}

/// What choosing needs, from columns alone: no line is read for a request that is not chosen.
struct Look<'s> {
    effective: &'s str,
    evidence: Evidence,
    pointers: Pointers,
    proof: Option<Status>,
}

impl<'s> Look<'s> {
    fn at(facts: &Facts<'s>, row: Row) -> Result<Self, WorkError> {
        let study = facts.study;
        let snapshot = &study.snapshot;
        let attribution = snapshot.attribution(row)?;
        let model = snapshot.value(crate::journal::Column::Model, row)?;
        Ok(Self {
            effective: study.version_name(attribution.effective),
            evidence: attribution.evidence,
            pointers: attribution.pointers(model, snapshot.at(row)?, study.window.as_ref()),
            proof: snapshot.verdicts(row)?.and_then(crate::model::Verdicts::worst),
        })
    }
}

/// The same request answered by the other version, where there is one.
fn pair(facts: &Facts<'_>, r: &RequestRow) -> Result<Option<Text>, WorkError> {
    let snapshot = &facts.study.snapshot;
    let request = snapshot.value(crate::journal::Column::RequestHash, r.row)?;
    let blast = facts.study.blast()?;
    let Some((other, differs)) = blast.pairs.of(request, r.row).into_iter().next().filter(|_| request != 0)
    else {
        return Ok(None);
    };
    let other = request_row(facts.study, other)?;
    Ok(Some(vec![
        words("Matched pair: the same request was also answered by "),
        recorded(Field::Version, &other.effective),
        words(" ("),
        recorded(Field::Id, &other.id),
        words(match differs {
            Some(true) => "); the answers differ.",
            Some(false) => "); the answers are the same.",
            None => "); one of the answers is not recorded, so they cannot be compared.",
        }),
    ]))
}

pub(super) fn story(r: &RequestRow) -> Text {
    let version =
        |text: &str| if text.is_empty() { words("nothing") } else { recorded(Field::Version, text) };
    let mut text = vec![
        recorded(Field::Id, &r.id),
        words(" at "),
        Value::Time(r.at),
        words(": agent "),
        recorded(Field::Agent, &r.agent),
    ];
    if !r.node.is_empty() {
        text.extend([words(" asked node "), recorded(Field::Node, &r.node)]);
    }
    text.extend([
        words(". Claimed "),
        version(&r.claimed),
        words(", scheduled "),
        version(&r.scheduled),
        words(", attested "),
        version(&r.attested),
        words("; effectively "),
        version(&r.effective),
        words("."),
    ]);
    if !r.pointers.is_empty() {
        text.push(words(format!(" It is marked {}.", r.pointers.names().collect::<Vec<_>>().join(" and "))));
    }
    if let Some(proof) = r.proof {
        text.push(words(format!(" The worst required step of its proof path is {proof}.")));
    }
    text
}
