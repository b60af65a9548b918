//! Start: open a path, a recent case, or the demo incident.

use crate::ui::actions::Action;
use crate::ui::keys::Key;
use crate::ui::model::{Command, Model, Overlay, Screen};
use crate::ui::text::{fit, spans};
use crate::ui::widgets::field::Field;
use crate::ui::widgets::lines::{self, Focus};
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::work::open::Recent;
use ratatui::Frame;
use ratatui::crossterm::event::KeyCode;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::path::PathBuf;

#[derive(Debug, Default)]
pub struct State {
    pub scroll: Scroll,
    pub recent: Vec<Recent>,
    /// Something was given to open: the list is not shown while it opens.
    pub opening: bool,
}

const FIXED: [&str; 2] = ["Open a journal, a directory or a case…", "Demo: a made-up incident (d)"];

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    if let Some(Screen::Start(state)) = model.screens.last_mut() {
        let len = FIXED.len() + state.recent.len();
        state.scroll.step(step, len, 20);
    }
    Vec::new()
}

pub fn act(model: &mut Model, action: Action) -> Vec<Command> {
    let (Action::Open, Screen::Start(state)) = (action, model.screen()) else {
        return Vec::new();
    };
    match state.scroll.cursor {
        0 => {
            model.overlay = Some(Overlay::OpenPath(Field::default()));
            Vec::new()
        }
        1 => vec![Command::Demo],
        n => match state.recent.get(n - FIXED.len()) {
            Some(recent) => vec![Command::Open { paths: vec![recent.path.clone()], case: None }],
            None => Vec::new(),
        },
    }
}

pub fn press_in_field(model: &mut Model, key: Key) -> Vec<Command> {
    let Some(Overlay::OpenPath(field)) = &mut model.overlay else {
        return Vec::new();
    };
    if key.code == KeyCode::Enter && !field.text().is_empty() {
        let path = PathBuf::from(field.text());
        model.overlay = None;
        return vec![Command::Open { paths: vec![path], case: None }];
    }
    field.press(key);
    Vec::new()
}

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let head = [
        Line::styled("Backtrail", theme.strong()),
        Line::styled(
            "Going back is easy. Leaving a trail clear enough to trust is the difficult part.",
            theme.quiet(),
        ),
    ];
    for (n, line) in head.iter().enumerate() {
        let room = area.width.saturating_sub(4);
        let line = fit(line.clone(), usize::from(room), theme);
        frame.buffer_mut().set_line(area.x + 3, area.y + 1 + n as u16, &line, room);
    }
    let body = Rect { y: area.y + 4, height: area.height.saturating_sub(4), ..area };
    if state.opening && model.notice.is_none() {
        frame.buffer_mut().set_span(body.x + 3, body.y, &Span::raw("opening…"), body.width);
        return;
    }
    lines::draw(frame, body, &state.scroll, FIXED.len() + state.recent.len(), Focus::Here, theme, |n| {
        match FIXED.get(n) {
            Some(words) => Line::styled(*words, theme.plain()),
            None => {
                let recent = &state.recent[n - FIXED.len()];
                let mut line = spans(&recent.name, theme.accent(), theme);
                line.push(Span::styled(format!("  {}", recent.modified.short(model.zone)), theme.quiet()));
                Line::from(line)
            }
        }
    });
}
