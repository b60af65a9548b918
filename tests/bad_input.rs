//! Bad input through the program itself: a clear sentence or a listed fault, never a panic, never a raw control byte,
//! and never a byte, a size or a time of the evidence changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use rusqlite::Connection;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;
use tempfile::TempDir;

/// A responder's desk: evidence in one folder, cases and caches in another.
struct Desk {
    folder: TempDir,
}

/// What the program said and how it ended.
struct Said {
    code: i32,
    out: String,
    err: String,
}

/// Every file's bytes, size and modification time.
type Evidence = BTreeMap<PathBuf, (Option<Vec<u8>>, u64, SystemTime)>;

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("evidence")).unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self { folder }
    }

    fn evidence(&self) -> PathBuf {
        self.folder.path().join("evidence")
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.evidence().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn case(&self) -> PathBuf {
        self.folder.path().join("a.case")
    }

    fn command(&self, arguments: &[&OsStr]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
        let home = self.folder.path().join("home");
        command.args(arguments).env("HOME", &home).env("XDG_CACHE_HOME", home.join("cache"));
        command.env_remove("XDG_CONFIG_HOME").stdin(Stdio::null());
        command
    }

    /// Runs the program and holds it to what every run must keep.
    fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Said {
        self.run_with(arguments, &[])
    }

    fn run_with<S: AsRef<OsStr>>(&self, arguments: &[S], stdin: &[u8]) -> Said {
        let arguments: Vec<&OsStr> = arguments.iter().map(AsRef::as_ref).collect();
        let before = self.look();
        let mut command = self.command(&arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let given = stdin.to_vec();
        let feeder = std::thread::spawn(move || {
            // The program may end before it has read everything.
            let _ = pipe.write_all(&given);
        });
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        let said = Said {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            err: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        };
        assert!(!said.err.contains("panicked"), "{arguments:?}: {}", said.err);
        assert!((0..=2).contains(&said.code), "{arguments:?} ended with {}: {}", said.code, said.err);
        for text in [&said.out.replace("\r\n", "\n"), &said.err] {
            let raw = text.chars().find(|c| is_raw(*c));
            assert_eq!(raw, None, "{arguments:?} printed a raw control character: {text:?}");
        }
        assert!(self.look() == before, "{arguments:?} changed the evidence");
        said
    }

    fn look(&self) -> Evidence {
        let mut seen = Evidence::new();
        let mut folders = vec![self.evidence()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let meta = fs::symlink_metadata(&path).unwrap();
                if meta.is_dir() {
                    folders.push(path.clone());
                }
                let bytes = meta.is_file().then(|| fs::read(&path).ok()).flatten();
                seen.insert(path, (bytes, meta.len(), meta.modified().unwrap()));
            }
        }
        seen
    }

    /// Ingests what stands in the evidence folder, which must succeed, and asks one question of the case.
    fn ingest(&self) -> Said {
        let said = self.run(&[
            "ingest".as_ref(),
            self.evidence().as_os_str(),
            "--case".as_ref(),
            self.case().as_os_str(),
        ]);
        assert_eq!(said.code, 0, "{}", said.err);
        said
    }

    fn query(&self, sql: &str) -> String {
        let said = self.run(&[
            "query".as_ref(),
            self.case().as_os_str(),
            sql.as_ref(),
            "--format".as_ref(),
            "csv".as_ref(),
        ]);
        assert_eq!(said.code, 0, "{sql}: {}", said.err);
        let mut rows: Vec<&str> = said.out.lines().skip(1).collect();
        rows.retain(|row| !row.is_empty());
        rows.join("\n")
    }
}

/// What must never reach a terminal as itself: C0 but tab and newline (CSV's line ends are taken out before),
/// delete, C1, and everything that reorders or hides text.
fn is_raw(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

fn line(kind: &str, id: &str, rest: &str) -> String {
    format!(r#"{{"kind":"{kind}","id":"{id}","at":"2026-10-04T09:12:04Z"{rest}}}"#)
}

fn request(id: &str) -> String {
    line("inference", id, r#","node":"gw-1","agent":"a-1","model":"m","version":"2.4.1""#)
}

#[track_caller]
fn refused(said: &Said, words: &str) {
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    assert!(said.err.starts_with("backtrail: ") || said.err.starts_with("error: "), "{}", said.err);
    assert!(said.err.contains(words), "wanted `{words}`: {}", said.err);
    assert_eq!(said.out, "", "stdout is data");
}

#[test]
fn what_cannot_be_read_is_said_in_a_sentence() {
    let desk = Desk::new();
    let put = |name: &str, bytes: &[u8]| desk.put(name, bytes);
    put("elf.jsonl", b"\x7fELF\x02\x01\x01\0\0\0\0\0");
    put("zip.jsonl", b"PK\x03\x04\x14\0\0\0");
    put("database.jsonl", b"SQLite format 3\0\x10\0\x01\x01");
    put("utf16.jsonl", b"\xff\xfe{\0\"\0k\0");
    put("noise.jsonl", &(0..200u8).map(|n| n % 9).collect::<Vec<_>>());
    fs::create_dir(desk.evidence().join("empty-folder")).unwrap();
    for (name, words) in [
        ("missing.jsonl", "no such file"),
        ("missing\u{1b}[2J\u{202e}.jsonl", "no such file"),
        ("empty-folder", "no journal in this directory"),
        ("elf.jsonl", "an ELF program"),
        ("zip.jsonl", "a zip archive"),
        ("database.jsonl", "not a journal but an SQLite database"),
        ("utf16.jsonl", "UTF-16"),
        ("noise.jsonl", "binary data"),
    ] {
        let path = desk.evidence().join(name);
        let case = desk.case();
        refused(
            &desk.run(&["ingest".as_ref(), path.as_os_str(), "--case".as_ref(), case.as_os_str()]),
            words,
        );
        refused(&desk.run(&["analyze".as_ref(), path.as_os_str()]), words);
        refused(&desk.run(&["query".as_ref(), path.as_os_str(), "select 1".as_ref()]), words);
        assert!(!case.exists(), "{name}: a path that cannot be read leaves no case behind");
    }
}

#[test]
fn wrong_usage_is_told_and_echoes_nothing_raw() {
    let desk = Desk::new();
    for arguments in [
        &["ingest"][..],
        &["ingest", "x", "--case"],
        &["--no-such-flag"],
        &["query", "a", "b", "c\u{1b}]0;owned\u{7}"],
        &["explore", "x", "--print", "0x0\u{9b}31m"],
        &["simulate", "--scenario", "no\u{1b}[2Jsuch", "-o", "x"],
        &["simulate"],
        &["analyze", "x", "--window", "a..b\u{202e}"],
    ] {
        let said = desk.run(arguments);
        assert_eq!(said.code, 2, "{arguments:?}: {}", said.err);
        assert!(!said.err.is_empty(), "{arguments:?}");
    }
    assert_eq!(desk.run::<&str>(&["--help"]).code, 0);
    assert_eq!(desk.run::<&str>(&["--version"]).code, 0);
}

#[test]
fn no_arguments_and_no_terminal_is_a_sentence() {
    let desk = Desk::new();
    let said = desk.run::<&str>(&[]);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(!said.err.trim().is_empty());
}

#[cfg(unix)]
#[test]
fn permission_denied_is_said() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65_534;
    let desk = Desk::new();
    let path = desk.put("locked.jsonl", request("r-1"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let is_root = fs::metadata(desk.evidence()).unwrap().uid() == 0;
    let as_somebody = |arguments: &[&OsStr]| {
        let mut command = desk.command(arguments);
        if is_root {
            // Root may read everything: be nobody for this.
            command.uid(NOBODY).gid(NOBODY).current_dir("/");
        }
        command.output()
    };
    match as_somebody(&["--version".as_ref()]) {
        Ok(output) if output.status.success() => {}
        _ => return println!("skipped: the test runs as root, and another user may not run the program"),
    }
    let output =
        as_somebody(&["ingest".as_ref(), path.as_os_str(), "--case".as_ref(), desk.case().as_os_str()])
            .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.to_lowercase().contains("permission denied"), "{err}");
}

#[test]
fn an_empty_journal_is_a_journal_without_records() {
    let desk = Desk::new();
    desk.put("empty.jsonl", "");
    desk.ingest();
    assert_eq!(desk.query("select count(*) from records"), "0");
    assert_eq!(
        desk.query("select lines, root from sources"),
        "0,e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    assert_eq!(desk.run(&["analyze".as_ref(), desk.case().as_os_str()]).code, 0);
}

#[test]
fn the_case_is_never_written_over_the_evidence() {
    let desk = Desk::new();
    for (name, bytes) in [("empty.jsonl", String::new()), ("full.jsonl", request("r-1") + "\n")] {
        let path = desk.put(name, bytes);
        let said = desk.run(&["ingest".as_ref(), path.as_os_str(), "--case".as_ref(), path.as_os_str()]);
        assert_eq!(said.code, 2, "{name}: {}", said.err);
        assert!(said.err.contains(name), "{}", said.err);
    }
}

#[cfg(unix)]
#[test]
fn only_regular_files_inside_the_given_tree_are_read() {
    let desk = Desk::new();
    desk.put("plain.jsonl", request("r-1") + "\n");
    let outside = desk.folder.path().join("outside.jsonl");
    fs::write(&outside, request("secret") + "\n").unwrap();
    std::os::unix::fs::symlink(&outside, desk.evidence().join("link.jsonl")).unwrap();
    std::os::unix::fs::symlink("/", desk.evidence().join("root")).unwrap();
    let fifo = desk.evidence().join("pipe.jsonl");
    match Command::new("mkfifo").arg(&fifo).status() {
        Ok(status) if status.success() => {
            let said =
                desk.run(&["ingest".as_ref(), fifo.as_os_str(), "--case".as_ref(), desk.case().as_os_str()]);
            refused(&said, "not a regular file");
        }
        _ => println!("skipped: no mkfifo here"),
    }
    let said = desk.ingest();
    assert!(said.err.contains("not named like journals") || said.err.contains("left alone"), "{}", said.err);
    assert_eq!(desk.query("select id from requests"), "r-1");
    let device = desk.run(&["ingest", "/dev/zero", "--case", desk.case().to_str().unwrap()]);
    refused(&device, "not a regular file");
}

#[test]
fn a_line_over_the_limit_is_a_fault_and_the_lines_after_it_are_read() {
    let desk = Desk::new();
    let mut bytes = (request("before") + "\n").into_bytes();
    bytes.extend(line("inference", "long", "").as_bytes());
    bytes.resize(bytes.len() + (17 << 20), b'x');
    bytes.push(b'\n');
    bytes.extend((request("after") + "\n").as_bytes());
    bytes.resize(bytes.len() + (17 << 20), b'y');
    desk.put("long.jsonl", &bytes);
    desk.ingest();
    assert_eq!(desk.query("select id from requests order by line"), "before\nafter");
    let faults = desk.query("select line, reason from faults order by line");
    let reasons: Vec<&str> = faults.lines().collect();
    assert_eq!(reasons.len(), 2, "{faults}");
    assert!(
        reasons[0].starts_with("1,the line has 17") && reasons[0].ends_with("the limit is 16777216"),
        "{faults}"
    );
    assert_eq!(desk.query("select lines, torn_bytes from sources"), format!("3,{}", 17 << 20));
}

#[test]
fn a_document_too_long_to_be_held_is_refused_and_no_case_knows_of_it() {
    let desk = Desk::new();
    desk.put("before.jsonl", (request("before") + "\n").as_bytes());
    desk.ingest();
    let path = desk.evidence().join("traces.json");
    fs::write(&path, "{\"resourceSpans\":[\n{\"scopeSpans\":[]},\n").unwrap();
    // Sparse: it takes no room on the disk.
    fs::File::options().write(true).open(&path).unwrap().set_len((1 << 30) + 1).unwrap();
    let case = desk.case();
    let said = desk.run(&["ingest".as_ref(), path.as_os_str(), "--case".as_ref(), case.as_os_str()]);
    refused(&said, "one document of 1073741825 bytes; the limit is 1073741824");
    assert_eq!(desk.query("select count(*) from sources"), "1");
    assert_eq!(desk.query("select id from requests"), "before");
}

#[cfg(target_os = "linux")]
#[test]
fn a_gigantic_line_takes_no_memory() {
    let desk = Desk::new();
    let path = desk.evidence().join("one-line.jsonl");
    let file = fs::File::create(&path).unwrap();
    // A hole: 600 MB of NUL on no disk, after a beginning that looks like a journal.
    (&file).write_all(&b" ".repeat(4096)).unwrap();
    file.set_len(600 << 20).unwrap();
    drop(file);
    let limited = |script: &str| {
        let program = env!("CARGO_BIN_EXE_backtrail");
        let mut command = Command::new("sh");
        let script = format!("ulimit -v 400000 && exec {program} {script}");
        command.arg("-c").arg(script).env("HOME", desk.folder.path());
        command.output().unwrap()
    };
    let output = limited(&format!("ingest {} --case {}", path.display(), desk.case().display()));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(desk.query("select count(*) from faults"), "1");
}

#[test]
fn broken_lines_are_listed_and_reading_goes_on() {
    let desk = Desk::new();
    let deep = format!(r#"{{"kind":"x","id":"deep","at":"2026-10-04T09:12:04Z","v":{}"#, "[".repeat(100_000));
    let lines: Vec<Vec<u8>> = vec![
        request("first").into(),
        b"\xff\xfe not utf-8".to_vec(),
        b"{\"kind\":\"x\",\"id\":\"\xc3\x28\",\"at\":\"2026-10-04T09:12:04Z\"}".to_vec(),
        br#"{"kind":"x","id":"a","id":"b","at":"2026-10-04T09:12:04Z"}"#.to_vec(),
        deep.clone().into_bytes(),
        (deep.clone() + &"]".repeat(100_000) + "}").into_bytes(),
        br#"{"kind":"inference","id":"n","at":"2026-10-04T09:12:04Z","agent":"a","model":"m","tokens_out":1e400}"#.to_vec(),
        br#"{"kind":"x","id":"n","at":"2026-10-04T09:12:04Z","v":1e400}"#.to_vec(),
        br#"{"kind":"x","id":"n","at":"2026-10-04T09:12:04Z","v":NaN}"#.to_vec(),
        br#"{"kind":"x","id":"n","at":"2026-10-04T09:12:04Z","v":01}"#.to_vec(),
        br#"{"kind":"payment","id":"p","at":"2026-10-04T09:12:04Z","payer":"a","payee":"b","amount":1.5,"asset":{},"state":"settled"}"#.to_vec(),
        br#"{"kind":"payment","id":"p","at":"2026-10-04T09:12:04Z","payer":"a","payee":"b","amount":"-1","asset":{},"state":"settled"}"#.to_vec(),
        br#"{"kind":"x","id":"\ud800","at":"2026-10-04T09:12:04Z"}"#.to_vec(),
        br#"{"kind":"x","id":"t","at":"2026-10-04T09:12:60Z"}"#.to_vec(),
        br#"{"kind":"x","id":"t","at":9223372036854775807}"#.to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"\0\0\0\0".to_vec(),
        request("last").into(),
    ];
    let mut bytes = lines.join(&b'\n');
    bytes.push(b'\n');
    desk.put("broken.jsonl", bytes);
    desk.ingest();
    assert_eq!(desk.query("select id from requests order by line"), "first\nlast");
    let listed = desk.query("select count(*) from faults").parse::<usize>().unwrap();
    let others = desk.query("select count(*) from records where kind = 'x'").parse::<usize>().unwrap();
    assert_eq!(listed + others + 2, lines.len(), "no line is skipped in silence");
    let faults = desk.query("select line from faults order by line");
    let lines_told: Vec<&str> = faults.lines().collect();
    for line in ["1", "2", "3", "4", "6", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17"] {
        assert!(lines_told.contains(&line), "line {line} is a fault: {faults}");
    }
    let strict = desk.run(&[
        "ingest".as_ref(),
        desk.evidence().as_os_str(),
        "--case".as_ref(),
        desk.case().as_os_str(),
        "--strict".as_ref(),
    ]);
    assert_eq!(strict.code, 1, "with --strict, faulty lines fail the check");
}

#[test]
fn windows_line_ends_a_byte_order_mark_and_padding_are_read_as_they_are() {
    let desk = Desk::new();
    desk.put("crlf.jsonl", format!("{}\r\n\r\n{}\r\n", request("c-1"), request("c-2")));
    desk.put("bom.jsonl", format!("\u{feff}{}\n{}\n", request("b-1"), request("b-2")));
    desk.put("padded.jsonl", [request("p-1").as_bytes(), b"\n", &[0; 4096]].concat());
    let mut half = format!("{}\n{}", request("h-1"), r#"{"kind":"x","id":"é"#).into_bytes();
    half.pop();
    desk.put("half.jsonl", half);
    desk.ingest();
    // A byte order mark is no JSON: the line that carries it is a fault, and said to be one.
    assert_eq!(desk.query("select id from requests order by id"), "b-2\nc-1\nc-2\nh-1\np-1");
    let reasons = desk.query("select reason from faults where source like '%bom%'");
    assert!(reasons.contains("byte order mark"), "{reasons}");
    let padding = desk.query("select reason from faults where source like '%padded%'");
    assert!(padding.contains("NUL"), "{padding}");
    assert_eq!(desk.query("select torn_bytes from sources where path like '%padded%'"), "4096");
    assert_eq!(desk.query("select blank_lines from sources where path like '%crlf%'"), "1");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_journals_are_read_by_their_bytes_and_damage_is_listed() {
    let desk = Desk::new();
    let many: String = (0..2000).map(|n| request(&format!("t-{n}")) + "\n").collect();
    let whole = gzip(many.as_bytes());
    desk.put("truncated.jsonl.gz", &whole[..whole.len() / 2]);
    desk.put(
        "members.jsonl",
        [gzip((request("m-1") + "\n").as_bytes()), gzip((request("m-2") + "\n").as_bytes())].concat(),
    );
    desk.put("squeezed.jsonl.zst", zstd::encode_all((request("z-1") + "\n").as_bytes(), 3).unwrap());
    desk.put(
        "trailing.jsonl.gz",
        [gzip((request("g-1") + "\n").as_bytes()), b"garbage after the stream".to_vec()].concat(),
    );
    desk.ingest();
    assert_eq!(
        desk.query("select id from requests where id not like 't-%' order by id"),
        "g-1\nm-1\nm-2\nz-1"
    );
    let saved: usize = desk.query("select count(*) from requests where id like 't-%'").parse().unwrap();
    assert!((1..2000).contains(&saved), "what could be unpacked is read: {saved}");
    let damage = desk.query("select source, reason from faults where reason like '%compressed stream%'");
    assert!(damage.contains("truncated.jsonl.gz"), "{damage}");
    // Again: known by size and time, nothing is unpacked or read twice, and the damage is still told.
    let again = desk.ingest();
    assert!(again.err.contains("4 journals hashed again and found unchanged"), "{}", again.err);
    assert_eq!(
        desk.query("select source, reason from faults where reason like '%compressed stream%'"),
        damage
    );
}

#[test]
fn a_bomb_is_refused_before_it_fills_the_disk() {
    let desk = Desk::new();
    // 600 MB of blanks in less than 1 MB, as gzip and as zstandard.
    let blanks = vec![b' '; 600 << 20];
    let mut tight = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    tight.write_all(&blanks[..75 << 20]).unwrap();
    let small = tight.finish().unwrap().repeat(8);
    for (name, bytes) in
        [("bomb.jsonl.gz", small), ("bomb.jsonl.zst", zstd::encode_all(&blanks[..], 1).unwrap())]
    {
        assert!(bytes.len() < 1 << 20);
        let bomb = desk.put(name, bytes);
        let said =
            desk.run(&["ingest".as_ref(), bomb.as_os_str(), "--case".as_ref(), desk.case().as_os_str()]);
        refused(&said, "unpacks to more than 500 times its size");
    }
    let left = walk(desk.folder.path()).into_iter().filter(|path| !path.starts_with(desk.evidence()));
    let left: u64 = left.map(|path| fs::metadata(&path).unwrap().len()).sum();
    assert!(left < 1 << 20, "{left} bytes were left behind");
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn standard_input_is_a_journal_and_a_journal_given_twice_is_read_once() {
    let desk = Desk::new();
    let text = request("s-1") + "\n";
    let said = desk.run_with(
        &["ingest".as_ref(), "-".as_ref(), "--case".as_ref(), desk.case().as_os_str()],
        text.as_bytes(),
    );
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(desk.query("select id from requests"), "s-1");
    let path = desk.put("twice.jsonl", request("t-1") + "\n");
    let other = desk.evidence().join("../evidence/twice.jsonl");
    let case = desk.folder.path().join("b.case");
    let said = desk.run(&[
        "ingest".as_ref(),
        path.as_os_str(),
        other.as_os_str(),
        desk.evidence().as_os_str(),
        "--case".as_ref(),
        case.as_os_str(),
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.starts_with("1 record in 1 journal\n"), "{}", said.err);
}

/// A sealed case of one request.
fn small_case(desk: &Desk) -> PathBuf {
    desk.put("one.jsonl", request("r-1") + "\n");
    desk.ingest();
    desk.case()
}

#[test]
fn what_is_no_case_of_ours_is_said_and_left_alone() {
    let desk = Desk::new();
    let case = small_case(&desk);
    let whole = fs::read(&case).unwrap();
    let cases = desk.folder.path().join("cases");
    fs::create_dir(&cases).unwrap();
    let sql = |name: &str, statements: &str| {
        let path = cases.join(name);
        fs::write(&path, &whole).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", "delete").unwrap();
        connection.execute_batch(statements).unwrap();
        drop(connection);
        path
    };
    let mut corrupt = whole.clone();
    corrupt[4096..].iter_mut().for_each(|byte| *byte ^= 0x5a);
    fs::write(cases.join("corrupt.case"), &corrupt).unwrap();
    fs::write(cases.join("cut.case"), &whole[..whole.len() / 3]).unwrap();
    desk.put(
        "text.case",
        "not a database at all, but long enough to be read as the header of one, which is 100 bytes",
    );
    sql("foreign.case", "pragma application_id = 7");
    sql("newer.case", "pragma user_version = 99");
    sql("trigger.case", "create trigger t after insert on meta begin delete from source; end");
    sql("view.case", "alter table meta rename to m; create view meta as select key, value from m");
    sql(
        "huge-cell.case",
        "update cell set bytes = x'00ffffff000000000000000000010000000000000000' || zeroblob(0)",
    );
    sql("lying-rows.case", "update chunk set rows = 65536");
    sql("lying-kind.case", "update source set plain = '/dev/zero'");
    let shown = |name: &str| {
        let path = cases.join(name);
        let journal = desk.evidence().join("one.jsonl");
        [
            desk.run(&["query".as_ref(), path.as_os_str(), "select * from requests".as_ref()]),
            desk.run(&["analyze".as_ref(), path.as_os_str()]),
            desk.run(&["explain".as_ref(), path.as_os_str(), "r-1".as_ref()]),
            desk.run(&["ingest".as_ref(), journal.as_os_str(), "--case".as_ref(), path.as_os_str()]),
        ]
    };
    for (name, words) in [
        ("foreign.case", "not a Backtrail case"),
        ("newer.case", "newer Backtrail"),
        ("trigger.case", "triggers or views"),
        ("view.case", "triggers or views"),
    ] {
        let runs = shown(name);
        let [query, analyze, explain, ingest] = &runs;
        assert!(ingest.err.contains(words), "{name}: {}", ingest.err);
        for said in [query, analyze, explain, ingest] {
            assert_eq!(said.code, 2, "{name}: {}{}", said.out, said.err);
        }
    }
    let text = desk.evidence().join("text.case");
    let said = desk.run(&[
        "ingest".as_ref(),
        desk.evidence().join("one.jsonl").as_os_str(),
        "--case".as_ref(),
        text.as_os_str(),
    ]);
    refused(&said, "not a Backtrail case");
    // Damage deeper inside: whatever is said, nothing falls over; `run` checks that. Reading alone changes nothing.
    for name in ["corrupt.case", "cut.case", "huge-cell.case", "lying-rows.case", "lying-kind.case"] {
        let path = cases.join(name);
        for arguments in [
            &["query".as_ref(), path.as_os_str(), "select * from requests".as_ref()][..],
            &["query".as_ref(), path.as_os_str(), "select * from edges".as_ref()],
            &["analyze".as_ref(), path.as_os_str()],
            &["explain".as_ref(), path.as_os_str(), "r-1".as_ref()],
        ] {
            let said = desk.run(arguments);
            assert!(said.code == 2 || said.code == 0, "{name}: {}", said.err);
        }
    }
}

/// Text that moves cursors, sets titles, reorders and hides.
const HOSTILE: [&str; 9] = [
    "\\u001b[2J\\u001b[1;1H",
    "\\u001b]0;owned\\u0007",
    "\\u001b]52;c;ZXZpbA==\\u0007",
    "\\u001bP+q544e\\u001b\\\\",
    "\\u009b31m",
    "\\r\\b\\u000b\\u000c\\u0085\\u2028",
    "\\u202e\\u2066abc\\u2069",
    "\\u200b\\u200d\\udb40\\udc41",
    "\\u0000\\u007f",
];

#[test]
fn nothing_recorded_reaches_the_terminal_raw() {
    let desk = Desk::new();
    let mut text = String::new();
    for (n, evil) in HOSTILE.iter().enumerate() {
        for kind in [
            "journal",
            "checkpoint",
            "release",
            "deployment",
            "incident",
            "measurement",
            "enclave",
            "inference",
            "action",
            "message",
            "payment",
            "settlement",
            "weird",
        ] {
            let fields = [
                "spec",
                "origin",
                "log_key",
                "note",
                "model",
                "version",
                "parent",
                "notes",
                "reason",
                "title",
                "summary",
                "good_version",
                "pcr_hash",
                "registry",
                "tee_id",
                "public_key",
                "agent",
                "session",
                "status",
                "error",
                "action",
                "target",
                "from",
                "to",
                "payer",
                "payee",
                "merkle_root",
                "blob_id",
                "tx_hash",
            ];
            let rest: String =
                fields.iter().map(|field| format!(r#","{field}":"{field}{evil}{n}""#)).collect();
            let state = match kind {
                "deployment" => "active",
                "incident" => "declared",
                "measurement" => "approved",
                "enclave" => "enabled",
                _ => "settled",
            };
            let rest = format!(
                r#"{rest},"node":"node{evil}","state":"{state}","amount":"1","mode":"private","asset":{{"symbol":"{evil}"}},"causes":["x{evil}"],"pays":["y{evil}"]"#
            );
            text += &(line(kind, &format!("{kind}{evil}{n}"), &rest) + "\n");
        }
        text += &format!("{{\"kind\":\"x{evil}\",\"id\":\"\",\"at\":\"{evil}\"}}\n");
        text += &format!("raw \u{1b}[2J\u{9b}\u{202e}{evil}\n");
    }
    desk.put("hostile\u{1b}[31m\u{202e}.jsonl", text);
    let said = desk.ingest();
    assert!(said.err.contains("faulty lines 18"), "{}", said.err);
    let case = desk.case();
    let id = desk.run(&[
        "query".as_ref(),
        case.as_os_str(),
        "select id from requests".as_ref(),
        "--format".as_ref(),
        "jsonl".as_ref(),
    ]);
    let ids: Vec<String> = id
        .out
        .lines()
        .map(|row| serde_json::from_str::<serde_json::Value>(row).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), HOSTILE.len());
    assert!(ids.iter().any(|id| id.contains('\u{1b}')), "JSON keeps the recorded text exactly: {ids:?}");
    let views = [
        "sources",
        "faults",
        "records",
        "releases",
        "deployments",
        "nodes",
        "enclaves",
        "measurements",
        "incidents",
        "requests",
        "actions",
        "messages",
        "payments",
        "settlements",
        "agents",
        "edges",
        "findings",
        "checkpoints",
    ];
    for view in views {
        for format in ["table", "csv", "json", "jsonl"] {
            let sql = format!("select * from {view}");
            let said = desk.run(&[
                "query".as_ref(),
                case.as_os_str(),
                sql.as_ref(),
                "--format".as_ref(),
                format.as_ref(),
            ]);
            assert_eq!(said.code, 0, "{view}: {}", said.err);
        }
    }
    for json in [&[][..], &["--json"]] {
        let with = |arguments: &[&OsStr]| {
            let arguments: Vec<&OsStr> =
                arguments.iter().copied().chain(json.iter().map(AsRef::as_ref)).collect();
            let said = desk.run(&arguments);
            assert_eq!(said.code, 0, "{arguments:?}: {}", said.err);
        };
        with(&["analyze".as_ref(), case.as_os_str()]);
        with(&["ingest".as_ref(), desk.evidence().as_os_str(), "--case".as_ref(), case.as_os_str()]);
        for id in ids.iter().filter(|id| !id.contains('\0')) {
            with(&["explain".as_ref(), case.as_os_str(), id.as_ref()]);
        }
    }
    for verify in [&["verify"][..], &["verify", "--json"]] {
        let arguments: Vec<&OsStr> = verify.iter().map(OsStr::new).chain([case.as_os_str()]).collect();
        assert!(desk.run(&arguments).code < 2);
    }
    for keys in ["1", "2", "3<enter>", "3<enter>l", "4", "5", "6", "?"] {
        let print = [
            "explore".as_ref(),
            case.as_os_str(),
            "--keys".as_ref(),
            keys.as_ref(),
            "--print".as_ref(),
            "100x30".as_ref(),
        ];
        assert_eq!(desk.run(&print).code, 0);
    }
    for sql in [
        "select '\u{1b}[2J' as \"\u{202e}\"",
        "selec \u{1b}[2J",
        "select * from \"no\u{9b}table\"",
        "select 1; drop table x",
    ] {
        let said = desk.run(&["query".as_ref(), case.as_os_str(), sql.as_ref()]);
        assert!(said.code == 0 || said.code == 2);
    }
    let said = desk.run(&["explain".as_ref(), case.as_os_str(), "nobody\u{1b}[2J\u{202e}".as_ref()]);
    refused(&said, "no record, agent or node is called");
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8_is_told_or_read_but_never_mangled() {
    use std::os::unix::ffi::OsStrExt;
    let desk = Desk::new();
    let path = desk.evidence().join(OsStr::from_bytes(b"odd\xff\xfename.jsonl"));
    if fs::write(&path, request("r-1") + "\n").is_err() {
        return println!("skipped: this file system takes only UTF-8 names");
    }
    for _ in 0..2 {
        let said = desk.run(&[
            "ingest".as_ref(),
            desk.evidence().as_os_str(),
            "--case".as_ref(),
            desk.case().as_os_str(),
        ]);
        refused(&said, "not UTF-8");
    }
}

#[test]
fn a_query_reads_and_nothing_else() {
    let desk = Desk::new();
    let case = small_case(&desk);
    let before = fs::read(&case).unwrap();
    for sql in [
        "delete from requests",
        "insert into sources values (1)",
        "update faults set reason = ''",
        "create table x (y)",
        "attach database '/tmp/evil.db' as e",
        "pragma user_version = 7",
        "vacuum into '/tmp/evil.db'",
        "select load_extension('/tmp/evil.so')",
        "select writefile('/tmp/evil', 'x')",
        "drop table sources",
        "",
    ] {
        let said = desk.run(&["query".as_ref(), case.as_os_str(), sql.as_ref()]);
        assert_eq!(said.code, 2, "{sql}: {}{}", said.out, said.err);
    }
    assert!(!Path::new("/tmp/evil.db").exists() && !Path::new("/tmp/evil").exists());
    assert_eq!(fs::read(&case).unwrap(), before);
}
