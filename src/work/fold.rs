//! Every request counted once, for one incident: by version, evidence, node and hour, and what still points at it.

use super::parallel::each_chunk;
use super::{Cancel, WorkError};
use crate::analysis::window::Observed;
use crate::analysis::{Attribution, Number, Window};
use crate::journal::Column;
use crate::journal::batch::Flags;
use crate::model::time::HOUR;
use crate::model::{Evidence, Kind, Nanos, Pointers};
use crate::store::{Chunk, Packed, Snapshot, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counts over all requests of a case. Kept in the case as JSON, so that opening it needs no pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// Counted records of each kind, by `Kind` number.
    pub kinds: [u64; 13],
    /// Requests by the strength of their evidence.
    pub by_evidence: [u64; 4],
    /// Requests by model and effective version.
    pub versions: BTreeMap<String, BTreeMap<Number, u64>>,
    /// First and last counted record.
    pub span: Option<(i64, i64)>,
    /// Requests of the incident's model per hour (hours since 1970), and those the faulty version served.
    pub hours: BTreeMap<i64, (u64, u64)>,
    /// Per node, what the faulty version served.
    pub nodes: BTreeMap<Number, NodeFold>,
    /// Requests with each pointer, in the order of `Pointers::ALL`.
    pub pointers: [u64; 5],
    /// Late requests per node.
    pub late: BTreeMap<Number, u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeFold {
    pub first: i64,
    pub last: i64,
    pub requests: u64,
    pub against: u64,
    pub against_first: i64,
    pub against_last: i64,
}

/// The columns of one chunk that tell about requests.
pub struct Requests {
    kind: Packed,
    flags: Packed,
    pub at: Packed,
    pub node: Packed,
    pub model: Packed,
    version: Packed,
    scheduled: Packed,
    attested: Packed,
    pub effective: Packed,
    evidence: Packed,
}

impl Requests {
    pub fn of(snapshot: &Snapshot, chunk: &Chunk) -> Result<Self, StoreError> {
        let column = |column: Column| snapshot.passing(chunk, column);
        Ok(Self {
            kind: column(Column::Kind)?,
            flags: column(Column::Flags)?,
            at: column(Column::At)?,
            node: column(Column::Node)?,
            model: column(Column::Model)?,
            version: column(Column::Version)?,
            scheduled: column(Column::Scheduled)?,
            attested: column(Column::Attested)?,
            effective: column(Column::Effective)?,
            evidence: column(Column::Evidence)?,
        })
    }

    pub fn at(&self, place: usize) -> Nanos {
        Nanos(self.at.value(place).cast_signed())
    }

    /// A claim by blob alone is not told apart here; pointers that need the claim use the recorded version.
    pub fn attribution(&self, place: usize) -> Attribution {
        Attribution {
            claimed: self.version.value(place),
            scheduled: self.scheduled.value(place),
            attested: self.attested.value(place),
            effective: self.effective.value(place),
            evidence: Evidence::from_code(self.evidence.value(place)),
        }
    }
}

/// First pass: everything that does not need the window.
pub fn count(snapshot: &Snapshot, model: Number, faulty: Number, cancel: &Cancel) -> Result<Fold, WorkError> {
    let folds = each_chunk(snapshot, cancel, |_, chunk| {
        let requests = Requests::of(snapshot, chunk)?;
        let mut fold = Fold::default();
        let mut versions: BTreeMap<(Number, Number), u64> = BTreeMap::new();
        requests.kind.each(|place, code| {
            if requests.flags.value(place) & Flags::DUPLICATE == 0 {
                fold.kinds[Kind::from_code(code) as usize] += 1;
                let at = requests.at(place);
                fold.stretch(at.0, at.0);
                if code == Kind::Inference as u64 {
                    fold.request(&requests, place, at, model, faulty, &mut versions);
                }
            }
        });
        for ((model, version), n) in versions {
            *fold.versions.entry(model.to_string()).or_default().entry(version).or_default() += n;
        }
        Ok(fold)
    })?;
    Ok(folds.into_iter().fold(Fold::default(), Fold::joined))
}

/// Second pass: what still points at the faulty version, in the light of its window.
pub fn count_pointers(
    fold: &mut Fold,
    snapshot: &Snapshot,
    window: Option<&Window>,
    cancel: &Cancel,
) -> Result<(), WorkError> {
    let counts = each_chunk(snapshot, cancel, |_, chunk| {
        let requests = Requests::of(snapshot, chunk)?;
        let mut pointers = [0u64; 5];
        let mut late: BTreeMap<Number, u64> = BTreeMap::new();
        requests.kind.each(|place, code| {
            if code != Kind::Inference as u64 || requests.flags.value(place) & Flags::DUPLICATE != 0 {
                return;
            }
            let model = requests.model.value(place);
            let found = requests.attribution(place).pointers(model, requests.at(place), window);
            if found.is_empty() {
                return;
            }
            for (count, (flag, _)) in pointers.iter_mut().zip(Pointers::ALL) {
                *count += u64::from(found.has(flag));
            }
            if found.has(Pointers::LATE) {
                *late.entry(requests.node.value(place)).or_default() += 1;
            }
        });
        Ok((pointers, late))
    })?;
    fold.pointers = [0; 5];
    fold.late.clear();
    for (pointers, late) in counts {
        for (sum, n) in fold.pointers.iter_mut().zip(pointers) {
            *sum += n;
        }
        for (node, n) in late {
            *fold.late.entry(node).or_default() += n;
        }
    }
    Ok(())
}

impl Fold {
    fn request(
        &mut self,
        requests: &Requests,
        place: usize,
        at: Nanos,
        model: Number,
        faulty: Number,
        versions: &mut BTreeMap<(Number, Number), u64>,
    ) {
        let own_model = requests.model.value(place);
        let effective = requests.effective.value(place);
        self.by_evidence[requests.evidence.value(place).min(3) as usize] += 1;
        *versions.entry((own_model, effective)).or_default() += 1;
        if own_model != model || model == 0 {
            return;
        }
        let hour = self.hours.entry(at.0.div_euclid(HOUR)).or_default();
        hour.0 += 1;
        if effective != faulty {
            return;
        }
        hour.1 += 1;
        let scheduled = requests.scheduled.value(place);
        let against = requests.attested.value(place) == faulty && scheduled != 0 && scheduled != faulty;
        let one = NodeFold {
            first: at.0,
            last: at.0,
            requests: 1,
            against: u64::from(against),
            against_first: at.0,
            against_last: at.0,
        };
        join_node(&mut self.nodes, requests.node.value(place), one);
    }

    fn stretch(&mut self, from: i64, to: i64) {
        self.span = Some(self.span.map_or((from, to), |span| (span.0.min(from), span.1.max(to))));
    }

    fn joined(mut self, other: Self) -> Self {
        let add = |sums: &mut [u64], more: &[u64]| sums.iter_mut().zip(more).for_each(|(sum, n)| *sum += n);
        add(&mut self.kinds, &other.kinds);
        add(&mut self.by_evidence, &other.by_evidence);
        for (model, versions) in other.versions {
            let own = self.versions.entry(model).or_default();
            versions.into_iter().for_each(|(version, n)| *own.entry(version).or_default() += n);
        }
        if let Some((from, to)) = other.span {
            self.stretch(from, to);
        }
        for (hour, (total, faulty)) in other.hours {
            let own = self.hours.entry(hour).or_default();
            *own = (own.0 + total, own.1 + faulty);
        }
        for (node, more) in other.nodes {
            join_node(&mut self.nodes, node, more);
        }
        self
    }

    /// Requests of all models.
    pub fn requests(&self) -> u64 {
        self.kinds[Kind::Inference as usize]
    }

    /// Requests of a model that a version effectively served.
    pub fn served(&self, model: Number, version: Number) -> u64 {
        self.versions
            .get(&model.to_string())
            .and_then(|versions| versions.get(&version))
            .copied()
            .unwrap_or(0)
    }

    pub fn of_model(&self, model: Number) -> u64 {
        self.versions.get(&model.to_string()).map_or(0, |versions| versions.values().sum())
    }

    /// The hour in which the faulty version served the largest share: its start, all requests, faulty ones.
    pub fn worst_hour(&self) -> Option<(Nanos, u64, u64)> {
        // Shares are compared as fractions, without rounding; the earlier hour wins a tie.
        let worse = |a: &(u64, u64), b: &(u64, u64)| (a.1 * b.0).cmp(&(b.1 * a.0));
        let (hour, (total, faulty)) = self
            .hours
            .iter()
            .filter(|(_, (_, faulty))| *faulty > 0)
            .max_by(|a, b| worse(a.1, b.1).then(b.0.cmp(a.0)))?;
        Some((Nanos(hour * HOUR), *total, *faulty))
    }

    pub fn observed(&self) -> BTreeMap<Number, Observed> {
        let observed = |n: &NodeFold| Observed {
            first: Nanos(n.first),
            last: Nanos(n.last),
            requests: n.requests,
            against_schedule: n.against,
            against: (n.against > 0).then_some((Nanos(n.against_first), Nanos(n.against_last))),
        };
        self.nodes.iter().map(|(node, fold)| (*node, observed(fold))).collect()
    }

    pub fn pointer(&self, flag: Pointers) -> u64 {
        let place = Pointers::ALL.iter().position(|(known, _)| *known == flag);
        place.map_or(0, |place| self.pointers[place])
    }
}

fn join_node(nodes: &mut BTreeMap<Number, NodeFold>, node: Number, more: NodeFold) {
    let Some(own) = nodes.get_mut(&node) else {
        nodes.insert(node, more);
        return;
    };
    own.first = own.first.min(more.first);
    own.last = own.last.max(more.last);
    own.requests += more.requests;
    if more.against > 0 {
        let (first, last) = (more.against_first, more.against_last);
        own.against_first = if own.against > 0 { own.against_first.min(first) } else { first };
        own.against_last = if own.against > 0 { own.against_last.max(last) } else { last };
        own.against += more.against;
    }
}
