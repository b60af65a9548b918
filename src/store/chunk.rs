//! Up to 65,536 records of one source, as packed columns that are loaded when first asked for.

use super::packed::Packed;
use crate::journal::Column;
use crate::journal::batch::{Edge, EdgeKind, Transaction, TxForm};
use crate::model::{Amount, Nanos};
use ruint::aliases::U256;
use std::sync::OnceLock;

/// Records in a full chunk.
pub const ROWS: usize = 1 << 16;

/// A chunk of a case. Cells not yet loaded are empty.
#[derive(Debug)]
pub struct Chunk {
    pub id: u32,
    pub source: u32,
    pub rows: u32,
    /// Earliest and latest `at` in the chunk.
    pub span: (Nanos, Nanos),
    pub(super) cells: [OnceLock<Packed>; Column::COUNT],
    pub(super) edges: OnceLock<Edges>,
    pub(super) transactions: OnceLock<Transactions>,
    pub(super) verdicts: OnceLock<Option<Packed>>,
}

impl Chunk {
    pub(super) fn unloaded(id: u32, source: u32, rows: u32, span: (Nanos, Nanos)) -> Self {
        Self {
            id,
            source,
            rows,
            span,
            cells: std::array::from_fn(|_| OnceLock::new()),
            edges: OnceLock::new(),
            transactions: OnceLock::new(),
            verdicts: OnceLock::new(),
        }
    }

    /// A chunk whose read columns are all in memory, as ingest makes it.
    pub fn loaded(
        id: u32,
        source: u32,
        columns: &[Vec<u64>; Column::COUNT],
        edges: &[Edge],
        transactions: &[Transaction],
    ) -> Self {
        let at = &columns[Column::At as usize];
        let moment = |value: Option<&u64>| Nanos(value.map_or(0, |v| i64::try_from(*v).unwrap_or(i64::MAX)));
        let span = (moment(at.iter().min()), moment(at.iter().max()));
        let chunk = Self::unloaded(id, source, at.len() as u32, span);
        for column in Column::ALL.into_iter().filter(|column| column.is_read()) {
            chunk.cells[column as usize].get_or_init(|| Packed::new(&columns[column as usize]));
        }
        chunk.edges.get_or_init(|| Edges::new(edges));
        chunk.transactions.get_or_init(|| Transactions::new(transactions));
        chunk
    }

    /// A column that is already loaded.
    pub fn cell(&self, column: Column) -> Option<&Packed> {
        self.cells[column as usize].get()
    }

    /// The same chunk without the columns that only single rows are asked for: they are loaded again when needed.
    pub fn slim(self) -> Self {
        let mut slim = Self::unloaded(self.id, self.source, self.rows, self.span);
        for (column, cell) in self.cells.into_iter().enumerate() {
            if HOT.iter().any(|hot| *hot as usize == column) {
                slim.cells[column] = cell;
            }
        }
        slim
    }
}

/// Columns that filters and folds read for every record.
const HOT: [Column; 8] = [
    Column::Kind,
    Column::At,
    Column::Node,
    Column::Agent,
    Column::Model,
    Column::Version,
    Column::Tee,
    Column::State,
];

/// The edges of a chunk's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edges {
    pub(super) places: Packed,
    pub(super) kinds: Packed,
    pub(super) prints: Packed,
}

impl Edges {
    pub fn new(edges: &[Edge]) -> Self {
        let column = |f: fn(&Edge) -> u64| Packed::new(&edges.iter().map(f).collect::<Vec<_>>());
        Self {
            places: column(|e| u64::from(e.place)),
            kinds: column(|e| e.kind as u64),
            prints: column(|e| e.print),
        }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, n: usize) -> Option<Edge> {
        let kind = EdgeKind::from_code(self.kinds.value(n))?;
        Some(Edge { place: self.places.value(n) as u32, kind, print: self.prints.value(n) })
    }

    pub fn place(&self, n: usize) -> u32 {
        self.places.value(n) as u32
    }

    pub fn kind(&self, n: usize) -> Option<EdgeKind> {
        EdgeKind::from_code(self.kinds.value(n))
    }

    pub fn print(&self, n: usize) -> u64 {
        self.prints.value(n)
    }

    pub fn iter(&self) -> impl Iterator<Item = Edge> {
        (0..self.len()).filter_map(|n| self.get(n))
    }
}

/// What a chunk's payments and settlements say of money and of the chain, packed field by field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transactions {
    pub(super) fields: [Packed; Transactions::FIELDS],
}

impl Transactions {
    pub(super) const FIELDS: usize = 11;

    pub fn new(transactions: &[Transaction]) -> Self {
        let fields: Vec<[u64; Self::FIELDS]> = transactions.iter().map(fields_of).collect();
        let column = |n: usize| Packed::new(&fields.iter().map(|fields| fields[n]).collect::<Vec<_>>());
        Self { fields: std::array::from_fn(column) }
    }

    pub fn len(&self) -> usize {
        self.fields[0].len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = Transaction> {
        (0..self.len()).map(|n| transaction_of(std::array::from_fn(|field| self.fields[field].value(n))))
    }
}

/// Place, four limbs of the amount, asset, settled at + 1, transaction, form | receipt, leaf, size + 1.
fn fields_of(t: &Transaction) -> [u64; Transactions::FIELDS] {
    let [a, b, c, d] = t.amount.0.into_limbs();
    let settled_at = t.settled_at.map_or(0, |at| at.0.cast_unsigned().wrapping_add(1));
    let receipt = match t.receipt {
        None => 0,
        Some(false) => 4,
        Some(true) => 8,
    };
    let size = t.size.map_or(0, |size| size.saturating_add(1));
    [u64::from(t.place), a, b, c, d, t.asset, settled_at, t.tx, t.form as u64 | receipt, t.leaf, size]
}

fn transaction_of(fields: [u64; Transactions::FIELDS]) -> Transaction {
    let [place, a, b, c, d, asset, settled_at, tx, form, leaf, size] = fields;
    Transaction {
        place: place as u32,
        amount: Amount(U256::from_limbs([a, b, c, d])),
        asset,
        settled_at: settled_at.checked_sub(1).map(|at| Nanos(at.cast_signed())),
        tx,
        form: match form & 3 {
            1 => TxForm::Hash,
            2 => TxForm::NoHash,
            _ => TxForm::Nothing,
        },
        receipt: match form >> 2 {
            1 => Some(false),
            2 => Some(true),
            _ => None,
        },
        leaf,
        size: size.checked_sub(1),
    }
}
