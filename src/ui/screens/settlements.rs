//! Settlements: every payment with its class and both clocks, what was put on a chain, and the totals per asset.
//!
//! ```text
//!   Payments │ On chain │ Totals     205 of 1,023 payments: direct and derived
//!   settled at           inferred             id            class    state     amount    tainted  members
//! ▌ 10-05 08:41:07       10-05 08:40:51       pay-000000f3  direct   settled   0.0125 …  0.0125   1 of 1
//! ```

use crate::analysis::money::{Asset, Class, Payment};
use crate::analysis::settled::{Settlement, SettlementState};
use crate::model::time::Zone;
use crate::model::{Kind, Nanos, Row};
use crate::ui::actions::Action;
use crate::ui::frame;
use crate::ui::lists::{Which, is_noted, row_under_cursor, said};
use crate::ui::model::{Command, Model, Screen};
use crate::ui::text::{cut, spans};
use crate::ui::theme::Theme;
use crate::ui::update::{body_height, open_row};
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::ui::widgets::table::{self, Align, Arranged, Column, Shape, texts};
use crate::work::blast::Blast;
use crate::work::findings::{counted, grouped};
use crate::work::notebook::Subject;
use crate::work::payments::{amount, total};
use crate::work::sheet::Sheet;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug)]
pub struct State {
    pub tab: Tab,
    pub scroll: Scroll,
    pub arranged: Arranged,
    pub only: Only,
    /// Ids of what is on screen: they stand in the journals.
    pub ids: BTreeMap<Row, String>,
    /// Places among the ledger's payments, worst class first.
    shown: Arc<[usize]>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            tab: Tab::default(),
            scroll: Scroll::default(),
            arranged: Arranged::at(CLASS),
            only: Only::default(),
            ids: BTreeMap::new(),
            shown: Arc::default(),
        }
    }
}

/// The column of classes among those of payments.
const CLASS: usize = 3;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Payments,
    Chain,
    Totals,
}

/// Which payments are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Only {
    #[default]
    All,
    Class(Class),
}

const TABS: [(Tab, &str); 3] =
    [(Tab::Payments, "Payments"), (Tab::Chain, "On chain"), (Tab::Totals, "Totals")];

/// The titles of the tabs, for whoever clicks on them.
pub fn titles() -> Vec<&'static str> {
    TABS.iter().map(|(_, title)| *title).collect()
}

/// Rows beyond which a list keeps its order: sorting one makes a text of every cell.
const SORTABLE: usize = 100_000;

struct Paid {
    payment: Payment,
    asset: Asset,
    id: String,
    zone: Zone,
}

fn left<R>(title: &'static str, width: u16, need: u8, cell: fn(&R, &Theme) -> Line<'static>) -> Column<R> {
    Column { title, width, grow: 0, need, align: Align::Left, cell }
}

fn right<R>(title: &'static str, width: u16, need: u8, cell: fn(&R, &Theme) -> Line<'static>) -> Column<R> {
    Column { title, width, grow: 1, need, align: Align::Right, cell }
}

fn payment_columns() -> [Column<Paid>; 8] {
    [
        left("settled at", 14, 1, |p, t| moment(p.payment.settled_at, p.zone, t)),
        left("inferred", 14, 4, |p, t| moment(p.payment.inferred.map(|(from, _)| from), p.zone, t)),
        Column { grow: 1, ..left("id", 12, 0, |p, t| Line::from(spans(&p.id, t.accent(), t))) },
        left("class", 10, 0, |p, t| Line::styled(p.payment.class.name(), style(p.payment.class, t))),
        left("state", 10, 2, |p, t| Line::styled(p.payment.state.name(), t.plain())),
        right("amount", 16, 0, |p, t| Line::from(spans(&amount(&p.asset, p.payment.amount), t.plain(), t))),
        right("tainted", 16, 3, |p, t| Line::from(spans(&amount(&p.asset, p.payment.tainted), t.plain(), t))),
        left("members", 16, 5, |p, t| Line::styled(members(&p.payment), t.quiet())),
    ]
}

struct Settled {
    settlement: Settlement,
    id: String,
    zone: Zone,
}

fn chain_columns() -> [Column<Settled>; 7] {
    [
        left("settled at", 14, 1, |s, t| moment(s.settlement.settled_at, s.zone, t)),
        Column { grow: 1, ..left("id", 12, 0, |s, t| Line::from(spans(&s.id, t.accent(), t))) },
        left("mode", 10, 3, |s, t| Line::styled(s.settlement.mode.name(), t.plain())),
        left("state", 9, 0, |s, t| {
            let bad = matches!(s.settlement.state, SettlementState::Failed | SettlementState::Reverted);
            Line::styled(s.settlement.state.name(), if bad { t.bad() } else { t.plain() })
        }),
        right("inferences", 10, 2, |s, t| {
            Line::styled(grouped(s.settlement.members.len() as u64), t.plain())
        }),
        right("by faulty", 9, 0, |s, t| {
            let style = if s.settlement.faulty > 0 { t.bad() } else { t.quiet() };
            Line::styled(grouped(s.settlement.faulty), style)
        }),
        right("not here", 8, 4, |s, t| Line::styled(grouped(s.settlement.unknown), t.quiet())),
    ]
}

fn moment(at: Option<Nanos>, zone: Zone, theme: &Theme) -> Line<'static> {
    let text = at.map_or_else(|| "—".to_owned(), |at| at.format(zone, "%m-%d %H:%M:%S"));
    Line::styled(text, theme.plain())
}

/// The colour of a class; its word always stands beside it.
pub fn style(class: Class, theme: &Theme) -> Style {
    match class {
        Class::Direct => theme.bad(),
        Class::Derived => theme.warn().patch(theme.strong()),
        Class::Likely => theme.warn(),
        Class::Possible | Class::Concurrent => theme.plain(),
        Class::Clear => theme.quiet(),
    }
}

fn members(payment: &Payment) -> String {
    let members = &payment.members;
    let tainted: u64 = members.tiers.iter().sum();
    match (payment.refund.is_some(), members.total()) {
        (true, _) => "a refund".to_owned(),
        (_, 0) if payment.caused.is_some() => "by an action".to_owned(),
        (_, 0) => "none named".to_owned(),
        (_, total) => format!("{} of {}", grouped(tainted), grouped(total)),
    }
}

fn with<T>(model: &mut Model, f: impl FnOnce(&mut State) -> T) -> Option<T> {
    match model.screens.last_mut() {
        Some(Screen::Settlements(state)) => Some(f(state)),
        _ => None,
    }
}

fn blast(model: &Model) -> Option<Arc<Blast>> {
    model.study.as_deref().and_then(|study| study.blast_known().cloned())
}

/// After the case or the window changed: the books again, and the list over them.
pub fn refresh(model: &mut Model) -> Vec<Command> {
    let Some(blast) = blast(model) else {
        return vec![Command::Blast];
    };
    with(model, |state| state.list(&blast));
    crate::ui::lists::rearrange(model);
    step(model, Step::By(0))
}

/// Rows of the tab, before they are narrowed.
pub fn length(model: &Model, state: &State) -> Option<usize> {
    let blast = blast(model)?;
    (state.tab != Tab::Totals).then(|| state.len(&blast))
}

/// The column of ids, and the record of each row.
pub fn records(model: &Model, state: &State) -> Option<(usize, Vec<Row>)> {
    let blast = blast(model).filter(|blast| state.len(blast) <= SORTABLE)?;
    let column = if state.tab == Tab::Payments { 2 } else { 1 };
    Some((column, (0..).map_while(|row| state.row(&blast, row)).collect()))
}

impl State {
    /// The place of the tab that is shown.
    pub fn place(&self) -> usize {
        TABS.iter().position(|(tab, _)| *tab == self.tab).unwrap_or(0)
    }

    /// Whether `=` is about the class of a payment, as it is at first.
    pub fn is_about_classes(&self) -> bool {
        self.tab == Tab::Payments && self.arranged.column == CLASS
    }

    pub fn only(class: Class) -> Self {
        Self { only: Only::Class(class), ..Self::default() }
    }

    fn list(&mut self, blast: &Blast) {
        self.shown = match self.only {
            Only::All => Arc::clone(&blast.by_class),
            Only::Class(class) => blast.of_class(class).into(),
        };
    }

    fn len(&self, blast: &Blast) -> usize {
        match self.tab {
            Tab::Payments => self.shown.len(),
            Tab::Chain => blast.books.settlements.len(),
            Tab::Totals => 0,
        }
    }

    fn row(&self, blast: &Blast, row: usize) -> Option<Row> {
        match self.tab {
            Tab::Payments => Some(blast.ledger().payments.get(*self.shown.get(row)?)?.row),
            Tab::Chain => Some(blast.books.settlements.get(row)?.row),
            Tab::Totals => None,
        }
    }

    fn paid(&self, blast: &Blast, row: usize, zone: Zone) -> Option<Paid> {
        let payment = blast.ledger().payments.get(*self.shown.get(row)?)?.clone();
        let asset = blast.ledger().assets.get(payment.asset)?.clone();
        let id = self.ids.get(&payment.row).cloned().unwrap_or_else(|| "…".to_owned());
        Some(Paid { payment, asset, id, zone })
    }

    fn settled(&self, blast: &Blast, row: usize, zone: Zone) -> Option<Settled> {
        let settlement = blast.books.settlements.get(row)?.clone();
        let id = self.ids.get(&settlement.row).cloned().unwrap_or_else(|| "…".to_owned());
        Some(Settled { settlement, id, zone })
    }

    /// What notes are taken on.
    pub fn subject(&self, model: &Model) -> Option<Subject> {
        let row = self.row(&*blast(model)?, self.arranged.row(self.scroll.cursor))?;
        let kind = if self.tab == Tab::Payments { Kind::Payment } else { Kind::Settlement };
        self.ids.get(&row).map(|id| Subject::new(kind.name(), id))
    }
}

/// Asks for the books, where they are not there yet.
pub fn compute(model: &Model) -> Option<Command> {
    let study = model.study.as_deref()?;
    (study.snapshot.is_sealed() && study.blast_known().is_none()).then_some(Command::Blast)
}

/// The books are there.
pub fn computed(model: &mut Model) -> Vec<Command> {
    match model.screen() {
        Screen::Settlements(_) => refresh(model),
        Screen::Requests(_) => super::requests::computed(model),
        _ => Vec::new(),
    }
}

pub fn listing(model: &Model, state: &State, which: Which) -> Option<Sheet> {
    fn sheet<R>(columns: &[Column<R>], rows: impl Iterator<Item = R>) -> Sheet {
        let theme = Theme::default();
        let titles = columns.iter().map(|column| column.title.to_owned()).collect();
        Sheet { titles, rows: rows.map(|row| texts(columns, &row, &theme)).collect() }
    }
    let blast = blast(model).filter(|blast| state.len(blast) <= SORTABLE)?;
    match state.tab {
        Tab::Payments => {
            let mut sheet = sheet(
                &payment_columns(),
                which.of(0..state.shown.len()).filter_map(|row| state.paid(&blast, row, Zone::Utc)),
            );
            for (row, place) in sheet.rows.iter_mut().zip(which.of(state.shown.iter())) {
                let payment = &blast.ledger().payments[*place];
                row[0] = whole(payment.settled_at);
                row[1] = whole(payment.inferred.map(|(from, _)| from));
            }
            Some(sheet)
        }
        Tab::Chain => {
            let mut sheet = sheet(
                &chain_columns(),
                which
                    .of(0..blast.books.settlements.len())
                    .filter_map(|row| state.settled(&blast, row, Zone::Utc)),
            );
            for (row, settlement) in sheet.rows.iter_mut().zip(which.of(blast.books.settlements.iter())) {
                row[0] = whole(settlement.settled_at);
            }
            Some(sheet)
        }
        Tab::Totals => None,
    }
}

/// A moment with its year and offset: what leaves the screen says which day it was.
fn whole(at: Option<Nanos>) -> String {
    at.map_or_else(String::new, Nanos::rfc3339)
}

pub fn named(model: &mut Model, ids: Vec<(Row, String)>) -> Vec<Command> {
    with(model, |state| state.ids.extend(ids));
    crate::ui::narrow::named(model)
}

fn list_height(model: &Model) -> usize {
    body_height(model).saturating_sub(3).max(1)
}

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    let (height, blast) = (list_height(model), blast(model));
    let Some(blast) = blast else {
        return Vec::new();
    };
    let unnamed = with(model, |state| {
        let len = state.arranged.len(state.len(&blast));
        state.scroll.step(step, len, height);
        let places = state.scroll.shown(len, height).map(|place| state.arranged.row(place));
        let rows = places.filter_map(|row| state.row(&blast, row));
        rows.filter(|row| !state.ids.contains_key(row)).collect::<Vec<_>>()
    });
    match unnamed {
        Some(rows) if !rows.is_empty() => vec![Command::Ids { rows }],
        _ => Vec::new(),
    }
}

pub fn act(model: &mut Model, action: Action) -> Vec<Command> {
    match action {
        Action::NextPane => turn(model, 1),
        Action::PreviousPane => turn(model, TABS.len() - 1),
        Action::Open => {
            let blast = blast(model);
            let row = row_under_cursor(model);
            let row = blast.zip(row).and_then(|(blast, row)| with(model, |state| state.row(&blast, row))?);
            row.map_or_else(Vec::new, |row| open_row(model, row))
        }
        Action::OnlyThis => only_this(model),
        Action::FilterDrop => show(model, Only::All),
        _ => Vec::new(),
    }
}

fn turn(model: &mut Model, by: usize) -> Vec<Command> {
    with(model, |state| {
        let place = TABS.iter().position(|(tab, _)| *tab == state.tab).unwrap_or(0);
        let ids = std::mem::take(&mut state.ids);
        let tab = TABS[(place + by) % TABS.len()].0;
        let arranged = if tab == Tab::Payments { Arranged::at(CLASS) } else { Arranged::default() };
        *state = State { tab, only: state.only, ids, arranged, ..State::default() };
    });
    refresh(model)
}

/// Only payments of the class under the cursor.
fn only_this(model: &mut Model) -> Vec<Command> {
    let (Some(blast), Some(row)) = (blast(model), row_under_cursor(model)) else {
        return Vec::new();
    };
    let class = with(model, |state| {
        let payment = blast.ledger().payments.get(*state.shown.get(row)?)?;
        Some(payment.class)
    });
    match class.flatten() {
        Some(class) => show(model, Only::Class(class)),
        None => said(model, "only payments have a class"),
    }
}

fn show(model: &mut Model, only: Only) -> Vec<Command> {
    with(model, |state| {
        state.only = only;
        (state.scroll, state.arranged) = (Scroll::default(), Arranged::at(CLASS));
    });
    refresh(model)
}

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
        let words = match (state.tab, state.only) {
            (Tab::Payments, Only::Class(class)) => {
                format!("no payment is {}; backspace shows all", class.name())
            }
            (Tab::Payments, Only::All) => "these journals record no payment".to_owned(),
            _ => "these journals record no settlement".to_owned(),
        };
        let words = cut(&words, usize::from(body.width.saturating_sub(3)), theme);
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
    match state.tab {
        Tab::Payments => {
            let paid = |place: usize| state.paid(&blast, row(place), model.zone);
            table::draw(frame, panes.list, &payment_columns(), shape, theme, paid);
            if let (Some(detail), Some(paid)) = (panes.detail, paid(state.scroll.cursor)) {
                frame.render_widget(Paragraph::new(details(&paid, theme)).wrap(Wrap { trim: false }), detail);
            }
        }
        _ => {
            let settled = |place: usize| state.settled(&blast, row(place), model.zone);
            table::draw(frame, panes.list, &chain_columns(), shape, theme, settled);
        }
    }
}

fn count_words(state: &State, blast: &Blast) -> String {
    let all = blast.ledger().payments.len() as u64;
    match (state.tab, state.only) {
        (Tab::Payments, Only::All) => counted(all, "payment"),
        (Tab::Payments, Only::Class(class)) => {
            format!("{} of {}: {}", grouped(state.shown.len() as u64), counted(all, "payment"), class.name())
        }
        (Tab::Chain, _) => counted(blast.books.settlements.len() as u64, "settlement"),
        (Tab::Totals, _) => "money that moved; a refund or dispute is subtracted once".to_owned(),
    }
}

/// One payment in words, with both clocks.
fn details(paid: &Paid, theme: &Theme) -> Vec<Line<'static>> {
    let p = &paid.payment;
    let mut lines = vec![Line::from(vec![
        Span::styled(p.class.name(), style(p.class, theme)),
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
            say(class.name(), words, if *count > 0 { style(class, theme) } else { theme.quiet() });
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
