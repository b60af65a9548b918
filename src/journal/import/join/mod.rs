//! Records of several sources that are about one thing, put together: by hashes, nonces, sessions, ids. Each join says by what
//! and how strongly.
//!
//! ```text
//! leaf      ─ request hash : output hash ─▶ inference      exact, or ambiguous where two inferences have the same hashes
//! event     ─ merkle root ─▶ tree                          exact (one id: `batch:<root>`)
//! header    ─ transaction, blob id ─▶ settlement           named: the gateway's word
//! payment   ─ session ─▶ inferences                        session: a session may outlive its payment
//! transfer  ─ parties, token, amount ─▶ payment            parties: only where exactly one fits
//! document  ─ signing key ─▶ enclave                       exact: the attestation names the key's SHA-256
//! ```
//! What is joined is written as the next state of the settlement or payment; the records it was made of stay as they were.
//! Of a line only prints and its place are kept (`Parts`); the few that can be joined are read again and parsed whole.

mod enclave;
mod find;
mod part;
mod transfers;
mod whole;

pub use find::{Finds, Wanted};
pub use part::{Parts, Spot};

use super::line::essence;
use part::{Joined, Part};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use transfers::Transfers;
use whole::Whole;

/// How a join holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Equal hashes or nonces, and one candidate.
    Exact,
    /// Equal hashes, and more than one candidate: all are linked.
    Ambiguous,
    /// One record names the other, on its writer's word.
    Named,
    /// The same session.
    Session,
    /// The same parties and token, a fitting amount and time, and one candidate.
    Parties,
}

impl Strength {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Ambiguous => "ambiguous",
            Self::Named => "named",
            Self::Session => "session",
            Self::Parties => "parties",
        }
    }
}

/// A settlement, payment or enclave as one source tells it, parsed whole.
struct Told {
    source: String,
    object: Map<String, Value>,
}

impl Told {
    fn text(&self, name: &str) -> Option<&str> {
        self.object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Whether two sources say the same, wherever they say it: the same log on two pages is one part.
    fn says_the_same(&self, other: &Self) -> bool {
        let said = |told: &Self| told.object.len() - usize::from(told.object.contains_key("import"));
        said(self) == said(other)
            && self
                .object
                .iter()
                .filter(|(name, _)| *name != "import")
                .all(|(name, value)| other.object.get(name) == Some(value))
    }
}

/// What the joiner cannot do itself: read a line again, and read an attestation document.
pub struct Hands<'h> {
    pub line: &'h (dyn Fn(Spot) -> io::Result<Vec<u8>> + Sync),
    /// The measurement that an attestation in base64 names.
    pub pcr_hash: &'h (dyn Fn(&str) -> Option<String> + Sync),
}

/// Gathers what may be joined, then joins it: `take` of every imported source, then `feed` with the inferences of every
/// source, then `joined` of each group.
#[derive(Default)]
pub struct Joiner {
    sources: Vec<String>,
    parts: Vec<Part>,
    /// Prints of what parts look for, and who looks.
    looking: Vec<(u64, u32)>,
    found: HashMap<String, Vec<String>>,
    found_prints: HashSet<u64>,
    transfers: Transfers,
    /// Documents by the SHA-256 of the key they bind.
    documents: HashMap<String, u32>,
}

/// Parts of one kind and (but for the print of its id) one id, of which a join can come.
pub struct Group<'j>(&'j [u32]);

impl Joiner {
    /// Begins a source: the parts taken from now on are of it. Returns its number.
    pub fn source(&mut self, name: String) -> u32 {
        self.sources.push(name);
        self.sources.len() as u32 - 1
    }

    /// Takes what a stretch of the last source's lines holds; `offset` is where the stretch begins.
    pub fn take(&mut self, parts: Parts, offset: u64) {
        let base = self.parts.len() as u32;
        let source = self.sources.len().saturating_sub(1) as u32;
        let placed = parts.parts.into_iter().map(|part| part.placed(source, offset));
        self.parts.extend(placed);
        self.looking.extend(parts.looking.into_iter().map(|(print, part)| (print, part + base)));
        self.transfers.take(parts.transfers, base);
        // Of several documents of one boot the latest given counts; all of them say the same of its key.
        self.documents.extend(parts.keys.into_iter().map(|(key, part)| (key, part + base)));
    }

    /// What inferences are looked for by.
    pub fn wanted(&self) -> Wanted {
        Wanted::new(self.looking.iter().map(|(print, _)| *print))
    }

    /// Takes what was found in a stretch of any source's lines.
    pub fn feed(&mut self, finds: Finds) {
        for (key, id) in finds.0 {
            self.found_prints.insert(find::print(&key));
            let ids = self.found.entry(key).or_default();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }

    /// Parts in the order of their groups; ask `groups` with it.
    pub fn sorted(&mut self) -> Vec<u32> {
        self.transfers.sort();
        let mut order: Vec<u32> = (0..self.parts.len() as u32).collect();
        order.sort_by_key(|n| (self.parts[*n as usize].group(), *n));
        order
    }

    /// The groups that can come to a join.
    pub fn groups<'j>(&self, sorted: &'j [u32]) -> Vec<Group<'j>> {
        let hits: HashSet<u32> = self
            .looking
            .iter()
            .filter(|(print, _)| self.found_prints.contains(print))
            .map(|(_, part)| *part)
            .collect();
        let same = |a: &u32, b: &u32| self.parts[*a as usize].group() == self.parts[*b as usize].group();
        let can_join = |group: &&[u32]| {
            let first = &self.parts[group[0] as usize];
            let joins_alone = |n: &u32| hits.contains(n) || self.parts[*n as usize].is_open;
            first.kind != Joined::Transfer && (group.len() > 1 || joins_alone(&group[0]))
        };
        sorted.chunk_by(same).filter(can_join).map(Group).collect()
    }

    /// What the parts of a group come to: the kind, the id and the line of each join.
    pub fn joined(
        &self,
        group: &Group<'_>,
        hands: &Hands<'_>,
    ) -> io::Result<Vec<(&'static str, String, String)>> {
        let kind = self.parts[group.0[0] as usize].kind;
        let mut by_id: BTreeMap<String, Vec<Told>> = BTreeMap::new();
        for n in group.0 {
            let told = self.told(*n, hands)?;
            let own = by_id.entry(told.text("id").unwrap_or_default().to_owned()).or_default();
            if !own.iter().any(|other| other.says_the_same(&told)) {
                own.push(told);
            }
        }
        let mut lines = Vec::new();
        for (id, parts) in by_id {
            let line = match kind {
                Joined::Settlement => self.settlement(&parts),
                Joined::Payment => self.payment(&parts, hands)?,
                Joined::Enclave => self.enclave(&parts, hands)?,
                Joined::Transfer => None,
            };
            lines.extend(line.map(|line| (kind.name(), id, line)));
        }
        Ok(lines)
    }

    fn told(&self, n: u32, hands: &Hands<'_>) -> io::Result<Told> {
        let spot = self.parts[n as usize].spot;
        let object = serde_json::from_slice(&(hands.line)(spot)?).unwrap_or_default();
        Ok(Told { source: self.sources[spot.source as usize].clone(), object })
    }

    fn settlement(&self, parts: &[Told]) -> Option<String> {
        let mut whole = Whole::of(parts, |part| part.text("tx_hash").is_some())?;
        let mut settles: Vec<String> = Vec::new();
        for key in list(whole.object.get("leaf_keys")) {
            let ids = self.found.get(&find::hashes_key(&key)).map(Vec::as_slice).unwrap_or_default();
            let strength = if ids.len() > 1 { Strength::Ambiguous } else { Strength::Exact };
            ids.iter().for_each(|id| whole.join(id, "request hash and output hash", strength));
            settles.extend(ids.iter().cloned());
        }
        if settles.is_empty() {
            for (name, field, by) in [("tx", "tx_hash", "transaction"), ("blob", "blob_id", "blob id")] {
                let key = whole.text(field).map(|text| find::key(name, text));
                for id in key.and_then(|key| self.found.get(&key)).into_iter().flatten() {
                    whole.join(id, by, Strength::Named);
                    settles.push(id.clone());
                }
            }
        }
        dedup(&mut settles);
        whole.written("settles", settles, parts.len() > 1)
    }

    fn payment(&self, parts: &[Told], hands: &Hands<'_>) -> io::Result<Option<String>> {
        let Some(mut whole) = Whole::of(parts, |part| part.text("tx_hash").is_some()) else {
            return Ok(None);
        };
        let mut is_moved = false;
        if !whole.object.contains_key("tx_hash")
            && let Some(transfer) = self.transfer_for(&whole.object, hands)?
        {
            whole.take(&transfer);
            is_moved = true;
            let id = transfer.text("id").unwrap_or_default();
            whole.join(id, "payer, payee, token and amount", Strength::Parties);
        }
        let session = whole.text("session").map(|text| find::key("session", text));
        let pays: Vec<String> = session.and_then(|key| self.found.get(&key)).cloned().unwrap_or_default();
        pays.iter().for_each(|id| whole.join(id, "session", Strength::Session));
        Ok(whole.written("pays", pays, parts.len() > 1 || is_moved))
    }

    /// The one transfer that a Permit2 authorisation can have become: the same payer, payee and token, no more than allowed,
    /// and not before it was signed for. Two candidates are none.
    fn transfer_for(&self, payment: &Map<String, Value>, hands: &Hands<'_>) -> io::Result<Option<Told>> {
        let Some(n) = self.transfers.only(payment) else { return Ok(None) };
        let told = self.told(n, hands)?;
        // The index goes by prints: what it found must be what was asked for.
        Ok(transfers::same_parties(payment, &told.object).then_some(told))
    }
}

/// Lines that a file of joins does not hold yet, by what they say.
pub fn new_lines(known: &[u8], lines: Vec<String>) -> Vec<String> {
    let known: HashSet<&[u8]> = known.split(|b| *b == b'\n').map(essence).collect();
    lines.into_iter().filter(|line| !known.contains(essence(line.as_bytes()))).collect()
}

fn list(value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

fn dedup(ids: &mut Vec<String>) {
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
}
