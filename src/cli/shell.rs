//! `completions` and `man`: made from the same list of verbs and flags as the parser.

use super::Outcome;
use super::args::Arguments;
use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::Write;

pub fn completions(shell: Shell) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "backtrail", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(Outcome::Done)
}

pub fn man() -> Result<Outcome> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
    std::io::stdout().write_all(&page)?;
    Ok(Outcome::Done)
}
