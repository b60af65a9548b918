//! The merged timeline: every recorded moment in one order, and the picture of it.

use super::{Facts, by_sql, recorded, section, words};
use crate::analysis::NodeState;
use crate::model::{Kind, Nanos, Untrusted};
use crate::report::model::{Block, Column, Field, Lane, Level, Mark, Picture, Section, Table, Value};
use crate::work::findings::grouped;
use crate::work::timeline::{Axis, Lanes, Timeline, timeline, whole};
use crate::work::{Cancel, WorkError};

/// Moments a page shows; the attached list has all.
const SHOWN: usize = 200;
/// Columns of the picture, and lanes beyond which a picture is no help.
const BUCKETS: usize = 120;
const LANES: usize = 24;

pub fn section_of(facts: &Facts<'_>) -> Result<Section, WorkError> {
    let mut section = section("timeline", "Timeline");
    if facts.study.fold.span.is_some() {
        let axis = axis(facts);
        let versions = timeline(facts.study, Lanes::Versions, axis, &Cancel::default())?;
        let nodes = timeline(facts.study, Lanes::Nodes, axis, &Cancel::default())?;
        section.blocks.push(Block::Picture(picture(facts, "picture-versions", "versions", versions)));
        section.blocks.push(Block::Picture(picture(facts, "picture-nodes", "nodes", nodes)));
    }
    let events = events(facts);
    let total = events.len() as u64;
    section.blocks.push(Block::Table(Table {
        id: "events",
        title: "What happened, in order".to_owned(),
        columns: EVENTS.to_vec(),
        rows: events.into_iter().take(SHOWN).map(Event::cells).collect(),
        total,
        list: Some("timeline.csv"),
        basis: by_sql(
            Level::Recorded,
            "releases, deployments, incident states, measurements, and the faulty version's first and last service, by time",
            "select at, kind, id from records where kind in ('release', 'deployment', 'incident', 'measurement') order by at",
            vec![],
        ),
        if_empty: "No release, deployment, incident or measurement is recorded.".to_owned(),
    }));
    Ok(section)
}

pub const EVENTS: [Column; 5] = [
    Column::Left("when (UTC)"),
    Column::Left("what"),
    Column::Left("node"),
    Column::Left("model"),
    Column::Left("version"),
];

/// One moment of the merged timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub at: Nanos,
    pub what: String,
    pub node: Value,
    pub model: Value,
    pub version: Value,
}

impl Event {
    pub fn cells(self) -> Vec<Value> {
        vec![Value::Time(self.at), words(self.what), self.node, self.model, self.version]
    }
}

/// Everything that makes a mark for this incident's model, in time order.
pub fn events(facts: &Facts<'_>) -> Vec<Event> {
    let study = facts.study;
    let model = facts.window().map(|window| window.model);
    let marks = study.context.marks.iter();
    let ours = marks.filter(|mark| mark.model == 0 || model.is_none_or(|model| model == mark.model));
    let mut events: Vec<Event> = ours
        .map(|mark| {
            let word = Untrusted(&mark.word).visible();
            let what = match mark.kind {
                Kind::Release => "release published".to_owned(),
                Kind::Deployment => format!("deployment: {word}"),
                Kind::Incident => format!("incident {word}"),
                Kind::Measurement => format!("measurement {word}"),
                kind => format!("{kind} {word}"),
            };
            Event {
                at: mark.at,
                what,
                node: recorded(Field::Node, study.node_name(mark.node)),
                model: recorded(Field::Model, study.model_name(mark.model)),
                version: recorded(Field::Version, study.version_name(mark.version)),
            }
        })
        .collect();
    if let Some(window) = facts.window() {
        let ends = [
            (window.observed.0, "first request served by the faulty version"),
            (window.observed.1, "last request served by the faulty version"),
        ];
        events.extend(ends.into_iter().filter_map(|(at, what)| {
            Some(Event {
                at: at?,
                what: what.to_owned(),
                node: Value::Absent,
                model: facts.model(),
                version: facts.faulty(),
            })
        }));
    }
    events.sort_by_key(|event| event.at);
    events
}

/// The window with half its length on either side, within what the case covers; else all of it.
fn axis(facts: &Facts<'_>) -> Axis {
    let all = whole(facts.study, BUCKETS);
    let Some(window) = facts.window() else {
        return all;
    };
    let ends = [
        window.from(),
        window.to(),
        window.observed.0,
        window.observed.1,
        window.declared.0,
        window.declared.1,
    ];
    let known = || ends.into_iter().flatten();
    let (Some(from), Some(to)) = (known().min(), known().max()) else {
        return all;
    };
    let around = to.since(from).0 / 2;
    let from = Nanos(from.0.saturating_sub(around)).max(all.from);
    let to = Nanos(to.0.saturating_add(around)).min(all.to);
    if from < to { Axis { from, to, buckets: BUCKETS } } else { all }
}

fn picture(facts: &Facts<'_>, id: &'static str, what: &str, timeline: Timeline) -> Picture {
    let field = if id == "picture-nodes" { Field::Node } else { Field::Version };
    let mut lanes = timeline.lanes;
    let total = lanes.len();
    if total > LANES {
        // The lanes that matter are those the faulty version served; then the busiest.
        let weight = |lane: &crate::work::timeline::Lane| {
            (lane.faulty.iter().map(|n| u64::from(*n)).sum::<u64>(), lane.total)
        };
        let mut by_weight: Vec<usize> = (0..total).collect();
        by_weight.sort_by_key(|n| std::cmp::Reverse(weight(&lanes[*n])));
        let kept: std::collections::BTreeSet<usize> = by_weight.into_iter().take(LANES).collect();
        let mut n = 0;
        lanes.retain(|_| {
            n += 1;
            kept.contains(&(n - 1))
        });
    }
    let faulty: u64 = lanes.iter().flat_map(|lane| &lane.faulty).map(|n| u64::from(*n)).sum();
    let requests: u64 = lanes.iter().flat_map(|lane| &lane.counts).map(|n| u64::from(*n)).sum();
    let cut = if total > LANES {
        format!(" The {LANES} of {total} {what} with most faulty requests are drawn.")
    } else {
        String::new()
    };
    let spoken = format!(
        "Requests over time in lanes, one for each of the {what}, from {} to {}: {} requests, of which the faulty version \
         served {}. The marked stretch is the faulty window.{cut}",
        timeline.axis.from,
        timeline.axis.to,
        grouped(requests),
        grouped(faulty),
    );
    let lanes = lanes.into_iter().map(|lane| Lane {
        label: match lane.label.as_str() {
            "" => words(if field == Field::Node { "no node" } else { "unknown" }),
            label => recorded(field, label),
        },
        word: lane
            .state
            .filter(|state| *state != NodeState::Ok)
            .map_or(String::new(), |state| state.name().to_owned()),
        counts: lane.counts,
        faulty: lane.faulty,
        scheduled: lane.scheduled,
    });
    let window = facts.window();
    let mark = |at: Option<Nanos>, label: &str| at.map(|at| Mark { at, label: label.to_owned() });
    let incident = facts.study.incident();
    let states = incident
        .into_iter()
        .flat_map(|incident| &incident.states)
        .map(|(at, state)| Mark { at: *at, label: Untrusted(state).visible() });
    let marks = mark(window.and_then(crate::analysis::Window::from), "introduced").into_iter().chain(states);
    let marks: Vec<Mark> =
        marks.chain(mark(window.and_then(crate::analysis::Window::to), "rolled back")).take(12).collect();
    Picture {
        id,
        title: format!("Requests over time, by {}", what.trim_end_matches('s')),
        words: spoken,
        from: timeline.axis.from,
        to: timeline.axis.to,
        window: (
            window.and_then(crate::analysis::Window::from),
            window.and_then(crate::analysis::Window::to),
        ),
        lanes: lanes.collect(),
        marks,
    }
}
