//! Draws the model. Changes nothing.

use super::actions::{ACTIONS, Place};
use super::beside;
use super::frame::{self, SMALLEST};
use super::model::{Finder, Menu, Model, Narrowing, Overlay, Pace, Preview, Screen};
use super::overlays::{FINDER_HEIGHT, LISTED, choices};
use super::screens::{
    agents_view, compare, console, findings, notes_view, overview, proofs, request_view, requests_view,
    settlements_view, stack, start, timeline_view,
};
use super::stacked::{self, Stack};
use super::text::{padded, spans};
use super::theme::Theme;
use super::widgets::field::Field;
use super::widgets::lines::{self, Focus};
use super::widgets::scroll::Scroll;
use crate::work::findings::{counted, grouped};
use ratatui::Frame;
use ratatui::buffer::Cell;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear};
use unicode_width::UnicodeWidthStr;

pub fn view(model: &Model, frame: &mut Frame<'_>) {
    draw(model, frame);
    if model.theme.is_ascii() {
        frame.buffer_mut().content.iter_mut().filter(|cell| !cell.symbol().is_ascii()).for_each(to_ascii);
    }
}

/// What a terminal of ASCII can show of a cell. Recorded text keeps its bytes; only its looks are poorer.
fn to_ascii(cell: &mut Cell) {
    let shown = match cell.symbol() {
        "…" => "~",
        "—" | "−" => "-",
        "·" => ".",
        "→" => ">",
        "×" => "x",
        "⟦" => "[",
        "⟧" => "]",
        _ => "?",
    };
    cell.set_symbol(shown);
}

fn draw(model: &Model, frame: &mut Frame<'_>) {
    let (width, height) = model.size;
    if width < SMALLEST.0 || height < SMALLEST.1 {
        let words = format!("{width}x{height} is too small; q quits");
        frame.buffer_mut().set_span(0, 0, &Span::raw(words), width);
        return;
    }
    frame::draw(model, frame);
    let body = frame::areas(model.size).body;
    match model.screen() {
        _ if super::reading::instead(model).is_some() => {
            let words = Line::styled(super::reading::instead(model).unwrap_or_default(), model.theme.quiet());
            let words = super::text::fit(words, usize::from(width).saturating_sub(3), &model.theme);
            frame.buffer_mut().set_line(body.x + 2, body.y + 1, &words, width);
        }
        Screen::Start(state) => start::draw(model, state, frame, body),
        Screen::Overview(state) => overview::draw(model, state, frame, body),
        Screen::Timeline(state) => timeline_view::draw(model, state, frame, body),
        Screen::Requests(state) => requests_view::draw(model, state, frame, body),
        Screen::Request(state) => request_view::draw(model, state, frame, body),
        Screen::Proofs(state) => proofs::draw(model, state, frame, body),
        Screen::Agents(state) => agents_view::draw(model, state, frame, body),
        Screen::Settlements(state) => settlements_view::draw(model, state, frame, body),
        Screen::Findings(state) => findings::draw(model, state, frame, body),
        Screen::Notes(state) => notes_view::draw(model, state, frame, body),
        Screen::Stack(state) => stack::draw(model, state, frame, body),
        Screen::Compare(state) => compare::draw(model, state, frame, body),
        Screen::Console(state) => console::draw(model, state, frame, body),
    }
    beside::draw(model, frame);
    match &model.overlay {
        Some(Overlay::Help(scroll)) => help(model, scroll, frame),
        Some(Overlay::Filter { field, preview }) => filter(model, field, preview, frame),
        Some(Overlay::Narrow(narrowing)) => narrow(model, narrowing, frame),
        Some(Overlay::Find(finder)) => find(model, finder, "find an id, agent, node or version", frame),
        Some(Overlay::Palette(finder)) => find(model, finder, "do, or go to", frame),
        Some(Overlay::Incidents(scroll)) => incidents(model, scroll, frame),
        Some(Overlay::OpenPath(field)) => {
            let inner = window(model, frame, "open a journal, a directory or a case");
            field.draw(frame, inner, "path: ", model.theme.quiet());
        }
        Some(Overlay::Filters(scroll)) => filters(model, scroll, frame),
        Some(Overlay::Ask(asking, field)) => {
            let title = super::text::shown(&super::asking::title(asking), &model.theme);
            let inner = window(model, frame, &super::text::cut(&title, 66, &model.theme));
            field.draw(frame, inner, "", model.theme.quiet());
        }
        Some(Overlay::Menu(menu)) => menu_of(model, menu, frame),
        Some(Overlay::Report(wizard)) => {
            let inner = window(model, frame, "write a report");
            super::report::draw(model, wizard, frame, inner);
        }
        None => {}
    }
}

/// The filters in force, one a line.
fn filters(model: &Model, scroll: &Scroll, frame: &mut Frame<'_>) {
    let theme = &model.theme;
    let inner = window(model, frame, "filters in force");
    let stack = Stack::of(model);
    let hints = match stack {
        Stack::Requests(_) => {
            "a add  space pause  enter edit  ! negate  d delete  J K move  s save as a view"
        }
        Stack::List(_) => "a add  space pause  enter edit  ! negate  d delete  J K move",
    };
    let clauses = stack.told();
    let hints =
        super::text::wrap(Line::styled(hints, theme.quiet()), usize::from(inner.width.saturating_sub(1)), 0);
    let list = Rect { height: inner.height.saturating_sub(hints.len() as u16 + 1), ..inner };
    if clauses.is_empty() {
        let words = "no filter is in force: all rows are shown";
        frame.buffer_mut().set_span(inner.x + 1, inner.y, &Span::styled(words, theme.quiet()), inner.width);
    }
    lines::draw(frame, list, scroll, clauses.len(), Focus::Here, theme, |n| {
        let (text, paused) = &clauses[n];
        let (glyph, style) = match paused {
            true => (theme.glyphs.missing, theme.quiet()),
            false => (theme.glyphs.ok, theme.accent()),
        };
        let mut line = vec![Span::styled(format!("{glyph} "), style)];
        line.extend(spans(text, style, theme));
        if *paused {
            line.push(Span::styled("  paused", theme.quiet()));
        }
        Line::from(line)
    });
    for (n, line) in hints.iter().rev().enumerate() {
        let y = inner.bottom().saturating_sub(n as u16 + 1);
        frame.buffer_mut().set_line(inner.x + 1, y, line, inner.width.saturating_sub(1));
    }
}

/// What the next key may be.
fn menu_of(model: &Model, menu: &Menu, frame: &mut Frame<'_>) {
    let theme = &model.theme;
    let inner = window(model, frame, menu.title);
    for (n, choice) in menu.choices.iter().enumerate().take(usize::from(inner.height)) {
        let line = Line::from(vec![
            Span::styled(format!(" {} ", choice.key), theme.accent()),
            Span::raw(choice.words),
        ]);
        let line = super::text::fit(line, usize::from(inner.width), theme);
        frame.buffer_mut().set_line(inner.x, inner.y + n as u16, &line, inner.width);
    }
}

/// Lines of the head, and of the foot, that no window covers.
const ABOVE: u16 = 2;
const BELOW: u16 = 2;

/// Lines that the highest window has inside.
pub fn most_lines(model: &Model) -> usize {
    usize::from(model.size.1.saturating_sub(ABOVE + BELOW + 2))
}

/// How wide and high a window would like to be.
fn wish(overlay: &Overlay) -> (u16, u16) {
    match overlay {
        Overlay::Help(_) => (HELP_WIDTH, u16::MAX),
        Overlay::Filter { .. } | Overlay::Narrow(_) => (100, 6),
        Overlay::Find(_) | Overlay::Palette(_) => (80, FINDER_HEIGHT as u16 + 4),
        Overlay::Incidents(_) => (90, FINDER_HEIGHT as u16 + 3),
        Overlay::OpenPath(_) => (70, 3),
        Overlay::Filters(_) => (78, stacked::HEIGHT as u16 + 4),
        Overlay::Ask(..) => (72, 3),
        Overlay::Menu(menu) => (60, menu.choices.len() as u16 + 2),
        Overlay::Report(_) => (110, u16::MAX),
    }
}

/// Where a window lies: in the middle, with the incident's window and how much is known in sight above it, filters and
/// what is shown below it.
pub fn area_of(model: &Model, overlay: &Overlay) -> Rect {
    let room = model.size.1.saturating_sub(ABOVE + BELOW);
    let (width, height) = wish(overlay);
    let (width, height) = (width.min(model.size.0), height.min(room));
    Rect { x: (model.size.0 - width) / 2, y: ABOVE + (room - height) / 3, width, height }
}

/// What is inside a window's frame.
pub fn inside(area: Rect) -> Rect {
    Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

/// Where the names that were found are listed, below what is typed.
pub fn found_in(inner: Rect) -> Rect {
    Rect { y: inner.y + 1, height: inner.height.saturating_sub(2), ..inner }
}

/// Draws the frame of the window that is open; returns what is inside.
fn window(model: &Model, frame: &mut Frame<'_>, title: &str) -> Rect {
    let Some(overlay) = &model.overlay else { return Rect::ZERO };
    let area = area_of(model, overlay);
    clear(frame, area);
    frame.render_widget(bordered(&model.theme).title(format!(" {title} ")), area);
    inside(area)
}

/// Makes room for what lies over something.
pub fn clear(frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Clear, area);
    // Half of a wide character would stand under the border, and the terminal would show that instead.
    for y in (area.top()..area.bottom()).filter(|_| area.x > 0) {
        let cell = &mut frame.buffer_mut()[(area.x - 1, y)];
        if cell.symbol().width() > 1 {
            cell.set_symbol(" ");
        }
    }
}

/// The frame of what lies over something.
pub fn bordered(theme: &Theme) -> Block<'static> {
    let mut block = Block::bordered().border_style(theme.accent());
    if theme.is_ascii() {
        block = block.border_set(ratatui::symbols::border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        });
    }
    block
}

/// The help, made from the list of actions: what works where it is asked for stands first.
pub fn help_lines(model: &Model) -> Vec<HelpLine> {
    let mut places = vec![super::acts::place(model), Place::Lists, Place::Everywhere];
    places.extend(Place::ALL);
    let mut lines = Vec::new();
    for (n, place) in places.iter().enumerate().filter(|(n, place)| !places[..*n].contains(place)) {
        if n > 0 {
            lines.push(HelpLine::Blank);
        }
        lines.push(HelpLine::Title(place.title()));
        for entry in ACTIONS.iter().filter(|entry| entry.place == *place) {
            let room = usize::from(model.size.0.min(HELP_WIDTH)).saturating_sub(KEYS_WIDTH + 6).max(20);
            let words = super::text::wrap(Line::raw(entry.help), room, 0);
            let words = words.into_iter().map(|line| line.to_string());
            let keys = std::iter::once(model.keymap.written(entry)).chain(std::iter::repeat(String::new()));
            lines.extend(keys.zip(words).map(|(keys, words)| HelpLine::Key(keys, words)));
        }
    }
    lines
}

const HELP_WIDTH: u16 = 100;
const KEYS_WIDTH: usize = 18;

pub enum HelpLine {
    Title(&'static str),
    /// Keys, and what they do or a further line of it.
    Key(String, String),
    Blank,
}

fn help(model: &Model, scroll: &Scroll, frame: &mut Frame<'_>) {
    let theme = &model.theme;
    let lines = help_lines(model);
    let title = "keys (j k scroll, any other key closes)";
    let inner = window(model, frame, title);
    lines::draw(frame, inner, scroll, lines.len(), Focus::Elsewhere, theme, |n| match &lines[n] {
        HelpLine::Blank => Line::default(),
        HelpLine::Title(title) => Line::styled(*title, theme.strong()),
        HelpLine::Key(keys, words) => Line::from(vec![
            Span::styled(padded(keys, KEYS_WIDTH, theme), theme.accent()),
            Span::raw(words.clone()),
        ]),
    });
}

fn filter(model: &Model, field: &Field, preview: &Preview, frame: &mut Frame<'_>) {
    let example = "version=2.4.1  agent~treasury  at>=09:12  tokens>500  -node=gw-eu-1  pointer=any  \"text in the record\"";
    let left = match preview {
        Preview::Hits(hits) => counted(*hits, "request"),
        _ => String::new(),
    };
    conditions(model, field, preview, (example, &left), frame);
}

/// The same for the rows of a list, with the names of its columns.
fn narrow(model: &Model, narrowing: &Narrowing, frame: &mut Frame<'_>) {
    let titles = narrowing.lines.titles();
    let titles = titles.iter().filter(|title| !title.is_empty());
    let titles: Vec<String> =
        titles.map(|title| super::text::shown(&title.replace(' ', "-"), &model.theme)).collect();
    let example = format!("words, -word, or a column with = != ~ < <= > >= : {}", titles.join(" "));
    let left = match &narrowing.preview {
        Preview::Hits(hits) => {
            format!("{} of {}", grouped(*hits), counted(narrowing.lines.rows() as u64, "row"))
        }
        _ => String::new(),
    };
    conditions(model, &narrowing.field, &narrowing.preview, (&example, &left), frame);
}

fn conditions(
    model: &Model,
    field: &Field,
    preview: &Preview,
    (example, left): (&str, &str),
    frame: &mut Frame<'_>,
) {
    let theme = &model.theme;
    let inner = window(model, frame, "filter");
    field.draw(frame, Rect { height: 1, ..inner }, "", theme.quiet());
    let line = match preview {
        Preview::Waiting(Pace::AtOnce) => Line::styled("counting…", theme.quiet()),
        Preview::Waiting(Pace::Rested) => Line::styled(
            "reads the journals: counted when you pause; enter shows hits as they come",
            theme.quiet(),
        ),
        Preview::Hits(0) => Line::styled("nothing would be left", theme.warn()),
        Preview::Hits(_) => Line::styled(format!("{left} would be left; enter applies"), theme.good()),
        Preview::Mistake { what, at } => {
            if let Some(at) = at {
                let column = field.column_of(*at, inner.width);
                frame.buffer_mut().set_span(
                    inner.x + column,
                    inner.y + 1,
                    &Span::styled("^", theme.bad()),
                    1,
                );
            }
            Line::from(spans(what, theme.warn(), theme))
        }
    };
    let line = super::text::fit(line, usize::from(inner.width), theme);
    frame.buffer_mut().set_line(inner.x, inner.y + 2, &line, inner.width);
    let example = super::text::cut(example, usize::from(inner.width), theme);
    frame.buffer_mut().set_span(inner.x, inner.y + 3, &Span::styled(example, theme.quiet()), inner.width);
}

fn find(model: &Model, finder: &Finder, title: &str, frame: &mut Frame<'_>) {
    let theme = &model.theme;
    let inner = window(model, frame, title);
    finder.field.draw(frame, Rect { height: 1, ..inner }, "> ", theme.quiet());
    let list = found_in(inner);
    lines::draw(frame, list, &finder.scroll, finder.listed.len(), Focus::Here, theme, |n| {
        let candidate = &finder.listed[n];
        let mut line = vec![Span::styled(format!("{:<8} ", candidate.kind), theme.quiet())];
        line.extend(spans(&candidate.name, theme.plain(), theme));
        let keys = candidate.keys.width();
        let room = usize::from(list.width).saturating_sub(keys + 5);
        let mut line = super::text::fit(Line::from(line), room, theme);
        line.spans.push(Span::raw(" ".repeat(room.saturating_sub(line.width()) + 1)));
        line.spans.push(Span::styled(candidate.keys.clone(), theme.accent()));
        line
    });
    let listed = finder.listed.iter().filter(|candidate| !candidate.is_made()).count() as u64;
    let words = match finder.all {
        None => "matching names…".to_owned(),
        Some(all) if listed as usize == LISTED => {
            format!("the best {LISTED} of {}; type on", counted(all, "name"))
        }
        Some(all) => format!("{listed} of {}", counted(all, "name")),
    };
    let foot = inner.bottom().saturating_sub(1);
    frame.buffer_mut().set_span(inner.x, foot, &Span::styled(words, theme.quiet()), inner.width);
}

fn incidents(model: &Model, scroll: &Scroll, frame: &mut Frame<'_>) {
    let theme = &model.theme;
    let choices = choices(model);
    let inner = window(model, frame, "which version is under suspicion? (enter chooses)");
    lines::draw(frame, inner, scroll, choices.len(), Focus::Here, theme, |n| {
        let (name, version, what) = &choices[n];
        // However long a name is, the one after it is seen.
        let third = usize::from(inner.width) / 3;
        let name = super::text::cut_middle(&super::text::shown(name, theme), third, theme);
        let version = super::text::cut_middle(&super::text::shown(version, theme), third, theme);
        let mut line = vec![Span::styled(name, theme.strong()), Span::raw(" ")];
        line.push(Span::styled(version, theme.bad()));
        line.push(Span::raw("  "));
        line.extend(spans(what, theme.quiet(), theme));
        Line::from(line)
    });
}
