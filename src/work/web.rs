//! The web of a case: its edges and memories as arrays in time order, read from columns, never from lines.

use super::{Cancel, WorkError};
use crate::analysis::taint::Rates;
use crate::analysis::web::{Edge, Web};
use crate::journal::batch::EdgeKind;
use crate::journal::{Column, Names};
use crate::model::{Kind, Nanos, Row};
use crate::store::Snapshot;
use std::collections::HashMap;
use std::sync::Arc;

/// Reads the web of a sealed case. `sanitizers` are names of action categories.
pub fn web(snapshot: &Snapshot, rates: &Rates, cancel: &Cancel) -> Result<Web, WorkError> {
    let order = Arc::clone(snapshot.order()?);
    let places = Places::new(snapshot, &order);
    let mut web = Web { order, ..Web::default() };
    web.sources = snapshot.chunks().iter().map(|chunk| chunk.source).collect();
    cancel.check()?;
    times(snapshot, &mut web)?;
    people(snapshot, &mut web, rates)?;
    cancel.check()?;
    edges(snapshot, &mut web, &places, cancel)?;
    Ok(web)
}

/// The moment of tick 0.
pub fn start(snapshot: &Snapshot, web: &Web) -> Result<Nanos, WorkError> {
    web.order.first().map_or(Ok(Nanos(0)), |row| Ok(snapshot.at(*row)?))
}

/// Node of each row, without holes between chunks.
struct Places {
    first: Vec<usize>,
    nodes: Vec<u32>,
}

/// A row that is no node: a duplicate.
const NO_NODE: u32 = u32::MAX;

impl Places {
    fn new(snapshot: &Snapshot, order: &[Row]) -> Self {
        let mut first = Vec::with_capacity(snapshot.chunks().len());
        let mut total = 0;
        for chunk in snapshot.chunks() {
            first.push(total);
            total += chunk.rows as usize;
        }
        let mut nodes = vec![NO_NODE; total];
        for (node, row) in order.iter().enumerate() {
            if let Some(place) = first.get(row.chunk()).map(|first| first + row.place()) {
                nodes[place] = node as u32;
            }
        }
        Self { first, nodes }
    }

    fn node(&self, row: Row) -> Option<u32> {
        let node = *self.nodes.get(self.first.get(row.chunk())? + row.place())?;
        (node != NO_NODE).then_some(node)
    }
}

fn times(snapshot: &Snapshot, web: &mut Web) -> Result<(), WorkError> {
    let column = snapshot.column(Column::At)?;
    let at = |row: Option<&Row>| row.map_or(0, |row| column.value(*row));
    let (start, end) = (at(web.order.first()), at(web.order.last()));
    // A tick is a microsecond where the span allows, never less than it takes to fit.
    let tick = (end.saturating_sub(start) / u64::from(u32::MAX - 1) + 1).max(1_000);
    web.tick = i64::try_from(tick).unwrap_or(i64::MAX);
    web.at = web.order.iter().map(|row| ((column.value(*row).saturating_sub(start)) / tick) as u32).collect();
    Ok(())
}

fn people(snapshot: &Snapshot, web: &mut Web, rates: &Rates) -> Result<(), WorkError> {
    let (kinds, agents) = (snapshot.column(Column::Kind)?, snapshot.column(Column::Agent)?);
    let (sessions, peers) = (snapshot.column(Column::Session)?, snapshot.column(Column::Peer)?);
    let categories = snapshot.column(Column::Category)?;
    let cleaning: Vec<u64> = rates
        .sanitizers
        .iter()
        .filter_map(|name| snapshot.names(Names::Category).find(name).map(u64::from))
        .collect();
    web.agents = snapshot.names(Names::Agent).len() + 1;
    // Sessions by the agent whose they are: another agent that names the same session has a memory of its own.
    let mut numbers: HashMap<(u64, u32), u32, xxhash_rust::xxh3::Xxh3DefaultBuilder> = HashMap::default();
    let (mut kind, mut agent, mut memory) =
        (Vec::with_capacity(web.len()), Vec::with_capacity(web.len()), Vec::with_capacity(web.len()));
    for (node, row) in web.order.iter().enumerate() {
        let what = Kind::from_code(kinds.value(*row));
        // A number beyond its dictionary can only come from a damaged case.
        let who = |number: u64| if (number as usize) < web.agents { number as u32 } else { 0 };
        let own = who(agents.value(*row));
        let session = sessions.value(*row);
        let of = if session == 0 {
            own
        } else {
            let next = (web.agents + numbers.len()) as u32;
            *numbers.entry((session, own)).or_insert(next)
        };
        if what == Kind::Message {
            web.received.push((node as u32, who(peers.value(*row))));
        }
        if what == Kind::Action && !cleaning.is_empty() && cleaning.contains(&categories.value(*row)) {
            web.sanitizers.push(node as u32);
        }
        kind.push(what);
        agent.push(own);
        memory.push(of);
    }
    web.memories = web.agents + numbers.len();
    (web.kind, web.agent, web.memory) = (kind, agent, memory);
    Ok(())
}

fn edges(snapshot: &Snapshot, web: &mut Web, places: &Places, cancel: &Cancel) -> Result<(), WorkError> {
    let mut found: Vec<(u32, Edge)> = Vec::new();
    for (n, chunk) in snapshot.chunks().iter().enumerate() {
        cancel.check()?;
        for (place, kind, target) in snapshot.resolved(chunk)?.iter() {
            let Some(node) = places.node(Row::new(n, place)) else { continue };
            match target.and_then(|target| places.node(target)) {
                Some(to) => found.push((node, Edge { to, kind })),
                None => web.dangling += u64::from(kind != EdgeKind::RefundOf),
            }
        }
    }
    let mut first = vec![0u32; web.len() + 1];
    for (node, _) in &found {
        first[*node as usize + 1] += 1;
    }
    for node in 1..first.len() {
        first[node] += first[node - 1];
    }
    // Each node's edges stay in the order they were named in: a chunk's edges stand by place.
    let mut next = first.clone();
    let mut edges = vec![Edge { to: 0, kind: EdgeKind::Parent }; found.len()];
    for (node, edge) in found {
        let place = &mut next[node as usize];
        edges[*place as usize] = edge;
        *place += 1;
    }
    (web.first, web.edges) = (first, edges);
    Ok(())
}
