//! Requests sorted by a column, and counted by the values of one.

use super::blast::Blast;
use super::filter::{Clause, Field, Op};
use super::study::Study;
use super::{Cancel, WorkError};
use crate::analysis::Window;
use crate::journal::Column;
use crate::model::time::HOUR;
use crate::model::{Evidence, Nanos, Pointers, Row, Status, Tier, Verdicts};
use crate::store::{Snapshot, StoreError, View};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Rising,
    Falling,
}

/// How requests are sorted; none is by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By {
    pub field: Field,
    pub order: Order,
}

/// A value, how many requests have it, and the clauses that leave only them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    pub value: String,
    pub count: u64,
    pub clauses: Vec<Clause>,
}

/// What a request has in one field, as a number: of equal texts, equal ones.
struct Keys<'s> {
    study: &'s Study,
    field: Field,
    column: Option<View<'s>>,
    blast: Option<Arc<Blast>>,
}

impl<'s> Keys<'s> {
    fn new(study: &'s Study, field: Field) -> Result<Self, WorkError> {
        let column = column_of(field).map(|column| study.snapshot.column(column)).transpose()?;
        if column.is_none() && !matches!(field, Field::Pointer | Field::Proof | Field::Tier) {
            let what = format!("requests cannot be sorted or counted by {}", field.name());
            return Err(WorkError::Refused(what));
        }
        let blast = (field == Field::Tier).then(|| study.blast()).transpose()?;
        Ok(Self { study, field, column, blast })
    }

    fn of(&self, row: Row) -> Result<u64, StoreError> {
        let snapshot = &self.study.snapshot;
        match (&self.column, self.field) {
            (Some(column), _) => Ok(column.value(row)),
            (None, Field::Pointer) => pointers(self.study, row).map(|pointers| u64::from(pointers.0)),
            (None, Field::Tier) => {
                let tier = self.blast.as_ref().and_then(|blast| blast.taint.tier(row));
                Ok(u64::from(Tier::code(tier)))
            }
            (None, _) => {
                Ok(snapshot.verdicts(row)?.and_then(Verdicts::worst).map_or(0, |status| status as u64))
            }
        }
    }
}

const fn column_of(field: Field) -> Option<Column> {
    Some(match field {
        Field::Version => Column::Effective,
        Field::Claimed => Column::Version,
        Field::Scheduled => Column::Scheduled,
        Field::Attested => Column::Attested,
        Field::Evidence => Column::Evidence,
        Field::Node => Column::Node,
        Field::Agent => Column::Agent,
        Field::Model => Column::Model,
        Field::Status => Column::State,
        Field::Error => Column::Category,
        Field::At => Column::At,
        Field::Tokens => Column::TokensOut,
        Field::TokensIn => Column::TokensIn,
        Field::Latency => Column::Latency,
        Field::Pointer
        | Field::Proof
        | Field::Tier
        | Field::Pair
        | Field::Source
        | Field::Id
        | Field::Text => return None,
    })
}

fn pointers(study: &Study, row: Row) -> Result<Pointers, StoreError> {
    let snapshot = &study.snapshot;
    let model = snapshot.value(Column::Model, row)?;
    Ok(snapshot.attribution(row)?.pointers(model, snapshot.at(row)?, study.window.as_ref()))
}

/// Sorts rows that stand in time order; equal ones stay in it.
pub fn sort(study: &Study, rows: &[Row], by: By, cancel: &Cancel) -> Result<Vec<Row>, WorkError> {
    let keys = Keys::new(study, by.field)?;
    let ranks = ranks(&study.snapshot, by.field);
    let mut keyed = Vec::with_capacity(rows.len());
    for (n, row) in rows.iter().enumerate() {
        if n % 65_536 == 0 {
            cancel.check()?;
        }
        let key = keys.of(*row)?;
        let key = ranks.as_ref().map_or(key, |ranks| ranks.get(key as usize).copied().unwrap_or(0));
        // What is larger comes first by what is smaller when turned round; time goes on as it does.
        let key = if by.order == Order::Falling { u64::MAX - key } else { key };
        keyed.push((key, n));
    }
    keyed.sort_unstable();
    Ok(keyed.into_iter().map(|(_, n)| rows[n]).collect())
}

/// The place of each name in the order of their characters; what is absent comes first.
fn ranks(snapshot: &Snapshot, field: Field) -> Option<Vec<u64>> {
    let names = snapshot.names(column_of(field)?.names()?);
    let mut numbers: Vec<usize> = (1..=names.len()).collect();
    numbers.sort_by_key(|number| names.text(*number as u64));
    let mut ranks = vec![0; names.len() + 1];
    (1..).zip(numbers).for_each(|(rank, number)| ranks[number] = rank);
    Some(ranks)
}

/// Counts rows by a field, most frequent first. Times are counted by the hour, numbers by their decade.
pub fn count(study: &Study, rows: &[Row], field: Field, cancel: &Cancel) -> Result<Vec<Count>, WorkError> {
    let keys = Keys::new(study, field)?;
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    for (n, row) in rows.iter().enumerate() {
        if n % 65_536 == 0 {
            cancel.check()?;
        }
        *counts.entry(group(field, keys.of(*row)?)).or_default() += 1;
    }
    let mut found: Vec<Count> = counts
        .into_iter()
        .map(|(key, count)| {
            let (value, clauses) = named(study, field, key);
            Count { value, count, clauses }
        })
        .collect();
    if !matches!(field, Field::At | Field::Tokens | Field::TokensIn | Field::Latency) {
        found.sort_by(|a, b| (b.count, &a.value).cmp(&(a.count, &b.value)));
    }
    Ok(found)
}

/// Values counted together, by the first of them.
fn group(field: Field, key: u64) -> u64 {
    match field {
        Field::At => key - key % HOUR.cast_unsigned(),
        // Microseconds plus one; shown and filtered in whole milliseconds.
        Field::Latency if key > 0 => decade((key - 1) / 1000) + 1,
        Field::Tokens | Field::TokensIn if key > 0 => decade(key - 1) + 1,
        _ => key,
    }
}

fn decade(number: u64) -> u64 {
    number.checked_ilog10().map_or(0, |digits| 10u64.pow(digits))
}

fn named(study: &Study, field: Field, key: u64) -> (String, Vec<Clause>) {
    let is = |value: &str| vec![Clause::is(field, value)];
    match field {
        Field::At => {
            let (from, to) = (Nanos(key.cast_signed()), Nanos(key.cast_signed().saturating_add(HOUR)));
            let between = vec![
                Clause::is(field, &from.rfc3339()).with(Op::AtLeast),
                Clause::is(field, &to.rfc3339()).with(Op::Less),
            ];
            (from.rfc3339(), between)
        }
        Field::Tokens | Field::TokensIn | Field::Latency => match key.checked_sub(1) {
            None => ("not recorded".to_owned(), vec![Clause::is(field, "0").with(Op::AtLeast).negated()]),
            Some(from) => {
                let to = if from == 0 { 0 } else { from.saturating_mul(10).saturating_sub(1) };
                let between = vec![
                    Clause::is(field, &from.to_string()).with(Op::AtLeast),
                    Clause::is(field, &to.to_string()).with(Op::AtMost),
                ];
                (if from == to { from.to_string() } else { format!("{from} to {to}") }, between)
            }
        },
        Field::Evidence => {
            let name = Evidence::ALL.get(key as usize).map_or("", |evidence| evidence.name());
            (name.to_owned(), is(name))
        }
        Field::Proof => {
            let status = Status::ALL.into_iter().find(|status| *status as u64 == key);
            let name = status.map_or("none", Status::name);
            (name.to_owned(), is(name))
        }
        Field::Tier => {
            let name = Tier::from_code(key as u8).map_or("none", Tier::name);
            (name.to_owned(), is(name))
        }
        Field::Pointer => {
            let pointers = Pointers(key as u8);
            let clauses = Pointers::ALL.into_iter().map(|(flag, name)| {
                let clause = Clause::is(field, name);
                if pointers.has(flag) { clause } else { clause.negated() }
            });
            (pointers.to_string(), clauses.collect())
        }
        _ => {
            let name = column_of(field).map_or("", |column| study.snapshot.name(column, key));
            (name.to_owned(), is(name))
        }
    }
}

/// What a bare time of day belongs to: the day the window or the records begin.
pub fn day(study: &Study) -> Nanos {
    let from = study.window.as_ref().and_then(Window::from);
    from.or(study.fold.span.map(|(from, _)| Nanos(from))).unwrap_or_default()
}
