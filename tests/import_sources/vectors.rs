//! The published vectors import completely: every file of them, and a count for each; what is none of ours says so.

use crate::folder::vectors;
use crate::{Scene, every_record_points_at_its_bytes, records};
use std::collections::BTreeMap;

type Capture = (&'static str, &'static str, &'static [(&'static str, usize)], usize);

/// Files, what they are read as, and how many records and faults they give. Vectors that are answers to checks (hashes,
/// keys, ABIs) and no capture of anything are not listed: they are no sources. The exchange's payment header is a
/// placeholder, which is its one fault.
const FILES: [Capture; 20] = [
    ("opengradient/synthetic/gateway_chat_exchange.json", "opengradient", &[("inference", 1)], 1),
    ("opengradient/synthetic/gateway_chat_stream.sse", "sse", &[("inference", 1)], 0),
    ("opengradient/synthetic/og_veil_response.json", "opengradient", &[("inference", 1)], 0),
    ("opengradient/synthetic/walrus_individual_blob.json", "opengradient", &[("inference", 1)], 0),
    ("opengradient/synthetic/walrus_batch_blob_g3_six.json", "merkle-tree", &[("settlement", 1)], 0),
    (
        "opengradient/synthetic/settle_job_status.json",
        "facilitator-job",
        &[("payment-job", 1), ("settlement", 2)],
        0,
    ),
    (
        "opengradient/synthetic/event_logs.json",
        "chain",
        &[("chain-event", 3), ("enclave", 2), ("measurement", 4), ("payment", 1), ("settlement", 2)],
        0,
    ),
    ("opengradient/tee_gateway_pcr_releases.json", "measurements", &[("release", 13)], 0),
    ("opengradient/attestation/public_tee_onnx_node_measurements.json", "measurements", &[("release", 1)], 0),
    ("nitro/opengradient-tee-gateway_measurements.txt", "measurements", &[("release", 1)], 0),
    ("nitro/opengradient-public-tee-onnx-node_measurements.txt", "measurements", &[("release", 1)], 0),
    (
        "x402/spec_v1_json_blocks.json",
        "x402",
        &[
            ("payment", 2),
            ("x402-document", 6),
            ("x402-requirement", 1),
            ("x402-settlement", 3),
            ("x402-verification", 2),
        ],
        0,
    ),
    (
        "x402/spec_v2_json_blocks.json",
        "x402",
        &[
            ("payment", 2),
            ("x402-document", 5),
            ("x402-requirement", 1),
            ("x402-settlement", 3),
            ("x402-verification", 2),
        ],
        0,
    ),
    ("x402/payment_payload_v2_exact_eip3009.json", "x402", &[("payment", 1)], 0),
    ("x402/other_exact_evm_blocks.json", "x402", &[("payment", 1)], 0),
    ("opengradient/x402/scheme_exact_evm_01.json", "x402", &[("payment", 1)], 0),
    ("opengradient/x402/scheme_upto_evm_02.json", "x402", &[("payment", 1)], 0),
    ("opengradient/x402/http_02.json", "x402", &[("payment", 1)], 0),
    ("opengradient/x402/http_03.json", "x402", &[("x402-settlement", 1)], 0),
    ("opengradient/x402/x402-specification-v2_02.json", "x402", &[("payment", 1)], 0),
];

#[test]
fn every_capture_among_the_vectors_imports_completely() {
    let mut wrong = Vec::new();
    for (name, format, kinds, faults) in FILES {
        let Some(path) = vectors(name) else { return };
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let scene = Scene::of(&file, std::fs::read(path).unwrap()).at("2026-10-04T00:00:00Z");
        let study = scene.read();
        every_record_points_at_its_bytes(&study);
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for (_, record) in records(&study) {
            *found.entry(record["kind"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        let source = &study.snapshot.sources()[0];
        let expected: BTreeMap<String, usize> =
            kinds.iter().map(|(kind, n)| ((*kind).to_owned(), *n)).collect();
        if (source.format(), &found, scene.faults().len()) != (format, &expected, faults) {
            wrong.push(format!("{name}: {} {found:?} {:?}", source.format(), scene.faults()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
