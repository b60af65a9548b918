//! Lines that are known now and written when their time comes: a queue ordered by moment, then by arrival.

use super::payment::PaymentState;
use super::settlement::BatchState;
use super::thing::Ref;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

pub(super) struct Action {
    pub(super) number: u64,
    pub(super) agent: usize,
    pub(super) kind: usize,
    pub(super) causes: [Option<Ref>; 2],
    pub(super) session: u64,
}

pub(super) struct Message {
    pub(super) number: u64,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) carries: Ref,
}

pub(super) enum Event {
    Action(Action),
    Message(Message),
    Payment(Box<PaymentState>),
    Settlement(Box<BatchState>),
    /// A line of a gateway that reaches its journal late, or for the second time.
    Line {
        journal: usize,
        bytes: Vec<u8>,
    },
}

struct Due {
    at: i64,
    order: u64,
    event: Event,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Earliest first, as the heap gives the greatest.
impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

#[derive(Default)]
pub(super) struct Later {
    heap: BinaryHeap<Due>,
    arrivals: u64,
}

impl Later {
    pub(super) fn push(&mut self, at: i64, event: Event) {
        self.arrivals += 1;
        self.heap.push(Due { at, order: self.arrivals, event });
    }

    /// The next event due by a moment.
    pub(super) fn due(&mut self, moment: i64) -> Option<(i64, Event)> {
        if self.heap.peek()?.at > moment {
            return None;
        }
        self.heap.pop().map(|due| (due.at, due.event))
    }
}
