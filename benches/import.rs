//! Importers against native ingest, as ratios in one run. Must: each within 2 × of native per byte.
//!
//! `cargo bench --bench import -- [MEGABYTES] [FORMAT]` (default 64 of each format). Three things are read for each format: the
//! source, its own records as a recorder would write them (a native journal of the imported lines without their pointers: what
//! those records cost anyhow), and once at the start a native journal of inferences. Printed of the source: the whole ingest,
//! sealing and counting too, in wall time and in processor time (which a busy machine does not stretch), per byte beside both
//! journals, and where the time goes. Each is read three times, and the fastest counts.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and it prints"
)]

use backtrail::journal::import::essence;
use backtrail::model::Nanos;
use backtrail::store::Case;
use backtrail::work::Cancel;
use backtrail::work::ingest::{Options, Phase, Pictures, Watcher, ingest_as};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let megabytes = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(64usize);
    let only = arguments.iter().find(|argument| argument.parse::<usize>().is_err());
    println!(
        "{:<9} {:>8} {:>8} {:>8} {:>9}  {:>21}  {:>21}  {:>19}  read/seal",
        "",
        "MB/s",
        "cpu MB/s",
        "records",
        "µs/record",
        "inferences, per byte",
        "own kinds, per byte",
        "own, per record"
    );
    let mut native = None;
    for (name, line) in SOURCES {
        let is_wanted = only.is_none_or(|only| only == name);
        if native.is_some() && !is_wanted {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{name}.jsonl"));
        std::fs::write(&path, text(megabytes << 20, line)).unwrap();
        let case = folder.path().join("a.case");
        let took = best_of_three(&path, &case);
        let own = made_lines(&case).map(|lines| {
            let journal = folder.path().join("own.jsonl");
            std::fs::write(&journal, without_pointers(&lines)).unwrap();
            best_of_three(&journal, &folder.path().join("own.case"))
        });
        print(name, &took, native.as_ref(), own.as_ref());
        native.get_or_insert(took);
    }
    println!(
        "must: 2 × native per byte: of a journal of inferences, and of a journal of the kinds of records the source gives."
    );
}

fn text(bytes: usize, line: Line) -> String {
    let mut text = String::with_capacity(bytes + 8192);
    let mut n = 0;
    while text.len() < bytes {
        text.push_str(&line(n).to_string());
        text.push('\n');
        n += 1;
    }
    text
}

/// The lines an import made, if there was any.
fn made_lines(case: &Path) -> Option<Vec<u8>> {
    let entries = std::fs::read_dir(case.with_extension("case.d")).ok()?;
    let mut made = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    made.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("import-")))
        .map(|path| std::fs::read(path).unwrap())
}

/// The records as a recorder writes them, who has no source to point at.
fn without_pointers(lines: &[u8]) -> Vec<u8> {
    let lines = lines.split(|b| *b == b'\n').filter(|line| line.starts_with(b"{\"kind\""));
    lines.flat_map(|line| [essence(line), b"}\n"].concat()).collect()
}

/// What one ingest took, in seconds.
struct Took {
    bytes: f64,
    records: f64,
    wall: f64,
    cpu: f64,
    /// Until sealing began, and until the end.
    phases: [f64; 2],
}

/// The fastest of three; the case of the last one stays.
fn best_of_three(source: &Path, case: &Path) -> Took {
    let runs = (0..3).map(|_| {
        let _ = std::fs::remove_file(case);
        let _ = std::fs::remove_dir_all(case.with_extension("case.d"));
        touch_memory(source, case);
        read(source, case)
    });
    runs.min_by(|one, other| one.wall.total_cmp(&other.wall)).unwrap()
}

/// A virtual machine's first touch of a page of memory may cost ten times as much as writing to it: a file that is longer than
/// what will be written takes the pages, and leaves them.
fn touch_memory(source: &Path, case: &Path) {
    let scratch = case.with_extension("scratch");
    let bytes = std::fs::read(source).unwrap();
    let mut file = std::fs::File::create(&scratch).unwrap();
    (0..4).for_each(|_| file.write_all(&bytes).unwrap());
    std::fs::remove_file(&scratch).unwrap();
}

fn read(source: &Path, case: &Path) -> Took {
    let mut open = Case::create_or_open(case).unwrap();
    let options = Options { at: Some(Nanos(1_795_000_000_000_000_000)), ..Options::default() };
    let (started, busy) = (Instant::now(), processor_seconds());
    let mut sealing = None;
    let mut watcher = Watcher {
        cancel: Cancel::default(),
        report: Box::new(|progress| {
            let now = started.elapsed().as_secs_f64();
            if progress.phase == Phase::Sealing {
                sealing.get_or_insert(now);
            }
        }),
        pictures: Pictures::Unwanted,
    };
    ingest_as(&mut open, &[source.to_owned()], &options, &mut watcher).unwrap();
    drop(watcher);
    let (wall, cpu) = (started.elapsed().as_secs_f64(), processor_seconds() - busy);
    let sealing = sealing.unwrap_or(wall);
    Took {
        bytes: source.metadata().unwrap().len() as f64,
        records: open.sources().unwrap().iter().map(|source| source.records).sum::<u64>() as f64,
        wall,
        cpu,
        phases: [sealing, wall - sealing],
    }
}

fn print(name: &str, took: &Took, native: Option<&Took>, own: Option<&Took>) {
    let mb = took.bytes / 1e6;
    let ratio = |value: Option<(f64, f64)>| {
        value.map_or_else(String::new, |(wall, cpu)| format!("{wall:.2} (cpu {cpu:.2})"))
    };
    let per_byte = |other: &Took| {
        let scale = other.bytes / took.bytes;
        (took.wall / other.wall * scale, took.cpu / other.cpu * scale)
    };
    let per_record = own.map(|own| {
        let scale = own.records / took.records;
        (took.wall / own.wall * scale, took.cpu / own.cpu * scale)
    });
    let phases = took.phases.map(|seconds| format!("{:.0}%", seconds / took.wall * 100.0)).join(" ");
    println!(
        "{name:<9} {:>8.0} {:>8.0} {:>8} {:>9.2}  {:>21}  {:>21}  {:>19}  {phases}",
        mb / took.wall,
        mb / took.cpu,
        took.records,
        took.wall / took.records * 1e6,
        ratio(native.map(per_byte)),
        ratio(own.map(per_byte)),
        ratio(per_record)
    );
}

/// User and system time of this process and its threads, in hundredths as Linux counts them; 0 elsewhere.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

type Line = fn(u64) -> Value;

const SOURCES: [(&str, Line); 6] = [
    ("native", native),
    ("gateway", gateway),
    ("otlp", otlp),
    ("chain", chain),
    ("x402", x402),
    ("job", job),
];

fn hash(n: u64) -> String {
    format!("{:064x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn request(n: u64) -> Value {
    json!({"model": "gpt-4.1", "messages": [{"role": "user", "content": format!("question {n}, with some words to make it as long as questions are")}]})
}

fn native(n: u64) -> Value {
    json!({"kind": "inference", "id": format!("req-{n}"), "at": "2026-10-04T09:13:11.204518Z", "agent": format!("a-{}", n % 500),
        "model": "m", "tee_id": hash(n % 9), "tee_timestamp": 1_774_353_587 + n, "tee_request_hash": hash(n), "tee_output_hash": hash(n + 1),
        "tee_signature": "A".repeat(344), "request": request(n), "output": "an answer of some length, as answers are"})
}

fn gateway(n: u64) -> Value {
    json!({"request": request(n), "response": {"id": format!("chatcmpl-{n}"), "object": "chat.completion", "created": 1_774_353_587 + n,
        "model": "gpt-4.1", "choices": [{"index": 0, "message": {"role": "assistant", "content": "an answer of some length, as answers are"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 8, "completion_tokens": 3, "total_tokens": 11}, "tee_signature": "A".repeat(344),
        "tee_request_hash": hash(n), "tee_output_hash": hash(n + 1), "tee_timestamp": 1_774_353_587 + n, "tee_id": hash(n % 9)}})
}

fn otlp(n: u64) -> Value {
    let text = |key: &str, value: String| json!({"key": key, "value": {"stringValue": value}});
    let spans: Vec<Value> = (0..20)
        .map(|m| {
            let id = n * 20 + m;
            json!({"traceId": format!("{id:032x}"), "spanId": format!("{id:016x}"), "parentSpanId": format!("{:016x}", id + 1), "name": "chat gpt-4.1",
                "kind": 3, "startTimeUnixNano": (1_774_353_587_000_000_000 + id).to_string(), "endTimeUnixNano": (1_774_353_588_000_000_000 + id).to_string(),
                "attributes": [text("gen_ai.operation.name", "chat".into()), text("gen_ai.request.model", "gpt-4.1".into()),
                    text("gen_ai.response.model", "gpt-4.1-2025-04-14".into()), text("gen_ai.agent.name", format!("a-{}", id % 500)),
                    {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "120"}}, {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "45"}},
                    text("gen_ai.conversation.id", format!("conv-{}", id / 7))], "status": {}})
        })
        .collect();
    json!({"resourceSpans": [{"resource": {"attributes": [text("service.name", "pricing".into())]}, "scopeSpans": [{"scope": {"name": "agents"}, "spans": spans}]}]})
}

fn chain(n: u64) -> Value {
    json!({"address": "0xfbc2051ae2265686a469421b2c5a2d5462fbf5eb", "topics": ["0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
        format!("0x{:064x}", n % 500), format!("0x{:064x}", n % 7)], "data": format!("0x{n:064x}"), "blockNumber": format!("0x{n:x}"),
        "blockTimestamp": "0x69c1b71b", "transactionHash": format!("0x{}", hash(n)), "transactionIndex": "0x0",
        "blockHash": format!("0x{}", hash(n + 1)), "logIndex": "0x0", "removed": false})
}

fn x402(n: u64) -> Value {
    json!({"x402Version": 2, "accepted": {"scheme": "exact", "network": "eip155:8453", "amount": "10000", "asset": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
        "payTo": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", "maxTimeoutSeconds": 60, "extra": {"name": "USDC", "version": "2"}},
        "payload": {"signature": format!("0x{}", "2d".repeat(65)), "authorization": {"from": "0x857b06519E91e3A54538791bDbb0E22373e36b66",
        "to": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", "value": "10000", "validAfter": "1740672089", "validBefore": "1740672154", "nonce": format!("0x{}", hash(n))}}})
}

fn job(n: u64) -> Value {
    json!({"jobId": format!("settlement-individual-{n}"), "queue": "x402-settle-data-individual-queue-v2", "status": "succeeded",
        "createdAt": "2026-03-24T12:00:00.000Z", "updatedAt": "2026-03-24T12:00:03.000Z", "settlementType": "individual",
        "txHash": format!("0x{}", hash(n)), "walrusBlobId": "hJD2Ja3akZFt1A2LT-D_1oxOCz_OtuGYw4V9eE1m39M",
        "result": {"acknowledged": true, "settlementType": "individual", "processedAt": "2026-03-24T12:00:03.000Z"}})
}
