//! A picture of a case at one moment: chunks, dictionaries, order in time. Cheap to clone, safe to share, never changes.
//!
//! Columns are read from the case when first asked for. Rows are addressed by `Row`, never by OFFSET.

use super::case;
use super::chunk::{Chunk, Edges, Transactions};
use super::names::{AllNames, Dictionary};
use super::packed::Packed;
use super::source::{Source, SourceFiles};
use super::tables::cell_id;
use super::{Case, StoreError};
use crate::analysis::Attribution;
use crate::journal::batch::{EdgeKind, Flags};
use crate::journal::{Column, Names, print_of, wire};
use crate::model::{Evidence, Kind, Nanos, Row, Verdicts};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The cells that hold a chunk's edges, beside those of its columns.
pub(super) const EDGE_CELLS: [u8; 3] = [200, 201, 202];
/// Derived: the row each edge leads to, plus one; 0 where it dangles.
pub(crate) const TARGET_CELL: u8 = 203;
/// The first of the cells that hold a chunk's transactions.
pub(super) const TRANSACTION_CELL: u8 = 210;

/// An immutable picture of a case.
#[derive(Clone, Debug)]
pub struct Snapshot {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    path: PathBuf,
    chunks: Vec<Arc<Chunk>>,
    names: Arc<AllNames>,
    sources: Vec<Source>,
    loader: Arc<Loader>,
    order: OnceLock<Arc<[Row]>>,
    sealed: bool,
}

/// What loads cells and lines: a read-only connection and the sources' files.
#[derive(Debug)]
pub struct Loader {
    connection: Mutex<Connection>,
    files: SourceFiles,
}

/// A whole column of a case, loaded.
#[derive(Clone, Debug)]
pub struct View<'s> {
    cells: Vec<&'s Packed>,
}

impl View<'_> {
    #[inline]
    pub fn value(&self, row: Row) -> u64 {
        self.cells.get(row.chunk()).map_or(0, |cell| cell.value(row.place()))
    }

    pub fn cell(&self, chunk: usize) -> &Packed {
        self.cells[chunk]
    }
}

/// "This record points at that id", resolved where the id is in the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub from: Row,
    pub kind: EdgeKind,
    pub to: Option<Row>,
}

/// The edges of one chunk as rows: `(place, kind, target)`, by place.
#[derive(Clone, Debug)]
pub struct Resolved {
    places: Packed,
    kinds: Packed,
    targets: Packed,
}

impl Resolved {
    pub fn iter(&self) -> impl Iterator<Item = (usize, EdgeKind, Option<Row>)> {
        (0..self.places.len()).filter_map(|n| {
            let kind = EdgeKind::from_code(self.kinds.value(n))?;
            let target = self.targets.value(n).checked_sub(1).map(|row| Row(row as u32));
            Some((self.places.value(n) as usize, kind, target))
        })
    }
}

impl Loader {
    pub fn open(path: &Path) -> Result<Arc<Self>, StoreError> {
        let connection = case::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(Arc::new(Self { connection: Mutex::new(connection), files: SourceFiles::default() }))
    }

    fn cell(&self, chunk: u32, column: u8) -> Result<Option<Packed>, StoreError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut select = connection.prepare_cached("select bytes from cell where id = ?1")?;
        let bytes: Option<Vec<u8>> =
            select.query_row([cell_id(chunk, column)], |row| row.get(0)).optional()?;
        let damaged = || StoreError::Damaged(format!("column {column} of chunk {chunk} does not unpack"));
        bytes.map(|bytes| Packed::from_bytes(&bytes).ok_or_else(damaged)).transpose()
    }
}

impl Loader {
    fn verdicts(&self, chunk: u32) -> Result<Option<Packed>, StoreError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut select = connection.prepare_cached(
            "select bytes from verdict, meta where chunk = ?1 and meta.key = 'verified' and verdict.key = meta.value",
        )?;
        let bytes: Option<Vec<u8>> = select.query_row([chunk], |row| row.get(0)).optional()?;
        let damaged = || StoreError::Damaged(format!("verdicts of chunk {chunk} do not unpack"));
        bytes.map(|bytes| Packed::from_bytes(&bytes).ok_or_else(damaged)).transpose()
    }
}

impl Snapshot {
    /// A picture of the case file at `path`.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let case = Case::open(path)?;
        let mut names = AllNames::default();
        let mut statement =
            case.connection.prepare("select dictionary, text from name order by dictionary, number")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let dictionary: u8 = row.get(0)?;
            if let Some(which) = Names::ALL.get(usize::from(dictionary)) {
                names.of_mut(*which).number(row.get_ref(1)?.as_str().unwrap_or_default());
            }
        }
        let mut statement =
            case.connection.prepare("select id, source, rows, at_min, at_max from chunk order by id")?;
        let found = statement.query_map([], |row| {
            let span = (Nanos(row.get(3)?), Nanos(row.get(4)?));
            Ok(Arc::new(Chunk::unloaded(row.get(0)?, row.get(1)?, row.get(2)?, span)))
        })?;
        let chunks = found.collect::<Result<Vec<_>, _>>()?;
        if chunks.iter().enumerate().any(|(n, chunk)| chunk.id as usize != n || chunk.rows > 1 << 16) {
            return Err(StoreError::Damaged("its chunks are not numbered in order".to_owned()));
        }
        let sources = case.sources()?;
        let sealed = case.meta("sealed")?.as_deref() == Some("yes");
        Ok(Self::assemble(path, chunks, Arc::new(names), sources, Loader::open(path)?, sealed))
    }

    /// A picture of what ingest has so far.
    pub fn assemble(
        path: &Path,
        chunks: Vec<Arc<Chunk>>,
        names: Arc<AllNames>,
        sources: Vec<Source>,
        loader: Arc<Loader>,
        sealed: bool,
    ) -> Self {
        let path = path.to_owned();
        let order = OnceLock::new();
        Self { parts: Arc::new(Parts { path, chunks, names, sources, loader, order, sealed }) }
    }

    pub fn path(&self) -> &Path {
        &self.parts.path
    }

    pub fn chunks(&self) -> &[Arc<Chunk>] {
        &self.parts.chunks
    }

    pub fn sources(&self) -> &[Source] {
        &self.parts.sources
    }

    /// Whether ingest has finished: order in time, duplicates and attribution are known.
    pub fn is_sealed(&self) -> bool {
        self.parts.sealed
    }

    /// Records of all kinds, duplicates too.
    pub fn rows(&self) -> u64 {
        self.parts.chunks.iter().map(|chunk| u64::from(chunk.rows)).sum()
    }

    pub fn names(&self, names: Names) -> &Dictionary {
        self.parts.names.of(names)
    }

    /// The text of a column's number; empty for 0.
    pub fn name(&self, column: Column, number: u64) -> &str {
        column.names().map_or("", |names| self.names(names).text(number))
    }

    /// A whole column, loaded from the case if it is not in memory.
    pub fn column(&self, column: Column) -> Result<View<'_>, StoreError> {
        let cells =
            self.parts.chunks.iter().map(|chunk| self.cell(chunk, column)).collect::<Result<_, _>>()?;
        Ok(View { cells })
    }

    fn cell<'s>(&'s self, chunk: &'s Chunk, column: Column) -> Result<&'s Packed, StoreError> {
        let cell = &chunk.cells[column as usize];
        if let Some(packed) = cell.get() {
            return Ok(packed);
        }
        let packed = self.load(chunk, column)?;
        Ok(cell.get_or_init(|| packed))
    }

    /// A column from the case. One that was never written holds nothing but zeros: flags before sealing, for one.
    fn load(&self, chunk: &Chunk, column: Column) -> Result<Packed, StoreError> {
        let rows = chunk.rows as usize;
        match self.parts.loader.cell(chunk.id, column as u8)? {
            None => Ok(Packed::zeros(rows)),
            Some(packed) if packed.len() == rows => Ok(packed),
            Some(packed) => Err(StoreError::Damaged(format!(
                "column {} of chunk {} has {} values for {rows} records",
                column as u8,
                chunk.id,
                packed.len()
            ))),
        }
    }

    /// A chunk's column without keeping it in memory.
    pub fn passing(&self, chunk: &Chunk, column: Column) -> Result<Packed, StoreError> {
        if let Some(packed) = chunk.cell(column) {
            return Ok(packed.clone());
        }
        self.load(chunk, column)
    }

    /// One value of one record.
    pub fn value(&self, column: Column, row: Row) -> Result<u64, StoreError> {
        match self.parts.chunks.get(row.chunk()) {
            Some(chunk) => Ok(self.cell(chunk, column)?.value(row.place())),
            None => Ok(0),
        }
    }

    pub fn kind(&self, row: Row) -> Result<Kind, StoreError> {
        Ok(Kind::from_code(self.value(Column::Kind, row)?))
    }

    pub fn at(&self, row: Row) -> Result<Nanos, StoreError> {
        Ok(Nanos(i64::try_from(self.value(Column::At, row)?).unwrap_or(i64::MAX)))
    }

    /// All records but duplicates, earliest first; while loading, as they were read.
    pub fn order(&self) -> Result<&Arc<[Row]>, StoreError> {
        if let Some(order) = self.parts.order.get() {
            return Ok(order);
        }
        let rows = if self.parts.sealed { self.stored_order()? } else { self.arrival_order() };
        Ok(self.parts.order.get_or_init(|| rows))
    }

    fn arrival_order(&self) -> Arc<[Row]> {
        let chunks = self.parts.chunks.iter().enumerate();
        chunks.flat_map(|(n, chunk)| (0..chunk.rows as usize).map(move |place| Row::new(n, place))).collect()
    }

    fn stored_order(&self) -> Result<Arc<[Row]>, StoreError> {
        let connection = self.parts.loader.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = connection.prepare("select rows from order_block order by n")?;
        let mut blocks = statement.query([])?;
        let mut order = Vec::with_capacity(usize::try_from(self.rows()).unwrap_or(0));
        while let Some(block) = blocks.next()? {
            let bytes =
                block.get_ref(0)?.as_blob().map_err(|_| StoreError::Damaged("order of rows".to_owned()))?;
            order.extend(bytes.chunks_exact(4).map(|b| Row(u32::from_le_bytes([b[0], b[1], b[2], b[3]]))));
        }
        Ok(order.into())
    }

    /// The bytes of a record's line, from its journal.
    pub fn line(&self, row: Row) -> Result<Vec<u8>, StoreError> {
        let source = self.source_of(row)?;
        let offset = self.value(Column::Offset, row)?;
        let length = usize::try_from(self.value(Column::Length, row)?).unwrap_or(usize::MAX);
        let line = self.parts.loader.files.read(&source.plain, offset, length)?;
        let changed = || StoreError::Source {
            path: source.path.clone(),
            reason: format!(
                "the bytes at offset {offset} are no longer those that were read; ingest refuses it too"
            ),
        };
        let (record, _) = wire::parse(&line).map_err(|_| changed())?;
        if print_of(record.id()) != self.value(Column::Print, row)? {
            return Err(changed());
        }
        Ok(line)
    }

    pub fn source_of(&self, row: Row) -> Result<&Source, StoreError> {
        let chunk = self.parts.chunks.get(row.chunk());
        let source =
            chunk.and_then(|chunk| self.parts.sources.iter().find(|source| source.id == chunk.source));
        source.ok_or_else(|| StoreError::Damaged(format!("row {} has no source", row.0)))
    }

    /// The id of a record, from its line.
    pub fn id(&self, row: Row) -> Result<String, StoreError> {
        let line = self.line(row)?;
        Ok(wire::parse(&line).map(|(record, _)| record.id().to_owned()).unwrap_or_default())
    }

    /// Records with this id, of any kind, in row order.
    pub fn find_id(&self, id: &str) -> Result<Vec<Row>, StoreError> {
        let mut found = Vec::new();
        for row in self.rows_with_print(print_of(id))? {
            if self.id(row)? == id {
                found.push(row);
            }
        }
        Ok(found)
    }

    /// Records whose id has this print. Before sealing this looks at every record.
    pub fn rows_with_print(&self, print: u64) -> Result<Vec<Row>, StoreError> {
        if !self.parts.sealed {
            let prints = self.column(Column::Print)?;
            return Ok(self
                .arrival_order()
                .iter()
                .copied()
                .filter(|row| prints.value(*row) == print)
                .collect());
        }
        let connection = self.parts.loader.connection.lock().unwrap_or_else(PoisonError::into_inner);
        // Blocks are keyed by their first print as SQLite's signed integer; equal firsts are told apart by `part`.
        let mut select = connection.prepare_cached(
            "select prints, rows from index_block where first <= ?1 and first >=
                (select coalesce(max(first), ?1) from index_block where first < ?1) order by first, part",
        )?;
        let mut blocks = select.query([print.cast_signed()])?;
        let mut found = Vec::new();
        while let Some(block) = blocks.next()? {
            let damaged = |_| StoreError::Damaged("index of ids".to_owned());
            let prints = block.get_ref(0)?.as_blob().map_err(damaged)?;
            let rows = block.get_ref(1)?.as_blob().map_err(damaged)?;
            for (p, r) in prints.chunks_exact(8).zip(rows.chunks_exact(4)) {
                if p == print.to_le_bytes() {
                    found.push(Row(u32::from_le_bytes([r[0], r[1], r[2], r[3]])));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// What a record points at.
    pub fn causes(&self, row: Row) -> Result<Vec<Link>, StoreError> {
        let Some(chunk) = self.parts.chunks.get(row.chunk()) else {
            return Ok(Vec::new());
        };
        let edges = self.edges(chunk)?;
        let own = edges.iter().filter(|edge| edge.place as usize == row.place());
        own.map(|edge| {
            let to = self.rows_with_print(edge.print)?.into_iter().next();
            Ok(Link { from: row, kind: edge.kind, to })
        })
        .collect()
    }

    /// What points at a record, in row order.
    pub fn effects(&self, row: Row) -> Result<Vec<Link>, StoreError> {
        let print = self.value(Column::Print, row)?;
        let mut found = Vec::new();
        for (n, chunk) in self.parts.chunks.iter().enumerate() {
            let edges = self.edges(chunk)?;
            let mut hits = Vec::new();
            edges.prints.each(|place, value| {
                if value == print {
                    hits.push(place);
                }
            });
            found.extend(hits.into_iter().filter_map(|hit| edges.get(hit)).map(|edge| Link {
                from: Row::new(n, edge.place as usize),
                kind: edge.kind,
                to: Some(row),
            }));
        }
        Ok(found)
    }

    /// The edges of one chunk's records.
    pub fn edges<'s>(&'s self, chunk: &'s Chunk) -> Result<&'s Edges, StoreError> {
        if let Some(edges) = chunk.edges.get() {
            return Ok(edges);
        }
        let edges = self.load_edges(chunk)?;
        Ok(chunk.edges.get_or_init(|| edges))
    }

    /// The edges of one chunk's records without keeping them in memory.
    pub fn passing_edges(&self, chunk: &Chunk) -> Result<Edges, StoreError> {
        match chunk.edges.get() {
            Some(edges) => Ok(edges.clone()),
            None => self.load_edges(chunk),
        }
    }

    fn load_edges(&self, chunk: &Chunk) -> Result<Edges, StoreError> {
        let [places, kinds, prints] = EDGE_CELLS.map(|cell| self.parts.loader.cell(chunk.id, cell));
        Ok(match (places?, kinds?, prints?) {
            (Some(places), Some(kinds), Some(prints)) => Edges { places, kinds, prints },
            _ => Edges::new(&[]),
        })
    }

    /// What one chunk's payments and settlements say of money and of the chain.
    pub fn transactions<'s>(&'s self, chunk: &'s Chunk) -> Result<&'s Transactions, StoreError> {
        if let Some(transactions) = chunk.transactions.get() {
            return Ok(transactions);
        }
        let mut fields = Vec::with_capacity(Transactions::FIELDS);
        for cell in (TRANSACTION_CELL..).take(Transactions::FIELDS) {
            fields.push(self.parts.loader.cell(chunk.id, cell)?.unwrap_or_else(|| Packed::zeros(0)));
        }
        let fields = fields.try_into().expect("as many cells were read as there are fields");
        Ok(chunk.transactions.get_or_init(|| Transactions { fields }))
    }

    /// One chunk's edges resolved to rows, without keeping them in memory.
    pub fn resolved(&self, chunk: &Chunk) -> Result<Resolved, StoreError> {
        let cell = |cell: u8| self.parts.loader.cell(chunk.id, cell);
        let [place, kind, _] = EDGE_CELLS;
        let edges = match (cell(place)?, cell(kind)?, cell(TARGET_CELL)?) {
            (Some(places), Some(kinds), Some(targets)) => Resolved { places, kinds, targets },
            _ => Resolved { places: Packed::zeros(0), kinds: Packed::zeros(0), targets: Packed::zeros(0) },
        };
        Ok(edges)
    }

    /// The three evidences of one request.
    pub fn attribution(&self, row: Row) -> Result<Attribution, StoreError> {
        Ok(Attribution {
            claimed: self.value(Column::Version, row)?,
            scheduled: self.value(Column::Scheduled, row)?,
            attested: self.value(Column::Attested, row)?,
            effective: self.value(Column::Effective, row)?,
            evidence: Evidence::from_code(self.value(Column::Evidence, row)?),
        })
    }

    /// The verdicts of one request; nothing where proofs were not verified.
    pub fn verdicts(&self, row: Row) -> Result<Option<Verdicts>, StoreError> {
        let Some(chunk) = self.parts.chunks.get(row.chunk()) else {
            return Ok(None);
        };
        let packed = self.verdicts_of(chunk)?;
        Ok(packed.map(|packed| Verdicts(packed.value(row.place()))).filter(|verdicts| verdicts.0 != 0))
    }

    /// The verdicts of one chunk's records, as last verified.
    pub fn verdicts_of<'s>(&'s self, chunk: &'s Chunk) -> Result<Option<&'s Packed>, StoreError> {
        if let Some(known) = chunk.verdicts.get() {
            return Ok(known.as_ref());
        }
        let loaded = self.parts.loader.verdicts(chunk.id)?;
        Ok(chunk.verdicts.get_or_init(|| loaded).as_ref())
    }

    /// Whether a record is counted: not a byte-identical line seen before.
    pub fn is_counted(&self, row: Row) -> Result<bool, StoreError> {
        Ok(self.value(Column::Flags, row)? & Flags::DUPLICATE == 0)
    }
}
