//! The investigator's log in the case: lines that are only ever added, each holding the hash of the one before it.
//!
//! The table is made when the first line is written, so that cases nobody took notes in stay as they were.

use super::StoreError;
use super::case::Case;
use rusqlite::{OptionalExtension, params};

impl Case {
    /// All lines, oldest first, as they were written.
    pub fn log(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        if !self.has_log()? {
            return Ok(Vec::new());
        }
        let mut statement = self.connection.prepare("select line from log order by n")?;
        let lines = statement.query_map([], |row| row.get(0))?;
        Ok(lines.collect::<Result<_, _>>()?)
    }

    /// Adds lines in one transaction. `lines` makes them from the number and bytes of the last line there is, which
    /// nobody can add to meanwhile.
    pub fn append_log(
        &mut self,
        lines: impl FnOnce(u64, Option<&[u8]>) -> Vec<Vec<u8>>,
    ) -> Result<(), StoreError> {
        self.atomically(|case| {
            case.connection.execute_batch(
                "create table if not exists log (n integer primary key, line blob not null)",
            )?;
            let last = case
                .connection
                .query_row("select n, line from log order by n desc limit 1", [], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
                })
                .optional()?;
            let n = last.as_ref().map_or(0, |(n, _)| *n);
            let new = lines(u64::try_from(n).unwrap_or(0), last.as_ref().map(|(_, line)| line.as_slice()));
            let mut insert = case.connection.prepare("insert into log values (?1, ?2)")?;
            for (n, line) in (n + 1..).zip(new) {
                insert.execute(params![n, line])?;
            }
            Ok(())
        })
    }

    fn has_log(&self) -> Result<bool, StoreError> {
        let select = "select 1 from sqlite_schema where type = 'table' and name = 'log'";
        Ok(self.connection.query_row(select, [], |_| Ok(())).optional()?.is_some())
    }
}
