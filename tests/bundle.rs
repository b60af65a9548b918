//! Bundles: what is given says the same as the case, gives nothing else, and no change to it goes unseen.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use backtrail::journal::Column;
use backtrail::model::{Kind, Row, Status, Step};
use backtrail::proof::trust::Trust;
use backtrail::store::Case;
use backtrail::work::bundle::{self, Bundle, CheckedBundle, Content, Files, Recipe};
use backtrail::work::ingest::{Watcher, ingest};
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::study::Study;
use backtrail::work::verify::{Pins, verify};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;

struct Scene {
    folder: TempDir,
    study: Study,
    trust: Trust,
}

fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let journals = folder.path().join("journals");
        Simulation::new(Scenario::Default, 3, 1500).write(&journals, &mut |_| ()).unwrap();
        let path = folder.path().join("a.case");
        let mut case = Case::create_or_open(&path).unwrap();
        ingest(&mut case, std::slice::from_ref(&journals), &mut Watcher::none()).unwrap();
        let pins =
            Pins { trust: std::fs::read_to_string(journals.join("trust.toml")).unwrap(), ..Pins::default() };
        verify(&mut case, &pins, &mut Watcher::none()).unwrap();
        let study = Study::open(&path).unwrap();
        Scene { folder, study, trust: Trust::parse(&pins.trust).unwrap() }
    })
}

impl Scene {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn make(&self, ids: &[String]) -> Bundle {
        bundle::make(&self.study, &self.study.archive().unwrap(), ids, Content::Included).unwrap()
    }

    fn check(&self, bytes: &[u8]) -> Result<CheckedBundle, String> {
        bundle::check(bytes, &self.trust)
    }

    /// The first counted request whose verdicts fit.
    fn request(&self, fits: impl Fn(Step, Status) -> bool) -> Option<(Row, String)> {
        let snapshot = &self.study.snapshot;
        let kind = |row: Row| snapshot.kind(row).unwrap();
        let rows = snapshot.order().unwrap().iter().copied().filter(|row| kind(*row) == Kind::Inference);
        let verdicts = |row: Row| snapshot.verdicts(row).unwrap();
        let mut found = rows.filter(|row| {
            verdicts(*row)
                .is_some_and(|v| Step::ALL.into_iter().any(|s| v.status(s).is_some_and(|st| fits(s, st))))
        });
        found.next().map(|row| (row, snapshot.id(row).unwrap()))
    }

    /// One request for every step and status there is: every sort of path.
    fn every_sort(&self) -> BTreeMap<Row, String> {
        let pairs = Step::ALL.into_iter().flat_map(|step| Status::ALL.map(|status| (step, status)));
        pairs.filter_map(|(step, status)| self.request(|s, st| (s, st) == (step, status))).collect()
    }

    /// A request with all that a bundle can hold: signed, settled in a batch, paid for.
    fn rich(&self) -> (Row, String) {
        let snapshot = &self.study.snapshot;
        let rich = |row: &Row| {
            snapshot.verdicts(*row).unwrap().is_some_and(|v| {
                [Step::Signature, Step::Leaf].map(|step| v.status(step)) == [Some(Status::Verified); 2]
                    && v.status(Step::Transfer) == Some(Status::Asserted)
            })
        };
        let row = snapshot.order().unwrap().iter().copied().find(rich).unwrap();
        (row, snapshot.id(row).unwrap())
    }
}

fn files_of(bytes: &[u8]) -> Files {
    bundle::unpack(bytes).unwrap()
}

/// What an intruder would give who can do sums.
fn packed_again(mut files: Files) -> Vec<u8> {
    let sums = files.iter().filter(|(name, _)| *name != "SHA256SUMS");
    let sums: String =
        sums.map(|(name, bytes)| format!("{}  {name}\n", hex::encode(Sha256::digest(bytes)))).collect();
    files.insert("SHA256SUMS".to_owned(), sums.into_bytes());
    bundle::pack(&files).unwrap()
}

fn backtrail(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_backtrail")).args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn a_bundle_says_of_every_sort_of_request_what_its_case_says() {
    let scene = scene();
    let archive = scene.study.archive().unwrap();
    let sorts = scene.every_sort();
    assert!(sorts.len() >= 8, "{sorts:?}");
    for (row, id) in sorts {
        let checked = scene.check(&scene.make(std::slice::from_ref(&id)).bytes).unwrap();
        let (_, given) = checked.requests.iter().find(|(given, _)| *given == id).unwrap();
        let held = archive.path_of(row).unwrap().unwrap();
        for (given, held) in given.steps.iter().zip(&held.steps) {
            // The tree of a batch is never given, so nobody can recompute it whole.
            let expected = match (held.step, held.status) {
                (_, Status::NotApplicable) => Status::NotApplicable,
                (Step::Batch, _) => Status::Missing,
                (_, status) => status,
            };
            assert_eq!(given.status, expected, "{id} {}: {} / {}", held.step, given.reason, held.reason);
        }
        assert_eq!(checked.recipe, Recipe::Known);
    }
}

#[test]
fn a_bundle_holds_the_chosen_lines_whole_and_no_other_line() {
    let scene = scene();
    let (row, id) = scene.rich();
    let made = scene.make(std::slice::from_ref(&id));
    let files = files_of(&made.bytes);
    let snapshot = &scene.study.snapshot;
    let given: Vec<&Vec<u8>> =
        files.iter().filter(|(name, _)| name.starts_with("records/")).map(|(_, line)| line).collect();
    assert!(given.contains(&&snapshot.line(row).unwrap()));
    let contains = |needle: &[u8]| memchr::memmem::find(&made.bytes, needle).is_some();
    let mut others = 0;
    for other in snapshot.order().unwrap().iter() {
        let line = snapshot.line(*other).unwrap();
        if given.contains(&&line) {
            continue;
        }
        assert!(!contains(&line), "{}", snapshot.id(*other).unwrap());
        let record: serde_json::Value = serde_json::from_slice(&line).unwrap();
        let shared = record["tee_signature"].as_str() == serde_json::from_slice::<serde_json::Value>(&snapshot.line(row).unwrap()).unwrap()["tee_signature"].as_str();
        if let Some(signature) = record["tee_signature"].as_str().filter(|text| text.len() > 64 && !shared) {
            assert!(!contains(signature.as_bytes()), "a signature of {}", snapshot.id(*other).unwrap());
        }
        others += 1;
    }
    assert!(others > 1000, "{others}");
    // Of the settlement, only the way to the root: as many nodes as the tree is high.
    let request = &made.manifest.requests[0];
    let height = request.leaf_proof.as_ref().unwrap().len();
    assert!((1..12).contains(&height), "{height}");
    assert!(!contains(b"standard-v1"));
}

#[test]
fn the_same_question_gives_the_same_bytes_in_any_order() {
    let scene = scene();
    let ids: Vec<String> = scene.every_sort().into_values().take(4).collect();
    let made = scene.make(&ids);
    let reversed: Vec<String> = ids.iter().rev().chain(&ids).cloned().collect();
    assert_eq!(scene.make(&reversed).bytes, made.bytes);
    assert_eq!(made.manifest.requests.len(), ids.len());
}

#[test]
fn any_byte_changed_anywhere_is_seen() {
    let scene = scene();
    let bytes = scene.make(&[scene.rich().1]).bytes;
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(bundle::unpack(&changed).is_err(), "byte {at}");
    }
    for at in (0..bytes.len()).step_by(97) {
        assert!(scene.check(&bytes[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn an_intruder_who_writes_new_sums_is_found_by_the_proofs() {
    let scene = scene();
    let files = files_of(&scene.make(&[scene.rich().1]).bytes);
    let whole = scene.check(&packed_again(files.clone())).unwrap();
    let mut seen = 0;
    for (name, bytes) in
        files.iter().filter(|(name, _)| !["SHA256SUMS", "manifest.json"].contains(&name.as_str()))
    {
        for at in (0..bytes.len()).step_by(23) {
            let mut changed = files.clone();
            changed.get_mut(name).unwrap()[at] ^= 1 << (at % 7);
            let found = match scene.check(&packed_again(changed)) {
                Err(_) => true,
                Ok(checked) if name == "RECIPE.txt" => checked.recipe == Recipe::Other,
                // A cosignature that nobody can read is one that is not there: nothing may look better for it.
                Ok(checked) if name.starts_with("checkpoints/") && at >= cosigned(bytes) => {
                    let status = |checked: &CheckedBundle| checked.requests[0].1.worst();
                    checked.has_failed() || status(&checked) <= status(&whole)
                }
                Ok(checked) => checked.has_failed(),
            };
            assert!(found, "{name} byte {at}");
            seen += 1;
        }
    }
    assert!(seen > 300, "{seen}");
    // A line moved to another place, and a way to the root with one node changed or left out.
    let manifest = bundle::Manifest::parse(&files["manifest.json"]).unwrap();
    let changes: [fn(&mut bundle::Manifest); 4] = [
        |manifest| manifest.records[0].line += 1,
        |manifest| manifest.records[0].path[1] = "00".repeat(32),
        |manifest| drop(manifest.records[0].path.pop()),
        |manifest| manifest.requests[0].leaf_proof.as_mut().unwrap()[0] = format!("0x{}", "00".repeat(32)),
    ];
    for change in changes {
        let (mut manifest, mut files) = (manifest.clone(), files.clone());
        change(&mut manifest);
        files.insert("manifest.json".to_owned(), manifest.text().into_bytes());
        assert!(scene.check(&packed_again(files)).unwrap().has_failed(), "{manifest:?}");
    }
}

/// Where the signatures of others than the log begin in a note.
fn cosigned(note: &[u8]) -> usize {
    let signed = memchr::memmem::find(note, b"\n\n").unwrap() + 2;
    signed + memchr::memchr(b'\n', &note[signed..]).unwrap() + 1
}

#[test]
fn what_belongs_to_another_request_is_refused() {
    let scene = scene();
    let files = files_of(&scene.make(&[scene.rich().1]).bytes);
    let manifest = String::from_utf8(files["manifest.json"].clone()).unwrap();
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut value: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        change(&mut value);
        let typed: bundle::Manifest = serde_json::from_value(value).unwrap();
        let mut files = files.clone();
        files.insert("manifest.json".to_owned(), typed.text().into_bytes());
        scene.check(&packed_again(files))
    };
    assert!(with(&|_| ()).is_ok(), "unchanged, it is taken");
    for change in [
        (&|m: &mut serde_json::Value| m["requests"] = serde_json::json!([]))
            as &dyn Fn(&mut serde_json::Value),
        &|m| m["requests"][0]["record"] = 9999.into(),
        &|m| m["requests"][0]["payment"] = m["requests"][0]["record"].clone(),
        &|m| m["records"][0]["log"] = 9999.into(),
        &|m| m["records"][0]["id"] = "another".into(),
        &|m| m["records"][0]["kind"] = "action".into(),
        &|m| m["records"][0]["file"] = "records/0002.json".into(),
        &|m| m["checkpoints"][0]["file"] = "/etc/passwd".into(),
        &|m| m["schema"] = "backtrail/bundle/2".into(),
        &|m| m["at"] = "yesterday".into(),
    ] {
        assert!(with(change).is_err());
    }
}

#[test]
fn a_checkpoint_that_contradicts_another_is_refused() {
    let scene = scene();
    let files = files_of(&scene.make(&[scene.rich().1]).bytes);
    let mut manifest = bundle::Manifest::parse(&files["manifest.json"]).unwrap();
    let first = manifest.checkpoints[0].clone();
    let note = String::from_utf8(files[&first.file].clone()).unwrap();
    let root = note.lines().nth(2).unwrap();
    let name = format!("checkpoints/{:04}.txt", manifest.checkpoints.len() + 1);
    let mut second = first.clone();
    second.file.clone_from(&name);
    manifest.checkpoints.push(second);
    for (other, refused) in [(root.to_owned(), false), ("A".repeat(43) + "=", true)] {
        let mut files = files.clone();
        files.insert("manifest.json".to_owned(), manifest.text().into_bytes());
        files.insert(name.clone(), note.replacen(root, &other, 1).into_bytes());
        let said = scene.check(&packed_again(files));
        let is_told = said.as_ref().is_err_and(|said| said.contains("commit to different roots"));
        assert_eq!((said.is_err(), is_told), (refused, refused), "{:?}", said.err());
    }
}

#[test]
fn content_is_given_only_when_asked_for() {
    let scene = scene();
    let (_, id) =
        scene.request(|step, status| (step, status) == (Step::RequestHash, Status::Verified)).unwrap();
    let archive = scene.study.archive().unwrap();
    let refused =
        bundle::make(&scene.study, &archive, std::slice::from_ref(&id), Content::Refused).unwrap_err();
    let said = refused.to_string();
    assert!(said.contains("the request's text") && said.contains("--include-content"), "{said}");
    let out = scene.path("refused.zip");
    let out_text = out.to_str().unwrap();
    let run = |more: &[&str]| {
        backtrail(&[&["bundle", "a.case", "--id", &id, "-o", out_text], more].concat(), scene.folder.path())
    };
    assert_eq!(run(&[]).status.code(), Some(2));
    assert!(!out.exists(), "nothing was written");
    assert_eq!(run(&["--include-content"]).status.code(), Some(0));
    assert_eq!(run(&["--include-content"]).status.code(), Some(2), "it is there already");
    assert_eq!(run(&["--include-content", "--force"]).status.code(), Some(0));
    for (wanted, id) in [("no record", "req-none"), ("is a ", "pay-00000001")] {
        let error = bundle::make(&scene.study, &archive, &[id.to_owned()], Content::Refused).unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

#[test]
fn others_read_it_and_the_recipe_does_what_it_says() {
    let scene = scene();
    let (_, id) = scene.rich();
    let bytes = scene.make(&[id]).bytes;
    // Another reader of ZIP finds the same files.
    let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = files_of(&bytes);
    assert_eq!(archive.len(), files.len());
    for n in 0..archive.len() {
        let mut file = archive.by_index(n).unwrap();
        assert_eq!((file.unix_mode(), file.is_symlink()), (Some(0o100_644), false));
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        let name = file.name().unwrap().into_owned();
        assert_eq!(content, files[&name], "{name}");
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    for tool in ["bash", "sha256sum", "python3", "openssl"] {
        if Command::new(tool).arg("--version").output().is_err() {
            println!("skipped: {tool} is not installed, so the recipe cannot be run");
            return;
        }
    }
    let run = || Command::new("bash").arg("RECIPE.txt").current_dir(folder.path()).output().unwrap();
    let output = run();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for words in [
        "have their sums",
        "inference is line",
        "signed under",
        "is signed by its enclave",
        "is a leaf of settlement",
    ] {
        assert!(said.lines().any(|line| line.starts_with("OK ") && line.contains(words)), "{words}:\n{said}");
    }
    assert!(!said.contains("FAILED"), "{said}");
    // Every sort of change makes it say so.
    let is_request = |(name, line): &(&String, &Vec<u8>)| {
        name.starts_with("records/") && memchr::memmem::find(line, b"\"inference\"").is_some()
    };
    let request = files.iter().find(is_request).unwrap().0;
    for (name, from, to, words) in [
        (request.as_str(), "\"tee_timestamp\":1", "\"tee_timestamp\":2", "signed by its enclave"),
        ("checkpoints/0001.txt", "example", "exomple", "signed under"),
        ("manifest.json", "\"line\": ", "\"line\": 1", "is line"),
        ("RECIPE.txt", "# HOW", "# Now", "have their sums"),
    ] {
        let path = folder.path().join(name);
        let whole = std::fs::read_to_string(&path).unwrap();
        let changed = whole.replacen(from, to, 1);
        assert_ne!(changed, whole, "{name}");
        std::fs::write(&path, changed).unwrap();
        let output = run();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success(), "{name}: {said}");
        assert!(
            said.lines().any(|line| line.starts_with("FAILED") && line.contains(words)),
            "{name}: {said}"
        );
        std::fs::write(&path, whole).unwrap();
    }
}

/// A zip of these files by another writer, with this much done to it.
fn zipped(files: &[(&str, &[u8])], options: zip::write::SimpleFileOptions) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn hostile_zips_are_refused_with_their_reason_and_at_once() {
    use zip::CompressionMethod::{Deflated, Stored};
    let scene = scene();
    let options = zip::write::SimpleFileOptions::default();
    let stored = options.compression_method(Stored);
    let bomb = vec![0u8; 32 << 20];
    let good = scene.make(&[scene.rich().1]).bytes;
    let mut link = zip::ZipWriter::new(Cursor::new(Vec::new()));
    link.add_symlink("records/0001.json", "/etc/passwd", stored).unwrap();
    let link = link.finish().unwrap().into_inner();
    let mut commented = good.clone();
    let end = commented.len() - 2;
    commented[end..].copy_from_slice(&3u16.to_le_bytes());
    commented.extend(b"hey");
    let mut encrypted = good.clone();
    encrypted[6] |= 1;
    let mut lying = good.clone();
    lying[18..26].copy_from_slice(&[0xff; 8]);
    let nested = zipped(&[("records/0001.zip", &good)], stored);
    let twice = {
        let one = zipped(&[("manifest.json", b"{}")], stored);
        let local = 30 + 13 + 2;
        [&one[..local], &one].concat()
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("bomb", zipped(&[("manifest.json", &bomb)], options.compression_method(Deflated)), "compressed"),
        ("up", zipped(&[("../evil", b"x")], stored), "leads out"),
        ("absolute", zipped(&[("/etc/cron.d/x", b"x")], stored), "absolute"),
        ("drive", zipped(&[("C:\\x", b"x")], stored), "absolute"),
        ("link", link, ""),
        ("nested", nested, "not one that bundles have"),
        (
            "case",
            zipped(&[("MANIFEST.json", b"{}"), ("manifest.json", b"{}")], stored),
            "not one that bundles have",
        ),
        ("twice", twice, "twice"),
        ("encrypted", encrypted, "encrypted"),
        ("zip64", lying, "ZIP64"),
        ("comment", commented, "comment"),
        ("unknown", zipped(&[("extra.txt", b"x")], stored), "not one that bundles have"),
        ("empty", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(), "does not begin"),
        ("none", b"{}".to_vec(), "does not begin"),
        ("nothing", Vec::new(), "does not begin"),
    ];
    for (name, bytes, reason) in cases {
        let started = std::time::Instant::now();
        let said = scene.check(&bytes).unwrap_err();
        assert!(said.contains(reason), "{name}: {said}");
        assert!(started.elapsed().as_secs() < 5, "{name}");
        let path = scene.path(&format!("{name}.zip"));
        std::fs::write(&path, bytes).unwrap();
        let output = backtrail(&["bundle", "verify", path.to_str().unwrap()], scene.folder.path());
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(output.stdout.starts_with(b"invalid: "), "{name}");
    }
    let mut extra = files_of(&good);
    extra.insert("records/9999.json".to_owned(), b"{}".to_vec());
    assert!(scene.check(&packed_again(extra)).unwrap_err().contains("named by nothing"));
    assert_eq!(backtrail(&["bundle", "verify", "nowhere.zip"], scene.folder.path()).status.code(), Some(2));
    #[cfg(unix)]
    assert_eq!(backtrail(&["bundle", "verify", "/dev/zero"], scene.folder.path()).status.code(), Some(2));
}

#[test]
fn the_command_line_tells_the_same_in_words_and_json() {
    let scene = scene();
    let (row, id) = scene.rich();
    let at = scene.study.snapshot.value(Column::Line, row).unwrap();
    let trust = scene.path("journals/trust.toml");
    let run = |arguments: &[&str]| backtrail(arguments, scene.folder.path());
    let made = run(&["bundle", "a.case", "--id", &id, "-o", "cli.zip", "--include-content", "--json"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(made["schema"], "backtrail/bundle/1");
    let bytes = std::fs::read(scene.path("cli.zip")).unwrap();
    assert_eq!(made["sha256"], hex::encode(Sha256::digest(&bytes)));
    let checked = run(&["bundle", "verify", "cli.zip", "--trust", trust.to_str().unwrap(), "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(
        (&document["valid"], &document["failed"]),
        (&true.into(), &(checked.status.code() == Some(1)).into())
    );
    assert_eq!(document["requests"], made["requests"], "the case was verified under the same pins");
    assert_eq!(bundle_line(&bytes, &id), Some(at));
    // Without pins nothing is verified that needs one, and nothing fails for it.
    let bare = run(&["bundle", "verify", "cli.zip", "--json"]);
    let bare: serde_json::Value = serde_json::from_slice(&bare.stdout).unwrap();
    assert_eq!(bare["requests"][0]["proof"][0]["verdict"], "untrusted");
    assert_eq!(run(&["bundle", "a.case", "-o", "x.zip"]).status.code(), Some(2), "--id is needed");
    assert_eq!(
        run(&["bundle", "a.case", "--id", &id, "-o", "a.case", "--force", "--include-content"]).status.code(),
        Some(2),
        "evidence"
    );
}

fn bundle_line(bytes: &[u8], id: &str) -> Option<u64> {
    let manifest = bundle::Manifest::parse(&files_of(bytes)["manifest.json"]).unwrap();
    manifest.records.into_iter().find(|record| record.id == id).map(|record| record.line)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_it_panic_and_none_but_its_own_are_taken(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0usize..40), 1..6),
        noise in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        static GOOD: OnceLock<Vec<u8>> = OnceLock::new();
        let good = GOOD.get_or_init(|| scene().make(&[scene().rich().1]).bytes);
        let mut bytes = good.clone();
        for (from, to, length) in cuts {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let piece = bytes[from..(from + length).min(bytes.len())].to_vec();
            bytes.splice(to..(to + length / 2).min(bytes.len()), piece);
        }
        let at = noise.len().min(bytes.len());
        bytes[..at].iter_mut().zip(&noise).for_each(|(byte, noise)| *byte ^= noise & 1);
        let checked = scene().check(&bytes);
        prop_assert_eq!(checked.is_ok(), bytes == *good);
    }
}
