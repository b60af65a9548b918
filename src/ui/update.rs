//! The only place that changes what is shown: a message comes in, commands for others go out.

use super::actions::{Action, Place};
use super::beside::Pane;
use super::keys::Key;
use super::model::{Command, Follow, Layout, Model, Mouse, Msg, Notice, Overlay, Screen, Stopping, Why};
use super::screens::{
    agents, compare, console, findings, notes, overview, proofs, request, requests, settlements, stack,
    start, timeline,
};
use super::widgets::scroll::Step;
use super::{
    asking, beside, lists, memory, narrow, ordering, overlays, panes, report, seeking, stacked, undo, worker,
};
use crate::model::Row;
use crate::model::time::Zone;
use crate::work::WorkError;
use crate::work::select::Way;
use crate::work::study::Study;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
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
            press_in_overlay(model, key)
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

/// Where keys are pressed: what has keys of its own, and all else that is a list.
pub fn place(model: &Model) -> Place {
    match model.screen() {
        Screen::Start(_) => Place::Start,
        Screen::Timeline(_) => Place::Timeline,
        Screen::Settlements(_) => Place::Settlements,
        Screen::Notes(_) => Place::Notes,
        Screen::Overview(_)
        | Screen::Requests(_)
        | Screen::Request(_)
        | Screen::Proofs(_)
        | Screen::Agents(_)
        | Screen::Findings(_)
        | Screen::Stack(_)
        | Screen::Compare(_)
        | Screen::Console(_) => Place::Lists,
    }
}

fn press(model: &mut Model, key: Key) -> Vec<Command> {
    model.notice = None;
    if key.code != KeyCode::Esc && model.stopping == Stopping::Asked {
        model.stopping = Stopping::No;
    }
    if key == (Key { code: KeyCode::Char('c'), modifiers: KeyModifiers::CONTROL }) {
        model.quit = true;
        return Vec::new();
    }
    if key == (Key { code: KeyCode::Char('z'), modifiers: KeyModifiers::CONTROL }) {
        return vec![Command::Suspend];
    }
    if model.overlay.is_some() {
        return press_in_overlay(model, key);
    }
    if lists::is_typing(model) {
        return console::press(model, key);
    }
    let place = place(model);
    if let Some(digit) = key.types().and_then(|c| c.to_digit(10)) {
        // A digit that is a screen's goes there at once. Any other begins a count, and so does 0: `9j`, `05j`.
        if model.count.is_some() || model.keymap.action_of(key, place).is_none() {
            let count = model.count.unwrap_or(0).saturating_mul(10).saturating_add(digit as usize);
            model.count = Some(count.min(1_000_000_000));
            return Vec::new();
        }
    }
    let Some(action) = model.keymap.action_of(key, place) else {
        model.count = None;
        return Vec::new();
    };
    let count = model.count.take().filter(|count| *count > 0);
    act(model, action, count)
}

fn press_in_overlay(model: &mut Model, key: Key) -> Vec<Command> {
    overlays::press(model, key)
}

/// A pasted character is text for a field, never a key that does something.
fn paste(model: &mut Model, c: char) -> Vec<Command> {
    let key = Key::plain(KeyCode::Char(if c.is_control() { ' ' } else { c }));
    match &model.overlay {
        Some(overlay) if overlay.has_field() => press_in_overlay(model, key),
        None if lists::is_typing(model) => console::press(model, key),
        _ => Vec::new(),
    }
}

/// Does an action, whoever asked for it.
pub fn act(model: &mut Model, action: Action, count: Option<usize>) -> Vec<Command> {
    let times = isize::try_from(count.unwrap_or(1)).unwrap_or(isize::MAX);
    let half = isize::try_from((body_height(model) / 2).max(1)).unwrap_or(1);
    match action {
        Action::Down => go(model, Step::By(times)),
        Action::Up => go(model, Step::By(-times)),
        Action::HalfDown => go(model, Step::By(half * times)),
        Action::HalfUp => go(model, Step::By(-half * times)),
        Action::PageDown => go(model, Step::By(2 * half * times)),
        Action::PageUp => go(model, Step::By(-2 * half * times)),
        Action::First => go(model, Step::To(count.map_or(0, |n| n.saturating_sub(1)))),
        Action::Last => go(model, Step::To(count.map_or(usize::MAX, |n| n.saturating_sub(1)))),
        Action::Screen(n) => show_tab(model, n),
        Action::Back => escape(model),
        Action::HistoryBack => back(model),
        Action::HistoryForward => forward(model),
        Action::Quit => quit(model),
        Action::Help => {
            model.overlay = Some(Overlay::Help(Default::default()));
            Vec::new()
        }
        Action::Zone => {
            model.zone = match model.zone {
                Zone::Utc => Zone::Local,
                Zone::Local => Zone::Since(model.day()),
                Zone::Since(_) => Zone::Utc,
            };
            Vec::new()
        }
        Action::Incident => overlays::open_incidents(model),
        Action::Palette => overlays::open_palette(model),
        Action::Demo => vec![Command::Demo],
        Action::NextFinding => findings::walk(model, 1),
        Action::PreviousFinding => findings::walk(model, -1),
        Action::NextPane if beside::takes_tab(model) => beside::turn(model, 1),
        Action::PreviousPane if beside::takes_tab(model) => beside::turn(model, -1),
        Action::ScrollDown => beside::scroll(model, times),
        Action::ScrollUp => beside::scroll(model, -times),
        Action::Left if lists::has_columns(model) => lists::turn(model, -1),
        Action::Right if lists::has_columns(model) => lists::turn(model, 1),
        Action::Filter => narrow::filter(model),
        Action::Find => seeking::find(model),
        Action::FiltersPause => narrow::pause(model),
        Action::FilterDrop => narrow::drop_last(model),
        Action::Verify => proofs::verify(model),
        Action::Refunds => asking::refunds(model),
        Action::Undo => undo::undo(model),
        Action::Redo => undo::redo(model),
        Action::Sort => ordering::sort(model),
        Action::Count => lists::count(model),
        Action::Remember => lists::remember_for_comparison(model),
        Action::Compare => lists::compare(model),
        Action::Mark => lists::mark(model),
        Action::Tag => asking::tags(model),
        Action::Comment => asking::comment(model),
        Action::Filters => stacked::open(model),
        Action::Console => console::open(model),
        Action::Export => asking::path(model),
        Action::Bundle => asking::bundle(model),
        Action::Report => report::open(model),
        Action::Maximise => maximise(model),
        Action::Follow => follow(model),
        Action::OnlyThis | Action::NotThis => narrow::only(model, action),
        Action::FindNext | Action::FindPrevious if matches!(model.screen(), Screen::Compare(_)) => {
            compare::act(model, action)
        }
        Action::FindNext => seeking::again(model, Way::Forward),
        Action::FindPrevious => seeking::again(model, Way::Backward),
        Action::Copy => asking::copy_menu(model),
        Action::Mouse => switch_mouse(model),
        Action::Colours => {
            model.theme.colours = model.theme.colours.next();
            model.notice = Some(Notice::Said(format!("colours: {}", model.theme.colours.name())));
            Vec::new()
        }
        _ => act_on_screen(model, action, times),
    }
}

fn act_on_screen(model: &mut Model, action: Action, times: isize) -> Vec<Command> {
    match model.screen() {
        Screen::Start(_) => start::act(model, action),
        Screen::Overview(_) => overview::act(model, action),
        Screen::Timeline(_) => timeline::act(model, action, times),
        Screen::Requests(_) => requests::act(model, action),
        Screen::Request(_) => request::act(model, action),
        Screen::Proofs(_) => proofs::act(model, action),
        Screen::Agents(_) => agents::act(model, action),
        Screen::Settlements(_) => settlements::act(model, action),
        Screen::Findings(_) => findings::act(model, action),
        Screen::Notes(_) => notes::act(model, action),
        Screen::Compare(_) => compare::act(model, action),
        Screen::Console(_) => console::act(model, action),
        Screen::Stack(_) if action == Action::Open => stack::open(model),
        Screen::Stack(_) => Vec::new(),
    }
}

/// Moves in the pane that has the keys.
fn go(model: &mut Model, by: Step) -> Vec<Command> {
    if model.beside.pane == Pane::List {
        return step(model, by);
    }
    beside::step(model, model.beside.pane, by);
    Vec::new()
}

/// Moves the cursor of whatever is shown.
pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    match model.screen() {
        Screen::Start(_) => start::step(model, step),
        Screen::Overview(_) => overview::step(model, step),
        Screen::Timeline(_) => timeline::step(model, step),
        Screen::Requests(_) => requests::step(model, step),
        Screen::Request(_) => request::step(model, step),
        Screen::Proofs(_) => proofs::step(model, step),
        Screen::Agents(_) => agents::step(model, step),
        Screen::Settlements(_) => settlements::step(model, step),
        Screen::Findings(_) => findings::step(model, step),
        Screen::Notes(_) => notes::step(model, step),
        Screen::Stack(_) => stack::step(model, step),
        Screen::Compare(_) => compare::step(model, step),
        Screen::Console(_) => console::step(model, step),
    }
}

/// Lines between the frame's head and foot.
pub fn body_height(model: &Model) -> usize {
    usize::from(super::frame::areas(model.size).body.height)
}

pub fn show_tab(model: &mut Model, n: u8) -> Vec<Command> {
    if model.study.is_none() {
        return Vec::new();
    }
    if model.screen().tab() == Some(n) {
        return Vec::new();
    }
    let screen = match n {
        1 => Screen::Overview(overview::State::default()),
        2 => Screen::Timeline(timeline::State::default()),
        3 => Screen::Requests(requests::State::default()),
        4 => Screen::Agents(Box::default()),
        5 => Screen::Settlements(Box::default()),
        6 => Screen::Proofs(Box::default()),
        7 => Screen::Findings(findings::State::default()),
        8 => Screen::Notes(notes::State::default()),
        _ => {
            model.notice = Some(Notice::Said(format!("screen {n} is not built yet")));
            return Vec::new();
        }
    };
    // A tab that was open before is taken up where it was left.
    let known = model.screens.iter().position(|known| known.tab() == Some(n));
    let screen = match known {
        Some(known) => model.screens.remove(known),
        None => memory::furnished(model, screen),
    };
    push(model, screen)
}

/// Shows a screen on top of the one shown.
pub fn push(model: &mut Model, screen: Screen) -> Vec<Command> {
    model.beside.pane = Pane::List;
    model.ahead.clear();
    model.screens.push(screen);
    refresh(model)
}

/// Opens the drill-down of a record.
pub fn open_row(model: &mut Model, row: Row) -> Vec<Command> {
    push(model, Screen::Request(Box::new(request::State::new(row))))
}

/// `Esc`: a search that is under way is given up first.
fn escape(model: &mut Model) -> Vec<Command> {
    if let Some(commands) = beside::leave(model) {
        return commands;
    }
    match model.screen() {
        Screen::Console(_) => console::escape(model),
        Screen::Stack(state) if state.is_counting() => {
            let mut commands = back(model);
            commands.insert(0, Command::StopSearch);
            commands
        }
        _ if requests::is_searching(model) || ordering::is_waiting(model) || seeking::is_searching(model) => {
            vec![Command::StopSearch]
        }
        _ if request::is_naming(model) => vec![Command::StopNaming],
        _ if model.progress.is_some() && model.screens.len() == 1 => stop_opening(model),
        _ => back(model),
    }
}

fn stop_opening(model: &mut Model) -> Vec<Command> {
    if model.stopping == Stopping::Asked {
        model.stopping = Stopping::Told;
        lists::said(model, "stopping");
        return vec![Command::StopOpening];
    }
    model.stopping = Stopping::Asked;
    lists::said(model, "esc once more stops this; what was done of it is kept")
}

pub fn back(model: &mut Model) -> Vec<Command> {
    if model.screens.len() > 1 {
        model.ahead.extend(model.screens.pop());
        return refresh(model);
    }
    model.notice = Some(Notice::Said("this is the first screen; q quits".to_owned()));
    Vec::new()
}

fn forward(model: &mut Model) -> Vec<Command> {
    match model.ahead.pop() {
        Some(screen) => {
            model.screens.push(screen);
            refresh(model)
        }
        None => Vec::new(),
    }
}

/// `q` leaves a drill-down first: only screens of the tab line are the root.
fn quit(model: &mut Model) -> Vec<Command> {
    if model.screen().tab().is_none() && model.screens.len() > 1 {
        return back(model);
    }
    model.quit = true;
    Vec::new()
}

fn switch_mouse(model: &mut Model) -> Vec<Command> {
    let (mouse, words) = match model.mouse {
        Mouse::Ours => (Mouse::Terminals, "the mouse marks text now; <f2> gives it back"),
        Mouse::Terminals => (Mouse::Ours, "the mouse clicks and scrolls here again"),
    };
    model.mouse = mouse;
    model.notice = Some(Notice::Said(words.to_owned()));
    vec![Command::Mouse(mouse)]
}

/// As there is room, the list alone, the detail alone. Where there is no room beside the list: the detail over it, or in
/// its place.
fn maximise(model: &mut Model) -> Vec<Command> {
    if panes::of(model).detail.is_none() && model.layout == Layout::Room && model.size.0 >= panes::TWO {
        return lists::said(model, "there is one pane here");
    }
    let (layout, words) = match model.layout {
        Layout::Over | Layout::Detail if model.size.0 < panes::TWO => (Layout::Room, "the list"),
        Layout::Room | Layout::List if model.size.0 < panes::TWO => {
            (Layout::Over, "the detail follows the cursor; o or esc closes it")
        }
        Layout::Room | Layout::Over => (Layout::List, "the list alone; o goes on"),
        Layout::List => (Layout::Detail, "the detail alone; o goes on"),
        Layout::Detail => (Layout::Room, "list and detail, as there is room"),
    };
    model.layout = layout;
    let commands = step(model, Step::By(0));
    lists::said(model, words);
    commands
}

fn follow(model: &mut Model) -> Vec<Command> {
    if model.study.is_none() {
        return lists::said(model, "open a case first");
    }
    let (follow, words) = match model.follow {
        Follow::Off => (Follow::On, "following: what is added to the journals is read; the cursor stays"),
        Follow::On => (Follow::Off, "no longer following"),
    };
    model.follow = follow;
    lists::said(model, words);
    vec![Command::Follow(follow)]
}
