//! Requests over time: a lane per version or per node, bars of volume, the faulty share of each, and marks.

use super::fold::Requests;
use super::parallel::each_chunk;
use super::registry::Mark;
use super::study::Study;
use super::{Cancel, WorkError};
use crate::analysis::{NodeState, Number};
use crate::journal::batch::Flags;
use crate::journal::{Column, Names};
use crate::model::{Kind, Nanos};
use crate::store::{Chunk, StoreError};

/// What a lane is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lanes {
    #[default]
    Versions,
    Nodes,
}

/// A stretch of time in equal buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    pub from: Nanos,
    /// One nanosecond past the last.
    pub to: Nanos,
    pub buckets: usize,
}

impl Axis {
    /// The bucket a moment falls into.
    pub fn bucket(&self, at: Nanos) -> Option<usize> {
        if at < self.from || at >= self.to || self.buckets == 0 {
            return None;
        }
        let width = i128::from(self.to.0) - i128::from(self.from.0);
        let place = (i128::from(at.0) - i128::from(self.from.0)) * self.buckets as i128 / width;
        usize::try_from(place).ok()
    }

    /// When a bucket begins; of `buckets`, when the axis ends.
    pub fn start(&self, bucket: usize) -> Nanos {
        let width = i128::from(self.to.0) - i128::from(self.from.0);
        // The first moment whose bucket this is: rounded up, so that `bucket(start(n)) == n`.
        let offset = (bucket as i128 * width + self.buckets as i128 - 1) / (self.buckets.max(1) as i128);
        Nanos(i64::try_from(i128::from(self.from.0) + offset).unwrap_or(i64::MAX))
    }
}

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The version's or node's number; 0 for requests that have none.
    pub number: Number,
    pub label: String,
    /// Only for lanes of nodes.
    pub state: Option<NodeState>,
    /// Requests per bucket, and how many of them the faulty version served.
    pub counts: Vec<u32>,
    pub faulty: Vec<u32>,
    /// When it was meant to be live: a version on any node, or the faulty version on this node.
    pub scheduled: Vec<(Nanos, Option<Nanos>)>,
    pub total: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    pub axis: Axis,
    pub lanes: Vec<Lane>,
    /// The highest count of any bucket of any lane.
    pub highest: u32,
    pub marks: Vec<Mark>,
}

/// The whole time a case covers, a little wider so that the last record has a bucket.
pub fn whole(study: &Study, buckets: usize) -> Axis {
    let (from, to) = study.fold.span.unwrap_or((0, 1));
    Axis { from: Nanos(from), to: Nanos(to.saturating_add(1)), buckets }
}

/// Counts requests of the incident's model (or of all models, where there is no incident) along an axis.
pub fn timeline(study: &Study, kind: Lanes, axis: Axis, cancel: &Cancel) -> Result<Timeline, WorkError> {
    let names = match kind {
        Lanes::Versions => study.snapshot.names(Names::Version),
        Lanes::Nodes => study.snapshot.names(Names::Node),
    };
    let lanes = names.len() + 1;
    let counts = each_chunk(&study.snapshot, cancel, |_, chunk| count(study, kind, axis, lanes, chunk))?;
    let mut lanes: Vec<Lane> = (0..=names.len() as u64)
        .map(|number| Lane {
            number,
            label: names.text(number).to_owned(),
            state: None,
            counts: vec![0; axis.buckets],
            faulty: vec![0; axis.buckets],
            scheduled: Vec::new(),
            total: 0,
        })
        .collect();
    for (lane, bucket, requests, faulty) in counts.into_iter().flatten() {
        let lane = &mut lanes[lane];
        lane.counts[bucket] += requests;
        lane.faulty[bucket] += faulty;
        lane.total += u64::from(requests);
    }
    schedule(study, kind, &mut lanes);
    lanes.retain(|lane| lane.total > 0 || !lane.scheduled.is_empty());
    if kind == Lanes::Versions {
        lanes.sort_by_key(|lane| lane.scheduled.first().map_or(Nanos::MAX, |(from, _)| *from));
    } else {
        // Requests without a node come last.
        lanes.sort_by(|a, b| (a.number == 0, &a.label).cmp(&(b.number == 0, &b.label)));
    }
    let highest = lanes.iter().flat_map(|lane| &lane.counts).copied().max().unwrap_or(0);
    let model = study.window.as_ref().map(|window| window.model);
    let ours = |mark: &&Mark| mark.model == 0 || model.is_none_or(|model| model == mark.model);
    let marks = study
        .context
        .marks
        .iter()
        .filter(ours)
        .filter(|mark| axis.bucket(mark.at).is_some())
        .cloned()
        .collect();
    Ok(Timeline { axis, lanes, highest, marks })
}

/// Lane, bucket, requests, faulty requests.
type Count = (usize, usize, u32, u32);

fn count(
    study: &Study,
    kind: Lanes,
    axis: Axis,
    lanes: usize,
    chunk: &Chunk,
) -> Result<Vec<Count>, StoreError> {
    if chunk.span.1 < axis.from || chunk.span.0 >= axis.to {
        return Ok(Vec::new());
    }
    let snapshot = &study.snapshot;
    let requests = Requests::of(snapshot, chunk)?;
    let kinds = snapshot.passing(chunk, Column::Kind)?;
    let flags = snapshot.passing(chunk, Column::Flags)?;
    let (model, faulty) = study.window.as_ref().map_or((0, 0), |window| (window.model, window.faulty));
    let mut dense: Vec<Vec<(u32, u32)>> = vec![Vec::new(); lanes];
    kinds.each(|place, code| {
        let counted = code == Kind::Inference as u64 && flags.value(place) & Flags::DUPLICATE == 0;
        if !counted || (model != 0 && requests.model.value(place) != model) {
            return;
        }
        let Some(bucket) = axis.bucket(requests.at(place)) else {
            return;
        };
        let effective = requests.effective.value(place);
        let lane = match kind {
            Lanes::Versions => effective,
            Lanes::Nodes => requests.node.value(place),
        } as usize;
        // A number without a name is in no dictionary: a damaged case.
        let Some(lane) = dense.get_mut(lane) else {
            return;
        };
        if lane.is_empty() {
            lane.resize(axis.buckets, (0, 0));
        }
        lane[bucket].0 += 1;
        lane[bucket].1 += u32::from(model != 0 && effective == faulty);
    });
    let lanes = dense.into_iter().enumerate();
    Ok(lanes
        .flat_map(|(lane, buckets)| {
            let filled = buckets.into_iter().enumerate().filter(|(_, (requests, _))| *requests > 0);
            filled.map(move |(bucket, (requests, faulty))| (lane, bucket, requests, faulty))
        })
        .collect())
}

fn schedule(study: &Study, kind: Lanes, lanes: &mut [Lane]) {
    let model = study.window.as_ref().map(|window| window.model);
    match kind {
        Lanes::Versions => {
            let ours = study.context.attributor.schedule.intervals();
            for interval in ours.filter(|interval| model.is_none_or(|model| model == interval.model)) {
                if let Some(lane) = lanes.get_mut(interval.version as usize) {
                    lane.scheduled.push((interval.from, interval.to));
                }
            }
            lanes.iter_mut().for_each(|lane| lane.scheduled = joined(std::mem::take(&mut lane.scheduled)));
        }
        Lanes::Nodes => {
            for node in study.window.iter().flat_map(|window| &window.nodes) {
                if let Some(lane) = lanes.get_mut(node.node as usize) {
                    lane.scheduled.clone_from(&node.scheduled);
                    lane.state = Some(node.state);
                }
            }
        }
    }
}

/// Intervals that touch or overlap, made one.
fn joined(mut intervals: Vec<(Nanos, Option<Nanos>)>) -> Vec<(Nanos, Option<Nanos>)> {
    intervals.sort();
    let mut joined: Vec<(Nanos, Option<Nanos>)> = Vec::new();
    for (from, to) in intervals {
        match joined.last_mut() {
            Some((_, None)) => {}
            Some((_, last)) if last.is_some_and(|last| from <= last) => {
                *last = to.and_then(|to| last.map(|last| last.max(to)));
            }
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// Moments worth jumping to, in time order, each once: marks and the window's own edges.
pub fn boundaries(study: &Study) -> Vec<Nanos> {
    let model = study.window.as_ref().map(|window| window.model);
    let ours = |mark: &&Mark| mark.model == 0 || model.is_none_or(|model| model == mark.model);
    let mut moments: Vec<Nanos> = study.context.marks.iter().filter(ours).map(|mark| mark.at).collect();
    if let Some(window) = &study.window {
        moments
            .extend([window.from(), window.to(), window.observed.0, window.observed.1].into_iter().flatten());
    }
    moments.sort();
    moments.dedup();
    moments
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_bucket_begins_where_it_says(from in 0i64..1000, width in 1i64..100_000, buckets in 1usize..200) {
            let axis = Axis { from: Nanos(from), to: Nanos(from + width), buckets };
            for n in 0..buckets {
                let start = axis.start(n);
                if let Some(bucket) = axis.bucket(start) {
                    prop_assert!(bucket >= n);
                    prop_assert!(start == axis.from || axis.bucket(Nanos(start.0 - 1)).is_none_or(|before| before < n));
                }
            }
        }
    }

    #[test]
    fn intervals_that_touch_become_one() {
        let at = |from: i64, to: i64| (Nanos(from), Some(Nanos(to)));
        assert_eq!(joined(vec![at(5, 8), at(0, 3), at(2, 5), at(10, 11)]), [at(0, 8), at(10, 11)]);
        assert_eq!(joined(vec![(Nanos(3), None), at(0, 4), at(9, 10)]), [(Nanos(0), None)]);
    }
}
