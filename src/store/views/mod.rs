//! SQL over a case: read-only views that look straight into the columns, so that no row is stored twice.
//!
//! Queries run on a connection of their own that holds nothing but these views: nothing a statement does can reach the
//! case file or any other.

mod columns;
mod table;
mod tables;

use super::{Snapshot, StoreError};
use crate::analysis::money::Ledger;
use crate::analysis::taint::Taint;
use crate::analysis::{Number, Window};
use crate::model::{Finding, Row};
use columns::RECORD_VIEWS;
use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
pub use rusqlite::types::Value as Cell;
use rusqlite::types::ValueRef;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What the views look into.
#[derive(Clone, Debug)]
pub struct Sight {
    pub snapshot: Snapshot,
    pub window: Option<Window>,
    pub findings: Arc<[Finding]>,
    /// What the analysis says of agents, by number; empty where it was not asked.
    pub agents: Arc<BTreeMap<Number, JudgedAgent>>,
    /// What the faulty version reached, and the money on it; nothing where that is not computed.
    pub reached: Option<Reached>,
}

/// One agent in the words of the analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedAgent {
    pub verdict: &'static str,
    pub persistence: Option<&'static str>,
    pub q: Option<f64>,
    pub tvd: Option<f64>,
    pub retention: Option<[f64; 3]>,
    pub n: [u32; 3],
}

/// What views say of taint and money.
#[derive(Clone, Debug)]
pub struct Reached {
    pub taint: Arc<Taint>,
    pub ledger: Arc<Ledger>,
    /// Place of each payment in the ledger, by its last record.
    pub payments: Arc<HashMap<Row, usize>>,
    /// What an answer is beside the other version's to the same request.
    pub beside: Arc<HashMap<Row, &'static str>>,
}

/// A connection that answers questions about one case.
pub struct Views {
    connection: Connection,
    sight: Sight,
}

/// Rows as they arrive; returning `Flow::Enough` ends the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    More,
    Enough,
}

impl Views {
    pub fn open(sight: &Sight) -> Result<Self, StoreError> {
        let connection = Connection::open_in_memory()?;
        for view in RECORD_VIEWS {
            table::register(&connection, view, sight)?;
        }
        tables::register_all(&connection)?;
        connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, 64 << 20)?;
        Ok(Self { connection, sight: sight.clone() })
    }

    /// The names of all views, each with its columns.
    pub fn catalogue() -> Vec<(String, Vec<String>)> {
        let records = RECORD_VIEWS.iter().map(|view| {
            (view.name.to_owned(), view.columns.iter().map(|(name, _)| (*name).to_owned()).collect())
        });
        records.chain(tables::catalogue()).collect()
    }

    /// Stops a query that runs longer than people wait: `go_on` is asked often and ends it by `false`.
    pub fn while_wanted(&mut self, go_on: impl FnMut() -> bool + Send + 'static) -> Result<(), StoreError> {
        let mut go_on = go_on;
        self.connection.progress_handler(10_000, Some(move || !go_on()))?;
        Ok(())
    }

    /// Runs one SELECT. `head` gets the column names once, `row` each row.
    pub fn select(
        &mut self,
        sql: &str,
        head: impl FnOnce(&[String]),
        row: impl FnMut(&[Cell]) -> Flow,
    ) -> Result<(), StoreError> {
        self.select_with(sql, &[], head, row)
    }

    /// The same with parameters: `:name` in the statement stands for the value given under `name`.
    pub fn select_with(
        &mut self,
        sql: &str,
        parameters: &[(String, Cell)],
        head: impl FnOnce(&[String]),
        mut row: impl FnMut(&[Cell]) -> Flow,
    ) -> Result<(), StoreError> {
        self.connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
        tables::fill(&self.connection, &self.sight, sql)?;
        self.connection.authorizer(Some(allow))?;
        let mut statement = self.connection.prepare(sql)?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        head(&names);
        for (name, value) in parameters {
            if let Some(place) = statement.parameter_index(&format!(":{name}"))? {
                statement.raw_bind_parameter(place, value)?;
            }
        }
        let mut rows = statement.raw_query();
        while let Some(found) = rows.next()? {
            let values: Vec<Cell> =
                (0..names.len()).map(|n| found.get_ref(n).map(owned)).collect::<Result<_, _>>()?;
            if row(&values) == Flow::Enough {
                break;
            }
        }
        Ok(())
    }
}

fn owned(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
    }
}

/// Nothing but reading.
fn allow(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Function { .. }
        | AuthAction::Recursive => Authorization::Allow,
        _ => Authorization::Deny,
    }
}

/// A cell as text, without quotes: nothing is empty, bytes are hex.
pub fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
        Cell::Text(text) => text.clone(),
        Cell::Blob(bytes) => hex::encode(bytes),
    }
}
