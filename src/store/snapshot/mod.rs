//! A picture of a case at one moment: chunks, dictionaries, order in time. Cheap to clone, safe to share, never changes.
//!
//! Columns are read from the case when first asked for. Rows are addressed by `Row`, never by OFFSET.

mod lines;
mod links;
mod loader;

pub use lines::Original;
pub(crate) use links::TARGET_CELL;
pub(super) use links::{EDGE_CELLS, TRANSACTION_CELL};
pub use links::{Link, Resolved};
pub use loader::Loader;

use super::chunk::Chunk;
use super::names::{AllNames, Dictionary};
use super::packed::Packed;
use super::source::Source;
use super::{Case, StoreError};
use crate::analysis::Attribution;
use crate::journal::batch::Flags;
use crate::journal::{Column, Names};
use crate::model::{Evidence, Kind, Nanos, Row, Verdicts};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

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
        let rows = usize::try_from(self.rows()).unwrap_or(0);
        Ok(self.parts.loader.order(rows)?.into())
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
