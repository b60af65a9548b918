//! `backtrail`: parse, run, exit code. For now only `simulate SCENARIO SEED RECORDS DIR [signed]`.

use backtrail::work::simulate::Simulation;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let simulation = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["simulate", scenario, seed, records, dir, ref rest @ ..] => (|| {
            let (seed, records) = (seed.parse().ok()?, records.parse().ok()?);
            let simulation = Simulation::new(scenario.parse().ok()?, seed, records);
            let signed = if rest.is_empty() { simulation.signed } else { rest == ["signed"] };
            Some((Simulation { signed, ..simulation }, dir))
        })(),
        _ => None,
    };
    match simulation.map(|(simulation, dir)| simulation.write(Path::new(dir), &mut |_| ())) {
        Some(Ok(_)) => ExitCode::SUCCESS,
        _ => ExitCode::from(2),
    }
}
