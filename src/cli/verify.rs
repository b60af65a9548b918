//! `verify`: every proof of a case, or of journals by way of one; exit 1 if any is false.

use super::args::Verify;
use super::{Outcome, json, opening};
use crate::journal::Column;
use crate::model::{Status, Step, Untrusted};
use crate::store::{Case, Source};
use crate::work::Cancel;
use crate::work::archive::Archive;
use crate::work::copies::{self, Backing, Copied};
use crate::work::findings::grouped;
use crate::work::study::Study;
use crate::work::verify::{Failure, Verification, verify};
use anyhow::{Result, bail};
use serde_json::{Map, Value, json};
use std::io::Write;

/// Failures told in words; `--json` has all.
const SHOWN: usize = 20;

pub fn run(arguments: &Verify) -> Result<Outcome> {
    let path = opening::case_of(&arguments.paths, arguments.case.as_deref())?;
    let mut pins = opening::pins(&opening::Given {
        trust: arguments.trust.as_deref(),
        checkpoints: &arguments.checkpoint,
        blobs: &arguments.blob,
        at: arguments.at.as_deref(),
    })?;
    if let Some(id) = &arguments.id {
        return one(&path, id, &pins, arguments.json);
    }
    let mut case = Case::create_or_open(&path)?;
    let verification = opening::watched(|watcher| {
        if !arguments.tree.is_empty() {
            let study = Study::open(&path)?;
            let archive = Archive::open(&study, &pins)?;
            pins.copies = copies::compare(&study, &archive, &arguments.tree, &watcher.cancel)?;
        }
        verify(&mut case, &pins, watcher)
    })?;
    let study = Study::open(&path)?;
    let archive = Archive::open(&study, &pins)?;
    // Named a moment ago, and remembered: this reads files and computes nothing.
    archive.name_blobs(&Cancel::default(), &mut |_| {})?;
    let checkpoints_failed =
        archive.checkpoints.values().flatten().any(|held| held.checked.log_result().status == Status::Failed);
    if arguments.json {
        json::print(&document(&study, &archive, &verification, &pins.copies)?)?;
    } else {
        in_words(&study, &archive, &verification)?;
        compared(&study, &archive, &pins.copies)?;
        unclaimed(&archive)?;
    }
    let differs = pins.copies.iter().any(|copied| !copied.differences.is_empty());
    let failed = verification.has_failed() || checkpoints_failed || differs;
    Ok(if failed { Outcome::CheckFailed } else { Outcome::Done })
}

/// One request only.
fn one(path: &std::path::Path, id: &str, pins: &crate::work::verify::Pins, as_json: bool) -> Result<Outcome> {
    let study = Study::open(path)?;
    let archive = Archive::open(&study, pins)?;
    let mut paths = Vec::new();
    for row in study.snapshot.find_id(id)? {
        opening::name_blob(&study, &archive, row)?;
        paths.extend(archive.path_of(row)?);
    }
    let Some(path) = paths.first() else {
        bail!("no request is called `{id}`");
    };
    if as_json {
        json::print(
            &json!({"schema": "backtrail/verify/1", "id": id, "worst": path.worst().name(), "proof": json::proof(path)}),
        )?;
    } else {
        json::ladder(path, &mut std::io::stdout().lock())?;
    }
    Ok(if path.first_failed().is_some() { Outcome::CheckFailed } else { Outcome::Done })
}

fn document(
    study: &Study,
    archive: &Archive,
    verification: &Verification,
    copies: &[Copied],
) -> Result<Value> {
    let mut steps = Map::new();
    for (step, statuses) in &verification.steps {
        let counts: Map<String, Value> =
            statuses.iter().map(|(s, n)| (s.name().to_owned(), (*n).into())).collect();
        steps.insert(step.name().to_owned(), Value::Object(counts));
    }
    let failures = verification.failures.iter().map(|failure| one_failure(study, archive, failure));
    Ok(json!({
        "schema": "backtrail/verify/1",
        "at": archive.now.rfc3339(),
        "sources": sources(study, archive),
        "copies": copies.iter().map(|copied| one_copy(study, archive, copied)).collect::<Vec<_>>(),
        "blobs": archive.blobs.held().into_iter().map(|(id, path, content)| json!({
            "id": id, "file": path.to_string_lossy(), "bytes": content.length, "sha256": content.sha256.hex(),
        })).collect::<Vec<_>>(),
        "unclaimed": archive.blobs.unclaimed().into_iter().map(|(path, id)| json!({
            "file": path.to_string_lossy(), "walrus_id": id.map(|id| id.text()),
        })).collect::<Vec<_>>(),
        "steps": steps,
        "paths": verification.paths.iter().map(|(s, n)| (s.name().to_owned(), Value::from(*n))).collect::<Map<_, _>>(),
        "failures": failures.collect::<Result<Vec<_>>>()?,
    }))
}

fn sources(study: &Study, archive: &Archive) -> Vec<Value> {
    let one = |source: &Source| {
        let held = archive.checkpoints.get(&source.id).into_iter().flatten();
        let checkpoints = held.map(|held| {
            let (log, witness) = (held.checked.log_result(), held.checked.witness_result());
            json!({
                "size": held.size, "origin": held.origin, "verdict": log.status.name(), "reason": log.reason,
                "witness": witness.status.name(), "from_outside": held.row.is_none(),
            })
        });
        json!({
            "path": source.path.to_string_lossy(), "sha256": source.sha256.map(|hash| hash.hex()),
            "records": source.records, "faults": source.faults, "tree_size": source.lines,
            "root": source.root.map(|hash| hash.hex()), "checkpoints": checkpoints.collect::<Vec<_>>(),
        })
    };
    study.snapshot.sources().iter().map(one).collect()
}

fn one_copy(study: &Study, archive: &Archive, copied: &Copied) -> Value {
    let source = study.snapshot.sources().iter().find(|source| copied.is_of(source));
    let (backing, size) = match backing(study, archive, copied) {
        Backing::Pinned(size) => ("signed by the pinned log", Some(size)),
        Backing::Signed(size) => ("signed by a log key nobody pinned", Some(size)),
        Backing::Contradicted(size) => ("contradicted by a checkpoint", Some(size)),
        Backing::Nothing => ("nothing", None),
    };
    json!({
        "name": copied.name, "journal": source.map(|source| source.path.to_string_lossy()),
        "journal_lines": copied.journal_lines, "copy_lines": copied.copy_lines, "same": copied.same,
        "differing": copied.count(), "backed_by": backing, "checkpoint": size,
        "differences": copied.differences.iter().map(|one| json!({
            "line": one.line, "lines": one.lines, "copy_line": one.copy_line, "copy_lines": one.copy_lines,
        })).collect::<Vec<_>>(),
    })
}

fn backing(study: &Study, archive: &Archive, copied: &Copied) -> Backing {
    let source = study.snapshot.sources().iter().find(|source| copied.is_of(source));
    let held = source.and_then(|source| archive.checkpoints.get(&source.id));
    copied.backing(held.map(Vec::as_slice).unwrap_or_default())
}

fn compared(study: &Study, archive: &Archive, copies: &[Copied]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for copied in copies {
        let source = study.snapshot.sources().iter().find(|source| copied.is_of(source));
        let name = source.map_or_else(String::new, Source::name);
        let sentence = copies::sentence(copied, backing(study, archive, copied));
        writeln!(out, "{}: {}", Untrusted(&name).visible(), Untrusted(&sentence).visible())?;
    }
    Ok(())
}

/// Contents at hand that no release and no request names.
fn unclaimed(archive: &Archive) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for (path, id) in archive.blobs.unclaimed() {
        let id = id.map_or_else(String::new, |id| format!("; its Walrus id is {}", id.text()));
        let path = path.to_string_lossy();
        writeln!(out, "{}: the content of no blob that is named here{id}", Untrusted(&path).visible())?;
    }
    Ok(())
}

fn one_failure(study: &Study, archive: &Archive, failure: &Failure) -> Result<Value> {
    let path = archive.path_of(failure.row)?;
    let reason = path.and_then(|path| path.step(failure.step).map(|result| result.reason.clone()));
    Ok(json!({
        "id": study.snapshot.id(failure.row)?, "step": failure.step.name(), "verdict": failure.status.name(),
        "reason": reason, "source": study.snapshot.source_of(failure.row)?.path.to_string_lossy(),
        "line": study.snapshot.value(Column::Line, failure.row)?,
    }))
}

fn in_words(study: &Study, archive: &Archive, verification: &Verification) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<14}{}", "step", Status::ALL.map(|status| format!("{:>15}", status.name())).concat())?;
    for step in Step::ALL {
        let counts = Status::ALL.map(|status| match verification.count(step, status) {
            0 => format!("{:>15}", "."),
            n => format!("{:>15}", grouped(n)),
        });
        writeln!(out, "{:<14}{}", step.name(), counts.concat())?;
    }
    for (source, held) in &archive.checkpoints {
        let name = study
            .snapshot
            .sources()
            .iter()
            .find(|known| known.id == *source)
            .map_or_else(String::new, Source::name);
        for held in held.iter().filter(|held| held.checked.log_result().status == Status::Failed) {
            let (name, reason) =
                (Untrusted(&name).visible(), Untrusted(&held.checked.log_result().reason).visible());
            writeln!(out, "{name}: the checkpoint of {} lines failed: {reason}", held.size)?;
        }
    }
    for failure in verification.failures.iter().take(SHOWN) {
        let (id, path) = (study.snapshot.id(failure.row)?, archive.path_of(failure.row)?);
        let reason = path
            .and_then(|path| path.step(failure.step).map(|result| result.reason.clone()))
            .unwrap_or_default();
        writeln!(
            out,
            "{} {} {}: {}",
            Untrusted(&id).visible(),
            failure.step,
            failure.status,
            Untrusted(&reason).visible()
        )?;
    }
    if verification.failures.len() > SHOWN {
        writeln!(
            out,
            "showing {SHOWN} of {}; --json lists all",
            grouped(verification.failures.len() as u64)
        )?;
    }
    Ok(())
}
