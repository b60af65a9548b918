//! A cursor in a long list, the part of the list on screen, and the scrollbar that shows where that is.

use crate::ui::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

/// Where the cursor stands and what is on screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll {
    pub cursor: usize,
    pub top: usize,
}

/// A step through a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    By(isize),
    To(usize),
}

impl Scroll {
    /// Moves through lines that are read and not chosen from: the window itself moves, from the first key on.
    pub fn read(&mut self, step: Step, len: usize, height: usize) {
        let last = len.saturating_sub(height);
        let top = match step {
            Step::By(by) => self.top.min(last).saturating_add_signed(by),
            Step::To(place) => place,
        };
        self.top = top.min(last);
        self.cursor = self.top;
    }

    /// Moves within `len` entries of which `height` are on screen.
    pub fn step(&mut self, step: Step, len: usize, height: usize) {
        self.cursor = match step {
            Step::By(n) => self.cursor.saturating_add_signed(n),
            Step::To(n) => n,
        };
        self.settle(len, height);
    }

    /// To another place of the list, on the line of the screen where the cursor is.
    pub fn turn_to(&mut self, place: usize) {
        let line = self.cursor.saturating_sub(self.top);
        *self = Self { cursor: place, top: place.saturating_sub(line) };
    }

    /// Keeps the cursor in the list and on screen.
    pub fn settle(&mut self, len: usize, height: usize) {
        self.cursor = self.cursor.min(len.saturating_sub(1));
        let height = height.max(1);
        self.top = self.top.min(self.cursor).max((self.cursor + 1).saturating_sub(height));
        self.top = self.top.min(len.saturating_sub(height));
    }

    /// The places on screen.
    pub fn shown(&self, len: usize, height: usize) -> std::ops::Range<usize> {
        self.top.min(len)..(self.top + height).min(len)
    }
}

/// A place worth seeing from afar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    pub place: usize,
    pub what: Ticked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticked {
    Finding,
    Mark,
}

/// A bar at the right edge: the thumb is as long as the share on screen, ticks stand where findings and marks are.
/// Nothing where everything fits.
pub fn draw_bar(
    frame: &mut Frame<'_>,
    area: Rect,
    scroll: &Scroll,
    len: usize,
    theme: &Theme,
    ticks: &[Tick],
) {
    let height = usize::from(area.height);
    if len <= height || height == 0 || area.width == 0 {
        return;
    }
    let thumb = (height * height / len).clamp(1, height);
    let free = height - thumb;
    let start = if len > height { (scroll.top * free).div_ceil(len - height).min(free) } else { 0 };
    let x = area.right() - 1;
    for n in 0..height {
        let in_thumb = (start..start + thumb).contains(&n);
        let glyph = if in_thumb { theme.glyphs.thumb } else { theme.glyphs.vertical };
        frame.buffer_mut().set_span(x, area.y + n as u16, &Span::styled(glyph, theme.quiet()), 1);
    }
    // Marks over findings: a person put them there.
    for wanted in [Ticked::Finding, Ticked::Mark] {
        for tick in ticks.iter().filter(|tick| tick.what == wanted && tick.place < len) {
            let y = area.y + (tick.place * height / len) as u16;
            let (glyph, style) = match wanted {
                Ticked::Finding => (theme.glyphs.dot, theme.warn()),
                Ticked::Mark => (theme.glyphs.note, theme.accent()),
            };
            frame.buffer_mut().set_span(x, y, &Span::styled(glyph, style), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_cursor_is_always_on_screen(steps in prop::collection::vec((-30isize..30, 0usize..80, 1usize..20), 0..30)) {
            let mut scroll = Scroll::default();
            for (by, len, height) in steps {
                scroll.step(Step::By(by), len, height);
                prop_assert!(len == 0 || scroll.shown(len, height).contains(&scroll.cursor));
                prop_assert!(scroll.top + height <= len.max(height));
            }
        }
    }
}
