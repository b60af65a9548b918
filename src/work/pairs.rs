//! Matched pairs: the same request answered by the good version and by the faulty one (ANALYSIS §5).

use super::parallel::each_chunk;
use super::{Cancel, WorkError};
use crate::analysis::Window;
use crate::journal::Column;
use crate::journal::batch::Flags;
use crate::model::{Kind, Row};
use crate::store::Snapshot;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Requests asked of both versions, by the fingerprint of the request.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    groups: BTreeMap<u64, Group>,
}

/// Answers to one request: row and fingerprint of the answer (0: not recorded).
#[derive(Clone, Debug, Default)]
struct Group {
    good: Vec<(Row, u64)>,
    faulty: Vec<(Row, u64)>,
}

/// What the pairs come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PairCounts {
    /// Requests that both versions answered.
    pub requests: u64,
    /// Of them: some good and some faulty answer differ.
    pub differing_requests: u64,
    /// Good answers × faulty answers, over all requests.
    pub pairs: u64,
    pub differing: u64,
    /// Pairs of which an answer is not recorded: they cannot be compared.
    pub unknown: u64,
}

/// Finds the pairs. "Good" is the incident's good version where one is named, else any version but the faulty one.
pub fn count(snapshot: &Snapshot, window: &Window, cancel: &Cancel) -> Result<Pairs, WorkError> {
    if window.faulty == 0 {
        return Ok(Pairs::default());
    }
    // First which requests the faulty version answered: few, so that the second pass keeps little.
    let faulty = answers(snapshot, window, cancel, |version| version == window.faulty, None)?;
    let asked: BTreeSet<u64> = faulty.iter().map(|(request, _, _)| *request).collect();
    let is_good = |version: u64| match window.good {
        0 => version != 0 && version != window.faulty,
        good => version == good,
    };
    let good = answers(snapshot, window, cancel, is_good, Some(&asked))?;
    let mut groups: BTreeMap<u64, Group> = BTreeMap::new();
    for (request, row, output) in good {
        groups.entry(request).or_default().good.push((row, output));
    }
    for (request, row, output) in faulty {
        if let Some(group) = groups.get_mut(&request) {
            group.faulty.push((row, output));
        }
    }
    Ok(Pairs { groups })
}

type Answer = (u64, Row, u64);

fn answers(
    snapshot: &Snapshot,
    window: &Window,
    cancel: &Cancel,
    wanted: impl Fn(u64) -> bool + Sync,
    among: Option<&BTreeSet<u64>>,
) -> Result<Vec<Answer>, WorkError> {
    let found = each_chunk(snapshot, cancel, |n, chunk| {
        let column = |column: Column| snapshot.passing(chunk, column);
        let requests = column(Column::RequestHash)?;
        let mut found = Vec::new();
        if requests.same() == Some(0) {
            return Ok(found);
        }
        let (kinds, models, flags) = (column(Column::Kind)?, column(Column::Model)?, column(Column::Flags)?);
        let (versions, outputs) = (column(Column::Effective)?, column(Column::OutputHash)?);
        requests.each(|place, request| {
            let counts = request != 0
                && wanted(versions.value(place))
                && models.value(place) == window.model
                && kinds.value(place) == Kind::Inference as u64
                && flags.value(place) & Flags::DUPLICATE == 0;
            if counts && among.is_none_or(|among| among.contains(&request)) {
                found.push((request, Row::new(n, place), outputs.value(place)));
            }
        });
        Ok(found)
    })?;
    Ok(found.into_iter().flatten().collect())
}

impl Pairs {
    pub fn counts(&self) -> PairCounts {
        let mut counts = PairCounts::default();
        for group in self.groups.values() {
            let (mut same, mut unknown) = (0, 0);
            let mut of: HashMap<u64, u64> = HashMap::new();
            for (_, output) in &group.good {
                *of.entry(*output).or_default() += 1;
            }
            let good = group.good.len() as u64;
            for (_, output) in &group.faulty {
                let unrecorded = of.get(&0).copied().unwrap_or(0);
                if *output == 0 {
                    unknown += good;
                } else {
                    same += of.get(output).copied().unwrap_or(0);
                    unknown += unrecorded;
                }
            }
            let all = good * group.faulty.len() as u64;
            let differing = all - same - unknown;
            counts.requests += 1;
            counts.differing_requests += u64::from(differing > 0);
            counts.pairs += all;
            counts.differing += differing;
            counts.unknown += unknown;
        }
        counts
    }

    /// The answers of the other version to the request at a row, with whether they differ (`None`: cannot be told).
    pub fn of(&self, request: u64, row: Row) -> Vec<(Row, Option<bool>)> {
        let Some(group) = self.groups.get(&request) else {
            return Vec::new();
        };
        let find =
            |side: &[(Row, u64)]| side.iter().find(|(other, _)| *other == row).map(|(_, output)| *output);
        let (output, others) = match (find(&group.good), find(&group.faulty)) {
            (Some(output), _) => (output, &group.faulty),
            (None, Some(output)) => (output, &group.good),
            (None, None) => return Vec::new(),
        };
        let differs = |other: u64| (output != 0 && other != 0).then_some(output != other);
        others.iter().map(|(row, other)| (*row, differs(*other))).collect()
    }

    /// One row of each request that both versions answered, those that differ first.
    pub fn rows(&self) -> Vec<Row> {
        self.groups
            .values()
            .flat_map(|group| group.faulty.iter().chain(&group.good))
            .map(|(row, _)| *row)
            .collect()
    }
}
