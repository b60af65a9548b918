//! `simulate`: a made-up incident with its answer key.

use super::Outcome;
use super::args::Simulate;
use crate::model::Untrusted;
use crate::work::findings::counted;
use crate::work::simulate::{Scenario, Simulation};
use anyhow::{Context, Result, anyhow};
use std::io::Write;

pub fn run(arguments: &Simulate) -> Result<Outcome> {
    if arguments.list {
        let mut out = std::io::stdout().lock();
        for scenario in Scenario::ALL {
            writeln!(out, "{:<14} {}", scenario.name(), scenario.description())?;
        }
        return Ok(Outcome::Done);
    }
    let scenario: Scenario = arguments.scenario.parse().map_err(|_| {
        let known: Vec<_> = Scenario::ALL.iter().map(|scenario| scenario.name()).collect();
        anyhow!("no scenario `{}`; there are {}", arguments.scenario, known.join(", "))
    })?;
    let simulation = Simulation::new(scenario, arguments.seed, arguments.records);
    let simulation = Simulation { signed: arguments.signed.unwrap_or(simulation.signed), ..simulation };
    let output = arguments.output.as_deref().context("say where with -o DIR")?;
    let summary = simulation.write(output, &mut |_| ())?;
    let folder = output.to_string_lossy();
    writeln!(std::io::stderr(), "{} in {}", counted(summary.lines, "line"), Untrusted(&folder).visible())?;
    Ok(Outcome::Done)
}
