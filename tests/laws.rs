//! Laws that hold for every input: what is printed reads as the same, a page is a slice, the root at every size is RFC 6962's.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use backtrail::journal::batch::{Batch, EdgeKind};
use backtrail::journal::split::Place;
use backtrail::journal::{Column, Names, print_of, wire};
use backtrail::model::{Hash, Kind, Nanos, Row};
use backtrail::store::Case;
use backtrail::work::Cancel;
use backtrail::work::filter::Filter;
use backtrail::work::ingest::{Watcher, ingest, roots_of};
use backtrail::work::rows::page;
use backtrail::work::select::select;
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::study::Study;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

/// Text of any characters at all, those that JSON must escape among them.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-z0-9.-]{1,12}", 1 => vec(any::<char>(), 1..8).prop_map(String::from_iter)]
}

/// A request, an action, a payment or a settlement with what a column or an edge keeps of it.
fn record() -> impl Strategy<Value = Map<String, Value>> {
    let links = || option::of(vec(text(), 0..4));
    let head = (text(), 0..=i64::MAX, option::of(text()));
    let names = (text(), text(), option::of(text()), option::of(text()), option::of(text()));
    let numbers = (option::of(0u64..1 << 40), option::of(0u64..1 << 40), option::of(0u32..1 << 30));
    (0usize..4, head, names, numbers, links(), links(), any::<u128>()).prop_map(
        |(kind, (id, at, node), (agent, model, version, session, error), numbers, first, second, amount)| {
            let mut record = match kind {
                0 => json!({
                    "kind": "inference", "agent": agent, "model": model, "version": version, "session": session,
                    "error": error, "tokens_in": numbers.0, "tokens_out": numbers.1, "latency_ms": numbers.2,
                    "parents": first,
                }),
                1 => json!({ "kind": "action", "agent": agent, "action": model, "session": session, "causes": first }),
                2 => json!({ "kind": "message", "from": agent, "to": model, "causes": first, "carries": second }),
                _ => json!({
                    "kind": "payment", "payer": agent, "payee": model, "amount": amount.to_string(),
                    "asset": { "symbol": "OUSDC", "decimals": 6 }, "state": "settled", "session": session,
                    "pays": first, "causes": second,
                }),
            };
            let fields = record.as_object_mut().unwrap();
            fields.insert("id".to_owned(), id.into());
            fields.insert("at".to_owned(), Nanos(at).rfc3339().into());
            fields.insert("node".to_owned(), node.into());
            fields.clone()
        },
    )
}

type Cells = Vec<(Column, Value)>;
type Edges = Vec<(EdgeKind, u64)>;

/// The columns that a line comes to, with names for numbers, and its edges.
fn read(line: &str) -> (Cells, Edges) {
    let mut batch = Batch::new();
    batch.read_line(line.as_bytes(), Place { line: 0, offset: 0 });
    assert_eq!(batch.rows(), 1, "{line}: {:?}", batch.faults);
    let cell = |column: Column| {
        let number = batch.columns[column as usize][0];
        let name = |names: Names| match number.checked_sub(1) {
            None => Value::Null,
            Some(place) => Value::from(&*batch.names[names as usize].strings[place as usize]),
        };
        (column, column.names().map_or_else(|| Value::from(number), name))
    };
    let cells = Column::ALL.into_iter().filter(|column| column.is_read()).map(cell).collect();
    (cells, batch.edges.iter().map(|edge| (edge.kind, edge.print)).collect())
}

/// The same fields in another order, with unknown ones in between, `null` left out, and more space than needed.
fn otherwise(record: &Map<String, Value>, turn: usize) -> String {
    let mut fields: Vec<String> = record
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| format!(" \"{name}\" :\t{value} "))
        .collect();
    fields.push(r#""x_extra":{"deep":[1,{"id":"not this"}],"t":"\"}"}"#.to_owned());
    let turn = turn % fields.len();
    fields.rotate_left(turn);
    format!("{{{}}}", fields.join(","))
}

fn ids(value: Option<&Value>) -> Vec<u64> {
    let ids = value.and_then(Value::as_array).into_iter().flatten();
    ids.map(|id| print_of(id.as_str().unwrap())).collect()
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_the_same(record in record(), turn in 0usize..32) {
        let line = serde_json::to_string(&record).unwrap();
        let id_fits = record["id"].as_str().unwrap().len() <= 256;
        prop_assume!(id_fits);
        let (cells, edges) = read(&line);
        let column = |column: Column| cells.iter().find(|(known, _)| *known == column).unwrap().1.clone();
        let field = |name: &str| record.get(name).cloned().unwrap_or(Value::Null);
        let first_of = |names: &[&str]| {
            names.iter().map(|name| field(name)).find(|value| !value.is_null()).unwrap_or(Value::Null)
        };
        prop_assert_eq!(column(Column::Kind), Kind::of(record["kind"].as_str().unwrap()) as u64);
        prop_assert_eq!(Nanos(column(Column::At).as_i64().unwrap()).rfc3339(), record["at"].as_str().unwrap());
        prop_assert_eq!(column(Column::Print), print_of(record["id"].as_str().unwrap()));
        prop_assert_eq!(column(Column::Node), field("node"));
        prop_assert_eq!(column(Column::Agent), first_of(&["agent", "from", "payer"]));
        prop_assert_eq!(column(Column::Peer), first_of(&["to", "payee"]));
        prop_assert_eq!(column(Column::Version), field("version"));
        let plus_one = |name: &str, scale: u64| field(name).as_u64().map_or(0, |n| n * scale + 1);
        prop_assert_eq!(column(Column::TokensIn), plus_one("tokens_in", 1));
        prop_assert_eq!(column(Column::TokensOut), plus_one("tokens_out", 1));
        prop_assert_eq!(column(Column::Latency), plus_one("latency_ms", 1000));
        let pointed: Vec<u64> = ["parents", "pays", "causes", "carries"].iter().flat_map(|n| ids(record.get(*n))).collect();
        prop_assert_eq!(edges.iter().map(|(_, print)| *print).collect::<Vec<_>>(), pointed);

        // And however else a producer writes the same.
        let (mut other, other_edges) = read(&otherwise(&record, turn));
        let mut cells = cells;
        let own = |(column, _): &(Column, Value)| *column != Column::Length;
        cells.retain(own);
        other.retain(own);
        prop_assert_eq!(other, cells);
        prop_assert_eq!(other_edges, edges);
    }

    #[test]
    fn any_bytes_are_a_record_or_a_fault_or_blank(line in vec(any::<u8>(), 0..200)) {
        let line: Vec<u8> = line.into_iter().filter(|byte| *byte != b'\n').collect();
        let mut batch = Batch::new();
        batch.read_line(&line, Place { line: 7, offset: 9 });
        prop_assert_eq!(batch.rows() as u64 + batch.faults.len() as u64 + batch.blanks, 1);
    }

    #[test]
    fn a_cut_line_is_never_taken_for_a_whole_one(record in record(), cut in 1usize..400) {
        let line = serde_json::to_string(&record).unwrap();
        let cut = cut.min(line.len() - 1);
        prop_assert!(wire::parse(&line.as_bytes()[..cut]).is_err());
    }
}

struct Sample {
    _folder: TempDir,
    study: Study,
}

/// One small incident, read once.
fn sample() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let journals = folder.path().join("journals");
        let simulation = Simulation { signed: false, ..Simulation::new(Scenario::Default, 5, 1500) };
        simulation.write(&journals, &mut |_| ()).unwrap();
        let mut case = Case::create_or_open(&folder.path().join("a.case")).unwrap();
        ingest(&mut case, &[journals], &mut Watcher::none()).unwrap();
        Sample { study: Study::open(case.path()).unwrap(), _folder: folder }
    })
}

/// Clauses, each with what it means for a request as it was written.
type Meaning = fn(&Value) -> bool;
const CLAUSES: [(&str, Meaning); 9] = [
    ("claimed=2.4.1", |line| line["version"] == "2.4.1"),
    ("claimed!=2.4.1", |line| line["version"] != "2.4.1"),
    ("node=gw-eu-1", |line| line["node"] == "gw-eu-1"),
    ("-node=gw-eu-1", |line| line["node"] != "gw-eu-1"),
    ("agent~treasury", |line| line["agent"].as_str().unwrap().contains("treasury")),
    ("tokens>100", |line| line["tokens_out"].as_u64().is_some_and(|n| n > 100)),
    ("tokens_in<=150", |line| line["tokens_in"].as_u64().is_some_and(|n| n <= 150)),
    ("status=ok", |line| line["status"] == "ok"),
    ("id~a", |line| line["id"].as_str().unwrap().contains('a')),
];

/// Every request but later copies of the same line, by time and then by row, as the journals themselves tell.
fn requests() -> &'static [(Nanos, Row, Value)] {
    static REQUESTS: OnceLock<Vec<(Nanos, Row, Value)>> = OnceLock::new();
    REQUESTS.get_or_init(|| {
        let snapshot = &sample().study.snapshot;
        let rows = snapshot.chunks().iter().enumerate();
        let rows = rows.flat_map(|(n, chunk)| (0..chunk.rows as usize).map(move |place| Row::new(n, place)));
        let mut seen = std::collections::HashSet::new();
        let mut requests = Vec::new();
        for row in rows {
            let line = snapshot.line(row).unwrap();
            let value: Value = serde_json::from_slice(&line).unwrap();
            if value["kind"] == "inference" && seen.insert(line) {
                requests.push((Nanos::parse(value["at"].as_str().unwrap()).unwrap(), row, value));
            }
        }
        requests.sort_by_key(|(at, row, _)| (*at, *row));
        requests
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_page_is_a_slice_of_the_filtered_sort(
        clauses in prop::sample::subsequence(CLAUSES.to_vec(), 0..=3), from in 0.0f64..1.0, length in 0usize..40,
    ) {
        let text: Vec<&str> = clauses.iter().map(|(text, _)| *text).collect();
        let filter = Filter::parse(&text.join(" "), Nanos(0)).unwrap();
        let study = &sample().study;
        let selection = select(study, &filter, &Cancel::default()).unwrap();
        let expected: Vec<&(Nanos, Row, Value)> = requests()
            .iter()
            .filter(|(_, _, line)| clauses.iter().all(|(_, holds)| holds(line)))
            .collect();
        prop_assert_eq!(selection.total as usize, requests().len());
        let rows: Vec<Row> = expected.iter().map(|(_, row, _)| *row).collect();
        let first_other = rows.iter().zip(selection.rows.iter()).position(|(own, found)| own != found);
        prop_assert_eq!(first_other, None, "{:?}", text);
        prop_assert_eq!(selection.rows.len(), rows.len(), "{:?}", text);
        let from = (from * expected.len() as f64) as usize;
        let to = (from + length).min(expected.len());
        let shown = page(study, &selection.rows[from..to]).unwrap();
        prop_assert_eq!(shown.len(), to - from);
        for (shown, (at, row, line)) in shown.iter().zip(&expected[from..to]) {
            prop_assert_eq!((shown.row, shown.at), (*row, *at));
            prop_assert_eq!(&shown.id, line["id"].as_str().unwrap());
            prop_assert_eq!(&shown.agent, line["agent"].as_str().unwrap());
        }
    }
}

/// RFC 6962 §2.1 as it reads, sharing no line with the program.
fn naive(lines: &[&[u8]]) -> Hash {
    let hash = |parts: &[&[u8]]| {
        let mut sha256 = Sha256::new();
        parts.iter().for_each(|part| sha256.update(part));
        Hash(sha256.finalize().into())
    };
    match lines {
        [] => hash(&[]),
        [line] => hash(&[&[0], line]),
        _ => {
            let mut split = 1;
            while split * 2 < lines.len() {
                split *= 2;
            }
            hash(&[&[1], &naive(&lines[..split]).0, &naive(&lines[split..]).0])
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Through the whole pipeline: a file cut into lines, blank ones, broken ones, a tail without a newline.
    #[test]
    fn the_root_at_every_size_is_the_naive_root(
        lines in vec(vec(any::<u8>().prop_filter("a line end", |byte| *byte != b'\n'), 0..40), 0..90),
        tail in vec(b'a'..=b'z', 0..20),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let mut bytes: Vec<u8> = lines.iter().flat_map(|line| line.iter().copied().chain([b'\n'])).collect();
        bytes.extend(tail);
        fs::write(&path, bytes).unwrap();
        let sizes: Vec<u64> = (0..=lines.len() as u64).collect();
        let roots = roots_of(&path, &sizes).unwrap();
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(roots.now().size(), lines.len() as u64);
        for size in sizes {
            prop_assert_eq!(roots.at(size), Some(naive(&lines[..size as usize])), "size {}", size);
        }
    }
}

/// The roots of these eight leaves at every size are published with Certificate Transparency's own tests
/// (certificate-transparency/cpp/merkletree/merkle_tree_test.cc) and again in RFC 9162 implementations.
#[test]
fn the_published_tree_has_its_published_roots() {
    let leaves =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("a.jsonl");
    let lines: Vec<Vec<u8>> = leaves.iter().map(|leaf| hex::decode(leaf).unwrap()).collect();
    write_lines(&path, &lines);
    let sizes: Vec<u64> = (0..=8).collect();
    let found = roots_of(&path, &sizes).unwrap();
    for (size, root) in roots.iter().enumerate() {
        assert_eq!(found.at(size as u64).unwrap().hex(), *root, "size {size}");
    }
}

fn write_lines(path: &Path, lines: &[Vec<u8>]) {
    fs::write(path, lines.iter().flat_map(|line| line.iter().copied().chain([b'\n'])).collect::<Vec<u8>>())
        .unwrap();
}
