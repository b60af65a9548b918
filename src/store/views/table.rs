//! Records as an SQLite virtual table: a cursor walks rows in time order and reads a column only when asked for it.
#![expect(
    unsafe_code,
    reason = "rusqlite's virtual table traits are unsafe to implement: the base must stand first"
)]

use super::Sight;
use super::columns::{Read, RecordView};
use crate::analysis::money::{Ledger, Payment};
use crate::journal::Column;
use crate::journal::batch::Flags;
use crate::model::{Evidence, Kind, Nanos, Row, Verdicts};
use crate::store::{Snapshot, StoreError};
use rusqlite::ffi;
use rusqlite::types::Value;
use rusqlite::vtab::{
    Context, Filters, IndexConstraintOp, IndexInfo, Module, VTab, VTabConfig, VTabConnection, VTabCursor,
};
use rusqlite::{Connection, Error, Result};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CStr, CString, c_int};
use std::marker::PhantomData;

/// What a module carries: which view, of what.
#[derive(Clone)]
struct Aux {
    view: &'static RecordView,
    sight: Sight,
}

pub(super) fn register(connection: &Connection, view: &'static RecordView, sight: &Sight) -> Result<()> {
    const MODULE: Module<'_, RecordTable> = Module::eponymous_only_module();
    let name = CString::new(view.name).map_err(|_| Error::InvalidQuery)?;
    connection.create_module(name.as_c_str(), &MODULE, Some(Aux { view, sight: sight.clone() }))
}

#[repr(C)]
struct RecordTable {
    /// What SQLite sees; it must stand first.
    base: ffi::sqlite3_vtab,
    aux: Option<Aux>,
}

/// `id = ?` is answered by the index of ids.
const BY_ID: c_int = 1;

// SAFETY: `repr(C)` with `sqlite3_vtab` as the first field, as the trait asks.
unsafe impl<'vtab> VTab<'vtab> for RecordTable {
    type Aux = Aux;
    type Cursor = RecordCursor<'vtab>;

    fn connect(
        db: &mut VTabConnection,
        aux: Option<&Aux>,
        _module: &[u8],
        _database: &[u8],
        _table: &[u8],
        _arguments: &[&[u8]],
    ) -> Result<(Cow<'static, CStr>, Self)> {
        db.config(VTabConfig::Innocuous)?;
        let aux = aux.cloned();
        let columns = aux.iter().flat_map(|aux| aux.view.columns).map(|(name, _)| format!("\"{name}\""));
        let schema = format!("create table x({})", columns.collect::<Vec<_>>().join(","));
        let schema = CString::new(schema).map_err(|_| Error::InvalidQuery)?;
        Ok((Cow::Owned(schema), Self { base: ffi::sqlite3_vtab::default(), aux }))
    }

    fn best_index(&self, info: &mut IndexInfo) -> Result<bool> {
        // The id is the first column of every view.
        let by_id = info.constraints().position(|c| {
            c.is_usable() && c.column() == 0 && c.operator() == IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_EQ
        });
        match by_id {
            Some(constraint) => {
                info.constraint_usage(constraint).set_argv_index(1);
                info.set_idx_num(BY_ID);
                info.set_estimated_cost(10.0);
                info.set_estimated_rows(1);
            }
            None => {
                let rows = self.aux.as_ref().map_or(0, |aux| aux.sight.snapshot.rows());
                info.set_estimated_cost(rows as f64);
                info.set_estimated_rows(i64::try_from(rows).unwrap_or(i64::MAX));
            }
        }
        Ok(true)
    }

    fn open(&'vtab mut self) -> Result<Self::Cursor> {
        let aux = self.aux.clone().ok_or(Error::InvalidQuery)?;
        Ok(RecordCursor {
            base: ffi::sqlite3_vtab_cursor::default(),
            aux,
            rows: Rows::Found(Vec::new()),
            next: 0,
            fields: RefCell::default(),
            table: PhantomData,
        })
    }
}

enum Rows {
    /// All rows in time order, of which the cursor shows those of its kind.
    All(std::sync::Arc<[Row]>),
    Found(Vec<Row>),
}

/// A record's line as JSON fields.
type LineFields = (Row, HashMap<String, Box<RawValue>>);

#[repr(C)]
struct RecordCursor<'vtab> {
    /// What SQLite sees; it must stand first.
    base: ffi::sqlite3_vtab_cursor,
    aux: Aux,
    rows: Rows,
    next: usize,
    /// The fields of the line last read.
    fields: RefCell<Option<LineFields>>,
    table: PhantomData<&'vtab RecordTable>,
}

impl RecordCursor<'_> {
    fn rows(&self) -> &[Row] {
        match &self.rows {
            Rows::All(rows) => rows,
            Rows::Found(rows) => rows,
        }
    }

    fn row(&self) -> Row {
        self.rows().get(self.next).copied().unwrap_or(Row(0))
    }

    /// Goes on to a row of the view's kind.
    fn skip(&mut self) -> Result<()> {
        let Some(kind) = self.aux.view.kind else {
            return Ok(());
        };
        let snapshot = self.aux.sight.snapshot.clone();
        while let Some(row) = self.rows().get(self.next) {
            if snapshot.value(Column::Kind, *row).map_err(module_error)? == kind as u64 {
                break;
            }
            self.next += 1;
        }
        Ok(())
    }

    fn value(&self, read: Read) -> Result<Value, StoreError> {
        let (row, snapshot) = (self.row(), &self.aux.sight.snapshot);
        let number = |column: Column| snapshot.value(column, row);
        Ok(match read {
            Read::Id => Value::Text(snapshot.id(row)?),
            Read::Kind => match snapshot.kind(row)? {
                Kind::Other => self.field("kind")?,
                kind => Value::Text(kind.name().to_owned()),
            },
            Read::At => Value::Text(Nanos(number(Column::At)?.cast_signed()).rfc3339()),
            Read::Name(column) => match number(column)? {
                0 => Value::Null,
                known => Value::Text(snapshot.name(column, known).to_owned()),
            },
            Read::Number(column) => Value::Integer(number(column)?.cast_signed()),
            Read::Optional(column) => match number(column)? {
                0 => Value::Null,
                known => Value::Integer((known - 1).cast_signed()),
            },
            Read::Millis(column) => match number(column)? {
                0 => Value::Null,
                known => Value::Real((known - 1) as f64 / 1000.0),
            },
            Read::Evidence => Value::Text(Evidence::from_code(number(Column::Evidence)?).name().to_owned()),
            Read::Pointer => self.pointer(snapshot, row)?,
            Read::Proof => match snapshot.verdicts(row)?.and_then(Verdicts::worst) {
                Some(status) => Value::Text(status.name().to_owned()),
                None => Value::Null,
            },
            Read::Tier => {
                let reached = self.aux.sight.reached.as_ref();
                let tier = reached.and_then(|reached| reached.taint.tier(row));
                tier.map_or(Value::Null, |tier| Value::Text(tier.name().to_owned()))
            }
            Read::Pair => {
                let reached = self.aux.sight.reached.as_ref();
                let word = reached.and_then(|reached| reached.beside.get(&row));
                word.map_or(Value::Null, |word| Value::Text((*word).to_owned()))
            }
            Read::Class => self.judged(|_, payment| payment.class.name().to_owned()),
            Read::Outcome => self.judged(|_, payment| payment.state.name().to_owned()),
            Read::Tainted => self.judged(|_, payment| payment.tainted.to_string()),
            Read::Refunded => self.judged(|_, payment| payment.refunded.to_string()),
            Read::Symbol => self.judged(|ledger, payment| ledger.assets[payment.asset].symbol.clone()),
            Read::Flags => flags(number(Column::Flags)?),
            Read::Source => Value::Text(snapshot.source_of(row)?.path.to_string_lossy().into_owned()),
            Read::Field(name) => self.field(name)?,
        })
    }

    /// What the ledger says of a payment's last record.
    fn judged(&self, say: impl Fn(&Ledger, &Payment) -> String) -> Value {
        let reached = self.aux.sight.reached.as_ref();
        let found = reached.and_then(|reached| {
            let place = *reached.payments.get(&self.row())?;
            Some(say(&reached.ledger, reached.ledger.payments.get(place)?))
        });
        found.map_or(Value::Null, Value::Text)
    }

    fn pointer(&self, snapshot: &Snapshot, row: Row) -> Result<Value, StoreError> {
        let attribution = snapshot.attribution(row)?;
        let model = snapshot.value(Column::Model, row)?;
        let pointers = attribution.pointers(model, snapshot.at(row)?, self.aux.sight.window.as_ref());
        Ok(if pointers.is_empty() { Value::Null } else { Value::Text(pointers.to_string()) })
    }

    fn field(&self, name: &str) -> Result<Value, StoreError> {
        let row = self.row();
        let mut fields = self.fields.borrow_mut();
        if fields.as_ref().is_none_or(|(known, _)| *known != row) {
            let line = self.aux.sight.snapshot.line(row)?;
            *fields = Some((row, serde_json::from_slice(&line).unwrap_or_default()));
        }
        let raw = fields.as_ref().and_then(|(_, fields)| fields.get(name));
        Ok(raw.map_or(Value::Null, |raw| json_value(raw)))
    }
}

fn flags(flags: u64) -> Value {
    let names = [(Flags::TORN, "torn"), (Flags::CONFLICT, "conflict"), (Flags::SUPERSEDED, "superseded")];
    let set: Vec<_> = names.into_iter().filter(|(flag, _)| flags & flag != 0).map(|(_, name)| name).collect();
    if set.is_empty() { Value::Null } else { Value::Text(set.join(",")) }
}

/// Strings and numbers that SQLite can hold as such; anything else stays JSON text.
fn json_value(raw: &RawValue) -> Value {
    match serde_json::from_str::<serde_json::Value>(raw.get()) {
        Ok(serde_json::Value::Null) => Value::Null,
        Ok(serde_json::Value::String(text)) => Value::Text(text),
        Ok(serde_json::Value::Bool(value)) => Value::Integer(i64::from(value)),
        Ok(serde_json::Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Integer(whole),
            (None, Some(real)) if number.is_f64() => Value::Real(real),
            _ => Value::Text(number.to_string()),
        },
        _ => Value::Text(raw.get().to_owned()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn module_error(error: StoreError) -> Error {
    Error::ModuleError(error.to_string())
}

// SAFETY: `repr(C)` with `sqlite3_vtab_cursor` as the first field, as the trait asks.
unsafe impl VTabCursor for RecordCursor<'_> {
    fn filter(&mut self, plan: c_int, _plan_text: Option<&str>, arguments: &Filters<'_>) -> Result<()> {
        let snapshot = &self.aux.sight.snapshot;
        self.rows = if plan == BY_ID {
            let id: Value = arguments.get(0)?;
            match id {
                Value::Text(id) => {
                    let mut found = snapshot.find_id(&id).map_err(module_error)?;
                    let counted = |row: &Row| snapshot.is_counted(*row).unwrap_or(true);
                    found.retain(counted);
                    Rows::Found(found)
                }
                _ => Rows::Found(Vec::new()),
            }
        } else {
            Rows::All(snapshot.order().map_err(module_error)?.clone())
        };
        self.next = 0;
        self.skip()
    }

    fn next(&mut self) -> Result<()> {
        self.next += 1;
        self.skip()
    }

    fn eof(&self) -> bool {
        self.next >= self.rows().len()
    }

    fn column(&self, context: &mut Context, n: c_int) -> Result<()> {
        let column = usize::try_from(n).ok().and_then(|n| self.aux.view.columns.get(n));
        let value = column.map_or(Ok(Value::Null), |(_, read)| self.value(*read)).map_err(module_error)?;
        context.set_result(value)
    }

    fn rowid(&self) -> Result<i64> {
        Ok(i64::from(self.row().0))
    }
}
