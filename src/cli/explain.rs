//! `explain`: one record by its id; or an agent or a node by its name, as far as this version can.

use super::args::Explain;
use super::{Outcome, impact, json, json_agents, opening};
use crate::journal::batch::EdgeKind;
use crate::journal::{Column, Names};
use crate::model::untrusted::visible_bytes;
use crate::model::{Kind, Nanos, Row, Tier, Untrusted};
use crate::work::Cancel;
use crate::work::agents::words::portrait;
use crate::work::archive::Archive;
use crate::work::explain::{Explanation, Linkage, Linked, Original, explain};
use crate::work::filter::{Clause, Field, Filter};
use crate::work::findings::{counted, grouped};
use crate::work::select::select;
use crate::work::study::{Choice, Study};
use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

pub fn run(arguments: &Explain) -> Result<Outcome> {
    let study = opening::study(std::slice::from_ref(&arguments.path), &Choice::default())?;
    let rows = study.snapshot.find_id(&arguments.id)?;
    if rows.is_empty() {
        return named(&study, arguments);
    }
    let given = opening::Given {
        trust: arguments.trust.as_deref(),
        blobs: &arguments.blob,
        ..opening::Given::default()
    };
    let archive = Archive::open(&study, &opening::pins_of(&study, &given)?)?;
    for row in &rows {
        opening::name_blob(&study, &archive, *row)?;
    }
    let explanations = rows.iter().map(|row| explain(&study, *row)).collect::<Result<Vec<_>, _>>()?;
    // Requests first; of a thing with states, the latest is the one people mean.
    let first = explanations.iter().position(|e| e.kind == Kind::Inference).unwrap_or(explanations.len() - 1);
    if arguments.json {
        let mut document = document(&study, &explanations[first])?;
        if let Some(path) = archive.path_of(explanations[first].row)? {
            document["proof"] = json::proof(&path).into();
        }
        json::print(&document)?;
    } else {
        for explanation in &explanations {
            in_words(explanation)?;
            if let Some(path) = archive.path_of(explanation.row)? {
                json::ladder(&path, &mut std::io::stdout().lock())?;
            }
        }
    }
    Ok(Outcome::Done)
}

/// An agent or a node: what it did, as counts by version.
fn named(study: &Study, arguments: &Explain) -> Result<Outcome> {
    let field =
        [(Field::Agent, Column::Agent), (Field::Node, Column::Node)].into_iter().find(|(_, column)| {
            column.names().is_some_and(|names| study.snapshot.names(names).find(&arguments.id).is_some())
        });
    let Some((field, _)) = field else {
        bail!("no record, agent or node is called `{}`", arguments.id);
    };
    let filter = Filter::default().and(Clause::is(field, &arguments.id));
    let selection = select(study, &filter, &Cancel::default())?;
    let mut versions: BTreeMap<(String, String), u64> = BTreeMap::new();
    for row in selection.rows.iter() {
        let name = |column: Column| {
            Ok::<_, anyhow::Error>(study.snapshot.name(column, study.snapshot.value(column, *row)?))
        };
        *versions
            .entry((name(Column::Model)?.to_owned(), name(Column::Effective)?.to_owned()))
            .or_default() += 1;
    }
    let judged = if field == Field::Agent { study.agents(&Cancel::default())? } else { None };
    let number = study.snapshot.names(Names::Agent).find(&arguments.id).map(u64::from);
    let agent = judged.as_deref().and_then(|agents| Some((agents, agents.find(number?)?)));
    let span = |row: Option<&Row>| row.map(|row| study.snapshot.at(*row)).transpose();
    let (first, last) = (span(selection.rows.first())?, span(selection.rows.last())?);
    let touched = Touched::new(study, &selection.rows)?;
    if arguments.json {
        let served: Vec<Value> = versions
            .iter()
            .map(|((model, version), n)| json!({"model": model, "effective": json::name(version), "requests": n}))
            .collect();
        json::print(&json!({
            "schema": "backtrail/explain/1", "kind": field.name(), "id": arguments.id,
            "tiers": touched.tiers, "causes": touched.causes, "effects": touched.effects,
            "payments": touched.payments, "settlements": touched.settlements,
            "requests": selection.rows.len(), "first": json::moment(first), "last": json::moment(last), "versions": served,
            "agent": agent.map(|(agents, agent)| json_agents::whole(study, agents, agent)),
        }))?;
        return Ok(Outcome::Done);
    }
    let mut out = std::io::stdout().lock();
    let edge = |at: Option<Nanos>| at.map_or_else(|| "never".to_owned(), Nanos::rfc3339);
    let requests = counted(selection.rows.len() as u64, "request");
    writeln!(
        out,
        "{} {}: {requests}, {} → {}",
        field.name(),
        Untrusted(&arguments.id).visible(),
        edge(first),
        edge(last)
    )?;
    for (title, links) in [("tainted by", &touched.causes), ("passed taint to", &touched.effects)] {
        for link in links {
            let (agent, n) =
                (link["agent"].as_str().unwrap_or_default(), link["things"].as_u64().unwrap_or(0));
            writeln!(out, "  {title} {}: {}", Untrusted(agent).visible(), grouped(n))?;
        }
    }
    let (payments, settlements) = (touched.payments.len() as u64, touched.settlements.len() as u64);
    writeln!(
        out,
        "  {} and {} name its requests",
        counted(payments, "payment"),
        counted(settlements, "settlement")
    )?;
    for ((model, version), n) in versions {
        let version =
            if version.is_empty() { "(no evidence)".to_owned() } else { Untrusted(&version).visible() };
        writeln!(out, "  {} {version}: {}", Untrusted(&model).visible(), grouped(n))?;
    }
    if let Some((agents, agent)) = agent {
        let persistence = agent.persistence.map_or("", |persistence| persistence.name());
        writeln!(out, "  {} {persistence}", agent.verdict.name())?;
        for line in portrait(study, agents, agent).explanation {
            writeln!(out, "    {}", Untrusted(&line).visible())?;
        }
    }
    Ok(Outcome::Done)
}

/// What hangs on the requests of an agent or node.
struct Touched {
    /// Its requests by tier.
    tiers: serde_json::Map<String, Value>,
    /// Agents its taint came from and went to, by the shortest chains.
    causes: Vec<Value>,
    effects: Vec<Value>,
    payments: Vec<Value>,
    settlements: Vec<Value>,
}

impl Touched {
    fn new(study: &Study, rows: &[Row]) -> Result<Self> {
        let blast = study.blast()?;
        let own: BTreeSet<Row> = rows.iter().copied().collect();
        let mut tiers = [0u64; 4];
        rows.iter().filter_map(|row| blast.taint.tier(*row)).for_each(|tier| tiers[tier as usize] += 1);
        let (mut causes, mut effects) = (BTreeMap::new(), BTreeMap::new());
        for mark in &blast.taint.marks {
            let (row, before) = (blast.web.row(mark.node), blast.web.row(mark.before));
            match (own.contains(&row), own.contains(&before)) {
                (true, false) => *causes.entry(blast.web.agent_of(mark.before)).or_insert(0u64) += 1,
                (false, true) => *effects.entry(blast.web.agent_of(mark.node)).or_insert(0u64) += 1,
                _ => {}
            }
        }
        let agents = |found: BTreeMap<u64, u64>| {
            let one = |(agent, n)| json!({"agent": study.snapshot.name(Column::Agent, agent), "things": n});
            found.into_iter().map(one).collect()
        };
        let ours = |rows: &[Row]| rows.iter().any(|row| own.contains(row));
        let books = &blast.books;
        let paid = books.ledger.payments.iter().zip(&blast.entries.pays).filter(|(_, pays)| ours(pays));
        let payments =
            paid.map(|(payment, _)| impact::payment(study, &blast, payment)).collect::<Result<_>>()?;
        let mut settlements = Vec::new();
        for settlement in books.settlements.iter().filter(|settlement| ours(&settlement.members)) {
            settlements.push(json!({
                "id": study.snapshot.id(settlement.row)?, "mode": settlement.mode.name(),
                "state": settlement.state.name(), "settled_at": json::moment(settlement.settled_at),
            }));
        }
        let tiers =
            Tier::ALL.into_iter().map(|tier| (tier.name().to_owned(), tiers[tier as usize].into())).collect();
        Ok(Self { tiers, causes: agents(causes), effects: agents(effects), payments, settlements })
    }
}

/// How the ledger judged a payment.
fn money(study: &Study, e: &Explanation) -> Result<Option<Value>> {
    if e.kind != Kind::Payment {
        return Ok(None);
    }
    let blast = study.blast()?;
    let payments = &blast.ledger().payments;
    let judged = payments.iter().find(|payment| payment.row == e.row);
    judged.map(|payment| impact::payment(study, &blast, payment)).transpose()
}

fn document(study: &Study, e: &Explanation) -> Result<Value> {
    let linked = |links: &[Linked], kinds: &[EdgeKind]| -> Vec<Value> {
        links.iter().filter(|link| kinds.contains(&link.kind)).map(one_link).collect()
    };
    let influence =
        [EdgeKind::Parent, EdgeKind::Cause, EdgeKind::CacheOf, EdgeKind::Carries, EdgeKind::RefundOf];
    let versions = e.request.as_ref().map(|r| {
        json!({
            "claimed": json::name(&r.claimed), "scheduled": json::name(&r.scheduled), "attested": json::name(&r.attested),
            "effective": json::name(&r.effective), "evidence": r.evidence.name(),
            "pointer": json::name(&r.pointers.to_string()),
        })
    });
    let mut same = Vec::new();
    for row in &e.same_id {
        let source = study.snapshot.source_of(*row)?.path.to_string_lossy().into_owned();
        let line = study.snapshot.value(Column::Line, *row)?;
        same.push(json!({"kind": study.snapshot.kind(*row)?.name(), "source": source, "line": line}));
    }
    Ok(json!({
        "schema": "backtrail/explain/1",
        "kind": e.kind_text,
        "id": e.id,
        "at": e.at.rfc3339(),
        "at_recorded": e.at_text,
        "versions": versions,
        "words": e.words,
        "causes": linked(&e.causes, &influence),
        "effects": linked(&e.effects, &influence),
        "payments": linked(&e.effects, &[EdgeKind::Pays]),
        "settlements": linked(&e.effects, &[EdgeKind::Settles]),
        "pays_for": linked(&e.causes, &[EdgeKind::Pays]),
        "settles": linked(&e.causes, &[EdgeKind::Settles]),
        "taint": e.chain.last().map(|last| json!({
            "tier": last.tier.name(), "strength": f64::from(last.strength),
            "chain": e.chain.iter().map(one_linkage).collect::<Vec<_>>(),
        })),
        "matched_pairs": e.pairs.iter().map(|pair| json!({
            "id": pair.other.id, "effective": json::name(&pair.other.effective), "differs": pair.differs,
        })).collect::<Vec<_>>(),
        "money": money(study, e)?,
        "same_id": same,
        "record": record(e),
        "import": e.imported.as_ref().map(imported),
    }))
}

/// Where its bytes stand: of an imported record, in the file that was given; `as_read` is the line made of them.
fn record(e: &Explanation) -> Value {
    let line = String::from_utf8_lossy(&e.bytes);
    match &e.imported {
        None => json!({
            "source": e.place.source.to_string_lossy(), "line": e.place.line, "offset": e.place.offset,
            "length": e.place.length, "bytes": line,
        }),
        Some(original) => json!({
            "source": original.place.source.to_string_lossy(), "line": original.place.line,
            "offset": original.place.offset, "length": original.place.length,
            "bytes": original.bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes)), "as_read": line,
        }),
    }
}

fn imported(original: &Original) -> Value {
    let fields = original
        .fields
        .iter()
        .map(|field| json!({"field": field.name, "standing": field.standing.name(), "why": field.why}));
    json!({
        "format": original.format, "sha256": original.sha256, "assumed": original.assumed,
        "fields": fields.collect::<Vec<_>>(),
    })
}

fn one_linkage(link: &Linkage) -> Value {
    json!({
        "id": link.id, "kind": link.kind.name(), "at": link.at.rfc3339(), "agent": json::name(&link.agent),
        "tier": link.tier.name(), "way": link.way.name(), "strength": f64::from(link.strength),
        "by_clock_tolerance": link.by_tolerance,
    })
}

fn one_link(link: &Linked) -> Value {
    json!({
        "edge": link.kind.name(),
        "id": link.id,
        "in_case": link.row.is_some(),
        "kind": link.record.map(|(kind, _)| kind.name()),
        "at": link.record.map(|(_, at)| at.rfc3339()),
        "agent": json::name(&link.agent),
    })
}

fn in_words(e: &Explanation) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let shown = |text: &str| Untrusted(text).visible();
    writeln!(out, "{} {}  at {}", shown(&e.kind_text), shown(&e.id), e.at)?;
    let place = e.imported.as_ref().map_or(&e.place, |original| &original.place);
    let source = place.source.to_string_lossy();
    writeln!(
        out,
        "  {} line {}, byte {}, {} bytes",
        shown(&source),
        place.line + 1,
        place.offset,
        place.length
    )?;
    if let Some(r) = &e.request {
        let version = |text: &str| if text.is_empty() { "—".to_owned() } else { shown(text) };
        let (claimed, scheduled, attested) =
            (version(&r.claimed), version(&r.scheduled), version(&r.attested));
        writeln!(
            out,
            "  claimed {claimed} · scheduled {scheduled} · attested {attested} → effective {}",
            version(&r.effective)
        )?;
    }
    for words in &e.words {
        writeln!(out, "  {}", shown(words))?;
    }
    for (title, links) in [("causes", &e.causes), ("effects", &e.effects)] {
        for link in links {
            let kind = link
                .record
                .map_or_else(|| "not in this case".to_owned(), |(kind, at)| format!("{kind} at {at}"));
            writeln!(out, "  {title}: {} {} ({kind})", link.kind.name(), shown(&link.id))?;
        }
    }
    match &e.imported {
        None => writeln!(out, "  {}", visible_bytes(&e.bytes))?,
        Some(original) => original_in_words(original, &e.bytes, &mut out)?,
    }
    Ok(())
}

/// The bytes in the file that was given, what was made of them, and what the fields are worth.
fn original_in_words(original: &Original, line: &[u8], out: &mut impl Write) -> Result<()> {
    let format = Untrusted(&original.format).visible();
    writeln!(out, "  imported from {format}, sha256 {}", Untrusted(&original.sha256).visible())?;
    for field in original.fields {
        writeln!(out, "  {:<9} {}: {}", field.standing.name(), field.name, field.why)?;
    }
    if !original.assumed.is_empty() {
        let assumed = original.assumed.join(", ");
        writeln!(out, "  assumed   {}: the source holds none", Untrusted(&assumed).visible())?;
    }
    match &original.bytes {
        Some(bytes) => writeln!(out, "  original  {}", visible_bytes(bytes))?,
        None => writeln!(out, "  original  the file no longer holds the bytes that were read")?,
    }
    writeln!(out, "  as read   {}", visible_bytes(line))?;
    Ok(())
}
