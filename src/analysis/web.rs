//! Who points at whom, in time order: what taint flows along, as plain arrays.

use super::Number;
use crate::journal::batch::EdgeKind;
use crate::model::{Kind, Row};
use std::sync::Arc;

/// The records of a case by their place in time order ("node"), with what each points at.
#[derive(Clone, Debug, Default)]
pub struct Web {
    /// The row of each node, earliest first.
    pub order: Arc<[Row]>,
    /// Time of each node in ticks since the first.
    pub at: Vec<u32>,
    /// Nanoseconds in a tick: as few as let the whole span fit.
    pub tick: i64,
    pub kind: Vec<Kind>,
    /// Who acted, or who sent.
    pub agent: Vec<u32>,
    /// Whose memory a record reads and feeds: its agent's own, or that of the session it names.
    pub memory: Vec<u32>,
    /// So many memories there are; numbers below `agents` are agents' own.
    pub memories: usize,
    pub agents: usize,
    /// Where each node's edges begin; one more at the end.
    pub first: Vec<u32>,
    pub edges: Vec<Edge>,
    /// Messages and who received them, by node.
    pub received: Vec<(u32, u32)>,
    /// Actions that clean what they look at, by node.
    pub sanitizers: Vec<u32>,
    /// Edges whose id is in no journal.
    pub dangling: u64,
    /// The source a chunk is of: two records of one source are in its recorder's own order.
    pub sources: Vec<u32>,
}

/// "This node points at that one."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    pub to: u32,
    pub kind: EdgeKind,
}

impl Web {
    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a node points at, in the order it names them.
    pub fn causes(&self, node: usize) -> &[Edge] {
        &self.edges[self.first[node] as usize..self.first[node + 1] as usize]
    }

    pub fn agent_of(&self, node: u32) -> Number {
        Number::from(self.agent[node as usize])
    }

    pub fn row(&self, node: u32) -> Row {
        self.order[node as usize]
    }

    /// Whether one recorder wrote both.
    pub fn is_one_recorder(&self, a: u32, b: u32) -> bool {
        self.sources.get(self.row(a).chunk()) == self.sources.get(self.row(b).chunk())
    }
}
