//! The only place that changes what is shown: a message comes in, commands for others go out.

use super::acts::{paste, press, step};
use super::keys::Key;
use super::model::{Command, Follow, Model, Msg, Notice, Screen, Stopping, Why};
use super::screens::{
    agents, compare, console, overview, proofs, request, requests, settlements, stack, timeline,
};
use super::widgets::scroll::Step;
use super::{asking, beside, lists, memory, ordering, overlays, report, seeking, worker};
use crate::work::WorkError;
use crate::work::study::Study;
use ratatui::crossterm::event::KeyCode;
use std::sync::Arc;

/// Takes one message in.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Command> {
    let mut commands = take(model, msg);
    commands.extend(beside::follow(model));
    let trail = std::mem::take(&mut model.trail);
    if !trail.is_empty() && model.study.is_some() {
        commands.push(Command::Note { entries: trail, why: Why::Trail });
    }
    commands
}

fn take(model: &mut Model, msg: Msg) -> Vec<Command> {
    match msg {
        Msg::Key(key) => press(model, key),
        Msg::Paste(text) => text.chars().flat_map(|c| paste(model, c)).collect(),
        Msg::Wheel(lines, ..) if model.overlay.is_some() => {
            let key = Key::plain(if lines > 0 { KeyCode::Down } else { KeyCode::Up });
            overlays::press(model, key)
        }
        Msg::Wheel(lines, column, row) => super::click::wheel(model, lines, (column, row)),
        Msg::Resize(width, height) => {
            model.size = (width, height);
            match model.screen() {
                Screen::Requests(_) => requests::resized(model),
                _ => refresh(model),
            }
        }
        Msg::Reading(mut progress) => {
            let snapshot = progress.snapshot.take();
            model.progress = Some(*progress);
            match snapshot {
                Some(snapshot) => studied(model, worker::live(snapshot)),
                None => Vec::new(),
            }
        }
        Msg::Studied(study) => {
            model.progress = None;
            match study {
                Ok(study) => studied(model, study),
                Err(WorkError::Cancelled) if std::mem::take(&mut model.stopping) == Stopping::Told => {
                    if let Some(Screen::Start(state)) = model.screens.first_mut() {
                        state.opening = false;
                    }
                    lists::said(model, "stopped; opened again, it goes on from there")
                }
                Err(error) => fail(model, &error),
            }
        }
        Msg::Selected { question, selection } => requests::selected(model, question, selection),
        Msg::Sought { question, place } => seeking::sought(model, question, place),
        Msg::Arranged { question, answer } => ordering::answered(model, question, answer),
        Msg::Matched { text, best, all } => overlays::matched(model, &text, best, all),
        Msg::Previewed { text, hits } => overlays::previewed(model, &text, hits),
        Msg::Page { question, rows } => requests::paged(model, question, rows),
        Msg::Explained { row, explanation } => request::explained(model, row, *explanation),
        Msg::Looked { about, found } => beside::found(model, &about, found),
        Msg::Drawn { axis, lanes, timeline } => timeline::drawn(model, axis, lanes, timeline),
        Msg::Found { text, rows } => overlays::found(model, &text, &rows),
        Msg::Proved { row, path } => request::proved(model, row, *path),
        Msg::Naming { row, naming } => request::naming(model, row, naming),
        Msg::Verified(verification) => proofs::verified(model, verification),
        Msg::Named(ids) if matches!(model.screen(), Screen::Settlements(_)) => settlements::named(model, ids),
        Msg::Named(ids) => proofs::named(model, ids),
        Msg::Judged(done) => agents::judged(model, done),
        Msg::Portrayed { agent, portrait } => agents::portrayed(model, agent, portrait),
        Msg::Blasted(Ok(())) => settlements::computed(model),
        Msg::Blasted(Err(error)) => fail(model, &error),
        Msg::Counted { question, values } => stack::counted_by(model, question, values),
        Msg::Compared(pairs) => compare::compared(model, pairs),
        Msg::Notebook { notebook, wrote, why } => asking::noted(model, notebook, wrote, why),
        Msg::Queried { sql, answer } => console::answered(model, &sql, answer),
        Msg::Resolved { id, rows } => asking::resolved(model, &id, &rows),
        Msg::Reported { asked, text } => report::shown(model, &asked, text),
        Msg::Wrote { path, hash } => asking::wrote(model, &path, hash),
        Msg::Answered => Vec::new(),
        Msg::Partly { question, partial } => requests::partly(model, question, partial),
        Msg::Recalled(session) => session.map_or_else(Vec::new, |session| memory::take_up(model, &session)),
        Msg::Grown(read) => {
            model.progress = None;
            match read {
                Ok(()) => vec![Command::Reopen { choice: model.choice.clone() }],
                Err(error) => fail(model, &error),
            }
        }
        Msg::Others => lists::said(model, "somebody else has this case open too: notes of both are kept"),
        Msg::Drag(column, _) => timeline::drag(model, column),
        Msg::Release => timeline::release(model),
        Msg::Click(column, row) => super::click::click(model, column, row),
        Msg::Broke(words) => {
            model.progress = None;
            let words = crate::model::Untrusted(&words).visible();
            model.notice =
                Some(Notice::Failed(format!("this broke, and is a mistake of Backtrail: {words}")));
            Vec::new()
        }
        Msg::Quit => {
            model.quit = true;
            Vec::new()
        }
    }
}

/// A failure is told in the footer; on the start screen, where people look.
pub fn fail(model: &mut Model, error: &WorkError) -> Vec<Command> {
    if !matches!(error, WorkError::Cancelled) {
        let words = crate::model::untrusted::visible_lines(&error.to_string());
        model.notice = Some(Notice::Failed(words));
    }
    Vec::new()
}

fn studied(model: &mut Model, study: Arc<Study>) -> Vec<Command> {
    if model.notice == Some(Notice::Said(proofs::VERIFYING.to_owned())) {
        model.notice = Some(Notice::Said("every proof is verified; 6 shows what they came to".to_owned()));
    }
    let first = model.study.is_none();
    ordering::hold(model);
    model.editions.study += 1;
    model.study = Some(study);
    agents::forget(model);
    if first || matches!(model.screens.as_slice(), [Screen::Start(_)]) {
        model.screens = vec![Screen::Overview(overview::State::default())];
        model.ahead.clear();
    }
    let mut commands = refresh(model);
    if model.study.as_deref().is_some_and(|study| study.snapshot.is_sealed()) {
        commands.push(Command::Notebook);
        if !model.attended {
            model.attended = true;
            commands.extend([Command::Attend, Command::Recall]);
            if model.follow == Follow::On {
                commands.push(Command::Follow(Follow::On));
            }
        }
    }
    commands
}

/// Asks again for what the screens show, after the case, the filter or the size changed.
pub fn refresh(model: &mut Model) -> Vec<Command> {
    if model.study.is_none() {
        return Vec::new();
    }
    seeking::forget(model);
    match model.screens.last() {
        Some(Screen::Requests(_)) => {
            let mut commands = requests::select(model);
            commands.extend(settlements::compute(model));
            commands
        }
        Some(Screen::Timeline(_)) => {
            let mut commands = timeline::draw_again(model);
            commands.extend(agents::ask(model));
            commands.extend(settlements::compute(model));
            commands
        }
        Some(Screen::Request(state)) => {
            let row = state.row;
            let mut commands = vec![Command::Explain { row }, Command::Prove { row }];
            commands.extend(settlements::compute(model));
            commands
        }
        Some(Screen::Proofs(_)) => vec![Command::Tally],
        Some(Screen::Overview(_)) => overview::refresh(model),
        Some(Screen::Settlements(_)) => settlements::refresh(model),
        Some(Screen::Agents(_) | Screen::Findings(_) | Screen::Notes(_)) => {
            let mut commands = ordering::renew(model);
            // A list may be shorter than it was.
            commands.extend(step(model, Step::By(0)));
            commands
        }
        Some(Screen::Stack(_) | Screen::Console(_)) => ordering::renew(model),
        _ => Vec::new(),
    }
}
