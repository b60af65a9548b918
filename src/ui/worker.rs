//! The work behind the screen: opening, selecting, paging, explaining. On threads in life, in line when headless.

use super::model::{Command, Msg, Naming};
use super::ordering::ordered;
use super::widgets::tree::Tree;
use super::{beside, desk};
use crate::model::Row;
use crate::store::{Case, Snapshot};
use crate::work::agents::trace::trace;
use crate::work::agents::words::portrait;
use crate::work::explain::explain;
use crate::work::filter::Filter;
use crate::work::happenings::happenings;
use crate::work::ingest::{Phase, Pictures, Progress, Watcher, ingest, read_on};
use crate::work::lines;
use crate::work::open::{Opened, cached_case, demo_case, is_current, what_is};
use crate::work::rows::page;
use crate::work::select::{Partial, seek, select};
use crate::work::settings::Settings;
use crate::work::study::{Choice, Study};
use crate::work::timeline::timeline;
use crate::work::verify::{Pins, asked, last, verify};
use crate::work::{Cancel, WorkError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens what the paths come to; tells rows and progress meanwhile.
pub fn open(paths: &[PathBuf], case: Option<&Path>, cancel: &Cancel, mut tell: impl FnMut(Msg)) {
    let choice = Settings::own().map(|own| Choice { settings: Arc::new(own), ..Choice::default() });
    let opened = choice.and_then(|choice| {
        let path = open_case(paths, case, &choice, cancel, &mut tell)?;
        studied(Study::soon(&path, &choice, cancel), cancel, &mut tell)
    });
    tell(Msg::Studied(opened));
}

/// All of a study; what is known of it is told first, where the rest takes long.
fn studied(
    soon: Result<Study, WorkError>,
    cancel: &Cancel,
    tell: &mut dyn FnMut(Msg),
) -> Result<Arc<Study>, WorkError> {
    let soon = Arc::new(soon?);
    if soon.impact.is_some() {
        return Ok(soon);
    }
    tell(Msg::Studied(Ok(Arc::clone(&soon))));
    tell(Msg::Reading(Box::new(COUNTING)));
    soon.whole(cancel).map(Arc::new)
}

const COUNTING: Progress =
    Progress { bytes: 0, total: 0, records: 0, phase: Phase::Counting, snapshot: None };

fn open_case(
    paths: &[PathBuf],
    case: Option<&Path>,
    choice: &Choice,
    cancel: &Cancel,
    tell: &mut impl FnMut(Msg),
) -> Result<PathBuf, WorkError> {
    let journals = match what_is(paths)? {
        Opened::Case(path) => return Ok(path),
        Opened::Journals(journals) => journals,
    };
    let path = match case {
        Some(path) => path.to_owned(),
        None => cached_case(&journals)?,
    };
    if is_current(&path, &journals)? {
        return Ok(path);
    }
    let report = Box::new(|progress: Progress| {
        // All has been read: people look around while the rest is counted.
        if progress.phase == Phase::Counting
            && let Ok(study) = Study::soon(&path, choice, cancel)
        {
            tell(Msg::Studied(Ok(Arc::new(study))));
        }
        tell(Msg::Reading(Box::new(progress)));
    });
    let mut watcher = Watcher { cancel: cancel.clone(), report, pictures: Pictures::Wanted };
    let mut case = Case::create_or_open(&path)?;
    ingest(&mut case, &journals, &mut watcher)?;
    drop(watcher);
    Ok(path)
}

/// Makes and opens the demo incident.
pub fn open_demo(cancel: &Cancel, mut tell: impl FnMut(Msg)) {
    match demo_case() {
        Ok(folder) => open(&[folder], None, cancel, tell),
        Err(error) => tell(Msg::Studied(Err(error))),
    }
}

/// Columns of the curve over time beside an agent.
const TRACED: usize = 24;

/// Answers a question about an open case. `None` where there is nothing to say. What takes long tells what it has so far.
pub fn answer(
    study: &Arc<Study>,
    command: Command,
    cancel: &Cancel,
    tell: &mut dyn FnMut(Msg),
) -> Option<Msg> {
    Some(match command {
        Command::Select { question, filter, by, keep, noted } => {
            let mut partly = |partial: Partial| {
                // Hits that are still to be sorted are not shown in another order first.
                if by.is_none() {
                    tell(Msg::Partly { question, partial });
                }
            };
            let selection = desk::selected(study, &filter, by, (keep, &noted), cancel, &mut partly);
            Msg::Selected { question, selection }
        }
        Command::Seek { question, rows, from, way, clause } => {
            Msg::Sought { question, place: seek(study, &rows, from, way, &clause, cancel) }
        }
        Command::Preview { text, pace: _ } => {
            let hits = preview(study, &text, cancel)?;
            Msg::Previewed { text, hits }
        }
        Command::Page { question, rows } => Msg::Page { question, rows: page(study, &rows) },
        Command::Explain { row } => {
            // A line of 16 MiB takes longer to read than a frame may: the tree is built here.
            let explained = explain(study, row).map(|explanation| {
                let tree = Tree::new(&String::from_utf8_lossy(&explanation.bytes));
                (explanation, tree)
            });
            Msg::Explained { row, explanation: Box::new(explained) }
        }
        Command::Look { about } => beside::answer(study, about),
        Command::Draw { axis, lanes } => {
            let drawn = timeline(study, lanes, axis, cancel);
            let drawn = drawn.and_then(|drawn| Ok((drawn, happenings(study, axis, cancel)?)));
            Msg::Drawn { axis, lanes, timeline: drawn }
        }
        Command::Prove { row } => {
            let path = study.archive().and_then(|archive| Ok(archive.path_of(row)?));
            Msg::Proved { row, path: Box::new(path) }
        }
        Command::Name { row } => name_blob(study, row, cancel, tell),
        Command::Blast => Msg::Blasted(study.blast().map(|_| ())),
        Command::Tally => {
            let case = Case::open(study.snapshot.path()).map_err(WorkError::from);
            Msg::Verified(case.and_then(|case| last(&case, study)))
        }
        Command::Ids { rows } => {
            let id =
                |row| (row, study.snapshot.id(row).unwrap_or_else(|_| "(journal unreadable)".to_owned()));
            Msg::Named(rows.into_iter().map(id).collect())
        }
        Command::FindId { text } => {
            Msg::Found { rows: study.snapshot.find_id(&text).unwrap_or_default(), text }
        }
        Command::Study { choice } => Msg::Studied(studied(study.again(&choice, cancel), cancel, tell)),
        Command::Judge => Msg::Judged(study.agents(cancel).map(|_| ())),
        Command::Portray { agent } => {
            let agents = Arc::clone(study.agents_known()?);
            let agent = agents.find(agent)?;
            let edges = study.window.as_ref().map_or((None, None), |window| window.moved);
            let portrait = Box::new((portrait(study, &agents, agent), trace(&agents, agent, edges, TRACED)));
            Msg::Portrayed { agent: agent.number, portrait }
        }
        Command::Reopen { choice } => {
            Msg::Studied(studied(Study::soon(study.snapshot.path(), &choice, cancel), cancel, tell))
        }
        Command::Count { question, rows, field } => desk::counted(study, question, (&rows, field), cancel),
        Command::CountRows { question, lines, order, column } => {
            desk::counted_rows(question, &*lines, order.as_deref(), column, cancel)
        }
        Command::Arrange { question, lines, wish, anchor } => {
            Msg::Arranged { question, answer: ordered(&*lines, wish, anchor, cancel) }
        }
        Command::PreviewRows { text, lines, wish, pace: _ } => match lines::hits(&*lines, &wish, cancel) {
            Err(WorkError::Cancelled) => return None,
            hits => Msg::Previewed { text, hits: hits.map_err(|error| error.to_string()) },
        },
        Command::SeekRow { question, lines, order, from, way, text } => Msg::Sought {
            question,
            place: lines::seek(&*lines, order.as_deref(), (from, way), &text, cancel),
        },
        Command::Match { text, own, then } => desk::matched(study, &text, &own, then, cancel)?,
        Command::Recall => desk::recalled(study),
        Command::Compare(sides) => super::sides::compared(study, &sides, cancel),
        Command::Notebook => desk::notebook(study),
        Command::Note { entries, why } => desk::note(study, &entries, why),
        Command::Query { sql } => desk::query(study, &sql, cancel),
        Command::Resolve { id } => {
            Msg::Resolved { rows: study.snapshot.find_id(&id).unwrap_or_default(), id }
        }
        Command::Report(asked) => desk::report(study, asked, cancel),
        Command::Write { path, what } => desk::write(study, &path, what, cancel),
        Command::Open { .. }
        | Command::Demo
        | Command::Copy { .. }
        | Command::Verify
        | Command::Mouse(_)
        | Command::StopSearch
        | Command::StopPreview
        | Command::StopOpening
        | Command::StopQuery
        | Command::StopNaming
        | Command::Attend
        | Command::Follow(_)
        | Command::Suspend => return None,
    })
}

/// The slow step of a proof path, then the path with it. What it came to is kept in the case.
fn name_blob(study: &Study, row: Row, cancel: &Cancel, tell: &mut dyn FnMut(Msg)) -> Msg {
    let mut told = 0;
    let named = study.archive().and_then(|archive| {
        archive.name_blob(row, cancel, &mut |part| {
            let percent = (part * 100.0) as u8;
            if percent > told {
                told = percent;
                tell(Msg::Naming { row, naming: Naming::UnderWay(percent) });
            }
        })?;
        // A case that cannot be written to is asked again the next time.
        let _ = Case::create_or_open(study.snapshot.path()).map(|case| archive.blobs.remember(&case));
        Ok(archive.path_of(row)?)
    });
    match named {
        Err(WorkError::Cancelled) => Msg::Naming { row, naming: Naming::Stopped },
        path => {
            tell(Msg::Naming { row, naming: Naming::Done });
            Msg::Proved { row, path: Box::new(path) }
        }
    }
}

fn preview(study: &Study, text: &str, cancel: &Cancel) -> Option<Result<u64, String>> {
    let day = study.window.as_ref().and_then(crate::analysis::Window::from).unwrap_or_default();
    let filter = match Filter::parse(text, day) {
        Ok(filter) => filter,
        Err(error) => return Some(Err(error.to_string())),
    };
    match select(study, &filter, cancel) {
        Ok(selection) => Some(Ok(selection.rows.len() as u64)),
        Err(WorkError::Cancelled) => None,
        Err(error) => Some(Err(error.to_string())),
    }
}

/// Verifies all proofs of an open case under the pins given and those it was verified under before, and studies it anew.
pub fn verify_all(study: &Study, pins: &Pins, choice: &Choice, cancel: &Cancel, mut tell: impl FnMut(Msg)) {
    let path = study.snapshot.path();
    let verified = Case::create_or_open(path).map_err(WorkError::from).and_then(|mut case| {
        let report = Box::new(|progress| tell(Msg::Reading(Box::new(progress))));
        let mut watcher = Watcher { cancel: cancel.clone(), report, pictures: Pictures::Unwanted };
        let pins = pins.clone().over(asked(&case)?);
        verify(&mut case, &pins, &mut watcher)
    });
    let choice = Choice { settings: Arc::clone(&study.settings), ..choice.clone() };
    tell(Msg::Studied(verified.and_then(|_| Study::choose(path, &choice, cancel)).map(Arc::new)));
}

/// What there is to show of a case that is still being read.
pub fn live(snapshot: Snapshot) -> Arc<Study> {
    Arc::new(Study::unsealed(snapshot))
}

/// Reads on where sources have grown; tells nothing where none has.
pub fn follow(study: &Study, cancel: &Cancel, mut tell: impl FnMut(Msg)) {
    let read = {
        let report = Box::new(|progress| tell(Msg::Reading(Box::new(progress))));
        let mut watcher = Watcher { cancel: cancel.clone(), report, pictures: Pictures::Unwanted };
        read_on(study.snapshot.path(), &mut watcher)
    };
    match read {
        // A journal that is being moved away is looked at again next time.
        Ok(None) | Err(WorkError::Read { .. }) => {}
        read => tell(Msg::Grown(read.map(|_| ()))),
    }
}
