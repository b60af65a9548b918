//! `ingest`: journals into a case, and what came of it.

use super::args::{Foreign, Ingest};
use super::{Outcome, json, map, opening};
use crate::journal::import::mapping::Mapping;
use crate::model::{Nanos, Untrusted};
use crate::store::{Case, Source};
use crate::work::findings::{counted, grouped};
use crate::work::ingest::Options;
use crate::work::study::Study;
use anyhow::{Result, anyhow};
use serde_json::json;
use std::io::Write;

pub fn run(arguments: &Ingest) -> Result<Outcome> {
    let done = opening::read_into(&arguments.case, &arguments.paths, &options(&arguments.foreign)?)?;
    let study = Study::open(&arguments.case)?;
    let sources = study.snapshot.sources();
    let faults: u64 = sources.iter().map(|source| source.faults).sum();
    if arguments.json {
        let document = json!({
            "schema": "backtrail/ingest/1",
            "case": arguments.case.to_string_lossy(),
            "read": done.read,
            "unchanged": done.unchanged,
            "skipped": done.skipped.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
            "sources": json::sources(&study),
            "faults": json::faults(&Case::open(&arguments.case)?)?,
        });
        json::print(&document)?;
    } else {
        let mut err = std::io::stderr().lock();
        // The joins are no evidence that anybody brought.
        let (joins, brought): (Vec<&Source>, Vec<&Source>) =
            sources.iter().partition(|source| source.is_made_here());
        let records: u64 = brought.iter().map(|source| source.records).sum();
        let foreign = sources.iter().any(|source| source.imported.is_some());
        let what = if foreign { "source" } else { "journal" };
        writeln!(err, "{} in {}", counted(records, "record"), counted(brought.len() as u64, what))?;
        if foreign {
            brought.iter().try_for_each(|source| read_as(source, &mut err))?;
        }
        for source in joins {
            writeln!(err, "  joins: {} put together of several sources", counted(source.records, "record"))?;
        }
        if done.unchanged > 0 {
            writeln!(err, "{} hashed again and found unchanged", counted(done.unchanged, "journal"))?;
        }
        if !done.skipped.is_empty() {
            writeln!(
                err,
                "{} not named like journals, left alone",
                counted(done.skipped.len() as u64, "file")
            )?;
        }
        let repeated: u64 = sources.iter().map(|source| source.duplicates).sum();
        writeln!(err, "faulty lines {} · duplicates {}", grouped(faults), grouped(repeated))?;
        for (source, fault) in Case::open(&arguments.case)?.faults()?.into_iter().take(SHOWN) {
            let name = sources.iter().find(|known| known.id == source).map_or_else(String::new, Source::name);
            let (name, reason) = (Untrusted(&name).visible(), Untrusted(&fault.reason).visible());
            let place = fault.place();
            writeln!(err, "  {name} line {} (byte {}): {reason}", place.line + 1, place.offset)?;
        }
        if faults > SHOWN as u64 {
            writeln!(
                err,
                "  showing {SHOWN} of {}; `query … 'select * from faults'` lists all",
                grouped(faults)
            )?;
        }
    }
    Ok(if arguments.strict && faults > 0 { Outcome::CheckFailed } else { Outcome::Done })
}

/// What one source was read as, and what became of it.
fn read_as(source: &Source, err: &mut impl Write) -> Result<()> {
    let mut words = counted(source.records, "record");
    if source.unmapped > 0 {
        words = format!("{words}, {} kept and not mapped", grouped(source.unmapped));
    }
    if source.faults > source.unmapped {
        words = format!("{words}, {}", counted(source.faults - source.unmapped, "fault"));
    }
    let (name, format) = (source.name(), Untrusted(source.format()).visible());
    writeln!(err, "  {} as {format}: {words}", Untrusted(&name).visible())?;
    Ok(())
}

pub fn options(foreign: &Foreign) -> Result<Options> {
    let at = foreign
        .assume_at
        .as_deref()
        .map(|text| Nanos::parse(text).map_err(|reason| anyhow!("--assume-at: `{text}` is {reason}")));
    let mapping = match &foreign.map {
        Some(path) => map::read(path)?,
        None => Mapping::default(),
    };
    Ok(Options { format: foreign.format, at: at.transpose()?, chain: foreign.chain, mapping })
}

const SHOWN: usize = 5;
