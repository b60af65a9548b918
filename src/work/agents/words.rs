//! What is told about an agent in words: categories by name, and two lines that say what changed and how it is known.
//!
//! Names in them are recorded text: whoever shows a sentence shows it through `Untrusted`.

use super::scales::{REST, Scales};
use super::{Agent, Agents, Standing};
use crate::analysis::drift::Feature;
use crate::analysis::drift::lasting::{Persistence, Retention};
use crate::analysis::drift::phases::Tally;
use crate::analysis::drift::table::sum;
use crate::analysis::drift::verdict::Verdict;
use crate::analysis::drift::window::Seen;
use crate::journal::Names;
use crate::model::Nanos;
use crate::work::findings::{counted, grouped};
use crate::work::study::Study;

/// One category of one feature, before, during and after: shares from 0 to 1, of the agent and of the controls.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    pub category: String,
    pub own: [f64; 3],
    pub controls: Option<[f64; 3]>,
}

/// One feature of one agent as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    pub feature: Feature,
    /// Counts behind the shares.
    pub n: [u64; 3],
    /// Columns that were used at all, in their own order.
    pub shares: Vec<Share>,
}

/// Everything there is to tell about one agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Portrait {
    pub features: Vec<Shares>,
    /// When it was first and last served by the faulty version, and first by a good one after that.
    pub moments: Option<(Nanos, Nanos, Option<Nanos>)>,
    pub explanation: [String; 2],
}

/// Tells about one agent; counts its strip again, which takes microseconds.
pub fn portrait(study: &Study, agents: &Agents, agent: &Agent) -> Portrait {
    let edges = study.window.as_ref().map_or((None, None), |window| window.moved);
    let tally = agents.tally(agent, edges).filter(|_| agent.standing == Standing::Exposed);
    let features: Vec<Shares> = tally
        .iter()
        .flat_map(|tally| Feature::MIXES.map(|feature| shares(study, agents, tally, feature)))
        .collect();
    let clock = agents.base.aggregate.strips.clock;
    let moments = tally.as_ref().map(|tally| {
        let resumed = Some(clock.at(tally.spans[2].start)).filter(|_| tally.records[2] > 0);
        (clock.at(tally.spans[1].start), clock.at(tally.spans[1].end - 1), resumed)
    });
    let explanation = explanation(agents, agent, &features);
    Portrait { features, moments, explanation }
}

fn shares(study: &Study, agents: &Agents, tally: &Tally, feature: Feature) -> Shares {
    let columns = feature.columns();
    let own = tally.phases.each_ref().map(|counts| &counts[columns.clone()]);
    let meanwhile = agents.base.calibration.meanwhile(tally);
    let n = own.map(|counts| counts.iter().map(|n| u64::from(*n)).sum::<u64>());
    let share = |counts: &[u32], k: usize| match sum(counts) {
        0.0 => 0.0,
        all => f64::from(counts[k]) / all,
    };
    let used = (0..columns.len()).filter(|k| own.iter().any(|counts| counts[*k] > 0));
    let shares = used
        .map(|k| Share {
            category: label(study, agents, feature, k),
            own: own.map(|counts| share(counts, k)),
            controls: meanwhile
                .as_ref()
                .map(|all| all.each_ref().map(|counts| share(&counts[columns.clone()], k))),
        })
        .collect();
    Shares { feature, n, shares }
}

/// What a column of a feature stands for.
pub fn label(study: &Study, agents: &Agents, feature: Feature, column: usize) -> String {
    let scales = &agents.base.aggregate.scales;
    match feature {
        Feature::Actions => action(study, scales, column),
        Feature::Outcomes => match scales.outcomes.values.get(column) {
            None => "other".to_owned(),
            Some((state, category)) => {
                let [state, category] = [(Names::State, *state), (Names::Category, *category)]
                    .map(|(names, number)| study.snapshot.names(names).text(number));
                match (state, category) {
                    ("", "") => "nothing recorded".to_owned(),
                    (state, "") => state.to_owned(),
                    (_, category) => category.to_owned(),
                }
            }
        },
        Feature::Tokens => tenth(&scales.tokens.edges, column, |n| n.to_string()),
        Feature::Latency => tenth(&scales.latency.edges, column, |micros| format!("{}", micros / 1_000)),
        Feature::Transitions => match agents.base.aggregate.pairs.get(column).copied().flatten() {
            None => "other".to_owned(),
            Some((a, b)) => {
                format!("{} → {}", action(study, scales, a.into()), action(study, scales, b.into()))
            }
        },
        Feature::Volume => "requests".to_owned(),
    }
}

fn action(study: &Study, scales: &Scales, column: usize) -> String {
    match scales.actions.values.get(column) {
        Some(number) => study.snapshot.names(Names::Category).text(*number).to_owned(),
        None if column == REST as usize => "other".to_owned(),
        None => "nothing".to_owned(),
    }
}

fn tenth(edges: &[u64], column: usize, show: impl Fn(u64) -> String) -> String {
    let edge = |n: usize| edges.get(n).copied().filter(|edge| *edge < u64::MAX);
    match (column.checked_sub(1).and_then(edge), edge(column)) {
        (Some(from), Some(to)) => format!("{}–{}", show(from), show(to)),
        (None, Some(to)) => format!("< {}", show(to)),
        (Some(from), None) => format!("≥ {}", show(from)),
        (None, None) => "any".to_owned(),
    }
}

fn explanation(agents: &Agents, agent: &Agent, features: &[Shares]) -> [String; 2] {
    match agent.verdict {
        Verdict::Changed => {
            let foremost = told_first(agent);
            let shown = foremost.and_then(|feature| features.iter().find(|shares| shares.feature == feature));
            [shown.map_or_else(|| volume(agent), in_shares), evidence(agents, agent)]
        }
        Verdict::Unchanged => {
            let strongest = crate::analysis::drift::verdict::strongest(&agent.sight);
            let seen = strongest.and_then(|feature| Some((feature, agent.sight[feature as usize]?)));
            let told = seen.map_or_else(String::new, |(feature, seen)| numbers(feature, &seen, agent.q));
            [format!("no change that stands out from chance in {}", phases(agent)), told]
        }
        Verdict::Untested => untested(agent),
        Verdict::Control => [
            "nothing of the faulty version reached it: it shows what would have happened anyway".to_owned(),
            String::new(),
        ],
    }
}

/// Actions before anything else: they are what an agent did itself.
fn told_first(agent: &Agent) -> Option<Feature> {
    let acts =
        [Feature::Actions, Feature::Transitions].into_iter().find(|feature| agent.carriers.contains(feature));
    acts.or_else(|| agent.foremost()).filter(|feature| *feature != Feature::Volume)
}

/// `actions: approve 22 → 41 → 38 %, hold …; n 210 → 61 → 95; controls approve 24 → 25 → 24 %`.
fn in_shares(shares: &Shares) -> String {
    let mut order: Vec<&Share> = shares.shares.iter().collect();
    let moved = |share: &Share| (share.own[1] - share.own[0]).abs();
    order.sort_by(|a, b| moved(b).total_cmp(&moved(a)).then(a.category.cmp(&b.category)));
    let told = |own: [f64; 3]| {
        let percent = |phase: usize| match shares.n[phase] {
            0 => "none".to_owned(),
            _ => format!("{:.0}", own[phase] * 100.0),
        };
        format!("{} → {} → {} %", percent(0), percent(1), percent(2))
    };
    let list: Vec<String> =
        order.iter().take(SHOWN).map(|share| format!("{} {}", share.category, told(share.own))).collect();
    let n = shares.n.map(grouped);
    let controls: Vec<String> = order
        .iter()
        .take(SHOWN)
        .filter_map(|share| share.controls)
        .map(|own| format!("{:.0} → {:.0} → {:.0} %", own[0] * 100.0, own[1] * 100.0, own[2] * 100.0))
        .collect();
    let controls = if controls.is_empty() {
        "no control group".to_owned()
    } else {
        format!("controls {}", controls.join(", "))
    };
    format!("{}: {}; n {} → {} → {}; {controls}", shares.feature.name(), list.join(", "), n[0], n[1], n[2])
}

const SHOWN: usize = 3;

fn volume(agent: &Agent) -> String {
    let n = agent.sight[Feature::Volume as usize].map_or([0.0; 2], |seen| seen.n);
    format!("volume: {} requests before, {} during, where another number was due", n[0], n[1])
}

/// `G 48.1, df 6, φ 1.3, q 0.002, distance 0.21; 84 % [60, 108] of it is kept: sticky`.
fn evidence(agents: &Agents, agent: &Agent) -> String {
    let feature = told_first(agent).or_else(|| agent.foremost());
    let seen = feature.and_then(|feature| Some((feature, agent.sight[feature as usize]?)));
    let mut told = seen.map_or_else(String::new, |(feature, seen)| numbers(feature, &seen, agent.q));
    told.push_str("; ");
    told.push_str(&kept(agent));
    if !agents.base.calibration.check.is_controlled {
        told.push_str("; NO CONTROL GROUP: a global shift is not excluded");
    }
    told
}

fn numbers(feature: Feature, seen: &Seen, q: Option<f64>) -> String {
    let q = q.map_or_else(String::new, |q| format!(", q {}", probability(q)));
    let delta = seen.delta.map_or_else(String::new, |delta| format!(", δ {delta:+.2}"));
    let (g, df, phi, tvd) = (seen.g, seen.df, seen.phi, seen.tvd);
    format!("{}: G {g:.1}, df {df}, φ {phi:.2}{q}, distance {tvd:.3}{delta}", feature.name())
}

pub fn probability(p: f64) -> String {
    if p < 0.001 { format!("{p:.0e}") } else { format!("{p:.3}") }
}

/// What became of the change.
fn kept(agent: &Agent) -> String {
    let persistence = agent.persistence.unwrap_or(Persistence::Undetermined);
    let Some((feature, Retention { rho, lo, hi })) = agent.retention else {
        return "undetermined: too little was recorded after its last faulty answer".to_owned();
    };
    let [rho, lo, hi] = [rho, lo, hi].map(|share| format!("{:.0}", share * 100.0));
    let share = format!("{rho} % [{lo}, {hi}] of the change in {} is kept", feature.name());
    match (persistence, agent.needed) {
        (Persistence::Undetermined, Some(needed)) => {
            format!("{share}: undetermined, about {} more after would tell", counted(needed, "record"))
        }
        (persistence, _) => format!("{share}: {}", persistence.name()),
    }
}

fn untested(agent: &Agent) -> [String; 2] {
    match agent.standing {
        Standing::Tainted => [
            "not served by the faulty version, but it read what that made: neither exposed nor a control"
                .to_owned(),
            String::new(),
        ],
        _ if agent.n[1] == 0 => [
            "no faulty answer reached it in this window, though one did outside of it".to_owned(),
            String::new(),
        ],
        _ => {
            let effect = agent.smallest_effect.map_or_else(
                || "no feature has two categories".to_owned(),
                |w| format!("even tested, nothing smaller than an effect of w = {w:.2} would show"),
            );
            [format!("too little to tell: {}; 30 on either side are needed", phases(agent)), effect]
        }
    }
}

fn phases(agent: &Agent) -> String {
    let n = agent.n.map(|n| grouped(n.into()));
    format!("{} requests before, {} during, {} after", n[0], n[1], n[2])
}
