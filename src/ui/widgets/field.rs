//! One text field: tui-input's editing with the keys people know from the shell.

use crate::ui::keys::Key;
use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;
use tui_input::{Input, InputRequest};
use unicode_width::UnicodeWidthStr;

/// Text being typed.
#[derive(Clone, Debug, Default)]
pub struct Field {
    input: Input,
}

impl Field {
    pub fn with(text: &str) -> Self {
        Self { input: Input::new(text.to_owned()) }
    }

    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// Edits; returns whether the key was one of a field's.
    pub fn press(&mut self, key: Key) -> bool {
        let control = key.modifiers == KeyModifiers::CONTROL;
        let request = match key.code {
            KeyCode::Char(c) if key.modifiers.is_empty() => InputRequest::InsertChar(c),
            KeyCode::Char('a') if control => InputRequest::GoToStart,
            KeyCode::Char('e') if control => InputRequest::GoToEnd,
            KeyCode::Char('u') if control => InputRequest::DeleteLine,
            KeyCode::Char('k') if control => InputRequest::DeleteTillEnd,
            KeyCode::Char('w') if control => InputRequest::DeletePrevWord,
            KeyCode::Backspace => InputRequest::DeletePrevChar,
            KeyCode::Delete => InputRequest::DeleteNextChar,
            KeyCode::Left if control => InputRequest::GoToPrevWord,
            KeyCode::Right if control => InputRequest::GoToNextWord,
            KeyCode::Left => InputRequest::GoToPrevChar,
            KeyCode::Right => InputRequest::GoToNextChar,
            KeyCode::Home => InputRequest::GoToStart,
            KeyCode::End => InputRequest::GoToEnd,
            _ => return false,
        };
        self.input.handle(request);
        true
    }

    /// The column of a character (from 0) in a field of this width, as it is scrolled.
    pub fn column_of(&self, at: usize, width: u16) -> u16 {
        let before: String = self.input.value().chars().take(at).collect();
        let skip = self.input.visual_scroll(usize::from(width.saturating_sub(1)));
        let column = crate::model::Untrusted(&before).visible().width().saturating_sub(skip);
        (column as u16).min(width.saturating_sub(1))
    }

    /// Draws the field after a label and puts the terminal's cursor into it.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, label: &str, style: Style) {
        if area.width == 0 || area.height == 0 {
            return;
        }
        let label_width = label.width().min(usize::from(area.width)) as u16;
        frame.buffer_mut().set_span(area.x, area.y, &Span::styled(label, style), area.width);
        let room = usize::from(area.width.saturating_sub(label_width + 1));
        let skip = self.input.visual_scroll(room);
        let shown: String = crate::model::Untrusted(self.input.value()).visible();
        let shown: String = shown.chars().skip(skip).collect();
        frame.buffer_mut().set_span(area.x + label_width, area.y, &Span::raw(shown), room as u16 + 1);
        let column = self.input.visual_cursor().saturating_sub(skip).min(room) as u16;
        frame.set_cursor_position(Position::new(area.x + label_width + column, area.y));
    }
}
