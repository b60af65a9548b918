//! From the paths a person gave to an open, sealed case: a case as it is, journals by way of a case in the cache.

use crate::model::time::Span;
use crate::model::{Nanos, Row};
use crate::store::Case;
use crate::work::archive::{Archive, Outside};
use crate::work::ingest::{Options, Phase, Pictures, Progress, Watcher, ingest_as};
use crate::work::open::{Opened, cached_case, case_beside, what_is};
use crate::work::settings::Settings;
use crate::work::study::{Choice, Study};
use crate::work::verify::{Pins, asked};
use crate::work::{Cancel, WorkError};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Studies what the paths come to. Journals are read first, with a progress bar where stderr is a terminal.
pub fn study(paths: &[PathBuf], choice: &Choice) -> Result<Study, WorkError> {
    let case = case_of(paths, None)?;
    // Where the verb says nothing else, the user's own config.toml and rules hold.
    let mut choice = choice.clone();
    if *choice.settings == Settings::default() {
        choice.settings = Settings::own()?.into();
    }
    Study::choose(&case, &choice, &Cancel::default())
}

/// The sealed case that the paths come to.
pub fn case_of(paths: &[PathBuf], at: Option<&Path>) -> Result<PathBuf, WorkError> {
    match what_is(paths)? {
        Opened::Case(path) => Ok(path),
        Opened::Journals(journals) => {
            let path = match at {
                Some(path) => path.to_owned(),
                None => cached_case(&journals)?,
            };
            read_into(&path, &journals, &Options::default())?;
            Ok(path)
        }
    }
}

/// Reads journals into a case, showing progress; Ctrl-C stops at the next chunk and leaves a resumable case.
pub fn read_into(
    case: &Path,
    journals: &[PathBuf],
    options: &Options,
) -> Result<crate::work::ingest::Done, WorkError> {
    let mut open = case_beside(case, journals)?;
    watched(|watcher| ingest_as(&mut open, journals, options, watcher))
}

/// Does long work with a progress bar; Ctrl-C asks it to stop.
pub fn watched<T>(work: impl FnOnce(&mut Watcher<'_>) -> Result<T, WorkError>) -> Result<T, WorkError> {
    let cancel = Cancel::default();
    let on_signal = cancel.clone();
    let mut signals =
        signal_hook::iterator::Signals::new([signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM])
            .map_err(|e| WorkError::Refused(format!("cannot listen for Ctrl-C: {e}")))?;
    let handle = signals.handle();
    let listener = std::thread::spawn(move || {
        for _ in &mut signals {
            on_signal.cancel();
        }
    });
    let bar = bar();
    let mut watcher =
        Watcher { cancel, report: Box::new(|progress| show(&bar, &progress)), pictures: Pictures::Unwanted };
    let result = work(&mut watcher);
    drop(watcher);
    bar.finish_and_clear();
    handle.close();
    // The listener ends when its iterator is closed; it cannot panic.
    let _ = listener.join();
    result
}

/// What the person pins, read from their files. Contents of blobs are only named here.
pub fn pins(given: &Given<'_>) -> Result<Pins, WorkError> {
    let read = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|e| WorkError::Read { path: path.to_owned(), reason: e.to_string() })
    };
    let outside = given.checkpoints.iter().map(|path| Ok(Outside { path: path.clone(), note: read(path)? }));
    let now = given.at.map(|text| {
        Nanos::parse(text).map_err(|reason| WorkError::Refused(format!("--at: `{text}` is {reason}")))
    });
    Ok(Pins {
        trust: given.trust.map_or(Ok(String::new()), read)?,
        outside: outside.collect::<Result<_, WorkError>>()?,
        copies: Vec::new(),
        blobs: given.blobs.to_vec(),
        now: now.transpose()?,
    })
}

/// The pins given, or else those the case was last verified under; the rest of what it was held against stands.
pub fn pins_of(study: &Study, given: &Given<'_>) -> Result<Pins, WorkError> {
    Ok(pins(given)?.over(asked(&Case::open(study.snapshot.path())?)?))
}

/// The paths and texts that say what to hold proofs against.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'g> {
    pub trust: Option<&'g Path>,
    pub checkpoints: &'g [PathBuf],
    pub blobs: &'g [PathBuf],
    pub at: Option<&'g str>,
}

/// Names the blob of a request, with a progress bar, and keeps what it came to in the case.
pub fn name_blob(study: &Study, archive: &Archive, row: Row) -> Result<(), WorkError> {
    if archive.blobs.is_empty() {
        return Ok(());
    }
    watched(|watcher| {
        let cancel = watcher.cancel.clone();
        archive.name_blob(row, &cancel, &mut |part| {
            (watcher.report)(Progress {
                bytes: (part * 1000.0) as u64,
                total: 1000,
                records: 0,
                phase: Phase::Naming,
                snapshot: None,
            });
        })
    })?;
    // A case that cannot be written to is asked again the next time.
    let _ = Case::create_or_open(study.snapshot.path()).map(|case| archive.blobs.remember(&case));
    Ok(())
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10));
    let style = ProgressStyle::with_template("{msg:9} {bar:32} {bytes}/{total_bytes} {bytes_per_sec}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_nanos(Span::seconds(1).0.unsigned_abs() / 4));
    bar
}

fn show(bar: &ProgressBar, progress: &Progress) {
    match progress.phase {
        Phase::Sealing => bar.set_message("sealing"),
        Phase::Counting => bar.set_message("counting"),
        phase => {
            bar.set_message(match phase {
                Phase::Reading => "reading",
                Phase::Verifying => "verifying",
                Phase::Naming => "naming",
                _ => "unpacking",
            });
            bar.set_length(progress.total.max(progress.bytes));
            bar.set_position(progress.bytes);
        }
    }
}
