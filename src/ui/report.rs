//! The report wizard: for whom, as what, where to; what it will say is shown below while that is chosen.
//!
//! ```text
//! ┌ write a report ────────────────────────────────────┐
//! │   for        ‹ technical ›                         │
//! │   as         ‹ html ›                              │
//! │   standing   ‹ draft ›                             │
//! │ ▌ to         report.html                           │
//! │ ── what it says ──────────────────────────────────  │
//! │ # Incident report: risk-scorer 2.4.1               │
//! ```

use super::keys::Key;
use super::model::{Command, Model, Notice, Overlay, Written};
use super::text::{fit, spans};
use super::widgets::field::Field;
use super::widgets::scroll::{Scroll, Step};
use crate::report::model::{Audience, Standing};
use crate::report::{Format, Made, Order};
use crate::work::study::{Choice, Study};
use crate::work::{Cancel, WorkError};
use ratatui::Frame;
use ratatui::crossterm::event::KeyCode;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use std::path::PathBuf;

/// What is being chosen.
#[derive(Debug)]
pub struct Wizard {
    asked: Asked,
    place: Place,
    path: Field,
    /// The report in Markdown, line by line; nothing while it is made.
    preview: Option<Result<Vec<String>, String>>,
    scroll: Scroll,
}

/// What a report is asked to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub audience: Audience,
    pub format: Format,
    pub standing: Standing,
    pub choice: Choice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Audience,
    Format,
    Standing,
    Path,
}

impl Place {
    const ALL: [Self; 4] = [Self::Audience, Self::Format, Self::Standing, Self::Path];

    const fn title(self) -> &'static str {
        match self {
            Self::Audience => "for",
            Self::Format => "as",
            Self::Standing => "standing",
            Self::Path => "to",
        }
    }
}

impl Asked {
    fn order(&self) -> Order {
        let statement = crate::report::model::Statement {
            audience: self.audience,
            standing: self.standing,
            ..Default::default()
        };
        Order { statement, choice: self.choice.clone(), ..Order::default() }
    }

    /// Makes the report of a study.
    pub fn made<'s>(&self, study: &'s Study, cancel: &Cancel) -> Result<Made<'s>, WorkError> {
        Made::of(study, &self.order(), cancel)
    }
}

/// Opens the wizard, as far as there is a case to report on.
pub fn open(model: &mut Model) -> Vec<Command> {
    if !model.study.as_deref().is_some_and(|study| study.snapshot.is_sealed()) {
        return super::lists::said(model, "there is no case to report on yet");
    }
    let asked = Asked {
        audience: Audience::Technical,
        format: Format::Html,
        standing: Standing::Draft,
        choice: model.choice.clone(),
    };
    let wizard = Wizard {
        path: Field::with(asked.format.file_name()),
        place: Place::Audience,
        preview: None,
        scroll: Scroll::default(),
        asked: asked.clone(),
    };
    model.overlay = Some(Overlay::Report(Box::new(wizard)));
    vec![Command::Report(asked)]
}

pub fn press(model: &mut Model, key: Key) -> Vec<Command> {
    let page = usize::from(model.size.1 / 2).max(1);
    let Some(Overlay::Report(wizard)) = &mut model.overlay else {
        return Vec::new();
    };
    let at = Place::ALL.iter().position(|place| *place == wizard.place).unwrap_or(0);
    let turn = match key.code {
        KeyCode::Down | KeyCode::Tab => {
            wizard.place = Place::ALL[(at + 1) % Place::ALL.len()];
            return Vec::new();
        }
        KeyCode::Up | KeyCode::BackTab => {
            wizard.place = Place::ALL[(at + Place::ALL.len() - 1) % Place::ALL.len()];
            return Vec::new();
        }
        KeyCode::PageDown | KeyCode::PageUp => {
            let page = isize::try_from(page).unwrap_or(10);
            let by = if key.code == KeyCode::PageDown { page } else { -page };
            let len = wizard.lines().len();
            wizard.scroll.step(Step::By(by), len, 1);
            return Vec::new();
        }
        KeyCode::Enter => return write(model),
        _ if wizard.place == Place::Path => {
            wizard.path.press(key);
            return Vec::new();
        }
        KeyCode::Right | KeyCode::Char(' ' | 'l') => 1,
        KeyCode::Left | KeyCode::Char('h') => -1,
        _ => return Vec::new(),
    };
    wizard.turn(turn)
}

fn write(model: &mut Model) -> Vec<Command> {
    let Some(Overlay::Report(wizard)) = &model.overlay else {
        return Vec::new();
    };
    let (path, asked) = (PathBuf::from(wizard.path.text().trim()), wizard.asked.clone());
    if path.as_os_str().is_empty() {
        return super::lists::said(model, "say where to write it");
    }
    model.overlay = None;
    model.notice = Some(Notice::Said("writing the report…".to_owned()));
    vec![Command::Write { path, what: Written::Report(asked) }]
}

/// What it would say has arrived.
pub fn shown(model: &mut Model, asked: &Asked, text: Result<String, WorkError>) -> Vec<Command> {
    if let Some(Overlay::Report(wizard)) = &mut model.overlay
        && wizard.asked.audience == asked.audience
        && wizard.asked.standing == asked.standing
    {
        let lines = text.map(|text| text.lines().map(str::to_owned).collect());
        wizard.preview = Some(lines.map_err(|error| error.to_string()));
    }
    Vec::new()
}

impl Wizard {
    fn lines(&self) -> &[String] {
        match &self.preview {
            Some(Ok(lines)) => lines,
            _ => &[],
        }
    }

    /// Goes to the next or previous value of the line under the cursor.
    fn turn(&mut self, by: isize) -> Vec<Command> {
        let next = |place: usize, len: usize| (place + len).saturating_add_signed(by) % len;
        match self.place {
            Place::Format => {
                let at = Format::ALL.iter().position(|format| *format == self.asked.format).unwrap_or(0);
                let format = Format::ALL[next(at, Format::ALL.len())];
                // A path the person wrote stays theirs.
                if self.path.text() == self.asked.format.file_name() {
                    self.path = Field::with(format.file_name());
                }
                self.asked.format = format;
                return Vec::new();
            }
            Place::Audience => {
                let at = Audience::ALL.iter().position(|known| *known == self.asked.audience).unwrap_or(0);
                self.asked.audience = Audience::ALL[next(at, Audience::ALL.len())];
            }
            Place::Standing => {
                let draft = self.asked.standing == Standing::Draft;
                self.asked.standing = if draft { Standing::Final } else { Standing::Draft };
            }
            Place::Path => return Vec::new(),
        }
        self.preview = None;
        self.scroll = Scroll::default();
        vec![Command::Report(self.asked.clone())]
    }

    fn value(&self, place: Place) -> &'static str {
        match place {
            Place::Audience => self.asked.audience.name(),
            Place::Format => self.asked.format.name(),
            Place::Standing => self.asked.standing.name(),
            Place::Path => "",
        }
    }
}

/// Width of the titles before the values.
const TITLES: u16 = 12;

pub fn draw(model: &Model, wizard: &Wizard, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    for (n, place) in Place::ALL.into_iter().enumerate().take(usize::from(area.height)) {
        let y = area.y + n as u16;
        let here = place == wizard.place;
        let marker = if here { theme.glyphs.selected } else { " " };
        let title = Line::from(vec![
            Span::styled(format!("{marker} "), theme.accent()),
            Span::styled(place.title(), theme.quiet()),
        ]);
        frame.buffer_mut().set_line(area.x, y, &title, TITLES);
        let rest = Rect { x: area.x + TITLES, y, width: area.width.saturating_sub(TITLES), height: 1 };
        if place == Place::Path && here {
            wizard.path.draw(frame, rest, "", theme.quiet());
        } else if place == Place::Path {
            let line = fit(
                Line::from(spans(wizard.path.text(), theme.plain(), theme)),
                usize::from(rest.width),
                theme,
            );
            frame.buffer_mut().set_line(rest.x, y, &line, rest.width);
        } else {
            let style = if here { theme.selected() } else { theme.plain() };
            let value = Span::styled(format!("< {} >", wizard.value(place)), style);
            frame.buffer_mut().set_span(rest.x, y, &value, rest.width);
        }
    }
    let below = area.y + Place::ALL.len() as u16;
    let text = Rect { y: below + 1, height: area.bottom().saturating_sub(below + 1), ..area };
    let said = |frame: &mut Frame<'_>, words: &str, style| {
        frame.buffer_mut().set_span(text.x, text.y, &Span::styled(words.to_owned(), style), text.width);
    };
    match &wizard.preview {
        None => said(frame, "making it…", theme.quiet()),
        Some(Err(why)) => said(frame, &super::text::shown(why, theme), theme.bad()),
        Some(Ok(lines)) => {
            let from = wizard.scroll.cursor.min(lines.len());
            let shown = lines[from..].iter().take(usize::from(text.height)).map(|line| {
                let style = if line.starts_with('#') { theme.strong() } else { theme.plain() };
                Line::from(spans(line, style, theme))
            });
            frame.render_widget(Paragraph::new(shown.collect::<Vec<_>>()).wrap(Wrap { trim: false }), text);
        }
    }
}
