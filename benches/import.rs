//! Importers against native ingest, per byte, as ratios in one run. Must: each within 2 × of native.
//!
//! `cargo bench --bench import -- [MEGABYTES]` (default 64 of each format).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and it prints"
)]

use backtrail::model::Nanos;
use backtrail::store::Case;
use backtrail::work::ingest::{Options, Watcher, ingest_as};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

fn main() {
    let megabytes = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(64usize);
    let folder = tempfile::tempdir().unwrap();
    let mut native = 0.0;
    for (name, line) in SOURCES {
        let path = folder.path().join(name);
        let mut text = String::with_capacity((megabytes << 20) + 4096);
        let mut n = 0;
        while text.len() < megabytes << 20 {
            text.push_str(&line(n).to_string());
            text.push('\n');
            n += 1;
        }
        std::fs::write(&path, &text).unwrap();
        let rate = text.len() as f64 / 1e6 / read(&path, &folder.path().join(format!("{name}.case")));
        if native == 0.0 {
            native = rate;
            println!("{name:<16} {rate:>6.0} MB/s   {n} lines");
        } else {
            println!(
                "{name:<16} {rate:>6.0} MB/s   {n} lines   {:.2} × native per byte (must 2)",
                native / rate
            );
        }
        std::fs::remove_file(&path).unwrap();
    }
}

fn read(source: &Path, case: &Path) -> f64 {
    let mut open = Case::create_or_open(case).unwrap();
    let options = Options { at: Some(Nanos(1_795_000_000_000_000_000)), ..Options::default() };
    let started = Instant::now();
    ingest_as(&mut open, &[source.to_owned()], &options, &mut Watcher::none()).unwrap();
    started.elapsed().as_secs_f64()
}

type Line = fn(u64) -> Value;

const SOURCES: [(&str, Line); 6] = [
    ("native.jsonl", native),
    ("gateway.jsonl", gateway),
    ("otlp.jsonl", otlp),
    ("chain.jsonl", chain),
    ("x402.jsonl", x402),
    ("job.jsonl", job),
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
