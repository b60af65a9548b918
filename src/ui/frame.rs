//! The frame around every screen: where one is, what the incident is, what is filtered, what the keys do.
//!
//! ```text
//!  backtrail ▸ risk.case ▸ Requests ▸ req-7f3a                                 ● 21 findings   UTC
//!  risk-scorer 2.4.1  faulty 2026-10-05 08:08:09 → 14:29:22 (6h21m)  +2 late nodes   known 99.9 %
//!  1 Overview  2 Timeline  3 Requests  4 Agents  6 Proofs  7 Findings  8 Notes
//!  …
//!  [version=2.4.1] [agent~treasury]   showing 12,402 of 1,918,230 (2 filters)
//!  enter open  esc back  f filter  / find  ? help                              reading 63 % ▮▮▮▯
//! ```

use super::model::{Follow, Model, Screen};
use super::screens::overview::share;
use super::text::{cut, fit, shown, spans};
use super::theme::Theme;
use super::when::{between, between_minutes};
use super::{hints, lists};
use crate::model::Evidence;
use crate::model::time::Zone;
use crate::work::findings::{counted, grouped};
use crate::work::ingest::Phase;
use crate::work::study::Study;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// The parts of the terminal.
#[derive(Clone, Copy, Debug)]
pub struct Areas {
    pub head: Rect,
    pub body: Rect,
    pub chips: Rect,
    pub foot: Rect,
}

/// Number, title, and what is left of it where there is no room.
const TABS: [(u8, &str, &str); 8] = [
    (1, "Overview", "Over"),
    (2, "Timeline", "Time"),
    (3, "Requests", "Reqs"),
    (4, "Agents", "Agts"),
    (5, "Settlements", "Setl"),
    (6, "Proofs", "Prfs"),
    (7, "Findings", "Find"),
    (8, "Notes", "Note"),
];

/// Below this nothing useful fits.
pub const SMALLEST: (u16, u16) = (40, 10);

pub fn areas((width, height): (u16, u16)) -> Areas {
    let line = |y: u16, height: u16| Rect { x: 0, y, width, height };
    let body = height.saturating_sub(5);
    Areas { head: line(0, 3), body: line(3, body), chips: line(3 + body, 1), foot: line(4 + body, 1) }
}

pub fn draw(model: &Model, frame: &mut Frame<'_>) {
    let areas = areas(model.size);
    let theme = &model.theme;
    put(frame, areas.head, 0, sides(crumbs(model), corner(model), model.size.0, theme), theme);
    put(frame, areas.head, 1, incident(model), theme);
    put(frame, areas.head, 2, tabs(model), theme);
    put(frame, areas.chips, 0, chips(model), theme);
    let progress = progress(model);
    let room = usize::from(model.size.0).saturating_sub(progress.width() + 1);
    put(frame, areas.foot, 0, sides(hints::hints(model, room), progress, model.size.0, theme), theme);
}

fn put(frame: &mut Frame<'_>, area: Rect, n: u16, line: Line<'static>, theme: &Theme) {
    let line = fit(line, usize::from(area.width), theme);
    frame.buffer_mut().set_line(area.x, area.y + n, &line, area.width);
}

/// Two texts at the two ends of a line; the right one keeps its place, the left one is cut.
fn sides(left: Line<'static>, right: Line<'static>, width: u16, theme: &Theme) -> Line<'static> {
    let width = usize::from(width);
    let right_width = right.width();
    if right_width + 20 > width {
        return fit(left, width, theme);
    }
    let mut line = fit(left, width - right_width - 1, theme);
    line.spans.push(Span::raw(" ".repeat(width - right_width - line.width())));
    line.spans.extend(right.spans);
    line
}

fn crumbs(model: &Model) -> Line<'static> {
    let theme = &model.theme;
    let crumb = || Span::styled(format!(" {} ", theme.glyphs.crumb), theme.quiet());
    let mut line = vec![Span::raw(" "), Span::styled("backtrail", theme.strong())];
    let case = model.case_name();
    if !case.is_empty() {
        line.push(crumb());
        line.extend(spans(&case, theme.plain(), theme));
    }
    // The way here from the last screen of the tab line.
    let root = model.screens.iter().rposition(|screen| screen.tab().is_some()).unwrap_or(0);
    for screen in &model.screens[root..] {
        line.push(crumb());
        match screen {
            Screen::Request(state) => {
                let id = state.explanation.as_ref().map_or("…", |e| &e.id);
                line.push(Span::styled(cut(&shown(id, theme), 32, theme), theme.accent()));
            }
            other => line.push(Span::raw(other.title())),
        }
    }
    Line::from(line)
}

fn corner(model: &Model) -> Line<'static> {
    let theme = &model.theme;
    let mut line = Vec::new();
    if let Some(study) = model.study.as_deref().filter(|study| !study.findings.is_empty()) {
        let so_far = if study.impact.is_none() { " so far" } else { "" };
        let words =
            format!("{} {}{so_far}", theme.glyphs.dot, counted(study.findings.len() as u64, "finding"));
        line.push(Span::styled(words, theme.warn()));
    }
    let zone = match model.zone {
        Zone::Utc => "UTC".to_owned(),
        Zone::Since(_) => "from the window's begin".to_owned(),
        Zone::Local => model.day().format(Zone::Local, "local, UTC%:z"),
    };
    if model.follow == Follow::On {
        line.push(Span::styled(format!("   {} following", theme.glyphs.live), theme.accent()));
    }
    line.push(Span::styled(format!("   {zone} "), theme.quiet()));
    Line::from(line)
}

fn incident(model: &Model) -> Line<'static> {
    let theme = &model.theme;
    let Some(study) = model.study.as_deref() else {
        return Line::styled(" no case is open", theme.quiet());
    };
    if !study.snapshot.is_sealed() {
        let records = counted(study.snapshot.rows(), "record");
        let words = match model.progress {
            Some(_) => format!(" reading: {records} so far, versions not yet attributed"),
            None => {
                format!(" not read to the end: {records}, versions not attributed; opened again, it goes on")
            }
        };
        return Line::styled(words, theme.warn());
    }
    let details = [Detail::Full, Detail::Short, Detail::Least, Detail::Bare, Detail::Window];
    let lines = details.map(|detail| headline(study, model, detail));
    let fits = lines.iter().position(|line| line.width() <= usize::from(model.size.0));
    lines.into_iter().nth(fits.unwrap_or(details.len() - 1)).unwrap_or_default()
}

/// How much the headline tells: its facts stay at every width, their words do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    Full,
    Short,
    Least,
    Bare,
    /// Nothing but the window and how much is known; the version's name takes what is left.
    Window,
}

fn headline(study: &Study, model: &Model, detail: Detail) -> Line<'static> {
    let theme = &model.theme;
    let full = detail == Detail::Full;
    let mut line = vec![Span::raw(" ")];
    match &study.window {
        None => {
            let words = "nothing under suspicion (i chooses a version)";
            let words = if detail > Detail::Short { &words[..23] } else { words };
            line.push(Span::styled(words, theme.quiet()));
        }
        Some(window) => {
            if detail < Detail::Least {
                line.push(Span::styled(brief(study.model_name(window.model), theme), theme.strong()));
                line.push(Span::raw(" "));
            }
            let (from, to) = (window.from(), window.to());
            let between = match detail {
                Detail::Full => between(from, to, model.zone, theme),
                _ => between_minutes(from, to, model.zone, theme),
            };
            let version = brief(study.version_name(window.faulty), theme);
            let version = match detail {
                Detail::Window => {
                    cut(&version, usize::from(model.size.0).saturating_sub(between.width() + 14), theme)
                }
                _ => version,
            };
            line.push(Span::styled(version, theme.bad()));
            let lasted = match (from, to) {
                (Some(from), Some(to)) if detail == Detail::Short => format!(" ({})", to.since(from)),
                _ => String::new(),
            };
            line.push(Span::raw(format!("{}{between}{lasted}", if full { "  faulty " } else { "  " })));
            let late = window.late_nodes().count() as u64;
            if late > 0 && detail < Detail::Window {
                let words = match detail {
                    Detail::Full => counted(late, "late node"),
                    Detail::Bare => grouped(late),
                    _ => format!("{late} late"),
                };
                line.push(Span::styled(format!("  +{words}"), theme.warn()));
            }
        }
    }
    let all = study.fold.requests();
    let known = all - study.fold.by_evidence[Evidence::None as usize].min(all);
    let known = share(known, all);
    let words = match detail {
        Detail::Full | Detail::Short => format!("  known {known}"),
        _ => format!("  {known}"),
    };
    line.push(Span::styled(words, theme.quiet()));
    let faults: u64 = study.snapshot.sources().iter().map(|source| source.faults).sum();
    for (count, one) in [(faults, "fault"), (study.gaps.len() as u64, "gap")] {
        if count > 0 {
            let words = match detail {
                Detail::Full => format!(" {}", counted(count, one)),
                Detail::Window => String::new(),
                _ => format!(" {}", grouped(count)),
            };
            line.push(Span::styled(format!("  {}{words}", theme.glyphs.warning), theme.warn()));
        }
    }
    Line::from(line)
}

/// A name that leaves room for the window: an endless one must not push it off the screen.
fn brief(name: &str, theme: &Theme) -> String {
    cut(&shown(name, theme), 20, theme)
}

fn tabs(model: &Model) -> Line<'static> {
    let theme = &model.theme;
    if model.study.is_none() {
        return Line::default();
    }
    let mut line = vec![Span::raw(" ")];
    let here = tab_here(model);
    for (n, [digit, title]) in tab_titles(model) {
        let (of_digit, of_title) =
            if here == Some(n) { (theme.tab(), theme.tab()) } else { (theme.accent(), theme.plain()) };
        line.push(Span::styled(digit, of_digit));
        line.push(Span::styled(title, of_title));
    }
    Line::from(line)
}

fn tab_here(model: &Model) -> Option<u8> {
    model.screens.iter().rev().find_map(Screen::tab)
}

/// What stands on the tab line after one blank, digit and title: as much of the titles as fits.
pub fn tab_titles(model: &Model) -> Vec<(u8, [String; 2])> {
    let here = tab_here(model);
    let wide = TABS.map(|(n, title, _)| (n, [format!(" {n}"), format!(" {title} ")]));
    let close = TABS.map(|(n, title, _)| (n, [n.to_string(), format!("{title} ")]));
    let short = TABS.map(|(n, title, short)| {
        (n, [n.to_string(), format!("{} ", if here == Some(n) { title } else { short })])
    });
    let digits = TABS.map(|(n, title, _)| {
        (n, [format!(" {n}"), if here == Some(n) { format!(" {title} ") } else { " ".to_owned() }])
    });
    let room = usize::from(model.size.0).saturating_sub(1);
    let width = |titles: &[(u8, [String; 2])]| {
        titles.iter().map(|(_, [n, title])| n.width() + title.width()).sum::<usize>()
    };
    let fits = [&wide, &close, &short].into_iter().find(|titles| width(titles.as_slice()) <= room);
    fits.unwrap_or(&digits).to_vec()
}

fn chips(model: &Model) -> Line<'static> {
    let theme = &model.theme;
    let mut line = vec![Span::raw(" ")];
    let (counts, warning) = counts(model);
    let own = lists::arrangement(model).map_or(&[][..], |arranged| &arranged.keep);
    own.iter().for_each(|keep| chip(&keep.to_string(), keep.paused, theme, &mut line));
    if !model.filter.is_empty() && !matches!(model.screen(), Screen::Requests(_)) {
        line.push(Span::styled("on Requests: ", theme.quiet()));
    }
    for clause in &model.filter.clauses {
        chip(&clause.to_string(), clause.paused, theme, &mut line);
    }
    // The words give way to the filters, the numbers never.
    let width = usize::from(model.size.0);
    let wanted = line.iter().map(Span::width).sum::<usize>().min(FILTERS);
    let short = counts.iter().position(|words| warning.width() + words.width() + wanted < width);
    let words = counts.get(short.unwrap_or(counts.len().saturating_sub(1))).cloned().unwrap_or_default();
    let right = Line::from(vec![Span::styled(warning, theme.warn()), Span::raw(words)]);
    let room = width.saturating_sub(right.width() + 1);
    let mut line = fit(Line::from(line), room, theme);
    line.spans.push(Span::raw(" ".repeat(width.saturating_sub(right.width() + line.width()))));
    line.spans.extend(right.spans);
    line
}

/// Columns that filters have before the words beside them are cut short.
const FILTERS: usize = 24;

fn chip(text: &str, paused: bool, theme: &Theme, line: &mut Vec<Span<'static>>) {
    let style = if paused { theme.quiet() } else { theme.accent() };
    line.push(Span::styled(if paused { "[paused " } else { "[" }, style));
    line.extend(spans(text, style, theme));
    line.push(Span::styled("] ", style));
}

/// Where the cursor stands and how much is shown of how much, at length and ever shorter; before it, a warning that this
/// is not all.
fn counts(model: &Model) -> (Vec<String>, String) {
    let words = |cursor: usize, shown: usize, all: u64, filters: usize| {
        let filters =
            if filters == 0 { String::new() } else { format!(" ({})", counted(filters as u64, "filter")) };
        let place = if shown == 0 { String::new() } else { format!("row {}, ", grouped(cursor as u64 + 1)) };
        let numbers = format!("{} of {}", grouped(shown as u64), grouped(all));
        vec![
            format!("{place}showing {numbers}{filters} "),
            format!("showing {numbers}{filters} "),
            format!("showing {numbers} "),
            format!("{numbers} "),
        ]
    };
    if super::reading::instead(model).is_some() {
        return Default::default();
    }
    if let Screen::Requests(state) = model.screen() {
        let Some(selection) = &state.selection else {
            return Default::default();
        };
        let warning = state.partly.map_or_else(String::new, |(searched, of)| {
            format!("{} only {} searched  ", model.theme.glyphs.warning, share(searched, of))
        });
        let filters = model.filter.active().count();
        return (words(state.scroll.cursor, state.len(), selection.total, filters), warning);
    }
    let (Some(all), Some((arranged, scroll))) = (lists::length(model), lists::cursor(model)) else {
        return Default::default();
    };
    let filters = arranged.keep.iter().filter(|keep| !keep.paused).count();
    let warning = match arranged.is_waiting() {
        true => "ordering; esc stops  ".to_owned(),
        false => String::new(),
    };
    (words(scroll.cursor, arranged.len(all), all as u64, filters), warning)
}

fn progress(model: &Model) -> Line<'static> {
    let Some(progress) = &model.progress else {
        return Line::default();
    };
    let theme = &model.theme;
    let words = match progress.phase {
        Phase::Unpacking => "unpacking",
        Phase::Reading => "reading",
        Phase::Sealing => "sealing",
        Phase::Counting => return Line::styled("counting what it reached ", theme.accent()),
        Phase::Naming => "naming blobs",
        Phase::Verifying => "verifying",
    };
    let percent = progress.bytes.saturating_mul(100).checked_div(progress.total).unwrap_or(0).min(100);
    let done = (percent / 10) as usize;
    let bar = theme.glyphs.done.repeat(done) + &theme.glyphs.todo.repeat(10 - done);
    Line::styled(format!("{words} {percent} % {bar} "), theme.accent())
}
