//! The parts of `analyze --json` that are about agents: verdicts, self-check, and what could not be tested.

use super::json::moment;
use crate::analysis::Number;
use crate::analysis::behaviour::Mute;
use crate::analysis::drift::Feature;
use crate::analysis::drift::lasting::Persistence;
use crate::analysis::drift::verdict::Verdict;
use crate::model::time::SECOND;
use crate::work::agents::nodes::Learned;
use crate::work::agents::sensitivity::Shifted;
use crate::work::agents::words::{Portrait, portrait};
use crate::work::agents::{Agent, Agents, Standing};
use crate::work::study::Study;
use serde_json::{Value, json};

/// Every agent, those that changed first.
pub fn agents(study: &Study, agents: &Agents) -> Vec<Value> {
    agents.ranked().map(|agent| one(study, agents, agent)).collect()
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

/// One agent with the shares of every category of every feature, as `explain` shows it.
pub fn whole(study: &Study, agents: &Agents, agent: &Agent) -> Value {
    let shares = portrait(study, agents, agent).features.into_iter().map(|feature| {
        let shares = feature.shares.iter().map(|share| {
            let of = |[before, during, after]: [f64; 3]| {
                json!({"before": rounded(before), "during": rounded(during), "after": rounded(after)})
            };
            json!({"category": share.category, "own": of(share.own), "controls": share.controls.map(of)})
        });
        let [before, during, after] = feature.n;
        json!({
            "feature": feature.feature.name(),
            "n": {"before": before, "during": during, "after": after},
            "shares": shares.collect::<Vec<_>>(),
        })
    });
    let shares: Vec<Value> = shares.collect();
    let mut whole = one(study, agents, agent);
    whole["shares"] = shares.into();
    whole
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

/// What a node's outcomes say of the versions it ran, for `window.nodes[]`.
pub fn behaviour(agents: &Agents, node: Number) -> Value {
    let nodes = &agents.base.nodes;
    let stretches = nodes.of(node).iter().map(|one| {
        json!({
            "from": one.from.rfc3339(), "to": one.to.rfc3339(),
            "error_s": [one.error.0.0 / SECOND, one.error.1.0 / SECOND],
            "log_likelihood_ratio": rounded(one.evidence),
        })
    });
    json!({
        "learned_from": nodes.learned.map(Learned::name),
        "cannot_tell": nodes.mute.map(|mute| match mute {
            Mute::TooFew => "fewer than 200 requests of one version are known",
            Mute::Alike => "the outcomes of both versions are alike",
        }),
        "faulty": stretches.collect::<Vec<_>>(),
    })
}

pub fn sensitivity(band: &[Shifted]) -> Vec<Value> {
    band.iter()
        .map(|row| {
            json!({
                "shift": row.shift, "from": row.from.rfc3339(), "to": row.to.rfc3339(),
                "faulty": row.faulty, "changed": row.changed, "direct": row.direct,
            })
        })
        .collect()
}
