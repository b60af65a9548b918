//! `bundle`: chosen requests with their proofs in one file; `bundle verify`: such a file checked alone.

use super::args::{Bundle, BundleVerb, BundleVerify};
use super::{Outcome, json, opening};
use crate::model::{Status, Untrusted};
use crate::proof::ladder::StepResult;
use crate::proof::trust::Trust;
use crate::work::archive::Archive;
use crate::work::bundle::{self, CheckedBundle, CheckedRecord, Content, Recipe};
use crate::work::findings::counted;
use crate::work::save::Existing;
use crate::work::study::Choice;
use anyhow::{Result, anyhow, bail};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

pub fn run(arguments: &Bundle) -> Result<Outcome> {
    if let Some(BundleVerb::Verify(verify)) = &arguments.verb {
        return check(verify);
    }
    let (Some(case), Some(output)) = (&arguments.case, &arguments.output) else {
        bail!("a case and -o FILE are needed");
    };
    let study = opening::study(std::slice::from_ref(case), &Choice::default())?;
    let given = opening::Given {
        trust: arguments.trust.as_deref(),
        blobs: &arguments.blob,
        ..opening::Given::default()
    };
    let archive = Archive::open(&study, &opening::pins_of(&study, &given)?)?;
    let content = if arguments.include_content { Content::Included } else { Content::Refused };
    let existing = if arguments.force { Existing::Replace } else { Existing::Refuse };
    let given = bundle::give(&study, &archive, &arguments.id, content, (output, existing))?;
    if arguments.json {
        json::print(&given_document(output, &given))?;
    } else {
        told(output, &given)?;
    }
    Ok(Outcome::Done)
}

fn check(arguments: &BundleVerify) -> Result<Outcome> {
    let trust = arguments.trust.as_deref();
    let pins = opening::pins(&opening::Given { trust, ..opening::Given::default() })?;
    let trust = Trust::parse(&pins.trust).map_err(|what| anyhow!("the trust file: {what}"))?;
    let bytes = bundle::read(&arguments.bundle)?;
    let checked = bundle::check(&bytes, &trust);
    if arguments.json {
        json::print(&checked_document(&arguments.bundle, &checked))?;
    } else {
        match &checked {
            Ok(checked) => in_words(checked)?,
            Err(what) => writeln!(std::io::stdout().lock(), "invalid: {}", Untrusted(what).visible())?,
        }
    }
    let failed = checked.map_or(true, |checked| checked.has_failed());
    Ok(if failed { Outcome::CheckFailed } else { Outcome::Done })
}

/// What was given away, in words: lines are whole, so the person should know what is in them.
fn told(output: &Path, checked: &CheckedBundle) -> Result<()> {
    let mut err = std::io::stderr().lock();
    let name = output.to_string_lossy();
    writeln!(
        err,
        "{}: {} with {}, {} bytes, sha256 {}",
        Untrusted(&name).visible(),
        counted(checked.requests.len() as u64, "request"),
        counted(checked.records.len() as u64, "line"),
        checked.length,
        checked.sha256
    )?;
    for record in &checked.records {
        writeln!(err, "  {:<12} {}", record.kind, Untrusted(&record.id).visible())?;
    }
    writeln!(
        err,
        "Each line is given whole: it may name other records. Read RECIPE.txt in it before handing it on."
    )?;
    Ok(())
}

fn in_words(checked: &CheckedBundle) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "sha256 {}, asked at {}", checked.sha256, checked.at.rfc3339())?;
    for (id, path) in &checked.requests {
        writeln!(out, "\nrequest {}: {}", Untrusted(id).visible(), path.worst().name())?;
        json::ladder(path, &mut out)?;
    }
    writeln!(out, "\nlines in it, as they were logged")?;
    for record in &checked.records {
        let CheckedRecord { kind, id, checkpoint, inclusion, .. } = record;
        let reason = if checkpoint.status == Status::Verified { inclusion } else { checkpoint };
        writeln!(
            out,
            "  {kind:<12} {:<15} {}: {}",
            inclusion.status.name(),
            Untrusted(id).visible(),
            Untrusted(&reason.reason).visible()
        )?;
    }
    if checked.recipe == Recipe::Other {
        writeln!(out, "\nIts RECIPE.txt is not the one this version writes: read it before you run it.")?;
    }
    writeln!(
        out,
        "\nA bundle shows what it holds. That nothing was left out of it — a later revocation, another payment with \
         the same nonce — no bundle can show."
    )?;
    Ok(())
}

fn given_document(output: &Path, checked: &CheckedBundle) -> Value {
    json!({
        "schema": "backtrail/bundle/1",
        "bundle": output.to_string_lossy(), "bytes": checked.length, "sha256": checked.sha256.hex(),
        "at": checked.at.rfc3339(), "requests": requests(checked), "records": records(checked),
    })
}

fn checked_document(path: &Path, checked: &Result<CheckedBundle, String>) -> Value {
    let path = path.to_string_lossy();
    match checked {
        Err(what) => json!({
            "schema": "backtrail/bundle-verify/1", "bundle": path, "valid": false, "reason": what, "failed": true,
        }),
        Ok(checked) => json!({
            "schema": "backtrail/bundle-verify/1", "bundle": path, "valid": true, "reason": null,
            "failed": checked.has_failed(), "sha256": checked.sha256.hex(), "at": checked.at.rfc3339(),
            "recipe": match checked.recipe { Recipe::Known => "known", Recipe::Other => "other" },
            "requests": requests(checked), "records": records(checked),
        }),
    }
}

fn requests(checked: &CheckedBundle) -> Vec<Value> {
    let one = |(id, path): &(String, crate::proof::ladder::Path)| json!({"id": id, "worst": path.worst().name(), "proof": json::proof(path)});
    checked.requests.iter().map(one).collect()
}

fn records(checked: &CheckedBundle) -> Vec<Value> {
    let step = |result: &StepResult| json!({"verdict": result.status.name(), "reason": result.reason});
    let one = |record: &CheckedRecord| {
        json!({
            "file": record.file, "kind": record.kind, "id": record.id,
            "checkpoint": step(&record.checkpoint), "inclusion": step(&record.inclusion),
        })
    };
    checked.records.iter().map(one).collect()
}
