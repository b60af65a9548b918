//! Edges from ids to rows: done once, while the sorted prints are in memory, so that no analysis looks an id up again.

use super::parallel::each_chunk;
use super::{Cancel, WorkError};
use crate::journal::batch::{Edge, EdgeKind, Flags};
use crate::journal::{print_of, wire};
use crate::model::{Kind, Row};
use crate::store::{Chunk, Packed, Snapshot, StoreError};
use std::collections::{BTreeMap, HashMap};

/// For every chunk with edges: the row each leads to plus one, 0 where the id is in no journal.
pub fn targets(
    snapshot: &Snapshot,
    prints: &[(i64, Row)],
    flags: &HashMap<Row, u64>,
    cancel: &Cancel,
) -> Result<Vec<(u32, Packed)>, WorkError> {
    let index = Index { snapshot, prints, flags };
    let found = each_chunk(snapshot, cancel, |n, chunk| index.resolve(n, chunk))?;
    let chunks = snapshot.chunks().iter().map(|chunk| chunk.id);
    Ok(chunks.zip(found).filter_map(|(chunk, packed)| Some((chunk, packed?))).collect())
}

struct Index<'a> {
    snapshot: &'a Snapshot,
    prints: &'a [(i64, Row)],
    flags: &'a HashMap<Row, u64>,
}

impl Index<'_> {
    fn resolve(&self, n: usize, chunk: &Chunk) -> Result<Option<Packed>, StoreError> {
        let edges = self.snapshot.passing_edges(chunk)?;
        if edges.is_empty() {
            return Ok(None);
        }
        // In the order of their prints, so that the search goes forward through the index instead of across it.
        let mut sorted: Vec<(i64, usize, Edge)> =
            edges.iter().enumerate().map(|(place, edge)| (edge.print.cast_signed(), place, edge)).collect();
        sorted.sort_unstable_by_key(|(print, place, _)| (*print, *place));
        let mut targets = vec![0; edges.len()];
        let mut from = 0;
        let mut known: Option<(i64, EdgeKind, Vec<Named>)> = None;
        for (print, place, edge) in sorted {
            if known.as_ref().is_none_or(|(same, kind, _)| (*same, *kind) != (print, edge.kind)) {
                from += ahead(&self.prints[from..], print);
                known = Some((print, edge.kind, self.candidates(print, edge.kind, &self.prints[from..])?));
            }
            let candidates = known.as_ref().map_or(&[][..], |(_, _, candidates)| candidates);
            let target = self.target(Row::new(n, edge.place as usize), edge, candidates)?;
            targets[place] = target.map_or(0, |row| u64::from(row.0) + 1);
        }
        Ok(Some(Packed::new(&targets)))
    }

    /// The records an edge of a kind may mean by a print, one for each id: of a thing with states the latest, of
    /// conflicting ones the first. An id stays empty while it is the only one.
    fn candidates(&self, print: i64, kind: EdgeKind, from: &[(i64, Row)]) -> Result<Vec<Named>, StoreError> {
        let left_out = |row: &Row| {
            self.flags.get(row).is_some_and(|flags| flags & (Flags::DUPLICATE | Flags::SUPERSEDED) != 0)
        };
        let mut rows = Vec::new();
        for (_, row) in from.iter().take_while(|(other, _)| *other == print) {
            if !left_out(row) && means(kind, self.snapshot.kind(*row)?) {
                rows.push(*row);
            }
        }
        if rows.len() < 2 {
            return Ok(rows.into_iter().map(|row| (String::new(), row)).collect());
        }
        let mut named: BTreeMap<String, Row> = BTreeMap::new();
        for row in rows {
            named.entry(self.snapshot.id(row)?).or_insert(row);
        }
        Ok(named.into_iter().collect())
    }

    /// The record an edge means. Alone under its print it is what the edge names; of several, prints do not decide.
    fn target(&self, from: Row, edge: Edge, candidates: &[Named]) -> Result<Option<Row>, StoreError> {
        if let [] | [_] = candidates {
            return Ok(candidates.first().map(|(_, row)| *row));
        }
        let line = self.snapshot.line(from)?;
        let Ok((record, _)) = wire::parse(&line) else {
            return Ok(None);
        };
        let links = record.links();
        let named = links.into_iter().find(|(kind, id)| *kind == edge.kind && print_of(id) == edge.print);
        let found = named.and_then(|(_, id)| candidates.iter().find(|(other, _)| other == id));
        Ok(found.map(|(_, row)| *row))
    }
}

/// A record by its id.
type Named = (String, Row);

/// What an edge of a kind may lead to (JOURNAL §3).
const fn means(edge: EdgeKind, kind: Kind) -> bool {
    match edge {
        EdgeKind::RefundOf => matches!(kind, Kind::Payment),
        EdgeKind::CacheOf | EdgeKind::Settles => matches!(kind, Kind::Inference),
        EdgeKind::Parent | EdgeKind::Cause | EdgeKind::Carries | EdgeKind::Pays => {
            matches!(kind, Kind::Inference | Kind::Action | Kind::Message)
        }
    }
}

/// How far the first entry that is no less than a print is, by doubling steps.
fn ahead(prints: &[(i64, Row)], print: i64) -> usize {
    let mut reach = 1;
    while reach < prints.len() && prints[reach].0 < print {
        reach *= 2;
    }
    let (from, to) = (reach / 2, prints.len().min(reach + 1));
    from + prints[from..to].partition_point(|(other, _)| *other < print)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ahead_is_where_a_plain_search_ends(mut prints in prop::collection::vec(-20i64..20, 0..40), print in -25i64..25) {
            prints.sort_unstable();
            let prints: Vec<_> = prints.into_iter().map(|print| (print, Row(0))).collect();
            prop_assert_eq!(ahead(&prints, print), prints.partition_point(|(other, _)| *other < print));
        }
    }
}
