//! One text field: tui-input's editing with the keys people know from the shell.

use crate::model::Untrusted;
use crate::ui::keys::Key;
use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;
use tui_input::{Input, InputRequest};
use unicode_segmentation::UnicodeSegmentation;
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
        let room = usize::from(width.saturating_sub(1));
        let column = visible(self.input.value(), at).width().saturating_sub(self.shown(room).skipped);
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
        let shown = self.shown(room);
        let left = area.x + label_width;
        frame.buffer_mut().set_span(left, area.y, &Span::raw(shown.text), room as u16 + 1);
        frame.set_cursor_position(Position::new(left + shown.cursor.min(room) as u16, area.y));
    }

    /// What of the text is shown where there is room for so many columns and the cursor.
    fn shown(&self, room: usize) -> Shown {
        let all = visible(self.input.value(), usize::MAX);
        let cursor = visible(self.input.value(), self.input.cursor()).width();
        let (mut skipped, mut from) = (0, 0);
        for grapheme in all.graphemes(true) {
            if cursor.saturating_sub(skipped) <= room {
                break;
            }
            skipped += grapheme.width();
            from += grapheme.len();
        }
        Shown { text: all[from..].to_owned(), cursor: cursor.saturating_sub(skipped), skipped }
    }
}

/// The part of a text that a field has room for.
struct Shown {
    text: String,
    /// Columns before the cursor.
    cursor: usize,
    /// Columns that are scrolled out at the left.
    skipped: usize,
}

/// The first characters of a text as they are shown: what would move the terminal stands as a token, which is wider.
fn visible(text: &str, characters: usize) -> String {
    let head = text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end]);
    Untrusted(head).visible()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stands_behind_what_was_typed_however_wide_that_is() {
        for (text, room, shown, cursor) in [
            ("abc", 10, "abc", 3),
            ("abcdefgh", 4, "efgh", 4),
            ("漢字漢字漢字", 8, "漢字漢字", 8),
            ("漢字漢字漢字", 7, "字漢字", 6),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}e\u{301}", 2),
            ("ab\u{202e}cd", 20, "ab⟦U+202E⟧cd", 12),
            ("ab\u{202e}cd", 4, "E⟧cd", 4),
        ] {
            let field = Field::with(text);
            let told = field.shown(room);
            assert_eq!((told.text.as_str(), told.cursor), (shown, cursor), "{text:?} in {room}");
        }
    }

    #[test]
    fn a_mistake_is_pointed_at_where_its_character_is_shown() {
        let field = Field::with("漢字 node>x");
        assert_eq!(field.column_of(3, 40), 5);
        assert_eq!(Field::with("\u{1b}a>b").column_of(2, 40), 2);
    }
}
