//! What a worker says of two things side by side: two records, two windows of time, two agents.

use super::desk::columns;
use super::model::Msg;
use super::screens::agents;
use super::screens::compare::{Sides, pairs};
use super::screens::overview::share;
use super::widgets::tree::Tree;
use crate::analysis::Number;
use crate::model::{Nanos, Row};
use crate::work::agents::words::portrait;
use crate::work::explain::explain;
use crate::work::filter::{Clause, Field, Filter, Op};
use crate::work::findings::grouped;
use crate::work::select::{Selection, select};
use crate::work::stack::count;
use crate::work::study::Study;
use crate::work::{Cancel, WorkError};

/// Two of a kind, property by property.
pub fn compared(study: &Study, sides: &Sides, cancel: &Cancel) -> Msg {
    Msg::Compared(match sides {
        Sides::Records(a, b) => record(study, *a).and_then(|a| Ok(pairs(a, record(study, *b)?))),
        Sides::Windows(a, b) => {
            window(study, *a, cancel).and_then(|a| Ok(pairs(a, window(study, *b, cancel)?)))
        }
        Sides::Agents(a, b) => Ok(pairs(agent(study, *a), agent(study, *b))),
    })
}

type Properties = Vec<(String, String)>;

/// What the list says of an agent, then what it did before, during and after, and how often.
fn agent(study: &Study, number: Number) -> Properties {
    let Some(agents) = study.agents_known() else { return Vec::new() };
    let Some(agent) = agents.find(number) else { return Vec::new() };
    let mut found = agents::cells(study, agent);
    for shares in portrait(study, agents, agent).features.iter().filter(|shares| !shares.shares.is_empty()) {
        let name = shares.feature.name();
        let n = shares.n.map(grouped).join(" → ");
        found.push((format!("{name}: n"), n));
        found.extend(shares.shares.iter().map(|share| {
            let [before, during, after] = share.own.map(|part| format!("{:.0}", part * 100.0));
            (format!("{name}: {}", share.category), format!("{before} → {during} → {after} %"))
        }));
    }
    found
}

/// What is known of a record, then what its line says.
fn record(study: &Study, row: Row) -> Result<Properties, WorkError> {
    let explanation = explain(study, row)?;
    let mut found = Vec::new();
    // Before all journals are read nothing is derived: an empty cell would say that nothing is known.
    if let Some(request) = explanation.request.as_ref().filter(|_| study.snapshot.is_sealed()) {
        let derived = ["scheduled", "attested", "effective", "evidence", "pointer", "proof"];
        let derived = columns(request).into_iter().filter(|(name, _)| derived.contains(&name.as_str()));
        found.extend(derived.map(|(name, value)| (format!("derived: {name}"), value)));
    }
    found.extend(Tree::new(&String::from_utf8_lossy(&explanation.bytes)).leaves());
    Ok(found)
}

/// Requests of a window: how many, and their shares by version, evidence, node, status and pointer.
fn window(study: &Study, (from, to): (Nanos, Nanos), cancel: &Cancel) -> Result<Properties, WorkError> {
    let filter = Filter::default()
        .and(Clause::is(Field::At, &from.rfc3339()).with(Op::AtLeast))
        .and(Clause::is(Field::At, &to.rfc3339()).with(Op::Less));
    let Selection { rows, .. } = select(study, &filter, cancel)?;
    let mut found = vec![
        ("from".to_owned(), from.rfc3339()),
        ("to".to_owned(), to.rfc3339()),
        ("lasts".to_owned(), to.since(from).to_string()),
        ("requests".to_owned(), grouped(rows.len() as u64)),
    ];
    for field in [Field::Version, Field::Evidence, Field::Pointer, Field::Node, Field::Status] {
        let mut counts = count(study, &rows, field, cancel)?;
        // By name, so that the same values stand side by side.
        counts.sort_by(|a, b| a.value.cmp(&b.value));
        found.extend(counts.into_iter().map(|count| {
            let value = if count.value.is_empty() { "none".to_owned() } else { count.value };
            let share = share(count.count, rows.len() as u64);
            (format!("{} {value}", field.name()), format!("{} ({share})", grouped(count.count)))
        }));
    }
    Ok(found)
}
