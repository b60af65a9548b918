//! `check`: a report held against the journals; exit 1 if any number differs.

use super::args::Check;
use super::{Outcome, json, opening, report};
use crate::model::Untrusted;
use crate::report::check::{Checked, Question, check, read};
use crate::work::WorkError;
use crate::work::findings::counted;
use anyhow::{Result, bail};
use serde_json::json;
use std::io::{Read, Write};
use std::path::Path;

/// Differences told in words; `--json` has all.
const SHOWN: usize = 40;
/// A report is a few megabytes.
const LARGEST: u64 = 256 << 20;

pub fn run(arguments: &Check) -> Result<Outcome> {
    let question = Question {
        report: read(&text_of(&arguments.report)?)?,
        journals: arguments.paths.clone(),
        trust: arguments.trust.as_deref().map(text_of).transpose()?,
        blobs: arguments.blob.clone(),
        salts: arguments.salts.as_deref().map(report::read_salts).transpose()?,
    };
    let folder = tempfile::Builder::new().prefix("backtrail-check-").tempdir()?;
    let checked = opening::watched(|watcher| check(&question, folder.path(), watcher))?;
    if arguments.json {
        json::print(&document(&checked))?;
    } else {
        in_words(&checked)?;
    }
    Ok(if checked.differences.is_empty() { Outcome::Done } else { Outcome::CheckFailed })
}

fn text_of(path: &Path) -> Result<String> {
    let fail = |reason: String| WorkError::Read { path: path.to_owned(), reason };
    let meta = std::fs::metadata(path).map_err(|e| fail(e.to_string()))?;
    if !meta.is_file() {
        bail!(fail("it is no regular file".to_owned()));
    }
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|e| fail(e.to_string()))?;
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(|e| fail(e.to_string()))?;
    if text.len() as u64 > LARGEST {
        bail!(fail("it is larger than any report".to_owned()));
    }
    Ok(text)
}

fn document(checked: &Checked) -> serde_json::Value {
    let differences = checked.differences.iter().map(|difference| {
        json!({"place": difference.place, "reported": difference.reported, "recomputed": difference.recomputed})
    });
    json!({
        "schema": "backtrail/check/1",
        "same": checked.differences.is_empty(),
        "differences": differences.collect::<Vec<_>>(),
        "compared": {"figures": checked.figures, "values": checked.values, "lists": checked.lists},
        "notes": checked.notes,
    })
}

fn in_words(checked: &Checked) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let shown = |text: &str| Untrusted(text).visible();
    for difference in checked.differences.iter().take(SHOWN) {
        writeln!(out, "{}", shown(&difference.place))?;
        writeln!(out, "  reported    {}", shown(&difference.reported))?;
        writeln!(out, "  recomputed  {}", shown(&difference.recomputed))?;
    }
    let total = checked.differences.len();
    if total > SHOWN {
        writeln!(out, "showing {SHOWN} of {total} differences; --json lists all")?;
    }
    let compared = format!(
        "{}, {} and {} recomputed from the journals",
        counted(checked.figures, "figure"),
        counted(checked.lists, "list"),
        counted(checked.values, "value")
    );
    match total {
        0 => writeln!(out, "same: {compared}, no difference")?,
        n => writeln!(out, "NOT the same: {} ({compared})", counted(n as u64, "difference"))?,
    }
    for note in &checked.notes {
        writeln!(out, "note: {}", shown(note))?;
    }
    Ok(())
}
