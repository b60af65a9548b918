//! What lies over a screen and takes the keys: help, filter, find, palette, the choice of incidents.

use super::actions::{ACTIONS, Action, Entry, Place};
use super::asking;
use super::fuzzy;
use super::keys::Key;
use super::model::{Candidate, Choose, Command, Finder, Model, Notice, Overlay, Preview, Screen};
use super::screens::{requests, start};
use super::update::{act, open_row, place};
use super::view::help_lines;
use super::widgets::field::Field;
use super::widgets::scroll::{Scroll, Step};
use crate::journal::Names;
use crate::model::Row;
use crate::work::filter::{Clause, Field as FilterField, Filter, Op};
use crate::work::study::Choice;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};

/// Most matches listed; the list says so.
pub const LISTED: usize = 200;

pub fn press(model: &mut Model, key: Key) -> Vec<Command> {
    if key.code == KeyCode::Esc {
        model.overlay = None;
        return Vec::new();
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
        Some(Overlay::Filters(_)) => asking::press_in_filters(model, key, step),
        Some(Overlay::Ask(..)) => asking::press_in_ask(model, key),
        Some(Overlay::Menu(_)) => asking::press_in_menu(model, key),
        Some(Overlay::Report(_)) => super::report::press(model, key),
        Some(Overlay::Find(finder) | Overlay::Palette(finder)) => {
            if let Some(step) = step {
                finder.scroll.step(step, finder.best.len(), FINDER_HEIGHT);
                return Vec::new();
            }
            if key.code == KeyCode::Enter {
                return choose(model);
            }
            if finder.field.press(key) {
                narrow(finder);
                let text = finder.field.text().to_owned();
                return if text.is_empty() { Vec::new() } else { vec![Command::FindId { text }] };
            }
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// Lines of a finder's list on screen.
pub const FINDER_HEIGHT: usize = 12;

fn press_in_help(model: &mut Model, key: Key, step: Option<Step>) -> Vec<Command> {
    let (height, len) = (usize::from(model.size.1.saturating_sub(4)), help_lines(model).len());
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
        model.notice = Some(Notice::Said("these journals name no version to choose from".to_owned()));
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
    model.overlay = Some(Overlay::Filter { field: Field::with(&text), preview: Preview::Waiting });
    vec![Command::Preview { text }]
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
                super::narrow::show_requests(model, filter)
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
    match Filter::parse(&text, day) {
        Ok(_) => {
            *preview = Preview::Waiting;
            vec![Command::Preview { text }]
        }
        Err(error) => {
            *preview = Preview::Mistake { what: error.what, at: Some(error.at) };
            Vec::new()
        }
    }
}

pub fn previewed(model: &mut Model, text: &str, hits: Result<u64, String>) -> Vec<Command> {
    if let Some(Overlay::Filter { field, preview }) = &mut model.overlay
        && field.text() == text
    {
        *preview = match hits {
            Ok(hits) => Preview::Hits(hits),
            Err(what) => Preview::Mistake { what, at: None },
        };
    }
    Vec::new()
}

/// Names of agents, nodes and versions; an id is looked up as it is typed.
fn names(model: &Model, then: fn(Clause) -> Choose) -> Vec<Candidate> {
    let Some(study) = model.study.as_deref() else {
        return Vec::new();
    };
    let kinds = [
        (Names::Version, FilterField::Version, "version"),
        (Names::Node, FilterField::Node, "node"),
        (Names::Agent, FilterField::Agent, "agent"),
    ];
    let candidates = kinds.into_iter().flat_map(|(names, field, kind)| {
        study.snapshot.names(names).texts().iter().map(move |name| Candidate {
            kind,
            name: name.to_string(),
            keys: String::new(),
            choice: then(Clause::is(field, name)),
        })
    });
    candidates.collect()
}

pub fn open_find(model: &mut Model) -> Vec<Command> {
    // On the list of requests one is gone to; from elsewhere those that have the name are shown.
    let then = if matches!(model.screen(), Screen::Requests(_)) { Choose::Seek } else { Choose::Only };
    let mut finder = Finder { candidates: names(model, then), ..Finder::default() };
    narrow(&mut finder);
    model.overlay = Some(Overlay::Find(finder));
    Vec::new()
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
    let candidates = actions.chain(views).chain(names(model, Choose::Only)).collect();
    let mut finder = Finder { candidates, ..Finder::default() };
    narrow(&mut finder);
    model.overlay = Some(Overlay::Palette(finder));
    Vec::new()
}

fn narrow(finder: &mut Finder) {
    finder.candidates.truncate(finder.candidates.iter().position(Candidate::is_made).unwrap_or(usize::MAX));
    let names = finder.candidates.iter().map(|candidate| candidate.name.as_str());
    finder.best = match finder.field.text() {
        "" => (0..finder.candidates.len().min(LISTED)).collect(),
        pattern => fuzzy::best(pattern, names, LISTED),
    };
    finder.scroll = Scroll::default();
    // What no list holds may stand in the journals.
    let text = finder.field.text().trim().to_owned();
    if !text.is_empty() {
        for clause in [
            Clause::is(FilterField::Id, &text).with(Op::Has),
            Clause::is(FilterField::Text, &text).with(Op::Has),
        ] {
            finder.best.push(finder.candidates.len());
            let name = format!("requests with {clause}");
            let choice = Choose::Search(clause);
            finder.candidates.push(Candidate { kind: "filter", name, keys: String::new(), choice });
        }
    }
}

/// Records whose id is just what was typed go to the head of the list.
pub fn found(model: &mut Model, text: &str, rows: &[Row]) -> Vec<Command> {
    if let Some(Overlay::Find(finder) | Overlay::Palette(finder)) = &mut model.overlay
        && finder.field.text() == text
    {
        for row in rows {
            finder.best.insert(0, finder.candidates.len());
            finder.candidates.push(Candidate {
                kind: "record",
                name: text.to_owned(),
                keys: String::new(),
                choice: Choose::Row(*row),
            });
        }
    }
    Vec::new()
}

fn choose(model: &mut Model) -> Vec<Command> {
    let (Some(Overlay::Find(finder)) | Some(Overlay::Palette(finder))) = model.overlay.take() else {
        return Vec::new();
    };
    let chosen = finder.best.get(finder.scroll.cursor).map(|place| finder.candidates[*place].clone());
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
            requests::seek(model, 1)
        }
        None => {
            model.notice = Some(Notice::Said("nothing matches".to_owned()));
            Vec::new()
        }
    }
}
