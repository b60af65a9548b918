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
