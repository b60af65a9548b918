//! The one table: columns with widths and weights, virtual rows, a cursor that is shown in every theme.

pub use super::arranged::Arranged;
use super::scroll::{Scroll, Tick, draw_bar};
use crate::ui::text::fit;
use crate::ui::theme::Theme;
use crate::work::lines::Value;
use crate::work::stack::Order;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
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
    /// What the cell is, where that is more than its text.
    pub value: Option<fn(&R) -> Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// A column's title and room, without what stands in it.
#[derive(Clone, Debug)]
pub struct Head {
    pub title: String,
    pub width: u16,
    pub grow: u16,
    pub need: u8,
    pub align: Align,
}

/// What a table shows besides its cells.
#[derive(Clone, Copy)]
pub struct Shape<'s> {
    pub scroll: &'s Scroll,
    pub len: usize,
    pub arranged: Option<&'s Arranged>,
    pub ticks: &'s [Tick],
    /// Whether there are notes on the row at a place.
    pub noted: &'s dyn Fn(usize) -> bool,
}

impl<'s> Shape<'s> {
    pub fn new(scroll: &'s Scroll, len: usize, arranged: &'s Arranged) -> Self {
        Self { scroll, len, arranged: Some(arranged), ticks: &[], noted: &|_| false }
    }
}

impl<R> Column<R> {
    /// As wide as this and no wider, shown longest.
    pub const fn left(title: &'static str, width: u16, cell: fn(&R, &Theme) -> Line<'static>) -> Self {
        Self { title, width, grow: 0, need: 0, align: Align::Left, cell, value: None }
    }

    /// The same, for numbers.
    pub const fn right(title: &'static str, width: u16, cell: fn(&R, &Theme) -> Line<'static>) -> Self {
        Self { title, width, grow: 0, need: 0, align: Align::Right, cell, value: None }
    }

    pub const fn grow(self, grow: u16) -> Self {
        Self { grow, ..self }
    }

    pub const fn need(self, need: u8) -> Self {
        Self { need, ..self }
    }

    pub const fn value(self, value: fn(&R) -> Value) -> Self {
        Self { value: Some(value), ..self }
    }

    fn head(&self) -> Head {
        Head {
            title: self.title.to_owned(),
            width: self.width,
            grow: self.grow,
            need: self.need,
            align: self.align,
        }
    }
}

/// Chooses the columns that fit, by number, and gives each its width.
fn layout(heads: &[Head], width: u16) -> Vec<(usize, u16)> {
    let mut kept: Vec<usize> = (0..heads.len()).collect();
    let least =
        |kept: &[usize]| kept.iter().map(|n| u32::from(heads[*n].width) + 1).sum::<u32>().min(60_000) as u16;
    while least(&kept) > width && kept.len() > 1 {
        let dispensable = kept.iter().enumerate().max_by_key(|(n, column)| (heads[**column].need, *n));
        kept.remove(dispensable.expect("more than one column is left").0);
    }
    let spare = width.saturating_sub(least(&kept));
    let shares: u16 = kept.iter().map(|n| heads[*n].grow).sum::<u16>().max(1);
    let room = |n: usize| (heads[n].width + spare * heads[n].grow / shares).min(width);
    kept.into_iter().map(|n| (n, room(n))).collect()
}

/// Draws a head line and the rows on screen. `row(place)` is `None` while it is still being fetched.
pub fn draw<R>(
    frame: &mut Frame<'_>,
    area: Rect,
    columns: &[Column<R>],
    shape: Shape<'_>,
    theme: &Theme,
    row: impl Fn(usize) -> Option<R>,
) {
    let heads: Vec<Head> = columns.iter().map(Column::head).collect();
    draw_cells(frame, area, &heads, shape, theme, |place, shown| {
        let row = row(place)?;
        Some(shown.iter().map(|n| (columns[*n].cell)(&row, theme)).collect())
    });
}

/// The same with columns that are only known when there is something to show. `cells(place, columns)` makes the lines
/// of the columns on screen.
pub fn draw_cells(
    frame: &mut Frame<'_>,
    area: Rect,
    heads: &[Head],
    shape: Shape<'_>,
    theme: &Theme,
    cells: impl Fn(usize, &[usize]) -> Option<Vec<Line<'static>>>,
) {
    if area.height < 2 || area.width < 4 {
        return;
    }
    // The column that keys are about, and the one rows are sorted by, stay on screen longest.
    let kept = |n: usize| {
        let arranged = shape.arranged;
        arranged.is_some_and(|a| a.column == n || a.sort.is_some_and(|(column, _)| column == n))
    };
    let weighed =
        |(n, head): (usize, &Head)| Head { need: if kept(n) { 0 } else { head.need }, ..head.clone() };
    let heads: Vec<Head> = heads.iter().enumerate().map(weighed).collect();
    let heads = heads.as_slice();
    let laid = layout(heads, area.width - 3);
    let shown: Vec<usize> = laid.iter().map(|(n, _)| *n).collect();
    let titles = shown.iter().map(|n| title(&heads[*n], *n, shape.arranged, theme)).collect();
    draw_row(frame, Rect { height: 1, ..area }, heads, &laid, titles, theme);
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    if let Some(words) = shape.arranged.filter(|_| shape.len == 0).and_then(Arranged::says_why_nothing) {
        let line = fit(Line::styled(words, theme.quiet()), usize::from(area.width - 3), theme);
        frame.buffer_mut().set_line(area.x + 2, body.y, &line, area.width - 3);
    }
    let mut settled = *shape.scroll;
    settled.settle(shape.len, usize::from(body.height));
    for (n, place) in settled.shown(shape.len, usize::from(body.height)).enumerate() {
        let y = body.y + n as u16;
        let line = Rect { y, height: 1, ..area };
        match cells(place, &shown) {
            Some(cells) => draw_row(frame, line, heads, &laid, cells, theme),
            None => {
                let span = Span::styled(theme.glyphs.ellipsis, theme.quiet());
                frame.buffer_mut().set_span(area.x + 2, y, &span, 3);
            }
        }
        if (shape.noted)(place) {
            frame.buffer_mut().set_span(area.x + 1, y, &Span::styled(theme.glyphs.note, theme.accent()), 1);
        }
        if place == settled.cursor {
            frame.buffer_mut().set_span(area.x, y, &Span::styled(theme.glyphs.selected, theme.accent()), 1);
            let line = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..line };
            frame.buffer_mut().set_style(line, theme.selected());
        }
    }
    draw_bar(frame, body, &settled, shape.len, theme, shape.ticks);
}

/// A column's title: underlined where keys are about it, with an arrow where rows are sorted by it.
fn title(head: &Head, n: usize, arranged: Option<&Arranged>, theme: &Theme) -> Line<'static> {
    let mut style = theme.quiet();
    let mut text = head.title.clone();
    if let Some(arranged) = arranged {
        if arranged.column == n {
            style = style.add_modifier(Modifier::UNDERLINED);
        }
        match arranged.sort {
            Some((column, Order::Rising)) if column == n => text += theme.glyphs.release,
            Some((column, Order::Falling)) if column == n => text += theme.glyphs.rollback,
            _ => {}
        }
    }
    Line::from(crate::ui::text::spans(&text, style, theme))
}

fn draw_row(
    frame: &mut Frame<'_>,
    area: Rect,
    heads: &[Head],
    laid: &[(usize, u16)],
    cells: Vec<Line<'static>>,
    theme: &Theme,
) {
    let mut x = area.x + 2;
    for ((n, width), line) in laid.iter().zip(cells) {
        let line = fit(line, usize::from(*width), theme);
        let shift = match heads[*n].align {
            Align::Left => 0,
            Align::Right => width.saturating_sub(line.width() as u16),
        };
        frame.buffer_mut().set_line(x + shift, area.y, &line, *width);
        x += width + 1;
    }
}

/// Rows that fit into a table of this height.
pub const fn rows_in(height: u16) -> usize {
    height.saturating_sub(1) as usize
}
