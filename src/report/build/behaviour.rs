//! How a change of behaviour was measured, how the method judged itself on this case, and how it may be wrong.

use super::requests::figure;
use super::{Facts, by, empty, section, words};
use crate::report::model::{Block, Column, Level, Section, Table, Value};
use crate::work::agents::{Agents, sensitivity};
use crate::work::{Cancel, WorkError};

pub fn section_of(facts: &Facts<'_>) -> Result<Section, WorkError> {
    let (id, title) = ("behaviour", "How a change of behaviour was measured");
    let Some(agents) = &facts.agents else {
        return Ok(empty(id, title, facts.no_incident().unwrap_or_default()));
    };
    let mut section = section(id, title);
    section.blocks.push(Block::Points(METHOD.iter().map(|text| vec![words(*text)]).collect()));
    let check = agents.self_check();
    section.blocks.push(Block::Heading("Self-check on this case".to_owned()));
    if let Some(caution) = check.without_controls() {
        section.blocks.push(Block::Caution(vec![words(format!(
            "{caution}: everybody may have moved at the same time."
        ))]));
    }
    let flags = Value::Share { part: check.placebo_flags as u64, whole: check.placebo_windows as u64 };
    section.blocks.push(Block::Figures(vec![
        figure(
            "self_check.placebo_flags",
            "flags among placebo windows, where nothing happened",
            flags,
            by(
                Level::Inferred,
                "the very procedure that judges agents, on stretches before the faulty version",
            ),
        ),
        figure(
            "self_check.controls",
            "agents in the control group",
            Value::Count(check.controls as u64),
            by(Level::Inferred, "agents that nothing of the faulty version reached"),
        ),
        figure(
            "self_check.dispersion",
            "scatter of action counts against independent draws",
            Value::Real(check.phi),
            by(Level::Inferred, "over-dispersion at the size of a usual time during; 1 is independent"),
        ),
    ]));
    section.blocks.push(Block::Heading("Sensitivity to the window".to_owned()));
    section.blocks.push(band(facts, agents)?);
    Ok(section)
}

/// What the headline counts would be, were the window's edges somewhat off.
fn band(facts: &Facts<'_>, agents: &Agents) -> Result<Block, WorkError> {
    let band = sensitivity::band(facts.study, agents, &Cancel::default())?;
    let rows: Vec<Vec<Value>> = band
        .iter()
        .map(|row| {
            vec![
                words(if row.shift == "0" { "as it is" } else { row.shift }),
                Value::Time(row.from),
                Value::Time(row.to),
                Value::Count(row.faulty),
                Value::Count(row.changed),
                Value::Count(row.direct),
            ]
        })
        .collect();
    Ok(Block::Table(Table {
        id: "sensitivity",
        title: "The counts with both edges of the window moved outwards (+) or inwards (-)".to_owned(),
        columns: vec![
            Column::Left("moved by"),
            Column::Left("from (UTC)"),
            Column::Left("to (UTC)"),
            Column::Right("served by the faulty version between them"),
            Column::Right("agents that changed"),
            Column::Right("payments for one of them"),
        ],
        total: rows.len() as u64,
        rows,
        list: None,
        basis: by(
            Level::Inferred,
            "every count made again for the moved window; a count that leaps hangs on where the edge was put",
        ),
        if_empty: "The window has no beginning or no end to move.".to_owned(),
    }))
}

/// ANALYSIS in the documentation gives each formula and its source.
const METHOD: [&str; 6] = [
    "Exposure, not the clock, makes the phases: during are an agent's requests served by the faulty version, after are those that \
     follow its first good answer, before is the rest.",
    "For each agent and feature (mix of actions, outcomes, output length, latency, order of actions) the change from before to during \
     is held against the change of the controls in the same time, by a G-test without three-way interaction.",
    "The statistic is divided by the over-dispersion seen before the faulty version; features are combined by the Cauchy rule.",
    "The p-values are replaced by their rank among placebo windows and controls; Benjamini and Hochberg's procedure keeps the share of \
     false discoveries below 5 percent; an effect too small to matter (TVD under 0.03) is not flagged.",
    "An agent with fewer than 30 requests before or during is called untested, never unchanged.",
    "A flag says that behaviour changed beyond what controls and chance explain. It does not say that the change did harm, and it does \
     not prove that the faulty version caused it.",
];
