//! What an intruder does to journals that were signed: an edited line, a cut tail, a second story, a torn end, a changed tree.

use super::journals::Journal;
use super::{SimulateError, write_file};
use serde_json::{Value, json};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Lines that a cut tail loses, but never more than a third.
const CUT: u64 = 25;
const CLAIMS_FAULTY: &[u8] = br#""version":"2.4.1""#;
const CLAIMS_GOOD: &[u8] = br#""version":"2.4.0""#;

/// A line and where it stands.
struct Placed {
    index: u64,
    offset: u64,
    bytes: Vec<u8>,
}

impl Placed {
    /// The id, read as our own lines are written: `{"kind":"…","id":"…"`.
    fn id(&self) -> String {
        let id = self.bytes.split(|byte| *byte == b'"').nth(7).unwrap_or_default();
        String::from_utf8_lossy(id).into_owned()
    }
}

/// Alters the journals of the named nodes, and tells what was done to which.
pub(super) fn tamper(dir: &Path, journals: &[Journal]) -> Result<Vec<Value>, SimulateError> {
    let journal = |name: &str| {
        journals.iter().find(|journal| journal.name == name).expect("the fleet has a node of this name")
    };
    let mut done = vec![
        edit(journal("gw-eu-2"))?,
        cut(journal("gw-us-1"))?,
        equivocate(journal("gw-eu-1"), journal("gw-sa-1"))?,
        tear(journal("gw-ap-1"))?,
    ];
    done.extend(change_tree(dir)?);
    Ok(done)
}

/// Makes an answer of the faulty version claim the good one, in place.
fn edit(journal: &Journal) -> Result<Value, SimulateError> {
    let wanted = |line: &Placed| {
        let has = |text| place_of(&line.bytes, text).is_some();
        line.index > journal.size() / 2 && has(CLAIMS_FAULTY) && has(b"tee_id")
    };
    let Some(line) = in_file(&journal.path, |file| find(file, wanted))? else {
        return Ok(json!({"what": "nothing to edit", "file": file_name(&journal.path)}));
    };
    let within = place_of(&line.bytes, CLAIMS_FAULTY).expect("the line was chosen for it");
    in_file(&journal.path, |file| {
        file.seek(SeekFrom::Start(line.offset + within as u64))?;
        file.write_all(CLAIMS_GOOD)
    })?;
    Ok(
        json!({"what": "edited line", "file": file_name(&journal.path), "line": line.index, "offset": line.offset,
              "id": line.id(), "before": "version 2.4.1", "after": "version 2.4.0",
              "changes": {"claimed 2.4.1": -1, "claimed 2.4.0": 1, "shadow-serving": 1}}),
    )
}

/// Takes the last lines away; the checkpoint held elsewhere still counts them.
fn cut(journal: &Journal) -> Result<Value, SimulateError> {
    let kept = journal.size() - CUT.min(journal.size() / 3);
    let (mut lost, mut offset) = (Vec::new(), 0);
    in_file(&journal.path, |file| {
        each_line(file, |line| {
            if line.index == kept {
                offset = line.offset;
            }
            if line.index >= kept {
                lost.push(line.id());
            }
            false
        })?;
        file.set_len(offset)
    })?;
    Ok(json!({"what": "cut tail", "file": file_name(&journal.path), "lines_before": journal.size(),
              "lines_after": kept, "ids": lost}))
}

/// Tells the story of one request a second time and differently, in another journal.
fn equivocate(from: &Journal, to: &Journal) -> Result<Value, SimulateError> {
    let wanted = |line: &Placed| line.index > from.size() / 3 && place_of(&line.bytes, CLAIMS_GOOD).is_some();
    let Some(mut line) = in_file(&from.path, |file| find(file, wanted))? else {
        return Ok(json!({"what": "nothing to contradict", "file": file_name(&from.path)}));
    };
    let within = place_of(&line.bytes, CLAIMS_GOOD).expect("the line was chosen for it");
    line.bytes[within..within + CLAIMS_FAULTY.len()].copy_from_slice(CLAIMS_FAULTY);
    line.bytes.push(b'\n');
    append(to, &line.bytes)?;
    Ok(json!({"what": "equivocation", "id": line.id(), "files": [file_name(&from.path), file_name(&to.path)],
              "lines": [line.index, to.size()]}))
}

/// Leaves the beginning of a line that never ended.
fn tear(journal: &Journal) -> Result<Value, SimulateError> {
    let torn = br#"{"kind":"inference","id":"req-torn-tail","at":"2026-10-06T01:5"#;
    append(journal, torn)?;
    Ok(json!({"what": "torn tail", "file": file_name(&journal.path), "bytes": torn.len()}))
}

/// Changes one hex digit of the first tree's root.
fn change_tree(dir: &Path) -> Result<Option<Value>, SimulateError> {
    let folder = dir.join("trees");
    let read = |error| SimulateError::Write(folder.clone(), error);
    let Ok(files) = fs::read_dir(&folder) else { return Ok(None) };
    let paths: io::Result<Vec<_>> = files.map(|file| Ok(file?.path())).collect();
    let Some(path) = paths.map_err(read)?.into_iter().min() else { return Ok(None) };
    let mut text = fs::read(&path).map_err(|error| SimulateError::Write(path.clone(), error))?;
    let Some(root) = place_of(&text, br#""tree":["0x"#) else { return Ok(None) };
    let digit = &mut text[root + 12];
    *digit = if *digit == b'0' { b'1' } else { b'0' };
    write_file(&path, &text)?;
    Ok(Some(json!({"what": "changed tree", "file": format!("trees/{}", file_name(&path))})))
}

fn append(journal: &Journal, bytes: &[u8]) -> Result<(), SimulateError> {
    in_file(&journal.path, |file| {
        file.seek(SeekFrom::End(0))?;
        file.write_all(bytes)
    })
}

/// Opens a file for reading and writing, and names it if something goes wrong.
fn in_file<T>(path: &Path, work: impl FnOnce(&mut File) -> io::Result<T>) -> Result<T, SimulateError> {
    let open = OpenOptions::new().read(true).write(true).open(path);
    open.and_then(|mut file| work(&mut file)).map_err(|error| SimulateError::Write(path.to_owned(), error))
}

/// The first line of its kind.
fn find(file: &mut File, wanted: impl Fn(&Placed) -> bool) -> io::Result<Option<Placed>> {
    let mut found = None;
    each_line(file, |line| {
        let stop = wanted(line);
        if stop {
            found = Some(Placed { bytes: std::mem::take(&mut line.bytes), ..*line });
        }
        stop
    })?;
    Ok(found)
}

/// Goes over the lines until told to stop.
fn each_line(file: &mut File, mut stop: impl FnMut(&mut Placed) -> bool) -> io::Result<()> {
    let mut reader = BufReader::new(Read::by_ref(file));
    let mut line = Placed { index: 0, offset: 0, bytes: Vec::new() };
    loop {
        line.bytes.clear();
        let read = reader.read_until(b'\n', &mut line.bytes)? as u64;
        line.bytes.pop_if(|byte| *byte == b'\n');
        if read == 0 || stop(&mut line) {
            return Ok(());
        }
        line.index += 1;
        line.offset += read;
    }
}

fn place_of(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, wanted)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
