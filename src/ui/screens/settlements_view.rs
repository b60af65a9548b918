//! Settlements on screen: the line of tabs, the table of one, a payment in words, the totals per asset.

use super::payments_table::{self, Id, ON_CHAIN, PAYMENTS, Paid, paid, settled};
use super::settlements::{State, TABS, Tab, blast};
use crate::analysis::money::Class;
use crate::model::{Kind, Nanos, Row};
use crate::ui::frame;
use crate::ui::lists::is_noted;
use crate::ui::model::Model;
use crate::ui::text::{cut, spans};
use crate::ui::theme::Theme;
use crate::ui::widgets::table::{self, Shape};
use crate::work::blast::Blast;
use crate::work::findings::counted;
use crate::work::notebook::Subject;
use crate::work::payments::{amount, total};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

pub fn draw(model: &Model, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let mut line = vec![Span::raw(" ")];
    for (tab, title) in TABS {
        let style = if tab == state.tab { theme.tab() } else { theme.quiet() };
        line.push(Span::styled(format!(" {title} "), style));
    }
    let Some(blast) = blast(model) else {
        let words = "adding up…";
        frame.buffer_mut().set_span(area.x + 2, area.y + 2, &Span::styled(words, theme.quiet()), area.width);
        return;
    };
    line.push(Span::styled(format!("   {}", count_words(state, &blast)), theme.quiet()));
    let line = crate::ui::text::fit(Line::from(line), usize::from(area.width).saturating_sub(1), theme);
    frame.buffer_mut().set_line(area.x + 1, area.y, &line, area.width.saturating_sub(1));
    let body = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    if state.tab == Tab::Totals {
        let paragraph = Paragraph::new(totals(&blast, theme)).wrap(Wrap { trim: false });
        let scrolled = paragraph.scroll((state.scroll.top as u16, 0));
        frame.render_widget(scrolled, Rect { x: body.x + 2, width: body.width.saturating_sub(2), ..body });
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
    let panes = frame::panes(model, body);
    let noted = |place: usize| {
        let id = state.row(&blast, state.arranged.row(place)).and_then(|row| state.ids.get(&row));
        let kind = if state.tab == Tab::Payments { Kind::Payment } else { Kind::Settlement };
        id.is_some_and(|id| is_noted(model, &Subject::new(kind.name(), id)))
    };
    let shape =
        Shape { noted: &noted, ..Shape::new(&state.scroll, state.arranged.len(len), &state.arranged) };
    let row = |place: usize| state.arranged.row(place);
    let known = |row: Row| Id::Known(state.ids.get(&row).cloned());
    match state.tab {
        Tab::Payments => {
            let paid = |place: usize| paid(&blast, row(place), model.zone, known);
            table::draw(frame, panes.list, &PAYMENTS, shape, theme, paid);
            if let (Some(detail), Some(paid)) = (panes.detail, paid(state.scroll.cursor)) {
                frame.render_widget(Paragraph::new(details(&paid, theme)).wrap(Wrap { trim: false }), detail);
            }
        }
        _ => {
            let settled = |place: usize| settled(&blast, row(place), model.zone, known);
            table::draw(frame, panes.list, &ON_CHAIN, shape, theme, settled);
        }
    }
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
    let shown = |at: Option<Nanos>| at.map_or_else(|| "not recorded".to_owned(), |at| at.short(paid.zone));
    say("state", p.state.name().to_owned());
    say("amount", amount(&paid.asset, p.amount));
    say(
        "tainted",
        format!(
            "{} by share of members; in full {}",
            amount(&paid.asset, p.tainted),
            amount(&paid.asset, p.amount)
        ),
    );
    match p.inferred {
        Some((from, to)) if from != to => {
            say("inferred", format!("{} → {}", from.short(paid.zone), to.short(paid.zone)));
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

fn totals(blast: &Blast, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (asset, sums) in blast.ledger().assets.iter().zip(&blast.ledger().sums) {
        if sums.payments == 0 {
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
