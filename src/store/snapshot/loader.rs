//! What a picture is loaded from: a read-only connection to the case, and the sources' files.

use crate::model::Row;
use crate::store::packed::Packed;
use crate::store::source::SourceFiles;
use crate::store::tables::cell_id;
use crate::store::{StoreError, case};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What loads cells and lines: a read-only connection and the sources' files.
#[derive(Debug)]
pub struct Loader {
    connection: Mutex<Connection>,
    pub(super) files: SourceFiles,
}

impl Loader {
    pub fn open(path: &Path) -> Result<Arc<Self>, StoreError> {
        let connection = case::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(Arc::new(Self { connection: Mutex::new(connection), files: SourceFiles::default() }))
    }

    pub(super) fn cell(&self, chunk: u32, column: u8) -> Result<Option<Packed>, StoreError> {
        let connection = self.connection();
        let mut select = connection.prepare_cached("select bytes from cell where id = ?1")?;
        let bytes: Option<Vec<u8>> =
            select.query_row([cell_id(chunk, column)], |row| row.get(0)).optional()?;
        let damaged = || StoreError::Damaged(format!("column {column} of chunk {chunk} does not unpack"));
        bytes.map(|bytes| Packed::from_bytes(&bytes).ok_or_else(damaged)).transpose()
    }

    /// The packed verdicts of a chunk, as last verified.
    pub(super) fn verdicts(&self, chunk: u32) -> Result<Option<Packed>, StoreError> {
        let connection = self.connection();
        let mut select = connection.prepare_cached(
            "select bytes from verdict, meta where chunk = ?1 and meta.key = 'verified' and verdict.key = meta.value",
        )?;
        let bytes: Option<Vec<u8>> = select.query_row([chunk], |row| row.get(0)).optional()?;
        let damaged = || StoreError::Damaged(format!("verdicts of chunk {chunk} do not unpack"));
        bytes.map(|bytes| Packed::from_bytes(&bytes).ok_or_else(damaged)).transpose()
    }

    /// The order in time as sealing wrote it down, for about so many rows.
    pub(super) fn order(&self, rows: usize) -> Result<Vec<Row>, StoreError> {
        let connection = self.connection();
        let mut statement = connection.prepare("select rows from order_block order by n")?;
        let mut blocks = statement.query([])?;
        let mut order = Vec::with_capacity(rows);
        while let Some(block) = blocks.next()? {
            let bytes =
                block.get_ref(0)?.as_blob().map_err(|_| StoreError::Damaged("order of rows".to_owned()))?;
            order.extend(bytes.chunks_exact(4).map(|b| Row(u32::from_le_bytes([b[0], b[1], b[2], b[3]]))));
        }
        Ok(order)
    }

    /// Records whose id has this print, by the index that sealing wrote.
    pub(super) fn rows_with_print(&self, print: u64) -> Result<Vec<Row>, StoreError> {
        let connection = self.connection();
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

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
