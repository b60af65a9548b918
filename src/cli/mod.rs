//! The command line: parse, run one verb, say what happened, exit code. stdout is data, stderr is words.

mod analyze;
mod args;
mod bundle;
mod explain;
mod explore;
mod impact;
mod ingest;
mod json;
mod json_agents;
mod opening;
mod query;
mod shell;
mod simulate;
mod verify;

use crate::model::Untrusted;
use crate::model::untrusted::visible_lines;
use anyhow::Error;
use args::{Arguments, Verb};
use clap::Parser;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// How a verb ended, when it could do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// The check itself failed, as `--strict` with faulty lines.
    CheckFailed,
}

/// Runs the program. 0: done; 1: a check failed; 2: it could not be done.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            let words = error.render().to_string();
            // An argument may be a file's name, and so be made to harm. Nothing can be said where this cannot be printed.
            let _ = if words.lines().any(|line| Untrusted(line).hides_something()) {
                writeln!(std::io::stderr(), "{}", visible_lines(words.trim_end()))
            } else {
                error.print()
            };
            return ExitCode::from(code);
        }
    };
    match run(arguments) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::CheckFailed) => ExitCode::from(1),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let mut words: Vec<String> = error.chain().map(ToString::to_string).collect();
            // Some libraries repeat their cause in their own words.
            words.dedup_by(|cause, whole| whole.contains(cause.as_str()));
            // An error may echo a path or recorded text: nothing in it may reach the terminal raw.
            let _ = writeln!(std::io::stderr(), "backtrail: {}", visible_lines(&words.join(": ")));
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<Outcome, Error> {
    match arguments.verb {
        None => explore::run(&args::Explore { paths: arguments.paths, ..args::Explore::default() }),
        Some(Verb::Explore(explore)) => explore::run(&explore),
        Some(Verb::Ingest(ingest)) => ingest::run(&ingest),
        Some(Verb::Verify(verify)) => verify::run(&verify),
        Some(Verb::Analyze(analyze)) => analyze::run(&analyze),
        Some(Verb::Explain(explain)) => explain::run(&explain),
        Some(Verb::Bundle(bundle)) => bundle::run(&bundle),
        Some(Verb::Query(query)) => query::run(&query),
        Some(Verb::Simulate(simulate)) => simulate::run(&simulate),
        Some(Verb::Completions { shell }) => shell::completions(shell),
        Some(Verb::Man) => shell::man(),
    }
}

/// A reader like `head` closed its end: that is no error of ours.
fn is_broken_pipe(error: &Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
    })
}
