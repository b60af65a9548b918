//! What lies over a screen and takes the keys: help, filter, find, palette, the choice of incidents.

use super::actions::{ACTIONS, Action, Entry, Place};
use super::acts::{act, place};
use super::fuzzy;
use super::keys::Key;
use super::model::{Candidate, Choose, Command, Finder, Model, Notice, Overlay, Pace, Preview, Screen, Then};
use super::screens::start;
use super::view::{help_lines, most_lines};
use super::way::open_row;
use super::widgets::field::Field;
use super::widgets::scroll::{Scroll, Step};
use super::{asking, stacked};
use crate::model::Row;
use crate::work::Cancel;
use crate::work::filter::{Clause, Field as FilterField, Filter, Op};
use crate::work::select::Way;
use crate::work::study::Choice;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use std::sync::Arc;

/// Most matches listed; the list says so.
pub const LISTED: usize = 200;

pub fn press(model: &mut Model, key: Key) -> Vec<Command> {
    if key.code == KeyCode::Esc {
        let closed = model.overlay.take();
        let typed = matches!(closed, Some(Overlay::Filter { .. } | Overlay::Narrow(_)));
        return if typed { vec![Command::StopPreview] } else { Vec::new() };
    }
    let page = isize::try_from(usize::from(model.size.1 / 2)).unwrap_or(10);
    let control = key.modifiers == KeyModifiers::CONTROL;
    let step = match key.code {
        KeyCode::Down => Some(Step::By(1)),
        KeyCode::Up => Some(Step::By(-1)),
        KeyCode::PageDown => Some(Step::By(page)),
        KeyCode::PageUp => Some(Step::By(-page)),
        KeyCode::Char('n') if control => Some(Step::By(1)),
        KeyCode::Char('p') if control => Some(Step::By(-1)),
        _ => None,
    };
    match &mut model.overlay {
        Some(Overlay::Help(_)) => press_in_help(model, key, step),
        Some(Overlay::Incidents(_)) => press_in_incidents(model, key, step),
        Some(Overlay::Filter { .. }) => press_in_filter(model, key),
        Some(Overlay::Narrow(_)) => super::narrow::press(model, key),
        Some(Overlay::OpenPath(_)) => start::press_in_field(model, key),
        Some(Overlay::Filters(_)) => stacked::press(model, key, step),
        Some(Overlay::Ask(..)) => asking::press_in_ask(model, key),
        Some(Overlay::Menu(_)) => asking::press_in_menu(model, key),
        Some(Overlay::Report(_)) => super::report::press(model, key),
        Some(Overlay::Find(finder) | Overlay::Palette(finder)) => {
            if let Some(step) = step {
                finder.scroll.step(step, finder.listed.len(), FINDER_HEIGHT);
                return Vec::new();
            }
            if key.code == KeyCode::Enter {
                return choose(model);
            }
            finder.entered = false;
            if finder.field.press(key) { narrow(finder) } else { Vec::new() }
        }
        None => Vec::new(),
    }
}

/// Lines of a finder's list on screen.
pub const FINDER_HEIGHT: usize = 12;

fn press_in_help(model: &mut Model, key: Key, step: Option<Step>) -> Vec<Command> {
    let (height, len) = (most_lines(model), help_lines(model).len());
    let step = step.or(match key.types() {
        Some('j') => Some(Step::By(1)),
        Some('k') => Some(Step::By(-1)),
        Some('g') => Some(Step::To(0)),
        Some('G') => Some(Step::To(usize::MAX)),
        _ => None,
    });
    match (step, &mut model.overlay) {
        (Some(step), Some(Overlay::Help(scroll))) => scroll.step(step, len, height),
        _ => model.overlay = None,
    }
    Vec::new()
}

pub fn open_incidents(model: &mut Model) -> Vec<Command> {
    let Some(study) = &model.study else {
        return Vec::new();
    };
    if choices(model).is_empty() {
        let partial = super::reading::is_partial(model);
        let words = "these journals name no version to choose from";
        let words = if partial { super::reading::VERSIONS } else { words };
        model.notice = Some(Notice::Said(words.to_owned()));
        return Vec::new();
    }
    let cursor = study.chosen.unwrap_or(0);
    model.overlay = Some(Overlay::Incidents(Scroll { cursor, top: 0 }));
    Vec::new()
}

/// Model and version of every incident, then every other version that served anything.
pub fn choices(model: &Model) -> Vec<(String, String, String)> {
    let Some(study) = model.study.as_deref() else {
        return Vec::new();
    };
    let mut choices: Vec<(String, String, String)> = study
        .incidents
        .iter()
        .map(|incident| {
            let what = if incident.title.is_empty() {
                incident.origin.name().to_owned()
            } else {
                incident.title.clone()
            };
            (
                study.model_name(incident.model).to_owned(),
                study.version_name(incident.faulty).to_owned(),
                what,
            )
        })
        .collect();
    for (model_number, versions) in &study.fold.versions {
        let model_name = study.model_name(model_number.parse().unwrap_or(0));
        for version in versions.keys().filter(|version| **version != 0) {
            let name = study.version_name(*version);
            if !choices.iter().any(|(m, v, _)| m == model_name && v == name) {
                choices.push((
                    model_name.to_owned(),
                    name.to_owned(),
                    "nobody's incident; choose it to ask what if".into(),
                ));
            }
        }
    }
    choices
}

fn press_in_incidents(model: &mut Model, key: Key, step: Option<Step>) -> Vec<Command> {
    let choices = choices(model);
    let step = step.or(match key.types() {
        Some('j') => Some(Step::By(1)),
        Some('k') => Some(Step::By(-1)),
        _ => None,
    });
    let Some(Overlay::Incidents(scroll)) = &mut model.overlay else {
        return Vec::new();
    };
    if let Some(step) = step {
        scroll.step(step, choices.len(), FINDER_HEIGHT);
        return Vec::new();
    }
    if key.code != KeyCode::Enter {
        return Vec::new();
    }
    let chosen = choices.into_iter().nth(scroll.cursor);
    model.overlay = None;
    let Some((name, version, _)) = chosen else {
        return Vec::new();
    };
    let choice = Choice { version: Some((name, version)), ..Choice::default() };
    let before = std::mem::replace(&mut model.choice, choice);
    asking::chose(model, before);
    vec![Command::Study { choice: model.choice.clone() }]
}

pub fn open_filter(model: &mut Model) -> Vec<Command> {
    let text = match model.filter.to_string() {
        text if text.is_empty() => text,
        text => text + " ",
    };
    let (preview, commands) = ask_preview(model, text.clone(), &model.filter);
    model.overlay = Some(Overlay::Filter { field: Field::with(&text), preview });
    commands
}

/// What is told of a filter at once, and what is asked about it.
fn ask_preview(model: &Model, text: String, filter: &Filter) -> (Preview, Vec<Command>) {
    match super::reading::unknown(model, filter) {
        Some(what) => (Preview::Mistake { what, at: None }, Vec::new()),
        None => {
            let pace = pace_of(filter);
            (Preview::Waiting(pace), vec![Command::Preview { text, pace }])
        }
    }
}

fn pace_of(filter: &Filter) -> Pace {
    if filter.reads_journals() { Pace::Rested } else { Pace::AtOnce }
}

fn press_in_filter(model: &mut Model, key: Key) -> Vec<Command> {
    let day = model.day();
    let Some(Overlay::Filter { field, preview }) = &mut model.overlay else {
        return Vec::new();
    };
    if key.code == KeyCode::Enter {
        return match Filter::parse(field.text(), day) {
            Ok(filter) => {
                model.overlay = None;
                let mut commands = vec![Command::StopPreview];
                commands.extend(super::narrow::show_requests(model, filter));
                commands
            }
            Err(error) => {
                *preview = Preview::Mistake { what: error.what, at: Some(error.at) };
                Vec::new()
            }
        };
    }
    if !field.press(key) {
        return Vec::new();
    }
    let text = field.text().to_owned();
    let (told, commands) = match Filter::parse(&text, day) {
        Ok(filter) => ask_preview(model, text, &filter),
        Err(error) => (Preview::Mistake { what: error.what, at: Some(error.at) }, Vec::new()),
    };
    if let Some(Overlay::Filter { preview, .. }) = &mut model.overlay {
        *preview = told;
    }
    commands
}

pub fn previewed(model: &mut Model, text: &str, hits: Result<u64, String>) -> Vec<Command> {
    let (field, preview) = match &mut model.overlay {
        Some(Overlay::Filter { field, preview }) => (&*field, preview),
        Some(Overlay::Narrow(narrowing)) => (&narrowing.field, &mut narrowing.preview),
        _ => return Vec::new(),
    };
    if field.text() == text {
        *preview = match hits {
            Ok(hits) => Preview::Hits(hits),
            Err(what) => Preview::Mistake { what, at: None },
        };
    }
    Vec::new()
}

pub fn open_find(model: &mut Model) -> Vec<Command> {
    // On the list of requests one is gone to; from elsewhere those that have the name are shown.
    let then = if matches!(model.screen(), Screen::Requests(_)) { Then::Seek } else { Then::Only };
    let mut finder = finder(Vec::new(), then);
    let commands = narrow(&mut finder);
    model.overlay = Some(Overlay::Find(finder));
    commands
}

pub fn open_palette(model: &mut Model) -> Vec<Command> {
    // What can be done here: screens first, then the deeds of this place, then those of every place.
    let here = place(model);
    let rank = |entry: &&Entry| match (entry.action, entry.place) {
        (Action::Screen(_), _) => Some(0),
        (action, _) if action.is_movement() => None,
        (_, at) if at == here && at != Place::Lists => Some(1),
        (_, Place::Lists | Place::Everywhere) => Some(2),
        _ => None,
    };
    let mut wanted: Vec<&Entry> = ACTIONS.iter().filter(|entry| rank(entry).is_some()).collect();
    wanted.sort_by_key(rank);
    let actions = wanted.into_iter().map(|entry| Candidate {
        kind: if matches!(entry.action, Action::Screen(_)) { "screen" } else { "action" },
        name: entry.help.to_owned(),
        keys: model.keymap.written(entry),
        choice: Choose::Do(entry.action),
    });
    let views = model.notebook.views.keys().map(|name| Candidate {
        kind: "view",
        name: name.clone(),
        keys: String::new(),
        choice: Choose::View(name.clone()),
    });
    let mut finder = finder(actions.chain(views).collect(), Then::Only);
    let commands = narrow(&mut finder);
    model.overlay = Some(Overlay::Palette(finder));
    commands
}

fn finder(own: Vec<Candidate>, then: Then) -> Finder {
    let (field, scroll) = (Field::default(), Scroll::default());
    Finder { field, own: own.into(), then, listed: Vec::new(), all: None, scroll, entered: false }
}

/// What was typed is matched with what is offered here at once, and by a worker with the names of the case.
fn narrow(finder: &mut Finder) -> Vec<Command> {
    let (text, own) = (finder.field.text().to_owned(), Arc::clone(&finder.own));
    let best = match text.as_str() {
        "" => (0..own.len().min(LISTED)).collect(),
        _ => fuzzy::best(&text, own.len(), |n| &own[n].name, LISTED, &Cancel::default()).unwrap_or_default(),
    };
    finder.listed = best.into_iter().map(|place: usize| own[place].clone()).collect();
    finder.listed.extend(searches(&text));
    (finder.scroll, finder.all) = (Scroll::default(), None);
    let mut commands = vec![Command::Match { text: text.clone(), own, then: finder.then }];
    commands.extend((!text.is_empty()).then_some(Command::FindId { text }));
    commands
}

/// What no list of names holds may stand in the journals.
fn searches(text: &str) -> Vec<Candidate> {
    let text = text.trim();
    let clauses = [FilterField::Id, FilterField::Text].map(|field| Clause::is(field, text).with(Op::Has));
    let search = |clause: Clause| {
        let name = format!("requests with {clause}");
        Candidate { kind: "filter", name, keys: String::new(), choice: Choose::Search(clause) }
    };
    if text.is_empty() { Vec::new() } else { clauses.map(search).into() }
}

/// Names of the case were matched too. Records that were found meanwhile stay at the head, and the cursor where it is.
pub fn matched(model: &mut Model, text: &str, best: Vec<Candidate>, all: u64) -> Vec<Command> {
    let Some(Overlay::Find(finder) | Overlay::Palette(finder)) = &mut model.overlay else {
        return Vec::new();
    };
    if finder.field.text() != text {
        return Vec::new();
    }
    let chosen = finder.listed.get(finder.scroll.cursor).filter(|_| finder.scroll.cursor > 0).cloned();
    finder.listed.retain(|candidate| matches!(candidate.choice, Choose::Row(_)));
    finder.listed.extend(best.into_iter().chain(searches(text)));
    let place = finder.listed.iter().position(|candidate| Some(candidate) == chosen.as_ref());
    finder.scroll.step(Step::To(place.unwrap_or(0)), finder.listed.len(), FINDER_HEIGHT);
    finder.all = Some(all);
    if finder.entered { choose(model) } else { Vec::new() }
}

/// Records whose id is just what was typed go to the head of the list.
pub fn found(model: &mut Model, text: &str, rows: &[Row]) -> Vec<Command> {
    if let Some(Overlay::Find(finder) | Overlay::Palette(finder)) = &mut model.overlay
        && finder.field.text() == text
    {
        for row in rows {
            let record = Candidate {
                kind: "record",
                name: text.to_owned(),
                keys: String::new(),
                choice: Choose::Row(*row),
            };
            finder.listed.insert(0, record);
        }
    }
    Vec::new()
}

fn choose(model: &mut Model) -> Vec<Command> {
    if let Some(Overlay::Find(finder) | Overlay::Palette(finder)) = &mut model.overlay
        && finder.all.is_none()
    {
        // The best may be a name that is not matched yet.
        finder.entered = true;
        return Vec::new();
    }
    let (Some(Overlay::Find(finder)) | Some(Overlay::Palette(finder))) = model.overlay.take() else {
        return Vec::new();
    };
    let chosen = finder.listed.get(finder.scroll.cursor).cloned();
    match chosen.map(|candidate| candidate.choice) {
        Some(Choose::Do(action)) => act(model, action, None),
        Some(Choose::Row(row)) => open_row(model, row),
        Some(Choose::View(name)) => super::screens::notes::open_view(model, &name),
        Some(Choose::Only(clause) | Choose::Search(clause)) => {
            model.found = Some(clause.clone());
            let filter = model.filter.clone().and(clause);
            super::narrow::show_requests(model, filter)
        }
        Some(Choose::Seek(clause)) => {
            model.found = Some(clause);
            super::seeking::again(model, Way::Forward)
        }
        None => {
            model.notice = Some(Notice::Said("nothing matches".to_owned()));
            Vec::new()
        }
    }
}
