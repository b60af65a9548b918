//! Across sources: joins with their strength, maps, a journal of one's own.

use crate::{Scene, every_record_points_at_its_bytes, of_kind, only};
use backtrail::journal::import::guess::guess;
use backtrail::journal::import::mapping::Mapping;
use backtrail::model::{Status, Step};
use backtrail::store::Case;
use backtrail::work::adopt::{LogKey, adopt};
use backtrail::work::archive::Archive;
use backtrail::work::ingest::{Options, Watcher, ingest, read_on};
use backtrail::work::study::Study;
use backtrail::work::verify::Pins;
use serde_json::{Value, json};
use std::process::Command;

const KEY: &str = "11";

fn word(n: u64) -> String {
    format!("0x{n:064x}")
}

fn response(id: &str, n: u64) -> String {
    json!({"id": id, "object": "chat.completion", "created": 1_774_353_587 + n, "model": "m", "choices": [], "tee_signature": "AAAA",
        "tee_request_hash": word(n)[2..], "tee_output_hash": word(n + 1)[2..], "tee_timestamp": 1_774_353_587 + n, "tee_id": word(9)})
    .to_string()
}

/// The event of the first generation, which names hashes only.
fn settled(n: u64, transaction: u64) -> String {
    json!({"address": "0xf1dc0d5dcf2a01924fac78185b9227cf3ec839a5",
        "topics": ["0x2dec475996b83d8f0b0b5863ea37b28d71de0e635fecf1042fd2c6e41b2bdda3", word(n), word(n + 1)], "data": "0x",
        "blockNumber": "0x1", "blockTimestamp": "0x69c27d00", "transactionHash": word(transaction), "logIndex": "0x0"})
    .to_string()
}

#[test]
fn an_answer_and_its_event_are_joined_by_hashes_with_the_strength_said() {
    let lines = format!("{}\n{}\n{}\n", response("one", 10), response("two", 20), response("again", 20));
    let scene =
        Scene::of("r.jsonl", lines).with("logs.jsonl", format!("{}\n{}\n", settled(10, 1), settled(20, 2)));
    let study = scene.read();
    every_record_points_at_its_bytes_but_joins(&study);
    let joined: Vec<Value> =
        of_kind(&study, "settlement").into_iter().filter(|s| s["joins"].is_array()).collect();
    assert_eq!(joined.len(), 2);
    let of = |n: u64| joined.iter().find(|s| s["tx_hash"] == word(n)).unwrap();
    assert_eq!((&of(1)["settles"], &of(1)["joins"][0]["strength"]), (&json!(["one"]), &json!("exact")));
    assert_eq!(
        (&of(2)["settles"], &of(2)["joins"][0]["strength"]),
        (&json!(["two", "again"]), &json!("ambiguous"))
    );
    // The file of joins is no journal anybody brought.
    let output = Command::new(env!("CARGO_BIN_EXE_backtrail"))
        .args(["analyze", "--json"])
        .arg(study.snapshot.path())
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["completeness"]["checkpoints"]["journals"], 2, "{told:#}");
    assert_eq!((&told["completeness"]["lines"], &told["completeness"]["records"]), (&json!(5), &json!(5)));
    // The ladder follows the join: this request is settled by that transaction, on the node's word.
    let archive = Archive::open(&study, &Pins::default()).unwrap();
    let path = archive.path_of(study.snapshot.find_id("one").unwrap()[0]).unwrap().unwrap();
    assert_eq!(path.step(Step::Receipt).unwrap().status, Status::Asserted);
    // A source that comes later adds its joins and changes none.
    let before = of_kind(&study, "settlement").len();
    let scene = scene
        .with("more.jsonl", format!("{}\n", response("three", 30)))
        .with("more-logs.jsonl", format!("{}\n", settled(30, 3)));
    let study = scene.read();
    assert_eq!(of_kind(&study, "settlement").len(), before + 2);
    let again = scene.read();
    assert_eq!(crate::records(&study), crate::records(&again));
}

/// The bytes of a joined record are those of the record it completes.
/// What ingest wrote itself is no source that grows; what grew is joined with what was there.
#[test]
fn a_case_with_joins_is_read_on_when_a_source_grew_and_not_before() {
    let scene = Scene::of("r.jsonl", format!("{}\n", response("one", 10)))
        .with("logs.jsonl", format!("{}\n", settled(10, 1)));
    let joined = |study: &Study| {
        let settlements = of_kind(study, "settlement").into_iter();
        settlements.filter(|s| s["joins"].is_array()).count()
    };
    let study = scene.read();
    assert_eq!(joined(&study), 1);
    let on = || read_on(study.snapshot.path(), &mut Watcher::none()).unwrap().map(|done| done.read);
    assert_eq!(on(), None);
    let logs = scene.sources().join("logs.jsonl");
    let mut grown = std::fs::read_to_string(&logs).unwrap();
    grown.push_str(&format!("{}\n", settled(10, 2)));
    std::fs::write(&logs, grown).unwrap();
    assert_eq!(on(), Some(2), "the logs, and what is joined");
    assert_eq!(on(), None);
    assert_eq!(joined(&Study::open(study.snapshot.path()).unwrap()), 2);
}

fn every_record_points_at_its_bytes_but_joins(study: &Study) {
    for (row, record) in crate::records(study) {
        let (provenance, bytes) = study.snapshot.original(row).unwrap().unwrap();
        assert!(bytes.is_some(), "{record}");
        assert_eq!(provenance.source.is_some(), record["joins"].is_array());
    }
}

#[test]
fn a_registration_names_its_measurement_by_its_attestation() {
    let Some(document) = crate::folder::text("opengradient/attestation/nitro_attestation_doc.base64.txt")
    else {
        return;
    };
    let Some(expected) = crate::folder::json("opengradient/attestation/nitro_attestation_doc.expected.json")
    else {
        return;
    };
    let attestation =
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, document.trim()).unwrap();
    let call = calldata(&attestation);
    let call = json!({"hash": word(7), "from": "0x24e4bea7164bcfb52ccae10ede4f5a0cb9f09c4b", "nonce": "0x1", "input": call,
        "to": "0x4e72238852f3c918f4e4e57aec9280ddb0c80248", "blockNumber": "0x10", "blockTimestamp": "0x698e1482"});
    let study = Scene::of("tx.json", call.to_string()).read();
    let joined = of_kind(&study, "enclave").into_iter().find(|record| record["joins"].is_array()).unwrap();
    let text = expected.to_string();
    assert!(
        text.contains(joined["pcr_hash"].as_str().unwrap().trim_start_matches("0x")),
        "{}",
        joined["pcr_hash"]
    );
}

/// `registerTEEWithAttestation(document, key, certificate, address, endpoint, type)`, encoded by hand.
fn calldata(document: &[u8]) -> String {
    let padded = |bytes: &[u8]| {
        let mut out = format!("{:064x}{}", bytes.len(), hex::encode(bytes));
        out.push_str(&"0".repeat((64 - out.len() % 64) % 64));
        out
    };
    let tails = [padded(document), padded(&[4; 294]), padded(&[5; 3]), padded(b"https://tee")];
    let mut offset = 6 * 32;
    let offsets = tails.clone().map(|tail| {
        let here = format!("{offset:064x}");
        offset += tail.len() / 2;
        here
    });
    let selector = &backtrail::proof::hashes::keccak256(
        "registerTEEWithAttestation(bytes,bytes,bytes,address,string,uint8)",
    )
    .hex()[..8];
    let [a, b, c, d] = &offsets;
    format!("0x{selector}{a}{b}{c}{:064x}{d}{:064x}{}", 1, 0, tails.concat())
}

#[test]
fn a_table_of_unknown_shape_is_read_by_a_map_that_can_be_guessed() {
    let table = "request_id,Time,user,model_name,prompt tokens,note\nr-1,2026-10-04 09:12:00,alice,m,12,\"two\nlines\"\nr-2,1759569191,bob,m,,x\nr-3,never,bob,m,1,x\nr-4,2026-10-04T09:13:00Z,bob\n";
    let text = guess(table.as_bytes()).unwrap();
    let mapping = Mapping::parse(&text).unwrap();
    let mut scene = Scene::of("requests.csv", table);
    scene.options = Options { mapping, ..Options::default() };
    let mut case = Case::create_or_open(&scene.folder.path().join("a.case")).unwrap();
    let paths = [scene.sources().join("requests.csv")];
    backtrail::work::ingest::ingest_as(&mut case, &paths, &scene.options, &mut Watcher::none()).unwrap();
    let study = Study::open(case.path()).unwrap();
    every_record_points_at_its_bytes(&study);
    let found = of_kind(&study, "inference");
    assert_eq!(found.len(), 2, "{text}");
    let first = found.iter().find(|record| record["id"] == "r-1").unwrap();
    assert_eq!(
        (&first["agent"], &first["tokens_in"], &first["at"]),
        (&json!("alice"), &json!(12), &json!("2026-10-04T09:12:00Z"))
    );
    let faults = scene.faults();
    assert_eq!(faults.len(), 2, "{faults:?}");
    // The quoted newline counts: the third row stands on the fifth line.
    assert!(faults[0].starts_with("requests.csv line 5: what the map says is the time"), "{faults:?}");
    assert!(faults[1].contains("line 6: 3 columns where the header has 6"), "{faults:?}");
}

#[test]
fn a_map_reads_json_by_paths_conditions_and_constants() {
    let map = "[[record]]\nkind = \"action\"\nid = \"$.e.id\"\nat = \"$.t[0]\"\nagent = \"=ops\"\naction = \"$.e['what now']\"\ncauses = \"$.why\"\nwhen = { \"$.type\" = \"do\" }\n";
    let lines = "{\"type\":\"do\",\"e\":{\"id\":\"x\",\"what now\":\"buy\"},\"t\":[1759569191],\"why\":\"a, b\"}\n{\"type\":\"other\"}\n";
    let mut scene = Scene::of("events.jsonl", lines);
    scene.options.mapping = Mapping::parse(map).unwrap();
    let study = scene.read();
    let action = only(&study, "action");
    assert_eq!(
        (&action["action"], &action["causes"], &action["agent"]),
        (&json!("buy"), &json!(["a", "b"]), &json!("ops"))
    );
    assert!(scene.faults()[0].contains("no record of the map wants this row"));
    for bad in [
        "",
        "[[record]]\nkind = \"action\"\n",
        "[[record]]\nkind=\"a\"\nid=\"x\"\nat=\"$.a\"\n",
        "[[record]]\nkind=\"a\"\nid=\"$.a[x]\"\nat=\"$.a\"\n",
    ] {
        assert!(Mapping::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn an_adopted_journal_is_one_a_reader_verifies() {
    let native = "{\"kind\":\"action\",\"id\":\"a\",\"at\":\"2026-03-24T12:00:00Z\",\"agent\":\"x\",\"action\":\"buy\"}\n";
    let scene = Scene::of("r.jsonl", format!("{}\n", response("one", 10))).with("native.jsonl", native);
    let study = scene.read();
    let output = scene.folder.path().join("own.jsonl");
    let key = || LogKey::new("gw.example/log", hex::decode(KEY.repeat(32)).unwrap().try_into().unwrap());
    let adopted = adopt(study.snapshot.path(), &output, "gw.example/log", Some(key())).unwrap();
    assert_eq!((adopted.records, adopted.lines), (2, 4));
    assert!(adopt(study.snapshot.path(), &output, "gw.example/log", None).is_err(), "never over a file");
    let mut case = Case::create_or_open(&scene.folder.path().join("own.case")).unwrap();
    ingest(&mut case, &[output], &mut Watcher::none()).unwrap();
    let own = Study::open(case.path()).unwrap();
    assert_eq!(own.snapshot.sources()[0].faults, 0);
    assert_eq!(own.checkpoints[0].verdict, "consistent");
    let trust = format!("[[log]]\norigin = \"gw.example/log\"\nkey = \"{}\"\n", key().verifier().text());
    let archive = Archive::open(&own, &Pins { trust, ..Pins::default() }).unwrap();
    let path = archive.path_of(own.snapshot.find_id("one").unwrap()[0]).unwrap().unwrap();
    for step in [Step::Checkpoint, Step::Inclusion] {
        let found = path.step(step).unwrap();
        assert_eq!(found.status, Status::Verified, "{step:?}: {}", found.reason);
    }
    let record = only(&own, "inference");
    assert_eq!(record["import"]["source"], "r.jsonl", "its pointer says which file it points into");
}

/// A Permit2 payment, and what its proxy moved in one transaction.
fn permitted(nonce: u64) -> Value {
    json!({"x402Version": 2,
        "accepted": {"scheme": "upto", "network": "eip155:8453", "amount": "5000", "asset": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
            "payTo": "0x2222222222222222222222222222222222222222", "extra": {"name": "USD Coin", "version": "2"}},
        "payload": {"signature": format!("0x{}", "2d".repeat(65)), "permit2Authorization": {
            "permitted": {"token": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "amount": "5000"},
            "from": "0x857b06519E91e3A54538791bDbb0E22373e36b66", "spender": "0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002",
            "nonce": nonce.to_string(), "deadline": "1774353900",
            "witness": {"to": "0x2222222222222222222222222222222222222222", "validAfter": "1774353587"}}}})
}

fn moved(transaction: u64, amount: u64, at: u64) -> String {
    let log = |address: &str, topics: Value, data: String, index: u64| {
        json!({"address": address, "topics": topics, "data": data, "blockNumber": "0x1", "blockTimestamp": format!("0x{at:x}"),
            "transactionHash": word(transaction), "logIndex": format!("0x{index:x}"), "chainId": "0x2105"})
    };
    let address = |text: &str| format!("0x{}{text}", "0".repeat(24));
    let transfer = log(
        "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913",
        json!([
            "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
            address("857b06519e91e3a54538791bdbb0e22373e36b66"),
            address(&"22".repeat(20))
        ]),
        word(amount),
        0,
    );
    let settled = log(
        "0x4020a4f3b7b90cca423b9fabcc0ce57c6c240002",
        json!(["0x97088ec3606cfe8cc112180570d03fcde05f9b8e1bfef8e27784eaf5dd5691b6"]),
        "0x".to_owned(),
        1,
    );
    format!("{transfer}\n{settled}\n")
}

#[test]
fn a_transfer_by_proxy_is_the_payment_it_alone_fits_and_two_are_none() {
    let payload = format!("{}\n", permitted(7));
    let fitting = moved(1, 4200, 1_774_353_600);
    // Too much, and too early: neither is it.
    let others = moved(2, 5001, 1_774_353_601) + &moved(3, 4000, 1_774_353_500);
    let read = |logs: String| {
        let scene = Scene::of("pay.jsonl", &payload).with("logs.jsonl", logs);
        let study = scene.read();
        assert_eq!(scene.faults(), Vec::<String>::new());
        of_kind(&study, "payment").into_iter().filter(|record| record["joins"].is_array()).collect::<Vec<_>>()
    };
    let joined = read(fitting.clone() + &others);
    assert_eq!(joined.len(), 1, "{joined:#?}");
    // Topics in capital letters are the same topics.
    let settled = "97088ec3606cfe8cc112180570d03fcde05f9b8e1bfef8e27784eaf5dd5691b6";
    let capitals = read(fitting.replace(settled, &settled.to_uppercase()) + &others);
    assert_eq!((capitals.len(), &capitals[0]["joins"]), (1, &joined[0]["joins"]));
    let payment = &joined[0];
    assert_eq!((&payment["state"], &payment["amount"]), (&json!("settled"), &json!("4200")));
    assert_eq!((&payment["tx_hash"], &payment["joins"][0]["strength"]), (&json!(word(1)), &json!("parties")));
    assert_eq!(
        read(fitting + &moved(4, 4100, 1_774_353_602)),
        Vec::<Value>::new(),
        "two fit: nobody can say which"
    );
}

#[test]
fn what_a_gateway_says_of_its_settlement_is_joined_as_its_word() {
    let blob = "hJD2Ja3akZFt1A2LT-D_1oxOCz_OtuGYw4V9eE1m39M";
    let answer = json!({"at": "2026-03-24T12:00:00Z", "request": {"model": "m", "messages": []},
        "response": serde_json::from_str::<Value>(&response("one", 10)).unwrap(),
        "response_headers": {"X-Settlement-Tx-Hash": word(5), "X-Settlement-Walrus-Blob-Id": blob}});
    let job = json!({"jobId": "job-1", "queue": "q", "status": "succeeded", "updatedAt": "2026-03-24T12:00:03.000Z",
        "settlementType": "individual", "txHash": word(5), "walrusBlobId": blob});
    let study = Scene::of("r.jsonl", format!("{answer}\n")).with("job.json", job.to_string()).read();
    let joined: Vec<Value> =
        of_kind(&study, "settlement").into_iter().filter(|record| record["joins"].is_array()).collect();
    assert_eq!(joined.len(), 1);
    assert_eq!(joined[0]["settles"], json!(["one"]));
    assert!(joined[0]["joins"].as_array().unwrap().iter().all(|join| join["strength"] == "named"));
}
