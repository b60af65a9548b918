//! `explore`: the terminal, or with --print one screen of it.

use super::Outcome;
use super::args::Explore;
use anyhow::{Result, bail};

pub fn run(_arguments: &Explore) -> Result<Outcome> {
    bail!("the explorer is not built yet")
}
