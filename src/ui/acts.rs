//! What a key means where it is pressed, and what each action does.

use super::actions::{Action, Place};
use super::beside::Pane;
use super::keys::Key;
use super::model::{Command, Follow, Layout, Model, Mouse, Notice, Overlay, Screen, Stopping};
use super::screens::{
    agents, compare, console, findings, notes, overview, proofs, request, requests, settlements, stack,
    start, timeline,
};
use super::way::{back, escape, forward, quit, show_tab};
use super::widgets::scroll::Step;
use super::{asking, beside, lists, narrow, ordering, overlays, panes, report, seeking, stacked, undo};
use crate::model::time::Zone;
use crate::work::select::Way;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};

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

pub fn press(model: &mut Model, key: Key) -> Vec<Command> {
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
        return overlays::press(model, key);
    }
    if lists::is_typing(model) {
        return console::press(model, key);
    }
    if key.code == KeyCode::Esc && model.count.take().is_some() {
        return Vec::new();
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

/// A pasted character is text for a field, never a key that does something.
pub fn paste(model: &mut Model, c: char) -> Vec<Command> {
    let key = Key::plain(KeyCode::Char(if c.is_control() { ' ' } else { c }));
    match &model.overlay {
        Some(overlay) if overlay.has_field() => overlays::press(model, key),
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
