//! Artefacts built by the software networks really run, imported and compared field by field. Without it: skipped, aloud.
//!
//! `BACKTRAIL_PYTHON` names Pythons that have the packages (else `python3`), several joined by `:`, because OpenGradient's brings
//! an x402 of its own; `NODE_PATH` says where node finds its packages.

use crate::{Read, Scene, every_record_points_at_its_bytes, of_kind, records};
use backtrail::model::{Status, Step};
use backtrail::work::archive::Archive;
use backtrail::work::study::Study;
use backtrail::work::verify::Pins;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Imports what a script wrote: each record it expects is there once, and points at its bytes. `None` where the script cannot run.
#[track_caller]
pub(crate) fn every_expected_record_is_found(script: &str) -> Option<Read> {
    let (scene, expected) = made(script)?;
    let study = scene.read();
    assert_eq!(scene.faults(), Vec::<String>::new());
    every_record_points_at_its_bytes(&study);
    let found: Vec<Value> = records(&study).into_iter().map(|(_, record)| record).collect();
    for wanted in expected.as_array().unwrap() {
        let wanted = wanted.as_object().unwrap();
        let is_it = |record: &&Value| wanted.iter().all(|(name, value)| record[name] == *value);
        assert_eq!(found.iter().filter(is_it).count(), 1, "{wanted:#?}");
    }
    Some(study)
}

/// Runs a script that writes sources into the scene; its last line tells what they hold. `None` where it is not installed.
pub(crate) fn made(script: &str) -> Option<(Scene, Value)> {
    let scene = Scene::new();
    std::fs::create_dir_all(scene.sources()).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real").join(script);
    let python = std::env::var("BACKTRAIL_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let programs = if script.ends_with(".js") { "node" } else { &python };
    for program in programs.split(':') {
        let Ok(ran) = Command::new(program).arg(&path).arg(scene.sources()).output() else {
            eprintln!("{script}: skipped: {program} is not installed");
            continue;
        };
        let said = String::from_utf8(ran.stdout).unwrap();
        if ran.status.code() == Some(77) {
            eprintln!("{script}: {program}: {}", said.trim());
            continue;
        }
        assert!(ran.status.success(), "{script}: {}", String::from_utf8_lossy(&ran.stderr));
        return Some((scene, serde_json::from_str(said.lines().last().unwrap()).unwrap()));
    }
    None
}

fn proof(study: &Study, id: &str, step: Step) -> (Status, String) {
    let archive = Archive::open(study, &Pins::default()).unwrap();
    let path = archive.path_of(study.snapshot.find_id(id).unwrap()[0]).unwrap().unwrap();
    let step = path.step(step).unwrap();
    (step.status, step.reason.clone())
}

#[test]
fn responses_that_the_opengradient_package_accepts_verify_here() {
    let Some((scene, expected)) = made("gateway.py") else { return };
    let study = scene.read();
    assert_eq!(scene.faults(), Vec::<String>::new());
    every_record_points_at_its_bytes(&study);
    let found = of_kind(&study, "inference");
    assert_eq!(found.len(), expected.as_array().unwrap().len());
    for response in expected.as_array().unwrap() {
        let record = found.iter().find(|record| record["id"] == response["id"]).unwrap();
        for name in
            ["model", "tee_id", "tee_signature", "tee_request_hash", "tee_output_hash", "tee_timestamp"]
        {
            assert_eq!(record[name], response[name], "{name}");
        }
        assert_eq!(record["response"], *response);
        assert_eq!(record["tokens_in"], response["usage"]["prompt_tokens"]);
        assert_eq!(record["tokens_out"], response["usage"]["completion_tokens"]);
        let id = response["id"].as_str().unwrap();
        for (step, status) in [
            (Step::RequestHash, Status::Verified),
            (Step::OutputHash, Status::Verified),
            (Step::TeeId, Status::Verified),
            (Step::Signature, Status::Untrusted),
        ] {
            let (found, reason) = proof(&study, id, step);
            assert_eq!(found, status, "{id} {step:?}: {reason}");
        }
    }
    assert_eq!(found.iter().find(|record| record["id"] == "chatcmpl-0").unwrap()["agent"], "desk-4");
}

#[test]
fn traces_of_the_opentelemetry_sdk_read_the_same_in_every_encoding() {
    let Some((scene, spans)) = made("otel.py") else { return };
    let read = |name: &str| {
        let bytes = std::fs::read(scene.sources().join(name)).unwrap();
        let one = Scene::of(name, bytes);
        let study = one.read();
        assert_eq!(one.faults(), Vec::<String>::new(), "{name}");
        let count = |study: &Study| study.snapshot.sources()[0].duplicates;
        let twice = count(&study);
        for (row, _) in records(&study) {
            assert!(study.snapshot.original(row).unwrap().unwrap().1.is_some(), "{name}");
        }
        let mut found: Vec<Value> = records(&study).into_iter().map(|(_, record)| record).collect();
        found.iter_mut().for_each(|record| {
            record.as_object_mut().unwrap().remove("import");
        });
        (found, twice)
    };
    let (found, _) = read("trace.jsonl");
    assert_eq!(read("pretty.json").0, found);
    assert_eq!(read("trace.pb").0, found);
    // The same message twice in one file: each span counts once.
    assert_eq!(read("framed.binpb"), (found.clone(), 5));
    assert_eq!(found.len(), spans.as_array().unwrap().len());
    for span in spans.as_array().unwrap() {
        let bare = |text: &Value| text.as_str().unwrap().trim_start_matches("0x").to_owned();
        let id = |context: &Value| format!("{}-{}", bare(&context["trace_id"]), bare(&context["span_id"]));
        let record = found.iter().find(|record| record["id"] == id(&span["context"])).unwrap();
        let attributes = &span["attributes"];
        let at = backtrail::model::Nanos::parse(span["start_time"].as_str().unwrap()).unwrap();
        let own = backtrail::model::Nanos::parse(record["at"].as_str().unwrap()).unwrap();
        // The SDK's own print of a time has microseconds, the wire has nanoseconds.
        assert!((own.0 - at.0).abs() <= 2000, "{own} is not {at}");
        assert_eq!(
            (&record["node"], &record["span_name"]),
            (&span["resource"]["attributes"]["service.instance.id"], &span["name"])
        );
        let parent = span["parent_id"]
            .as_str()
            .map(|parent| format!("{}-{}", bare(&span["context"]["trace_id"]), &parent[2..]));
        let links = span["links"].as_array().unwrap().iter().map(|link| id(&link["context"]));
        let led: Vec<String> = parent.into_iter().chain(links).collect();
        let named = if record["kind"] == "inference" { "parents" } else { "causes" };
        assert_eq!(
            record[named].as_array().cloned().unwrap_or_default(),
            led.into_iter().map(Value::from).collect::<Vec<_>>()
        );
        match attributes["gen_ai.operation.name"].as_str() {
            Some("chat") => {
                assert_eq!(
                    (&record["kind"], &record["model"]),
                    (&json!("inference"), &attributes["gen_ai.request.model"])
                );
                let failed = attributes.get("error.type").is_some();
                assert_eq!(record["status"], if failed { "error" } else { "ok" });
                let version = if failed {
                    &span["resource"]["attributes"]["service.version"]
                } else {
                    &attributes["gen_ai.response.model"]
                };
                assert_eq!(&record["version"], version);
                for (own, theirs) in [
                    ("tokens_in", "gen_ai.usage.input_tokens"),
                    ("tokens_out", "gen_ai.usage.output_tokens"),
                    ("response_id", "gen_ai.response.id"),
                    ("session", "gen_ai.conversation.id"),
                    ("agent", "gen_ai.agent.name"),
                ] {
                    assert_eq!(record[own], attributes.get(theirs).cloned().unwrap_or(Value::Null), "{own}");
                }
                contents(record, span, failed);
            }
            Some("execute_tool") => {
                assert_eq!(
                    (&record["kind"], &record["action"]),
                    (&json!("action"), &attributes["gen_ai.tool.name"])
                );
            }
            Some(_) => assert_eq!(record["kind"], "action"),
            None => assert_eq!(record["kind"], "span"),
        }
    }
}

/// Messages as the SDK recorded them: as attributes of the one chat, as an event of the other.
fn contents(record: &Value, span: &Value, failed: bool) {
    if failed {
        let event = &span["events"][0];
        assert_eq!(event["name"], "gen_ai.user.message");
        let message = json!({"role": "user", "content": event["attributes"]["content"]});
        assert_eq!(record["request"]["messages"], json!([message]));
        return;
    }
    let attributes = &span["attributes"];
    let text = attributes["gen_ai.input.messages"].as_str().unwrap();
    assert_eq!(record["request"]["messages"], serde_json::from_str::<Value>(text).unwrap());
    for name in ["temperature", "stop_sequences", "model"] {
        assert_eq!(record["request"][name], attributes[format!("gen_ai.request.{name}")], "{name}");
    }
    assert_eq!(record["finish_reasons"], attributes["gen_ai.response.finish_reasons"]);
    assert_eq!(record["output"], "41");
    assert_eq!(record["unmapped"], Value::Null);
}

#[test]
fn logs_calldata_and_results_that_eth_abi_encodes_are_decoded() {
    every_expected_record_is_found("chain.py");
}

#[test]
fn payments_that_the_x402_package_signed_verify_here_in_every_form() {
    let Some((scene, expected)) = made("x402_pay.py") else { return };
    // This client signs validAfter 0: no time is in it.
    let scene = scene.at("2026-10-04T10:00:00Z");
    let study = scene.read();
    assert_eq!(scene.faults(), Vec::<String>::new());
    let payments = of_kind(&study, "payment");
    // Each by itself and in its other form, and what the two are together.
    for (version, document, amount, chain) in
        [(2, &expected["v2"], "12500", "eip155:8453"), (1, &expected["v1"], "700", "eip155:8453")]
    {
        let authorization = &document["payload"]["authorization"];
        let id = format!("x402:{}", authorization["nonce"].as_str().unwrap());
        let own: Vec<&Value> = payments.iter().filter(|payment| payment["id"] == id).collect();
        assert_eq!(own.len(), 3, "version {version}: {own:#?}");
        for payment in own {
            for (own, theirs) in [("payer", "from"), ("payee", "to"), ("amount", "value")] {
                assert_eq!(payment[own], authorization[theirs], "{own}");
            }
            assert_eq!((&payment["amount"], &payment["asset"]["chain_id"]), (&json!(amount), &json!(chain)));
            assert_eq!((&payment["state"], &payment["scheme"]), (&json!("authorized"), &json!("exact")));
            // A first payload alone names no token, and so no domain that it was signed for.
            let signed = backtrail::proof::payment::parse(&payment["authorization"].to_string());
            let is_bare = version == 1 && payment["authorization"]["paymentRequirements"].is_null();
            assert_eq!(signed.is_err(), is_bare);
            let Ok(signed) = signed else { continue };
            let from = authorization["from"].as_str().unwrap().to_lowercase();
            assert_eq!(format!("0x{}", hex::encode(signed.from)), from);
            if version == 2 {
                assert_eq!((&payment["authorization"], &payment["asset"]["decimals"]), (document, &json!(6)));
            }
        }
    }
    // A reply in the archive is what a facilitator said, and moves nothing.
    let said = payments.iter().find(|payment| payment["import"]["format"] == "har").unwrap();
    assert_eq!(
        (&said["said_tx"], &said["said_success"]),
        (&expected["reply"]["transaction"], &expected["reply"]["success"])
    );
    assert_eq!(said["tx_hash"], Value::Null);
    // A first payload names no token: its requirement beside it does.
    let asked = payments.iter().find(|payment| payment["payee"] == expected["required"]["payTo"]);
    assert!(asked.is_some());
    assert!(
        payments.iter().any(|payment| payment["amount"] == "700"
            && payment["asset"]["contract"] == expected["required"]["asset"])
    );
}

#[test]
fn trees_of_the_openzeppelin_library_join_with_their_leaves() {
    let Some((scene, roots)) = made("tree.js") else { return };
    let word = |n: u64| format!("0x{n:064x}");
    let inference = |n: u64| {
        json!({"kind": "inference", "id": format!("req-{n}"), "at": "2026-03-24T12:00:00Z", "agent": "a", "model": "m",
            "tee_id": word(9), "tee_request_hash": word(100 + n), "tee_output_hash": word(200 + n), "tee_timestamp": 1_774_353_587 + n})
    };
    let native: String = (1..=2).map(|n| format!("{}\n", inference(n))).collect();
    let scene = scene.with("native.jsonl", "").at("2026-03-24T13:00:00Z");
    // Journals beside a tree keep it for themselves; named outright it is read.
    std::fs::remove_file(scene.sources().join("native.jsonl")).unwrap();
    let journal = scene.folder.path().join("native.jsonl");
    std::fs::write(&journal, native).unwrap();
    let mut case = backtrail::store::Case::create_or_open(&scene.folder.path().join("a.case")).unwrap();
    let paths = [scene.sources(), journal];
    backtrail::work::ingest::ingest_as(
        &mut case,
        &paths,
        &scene.options,
        &mut backtrail::work::ingest::Watcher::none(),
    )
    .unwrap();
    let study = Study::open(case.path()).unwrap();
    let settlements = of_kind(&study, "settlement");
    let case = backtrail::store::Case::open(case.path()).unwrap();
    assert_eq!(case.faults().unwrap(), Vec::new());
    let joined = settlements.iter().find(|record| record["joins"].is_array()).unwrap();
    assert_eq!(joined["merkle_root"], roots["g3"]);
    assert_eq!(joined["settles"], json!(["req-1", "req-2"]));
    assert_eq!(
        joined["joins"][0],
        json!({"to": "req-1", "by": "request hash and output hash", "strength": "exact"})
    );
    let (status, reason) = proof(&study, "req-1", Step::Batch);
    assert_eq!(status, Status::Verified, "{reason}");
    assert!(settlements.iter().any(|record| record["merkle_root"] == roots["g1"]));
}
