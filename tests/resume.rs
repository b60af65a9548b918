//! Killed at any moment, stopped by Ctrl-C or out of disk: the next run goes on, and the case comes out the same.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::study::Study;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Enough for a chunk that is full (65,536 records) in one journal, and none in the others.
const RECORDS: usize = 57_000;
const KILLS: usize = 12;

/// As many as fill a chunk, in a format that is not ours.
const JOBS: usize = 66_000;

/// The journals, made once for all tests here: one of them compressed, one with a torn tail, and a foreign source.
fn journals() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let journals = folder.path().join("journals");
        let simulation = Simulation { signed: false, ..Simulation::new(Scenario::Default, 23, RECORDS) };
        simulation.write(&journals, &mut |_| ()).unwrap();
        let plain = journals.join("gw-eu-1.jsonl");
        let mut packed = flate2::write::GzEncoder::new(
            fs::File::create(journals.join("gw-eu-1.jsonl.gz")).unwrap(),
            flate2::Compression::fast(),
        );
        packed.write_all(&fs::read(&plain).unwrap()).unwrap();
        packed.finish().unwrap();
        fs::remove_file(plain).unwrap();
        let torn = fs::OpenOptions::new().append(true).open(journals.join("relay.jsonl")).unwrap();
        (&torn)
            .write_all(
                br#"{"kind":"action","id":"torn","at":"2026-10-04T09:12:04Z","agent":"a","action":"b"}"#,
            )
            .unwrap();
        let job = |n| {
            format!(
                "{{\"jobId\":\"j-{n}\",\"status\":\"succeeded\",\"updatedAt\":\"2026-10-04T10:00:03Z\",\"settlementType\":\"batch\"}}\n"
            )
        };
        fs::write(journals.join("jobs.jsonl"), (0..JOBS).map(job).collect::<String>()).unwrap();
        folder
    });
    Box::leak(folder.path().join("journals").into_boxed_path())
}

fn ingest(case: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
    command.arg("ingest").arg(journals()).arg("--case").arg(case);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[track_caller]
fn done(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A case made in one go, its digest, and how long that took.
fn once() -> &'static (Vec<String>, Duration) {
    static ONCE: OnceLock<(Vec<String>, Duration)> = OnceLock::new();
    ONCE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let case = folder.path().join("once.case");
        journals();
        let begun = Instant::now();
        done(&ingest(&case).output().unwrap());
        (digest(&case), begun.elapsed())
    })
}

/// All a case says: every row of every table, and the findings a study of it comes to. Where the case itself lies is
/// left out.
fn digest(case: &Path) -> Vec<String> {
    let connection = Connection::open_with_flags(case, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut tables =
        connection.prepare("select name from sqlite_schema where type = 'table' order by name").unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(tables.iter().any(|name| name == "chunk"), "{tables:?}");
    let mut digests = Vec::new();
    for table in tables {
        let mut statement = connection.prepare(&format!("select * from {table}")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        let mut lines = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let cells = (0..columns).map(|n| match row.get_ref(n).unwrap() {
                ValueRef::Null => "null".to_owned(),
                ValueRef::Integer(n) => n.to_string(),
                ValueRef::Real(n) => n.to_string(),
                ValueRef::Text(text) => {
                    String::from_utf8_lossy(text).replace(&*case.to_string_lossy(), "CASE")
                }
                ValueRef::Blob(bytes) => format!("{:x?}", Sha256::digest(bytes)),
            });
            lines.push(cells.collect::<Vec<_>>().join("|"));
        }
        lines.sort();
        // The few rows of the sources are told whole: a difference there says what it is.
        match table.as_str() {
            "source" => digests.extend(lines.iter().map(|line| format!("source {line}"))),
            _ => digests.push(format!("{table}: {} rows, {}", lines.len(), short(&lines.join("\n")))),
        }
    }
    let study = Study::open(case).unwrap();
    digests.push(format!("fold {}", short(&format!("{:?}", study.fold))));
    digests.push(format!("findings {}", short(&format!("{:?}", study.findings))));
    digests
}

fn short(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..8])
}

/// What each journal is: its bytes' hash and when it was last written.
fn evidence() -> Vec<(PathBuf, String, std::time::SystemTime)> {
    let mut seen: Vec<_> = fs::read_dir(journals())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| {
            let modified = path.metadata().unwrap().modified().unwrap();
            let bytes = fs::read(&path).unwrap();
            (path, hex::encode(Sha256::digest(bytes)), modified)
        })
        .collect();
    seen.sort();
    seen
}

/// A small seeded generator: the same moments in every run, as far as a machine allows.
struct Moments(u64);

impl Moments {
    fn up_to(&mut self, most: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        most.mul_f64((self.0 >> 11) as f64 / (1u64 << 53) as f64)
    }
}

/// Waits for a child to end by itself until `moment`; then it is killed. Whether it was.
fn kill_after(child: &mut Child, moment: Duration) -> bool {
    thread::sleep(moment);
    let ended = child.try_wait().unwrap().is_some();
    // SIGKILL: nothing is flushed, nothing is tidied up.
    child.kill().unwrap();
    let status = child.wait().unwrap();
    !ended && status.signal().is_some()
}

#[test]
fn killed_at_any_moment_the_next_run_completes_to_the_same_case() {
    let (expected, whole) = once();
    let before = evidence();
    let mut moments = Moments(0x6261_636b_7472_6169);
    let mut kills = 0;
    let mut cases = 0;
    while kills < KILLS {
        let folder = tempfile::tempdir().unwrap();
        let case = folder.path().join("killed.case");
        // At most a few kills to one case, so that many are killed early and many late.
        for _ in 0..4 {
            let mut child = ingest(&case).spawn().unwrap();
            if !kill_after(&mut child, moments.up_to(*whole)) {
                break;
            }
            kills += 1;
        }
        done(&ingest(&case).output().unwrap());
        assert_eq!(digest(&case), *expected, "after {kills} kills");
        assert_eq!(
            side_files(&case).len(),
            2,
            "the unpacked journal and the imported lines; unfinished copies are not left behind: {:?}",
            side_files(&case)
        );
        cases += 1;
    }
    assert_eq!(evidence(), before, "no journal was written to or touched");
    println!("{kills} kills of {cases} cases");
}

fn side_files(case: &Path) -> Vec<PathBuf> {
    let folder = format!("{}.d", case.display());
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn ctrl_c_leaves_a_case_that_the_next_run_completes() {
    let (expected, whole) = once();
    for share in [0.05, 0.3, 0.6, 0.9] {
        let folder = tempfile::tempdir().unwrap();
        let case = folder.path().join("stopped.case");
        let child = ingest(&case).spawn().unwrap();
        thread::sleep(whole.mul_f64(share));
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        // Near its end it may have been done before it heard.
        if !output.status.success() && output.status.signal().is_none() {
            assert_eq!(output.status.code(), Some(2), "{words}");
            assert!(words.contains("stopped; run the same command again to go on from here"), "{words}");
        }
        // In its first milliseconds nobody listens yet and the signal ends it, as any program.
        assert!(output.status.signal().is_none() || share < 0.1, "{:?}", output.status);
        done(&ingest(&case).output().unwrap());
        assert_eq!(digest(&case), *expected, "stopped at {share} of the time");
    }
}

#[test]
fn a_full_disk_is_said_and_the_next_run_completes() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let program = env!("CARGO_BIN_EXE_backtrail");
    let (disk, journals) = (disk.display(), journals().display());
    // The disk lives in a name space of its own and goes with it, whatever happens here.
    let script = format!(
        "mount -t tmpfs -o size=6m tmpfs '{disk}' || exit 77
         '{program}' ingest '{journals}' --case '{disk}/a.case'; echo \"first $?\"
         '{program}' query '{disk}/a.case' 'select 1'; echo \"query $?\"
         mount -o remount,size=900m '{disk}' || exit 77
         '{program}' ingest '{journals}' --case '{disk}/a.case'; echo \"second $?\"
         cp '{disk}/a.case' '{disk}/../full.case'"
    );
    let run = |arguments: &[&str]| {
        Command::new("unshare").args(arguments).args(["sh", "-c", &script]).output().ok()
    };
    let tries = [&["-m"][..], &["-rm"]].into_iter().filter_map(run);
    let Some(output) = tries.into_iter().find(|output| output.status.success()) else {
        return println!("skipped: no file system can be mounted here");
    };
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(out.contains("first 2"), "{out}{err}");
    assert!(err.contains("disk is full") || err.contains("No space left"), "{out}{err}");
    assert!(out.contains("query 2"), "an unfinished case is told to be one: {out}{err}");
    assert!(err.contains("ingest"), "what to do is said: {out}{err}");
    assert!(out.contains("second 0"), "{out}{err}");
    let records = |case: &Path| Study::open(case).unwrap().fold;
    let fresh = folder.path().join("fresh.case");
    done(&ingest(&fresh).output().unwrap());
    assert_eq!(records(&folder.path().join("full.case")), records(&fresh));
}

#[test]
fn a_file_that_may_not_grow_is_said_and_the_next_run_completes() {
    let (expected, _) = once();
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("small.case");
    // 1 MiB to a file, and the signal that comes with it ignored: writes fail half way.
    let program = env!("CARGO_BIN_EXE_backtrail");
    let script = format!(
        "ulimit -f 2048; trap '' XFSZ; exec '{program}' ingest '{}' --case '{}'",
        journals().display(),
        case.display()
    );
    let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(!words.contains("panicked"), "{words}");
    done(&ingest(&case).output().unwrap());
    assert_eq!(digest(&case), *expected);
}
