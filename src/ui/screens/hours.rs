//! Requests per hour as bars, the faulty version's part at their foot: the shape of an incident at one look.
//!
//! ```text
//!  requests per hour, at most 457                              █ all   ▓ by 2.4.1
//!        ▂▄▆▇▆▅▃▂            ▂▄▆█▇▅▃
//!  ▂▃▄▆█████████▇▆▄▃▃▂▃▄▆▇██▓▓▓▓▓██▇▅
//!  10-03 02:00                                                        10-06 01:00
//! ```

use crate::model::Nanos;
use crate::model::time::{HOUR, Zone};
use crate::ui::text::spans;
use crate::ui::theme::Theme;
use crate::work::findings::grouped;
use crate::work::study::Study;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Lines below which there is no chart: a title, two of bars, an axis.
pub const LEAST: u16 = 5;
const TALLEST: u16 = 8;

/// A column of the chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bar {
    all: u64,
    faulty: u64,
}

/// Hours as columns; where there are more hours than columns, as many hours to each as it takes.
fn bars(study: &Study, columns: usize) -> (i64, Vec<Bar>) {
    let hours = &study.fold.hours;
    let (Some(first), Some(last)) = (hours.keys().next(), hours.keys().next_back()) else {
        return (1, Vec::new());
    };
    let all = usize::try_from(last - first + 1).unwrap_or(usize::MAX);
    let each = all.div_ceil(columns.max(1)).max(1);
    let mut bars = vec![Bar::default(); all.div_ceil(each)];
    for (hour, (all, faulty)) in hours {
        let bar = &mut bars[usize::try_from(hour - first).unwrap_or(0) / each];
        bar.all += all;
        bar.faulty += faulty;
    }
    (i64::try_from(each).unwrap_or(i64::MAX), bars)
}

pub fn draw(study: &Study, zone: Zone, frame: &mut Frame<'_>, area: Rect, theme: &Theme) {
    let width = area.width.saturating_sub(4);
    let (each, bars) = bars(study, usize::from(width));
    let highest = bars.iter().map(|bar| bar.all).max().unwrap_or(0);
    if area.height < LEAST || bars.len() < 2 || highest == 0 {
        return;
    }
    // A few hours become broad columns, so that the chart fills its place.
    let broad = (usize::from(width) / bars.len()).clamp(1, 3) as u16;
    let height = (area.height - 3).min(TALLEST);
    let top = area.y + 1;
    draw_title(study, each, highest, frame, Rect { x: area.x + 2, y: top, width, height: 1 }, theme);
    for (n, bar) in bars.iter().enumerate() {
        let column = Rect { x: area.x + 2 + n as u16 * broad, y: top + 1, width: broad, height };
        draw_bar(*bar, highest, frame, column, theme);
    }
    let first = study.fold.hours.keys().next().copied().unwrap_or(0);
    let ends = [first, first + i64::try_from(bars.len()).unwrap_or(0) * each]
        .map(|hour| Nanos(hour * HOUR).format(zone, "%m-%d %H:%M"));
    let y = top + 1 + height;
    let right = area.x + 2 + bars.len() as u16 * broad;
    frame.buffer_mut().set_span(area.x + 2, y, &Span::styled(&ends[0], theme.quiet()), width);
    let start = right.saturating_sub(ends[1].len() as u16);
    if start > area.x + 2 + ends[0].len() as u16 {
        frame.buffer_mut().set_span(start, y, &Span::styled(&ends[1], theme.quiet()), width);
    }
}

fn draw_title(study: &Study, each: i64, highest: u64, frame: &mut Frame<'_>, area: Rect, theme: &Theme) {
    let per = if each == 1 { "hour".to_owned() } else { format!("{each} hours") };
    let mut line =
        vec![Span::styled(format!("requests per {per}, at most {}", grouped(highest)), theme.quiet())];
    if let Some(window) = &study.window {
        line.push(Span::styled(format!("   {} ", theme.glyphs.heavy), theme.bad()));
        line.push(Span::styled("by ", theme.quiet()));
        line.extend(spans(study.version_name(window.faulty), theme.quiet(), theme));
    }
    let line = crate::ui::text::fit(Line::from(line), usize::from(area.width), theme);
    frame.buffer_mut().set_line(area.x, area.y, &line, area.width);
}

fn draw_bar(bar: Bar, highest: u64, frame: &mut Frame<'_>, area: Rect, theme: &Theme) {
    // Anything at all is seen: an eighth of a line at least.
    let eighths = |n: u64| (n * u64::from(area.height) * 8).div_ceil(highest);
    let (all, faulty) = (eighths(bar.all), eighths(bar.faulty));
    for line in 0..area.height {
        let below = u64::from(line) * 8;
        let glyph = theme.glyphs.bars[all.saturating_sub(below).min(8) as usize];
        let (glyph, style): (&str, Style) = match faulty.saturating_sub(below) {
            0 => (glyph, theme.good()),
            1..4 if all >= below + 8 => (glyph, theme.good()),
            1..4 => (glyph, theme.bad()),
            _ => (theme.glyphs.heavy, theme.bad()),
        };
        let span = Span::styled(glyph.repeat(usize::from(area.width)), style);
        frame.buffer_mut().set_span(area.x, area.bottom() - 1 - line, &span, area.width);
    }
}
