//! What points at what, and what moved on a chain: the edges and transactions of a picture's records.

use super::Snapshot;
use crate::journal::Column;
use crate::journal::batch::EdgeKind;
use crate::model::Row;
use crate::store::StoreError;
use crate::store::chunk::{Chunk, Edges, Transactions};
use crate::store::packed::Packed;

/// The cells that hold a chunk's edges, beside those of its columns.
pub(in crate::store) const EDGE_CELLS: [u8; 3] = [200, 201, 202];
/// Derived: the row each edge leads to, plus one; 0 where it dangles.
pub(crate) const TARGET_CELL: u8 = 203;
/// The first of the cells that hold a chunk's transactions.
pub(in crate::store) const TRANSACTION_CELL: u8 = 210;

/// "This record points at that id", resolved where the id is in the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub from: Row,
    pub kind: EdgeKind,
    pub to: Option<Row>,
}

/// The edges of one chunk as rows: `(place, kind, target)`, by place.
#[derive(Clone, Debug)]
pub struct Resolved {
    places: Packed,
    kinds: Packed,
    targets: Packed,
}

impl Resolved {
    pub fn iter(&self) -> impl Iterator<Item = (usize, EdgeKind, Option<Row>)> {
        (0..self.places.len()).filter_map(|n| {
            let kind = EdgeKind::from_code(self.kinds.value(n))?;
            let target = self.targets.value(n).checked_sub(1).map(|row| Row(row as u32));
            Some((self.places.value(n) as usize, kind, target))
        })
    }
}

impl Snapshot {
    /// What a record points at.
    pub fn causes(&self, row: Row) -> Result<Vec<Link>, StoreError> {
        let Some(chunk) = self.parts.chunks.get(row.chunk()) else {
            return Ok(Vec::new());
        };
        let edges = self.edges(chunk)?;
        let own = edges.iter().filter(|edge| edge.place as usize == row.place());
        own.map(|edge| {
            let to = self.rows_with_print(edge.print)?.into_iter().next();
            Ok(Link { from: row, kind: edge.kind, to })
        })
        .collect()
    }

    /// What points at a record, in row order.
    pub fn effects(&self, row: Row) -> Result<Vec<Link>, StoreError> {
        let print = self.value(Column::Print, row)?;
        let mut found = Vec::new();
        for (n, chunk) in self.parts.chunks.iter().enumerate() {
            let edges = self.edges(chunk)?;
            let mut hits = Vec::new();
            edges.prints.each(|place, value| {
                if value == print {
                    hits.push(place);
                }
            });
            found.extend(hits.into_iter().filter_map(|hit| edges.get(hit)).map(|edge| Link {
                from: Row::new(n, edge.place as usize),
                kind: edge.kind,
                to: Some(row),
            }));
        }
        Ok(found)
    }

    /// The edges of one chunk's records.
    pub fn edges<'s>(&'s self, chunk: &'s Chunk) -> Result<&'s Edges, StoreError> {
        if let Some(edges) = chunk.edges.get() {
            return Ok(edges);
        }
        let edges = self.load_edges(chunk)?;
        Ok(chunk.edges.get_or_init(|| edges))
    }

    /// The edges of one chunk's records without keeping them in memory.
    pub fn passing_edges(&self, chunk: &Chunk) -> Result<Edges, StoreError> {
        match chunk.edges.get() {
            Some(edges) => Ok(edges.clone()),
            None => self.load_edges(chunk),
        }
    }

    fn load_edges(&self, chunk: &Chunk) -> Result<Edges, StoreError> {
        let [places, kinds, prints] = EDGE_CELLS.map(|cell| self.parts.loader.cell(chunk.id, cell));
        Ok(match (places?, kinds?, prints?) {
            (Some(places), Some(kinds), Some(prints)) => Edges { places, kinds, prints },
            _ => Edges::new(&[]),
        })
    }

    /// What one chunk's payments and settlements say of money and of the chain.
    pub fn transactions<'s>(&'s self, chunk: &'s Chunk) -> Result<&'s Transactions, StoreError> {
        if let Some(transactions) = chunk.transactions.get() {
            return Ok(transactions);
        }
        let mut fields = Vec::with_capacity(Transactions::FIELDS);
        for cell in (TRANSACTION_CELL..).take(Transactions::FIELDS) {
            fields.push(self.parts.loader.cell(chunk.id, cell)?.unwrap_or_else(|| Packed::zeros(0)));
        }
        let fields = fields.try_into().expect("as many cells were read as there are fields");
        Ok(chunk.transactions.get_or_init(|| Transactions { fields }))
    }

    /// One chunk's edges resolved to rows, without keeping them in memory.
    pub fn resolved(&self, chunk: &Chunk) -> Result<Resolved, StoreError> {
        let cell = |cell: u8| self.parts.loader.cell(chunk.id, cell);
        let [place, kind, _] = EDGE_CELLS;
        let edges = match (cell(place)?, cell(kind)?, cell(TARGET_CELL)?) {
            (Some(places), Some(kinds), Some(targets)) => Resolved { places, kinds, targets },
            _ => Resolved { places: Packed::zeros(0), kinds: Packed::zeros(0), targets: Packed::zeros(0) },
        };
        Ok(edges)
    }
}
