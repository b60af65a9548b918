//! Opening and making case files, and the tables in them.
//!
//! ```text
//! meta    key → value               source  a journal, how far it was read, what it hashed to
//! chunk   ≤ 65,536 records          cell    one packed column of one chunk (id = chunk × 256 + column)
//! name    dictionaries              kept    whole lines of the kinds there are few of
//! fault   lines that are no record  checkpoint  signed tree heads and whether the root is right
//! finding what to look at           index_block  id prints → rows, sorted, in blocks
//! log     what the investigator did (`store::log`)
//! ```

use super::StoreError;
use super::snapshot::Snapshot;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Marks the file as ours: "BTRL".
const APPLICATION_ID: i32 = 0x4254_524c;
const FORMAT: i64 = 1;

const SCHEMA: &str = "
create table meta (key text primary key, value) without rowid;
create table source (
    id integer primary key, path text not null, plain text not null, done integer not null default 0,
    size integer not null default 0, modified integer not null default 0, sha256 blob,
    bytes integer not null default 0, lines integer not null default 0, root blob,
    blanks integer not null default 0, torn_bytes integer not null default 0,
    records integer not null default 0, faults integer not null default 0,
    duplicates integer not null default 0, conflicts integer not null default 0,
    origin text, log_key text,
    resume_line integer not null default 0, resume_offset integer not null default 0, resume_peaks blob);
create unique index source_path on source (path);
create table chunk (
    id integer primary key, source integer not null, rows integer not null, full integer not null,
    at_min integer not null, at_max integer not null);
create table cell (id integer primary key, bytes blob not null);
create table name (dictionary integer, number integer, text text not null, primary key (dictionary, number)) without rowid;
create table kept (row integer primary key, kind integer not null, line blob not null);
create table fault (source integer, line integer, offset integer, length integer, reason text,
    primary key (source, line)) without rowid;
create table checkpoint (row integer primary key, source integer not null, line integer not null, origin text,
    size integer, recorded blob, computed blob, verdict text not null, reason text);
create table finding (n integer primary key, proof integer not null, rule text, severity text, subject text,
    sentence text, count integer, evidence blob);
create table verdict (chunk integer primary key, key text not null, bytes blob not null);
create table index_block (first integer, part integer, prints blob not null, rows blob not null,
    primary key (first, part)) without rowid;
create table order_block (n integer primary key, rows blob not null);
";

/// An open case. One writer at a time; readers take a `Snapshot`.
#[derive(Debug)]
pub struct Case {
    path: PathBuf,
    pub(super) connection: Connection,
}

impl Case {
    /// Opens a case for writing, making it if there is no such file or only the beginning of one.
    pub fn create_or_open(path: &Path) -> Result<Self, StoreError> {
        let fresh = std::fs::metadata(path).map_or(true, |meta| meta.len() == 0);
        if !fresh && !Self::is_case(path) {
            return Err(StoreError::NotACase(path.to_owned()));
        }
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        let case = Self { path: path.to_owned(), connection };
        if fresh {
            case.connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        }
        // A kill may have come between any two of these steps: whatever is missing is made.
        if case.format()? == 0 {
            case.connection.pragma_update(None, "journal_mode", "wal")?;
            case.connection.execute_batch(&format!(
                "begin immediate; {SCHEMA} pragma user_version = {FORMAT}; commit;"
            ))?;
        }
        case.check_format()?;
        case.connection.pragma_update(None, "synchronous", "normal")?;
        // A checkpoint syncs the file: every 64 MiB instead of every 4 keeps ingest from waiting for the disk.
        case.connection.pragma_update(None, "wal_autocheckpoint", 16_384)?;
        Ok(case)
    }

    /// Opens an existing case for reading only.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // Said as what it is before SQLite is asked, which calls a missing file only "unable to open".
        if std::fs::metadata(path).is_ok_and(|meta| meta.is_file()) && !Self::is_case(path) {
            return Err(StoreError::NotACase(path.to_owned()));
        }
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let case = Self { path: path.to_owned(), connection };
        case.check_format()?;
        Ok(case)
    }

    /// Whether the file at `path` says in its header that it is a case; false for anything else, unreadable files too.
    /// SQLite is not asked: it would put files of its own beside somebody else's database.
    pub fn is_case(path: &Path) -> bool {
        let header = || {
            let mut header = [0; 72];
            let is_file = std::fs::metadata(path).ok()?.is_file();
            File::open(path).ok().filter(|_| is_file)?.read_exact(&mut header).ok()?;
            Some(header)
        };
        // SQLite's file format §1.3: the magic string, and the application id at offset 68, big-endian.
        header().is_some_and(|header| {
            header.starts_with(b"SQLite format 3\0") && header[68..] == APPLICATION_ID.to_be_bytes()
        })
    }

    fn format(&self) -> Result<i64, StoreError> {
        let found = self.connection.pragma_query_value(None, "user_version", |row| row.get(0));
        found.map_err(|e| StoreError::Open { path: self.path.clone(), reason: reason_of(&e) })
    }

    fn check_format(&self) -> Result<(), StoreError> {
        let found = self.format()?;
        if found > FORMAT {
            return Err(StoreError::Newer { path: self.path.clone(), found, known: FORMAT });
        }
        if found < FORMAT {
            return Err(StoreError::Unfinished(self.path.clone()));
        }
        let strange = "select count(*) from sqlite_schema where type in ('trigger', 'view')";
        if self.connection.query_row(strange, [], |row| row.get::<_, i64>(0))? > 0 {
            let reason = "it holds triggers or views, as no case has; somebody made it to do harm";
            return Err(StoreError::Open { path: self.path.clone(), reason: reason.to_owned() });
        }
        Ok(())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where unpacked journals and spooled input live: `NAME.case.d/`.
    pub fn side_folder(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".d");
        PathBuf::from(name)
    }

    pub fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let value =
            self.connection.query_row("select value from meta where key = ?1", [key], |row| row.get(0));
        Ok(value.optional()?)
    }

    pub fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.connection.execute("insert or replace into meta values (?1, ?2)", params![key, value])?;
        Ok(())
    }

    /// Whether there is any value whose key begins so.
    pub fn has_meta(&self, prefix: &str) -> Result<bool, StoreError> {
        let any = "select exists (select 1 from meta where substr(key, 1, length(?1)) = ?1)";
        Ok(self.connection.query_row(any, [prefix], |row| row.get(0))?)
    }

    /// Forgets every value whose key begins so.
    pub fn forget_meta(&self, prefix: &str) -> Result<(), StoreError> {
        self.connection.execute("delete from meta where substr(key, 1, length(?1)) = ?1", [prefix])?;
        Ok(())
    }

    /// A picture of the case as it stands, over a connection of its own.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Snapshot::open(&self.path)
    }

    /// Everything in `work` happens, or nothing of it.
    pub fn atomically<T>(
        &mut self,
        work: impl FnOnce(&Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connection.execute_batch("begin immediate")?;
        match work(self) {
            Ok(done) => {
                self.connection.execute_batch("commit")?;
                Ok(done)
            }
            Err(error) => {
                // The first error is the one to tell; a failed rollback leaves the same old state behind.
                let _ = self.connection.execute_batch("rollback");
                Err(error)
            }
        }
    }
}

/// Opens an SQLite file that may have been made by somebody hostile.
pub(super) fn open(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let fail = |e: rusqlite::Error| StoreError::Open { path: path.to_owned(), reason: reason_of(&e) };
    let connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(fail)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).map_err(fail)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false).map_err(fail)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).map_err(fail)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false).map_err(fail)?;
    connection.pragma_update(None, "cell_size_check", true).map_err(fail)?;
    connection.pragma_update(None, "mmap_size", 0).map_err(fail)?;
    Ok(connection)
}

/// SQLite's own words, without the wrapper's.
fn reason_of(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    }
}
