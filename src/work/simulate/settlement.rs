//! Answers put on a chain: batches with their trees, single ones, and private ones that leave no record.

use super::Simulation;
use super::agents::FEW_RECORDS;
use super::dice::Dice;
use super::later::{Event, Later};
use super::rollout::END;
use super::served::{Claims, Proof, Served};
use super::thing::{Ref, Thing};
use super::{SimulateError, write_file};
use crate::model::Hash;
use crate::model::time::{HOUR, SECOND};
use crate::proof::settlement::{Dump, Leaf, Tree};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// So many trees are written out; later batches leave their root alone.
const MOST_DUMPS: u64 = 48;

/// A batch or a single answer on its way to the chain.
pub(super) struct Batch {
    pub(super) number: u64,
    pub(super) mode: &'static str,
    pub(super) settles: Vec<u64>,
    pub(super) root: Hash,
    /// The leaf of an answer that goes alone.
    pub(super) leaf: Option<Hash>,
    /// Whether `trees/` holds the tree.
    pub(super) dumped: bool,
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
    /// Chance that a leaf of one batch comes again in the next.
    again: u32,
    open: Vec<(u64, Leaf)>,
    folder: PathBuf,
    dumps: u64,
    twice: Vec<String>,
    batches: u64,
    leaves: u64,
    individual: u64,
    private: u64,
}

impl Settlement {
    pub(super) fn new(simulation: &Simulation, dir: &Path) -> Self {
        let dials = simulation.scenario.dials();
        Self {
            dice: Dice::new(simulation.seed, "settlement"),
            share: dials.settled,
            again: if simulation.records < FEW_RECORDS { 5_000 } else { dials.settled_again },
            folder: dir.join("trees"),
            dumps: 0,
            twice: Vec::new(),
            batch_size: if simulation.records > 50_000 { 128 } else { 32 },
            next: 1,
            open: Vec::new(),
            batches: 0,
            leaves: 0,
            individual: 0,
            private: 0,
        }
    }

    /// Takes an answer with its proof, or leaves it.
    pub(super) fn take(
        &mut self,
        served: &Served,
        tee_id: Hash,
        now: i64,
        later: &mut Later,
    ) -> Result<(), SimulateError> {
        // Without a signature and its time, a question asked again would be the same leaf again.
        let again = served.signature.is_none() && served.content.is_some();
        if served.proof != Proof::Genuine || again || !self.dice.chance(self.share) {
            return Ok(());
        }
        let leaf = leaf(served, tee_id);
        match self.dice.below(100) {
            0..3 => self.alone(served.number, "individual", &leaf, now, later),
            3..6 => self.alone(served.number, "private", &leaf, now, later),
            _ => self.open.push((served.number, leaf)),
        }
        if self.open.len() >= self.batch_size { self.seal(now, later) } else { Ok(()) }
    }

    fn alone(&mut self, number: u64, mode: &'static str, leaf: &Leaf, now: i64, later: &mut Later) {
        let counter = if mode == "private" { &mut self.private } else { &mut self.individual };
        *counter += 1;
        let leaf = (mode == "individual").then(|| leaf.hash());
        let batch = self.batch(mode, vec![number], Hash::default(), now);
        self.send(Batch { leaf, ..batch }, now, later);
    }

    /// Sends the open batch off. Now and then a retry puts one of its leaves into the next batch too.
    pub(super) fn seal(&mut self, now: i64, later: &mut Later) -> Result<(), SimulateError> {
        let (settles, leaves): (Vec<u64>, Vec<Leaf>) = std::mem::take(&mut self.open).into_iter().unzip();
        let hashes: Vec<Hash> = leaves.iter().map(Leaf::hash).collect();
        let Some(tree) = Tree::build(&hashes) else { return Ok(()) };
        self.batches += 1;
        self.leaves += settles.len() as u64;
        if self.dice.chance(self.again) && now < END - 3 * HOUR {
            let last = settles.len() - 1;
            self.twice.push(Ref::new(Thing::Inference, settles[last]).id());
            self.open.push((settles[last], leaves[last].clone()));
        }
        let mut batch = self.batch("batch", settles, tree.root(), now);
        batch.dumped = self.dump(batch.number, &leaves)?;
        self.send(batch, now, later);
        Ok(())
    }

    /// Writes `trees/<settlement>.json`, as OpenZeppelin's library dumps it.
    fn dump(&mut self, number: u64, leaves: &[Leaf]) -> Result<bool, SimulateError> {
        if self.dumps == MOST_DUMPS {
            return Ok(false);
        }
        if self.dumps == 0 {
            fs::create_dir(&self.folder).map_err(|error| SimulateError::Write(self.folder.clone(), error))?;
        }
        self.dumps += 1;
        let text = Dump::text_of(leaves).expect("leaves of one generation make a dump");
        let name = format!("{}.json", Ref::new(Thing::Settlement, number).id());
        write_file(&self.folder.join(name), text.as_bytes())?;
        Ok(true)
    }

    fn batch(&mut self, mode: &'static str, settles: Vec<u64>, root: Hash, now: i64) -> Batch {
        self.next += 1;
        Batch {
            number: self.next - 1,
            mode,
            settles,
            root,
            leaf: None,
            dumped: false,
            transaction: self.dice.bytes(),
            settled_at: now + self.dice.between(8_000_000, 90_000_000) * (SECOND / 1_000_000),
        }
    }

    /// Queues the states of a batch: all are settled, and some were seen on their way.
    fn send(&mut self, batch: Batch, now: i64, later: &mut Later) {
        let batch = Rc::new(batch);
        let mut states = vec![(batch.settled_at, "settled")];
        if batch.mode == "individual" || batch.number.is_multiple_of(4) {
            states.push((now + SECOND, "pending"));
        }
        for (at, state) in states.into_iter().filter(|(at, _)| *at < END) {
            let state = BatchState { batch: Rc::clone(&batch), state };
            later.push(at, Event::Settlement(Box::new(state)));
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({"batches": self.batches, "leaves": self.leaves, "individual": self.individual,
               "private": self.private, "dumped_trees": self.dumps, "settled_twice": self.twice})
    }
}

/// An answer as a leaf: of the third generation, or of the first where nothing is signed.
fn leaf(served: &Served, tee_id: Hash) -> Leaf {
    let Claims { request_hash: input, output_hash: output, timestamp } = served.claims;
    match &served.signature {
        None => Leaf::G1 { input, output },
        Some(signature) => Leaf::G3 {
            tee_id,
            input,
            output,
            signature: signature.to_vec(),
            timestamp: timestamp.unsigned_abs(),
        },
    }
}
