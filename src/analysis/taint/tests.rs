//! Taint against a naive search, and every way it may or may not go.

use super::*;
use crate::analysis::containment::cuts;
use crate::analysis::web::Edge;
use crate::model::Nanos;
use crate::model::time::SECOND;
use proptest::prelude::*;

/// A record for a test: kind, agent, session, receiver of a message, what it points at.
#[derive(Clone, Debug)]
struct Made {
    kind: Kind,
    agent: u32,
    memory: u32,
    to: u32,
    at: u32,
    edges: Vec<(EdgeKind, u32)>,
}

const AGENTS: usize = 4;

fn made(kind: Kind, agent: u32, at: u32, edges: &[(EdgeKind, u32)]) -> Made {
    Made { kind, agent, memory: agent, to: 0, at, edges: edges.to_vec() }
}

/// A web with a tick of a second.
fn web(records: &[Made]) -> Web {
    let mut web = Web {
        order: (0..records.len() as u32).map(Row).collect(),
        tick: SECOND,
        agents: AGENTS,
        memories: AGENTS + 3,
        sources: vec![0],
        first: vec![0],
        ..Web::default()
    };
    for (node, record) in records.iter().enumerate() {
        web.at.push(record.at);
        web.kind.push(record.kind);
        web.agent.push(record.agent);
        web.memory.push(record.memory);
        web.edges.extend(record.edges.iter().map(|(kind, to)| Edge { to: *to, kind: *kind }));
        web.first.push(web.edges.len() as u32);
        if record.kind == Message {
            web.received.push((node as u32, record.to));
        }
    }
    web
}

fn tiers(records: &[Made], served: &[u32], changed: &[u64], rates: &Rates) -> Vec<Option<Tier>> {
    let web = web(records);
    let changed = changed.iter().copied().collect();
    let taint = spread(&web, served, &changed, rates, Span(2 * SECOND));
    (0..records.len() as u32).map(|node| taint.tier(Row(node))).collect()
}

use EdgeKind::{CacheOf, Carries, Cause, Parent};
use Kind::{Action, Inference, Message};
const HOUR_S: u32 = 3600;

#[test]
fn tiers_tell_how_sure_a_chain_is() {
    let records = [
        made(Inference, 1, 0, &[]),
        made(Action, 1, 10, &[(Cause, 0)]),
        made(Inference, 2, 20, &[(Parent, 1)]),
        made(Inference, 3, 30, &[(CacheOf, 2)]),
        // Nothing but its agent's memory.
        made(Action, 1, 100, &[]),
        made(Inference, 3, 110, &[(Parent, 4)]),
        made(Action, 0, 120, &[]),
    ];
    let expect = |changed: &[u64], expected: [Option<Tier>; 7]| {
        assert_eq!(tiers(&records, &[0], changed, &Rates::default()), expected, "{changed:?}");
    };
    use Tier::{T0, T1, T2, T3};
    expect(&[1], [Some(T0), Some(T1), Some(T1), Some(T1), Some(T2), Some(T2), None]);
    expect(&[], [Some(T0), Some(T1), Some(T1), Some(T1), Some(T3), Some(T3), None]);
    // That agent 3 changed makes what it did after a merely possible thing no surer.
    expect(&[3], [Some(T0), Some(T1), Some(T1), Some(T1), Some(T3), Some(T2), None]);
}

#[test]
fn memory_fades_and_messages_carry() {
    let mut told = made(Message, 1, 5, &[(Carries, 0)]);
    told.to = 2;
    let records = [
        made(Inference, 1, 0, &[]),
        told,
        made(Action, 2, 6 * HOUR_S, &[]),
        made(Action, 1, 10 * HOUR_S, &[]),
        made(Action, 2, 40 * HOUR_S, &[]),
    ];
    let found = tiers(&records, &[0], &[], &Rates::default());
    // What a message merely carries is possible; a quarter of it is left after six hours, nothing after forty.
    assert_eq!(found, [Some(Tier::T0), Some(Tier::T3), Some(Tier::T3), None, None]);
    let web = web(&records);
    let taint = spread(&web, &[0], &BTreeSet::new(), &Rates::default(), Span(0));
    let strength = taint.mark(Row(2)).unwrap().strength;
    assert!((strength - 0.25).abs() < 1e-3, "{strength}");
}

#[test]
fn sessions_keep_to_themselves() {
    let within = |memory: u32, at: u32| Made { memory, ..made(Inference, 1, at, &[]) };
    let records = [within(4, 0), within(5, 10), within(4, 20), within(1, 30)];
    let found = tiers(&records, &[0], &[1], &Rates::default());
    assert_eq!(found, [Some(Tier::T0), None, Some(Tier::T2), None]);
}

#[test]
fn a_human_who_approves_ends_the_chain_and_is_listed() {
    let records =
        [made(Inference, 1, 0, &[]), made(Action, 2, 1, &[(Cause, 0)]), made(Action, 3, 2, &[(Cause, 1)])];
    let mut web = web(&records);
    web.sanitizers.push(1);
    let taint = spread(&web, &[0], &BTreeSet::new(), &Rates::default(), Span(0));
    assert_eq!(taint.marks.len(), 1);
    assert_eq!(taint.sanitized[0].node, 1);
}

#[test]
fn a_cause_after_its_effect_counts_only_within_the_tolerance() {
    let late = |by: u32| {
        [made(Action, 2, 0, &[(Cause, 1)]), made(Inference, 1, by, &[]), made(Action, 3, 9, &[(Cause, 0)])]
    };
    let found = |by: u32| tiers(&late(by), &[1], &[], &Rates::default());
    assert_eq!(found(2), [Some(Tier::T1), Some(Tier::T0), Some(Tier::T1)]);
    assert_eq!(found(3), [None, Some(Tier::T0), None]);
    let web = web(&late(3));
    assert_eq!(spread(&web, &[1], &BTreeSet::new(), &Rates::default(), Span(2 * SECOND)).against_time, 1);
}

#[test]
fn a_ring_of_causes_ends() {
    let records = [
        made(Inference, 1, 0, &[]),
        made(Action, 2, 1, &[(Cause, 2), (Cause, 1)]),
        made(Action, 3, 1, &[(Cause, 1), (Cause, 0)]),
    ];
    assert_eq!(
        tiers(&records, &[0], &[], &Rates::default()),
        [Some(Tier::T0), Some(Tier::T1), Some(Tier::T1)]
    );
    assert_eq!(tiers(&records, &[], &[], &Rates::default()), [None; 3]);
    let web = web(&records);
    let taint = spread(&web, &[0], &BTreeSet::new(), &Rates::default(), Span(2 * SECOND));
    assert_eq!(taint.chain(&web, Row(1)).len(), 3);
}

#[test]
fn the_best_cut_is_the_agent_most_chains_run_through() {
    let records = [
        made(Inference, 1, 0, &[]),
        made(Action, 2, 1, &[(Cause, 0)]),
        made(Action, 3, 2, &[(Cause, 1)]),
        made(Action, 3, 3, &[(Cause, 1)]),
        made(Action, 2, 4, &[(Cause, 3)]),
    ];
    let web = web(&records);
    let none = Rate { weight: 0.0, half_life: None };
    let rates = Rates { session: none, ..Rates::default() };
    let taint = spread(&web, &[0], &BTreeSet::new(), &rates, Span(0));
    let found: Vec<_> = cuts(&web, &taint, Nanos(0), 9).iter().map(|cut| (cut.agent, cut.spared)).collect();
    assert_eq!(found, [(1, 4), (2, 2), (3, 1)]);
}

fn record(node: u32) -> impl Strategy<Value = Made> {
    let kind = prop::sample::select(vec![Inference, Action, Message]);
    let edge = (prop::sample::select(vec![Parent, Cause, CacheOf, Carries]), 0..node.max(1));
    let edges = prop::collection::vec(edge, 0..if node == 0 { 1 } else { 3 });
    (kind, 1u32..AGENTS as u32, 0u32..5, 1u32..AGENTS as u32, edges).prop_map(
        move |(kind, agent, memory, to, edges)| {
            let memory = if memory < 3 { AGENTS as u32 + memory } else { agent };
            let edges = edges.into_iter().filter(|(_, to)| *to < node).collect();
            Made { kind, agent, memory, to, at: node * 3, edges }
        },
    )
}

fn records() -> impl Strategy<Value = Vec<Made>> {
    (1u32..25).prop_flat_map(|len| (0..len).map(record).collect::<Vec<_>>())
}

/// Everything that can be reached when nothing fades: by plain search over all pairs.
fn reachable(records: &[Made], served: &[u32]) -> Vec<bool> {
    let mut reached = vec![false; records.len()];
    served.iter().for_each(|node| reached[*node as usize] = true);
    for _ in 0..records.len() {
        for (node, record) in records.iter().enumerate() {
            for (earlier, other) in records[..node].iter().enumerate() {
                let linked = record.edges.iter().any(|(_, to)| *to as usize == earlier);
                let remembered = other.memory == record.memory;
                let told = other.kind == Message && other.to == record.agent;
                reached[node] |= reached[earlier] && (linked || remembered || told);
            }
        }
    }
    reached
}

proptest! {
    #[test]
    fn when_nothing_fades_taint_is_reachability(records in records(), served in prop::collection::btree_set(0u32..25, 0..4)) {
        let always = Rate { weight: 1.0, half_life: None };
        let rates = Rates { session: always, message: always, ..Rates::default() };
        let served: Vec<u32> = served.into_iter().filter(|node| (*node as usize) < records.len()).collect();
        let found: Vec<bool> = tiers(&records, &served, &[1, 2], &rates).iter().map(Option::is_some).collect();
        prop_assert_eq!(found, reachable(&records, &served));
    }

    #[test]
    fn whoever_changed_nobody_becomes_less_tainted(records in records(), served in 0u32..25) {
        let served: Vec<u32> = Some(served).into_iter().filter(|node| (*node as usize) < records.len()).collect();
        let before = tiers(&records, &served, &[], &Rates::default());
        let after = tiers(&records, &served, &[1, 2, 3], &Rates::default());
        for (before, after) in before.into_iter().zip(after) {
            prop_assert_eq!(before.is_some(), after.is_some());
            prop_assert!(after <= before);
        }
    }
}
