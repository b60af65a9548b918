//! Records as their journals hold them: found by id, read from their bytes, followed to the file they were imported from.

use super::Snapshot;
use crate::journal::import::line::{Provenance, origin_of};
use crate::journal::{Column, LINE_LIMIT, print_of, wire};
use crate::model::{Nanos, Row};
use crate::store::StoreError;
use crate::store::source::{Imported, Source};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// The bytes an imported record was read from, where its file still holds them.
pub type Original = Option<Vec<u8>>;

impl Snapshot {
    /// The bytes of a record's line, from its journal.
    pub fn line(&self, row: Row) -> Result<Vec<u8>, StoreError> {
        self.read_line(row, |line, _| line.to_vec())
    }

    /// The bytes of a record's line, and the id they were found to have.
    pub fn line_and_id(&self, row: Row) -> Result<(Vec<u8>, String), StoreError> {
        self.read_line(row, |line, (record, _)| (line.to_vec(), record.id().to_owned()))
    }

    /// Reads a record from its journal and hands it over with its line: one parse, where `line` and a second parse take
    /// twice that.
    pub fn read_line<T>(
        &self,
        row: Row,
        read: impl FnOnce(&[u8], (wire::Record<'_>, Nanos)) -> T,
    ) -> Result<T, StoreError> {
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
        let (record, at) = wire::parse(&line).map_err(|_| changed())?;
        if print_of(record.id()) != self.value(Column::Print, row)? {
            return Err(changed());
        }
        Ok(read(&line, (record, at)))
    }

    /// Where an imported record came from, with the bytes it was read from; `None` for a journal's own record.
    /// The bytes are missing where the file no longer holds what was read.
    pub fn original(&self, row: Row) -> Result<Option<(Provenance, Original)>, StoreError> {
        let source = self.source_of(row)?;
        let Some(imported) = &source.imported else { return Ok(None) };
        let Some(provenance) = origin_of(&self.line(row)?) else { return Ok(None) };
        let length = usize::try_from(provenance.length).unwrap_or(usize::MAX).min(LINE_LIMIT);
        // What was joined names the file of the record that was completed.
        let file = self.file_of(imported, &provenance);
        let bytes = file.and_then(|file| self.parts.loader.files.read(&file, provenance.offset, length).ok());
        let same = |bytes: &Vec<u8>| {
            provenance.length > LINE_LIMIT as u64 || hex::encode(Sha256::digest(bytes)) == provenance.sha256
        };
        let bytes = bytes.filter(same);
        Ok(Some((provenance, bytes)))
    }

    fn file_of(&self, imported: &Imported, provenance: &Provenance) -> Option<PathBuf> {
        let Some(path) = &provenance.source else { return Some(imported.original.clone()) };
        let source = self.parts.sources.iter().find(|source| source.path.to_string_lossy() == *path)?;
        Some(
            source
                .imported
                .as_ref()
                .map_or_else(|| source.plain.clone(), |imported| imported.original.clone()),
        )
    }

    pub fn source_of(&self, row: Row) -> Result<&Source, StoreError> {
        let chunk = self.parts.chunks.get(row.chunk());
        let source =
            chunk.and_then(|chunk| self.parts.sources.iter().find(|source| source.id == chunk.source));
        source.ok_or_else(|| StoreError::Damaged(format!("row {} has no source", row.0)))
    }

    /// The id of a record, from its line.
    pub fn id(&self, row: Row) -> Result<String, StoreError> {
        Ok(self.line_and_id(row)?.1)
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
            let rows = self.arrival_order();
            return Ok(rows.iter().copied().filter(|row| prints.value(*row) == print).collect());
        }
        self.parts.loader.rows_with_print(print)
    }
}
