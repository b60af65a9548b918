//! Stretches of time as people read them.

use super::model::Model;
use super::theme::Theme;
use crate::model::Nanos;
use crate::model::time::Zone;
use crate::work::study::Study;

/// How moments are written in rows: without the year where it is that of the incident.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    pub zone: Zone,
    /// Not known while journals are read.
    near: Option<Nanos>,
}

impl Clock {
    pub fn of(model: &Model) -> Self {
        Self { zone: model.zone, near: model.study.as_deref().and_then(near) }
    }

    /// What workers compare and write.
    pub fn utc(study: &Study) -> Self {
        Self { zone: Zone::Utc, near: near(study) }
    }

    /// By `pattern`, which begins with month and day; of another year the day with its year, as far as there is room in
    /// the pattern.
    pub fn row(self, at: Nanos, pattern: &str) -> String {
        let year = |at: Nanos| at.format(self.zone, "%Y");
        let is_near = self.near.is_none_or(|near| year(at) == year(near));
        if is_near || matches!(self.zone, Zone::Since(_)) {
            return at.format(self.zone, pattern);
        }
        let with_minutes = at.format(self.zone, "%Y-%m-%d %H:%M");
        let room = at.format(self.zone, pattern).len();
        if with_minutes.len() <= room { with_minutes } else { at.format(self.zone, "%Y-%m-%d") }
    }
}

/// The begin of the window; with nothing under suspicion, the last record.
fn near(study: &Study) -> Option<Nanos> {
    let window = study.window.as_ref().and_then(crate::analysis::Window::from);
    window.or(study.fold.span.map(|(_, to)| Nanos(to)))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_year_is_told_as_far_as_there_is_room() {
        let at = |text: &str| Nanos::parse(text).unwrap();
        let clock = Clock { zone: Zone::Utc, near: Some(at("2026-10-04T09:12:04Z")) };
        let row = |text, pattern| clock.row(at(text), pattern);
        assert_eq!(row("2026-01-01T00:00:01.5Z", "%m-%d %H:%M:%S%.3f"), "01-01 00:00:01.500");
        assert_eq!(row("2025-12-31T23:59:59.5Z", "%m-%d %H:%M:%S%.3f"), "2025-12-31 23:59");
        assert_eq!(row("2025-12-31T23:59:59.5Z", "%m-%d %H:%M:%S"), "2025-12-31");
        let since = Clock { zone: Zone::Since(at("2026-10-04T09:12:04Z")), ..clock };
        let (own, other) = ("2026-10-04T09:12:05Z", "2025-10-04T09:12:05Z");
        assert!(since.row(at(own), "%m-%d %H:%M:%S").starts_with('+'));
        assert!(since.row(at(other), "%m-%d %H:%M:%S").starts_with(['-', '−']));
    }
}
