//! Rows in and out of the case's tables: sources, chunks, faults, kept lines, checkpoints, findings.

use super::case::Case;
use super::chunk::{Chunk, Edges};
use super::packed::Packed;
use super::source::{Imported, Source, SourceState};
use super::{
    StoreError,
    snapshot::{EDGE_CELLS, TRANSACTION_CELL},
};
use crate::journal::batch::Kept;
use crate::journal::import::UNMAPPED;
use crate::journal::{Column, Names};
use crate::model::{Fault, Finding, Hash, Kind, Row, Severity, Stretch};
use rusqlite::{OptionalExtension, params};
use std::path::PathBuf;

/// Where reading of a source goes on: after its last full chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    pub line: u64,
    pub offset: u64,
    pub peaks: Vec<Hash>,
}

/// Why a chunk is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// It is full; reading goes on from here.
    Full(Resume),
    /// The source ended; when it grows, this chunk is read again.
    Partial,
}

/// What one chunk adds to a case.
#[derive(Debug)]
pub struct ChunkWrite<'a> {
    pub chunk: &'a Chunk,
    pub kept: &'a [Kept],
    pub faults: &'a [Fault],
    pub new_names: &'a [(Names, u32, String)],
    pub extent: Extent,
}

/// A checkpoint record held against the tree that was recomputed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointRow {
    pub row: Row,
    pub source: u32,
    pub line: u64,
    pub origin: String,
    pub size: u64,
    pub recorded: Option<Hash>,
    pub computed: Option<Hash>,
    /// `consistent`, `root-mismatch`, `beyond-itself`, `malformed`, `pending`.
    pub verdict: &'static str,
    pub reason: String,
}

/// Verdicts a checkpoint's arithmetic may have; signatures are judged elsewhere.
pub const CHECKPOINT_VERDICTS: [&str; 5] =
    ["consistent", "root-mismatch", "beyond-itself", "malformed", "pending"];

impl Case {
    pub fn sources(&self) -> Result<Vec<Source>, StoreError> {
        let mut statement = self.connection.prepare(
            "select id, path, plain, done, size, modified, sha256, bytes, lines, root, blanks, torn_bytes,
                    records, faults, duplicates, conflicts, origin, log_key, format, original,
                    case when format is null or faults = 0 then 0 else (select count(*) from fault
                        where fault.source = source.id and substr(reason, 1, length(?1)) = ?1) end
             from source order by id",
        )?;
        let rows = statement.query_map([UNMAPPED], |row| {
            Ok(Source {
                id: row.get(0)?,
                path: PathBuf::from(row.get::<_, String>(1)?),
                plain: PathBuf::from(row.get::<_, String>(2)?),
                state: if row.get(3)? { SourceState::Done } else { SourceState::Reading },
                size: unsigned(row.get(4)?),
                modified: row.get(5)?,
                sha256: hash(row.get(6)?),
                bytes: unsigned(row.get(7)?),
                lines: unsigned(row.get(8)?),
                root: hash(row.get(9)?),
                blanks: unsigned(row.get(10)?),
                torn_bytes: unsigned(row.get(11)?),
                records: unsigned(row.get(12)?),
                faults: unsigned(row.get(13)?),
                unmapped: unsigned(row.get(20)?),
                duplicates: unsigned(row.get(14)?),
                conflicts: unsigned(row.get(15)?),
                origin: row.get(16)?,
                log_key: row.get(17)?,
                imported: match (row.get(18)?, row.get::<_, Option<String>>(19)?) {
                    (Some(format), Some(original)) => {
                        Some(Imported { format, original: PathBuf::from(original) })
                    }
                    _ => None,
                },
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Writes everything of a source but its resume point.
    pub fn put_source(&self, s: &Source) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "insert into source (id, path, plain, done, size, modified, sha256, bytes, lines, root, blanks,
                    torn_bytes, records, faults, duplicates, conflicts, origin, log_key, format, original)
                 values (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20)
                 on conflict (id) do update set path=?2, plain=?3, done=?4, size=?5, modified=?6, sha256=?7, bytes=?8,
                    lines=?9, root=?10, blanks=?11, torn_bytes=?12, records=?13, faults=?14, duplicates=?15,
                    conflicts=?16, origin=?17, log_key=?18, format=?19, original=?20",
            )?
            .execute(params![
                s.id,
                s.path.to_string_lossy(),
                s.plain.to_string_lossy(),
                s.state == SourceState::Done,
                signed(s.size),
                s.modified,
                s.sha256.map(|h| h.0),
                signed(s.bytes),
                signed(s.lines),
                s.root.map(|h| h.0),
                signed(s.blanks),
                signed(s.torn_bytes),
                signed(s.records),
                signed(s.faults),
                signed(s.duplicates),
                signed(s.conflicts),
                s.origin,
                s.log_key,
                s.imported.as_ref().map(|imported| &imported.format),
                s.imported.as_ref().map(|imported| imported.original.to_string_lossy()),
            ])?;
        Ok(())
    }

    pub fn resume(&self, source: u32) -> Result<Resume, StoreError> {
        let found = self.connection.query_row(
            "select resume_line, resume_offset, resume_peaks from source where id = ?1",
            [source],
            |row| {
                let peaks: Option<Vec<u8>> = row.get(2)?;
                Ok(Resume {
                    line: unsigned(row.get(0)?),
                    offset: unsigned(row.get(1)?),
                    peaks: peaks
                        .unwrap_or_default()
                        .chunks_exact(32)
                        .filter_map(|b| hash(Some(b.to_vec())))
                        .collect(),
                })
            },
        );
        Ok(found.optional()?.unwrap_or_default())
    }

    /// The chunk a source ended in when it was last read, which is read again when the source has grown.
    pub fn partial_chunk(&self, source: u32) -> Result<Option<u32>, StoreError> {
        let select = "select id from chunk where source = ?1 and full = 0";
        Ok(self.connection.query_row(select, [source], |row| row.get(0)).optional()?)
    }

    /// Forgets what came after a source's last full chunk.
    pub fn drop_partial(&self, source: u32) -> Result<(), StoreError> {
        let Some(id) = self.partial_chunk(source)? else {
            return Ok(());
        };
        let (first, last) = (i64::from(id) << 8, (i64::from(id) << 8) + 255);
        self.connection.execute("delete from cell where id between ?1 and ?2", [first, last])?;
        let (first, last) = (i64::from(id) << 16, (i64::from(id) << 16) + 65_535);
        self.connection.execute("delete from kept where row between ?1 and ?2", [first, last])?;
        self.connection.execute("delete from checkpoint where row between ?1 and ?2", [first, last])?;
        self.connection.execute("delete from chunk where id = ?1", [id])?;
        let line = signed(self.resume(source)?.line);
        self.connection
            .execute("delete from fault where source = ?1 and line >= ?2", params![source, line])?;
        Ok(())
    }

    pub fn write_chunk(&self, write: &ChunkWrite<'_>) -> Result<(), StoreError> {
        let chunk = write.chunk;
        let sql = &self.connection;
        sql.prepare_cached("insert into chunk values (?1, ?2, ?3, ?4, ?5, ?6)")?.execute(params![
            chunk.id,
            chunk.source,
            chunk.rows,
            matches!(write.extent, Extent::Full(_)),
            chunk.span.0.0,
            chunk.span.1.0
        ])?;
        for column in Column::ALL {
            if let Some(packed) = chunk.cell(column) {
                self.write_cell(chunk.id, column as u8, packed)?;
            }
        }
        if let Some(edges) = chunk.edges.get().filter(|edges| !edges.is_empty()) {
            self.write_edges(chunk.id, edges)?;
        }
        if let Some(transactions) = chunk.transactions.get().filter(|all| !all.is_empty()) {
            for (cell, packed) in (TRANSACTION_CELL..).zip(&transactions.fields) {
                self.write_cell(chunk.id, cell, packed)?;
            }
        }
        for (names, number, text) in write.new_names {
            sql.prepare_cached("insert or replace into name values (?1, ?2, ?3)")?.execute(params![
                *names as u8,
                number,
                text
            ])?;
        }
        for kept in write.kept {
            let row = Row::new(chunk.id as usize, kept.place as usize);
            sql.prepare_cached("insert or replace into kept values (?1, ?2, ?3)")?.execute(params![
                row.0,
                kept.kind as u8,
                kept.line
            ])?;
        }
        for fault in write.faults {
            sql.prepare_cached("insert or replace into fault values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
                .execute(params![
                    chunk.source,
                    signed(fault.line),
                    signed(fault.offset),
                    signed(fault.length),
                    fault.reason,
                    fault.imported.map(|stretch| signed(stretch.line)),
                    fault.imported.map(|stretch| signed(stretch.offset)),
                    fault.imported.map(|stretch| signed(stretch.length)),
                ])?;
        }
        if let Extent::Full(resume) = &write.extent {
            let peaks: Vec<u8> = resume.peaks.iter().flat_map(|hash| hash.0).collect();
            sql.prepare_cached(
                "update source set resume_line=?2, resume_offset=?3, resume_peaks=?4 where id=?1",
            )?
            .execute(params![
                chunk.source,
                signed(resume.line),
                signed(resume.offset),
                peaks
            ])?;
        }
        Ok(())
    }

    pub fn write_cell(&self, chunk: u32, column: u8, packed: &Packed) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("insert or replace into cell values (?1, ?2)")?
            .execute(params![cell_id(chunk, column), packed.to_bytes()])?;
        Ok(())
    }

    fn write_edges(&self, chunk: u32, edges: &Edges) -> Result<(), StoreError> {
        for (cell, packed) in EDGE_CELLS.into_iter().zip([&edges.places, &edges.kinds, &edges.prints]) {
            self.write_cell(chunk, cell, packed)?;
        }
        Ok(())
    }

    pub fn faults(&self) -> Result<Vec<(u32, Fault)>, StoreError> {
        let mut statement = self
            .connection
            .prepare("select source, line, offset, length, reason, in_line, in_offset, in_length from fault order by source, line")?;
        let rows = statement.query_map([], |row| {
            let fault = Fault {
                line: unsigned(row.get(1)?),
                offset: unsigned(row.get(2)?),
                length: unsigned(row.get(3)?),
                reason: row.get(4)?,
                imported: match (row.get(5)?, row.get(6)?, row.get(7)?) {
                    (Some(line), Some(offset), Some(length)) => {
                        let [line, offset, length] = [line, offset, length].map(unsigned);
                        Some(Stretch { line, offset, length })
                    }
                    _ => None,
                },
            };
            Ok((row.get(0)?, fault))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn count_faults(&self, source: u32) -> Result<u64, StoreError> {
        let count = "select count(*) from fault where source = ?1";
        Ok(unsigned(self.connection.query_row(count, [source], |row| row.get(0))?))
    }

    /// The kept lines of some kinds, in row order.
    pub fn kept(&self, kinds: &[Kind]) -> Result<Vec<(Row, Kind, Vec<u8>)>, StoreError> {
        let mut found = Vec::new();
        let mut statement =
            self.connection.prepare("select row, line from kept where kind = ?1 order by row")?;
        for kind in kinds {
            let rows =
                statement.query_map([*kind as u8], |row| Ok((Row(row.get(0)?), *kind, row.get(1)?)))?;
            for row in rows {
                found.push(row?);
            }
        }
        found.sort_by_key(|(row, _, _)| *row);
        Ok(found)
    }

    pub fn put_checkpoint(&self, c: &CheckpointRow) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("insert or replace into checkpoint values (?1,?2,?3,?4,?5,?6,?7,?8,?9)")?
            .execute(params![
                c.row.0,
                c.source,
                signed(c.line),
                c.origin,
                signed(c.size),
                c.recorded.map(|h| h.0),
                c.computed.map(|h| h.0),
                c.verdict,
                c.reason
            ])?;
        Ok(())
    }

    pub fn checkpoints(&self) -> Result<Vec<CheckpointRow>, StoreError> {
        let mut statement = self.connection.prepare(
            "select row, source, line, origin, size, recorded, computed, verdict, reason from checkpoint order by row",
        )?;
        let rows = statement.query_map([], |row| {
            let verdict: String = row.get(7)?;
            Ok(CheckpointRow {
                row: Row(row.get(0)?),
                source: row.get(1)?,
                line: unsigned(row.get(2)?),
                origin: row.get(3)?,
                size: unsigned(row.get(4)?),
                recorded: hash(row.get(5)?),
                computed: hash(row.get(6)?),
                verdict: CHECKPOINT_VERDICTS
                    .into_iter()
                    .find(|known| *known == verdict)
                    .unwrap_or("malformed"),
                reason: row.get(8)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Replaces the findings of verification; those of a study follow from the records.
    pub fn put_proof_findings(&self, findings: &[Finding]) -> Result<(), StoreError> {
        self.connection.execute("delete from finding", [])?;
        let mut insert = self.connection.prepare(
            "insert into finding (proof, rule, severity, subject, sentence, count, evidence)
             values (1, ?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for f in findings {
            let rows: Vec<u8> = f.evidence.iter().flat_map(|row| row.0.to_le_bytes()).collect();
            insert.execute(params![
                f.rule,
                f.severity.name(),
                f.subject,
                f.sentence,
                signed(f.count),
                rows
            ])?;
        }
        Ok(())
    }

    /// What verification found.
    pub fn proof_findings(&self) -> Result<Vec<Finding>, StoreError> {
        let mut statement = self.connection.prepare(
            "select rule, severity, subject, sentence, count, evidence from finding where proof = 1 order by n",
        )?;
        let rows = statement.query_map([], |row| {
            let severity: String = row.get(1)?;
            let evidence: Vec<u8> = row.get(5)?;
            Ok(Finding {
                rule: row.get(0)?,
                severity: Severity::of(&severity).unwrap_or(Severity::Info),
                subject: row.get(2)?,
                sentence: row.get(3)?,
                count: unsigned(row.get(4)?),
                evidence: evidence
                    .chunks_exact(4)
                    .map(|b| Row(u32::from_le_bytes([b[0], b[1], b[2], b[3]])))
                    .collect(),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A chunk's verdicts, if they were made under this key.
    pub fn verdicts(&self, chunk: u32, key: &str) -> Result<Option<Packed>, StoreError> {
        let mut select =
            self.connection.prepare_cached("select bytes from verdict where chunk = ?1 and key = ?2")?;
        let bytes: Option<Vec<u8>> = select.query_row(params![chunk, key], |row| row.get(0)).optional()?;
        let damaged = || StoreError::Damaged(format!("verdicts of chunk {chunk} do not unpack"));
        bytes.map(|bytes| Packed::from_bytes(&bytes).ok_or_else(damaged)).transpose()
    }

    pub fn put_verdicts(&self, chunk: u32, key: &str, verdicts: &Packed) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("insert or replace into verdict values (?1, ?2, ?3)")?
            .execute(params![chunk, key, verdicts.to_bytes()])?;
        Ok(())
    }
}

pub(super) fn cell_id(chunk: u32, column: u8) -> i64 {
    (i64::from(chunk) << 8) | i64::from(column)
}

/// SQLite integers are signed; sizes and lines never reach the sign bit.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn hash(bytes: Option<Vec<u8>>) -> Option<Hash> {
    bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).map(Hash)
}

/// Entries in one block of the id index: 48 KiB, one page read for a look-up.
const INDEX_BLOCK: usize = 4096;
/// Rows in one block of the time order.
const ORDER_BLOCK: usize = 1 << 16;

impl Case {
    /// Replaces the index of ids; `prints` is sorted.
    pub fn write_index(&self, prints: &[(i64, Row)]) -> Result<(), StoreError> {
        self.connection.execute("delete from index_block", [])?;
        let mut insert = self.connection.prepare("insert into index_block values (?1, ?2, ?3, ?4)")?;
        for (part, block) in prints.chunks(INDEX_BLOCK).enumerate() {
            let Some((first, _)) = block.first() else {
                continue;
            };
            let prints: Vec<u8> = block.iter().flat_map(|(print, _)| print.to_le_bytes()).collect();
            let rows: Vec<u8> = block.iter().flat_map(|(_, row)| row.0.to_le_bytes()).collect();
            insert.execute(params![first, signed(part as u64), prints, rows])?;
        }
        Ok(())
    }

    /// Replaces the order of rows in time.
    pub fn write_order(&self, order: &[Row]) -> Result<(), StoreError> {
        self.connection.execute("delete from order_block", [])?;
        let mut insert = self.connection.prepare("insert into order_block values (?1, ?2)")?;
        for (n, block) in order.chunks(ORDER_BLOCK).enumerate() {
            let rows: Vec<u8> = block.iter().flat_map(|row| row.0.to_le_bytes()).collect();
            insert.execute(params![signed(n as u64), rows])?;
        }
        Ok(())
    }
}
