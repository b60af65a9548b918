//! The parts of `analyze --json` that are about agents: verdicts, self-check, and what could not be tested.

use super::json::moment;
use crate::analysis::drift::Feature;
use crate::analysis::drift::lasting::Persistence;
use crate::analysis::drift::verdict::Verdict;
use crate::work::agents::words::{Portrait, portrait};
use crate::work::agents::{Agent, Agents, Standing};
use crate::work::study::Study;
use serde_json::{Value, json};

/// Every agent, those that changed first.
pub fn agents(study: &Study, agents: &Agents) -> Vec<Value> {
    agents.ranked().into_iter().map(|agent| one(study, agents, agent)).collect()
}

pub fn one(study: &Study, agents: &Agents, agent: &Agent) -> Value {
    let portrait = portrait(study, agents, agent);
    let [before, during, after] = agent.n;
    json!({
        "agent": study.agent_name(agent.number),
        "verdict": agent.verdict.name(),
        "persistence": agent.persistence.map(Persistence::name),
        "q": agent.q.map(rounded),
        "tvd": agent.sight.iter().any(Option::is_some).then(|| rounded(agent.effect())),
        "retention": agent.retention.map(|(feature, kept)| json!({
            "rho": rounded(kept.rho), "lo": rounded(kept.lo), "hi": rounded(kept.hi), "feature": feature.name(),
        })),
        "needed_after": agent.needed,
        "n": {"before": before, "during": during, "after": after},
        "exposed": agent.standing == Standing::Exposed,
        "smallest_effect": agent.smallest_effect.map(rounded),
        "first_faulty": moment(portrait.moments.map(|(first, _, _)| first)),
        "last_faulty": moment(portrait.moments.map(|(_, last, _)| last)),
        "features": features(agent),
        "top": top(agent, &portrait),
        "explanation": portrait.explanation.join("\n").trim_end(),
    })
}

fn features(agent: &Agent) -> Vec<Value> {
    let of = |feature: Feature| {
        let seen = agent.sight[feature as usize]?;
        Some(json!({
            "feature": feature.name(),
            "n": {"before": seen.n[0], "during": seen.n[1]},
            "g": rounded(seen.g), "df": seen.df, "phi": rounded(seen.phi),
            "p": rounded(seen.p), "q": agent.feature_q[feature as usize].map(rounded),
            "tvd": rounded(seen.tvd), "delta": seen.delta.map(rounded),
            "flagged": agent.carriers.contains(&feature),
        }))
    };
    Feature::ALL.into_iter().filter_map(of).collect()
}

/// The three categories of its foremost feature that moved the most, as shares.
fn top(agent: &Agent, portrait: &Portrait) -> Vec<Value> {
    let feature = agent.foremost().unwrap_or(Feature::Actions);
    let shares = portrait.features.iter().find(|shares| shares.feature == feature);
    let mut order: Vec<_> = shares.into_iter().flat_map(|shares| &shares.shares).collect();
    let moved = |own: [f64; 3]| (own[1] - own[0]).abs();
    order.sort_by(|a, b| moved(b.own).total_cmp(&moved(a.own)).then(a.category.cmp(&b.category)));
    let one = |share: &&crate::work::agents::words::Share| {
        let [before, during, after] = share.own.map(rounded);
        json!({"category": share.category, "before": before, "during": during, "after": after})
    };
    order.iter().take(3).map(one).collect()
}

pub fn self_check(agents: &Agents) -> Value {
    let check = agents.self_check();
    json!({
        "placebo_windows": check.placebo_windows,
        "placebo_flags": check.placebo_flags,
        "controls": check.controls,
        "control_group": check.is_controlled,
        "phi": rounded(check.phi),
    })
}

pub fn counts(agents: &Agents) -> Value {
    let count = |verdict| agents.with(verdict).count();
    json!({
        "changed": count(Verdict::Changed), "unchanged": count(Verdict::Unchanged),
        "untested": count(Verdict::Untested), "controls": count(Verdict::Control),
    })
}

/// Six significant digits: more would be noise, and the last bits of a library's logarithm are not for a report.
pub fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    format!("{value:.5e}").parse().unwrap_or(value)
}
