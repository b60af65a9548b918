//! What is wrong with a source is said, with its place; nothing is guessed.

use crate::Scene;
use serde_json::json;

const AT: &str = "0x69c1b71b";

fn log(changes: &serde_json::Value) -> serde_json::Value {
    let mut log = json!({
        "address": "0x4e72238852f3c918f4e4e57aec9280ddb0c80248",
        "topics": ["0x01c235337ed5406ee8cebb3f299d60f237a2837430f8a14fbc81f94ce50236b6", format!("0x{}", "11".repeat(32))],
        "data": "0x", "blockNumber": "0x3e9", "blockTimestamp": AT, "transactionHash": format!("0x{}", "22".repeat(32)),
        "logIndex": "0x0", "removed": false,
    });
    for (name, value) in changes.as_object().unwrap() {
        log[name] = value.clone();
    }
    log
}

#[test]
fn a_bad_log_is_a_fault_with_its_line_and_reason() {
    let topic = |text: &str| json!([text, format!("0x{}", "11".repeat(32))]);
    let cases = [
        (json!({"removed": true}), "removed: its block was reorganised away"),
        (json!({"topics": topic(&format!("0x{}", "99".repeat(32)))}), "unknown topic 0x9999"),
        (json!({"topics": topic("0x12")}), "a topic that is not 32 bytes"),
        (json!({"topics": []}), "unknown topic none"),
        (json!({"topics": [log(&json!({}))["topics"][0]]}), "another number of topics"),
        (json!({"data": "0xzz"}), "data that is not hex"),
        (json!({"chainId": "0x2105"}), "wrong chain: 0x4e72"),
        (json!({"blockTimestamp": null}), "no time for block 1001"),
        (json!({"transactionHash": "0x12"}), "no transaction hash"),
        // The newest generation's topic with the oldest one's data.
        (
            json!({"topics": ["0xc2aff8d8a10a4543baabf39bd9ff45e7fc3881d19098df350a3b7f339e911127", format!("0x{}", "11".repeat(32))],
                "data": format!("0x{}", "00".repeat(32))}),
            "does not decode as its event",
        ),
    ];
    for (changes, reason) in cases {
        let scene = Scene::of("logs.jsonl", format!("{}\n{}\n", log(&json!({})), log(&changes)));
        scene.read();
        let faults = scene.faults();
        assert_eq!(faults.len(), 1, "{changes}: {faults:?}");
        assert!(
            faults[0].starts_with("logs.jsonl line 2: ") && faults[0].contains(reason),
            "{changes}: {faults:?}"
        );
    }
}

#[test]
fn numbers_as_text_and_hex_without_its_mark_are_read() {
    let bare = |text: &serde_json::Value| json!(text.as_str().unwrap().trim_start_matches("0x"));
    let whole = log(&json!({}));
    let changes = json!({"blockNumber": "1001", "logIndex": 0, "blockTimestamp": "1774303003", "data": "",
        "topics": [bare(&whole["topics"][0]), bare(&whole["topics"][1])]});
    let scene = Scene::of("logs.jsonl", format!("{}\n", log(&changes)));
    let study = scene.read();
    assert_eq!(scene.faults(), Vec::<String>::new());
    let record = crate::only(&study, "enclave");
    assert_eq!((&record["block_number"], &record["at"]), (&json!(1001), &json!("2026-03-23T21:56:43Z")));
}

#[test]
fn a_document_that_was_cut_gives_what_is_whole_and_says_where_it_ends() {
    let logs: Vec<_> = (0..3).map(|n| log(&json!({"logIndex": format!("0x{n}")}))).collect();
    let array = serde_json::to_string_pretty(&logs).unwrap();
    let cut = &array[..array.len() - 40];
    let scene = Scene::of("logs.json", cut);
    let study = scene.read();
    assert_eq!(crate::of_kind(&study, "enclave").len(), 2);
    assert!(scene.faults()[0].contains("not JSON from here on"), "{:?}", scene.faults());
    for (text, reason) in [
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32000,\"message\":\"query returned more than 10000 results\"}}",
            "more than 10000",
        ),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}", "nothing: not found"),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[]}", "an empty answer"),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x01\"}", "not getTEE"),
        ("{\"id\":\"c\",\"choices\":[],\"model\":\"m\",\"tee_signature\":\"AA==\"}", "no time in it"),
        ("{\"id\":\"c\",\"id\":\"d\",\"choices\":[],\"created\":1774353587,\"model\":\"m\"}", "stands twice"),
    ] {
        let scene = Scene::of("answer.json", text);
        scene.read();
        assert!(scene.faults().iter().any(|fault| fault.contains(reason)), "{text}: {:?}", scene.faults());
    }
}

#[test]
fn no_cut_and_no_flipped_byte_breaks_an_import() {
    let whole = format!(
        "{}\n",
        serde_json::to_string_pretty(&[log(&json!({})), log(&json!({"removed": true}))]).unwrap()
    );
    for n in (0..whole.len()).step_by(7) {
        Scene::of("a.json", &whole.as_bytes()[..n]).try_read().ok();
        let mut bytes = whole.clone().into_bytes();
        bytes[n] ^= 0x15;
        Scene::of("a.json", bytes).try_read().ok();
    }
}

#[test]
fn half_an_archive_and_half_an_answer_give_what_is_whole_in_them() {
    let entry = |n: u64| {
        json!({"startedDateTime": "2026-03-24T11:59:40Z", "request": {"method": "POST", "headers": [{"name": "a", "value": "[{"}]},
            "response": {"status": 200, "headers": [], "content": {"text": json!({"id": format!("c-{n}"), "object": "chat.completion",
                "created": 1_774_353_587 + n, "model": "m", "choices": []}).to_string()}}})
    };
    let har =
        json!({"log": {"version": "1.2", "pages": [{"id": "p"}], "entries": [entry(1), entry(2), entry(3)]}});
    let logs: Vec<_> = (0..3).map(|n| log(&json!({"logIndex": format!("0x{n}")}))).collect();
    let answer = json!({"jsonrpc": "2.0", "id": 1, "result": logs});
    // Keys are written in order: the archive's pages come after its entries.
    let cuts = [
        ("a.har", &har, "inference", "\"pages\": [", 3),
        ("a.har", &har, "inference", "\"response\"", 2),
        ("logs.json", &answer, "enclave", "\"topics\"", 2),
    ];
    for (name, whole, kind, before, expected) in cuts {
        for text in [whole.to_string(), serde_json::to_string_pretty(whole).unwrap()] {
            let at = text.rfind(before).or_else(|| text.rfind(&before.replace(' ', ""))).unwrap()
                + before.len()
                - 1;
            let scene = Scene::of(name, &text[..at]);
            let study = scene.read();
            crate::every_record_points_at_its_bytes(&study);
            assert_eq!(crate::of_kind(&study, kind).len(), expected, "{name} before {before}");
            let faults = scene.faults();
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert!(faults[0].contains("not JSON from here on"), "{faults:?}");
            // Once it is whole it goes on where it was cut.
            let scene = scene.with(name, &text);
            let study = scene.read();
            assert_eq!(crate::of_kind(&study, kind).len(), 3, "{name}");
            assert_eq!(scene.faults(), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn a_long_document_on_one_line_is_read_whole_and_long_lines_stay_lines() {
    let filler = "x".repeat(60_000);
    let response = |n: u64| {
        json!({"id": format!("c-{n}"), "object": "chat.completion", "created": 1_774_353_587 + n, "model": "m",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": filler}, "finish_reason": "stop"}]})
    };
    let many: Vec<_> = (0..360).map(response).collect();
    // 21 MB without a newline: more than a line may have.
    let study = Scene::of("r.json", json!({"data": many}).to_string()).read();
    assert_eq!(crate::of_kind(&study, "inference").len(), 360);
    // A broken line among long ones costs that line only.
    let scene = Scene::of("r.jsonl", format!("{}\n{{broken\n{}\n", response(1), response(2)));
    let study = scene.read();
    assert_eq!((crate::of_kind(&study, "inference").len(), scene.faults().len()), (2, 1));
}

#[test]
fn generations_mixed_in_one_file_are_told_apart_and_order_does_not_matter() {
    let hash = format!("0x{}", "11".repeat(32));
    let approved = |topic: &str, more: &[&str], n: u64| {
        let label = format!("0x{:064x}{:064x}{:0<64}", 32, 2, hex::encode("v1"));
        let topics: Vec<_> = [topic, &hash].iter().chain(more).map(ToString::to_string).collect();
        log(
            &json!({"topics": topics, "data": label, "logIndex": format!("0x{n:x}"), "blockNumber": format!("0x{:x}", 100 - n)}),
        )
    };
    let newest = approved(
        "0x98c6d69cba0181c4e436357d22ac56e02ec472c03f04df0fbf89d1bb614af2fe",
        &[&format!("0x{:064x}", 1)],
        1,
    );
    let oldest = approved("0xa3cbee87ba6def0cc8a2c5a3cf7a54f0209c6f939b07979dde08d447d6c3666d", &[], 2);
    // The newest topic with the oldest one's number of topics is neither.
    let neither = approved("0x98c6d69cba0181c4e436357d22ac56e02ec472c03f04df0fbf89d1bb614af2fe", &[], 3);
    let scene = Scene::of("logs.jsonl", format!("{newest}\n{oldest}\n{neither}\n"));
    let study = scene.read();
    let found = crate::of_kind(&study, "measurement");
    let types: Vec<_> = found.iter().map(|record| (&record["version"], &record["tee_type"])).collect();
    assert_eq!(found.len(), 2);
    assert!(
        types.contains(&(&json!("v1"), &json!(1)))
            && types.contains(&(&json!("v1"), &serde_json::Value::Null))
    );
    assert!(
        scene.faults()[0].starts_with("logs.jsonl line 3: another number of topics"),
        "{:?}",
        scene.faults()
    );
    let reversed = Scene::of("logs.jsonl", format!("{neither}\n{oldest}\n{newest}\n")).read();
    let essence = |study: &backtrail::work::study::Study| {
        let mut records = crate::of_kind(study, "measurement");
        records.iter_mut().for_each(|record| {
            record.as_object_mut().unwrap().remove("import");
        });
        records.sort_by_key(ToString::to_string);
        records
    };
    assert_eq!(essence(&reversed), essence(&study));
}

#[test]
fn a_receipt_saved_without_a_newline_still_dates_and_decides() {
    let hash = format!("0x{}", "ab".repeat(32));
    let block = format!("0x{}", "cd".repeat(32));
    let bare = log(&json!({"blockTimestamp": null, "blockHash": block}));
    let answer = json!({"jsonrpc": "2.0", "id": 1, "result": {"number": "0x3e9", "hash": block, "parentHash": hash, "timestamp": AT, "transactions": []}});
    let scene = Scene::of("logs.jsonl", format!("{bare}\n")).with("block.json", answer.to_string());
    let study = scene.read();
    assert_eq!(scene.faults(), Vec::<String>::new());
    assert_eq!(crate::only(&study, "enclave")["at"], "2026-03-23T21:56:43Z");
}
