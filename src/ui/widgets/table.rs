//! The one table: columns with widths and weights, virtual rows, a cursor that is shown in every theme.

use super::scroll::{Scroll, draw_bar};
use crate::ui::text::fit;
use crate::ui::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// A column. `need` decides what goes first on a narrow screen: 0 stays longest.
pub struct Column<R> {
    pub title: &'static str,
    /// Least width.
    pub width: u16,
    /// Share of what is left over; 0 keeps the least width.
    pub grow: u16,
    pub need: u8,
    pub align: Align,
    pub cell: fn(&R, &Theme) -> Line<'static>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// Chooses the columns that fit and gives each its width.
fn layout<R>(columns: &[Column<R>], width: u16) -> Vec<(&Column<R>, u16)> {
    let mut kept: Vec<&Column<R>> = columns.iter().collect();
    let least = |kept: &[&Column<R>]| kept.iter().map(|column| column.width + 1).sum::<u16>();
    while least(&kept) > width && kept.len() > 1 {
        let dispensable = kept.iter().enumerate().max_by_key(|(n, column)| (column.need, *n)).map(|(n, _)| n);
        kept.remove(dispensable.expect("more than one column is left"));
    }
    let spare = width.saturating_sub(least(&kept));
    let shares: u16 = kept.iter().map(|column| column.grow).sum::<u16>().max(1);
    kept.into_iter().map(|column| (column, column.width + spare * column.grow / shares)).collect()
}

/// Draws a head line and the rows on screen. `row(place)` is `None` while it is still being fetched.
pub fn draw<R>(
    frame: &mut Frame<'_>,
    area: Rect,
    columns: &[Column<R>],
    scroll: &Scroll,
    len: usize,
    theme: &Theme,
    row: impl Fn(usize) -> Option<R>,
) {
    if area.height < 2 || area.width < 4 {
        return;
    }
    let laid = layout(columns, area.width - 3);
    let mut x = area.x + 2;
    for (column, width) in &laid {
        put(frame, x, area.y, *width, column.align, Line::styled(column.title, theme.quiet()), theme);
        x += width + 1;
    }
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let mut settled = *scroll;
    settled.settle(len, usize::from(body.height));
    for (n, place) in settled.shown(len, usize::from(body.height)).enumerate() {
        let y = body.y + n as u16;
        match row(place) {
            Some(row) => {
                let mut x = area.x + 2;
                for (column, width) in &laid {
                    put(frame, x, y, *width, column.align, (column.cell)(&row, theme), theme);
                    x += width + 1;
                }
            }
            None => {
                frame.buffer_mut().set_span(
                    area.x + 2,
                    y,
                    &Span::styled(theme.glyphs.ellipsis, theme.quiet()),
                    3,
                );
            }
        }
        if place == settled.cursor {
            frame.buffer_mut().set_span(area.x, y, &Span::styled(theme.glyphs.selected, theme.accent()), 1);
            let line = Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 };
            frame.buffer_mut().set_style(line, theme.selected());
        }
    }
    draw_bar(frame, body, &settled, len, theme);
}

fn put(frame: &mut Frame<'_>, x: u16, y: u16, width: u16, align: Align, line: Line<'static>, theme: &Theme) {
    let line = fit(line, usize::from(width), theme);
    let shift = match align {
        Align::Left => 0,
        Align::Right => width.saturating_sub(line.width() as u16),
    };
    frame.buffer_mut().set_line(x + shift, y, &line, width);
}

/// Rows that fit into a table of this height.
pub const fn rows_in(height: u16) -> usize {
    height.saturating_sub(1) as usize
}
