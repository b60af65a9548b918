//! Pop-overs that ask for something: tags, a comment, a name, a path, what to copy.

use super::keys::Key;
use super::lists::{said, subject};
use super::model::{
    Asking, Change, Command, CopyTo, Menu, MenuChoice, Model, Notice, Overlay, Saved, Screen, Why, Written,
};
use super::screens::{ladder, requests};
use super::stacked;
use super::text::{cut, shown};
use super::undo::trail;
use super::update::{fail, refresh};
use super::way::open_row;
use super::widgets::field::Field;
use super::widgets::table::Arranged;
use crate::model::{Hash, Kind, Row};
use crate::work::WorkError;
use crate::work::notebook::{Deed, Entry, Notebook, Subject};
use crate::work::sheet::{Form, markdown_cell};
use ratatui::crossterm::event::KeyCode;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Asks for tags; a `-` before one takes it away.
pub fn tags(model: &mut Model) -> Vec<Command> {
    ask_about(model, Asking::Tags)
}

pub fn comment(model: &mut Model) -> Vec<Command> {
    ask_about(model, Asking::Comment)
}

fn ask_about(model: &mut Model, asking: fn(Subject) -> Asking) -> Vec<Command> {
    match subject(model) {
        Some(subject) => ask(model, asking(subject), ""),
        None => said(model, "there is nothing to take notes on here"),
    }
}

pub fn ask(model: &mut Model, asking: Asking, text: &str) -> Vec<Command> {
    model.overlay = Some(Overlay::Ask(asking, Field::with(text)));
    Vec::new()
}

/// Asks where to write what is shown.
pub fn path(model: &mut Model) -> Vec<Command> {
    let name = model.screen().title().to_lowercase();
    let is_requests = matches!(model.screen(), Screen::Requests(_));
    if !is_requests && super::lists::lines(model, model.screen()).is_none() {
        return said(model, "there is no table to write here");
    }
    let is_log =
        matches!(model.screen(), Screen::Notes(state) if state.tab == super::screens::notes::Tab::Log);
    match is_log {
        true => ask(model, Asking::Path(Saved::Log), "log.jsonl"),
        false => ask(model, Asking::Path(Saved::Table), &format!("{name}.csv")),
    }
}

/// Asks where the bundle of the request under the cursor should go; of one that is marked, the bundle of all marked ones.
pub fn bundle(model: &mut Model) -> Vec<Command> {
    let is_request = |subject: &Subject| subject.kind == Kind::Inference.name();
    let Some(chosen) = subject(model).filter(is_request) else {
        return said(model, "a bundle is made of a request: choose one first");
    };
    let marked = model.notebook.notes().filter(|(subject, notes)| notes.marked && is_request(subject));
    let marked: Vec<String> = marked.map(|(subject, _)| subject.id.clone()).collect();
    if marked.len() > 1 && marked.contains(&chosen.id) {
        let name = format!("{}-marked.bundle.zip", marked.len());
        return ask(model, Asking::Path(Saved::Bundle(marked)), &name);
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' };
    let name: String = chosen.id.chars().take(60).map(plain).collect();
    ask(model, Asking::Path(Saved::Bundle(vec![chosen.id])), &format!("{name}.bundle.zip"))
}

/// Asks where to write what would have to be given back.
pub fn refunds(model: &mut Model) -> Vec<Command> {
    if model.study.is_none() {
        return said(model, "open a case first");
    }
    ask(model, Asking::Path(Saved::Refunds), "refunds.csv")
}

/// The title of what is asked.
pub fn title(asking: &Asking) -> String {
    match asking {
        Asking::Tags(subject) => format!("tags for {} {} (-tag takes one away)", subject.kind, subject.id),
        Asking::Comment(subject) => format!("a comment on {} {}", subject.kind, subject.id),
        Asking::ViewName => "a name for these filters".to_owned(),
        Asking::Path(Saved::Refunds) => "write the refund list to a new file: .csv, .jsonl or .md".to_owned(),
        Asking::Path(Saved::Log) => "write the log to a new file".to_owned(),
        Asking::Path(Saved::Bundle(ids)) if ids.len() > 1 => {
            format!("put the {} marked requests and their proofs into a new file", ids.len())
        }
        Asking::Path(Saved::Bundle(_)) => "put this request and its proofs into a new file".to_owned(),
        Asking::Path(_) => "write to a new file: .csv, .jsonl or .md".to_owned(),
        Asking::Clause(_) => "this filter".to_owned(),
        Asking::Find => "find in this list; n and N go on".to_owned(),
    }
}

pub fn press_in_ask(model: &mut Model, key: Key) -> Vec<Command> {
    let Some(Overlay::Ask(_, field)) = &mut model.overlay else {
        return Vec::new();
    };
    if key.code != KeyCode::Enter {
        field.press(key);
        return Vec::new();
    }
    let Some(Overlay::Ask(asking, field)) = model.overlay.take() else {
        return Vec::new();
    };
    let text = field.text().trim().to_owned();
    match asking {
        _ if text.is_empty() => Vec::new(),
        Asking::Tags(subject) => {
            let entry = |word: &str| match word.strip_prefix('-') {
                Some(tag) => Entry::new(Deed::Untag, subject.clone(), tag),
                None => Entry::new(Deed::Tag, subject.clone(), word),
            };
            note(text.split_whitespace().map(entry).collect())
        }
        Asking::Comment(subject) => note(vec![Entry::new(Deed::Comment, subject, &text)]),
        Asking::ViewName => {
            let filter = model.filter.to_string();
            note(vec![Entry::new(Deed::View, Subject::new("view", &text), &filter)])
        }
        Asking::Path(saved) => write(model, saved, &PathBuf::from(text)),
        Asking::Clause(place) => stacked::replace(model, place, &text),
        Asking::Find => super::seeking::look_for(model, &text),
    }
}

fn note(entries: Vec<Entry>) -> Vec<Command> {
    vec![Command::Note { entries, why: Why::Note }]
}

fn write(model: &mut Model, saved: Saved, path: &Path) -> Vec<Command> {
    let what = match (saved, model.screen()) {
        (Saved::Log, _) => Written::Log,
        (Saved::Text(text), _) => Written::Text(text),
        (Saved::Bundle(ids), _) => Written::Bundle(ids),
        (Saved::Table, _) if Form::of(path).is_none() => {
            return said(model, "the name ends in .csv, .jsonl or .md: that says how it is written");
        }
        (Saved::Refunds, _) if Form::of(path).is_none() => {
            return said(model, "the name ends in .csv, .jsonl or .md: that says how it is written");
        }
        (Saved::Refunds, _) => Written::Refunds,
        (Saved::Table, Screen::Requests(state)) => match &state.selection {
            Some(selection) => Written::Requests(selection.rows.clone()),
            None => return Vec::new(),
        },
        (Saved::Table, screen) => match super::lists::lines(model, screen) {
            Some(lines) => {
                let order = super::lists::arrangement(model).and_then(Arranged::order);
                Written::Rows { lines, order }
            }
            None => return Vec::new(),
        },
    };
    vec![Command::Write { path: path.to_owned(), what }]
}

pub fn wrote(model: &mut Model, path: &Path, hash: Result<Hash, WorkError>) -> Vec<Command> {
    match hash {
        Ok(hash) => {
            let name = path.to_string_lossy();
            model.trail.push(Entry::new(Deed::Export, Subject::new("file", &name), &hash.to_string()));
            // The hash first: eighty columns hold it whole, and a long path does not push it out.
            let words = format!("SHA-256 {hash} of {}, written", shown(&name, &model.theme));
            said(model, &words)
        }
        Err(error) => fail(model, &error),
    }
}

/// Notes were read or written.
pub fn noted(
    model: &mut Model,
    answer: Result<(Arc<Notebook>, Vec<Row>), WorkError>,
    wrote: Option<u64>,
    why: Why,
) -> Vec<Command> {
    let (notebook, rows) = match answer {
        Ok(found) => found,
        // What was done is written down where that is possible; notes are asked for, and their loss is told.
        Err(_) if why == Why::Trail => return Vec::new(),
        Err(error) => return fail(model, &error),
    };
    if let (Some((_, what)), None) = (&notebook.broken, wrote) {
        model.notice = Some(Notice::Failed(format!("the log of this case was tampered with: {what}")));
    }
    if let (Some(first), Why::Note) = (wrote, why) {
        let lines = first..=notebook.lines.len() as u64;
        let ours =
            lines.filter(|n| notebook.lines.get(*n as usize - 1).is_some_and(|line| line.deed.is_note()));
        model.undo.extend(ours.map(Change::Note));
        model.redo.clear();
        let words = notebook.lines.last().map(|line| format!("{} noted; u takes it back", line.deed.name()));
        model.notice = words.map(Notice::Said);
    }
    let moved = rows.as_slice() != &*model.noted;
    super::ordering::hold(model);
    model.editions.notes += 1;
    model.notebook = notebook;
    model.noted = rows.into();
    super::memory::check_seen(model);
    let is_shown = moved && matches!(model.screen(), Screen::Requests(_));
    if is_shown || matches!(model.screen(), Screen::Notes(_)) { refresh(model) } else { Vec::new() }
}

/// The record of an id, opened.
pub fn resolved(model: &mut Model, id: &str, rows: &[Row]) -> Vec<Command> {
    match rows.first() {
        Some(row) => open_row(model, *row),
        None => {
            let words = format!("no record has the id {}", cut(&shown(id, &model.theme), 40, &model.theme));
            said(model, &words)
        }
    }
}

/// What can be copied from here; the next key chooses.
pub fn copy_menu(model: &mut Model) -> Vec<Command> {
    let mut choices = Vec::new();
    let mut add = |key: char, words: &'static str, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            choices.push(MenuChoice { key, words, text, to: CopyTo::Clipboard });
        }
    };
    add('i', "the id", subject(model).map(|subject| subject.id));
    if let Screen::Request(state) = model.screen() {
        let bytes = state.explanation.as_ref().map(|explanation| &explanation.bytes);
        add(
            'j',
            "the record as it was recorded (JSON)",
            bytes.map(|b| String::from_utf8_lossy(b).into_owned()),
        );
        add('p', "the command that checks this step", state.command());
        add(
            'm',
            "what it is, as Markdown",
            state.explanation.as_ref().map(|e| {
                format!(
                    "{} `{}`: {}\n",
                    e.kind.name(),
                    markdown_cell(&e.id),
                    markdown_cell(&e.words.join(" "))
                )
            }),
        );
    }
    add('v', "the proof path as Markdown", super::beside::path(model).map(ladder::as_markdown));
    if matches!(model.screen(), Screen::Requests(_)) {
        add('f', "the filter", Some(model.filter.to_string()));
    }
    let here = match model.screen() {
        Screen::Requests(state) => state.under_cursor().map(requests::sheet),
        _ => super::lists::line(model),
    };
    if let Some(one) = here.filter(|one| !one.rows.is_empty()) {
        let text = |form: Form| String::from_utf8_lossy(&one.bytes(form)).into_owned();
        add('j', "this row as JSON", Some(text(Form::JsonLines)));
        add('m', "this row as Markdown", Some(text(Form::Markdown)));
    }
    if choices.is_empty() {
        return said(model, "there is nothing to copy here");
    }
    let first = choices[0].clone();
    choices.push(MenuChoice {
        key: 'w',
        words: "write the first of these to a file",
        to: CopyTo::File,
        ..first
    });
    model.overlay = Some(Overlay::Menu(Menu { title: "copy", choices }));
    Vec::new()
}

pub fn press_in_menu(model: &mut Model, key: Key) -> Vec<Command> {
    let Some(Overlay::Menu(menu)) = model.overlay.take() else {
        return Vec::new();
    };
    // `yy` copies the first, as in vim.
    let typed = key.types().or((key.code == KeyCode::Enter).then_some('y'));
    let chosen = menu.choices.iter().find(|choice| Some(choice.key) == typed);
    let chosen = chosen.or(menu.choices.first().filter(|_| typed == Some('y')));
    let Some(choice) = chosen else {
        return said(model, "nothing was copied");
    };
    if choice.to == CopyTo::File {
        return ask(model, Asking::Path(Saved::Text(choice.text.clone())), "copied.txt");
    }
    let first = choice.text.lines().next().unwrap_or_default();
    let first = cut(&shown(first, &model.theme), 60, &model.theme);
    let words = format!("copied {first}, if this terminal takes OSC 52");
    let text = choice.text.clone();
    said(model, &words);
    vec![Command::Copy { text }]
}

/// The choice of version or window changed.
pub fn chose(model: &mut Model, before: crate::work::study::Choice) {
    let words = model.choice.to_string();
    trail(model, Deed::Choice, &words);
    model.undo.push(Change::Choice(before));
    model.redo.clear();
}
