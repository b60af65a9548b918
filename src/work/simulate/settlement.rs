//! Answers put on a chain: batches with their trees, single ones, and private ones that leave no record.

use super::dice::Dice;
use super::later::{Event, Later};
use super::rollout::END;
use super::served::{Proof, Served};
use crate::model::time::SECOND;
use serde_json::{Value, json};
use std::rc::Rc;

/// A batch or a single answer on its way to the chain.
pub(super) struct Batch {
    pub(super) number: u64,
    pub(super) mode: &'static str,
    pub(super) settles: Vec<u64>,
    pub(super) root: [u8; 32],
    pub(super) transaction: [u8; 32],
    pub(super) settled_at: i64,
}

/// One state of it, for its line.
pub(super) struct BatchState {
    pub(super) batch: Rc<Batch>,
    pub(super) state: &'static str,
}

pub(super) struct Settlement {
    dice: Dice,
    share: u32,
    batch_size: usize,
    next: u64,
    open: Vec<u64>,
    batches: u64,
    leaves: u64,
    individual: u64,
    private: u64,
}

impl Settlement {
    pub(super) fn new(seed: u64, share: u32, records: usize) -> Self {
        Self {
            dice: Dice::new(seed, "settlement"),
            share,
            batch_size: if records > 50_000 { 128 } else { 32 },
            next: 1,
            open: Vec::new(),
            batches: 0,
            leaves: 0,
            individual: 0,
            private: 0,
        }
    }

    /// Takes an answer with its proof, or leaves it.
    pub(super) fn take(&mut self, served: &Served, now: i64, later: &mut Later) {
        if served.proof != Proof::Genuine || !self.dice.chance(self.share) {
            return;
        }
        match self.dice.below(100) {
            0..3 => self.alone(served, "individual", now, later),
            3..6 => self.alone(served, "private", now, later),
            _ => self.open.push(served.number),
        }
        if self.open.len() >= self.batch_size {
            self.seal(now, later);
        }
    }

    fn alone(&mut self, served: &Served, mode: &'static str, now: i64, later: &mut Later) {
        let counter = if mode == "private" { &mut self.private } else { &mut self.individual };
        *counter += 1;
        self.send(mode, vec![served.number], now, later);
    }

    /// Sends the open batch off.
    pub(super) fn seal(&mut self, now: i64, later: &mut Later) {
        if self.open.is_empty() {
            return;
        }
        let settles = std::mem::take(&mut self.open);
        self.batches += 1;
        self.leaves += settles.len() as u64;
        self.send("batch", settles, now, later);
    }

    fn send(&mut self, mode: &'static str, settles: Vec<u64>, now: i64, later: &mut Later) {
        let batch = Rc::new(Batch {
            number: self.next,
            mode,
            settles,
            root: self.dice.bytes(),
            transaction: self.dice.bytes(),
            settled_at: now + self.dice.between(8, 90) * SECOND,
        });
        self.next += 1;
        for (at, state) in [(now + SECOND, "pending"), (batch.settled_at, "settled")] {
            if at < END {
                let state = BatchState { batch: Rc::clone(&batch), state };
                later.push(at, Event::Settlement(Box::new(state)));
            }
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({"batches": self.batches, "leaves": self.leaves, "individual": self.individual,
               "private": self.private})
    }
}
