//! Batches in, chunks out: joins blocks of one source until 65,536 records are together.

use crate::journal::batch::{Batch, Edge, Flags, Kept, Transaction};
use crate::journal::{Column, Names};
use crate::model::Fault;
use crate::store::chunk::{Chunk, ROWS};
use crate::store::names::AllNames;

/// A chunk in the making.
#[derive(Debug)]
pub struct Builder {
    pub columns: [Vec<u64>; Column::COUNT],
    pub edges: Vec<Edge>,
    pub transactions: Vec<Transaction>,
    pub kept: Vec<Kept>,
    pub faults: Vec<Fault>,
    /// Places of records read from a torn tail.
    pub torn: Vec<usize>,
}

/// Rows of a batch that still wait for a chunk, with their names already the case's.
pub struct Waiting {
    batch: Batch,
    next: usize,
}

impl Waiting {
    /// Takes a batch over, giving its names their numbers in the case.
    pub fn new(mut batch: Batch, names: &mut AllNames) -> Self {
        for which in Names::ALL {
            let numbers = names.adopt(which, &batch.names[which as usize]);
            for column in Column::ALL.into_iter().filter(|c| c.is_read() && c.names() == Some(which)) {
                for value in &mut batch.columns[column as usize] {
                    *value = numbers[*value as usize];
                }
            }
            if which == Names::Asset {
                batch.transactions.iter_mut().for_each(|t| t.asset = numbers[t.asset as usize]);
            }
        }
        Self { batch, next: 0 }
    }

    pub fn is_empty(&self) -> bool {
        self.next == self.batch.rows() && self.batch.faults.is_empty()
    }
}

impl Builder {
    pub fn new() -> Self {
        Self {
            columns: Column::ALL.map(|c| if c.is_read() { Vec::with_capacity(ROWS) } else { Vec::new() }),
            edges: Vec::new(),
            transactions: Vec::new(),
            kept: Vec::new(),
            faults: Vec::new(),
            torn: Vec::new(),
        }
    }

    pub fn rows(&self) -> usize {
        self.columns[0].len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows() == 0 && self.faults.is_empty()
    }

    /// Full by records, or by faults, so that a file of nothing but faults is bounded too.
    pub fn is_full(&self) -> bool {
        self.rows() == ROWS || self.faults.len() >= ROWS
    }

    /// Takes rows and faults, in line order, until the chunk is full or nothing waits.
    pub fn take(&mut self, waiting: &mut Waiting) {
        let from = waiting.next;
        let rows = waiting.batch.rows();
        let to = rows.min(from + ROWS - self.rows());
        let base = self.rows();
        for column in Column::ALL.into_iter().filter(|column| column.is_read()) {
            let own = &mut self.columns[column as usize];
            own.extend_from_slice(&waiting.batch.columns[column as usize][from..to]);
        }
        // Edges and kept lines of a batch come in the order of their rows.
        let edges = waiting.batch.edges.partition_point(|edge| (edge.place as usize) < to);
        let shift = |place: u32| (place as usize - from + base) as u32;
        self.edges
            .extend(waiting.batch.edges.drain(..edges).map(|edge| Edge { place: shift(edge.place), ..edge }));
        let some = waiting.batch.transactions.partition_point(|t| (t.place as usize) < to);
        let moved = waiting.batch.transactions.drain(..some);
        self.transactions.extend(moved.map(|t| Transaction { place: shift(t.place), ..t }));
        let kept = waiting.batch.kept.partition_point(|kept| (kept.place as usize) < to);
        self.kept
            .extend(waiting.batch.kept.drain(..kept).map(|kept| Kept { place: shift(kept.place), ..kept }));
        // A fault goes with the chunk that ends after it.
        let end = if to == rows { u64::MAX } else { waiting.batch.columns[Column::Line as usize][to] };
        let faults = waiting.batch.faults.partition_point(|fault| fault.line < end);
        self.faults.extend(waiting.batch.faults.drain(..faults));
        waiting.next = to;
    }

    /// The line index and byte offset just after the last record or fault.
    pub fn end(&self) -> Option<(u64, u64)> {
        let last = self.rows().checked_sub(1).map(|last| {
            let value = |column: Column| self.columns[column as usize][last];
            (value(Column::Line) + 1, value(Column::Offset) + value(Column::Length) + 1)
        });
        let fault = self.faults.last().map(|fault| (fault.line + 1, fault.offset + fault.length + 1));
        last.max(fault)
    }

    /// The chunk so far; what it was built from stays.
    pub fn chunk(&self, id: u32, source: u32) -> Chunk {
        Chunk::loaded(id, source, &self.columns, &self.edges, &self.transactions)
    }

    /// The flags column, if any record has a flag.
    pub fn flags(&self) -> Option<Vec<u64>> {
        if self.torn.is_empty() {
            return None;
        }
        let mut flags = vec![0; self.rows()];
        for place in &self.torn {
            flags[*place] |= Flags::TORN;
        }
        Some(flags)
    }

    pub fn clear(&mut self) {
        self.columns.iter_mut().for_each(Vec::clear);
        self.edges.clear();
        self.transactions.clear();
        self.kept.clear();
        self.faults.clear();
        self.torn.clear();
    }
}
