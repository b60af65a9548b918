//! From the paths a person gave to an open, sealed case: a case as it is, journals by way of a case in the cache.

use crate::model::time::Span;
use crate::store::Case;
use crate::work::ingest::{Phase, Pictures, Progress, Watcher, ingest, journals_in};
use crate::work::open::{Opened, cached_case, what_is};
use crate::work::study::{Choice, Study};
use crate::work::{Cancel, WorkError};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Studies what the paths come to. Journals are read first, with a progress bar where stderr is a terminal.
pub fn study(paths: &[PathBuf], choice: &Choice) -> Result<Study, WorkError> {
    let case = case_of(paths, None)?;
    Study::choose(&case, choice, &Cancel::default())
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
            read_into(&path, &journals)?;
            Ok(path)
        }
    }
}

/// Reads journals into a case, showing progress; Ctrl-C stops at the next chunk and leaves a resumable case.
pub fn read_into(case: &Path, journals: &[PathBuf]) -> Result<crate::work::ingest::Done, WorkError> {
    // Before a case is made: a path that cannot be read leaves none behind.
    let given = journals_in(journals)?;
    let is_case = |path: &Path| std::fs::canonicalize(case).is_ok_and(|case| case == path);
    if given.journals.iter().any(|journal| is_case(&journal.path)) {
        let what = "it is one of the journals; the case must be another file".to_owned();
        return Err(WorkError::Unfit { path: case.to_owned(), what });
    }
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
    let mut open = Case::create_or_open(case)?;
    let result = ingest(&mut open, journals, &mut watcher);
    drop(watcher);
    bar.finish_and_clear();
    handle.close();
    // The listener ends when its iterator is closed; it cannot panic.
    let _ = listener.join();
    result
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
        phase => {
            bar.set_message(if phase == Phase::Reading { "reading" } else { "unpacking" });
            bar.set_length(progress.total.max(progress.bytes));
            bar.set_position(progress.bytes);
        }
    }
}
