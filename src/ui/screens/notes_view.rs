//! Notes on screen: the line of tabs with the state of the chain, the table of one, and its line in full.

use super::notes::{LOG, NOTES, State, TABS, Tab, VIEWS, all, note_at, subject, view_at};
use crate::model::Kind;
use crate::ui::beside;
use crate::ui::lists::row_under_cursor;
use crate::ui::model::Model;
use crate::ui::panes;
use crate::ui::text::{cut_middle, padded, spans};
use crate::ui::theme::Theme;
use crate::ui::widgets::table::{self, Shape};
use crate::ui::widgets::tabs;
use crate::work::filter::Filter;
use crate::work::findings::counted;
use crate::work::notebook::{Line as LogLine, Subject};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let mut line = vec![Span::raw(" ")];
    line.extend(tabs::titles(&TABS, state.tab, "", theme));
    line.push(Span::raw("   "));
    line.extend(chain(model));
    let line = crate::ui::text::fit(Line::from(line), usize::from(area.width) - 1, theme);
    frame.buffer_mut().set_line(area.x + 1, area.y, &line, area.width);
    let list = panes::of(model).list;
    let all = all(&model.notebook, state.tab);
    if all == 0 {
        let words = match state.tab {
            Tab::Notes => "no notes yet: on any screen m marks, t tags, c comments what is chosen",
            Tab::Log => "nothing was done yet that is worth a line",
            Tab::Views => "no saved views: F on Requests, then s, keeps the filters under a name",
        };
        let words = crate::ui::text::cut(words, usize::from(area.width.saturating_sub(3)), theme);
        frame.buffer_mut().set_span(list.x + 2, list.y, &Span::styled(words, theme.quiet()), area.width);
        return;
    }
    let shape = Shape::new(&state.scroll, state.arranged.len(all), &state.arranged);
    match state.tab {
        Tab::Notes => {
            table::draw(frame, list, &NOTES, shape, theme, |place| {
                note_at(&model.notebook, state.arranged.row(place))
            });
        }
        Tab::Log => table::draw(frame, list, &LOG, shape, theme, |place| {
            model.notebook.lines.get(state.arranged.row(place)).cloned()
        }),
        Tab::Views => {
            table::draw(frame, list, &VIEWS, shape, theme, |place| {
                view_at(&model.notebook, state.arranged.row(place))
            });
        }
    }
}

/// Whether the log's chain holds.
fn chain(model: &Model) -> Vec<Span<'static>> {
    let theme = &model.theme;
    let book = &model.notebook;
    let lines = counted(book.lines.len() as u64, "line");
    match &book.broken {
        Some((_, what)) => {
            let mut line =
                vec![Span::styled(format!("{} the log was tampered with: ", theme.glyphs.bad), theme.bad())];
            line.extend(spans(what, theme.bad(), theme));
            line
        }
        None if book.lines.is_empty() => vec![Span::styled("the log is empty", theme.quiet())],
        None => {
            let head = cut_middle(&book.head.to_string(), 17, theme);
            let words =
                format!("{} {lines}, the chain holds, head {}", theme.glyphs.ok, padded(&head, 17, theme));
            vec![Span::styled(words, theme.quiet())]
        }
    }
}

/// The id of the record that the line under the cursor is about.
pub fn record_of(model: &Model, state: &State) -> Option<String> {
    let subject = subject(model, state)?;
    Kind::ALL.iter().any(|kind| kind.name() == subject.kind).then_some(subject.id)
}

/// Lines of the log that are listed of one subject; how many there are more is said.
const LISTED: usize = 50;

/// The line under the cursor in full.
pub fn detail(model: &Model, state: &State) -> Vec<Line<'static>> {
    let (book, theme) = (&model.notebook, &model.theme);
    let Some(row) = row_under_cursor(model) else { return Vec::new() };
    match state.tab {
        Tab::Notes => note_at(book, row).map_or_else(Vec::new, |note| {
            let mut lines = vec![name(&note.subject, theme), Line::default()];
            let about = |line: &&LogLine| line.kind == note.subject.kind && line.id == note.subject.id;
            let told: Vec<&LogLine> = book.lines.iter().filter(about).collect();
            lines.extend(told.iter().rev().take(LISTED).map(|line| deed(line, theme)));
            if told.len() > LISTED {
                let words = format!("and {} before; the log has all", told.len() - LISTED);
                lines.push(Line::styled(words, theme.quiet()));
            }
            lines
        }),
        Tab::Log => book.lines.get(row).map_or_else(Vec::new, |line| in_full(line, theme)),
        Tab::Views => view_at(book, row).map_or_else(Vec::new, |(name, text)| {
            let mut lines = vec![Line::from(spans(&name, theme.strong(), theme)), Line::default()];
            match Filter::parse(&text, model.day()) {
                Ok(filter) => lines.extend(
                    filter
                        .clauses
                        .iter()
                        .map(|clause| Line::from(spans(&clause.to_string(), theme.accent(), theme))),
                ),
                Err(error) => lines.push(Line::from(spans(&error.to_string(), theme.bad(), theme))),
            }
            lines.extend([Line::default(), Line::styled("enter shows its requests", theme.quiet())]);
            lines
        }),
    }
}

/// The record it is about.
pub fn third(model: &Model, state: &State, width: usize) -> Vec<Line<'static>> {
    match (record_of(model, state), subject(model, state)) {
        (Some(_), _) => beside::record(model, width),
        (None, Some(subject)) => {
            vec![name(&subject, &model.theme), Line::styled("enter opens it", model.theme.quiet())]
        }
        (None, None) if detail(model, state).is_empty() => Vec::new(),
        (None, None) => vec![Line::styled("the case as a whole", model.theme.quiet())],
    }
}

fn name(subject: &Subject, theme: &Theme) -> Line<'static> {
    let mut line = spans(&subject.kind, theme.quiet(), theme);
    line.push(Span::raw(" "));
    line.extend(spans(&subject.id, theme.strong(), theme));
    Line::from(line)
}

/// What was done, when, and by whom.
fn deed(line: &LogLine, theme: &Theme) -> Line<'static> {
    let mut words = spans(line.at.get(..19).unwrap_or(&line.at), theme.quiet(), theme);
    words.push(Span::raw(" "));
    words.extend(spans(&line.by, theme.plain(), theme));
    words.push(Span::styled(format!(" {} ", line.deed.name()), theme.strong()));
    words.extend(spans(&line.text, theme.plain(), theme));
    Line::from(words)
}

/// One line of the log, with the hash that ties it to the one before.
fn in_full(line: &LogLine, theme: &Theme) -> Vec<Line<'static>> {
    let about = format!("{} {}", line.kind, line.id);
    let of = line.of.map_or_else(String::new, |of| format!("line {of}"));
    let (n, deed) = (line.n.to_string(), line.deed.name());
    let pairs = [
        ("line", n.as_str()),
        ("at", &line.at),
        ("by", &line.by),
        ("deed", deed),
        ("of", &of),
        ("about", about.trim()),
        ("text", &line.text),
        ("before it", &line.prev),
    ];
    let told = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    told.map(|(label, value)| {
        let mut words = vec![Span::styled(format!("{label:<11}"), theme.quiet())];
        words.extend(spans(value, theme.plain(), theme));
        Line::from(words)
    })
    .collect()
}
