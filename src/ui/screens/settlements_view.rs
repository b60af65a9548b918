//! Settlements on screen: the line of tabs, the table of one, a payment in words, the totals per asset.

use super::payments_table::{self, Id, ON_CHAIN, PAYMENTS, Paid, Settled, paid, settled};
use super::request_view;
use super::settlements::{State, TABS, Tab, blast};
use crate::analysis::money::Class;
use crate::model::time::Zone;
use crate::model::{Kind, Nanos, Row};
use crate::ui::beside::{self, Found};
use crate::ui::lists::is_noted;
use crate::ui::model::Model;
use crate::ui::panes;
use crate::ui::text::{cut, spans, wrap};
use crate::ui::theme::Theme;
use crate::ui::when::Clock;
use crate::ui::widgets::lines::{self, Focus};
use crate::ui::widgets::table::{self, Shape};
use crate::ui::widgets::tabs;
use crate::work::blast::Blast;
use crate::work::explain::Explanation;
use crate::work::findings::{counted, grouped};
use crate::work::notebook::Subject;
use crate::work::payments::{amount, total};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let mut line = vec![Span::raw(" ")];
    line.extend(tabs::titles(&TABS, state.tab, "", theme));
    let Some(blast) = blast(model) else {
        frame.buffer_mut().set_line(area.x + 1, area.y, &Line::from(line), area.width.saturating_sub(1));
        let words = "adding up…";
        frame.buffer_mut().set_span(area.x + 2, area.y + 2, &Span::styled(words, theme.quiet()), area.width);
        return;
    };
    line.push(Span::styled(format!("   {}", count_words(state, &blast)), theme.quiet()));
    let line = crate::ui::text::fit(Line::from(line), usize::from(area.width).saturating_sub(1), theme);
    frame.buffer_mut().set_line(area.x + 1, area.y, &line, area.width.saturating_sub(1));
    let body = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    if state.tab == Tab::Totals {
        let told = all_totals(model, &blast);
        lines::draw(frame, body, &state.scroll, told.len(), Focus::Elsewhere, theme, |n| told[n].clone());
        return;
    }
    let len = state.len(&blast);
    if len == 0 {
        let words = match state.tab {
            Tab::Payments => "these journals record no payment",
            _ => "these journals record no settlement",
        };
        let words = cut(words, usize::from(body.width.saturating_sub(3)), theme);
        frame.buffer_mut().set_span(body.x + 2, body.y, &Span::styled(words, theme.quiet()), body.width);
        return;
    }
    let list = panes::of(model).list;
    let noted = |place: usize| {
        let id = state.row(&blast, state.arranged.row(place)).and_then(|row| state.ids.get(&row));
        let kind = if state.tab == Tab::Payments { Kind::Payment } else { Kind::Settlement };
        id.is_some_and(|id| is_noted(model, &Subject::new(kind.name(), id)))
    };
    let shape =
        Shape { noted: &noted, ..Shape::new(&state.scroll, state.arranged.len(len), &state.arranged) };
    let (clock, row) = (Clock::of(model), |place: usize| state.arranged.row(place));
    let known = |row: Row| Id::Known(state.ids.get(&row).cloned());
    match state.tab {
        Tab::Payments => {
            let paid = |place: usize| paid(&blast, row(place), clock, known);
            table::draw(frame, list, &PAYMENTS, shape, theme, paid);
        }
        _ => {
            let settled = |place: usize| settled(&blast, row(place), clock, known);
            table::draw(frame, list, &ON_CHAIN, shape, theme, settled);
        }
    }
}

/// The payment or settlement under the cursor in words.
pub fn detail(model: &Model, state: &State) -> Vec<Line<'static>> {
    let Some(blast) = blast(model) else { return Vec::new() };
    let (theme, row) = (&model.theme, state.arranged.row(state.scroll.cursor));
    let clock = Clock::of(model);
    let known = |row: Row| Id::Known(state.ids.get(&row).cloned());
    match state.tab {
        Tab::Payments => paid(&blast, row, clock, known).map_or_else(Vec::new, |paid| details(&paid, theme)),
        Tab::Chain => {
            let settled = settled(&blast, row, clock, known);
            settled.map_or_else(Vec::new, |settled| on_chain(&settled, theme))
        }
        Tab::Totals => Vec::new(),
    }
}

/// What it hangs on, whether it adds up, and the totals of its asset.
pub fn third(model: &Model, state: &State) -> Vec<Line<'static>> {
    let (Some(blast), Some(row)) = (blast(model), state.row_under_cursor(model)) else { return Vec::new() };
    let theme = &model.theme;
    let mut lines = match beside::seen(model) {
        Ok(Found::Record(record)) => {
            let (explanation, _) = &**record;
            let mut lines = beside::head(explanation, model);
            lines.extend(links(explanation, model.zone, theme));
            lines
        }
        Ok(_) => Vec::new(),
        Err(words) => vec![words],
    };
    lines.push(Line::default());
    lines.extend(amiss(model, row));
    if let (Tab::Payments, Some(paid)) = (
        state.tab,
        paid(&blast, state.arranged.row(state.scroll.cursor), Clock::of(model), |_| Id::Known(None)),
    ) {
        lines.push(Line::default());
        lines.extend(totals(&blast, theme, Some(paid.payment.asset)));
    }
    lines
}

/// How many causes and effects are listed; their number is said.
const LISTED: usize = 12;

/// What led to it and what came of it.
fn links(e: &Explanation, zone: Zone, theme: &Theme) -> Vec<Line<'static>> {
    let all = e.causes.len() + e.effects.len();
    let sides = e.causes.iter().map(|link| ("from", link)).chain(e.effects.iter().map(|link| ("to", link)));
    let mut lines: Vec<Line<'static>> =
        sides.take(LISTED).map(|(side, link)| request_view::link(side, link, zone, theme)).collect();
    if all == 0 {
        lines.push(Line::styled("nothing recorded led to it or came of it", theme.quiet()));
    }
    if all > LISTED {
        lines.push(Line::styled(format!("and {} more: enter opens all", all - LISTED), theme.quiet()));
    }
    lines
}

/// What reconciliation says of this very record.
fn amiss(model: &Model, row: Row) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let impact = model.study.as_deref().and_then(|study| study.impact.as_deref());
    let Some(impact) = impact else {
        return vec![Line::styled("not reconciled yet", theme.quiet())];
    };
    let about = impact.found.iter().filter(|found| found.rows.contains(&row.0));
    let mut lines: Vec<Line<'static>> = about
        .map(|found| {
            let mut line =
                vec![Span::styled(format!("{} {}  ", theme.glyphs.warning, found.rule), theme.warn())];
            line.extend(spans(&found.words, theme.plain(), theme));
            Line::from(line)
        })
        .collect();
    if lines.is_empty() {
        let words = "no reconciliation finding names it among its first records";
        lines.push(Line::styled(words, theme.quiet()));
    }
    lines
}

/// One settlement in words.
fn on_chain(settled: &Settled, theme: &Theme) -> Vec<Line<'static>> {
    let s = &settled.settlement;
    let mut lines = Vec::new();
    let mut say = |label: &str, value: String, style: Style| {
        let mut line = vec![Span::styled(format!("{label:<13}"), theme.quiet())];
        line.extend(spans(&value, style, theme));
        lines.push(Line::from(line));
    };
    let plain = theme.plain();
    say("id", settled.id.text(), theme.strong());
    say("mode", s.mode.name().to_owned(), plain);
    say("state", s.state.name().to_owned(), plain);
    let at = s.settled_at.map_or_else(|| "not recorded".to_owned(), |at| at.short(settled.clock.zone));
    say("settled", at, plain);
    say("recorded", s.at.short(settled.clock.zone), plain);
    let members = s.members.len() as u64;
    say("inferences", format!("{} here", counted(members, "inference")), plain);
    say("by faulty", grouped(s.faulty), if s.faulty > 0 { theme.bad() } else { plain });
    say("not here", grouped(s.unknown), plain);
    if let Some(size) = s.size {
        say("batch size", grouped(size), plain);
    }
    lines.push(Line::default());
    lines.push(Line::styled("enter opens its record and what it settles", theme.quiet()));
    lines
}

fn count_words(state: &State, blast: &Blast) -> String {
    match state.tab {
        Tab::Payments => counted(blast.ledger().payments.len() as u64, "payment"),
        Tab::Chain => counted(blast.books.settlements.len() as u64, "settlement"),
        Tab::Totals => "money that moved; a refund or dispute is subtracted once".to_owned(),
    }
}

/// One payment in words, with both clocks.
fn details(paid: &Paid, theme: &Theme) -> Vec<Line<'static>> {
    let p = &paid.payment;
    let mut lines = vec![Line::from(vec![
        Span::styled(p.class.name(), payments_table::style(p.class, theme)),
        Span::styled(format!("  {}", p.class.meaning()), theme.quiet()),
    ])];
    let mut say = |label: &str, value: String| {
        let mut line = vec![Span::styled(format!("{label:<13}"), theme.quiet())];
        line.extend(spans(&value, theme.plain(), theme));
        lines.push(Line::from(line));
    };
    let shown =
        |at: Option<Nanos>| at.map_or_else(|| "not recorded".to_owned(), |at| at.short(paid.clock.zone));
    say("state", p.state.name().to_owned());
    say("amount", amount(&paid.asset, p.amount));
    let tainted = match p.class {
        Class::Concurrent | Class::Clear => "nothing of it".to_owned(),
        _ => format!(
            "{} by share of members; in full {}",
            amount(&paid.asset, p.tainted),
            amount(&paid.asset, p.amount)
        ),
    };
    say("tainted", tainted);
    match p.inferred {
        Some((from, to)) if from != to => {
            say("inferred", format!("{} → {}", from.short(paid.clock.zone), to.short(paid.clock.zone)));
        }
        inferred => say("inferred", shown(inferred.map(|(from, _)| from))),
    }
    say("settled", shown(p.settled_at));
    let m = &p.members;
    if m.total() > 0 {
        let [t0, t1, t2, t3] = m.tiers;
        let by = if m.of_session { ", by its session" } else { "" };
        say(
            "members",
            format!("T0 {t0} · T1 {t1} · T2 {t2} · T3 {t3} · clean {} · not here {}{by}", m.clean, m.unknown),
        );
    }
    if m.straddle() {
        say("straddles", "some were served by the faulty version and some were not".to_owned());
    }
    if !p.refunded.0.is_zero() {
        say("came back", amount(&paid.asset, p.refunded));
    }
    if p.refund.is_some() {
        say("", "this is a refund: it is counted with the payment it gives back".to_owned());
    }
    lines.push(Line::default());
    lines.push(Line::styled("enter opens its record, its requests and proofs", theme.quiet()));
    lines
}

/// The totals of every asset, and what of payments and settlements does not add up, in lines that fit.
pub fn all_totals(model: &Model, blast: &Blast) -> Vec<Line<'static>> {
    let width = usize::from(model.size.0).saturating_sub(3);
    whole(model, blast).into_iter().flat_map(|line| wrap(line, width, 4)).collect()
}

fn whole(model: &Model, blast: &Blast) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let mut lines = totals(blast, theme, None);
    lines.push(Line::styled("reconciliation", theme.strong()));
    let study = model.study.as_deref();
    let Some((study, impact)) = study.and_then(|study| Some((study, study.impact.as_deref()?))) else {
        lines.push(Line::styled("  counting", theme.quiet()));
        return lines;
    };
    if impact.found.is_empty() {
        lines.push(Line::styled("  everything adds up", theme.good()));
    }
    for found in &impact.found {
        let told = study.findings.iter().find(|finding| finding.rule == found.rule);
        let words = told.map_or(found.words.as_str(), |finding| &finding.sentence);
        let mut line = vec![Span::styled(format!("  {}  ", found.rule), theme.warn())];
        line.extend(spans(words, theme.plain(), theme));
        lines.push(Line::from(line));
    }
    lines
}

/// The totals of one asset, or of all.
fn totals(blast: &Blast, theme: &Theme, only: Option<usize>) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (n, (asset, sums)) in blast.ledger().assets.iter().zip(&blast.ledger().sums).enumerate() {
        if sums.payments == 0 || only.is_some_and(|only| only != n) {
            continue;
        }
        let name = if asset.symbol.is_empty() { "(no symbol)" } else { &asset.symbol };
        let mut head = spans(name, theme.strong(), theme);
        head.push(Span::raw("  "));
        head.extend(spans(&format!("{} {}", asset.chain, asset.contract), theme.quiet(), theme));
        lines.push(Line::from(head));
        let mut say = |label: &str, value: String, style: Style| {
            let mut line = vec![Span::styled(format!("  {label:<26}"), theme.quiet())];
            line.extend(spans(&value, style, theme));
            lines.push(Line::from(line));
        };
        say("settled", total(asset, sums.settled), theme.plain());
        for (class, (count, sum)) in Class::ALL.into_iter().zip(&sums.class) {
            let words = format!("{}   {}", total(asset, *sum), counted(*count, "payment"));
            say(
                class.name(),
                words,
                if *count > 0 { payments_table::style(class, theme) } else { theme.quiet() },
            );
        }
        say("affected in full", total(asset, sums.affected()), theme.plain());
        say("affected by share", total(asset, sums.tainted), theme.plain());
        say("  of it refunded", total(asset, sums.refunded_affected), theme.plain());
        say("  of it disputed", total(asset, sums.disputed_affected), theme.plain());
        say("  still outstanding", total(asset, sums.outstanding), theme.warn());
        say("waiting", total(asset, sums.waiting), theme.quiet());
        say("failed or reverted", total(asset, sums.failed), theme.quiet());
        let (words, style) = match sums.conserve() {
            true => ("clean + tainted = settled", theme.good()),
            false => ("clean + tainted is NOT settled: do not trust these sums", theme.bad()),
        };
        say("checked", words.to_owned(), style);
        if sums.settled.is_beyond_uint256() {
            say("", "more than 2^256−1: some amount in it cannot be true".to_owned(), theme.bad());
        }
        lines.push(Line::default());
    }
    if lines.is_empty() {
        lines.push(Line::styled("these journals record no payment", theme.quiet()));
    }
    lines
}
