//! Chains, trees, x402, jobs, measurements: the published vectors import completely, field by field.

use crate::folder::{json, text};
use crate::{Scene, every_record_points_at_its_bytes, of_kind, only};
use serde_json::{Value, json};
use std::process::Command;

fn logs() -> Option<Vec<Value>> {
    json("opengradient/synthetic/event_logs.json").map(|file| file["logs"].as_array().unwrap().clone())
}

#[test]
fn every_event_of_the_vectors_becomes_a_record() {
    let Some(file) = text("opengradient/synthetic/event_logs.json") else { return };
    let scene = Scene::of("logs.json", &file);
    let study = scene.read();
    assert_eq!(scene.faults(), Vec::<String>::new());
    every_record_points_at_its_bytes(&study);
    let count = |kind: &str| of_kind(&study, kind).len();
    let found = ["measurement", "enclave", "settlement", "transfer", "chain-event"].map(count);
    // Two approvals, a revocation, a second approval; registered and disabled; a batch and one alone; the rest as events.
    assert_eq!(found.iter().sum::<usize>() + count("payment"), logs().unwrap().len());
    assert_eq!(&found[..3], &[4, 2, 2]);
    for entry in logs().unwrap() {
        let (log, decoded) = (&entry["log"], &entry["decoded"]);
        let record =
            records_at(&study, log["transactionHash"].as_str().unwrap(), log["logIndex"].as_str().unwrap());
        let pairs: &[(&str, &str)] = match entry["name"].as_str().unwrap() {
            "BatchSettlement" => {
                &[("merkle_root", "merkleRoot"), ("batch_size", "batchSize"), ("blob_id", "walrusBlobId")]
            }
            "IndividualSettlement" => &[
                ("tee_id", "teeId"),
                ("request_hash", "inputHash"),
                ("output_hash", "outputHash"),
                ("payer", "ethAddress"),
            ],
            "TEERegistered" => &[("tee_id", "teeId"), ("owner", "owner")],
            "TEEDisabled" => &[("tee_id", "teeId")],
            "PCRRevoked" => &[("pcr_hash", "pcrHash")],
            "Transfer (OPG, Base)" => &[("payer", "from"), ("payee", "to")],
            name if name.starts_with("PCRApproved") => &[("pcr_hash", "pcrHash"), ("version", "version")],
            _ => &[],
        };
        for (own, theirs) in pairs {
            assert_eq!(record[own], decoded[theirs], "{own} of {}", entry["name"]);
        }
        assert_eq!(record["chain_id"].to_string(), entry["chainId"].as_str().unwrap());
    }
    let revoked =
        of_kind(&study, "measurement").into_iter().find(|record| record["state"] == "revoked").unwrap();
    assert_eq!((&revoked["version"], &revoked["import"]["assumed"]), (&json!("v1.1.0"), &json!(["version"])));
}

fn records_at(study: &backtrail::work::study::Study, transaction: &str, index: &str) -> Value {
    let index = u64::from_str_radix(index.trim_start_matches("0x"), 16).unwrap();
    let found = crate::records(study).into_iter().map(|(_, record)| record);
    found.into_iter().find(|record| record["tx_hash"] == transaction && record["log_index"] == index).unwrap()
}

#[test]
fn the_same_logs_read_the_same_in_every_envelope_and_pages_may_overlap() {
    let Some(logs) = logs() else { return };
    let logs: Vec<Value> = logs.into_iter().map(|entry| entry["log"].clone()).collect();
    let page = |logs: &[Value]| json!({"jsonrpc": "2.0", "id": 1, "result": logs}).to_string();
    let once = Scene::of("logs.json", page(&logs)).read();
    let count = of_kind(&once, "measurement").len()
        + of_kind(&once, "enclave").len()
        + of_kind(&once, "settlement").len();
    assert_eq!(count, 8);
    // Two pages that overlap, the second out of order, as JSON Lines.
    let mut second: Vec<Value> = logs[4..].to_vec();
    second.reverse();
    let scene = Scene::of("pages.jsonl", format!("{}\n{}\n", page(&logs[..7]), page(&second)));
    let study = scene.read();
    assert_eq!(scene.faults(), Vec::<String>::new());
    let source = &study.snapshot.sources()[0];
    assert_eq!((source.duplicates, source.conflicts), (3, 0));
    for kind in ["measurement", "enclave", "settlement", "chain-event"] {
        assert_eq!(of_kind(&study, kind).len(), of_kind(&once, kind).len(), "{kind}");
    }
}

#[test]
fn calldata_is_what_was_asked_until_a_receipt_says_it_was_done() {
    let Some(file) = json("opengradient/synthetic/calldata.json") else { return };
    let data = file["calldata"]["approvePCR"].as_str().unwrap();
    let hash = format!("0x{}", "ab".repeat(32));
    let call = json!({"hash": hash, "from": "0x24e4bea7164bcfb52ccae10ede4f5a0cb9f09c4b", "nonce": "0x1", "input": data,
        "to": "0x4e72238852f3c918f4e4e57aec9280ddb0c80248", "blockNumber": "0x10", "blockTimestamp": "0x69c1b71b"});
    let study = Scene::of("tx.json", call.to_string()).read();
    assert_eq!(of_kind(&study, "measurement").len(), 0);
    assert_eq!(only(&study, "call")["function"], "approvePCR");
    let receipt = |status: &str| json!({"transactionHash": hash, "status": status, "logs": [], "blockNumber": "0x10", "blockTimestamp": "0x69c1b71b"});
    let study = Scene::of("tx.jsonl", format!("{call}\n{}\n", receipt("0x1"))).read();
    let approved = only(&study, "measurement");
    assert_eq!(approved["pcr_hash"], "0xb4c9585138438b60a72e11257b3c8a96d20c621e53d016f27657285361f77e87");
    assert_eq!(approved["version"], "v1.1.0");
    let study = Scene::of("tx.jsonl", format!("{call}\n{}\n", receipt("0x0"))).read();
    assert_eq!(of_kind(&study, "measurement").len(), 0, "a reverted approval approves nothing");
    for name in ["batchSettle", "settleIndividual", "revokePCR"] {
        let mut call = call.clone();
        call["input"] = file["calldata"][name].clone();
        let study = Scene::of("tx.json", call.to_string()).read();
        assert_eq!(only(&study, "call")["function"], name);
    }
}

#[test]
fn a_tree_and_its_event_are_one_settlement() {
    let Some(tree) = json("opengradient/synthetic/walrus_batch_blob_g3_six.json") else { return };
    let scene = Scene::of("batch.json", tree.to_string());
    let study = scene.read();
    let settlement = only(&study, "settlement");
    assert_eq!(settlement["id"], format!("batch:{}", tree["tree"][0].as_str().unwrap()));
    assert_eq!((&settlement["tree"], &settlement["batch_size"]), (&tree, &json!(6)));
    assert_eq!(settlement["leaf_keys"].as_array().unwrap().len(), 6);
}

#[test]
fn x402_documents_import_completely() {
    for name in [
        "x402/spec_v1_json_blocks.json",
        "x402/spec_v2_json_blocks.json",
        "x402/payment_payload_v2_exact_eip3009.json",
    ] {
        let Some(file) = text(name) else { return };
        let scene = Scene::of("x402.json", &file).at("2026-10-04T00:00:00Z");
        let study = scene.read();
        every_record_points_at_its_bytes(&study);
        let payments = of_kind(&study, "payment");
        assert!(!payments.is_empty(), "{name}");
        for payment in &payments {
            assert_eq!((&payment["amount"], &payment["state"]), (&json!("10000"), &json!("authorized")));
            assert_eq!(payment["asset"]["chain_id"], "eip155:84532");
        }
        assert!(scene.faults().is_empty(), "{name}: {:?}", scene.faults());
        // Without a given time, what holds none is named and nothing is dated by guess.
        let scene = Scene::of("x402.json", &file);
        scene.read();
        assert!(scene.faults().iter().all(|fault| fault.contains("--assume-at")), "{:?}", scene.faults());
    }
}

#[test]
fn a_job_that_succeeded_is_read_for_what_it_did() {
    let Some(jobs) = json("opengradient/synthetic/settle_job_status.json") else { return };
    let scene = Scene::of("jobs.json", jobs.to_string());
    let study = scene.read();
    assert_eq!(scene.faults(), Vec::<String>::new());
    let settlements = of_kind(&study, "settlement");
    let states: Vec<(&str, &str)> =
        settlements.iter().map(|s| (s["mode"].as_str().unwrap(), s["state"].as_str().unwrap())).collect();
    // Buffered, and skipped: both jobs "succeeded", neither is settled.
    assert_eq!(states, [("batch", "pending"), ("individual", "pending")]);
    assert_eq!(only(&study, "payment-job")["state"], "failed");
}

#[test]
fn a_history_of_measurements_is_a_history_of_releases() {
    let Some(published) = json("opengradient/tee_gateway_pcr_releases.json") else { return };
    let folder = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str], date: &str| {
        let ran = Command::new("git")
            .current_dir(folder.path())
            .args(["-c", "user.name=a", "-c", "user.email=a@example"])
            .args(arguments)
            .envs([("GIT_AUTHOR_DATE", date), ("GIT_COMMITTER_DATE", date)])
            .output();
        ran.ok().filter(|output| output.status.success()).map(|output| output.stdout)
    };
    if git(&["init", "-q"], "").is_none() {
        return eprintln!("skipped: git is not installed");
    }
    let releases = published["releases"].as_array().unwrap();
    for release in releases {
        let pcr = |n: usize| release[format!("pcr{n}")].as_str().unwrap();
        let file = format!(
            "{{\n  \"Measurements\": {{\n    \"HashAlgorithm\": \"Sha384 {{ ... }}\",\n    \"PCR0\": \"{}\",\n    \"PCR1\": \"{}\",\n    \"PCR2\": \"{}\"\n  }}\n}}\n",
            pcr(0),
            pcr(1),
            pcr(2)
        );
        std::fs::write(folder.path().join("measurements.txt"), file).unwrap();
        git(&["add", "."], "").unwrap();
        let date = release["committed_at"].as_str().unwrap();
        git(&["commit", "-q", "--allow-empty", "-m", release["subject"].as_str().unwrap()], date).unwrap();
    }
    let log = git(&["log", "-p", "--", "measurements.txt"], "").unwrap();
    let scene = Scene::of("measurements.log", &log);
    let study = scene.read();
    assert_eq!(scene.faults(), Vec::<String>::new());
    every_record_points_at_its_bytes(&study);
    let found = of_kind(&study, "release");
    let mut expected: Vec<(&str, String)> = Vec::new();
    for release in releases {
        let hash = release["pcr_hash"].as_str().unwrap();
        let at = backtrail::model::Nanos::parse(release["committed_at"].as_str().unwrap()).unwrap();
        // A commit that changes nothing has no patch.
        if expected.last().is_none_or(|(last, _)| *last != hash) {
            expected.push((hash, at.rfc3339()));
        }
    }
    let mut found: Vec<(&str, String)> = found
        .iter()
        .map(|r| (r["pcr_hash"].as_str().unwrap(), r["at"].as_str().unwrap().to_owned()))
        .collect();
    expected.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
    found.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
    assert_eq!(found, expected);
    for name in
        ["opengradient-tee-gateway_measurements.txt", "opengradient-public-tee-onnx-node_measurements.txt"]
    {
        let Some(file) = text(&format!("nitro/{name}")) else { return };
        let study = Scene::of(name, &file).at("2026-10-04T00:00:00Z").read();
        assert_eq!(
            only(&study, "release")["import"]["assumed"].as_array().unwrap().last(),
            Some(&json!("at"))
        );
    }
}

#[test]
fn a_list_of_enabled_enclaves_is_an_answer_of_its_time() {
    let (one, two) = ("ab".repeat(32), "cd".repeat(32));
    let result = format!("0x{:064x}{:064x}{one}{two}", 32, 2);
    let answer = json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string();
    let study = Scene::of("active.json", &answer).at("2026-10-04T00:00:00Z").read();
    let record = only(&study, "registry-answer");
    assert_eq!(record["enabled"], json!([format!("0x{one}"), format!("0x{two}")]));
    assert_eq!(record["import"]["assumed"], json!(["at"]));
    let scene = Scene::of("active.json", &answer);
    scene.read();
    assert!(scene.faults()[0].contains("holds no time"), "{:?}", scene.faults());
}
