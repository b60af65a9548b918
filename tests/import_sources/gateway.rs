//! OpenGradient's gateway: responses, exchanges, streams, SDK outputs, archives; what they prove verifies by the ladder.

use crate::folder::{json, text};
use crate::{Scene, every_record_points_at_its_bytes, of_kind, only};
use backtrail::model::{Row, Status, Step};
use backtrail::proof::ladder::Path;
use backtrail::work::archive::Archive;
use backtrail::work::study::Study;
use backtrail::work::verify::Pins;
use base64::Engine;
use serde_json::{Value, json};

const REQUEST_HASH: &str = "efa036cdeabd4e5d9680f4cdfe21388ed3c3ab5c890312ddb3cadb933ff9c723";
const TEE_ID: &str = "0x06fc1d26524c7375ed173c183b304a92bf1fcf6ec7ff54b3816781dc223d672c";

fn path_of(study: &Study, id: &str) -> Path {
    let row: Row = study.snapshot.find_id(id).unwrap()[0];
    let archive = Archive::open(study, &Pins::default()).unwrap();
    archive.path_of(row).unwrap().unwrap()
}

#[track_caller]
fn steps(path: &Path, expected: &[(Step, Status)]) {
    for (step, status) in expected {
        let found = path.step(*step).unwrap();
        assert_eq!(found.status, *status, "{step:?}: {}", found.reason);
    }
}

/// The registry's answer for the key that signed the vectors, so that signatures can be checked.
fn registry(vectors: &Value) -> String {
    json!({
        "owner": "0x24e4bea7164bcfb52ccae10ede4f5a0cb9f09c4b", "endpoint": "https://127.0.0.1",
        "publicKey": vectors["spki_der_base64"], "tlsCertificate": "",
        "pcrHash": "0xea6fbdaff218f11bc95f5e0190c65108642e9bbdf0a6357c07537f85888fae01",
        "teeType": 0, "enabled": true, "registeredAt": 1_774_300_000, "lastHeartbeatAt": 1_774_300_100,
    })
    .to_string()
}

#[test]
fn an_exchange_verifies_request_output_and_signature() {
    let Some(exchange) = json("opengradient/synthetic/gateway_chat_exchange.json") else { return };
    let Some(keys) = json("opengradient/synthetic/tee_signature_v1.json") else { return };
    let scene = Scene::of("exchange.json", serde_json::to_vec_pretty(&exchange).unwrap())
        .with("tee.json", registry(&keys));
    let study = scene.read();
    // The vector's payment header is a placeholder: said, and the exchange is read all the same.
    assert_eq!(scene.faults(), ["exchange.json line 1: a payment header that is not base64 of JSON"]);
    every_record_points_at_its_bytes(&study);
    let record = only(&study, "inference");
    let body = &exchange["response_body"];
    for (own, theirs) in [
        ("id", "id"),
        ("model", "model"),
        ("tee_id", "tee_id"),
        ("tee_signature", "tee_signature"),
        ("tee_request_hash", "tee_request_hash"),
        ("tee_output_hash", "tee_output_hash"),
        ("tee_timestamp", "tee_timestamp"),
    ] {
        assert_eq!(record[own], body[theirs], "{own}");
    }
    assert_eq!(record["request"], exchange["request_body"]);
    assert_eq!((&record["tokens_in"], &record["tokens_out"]), (&json!(8), &json!(3)));
    assert_eq!(record["settlement_blob"], "hJD2Ja3akZFt1A2LT-D_1oxOCz_OtuGYw4V9eE1m39M");
    assert_eq!(record["import"]["assumed"], Value::Null, "the session names the agent");
    let path = path_of(&study, record["id"].as_str().unwrap());
    steps(
        &path,
        &[
            (Step::Checkpoint, Status::NotApplicable),
            (Step::Inclusion, Status::NotApplicable),
            (Step::RequestHash, Status::Verified),
            (Step::OutputHash, Status::Verified),
            (Step::TeeId, Status::Verified),
            // Right, under a key nobody pinned.
            (Step::Signature, Status::Untrusted),
        ],
    );
}

#[test]
fn one_changed_letter_in_an_answer_fails_its_hash() {
    let Some(mut exchange) = json("opengradient/synthetic/gateway_chat_exchange.json") else { return };
    exchange["response_body"]["choices"][0]["message"]["content"] = "Hi thera!".into();
    let study = Scene::of("exchange.json", exchange.to_string()).read();
    let path = path_of(&study, exchange["response_body"]["id"].as_str().unwrap());
    steps(&path, &[(Step::OutputHash, Status::Failed), (Step::RequestHash, Status::Verified)]);
}

#[test]
fn a_response_reads_the_same_alone_in_lines_and_in_an_array() {
    let Some(exchange) = json("opengradient/synthetic/gateway_chat_exchange.json") else { return };
    let one = exchange["response_body"].clone();
    let mut two = one.clone();
    two["id"] = "chatcmpl-2".into();
    let lines = format!("{one}\n{two}\n");
    let array = serde_json::to_string_pretty(&json!([one, two])).unwrap();
    let wrapped = json!({"data": {"responses": [one, two]}}).to_string();
    let essence = |study: &Study| {
        let mut records = of_kind(study, "inference");
        records.iter_mut().for_each(|record| {
            record.as_object_mut().unwrap().remove("import");
        });
        records
    };
    let read = |bytes: &str| {
        let study = Scene::of("r.json", bytes).read();
        every_record_points_at_its_bytes(&study);
        essence(&study)
    };
    let expected = read(&lines);
    assert_eq!(expected.len(), 2);
    assert_eq!(read(&array), expected);
    assert_eq!(read(&wrapped), expected);
}

#[test]
fn a_stream_is_its_deltas_joined_under_its_last_events_signature() {
    let Some(stream) = text("opengradient/synthetic/gateway_chat_stream.sse") else { return };
    let scene = Scene::of("capture.sse", &stream);
    let study = scene.read();
    assert_eq!(scene.faults(), Vec::<String>::new());
    every_record_points_at_its_bytes(&study);
    let record = only(&study, "inference");
    assert_eq!((&record["id"], &record["output"]), (&json!("chatcmpl-x"), &json!("Hi there!")));
    assert_eq!((&record["tee_request_hash"], &record["status"]), (&json!(REQUEST_HASH), &json!("ok")));
    steps(
        &path_of(&study, "chatcmpl-x"),
        &[(Step::OutputHash, Status::Verified), (Step::RequestHash, Status::Missing)],
    );
    // Cut before the signed event: the answer is kept as far as it came, and the cut is told.
    let cut: String = stream.split_inclusive("\n\n").take(2).collect();
    let scene = Scene::of("capture.sse", cut);
    let study = scene.read();
    let record = only(&study, "inference");
    assert_eq!((&record["status"], &record["tee_signature"]), (&json!("truncated"), &Value::Null));
    assert!(
        scene.faults()[0].contains("line 1: the stream ends before its last event"),
        "{:?}",
        scene.faults()
    );
}

#[test]
fn the_first_scheme_verifies_from_its_own_fields() {
    let Some(v0) = json("opengradient/legacy_v0_signed_response.json") else { return };
    let signed: Value = serde_json::from_str(v0["signed_message_utf8"].as_str().unwrap()).unwrap();
    let mut response = signed.clone();
    response["system_fingerprint"] = v0["signature_b64"].clone();
    let request: Value = serde_json::from_str(v0["request_canonical_json"].as_str().unwrap()).unwrap();
    let pem = v0["public_key_pem"].as_str().unwrap();
    let key: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(&key).unwrap();
    let tee_id = backtrail::proof::hashes::keccak256(&der);
    let state = registry(&json!({"spki_der_base64": key}));
    response["tee_id"] = tee_id.hex().into();
    let scene = Scene::of("v0.jsonl", format!("{}\n", json!({"request": request, "response": response})))
        .with("tee.json", state);
    let study = scene.read();
    let record = only(&study, "inference");
    assert_eq!((&record["scheme"], &record["at"]), (&json!("v0"), &json!("2025-12-16T08:20:26.491885Z")));
    let path = path_of(&study, record["id"].as_str().unwrap());
    steps(&path, &[(Step::RequestHash, Status::Verified), (Step::Signature, Status::Untrusted)]);
}

#[test]
fn say_so_of_clients_and_relays_is_kept_as_say_so() {
    let Some(veil) = json("opengradient/synthetic/og_veil_response.json") else { return };
    let study = Scene::of("veil.json", veil.to_string()).read();
    let record = only(&study, "inference");
    assert_eq!(record["verified_by"], "og-veil says so");
    assert_eq!(record["opengradient_verification"]["verified"], true);
    // What it says it verified is missing its key here, and stays missing.
    steps(&path_of(&study, record["id"].as_str().unwrap()), &[(Step::Signature, Status::Missing)]);
    let proof = json!({"tee_id": TEE_ID, "request_hash": REQUEST_HASH, "output_hash": REQUEST_HASH, "timestamp": 1_774_353_587,
        "signature": "AAAA", "signing_key_pem": "-----BEGIN PUBLIC KEY-----", "tee_host": null});
    let output = json!({"data_settlement_transaction_hash": null, "finish_reason": "stop", "chat_output": {"role": "assistant",
        "content": "Hi there!"}, "completion_output": null, "usage": {"prompt_tokens": 8, "completion_tokens": 3},
        "payment_hash": "0xaa", "tee_signature": "AAAA", "tee_timestamp": "2026-03-24T11:59:47+00:00", "tee_id": TEE_ID});
    let study = Scene::of("sdk.jsonl", format!("{proof}\n{output}\n")).read();
    let found = of_kind(&study, "inference");
    assert_eq!(found.len(), 2);
    assert!(found.iter().any(|record| record["verified_by"] == "the SDK says so"));
    assert!(
        found.iter().any(|record| record["payment_hash"] == "0xaa" && record["at"] == "2026-03-24T11:59:47Z")
    );
}

#[test]
fn an_archive_gives_requests_headers_and_payments() {
    let Some(exchange) = json("opengradient/synthetic/gateway_chat_exchange.json") else { return };
    let Some(payload) = json("x402/payment_payload_v2_exact_eip3009.json") else { return };
    let header = base64::engine::general_purpose::STANDARD.encode(payload.to_string());
    let headers = |object: &Value| -> Vec<Value> {
        object
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect()
    };
    let mut asked = headers(&json!({"PAYMENT-SIGNATURE": header, "Authorization": "Bearer sk-secret-1"}));
    asked.push(json!({"name": "X-SETTLEMENT-TYPE", "value": "batch"}));
    let har = json!({"log": {"version": "1.2", "entries": [
        {"startedDateTime": "2026-03-24T11:59:40.000Z", "time": 7000.5,
         "request": {"method": "POST", "url": "https://gw/v1/chat/completions", "headers": asked,
                     "postData": {"mimeType": "application/json", "text": exchange["request_body"].to_string()}},
         "response": {"status": 200, "headers": headers(&exchange["response_headers"]),
                      "content": {"mimeType": "application/json", "text": exchange["response_body"].to_string()}}},
        {"startedDateTime": "2026-03-24T12:00:00.000Z", "request": {"method": "GET", "url": "https://gw/", "headers": []}},
    ]}});
    let scene = Scene::of("session.har", har.to_string())
        .with("labels.csv", "field,value,agent\napi_key,sk-secret-1,treasury-12\n");
    let study = scene.read();
    let record = only(&study, "inference");
    assert_eq!((&record["agent"], &record["latency_ms"]), (&json!("treasury-12"), &json!(7000)));
    assert_eq!(record["import"]["format"], "har");
    let path = path_of(&study, record["id"].as_str().unwrap());
    steps(&path, &[(Step::RequestHash, Status::Verified), (Step::OutputHash, Status::Verified)]);
    let payments = of_kind(&study, "payment");
    assert_eq!(payments.len(), 2, "as signed, and with what it pays for");
    let (payment, joined) = (&payments[0], &payments[1]);
    assert_eq!(joined["pays"], json!([record["id"]]));
    assert_eq!(joined["joins"][0]["strength"], "session");
    assert_eq!(payment["id"], "x402:0xf3746613c2d920b5fdabc0856f2aeb2d4f88ee6037b8cc5d04a71a4462f13480");
    assert_eq!((&payment["amount"], &payment["state"]), (&json!("10000"), &json!("authorized")));
    assert_eq!(payment["authorization"], payload);
    assert_eq!(scene.faults().len(), 1, "{:?}", scene.faults());
    assert!(scene.faults()[0].contains("half an archive"));
    // A key is compared and never copied into the case; the archive itself stays where it is.
    let side = scene.folder.path().join("a.case.d");
    for file in std::fs::read_dir(side).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains("sk-secret-1"));
    }
}

#[test]
fn payments_in_headers_are_read_from_exchanges_and_from_entries_one_a_line() {
    let Some(payload) = json("x402/payment_payload_v2_exact_eip3009.json") else { return };
    let header = base64::engine::general_purpose::STANDARD.encode(payload.to_string());
    let response = json!({"id": "c", "object": "chat.completion", "created": 1_774_353_587, "model": "m", "choices": []});
    let exchange = json!({"at": "2026-03-24T12:00:00Z", "request_headers": {"X-PAYMENT": header},
        "request": {"model": "m", "messages": []}, "response": response, "response_headers": {"x-upto-session": "s-1"}});
    let entry = json!({"startedDateTime": "2026-03-24T12:00:00Z",
        "request": {"method": "POST", "headers": [{"name": "X-PAYMENT", "value": header}], "postData": {"text": "{\"model\":\"m\",\"messages\":[]}"}},
        "response": {"status": 200, "headers": [{"name": "X-Upto-Session", "value": "s-1"}], "content": {"text": response.to_string()}}});
    for (name, line) in [("exchanges.jsonl", exchange), ("entries.jsonl", entry)] {
        let scene = Scene::of(name, format!("{line}\n"));
        let study = scene.read();
        assert_eq!(scene.faults(), Vec::<String>::new(), "{name}");
        every_record_points_at_its_bytes(&study);
        let record = only(&study, "inference");
        assert_eq!(record["agent"], payload["payload"]["authorization"]["from"], "{name}");
        assert_eq!(record["request"], json!({"model": "m", "messages": []}), "{name}");
        let payments = of_kind(&study, "payment");
        assert_eq!(payments.len(), 2, "{name}: as signed, and with what it pays for");
        assert!(payments.iter().any(|payment| payment["pays"] == json!(["c"])), "{name}");
        assert!(payments.iter().all(|payment| payment["at"] == "2026-03-24T12:00:00Z"), "{name}");
    }
}
