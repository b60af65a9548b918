//! `map`: a proposed map for a file of unknown shape, with ten records it gives as comments below it.

use super::Outcome;
use super::args::Map;
use crate::journal::import::guess::guess;
use crate::journal::import::mapping::Mapping;
use crate::journal::import::{Context, Format, Out, Unit, translate, units};
use crate::journal::split::Place;
use crate::model::untrusted::visible_lines;
use anyhow::{Context as _, Result, anyhow, bail};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// How much of a file a guess looks at.
const LOOK: u64 = 4 << 20;
const SHOWN: usize = 10;

pub fn run(arguments: &Map) -> Result<Outcome> {
    let Some(file) = &arguments.guess else { bail!("say which file with --guess FILE") };
    let bytes = beginning(file)?;
    let text = match &arguments.apply {
        Some(map) => std::fs::read_to_string(map).with_context(|| format!("cannot read {}", map.display()))?,
        None => guess(&bytes).ok_or_else(|| {
            anyhow!("nothing in {} can be told for a time and for a model, an action or a payment; write the map by hand", file.display())
        })?,
    };
    let mapping = Mapping::parse(&text).map_err(|what| anyhow!("the map: {what}"))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", visible_lines(text.trim_end()))?;
    let made = ten(&bytes, mapping);
    for line in String::from_utf8_lossy(&made.lines).lines().take(SHOWN) {
        writeln!(out, "# {}", visible_lines(line))?;
    }
    writeln!(std::io::stderr(), "{} records and {} faults in what was looked at", made.records, made.faults)?;
    Ok(Outcome::Done)
}

/// Reads a map from its file.
pub fn read(path: &Path) -> Result<Mapping> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Mapping::parse(&text).map_err(|what| anyhow!("{}: {what}", path.display()))
}

/// The beginning of a file, up to the end of a line.
fn beginning(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    file.take(LOOK).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == LOOK
        && let Some(end) = bytes.iter().rposition(|b| *b == b'\n')
    {
        bytes.truncate(end + 1);
    }
    Ok(bytes)
}

fn ten(bytes: &[u8], mapping: Mapping) -> Out {
    let context = Context { mapping, ..Context::default() };
    let mut out = Out::default();
    if matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'[')) {
        units(bytes).0.iter().for_each(|unit| translate(Format::MappedJson, unit, &context, &mut out));
    } else {
        let unit = Unit { bytes, place: Place { line: 0, offset: 0 } };
        translate(Format::MappedCsv, &unit, &context, &mut out);
    }
    out
}
