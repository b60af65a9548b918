//! The published vectors import completely: every file of the three folders is listed, as a capture with what becomes of it or as
//! no source with the reason; a file that is in neither list fails the test, and so does one that is told as a source and is
//! listed as none.

use crate::folder::{files, vectors};
use crate::{Scene, every_record_points_at_its_bytes, records};
use backtrail::journal::import::{TELL, tell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Capture = (&'static str, &'static str, &'static [(&'static str, usize)], usize);

/// Files, what they are read as, and how many records and faults they give. The exchange's payment header is a placeholder,
/// which is its one fault; one of the test specifications has a measurement that is none.
const FILES: [Capture; 56] = [
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
    ("opengradient/attestation/nitro_attestation_doc.base64.txt", "attestation", &[("enclave", 1)], 0),
    ("opengradient/synthetic/merkle_batches.json", "merkle-tree", &[("settlement", 6)], 0),
    ("opengradient/synthetic/settle_data_headers.json", "opengradient", &[("inference", 1)], 0),
    ("opengradient/synthetic/tee_signature_v1.json", "opengradient", &[("inference", 14)], 0),
    ("opengradient/x402/extension-offer-and-receipt_06.json", "x402", &[("x402-requirement", 1)], 0),
    ("opengradient/x402/extension-offer-and-receipt_07.json", "x402", &[("x402-requirement", 1)], 0),
    ("opengradient/x402/extension-offer-and-receipt_08.json", "x402", &[("x402-requirement", 1)], 0),
    ("opengradient/x402/extension-offer-and-receipt_09.json", "x402", &[("x402-requirement", 1)], 0),
    ("opengradient/x402/extension-offer-and-receipt_10.json", "x402", &[("x402-settlement", 1)], 0),
    ("opengradient/x402/extension-offer-and-receipt_11.json", "x402", &[("x402-settlement", 1)], 0),
    ("opengradient/x402/extension-offer-and-receipt_12.json", "x402", &[("x402-settlement", 1)], 0),
    ("opengradient/x402/extension-offer-and-receipt_13.json", "x402", &[("x402-settlement", 1)], 0),
    ("opengradient/x402/http_01.json", "x402", &[("x402-requirement", 1)], 0),
    ("opengradient/x402/http_04.json", "x402", &[("x402-settlement", 1)], 0),
    ("opengradient/x402/scheme_exact_evm_02.json", "x402", &[("payment", 1)], 0),
    ("opengradient/x402/scheme_upto_evm_01.json", "x402", &[("x402-requirement", 1)], 0),
    ("opengradient/x402/scheme_upto_evm_03.json", "x402", &[("x402-settlement", 1)], 0),
    ("opengradient/x402/x402-specification-v2_01.json", "x402", &[("x402-requirement", 1)], 0),
    ("opengradient/x402/x402-specification-v2_03.json", "x402", &[("x402-settlement", 1)], 0),
    ("opengradient/x402/x402-specification-v2_04.json", "x402", &[("payment", 1)], 0),
    ("opengradient/x402/x402-specification-v2_05.json", "x402", &[("x402-verification", 1)], 0),
    ("opengradient/x402/x402-specification-v2_06.json", "x402", &[("x402-verification", 1)], 0),
    ("opengradient/x402/x402-specification-v2_07.json", "x402", &[("x402-settlement", 1)], 0),
    ("opengradient/x402/x402-specification-v2_08.json", "x402", &[("x402-settlement", 1)], 0),
    ("opengradient/x402/x402-specification-v2_09.json", "x402", &[("x402-document", 4)], 0),
    ("opengradient/x402/x402-specification-v2_10.json", "x402", &[("x402-document", 1)], 0),
    ("nitro/base_nitro-validator_attestation.bin", "attestation", &[("enclave", 1)], 0),
    ("nitro/opengradient-og-evm_attestation_doc.bin", "attestation", &[("enclave", 1)], 0),
    ("nitro/evervault/beta_debug-mode-attestation-doc-bytes", "attestation", &[("enclave", 1)], 0),
    ("nitro/evervault/beta_valid-attestation-doc-bytes", "attestation", &[("enclave", 1)], 0),
    ("nitro/evervault/valid-attestation-doc-base64", "attestation", &[("enclave", 1)], 0),
    (
        "nitro/evervault/test-specs_beta_valid_attestation_doc_in_cert_der_encoding_time_sensitive.json",
        "measurements",
        &[("release", 1)],
        0,
    ),
    (
        "nitro/evervault/test-specs_beta_valid_attestation_doc_in_cert_incorrect_pcrs_time_sensitive.json",
        "measurements",
        &[],
        1,
    ),
    (
        "nitro/evervault/test-specs_beta_valid_attestation_doc_in_cert_time_sensitive.json",
        "measurements",
        &[("release", 1)],
        0,
    ),
    (
        "nitro/evervault/test-specs_beta_valid_attestation_doc_in_non_debug_mode_with_correct_pcrs_time_sensitive.json",
        "measurements",
        &[("release", 1)],
        0,
    ),
    ("nitro/evervault/test-specs_ga_valid_attestation_doc_ga.json", "measurements", &[("release", 1)], 0),
];

/// Files that nobody's network or agent wrote as they stand: by a part of their path, and why.
const NO_SOURCES: [(&str, &str); 20] = [
    ("SOURCES.md", "says where the vectors are from"),
    ("INDEX.json", "says where the vectors are from"),
    (".pem", "a root, or a certificate with a document inside of it: neither is a document"),
    (".crt", "a certificate with a document inside of it"),
    (".der", "a certificate"),
    ("opengradient/abi/", "declarations of contracts: what decodes logs, and no log"),
    ("opengradient/event_topics.json", "topics by declaration; tests of logs use them"),
    ("opengradient/model_ids.json", "a list of ids for the tests of blobs"),
    ("opengradient/walrus_blob_ids.json", "ids and contents for the tests of blobs"),
    ("opengradient/eip712_vectors.json", "digests and signatures for the tests of payments"),
    ("nitro_attestation_doc.expected.json", "what another program read in the document beside it"),
    (
        "legacy_v0_signed_response.json",
        "a response taken apart into what is signed; put together again it is imported by `gateway`",
    ),
    ("synthetic/calldata.json", "calldata without transactions; put into some it is imported by `chain`"),
    ("pcr8_only", "a test's settings, with one register that names no build"),
    ("extension-offer-and-receipt_01.json", "an offer by itself, without the document it extends"),
    ("extension-offer-and-receipt_02.json", "an offer by itself"),
    ("extension-offer-and-receipt_03.json", "a receipt by itself"),
    ("extension-offer-and-receipt_04.json", "a receipt by itself"),
    ("extension-offer-and-receipt_05.json", "a receipt by itself"),
    ("payment_identifier_", "a schema of an extension"),
];

#[test]
fn every_capture_among_the_vectors_imports_completely() {
    let mut wrong = Vec::new();
    for (name, format, kinds, faults) in FILES {
        let Some(path) = vectors(name) else { return };
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let scene = Scene::new().at("2026-10-04T00:00:00Z");
        let study = scene.read_file(&file, &std::fs::read(path).unwrap());
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

#[test]
fn no_file_among_the_vectors_is_skipped_in_silence() {
    let mut unlisted = Vec::new();
    for folder in ["opengradient", "nitro", "x402"] {
        let Some(root) = vectors(folder) else { return };
        let root = root.parent().unwrap().to_owned();
        for path in files(folder) {
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            let is_capture = FILES.iter().any(|(listed, ..)| *listed == name);
            let reasons = NO_SOURCES.iter().filter(|(part, _)| name.contains(part)).count();
            let start = std::fs::read(&path).unwrap();
            let told = tell(&start[..start.len().min(TELL)]);
            if is_capture == (reasons == 1) || reasons > 1 || told.is_some() != is_capture {
                unlisted.push(format!("{name}: capture {is_capture}, reasons {reasons}, told {told:?}"));
            }
        }
    }
    assert!(unlisted.is_empty(), "{}", unlisted.join("\n"));
    // And no line of the lists is about nothing.
    let all: BTreeSet<String> = ["opengradient", "nitro", "x402"]
        .iter()
        .flat_map(|folder| files(folder))
        .map(|path: std::path::PathBuf| path.to_string_lossy().into_owned())
        .collect();
    for (part, reason) in NO_SOURCES {
        assert!(all.iter().any(|path| path.contains(part)), "{part} ({reason}) is no file");
        assert!(!Path::new(part).is_absolute());
    }
}
