//! The tables of Settlements: payments, and what was put on a chain; their rows for the screen and for workers.

use crate::analysis::money::{Asset, Class, Payment, State};
use crate::analysis::settled::{Settlement, SettlementState};
use crate::journal::Column as Recorded;
use crate::model::{Amount, Nanos, Row};
use crate::ui::text::spans;
use crate::ui::theme::Theme;
use crate::ui::when::Clock;
use crate::ui::widgets::rows::Rows;
use crate::ui::widgets::table::Column;
use crate::work::blast::Blast;
use crate::work::findings::grouped;
use crate::work::lines::{Lines, Value};
use crate::work::payments::amount;
use crate::work::study::Study;
use ratatui::style::Style;
use ratatui::text::Line;
use std::sync::Arc;

/// The column of classes among those of payments, and that of what they pay for.
pub const CLASS: usize = 3;
pub const MEMBERS: usize = 7;

pub struct Paid {
    pub payment: Payment,
    pub asset: Asset,
    pub id: Id,
    pub clock: Clock,
}

pub struct Settled {
    pub settlement: Settlement,
    pub id: Id,
    pub clock: Clock,
}

/// An id that stands in the journals: known once it was on screen, read where a worker asks for it.
pub enum Id {
    Known(Option<String>),
    Read(Arc<Study>, Row),
}

impl Id {
    /// What a payment has still when its next state is another record: the print of its id.
    fn identity(&self, row: Row) -> u64 {
        match self {
            Self::Known(_) => u64::from(row.0),
            Self::Read(study, row) => study.snapshot.value(Recorded::Print, *row).unwrap_or(u64::from(row.0)),
        }
    }

    pub fn text(&self) -> String {
        match self {
            Self::Known(id) => id.clone().unwrap_or_else(|| "…".to_owned()),
            Self::Read(study, row) => {
                study.snapshot.id(*row).unwrap_or_else(|_| "(journal unreadable)".to_owned())
            }
        }
    }
}

pub const PAYMENTS: [Column<Paid>; 8] = [
    Column::<Paid>::left("settled at", 14, |p, t| moment(p.payment.settled_at, p.clock, t))
        .need(1)
        .value(|p| Value::moment(p.payment.settled_at)),
    Column::<Paid>::left("inferred", 14, |p, t| moment(inferred(p), p.clock, t))
        .need(4)
        .value(|p| Value::moment(inferred(p))),
    Column::<Paid>::left("id", 12, |p, t| Line::from(spans(&p.id.text(), t.accent(), t))).grow(1),
    Column::<Paid>::left("class", 10, |p, t| Line::styled(p.payment.class.name(), style(p.payment.class, t)))
        .value(|p| {
            let place = |word: &str| Class::ALL.iter().position(|class| class.name() == word);
            Value::Ranked(p.payment.class as usize, place)
        }),
    Column::<Paid>::left("state", 10, |p, t| Line::styled(p.payment.state.name(), t.plain())).need(2).value(
        |p| {
            let place = |word: &str| State::ALL.iter().position(|state| state.name() == word);
            Value::Ranked(p.payment.state as usize, place)
        },
    ),
    Column::<Paid>::right("amount", 16, |p, t| money(p, p.payment.amount, t))
        .grow(1)
        .value(|p| worth(p, p.payment.amount)),
    Column::<Paid>::right("tainted", 16, |p, t| money(p, p.payment.tainted, t))
        .need(3)
        .grow(1)
        .value(|p| worth(p, p.payment.tainted)),
    Column::<Paid>::left("members", 16, |p, t| Line::styled(members(&p.payment), t.quiet())).need(5).value(
        |p| match p.payment.members.total() {
            0 => Value::text(&members(&p.payment)),
            _ => Value::whole(p.payment.members.tiers.iter().sum::<u64>()),
        },
    ),
];

pub const ON_CHAIN: [Column<Settled>; 7] = [
    Column::<Settled>::left("settled at", 14, |s, t| moment(s.settlement.settled_at, s.clock, t))
        .need(1)
        .value(|s| Value::moment(s.settlement.settled_at)),
    Column::<Settled>::left("id", 12, |s, t| Line::from(spans(&s.id.text(), t.accent(), t))).grow(1),
    Column::<Settled>::left("mode", 10, |s, t| Line::styled(s.settlement.mode.name(), t.plain())).need(3),
    Column::<Settled>::left("state", 9, |s, t| {
        let bad = matches!(s.settlement.state, SettlementState::Failed | SettlementState::Reverted);
        Line::styled(s.settlement.state.name(), if bad { t.bad() } else { t.plain() })
    }),
    Column::<Settled>::right("inferences", 10, |s, t| {
        Line::styled(grouped(s.settlement.members.len() as u64), t.plain())
    })
    .need(2)
    .grow(1)
    .value(|s| Value::whole(s.settlement.members.len() as u64)),
    Column::<Settled>::right("by faulty", 9, |s, t| {
        let style = if s.settlement.faulty > 0 { t.bad() } else { t.quiet() };
        Line::styled(grouped(s.settlement.faulty), style)
    })
    .grow(1)
    .value(|s| Value::whole(s.settlement.faulty)),
    Column::<Settled>::right("not here", 8, |s, t| Line::styled(grouped(s.settlement.unknown), t.quiet()))
        .need(4)
        .grow(1)
        .value(|s| Value::whole(s.settlement.unknown)),
];

/// The payments for workers, worst class first.
pub fn payments(study: Arc<Study>, blast: Arc<Blast>) -> Arc<dyn Lines> {
    let (len, clock) = (blast.by_class.len(), Clock::utc(&study));
    let row = move |row: usize| {
        let id = |row| Id::Read(Arc::clone(&study), row);
        paid(&blast, row, clock, id)
    };
    let identity = |paid: &Paid| paid.id.identity(paid.payment.row);
    Arc::new(Rows { columns: &PAYMENTS, len, row, identity, unread: Some(2) })
}

/// What was put on a chain, for workers.
pub fn on_chain(study: Arc<Study>, blast: Arc<Blast>) -> Arc<dyn Lines> {
    let (len, clock) = (blast.books.settlements.len(), Clock::utc(&study));
    let row = move |row: usize| {
        let id = |row| Id::Read(Arc::clone(&study), row);
        settled(&blast, row, clock, id)
    };
    let identity = |settled: &Settled| settled.id.identity(settled.settlement.row);
    Arc::new(Rows { columns: &ON_CHAIN, len, row, identity, unread: Some(1) })
}

pub fn paid(blast: &Blast, row: usize, clock: Clock, id: impl Fn(Row) -> Id) -> Option<Paid> {
    let payment = blast.ledger().payments.get(*blast.by_class.get(row)?)?.clone();
    let asset = blast.ledger().assets.get(payment.asset)?.clone();
    Some(Paid { id: id(payment.row), payment, asset, clock })
}

pub fn settled(blast: &Blast, row: usize, clock: Clock, id: impl Fn(Row) -> Id) -> Option<Settled> {
    let settlement = blast.books.settlements.get(row)?.clone();
    Some(Settled { id: id(settlement.row), settlement, clock })
}

fn inferred(paid: &Paid) -> Option<Nanos> {
    paid.payment.inferred.map(|(from, _)| from)
}

fn money(paid: &Paid, of: Amount, theme: &Theme) -> Line<'static> {
    Line::from(spans(&amount(&paid.asset, of), theme.plain(), theme))
}

fn worth(paid: &Paid, amount: Amount) -> Value {
    Value::Amount { asset: paid.payment.asset, decimals: paid.asset.decimals, amount }
}

fn moment(at: Option<Nanos>, clock: Clock, theme: &Theme) -> Line<'static> {
    let text = at.map_or_else(|| "—".to_owned(), |at| clock.row(at, "%m-%d %H:%M:%S"));
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
