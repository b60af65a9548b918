//! Finding: among names everywhere, on a list among its rows. `n` and `N` go on; the search is a worker's, Esc stops it.

use super::acts::step;
use super::lists::{self, arrangement, lines, said};
use super::model::{Asking, Command, Model, Notice, Overlay, Screen};
use super::overlays;
use super::update::fail;
use super::widgets::field::Field;
use super::widgets::scroll::Step;
use crate::work::WorkError;
use crate::work::select::Way;

/// A search for the next row that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    question: u64,
    way: Way,
    /// Where it began.
    from: usize,
}

/// Asks what to look for.
pub fn find(model: &mut Model) -> Vec<Command> {
    if model.study.is_none() {
        return said(model, "open a case first");
    }
    match arrangement(model).is_some() && lines(model, model.screen()).is_some() {
        true => {
            model.overlay = Some(Overlay::Ask(Asking::Find, Field::default()));
            Vec::new()
        }
        false => overlays::open_find(model),
    }
}

/// Remembers the text, and goes to the next row that holds it.
pub fn look_for(model: &mut Model, text: &str) -> Vec<Command> {
    model.sought = Some(text.to_owned());
    again(model, Way::Forward)
}

/// To the next row that matches, round the end of the list.
pub fn again(model: &mut Model, way: Way) -> Vec<Command> {
    let question = model.questions + 1;
    let (from, command) = match model.screen() {
        Screen::Requests(state) => match (model.found.clone(), &state.selection) {
            (Some(clause), Some(selection)) => {
                let (rows, from) = (selection.rows.clone(), state.scroll.cursor);
                (from, Command::Seek { question, rows, from, way, clause })
            }
            _ => return said(model, "find something with / first"),
        },
        screen => {
            let Some((arranged, scroll)) = lists::cursor(model) else {
                return said(model, "this list has no cursor to move");
            };
            let (Some(text), Some(lines)) = (model.sought.clone(), lines(model, screen)) else {
                return said(model, "find something with / first");
            };
            let (order, from) = (arranged.order(), scroll.cursor);
            (from, Command::SeekRow { question, lines, order, from, way, text })
        }
    };
    model.questions = question;
    model.search = Some(Search { question, way, from });
    vec![command]
}

/// Whether a search for the next row is under way.
pub fn is_searching(model: &Model) -> bool {
    model.search.is_some()
}

/// What the newest search came to; answers to older ones change nothing.
pub fn sought(model: &mut Model, question: u64, answer: Result<Option<usize>, WorkError>) -> Vec<Command> {
    let Some(search) = model.search.take_if(|search| search.question == question) else {
        return Vec::new();
    };
    match answer {
        Err(WorkError::Cancelled) => said(model, "the search was stopped"),
        Err(error) => fail(model, &error),
        Ok(None) if matches!(model.screen(), Screen::Requests(_)) => {
            let words = model.found.as_ref().map(|clause| format!("no request shown has {clause}"));
            let words = super::text::shown(&words.unwrap_or_default(), &model.theme);
            said(model, &words)
        }
        Ok(None) => said(model, "no row holds it"),
        Ok(Some(place)) => {
            let turned = match search.way {
                Way::Forward => place <= search.from,
                Way::Backward => place >= search.from,
            };
            let commands = step(model, Step::To(place));
            if turned {
                model.notice = Some(Notice::Said("from the other end".to_owned()));
            }
            commands
        }
    }
}

/// Another list is shown: where the search ends means nothing there.
pub fn forget(model: &mut Model) {
    model.search = None;
}
