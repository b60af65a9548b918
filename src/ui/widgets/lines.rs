//! A list of lines with a cursor, some of which lead somewhere: overview, findings, evidence, links.

use super::scroll::{Scroll, draw_bar};
use crate::ui::text::fit;
use crate::ui::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Draws the lines on screen; the one under the cursor is marked where the pane has the focus.
pub fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    scroll: &Scroll,
    len: usize,
    focus: Focus,
    theme: &Theme,
    line: impl Fn(usize) -> Line<'static>,
) {
    let width = usize::from(area.width).saturating_sub(3);
    let mut settled = *scroll;
    settled.settle(len, usize::from(area.height));
    for (n, place) in settled.shown(len, usize::from(area.height)).enumerate() {
        let y = area.y + n as u16;
        let selected = focus == Focus::Here && place == settled.cursor;
        let marker = if selected { theme.glyphs.selected } else { " " };
        frame.buffer_mut().set_span(area.x, y, &Span::styled(marker, theme.accent()), 1);
        let line = fit(line(place), width, theme);
        frame.buffer_mut().set_line(area.x + 2, y, &line, width as u16);
        if selected {
            let row = Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 };
            frame.buffer_mut().set_style(row, theme.selected());
        }
    }
    draw_bar(frame, area, &settled, len, theme, &[]);
}

/// Whether keys go to this pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    Here,
    Elsewhere,
}
