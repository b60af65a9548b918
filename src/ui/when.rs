//! Stretches of time as people read them.

use super::theme::Theme;
use crate::model::Nanos;
use crate::model::time::Zone;

/// `2026-10-05 08:08:09 → 14:29:22 (6h21m)`; an open end says so.
pub fn between(from: Option<Nanos>, to: Option<Nanos>, zone: Zone, theme: &Theme) -> String {
    let arrow = theme.glyphs.arrow;
    match (from, to) {
        (None, None) => "not recorded".to_owned(),
        (Some(from), None) => format!("{} {arrow} open", from.short(zone)),
        (None, Some(to)) => format!("? {arrow} {}", to.short(zone)),
        (Some(from), Some(to)) => {
            let same_day = from.format(zone, "%F") == to.format(zone, "%F");
            let end = if same_day { to.format(zone, "%H:%M:%S") } else { to.short(zone) };
            format!("{} {arrow} {end} ({})", from.short(zone), to.since(from))
        }
    }
}

/// `10-05 08:08 → 14:29`, for narrow places.
pub fn between_minutes(from: Option<Nanos>, to: Option<Nanos>, zone: Zone, theme: &Theme) -> String {
    let arrow = theme.glyphs.arrow;
    let day = |at: Nanos| at.format(zone, "%m-%d %H:%M");
    match (from, to) {
        (Some(from), Some(to)) => {
            let same_day = from.format(zone, "%F") == to.format(zone, "%F");
            let end = if same_day { to.format(zone, "%H:%M") } else { day(to) };
            format!("{} {arrow} {end}", day(from))
        }
        (from, to) => {
            let end = |at: Option<Nanos>, open: &str| at.map_or_else(|| open.to_owned(), day);
            format!("{} {arrow} {}", end(from, "?"), end(to, "open"))
        }
    }
}
