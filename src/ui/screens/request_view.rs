//! How one record is drawn: head, tabs, and what the chosen tab shows of it.

use super::ladder;
use super::request::{State, TABS, Tab, Tie};
use crate::journal::import::standing::Standing;
use crate::model::Tier;
use crate::model::time::Zone;
use crate::ui::model::Model;
use crate::ui::panes;
use crate::ui::reading::{VERSIONS, is_partial};
use crate::ui::text::{cut_middle, fit, shown, spans};
use crate::ui::theme::Theme;
use crate::ui::widgets::lines::{self, Focus};
use crate::ui::widgets::scroll::Scroll;
use crate::ui::widgets::tabs;
use crate::work::explain::{Explanation, Linkage, Linked, Original};
use crate::work::findings::counted;
use crate::work::rows::RequestRow;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let Some(explanation) = &state.explanation else {
        frame.buffer_mut().set_span(
            area.x + 2,
            area.y,
            &Span::styled("reading the record…", theme.quiet()),
            area.width,
        );
        return;
    };
    draw_head(model, explanation, frame, area);
    let room = area.width.saturating_sub(3);
    let tabs = fit(Line::from(tabs::titles(&TABS, state.tab, " ", theme)), usize::from(room), theme);
    frame.buffer_mut().set_line(area.x + 2, area.y + 2, &tabs, room);
    let (body, record) = columns(state, area);
    if let Some(record) = record {
        draw_record(state, frame, record, theme);
    }
    match state.tab {
        Tab::Proof => match &state.path {
            Some(Some(path)) => {
                ladder::draw(path, (&state.steps, state.top, state.naming), frame, body, theme);
            }
            Some(None) => say("only requests have a proof path", frame, body, theme),
            None => say("gathering the evidence…", frame, body, theme),
        },
        Tab::Versions => {
            let shown = version_lines(explanation, model, usize::from(body.width));
            lines::draw(frame, body, &state.versions, shown.len(), Focus::Elsewhere, theme, |n| {
                shown[n].clone()
            });
        }
        Tab::Record => state.tree.draw(frame, body, Focus::Here, theme),
        Tab::Links => draw_links(model, state, frame, body),
        Tab::Pairs if is_partial(model) => {
            say("answers of other versions are known when all journals are read", frame, body, theme);
        }
        Tab::Pairs => draw_pairs(explanation, &state.pairs, frame, body, theme),
    }
}

/// What is below the tabs; on wide screens the record itself stands beside what is said of it.
pub fn columns(state: &State, area: Rect) -> (Rect, Option<Rect>) {
    let body = Rect { y: area.y + 4, height: area.height.saturating_sub(4), ..area };
    let rest = Rect { width: room_beside_the_record(body.width), ..body };
    if rest.width == body.width || state.tab == Tab::Record {
        return (body, None);
    }
    (rest, Some(Rect { x: rest.right(), width: body.width - rest.width, ..body }))
}

fn draw_record(state: &State, frame: &mut Frame<'_>, pane: Rect, theme: &Theme) {
    for y in pane.y..pane.bottom() {
        frame.buffer_mut().set_span(pane.x, y, &Span::styled(theme.glyphs.vertical, theme.quiet()), 1);
    }
    let inner = Rect { x: pane.x + 1, width: pane.width - 1, ..pane };
    state.tree.draw(frame, inner, Focus::Elsewhere, theme);
}

/// Columns that the record leaves of so many.
pub const fn room_beside_the_record(width: u16) -> u16 {
    if width < panes::THREE { width } else { width - (width as u32 * 2 / 5) as u16 }
}

fn say(words: &'static str, frame: &mut Frame<'_>, area: Rect, theme: &Theme) {
    let room = area.width.saturating_sub(3);
    let line = fit(Line::styled(words, theme.quiet()), usize::from(room), theme);
    frame.buffer_mut().set_line(area.x + 2, area.y, &line, room);
}

/// What it is, when, and where its bytes stand.
fn draw_head(model: &Model, e: &Explanation, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let mut title = spans(&e.kind_text, theme.quiet(), theme);
    title.push(Span::raw(" "));
    // However long its id is, the time is seen.
    let width = usize::from(area.width.saturating_sub(4));
    let id = cut_middle(&shown(&e.id, theme), (width / 2).max(24), theme);
    title.push(Span::styled(id, theme.strong()));
    title.push(Span::styled("  at ", theme.quiet()));
    title.push(Span::raw(e.at.format(model.zone, "%Y-%m-%d %H:%M:%S%.f")));
    title.push(Span::styled("  recorded as ", theme.quiet()));
    title.extend(spans(&e.at_text, theme.quiet(), theme));
    let stands = e.imported.as_ref().map_or(&e.place, |original| &original.place);
    let name = stands.source.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let read =
        e.imported.as_ref().map_or_else(String::new, |original| format!(", read as {}", original.format));
    let bytes = counted(stands.length, "byte");
    let place = format!(" line {}, byte {}, {bytes}{read}", stands.line + 1, stands.offset);
    let mut where_ = spans(&name, theme.accent(), theme);
    where_.push(Span::styled(place, theme.quiet()));
    for (n, line) in [Line::from(title), Line::from(where_)].into_iter().enumerate() {
        let line = fit(line, width, theme);
        frame.buffer_mut().set_line(area.x + 2, area.y + n as u16, &line, width as u16);
    }
}

/// What each evidence says, which of them counts, and what that means in words, for a pane of this width.
pub fn version_lines(e: &Explanation, model: &Model, width: usize) -> Vec<Line<'static>> {
    let width = width.saturating_sub(3);
    let lines = evidences(e, model, width).into_iter();
    lines.flat_map(|line| crate::ui::text::wrap(line, width, LABEL)).collect()
}

/// Width of the words at the left.
const LABEL: usize = 11;
/// What stands behind a version: whether it agrees.
const AGREES: usize = 16;

fn evidences(e: &Explanation, model: &Model, width: usize) -> Vec<Line<'static>> {
    let (theme, partial) = (&model.theme, is_partial(model));
    let mut out = Vec::new();
    // However long a version is, what is said of it is seen.
    let room = width.saturating_sub(LABEL + AGREES + 1).max(13);
    let named = |version: &str| cut_middle(&shown(version, theme), room, theme);
    if let Some(r) = e.request.as_ref().filter(|_| partial) {
        let mut line = vec![Span::styled(format!("{:<LABEL$}", "claimed"), theme.quiet())];
        line.push(Span::styled(
            if r.claimed.is_empty() { "—".to_owned() } else { named(&r.claimed) },
            theme.strong(),
        ));
        out.extend([Line::from(line), Line::default(), Line::styled(VERSIONS, theme.quiet())]);
    } else if let Some(r) = &e.request {
        for (label, version, says) in [
            ("claimed", &r.claimed, "the record itself says so"),
            ("scheduled", &r.scheduled, "the node's deployments say so"),
            ("attested", &r.attested, "the enclave's recorded measurement says so"),
        ] {
            let agrees = match (version.is_empty(), *version == r.effective) {
                (true, _) => (theme.glyphs.missing, "nothing says", theme.quiet()),
                (false, true) => (theme.glyphs.ok, "agrees", theme.good()),
                (false, false) => (theme.glyphs.bad, "differs", theme.bad()),
            };
            let mut line = vec![Span::styled(format!("{label:<11}"), theme.quiet())];
            let value = if version.is_empty() { "—".to_owned() } else { named(version) };
            let gap = " ".repeat(13usize.saturating_sub(value.width()) + 1);
            line.extend([Span::styled(value, theme.strong()), Span::raw(gap)]);
            line.push(Span::styled(format!("{} {:<13}", agrees.0, agrees.1), agrees.2));
            line.push(Span::styled(if version.is_empty() { "" } else { says }, theme.quiet()));
            out.push(Line::from(line));
        }
        let mut line = vec![Span::styled(format!("{:<11}", "served by"), theme.quiet())];
        let served_by = if r.effective.is_empty() { "unknown".to_owned() } else { named(&r.effective) };
        line.push(Span::styled(served_by, theme.bad()));
        line.push(Span::styled(format!("  known by: {}", r.evidence), theme.quiet()));
        out.push(Line::from(line));
        out.push(Line::default());
    }
    let words = e.words.iter().filter(|_| !partial);
    out.extend(words.map(|words| Line::from(spans(words, theme.plain(), theme))));
    if let Some(r) = &e.request {
        out.push(Line::default());
        let pairs = [
            ("model", r.model.clone()),
            ("node", r.node.clone()),
            ("agent", r.agent.clone()),
            (
                "status",
                if r.error.is_empty() { r.status.clone() } else { format!("{} ({})", r.status, r.error) },
            ),
            (
                "tokens",
                match (r.tokens_in, r.tokens_out) {
                    (None, None) => String::new(),
                    (input, output) => {
                        let shown = |n: Option<u64>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
                        format!("{} in, {} out", shown(input), shown(output))
                    }
                },
            ),
            (
                "latency",
                r.latency.map_or_else(String::new, |latency| format!("{} ms", latency.0 / 1_000_000)),
            ),
        ];
        for (label, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            let mut line = vec![Span::styled(format!("{label:<11}"), theme.quiet())];
            line.extend(spans(&value, theme.plain(), theme));
            out.push(Line::from(line));
        }
    }
    if let Some(original) = &e.imported {
        out.extend(worth(original, theme));
    }
    for other in &e.same_id {
        out.push(Line::styled(format!("another record has this id (row {})", other.0), theme.warn()));
    }
    out
}

/// What the fields of an imported record are worth.
fn worth(original: &Original, theme: &Theme) -> Vec<Line<'static>> {
    let mut out = vec![Line::default()];
    if original.bytes.is_none() {
        out.push(Line::styled("the file no longer holds the bytes that were read", theme.bad()));
    }
    for field in original.fields {
        let style = if field.standing == Standing::Proof { theme.good() } else { theme.quiet() };
        let mut line = vec![Span::styled(format!("{:<11}", field.standing.name()), style)];
        line.push(Span::styled(format!("{}: ", field.name), theme.strong()));
        line.push(Span::styled(field.why, theme.quiet()));
        out.push(Line::from(line));
    }
    if !original.assumed.is_empty() {
        let mut line = vec![Span::styled(format!("{:<11}", "assumed"), theme.warn())];
        line.extend(spans(&original.assumed.join(", "), theme.strong(), theme));
        line.push(Span::styled(": the source holds none", theme.quiet()));
        out.push(Line::from(line));
    }
    out
}

fn draw_links(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let (theme, zone) = (&model.theme, model.zone);
    let linked = state.linked();
    if linked.is_empty() {
        let words = "nothing recorded led to it, and nothing recorded came of it";
        frame.buffer_mut().set_span(area.x + 2, area.y, &Span::styled(words, theme.quiet()), area.width);
        return;
    }
    lines::draw(frame, area, &state.links, linked.len(), Focus::Here, theme, |n| {
        let (side, link) = match &linked[n] {
            Tie::Chain(link) => return chain_line(link, zone, theme),
            Tie::From(link) => ("from", link),
            Tie::To(link) => ("to", link),
        };
        self::link(side, link, zone, theme)
    });
}

/// A record that led to this one, or came of it.
pub fn link(side: &str, link: &Linked, zone: Zone, theme: &Theme) -> Line<'static> {
    let mut line = vec![
        Span::styled(format!("{side:<5}"), theme.quiet()),
        Span::styled(format!("{:<10}", link.kind.name()), theme.accent()),
    ];
    match link.record {
        Some((kind, at)) => {
            line.push(Span::raw(format!("{:<11}", kind.name())));
            line.push(Span::styled(format!("{}  ", at.short(zone)), theme.quiet()));
        }
        None => line.push(Span::styled("not in this case  ", theme.warn())),
    }
    line.extend(spans(&link.id, theme.strong(), theme));
    line.push(Span::raw("  "));
    line.extend(spans(&link.agent, theme.quiet(), theme));
    Line::from(line)
}

/// A link of the shortest chain from what the faulty version served.
fn chain_line(link: &Linkage, zone: Zone, theme: &Theme) -> Line<'static> {
    let mut line = vec![
        Span::styled("taint ", theme.quiet()),
        Span::styled(format!("{:<3}", link.tier.name()), tier_style(link.tier, theme)),
        Span::styled(format!("{:<10}", link.way.name()), theme.accent()),
        Span::raw(format!("{:<11}", link.kind.name())),
        Span::styled(format!("{}  ", link.at.short(zone)), theme.quiet()),
    ];
    line.extend(spans(&link.id, theme.strong(), theme));
    line.push(Span::raw("  "));
    line.extend(spans(&link.agent, theme.quiet(), theme));
    if link.strength < 0.995 {
        line.push(Span::styled(format!("  {:.2}", link.strength), theme.quiet()));
    }
    if link.by_tolerance {
        line.push(Span::styled("  within clock tolerance", theme.warn()));
    }
    Line::from(line)
}

/// The same request answered by the other version: this answer on top, the others below.
fn draw_pairs(e: &Explanation, scroll: &Scroll, frame: &mut Frame<'_>, area: Rect, theme: &Theme) {
    if e.pairs.is_empty() {
        return say("no request of the other version has the same content", frame, area, theme);
    }
    let version = |r: &RequestRow| if r.effective.is_empty() { "?".to_owned() } else { r.effective.clone() };
    let line = |mark: (&'static str, Style), version: &str, id: &str, answer: &str| {
        let mut line = vec![Span::styled(format!("{:<10}", mark.0), mark.1)];
        line.extend(spans(version, theme.strong(), theme));
        line.push(Span::raw("  "));
        line.extend(spans(id, theme.accent(), theme));
        line.push(Span::raw("  "));
        line.extend(spans(answer, theme.plain(), theme));
        Line::from(line)
    };
    let own = e.request.as_ref().map_or_else(String::new, version);
    let head = line(("this one", theme.quiet()), &own, &e.id, &e.answer);
    let head = fit(head, usize::from(area.width.saturating_sub(4)), theme);
    frame.buffer_mut().set_line(area.x + 2, area.y, &head, area.width.saturating_sub(3));
    let words = format!("{} by the other version; enter compares", counted(e.pairs_in_all as u64, "answer"));
    let words = match e.pairs_in_all > e.pairs.len() {
        true => format!("{words}; the first {} are shown", e.pairs.len()),
        false => words,
    };
    let line_of_words = Span::styled(words, theme.quiet());
    frame.buffer_mut().set_span(area.x + 2, area.y + 1, &line_of_words, area.width.saturating_sub(3));
    let list = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    lines::draw(frame, list, scroll, e.pairs.len(), Focus::Here, theme, |n| {
        let pair = &e.pairs[n];
        let mark = match pair.differs {
            Some(true) => ("differs", theme.bad()),
            Some(false) => ("the same", theme.good()),
            None => ("unknown", theme.quiet()),
        };
        line(mark, &version(&pair.other), &pair.other.id, &pair.answer)
    });
}

/// The colour of a tier; its name always stands beside it.
pub fn tier_style(tier: Tier, theme: &Theme) -> Style {
    match tier {
        Tier::T0 => theme.bad(),
        Tier::T1 => theme.warn().patch(theme.strong()),
        Tier::T2 => theme.warn(),
        Tier::T3 => theme.plain(),
    }
}

/// The pane beside a list: the request in short.
pub fn summary(r: &RequestRow, width: usize, model: &Model) -> Vec<Line<'static>> {
    let (theme, zone) = (&model.theme, model.zone);
    let version = |text: &str| if text.is_empty() { "—".to_owned() } else { text.to_owned() };
    let width = width.saturating_sub(11);
    let at = match zone {
        Zone::Utc => r.at.rfc3339(),
        Zone::Local => r.at.format(zone, "%Y-%m-%dT%H:%M:%S%.f%:z"),
        Zone::Since(_) => r.at.format(zone, "%H:%M:%S%.f"),
    };
    let mut pairs = vec![
        ("id", r.id.clone()),
        ("at", at),
        ("model", r.model.clone()),
        ("node", r.node.clone()),
        ("agent", r.agent.clone()),
        ("claimed", version(&r.claimed)),
    ];
    let tier = || r.tier.flatten().map_or_else(String::new, |tier| format!("{tier}, {}", tier.meaning()));
    match is_partial(model) {
        true => pairs.push(("served by", "known when all is read".to_owned())),
        false => pairs.extend([
            ("scheduled", version(&r.scheduled)),
            ("attested", version(&r.attested)),
            ("served by", version(&r.effective)),
            ("known by", r.evidence.name().to_owned()),
            ("points", r.pointers.to_string()),
            ("tier", tier()),
            ("proof", r.proof.map_or_else(|| "not verified".to_owned(), |status| status.name().to_owned())),
        ]),
    }
    pairs.extend([("status", r.status.clone()), ("error", r.error.clone())]);
    let mut out: Vec<Line<'static>> = Vec::new();
    for (label, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        let mut line = vec![Span::styled(format!("{label:<11}"), theme.quiet())];
        line.push(Span::raw(cut_middle(&shown(&value, theme), width, theme)));
        out.push(Line::from(line));
    }
    out.push(Line::default());
    out.push(Line::styled("enter: its bytes, causes, effects", theme.quiet()));
    out
}
