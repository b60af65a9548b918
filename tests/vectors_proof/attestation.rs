//! Real Nitro attestation documents of five producers, and what any change to them does.

use crate::folder::{bytes, json, text};
use backtrail::model::Hash;
use backtrail::proof::attestation::{AWS_ROOT_G1, Document, EXAMPLE_NONCE, pcr_hash};
use backtrail::proof::malformed::{base64_bytes, hex_array};

fn opengradient() -> Option<Vec<u8>> {
    let text = text("nitro/opengradient-og-evm_attestation_doc.bin")?;
    Some(base64_bytes(text.trim()).unwrap())
}

#[test]
fn every_real_document_verifies_at_its_own_time_under_the_aws_root() {
    let Some(opengradient) = opengradient() else { return };
    let evervault = text("nitro/evervault/valid-attestation-doc-base64").unwrap();
    for (name, document, debug) in [
        ("opengradient", opengradient, false),
        ("base", bytes("nitro/base_nitro-validator_attestation.bin").unwrap(), false),
        ("evervault", base64_bytes(evervault.trim()).unwrap(), true),
        ("evervault beta", bytes("nitro/evervault/beta_valid-attestation-doc-bytes").unwrap(), false),
        ("evervault debug", bytes("nitro/evervault/beta_debug-mode-attestation-doc-bytes").unwrap(), true),
    ] {
        let document = Document::parse(&document).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(document.chain_root(), Ok(AWS_ROOT_G1), "{name}");
        assert!(document.signature_holds(), "{name}");
        assert_eq!(document.is_debug(), debug, "{name}");
        let mut later = document.clone();
        later.timestamp_ms += 4 * 3_600_000;
        assert!(later.chain_root().is_err(), "{name}: a leaf lives three hours");
    }
}

#[test]
fn opengradients_document_says_what_is_published_of_it() {
    let Some(document) = opengradient() else { return };
    let expected = json("opengradient/attestation/nitro_attestation_doc.expected.json").unwrap();
    let document = Document::parse(&document).unwrap();
    let field = |name: &str| expected[name].as_str().unwrap();
    assert_eq!(document.module_id, field("module_id"));
    assert_eq!(document.timestamp_ms, expected["timestamp_ms"].as_u64().unwrap());
    assert_eq!(document.pcrs.len(), 16);
    for (number, value) in &document.pcrs {
        assert_eq!(hex::encode(value), expected["pcrs"][number.to_string()].as_str().unwrap());
    }
    assert_eq!(document.pcr_hash(), Hash::parse(field("pcr_hash_keccak")));
    let bound = document.bound_keys().unwrap();
    assert_eq!(bound.tls_certificate.hex(), field("tls_cert_sha256"));
    assert_eq!(bound.signing_key.hex(), field("signing_key_sha256"));
    assert_eq!(document.nonce.as_deref(), Some(EXAMPLE_NONCE));
    assert_eq!(document.public_key.as_deref(), Some(&b"dummy"[..]));
}

#[test]
fn openssl_says_the_same_of_the_documents_signature() {
    use backtrail::model::Step;
    use backtrail::proof::ladder::{CheckedEnclave, EnclaveRecord};
    use backtrail::proof::trust::Trust;
    let Some(document) = text("nitro/opengradient-og-evm_attestation_doc.bin") else { return };
    let key = json("opengradient/legacy_v0_signed_response.json").unwrap();
    let key: String =
        key["public_key_pem"].as_str().unwrap().lines().filter(|l| !l.starts_with('-')).collect();
    let record = EnclaveRecord {
        public_key: Some(&key),
        attestation: Some(document.trim()),
        ..EnclaveRecord::default()
    };
    let enclave = CheckedEnclave::check(&record, &Trust::default());
    let result = enclave.attestation_result();
    assert_eq!(result.step, Step::Attestation);
    let command = result.reproduce.as_ref().unwrap();
    let run = |command: &str| {
        let output = std::process::Command::new("bash").args(["-c", command]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    if run("openssl version").is_empty() {
        println!("skipped: openssl is not installed");
        return;
    }
    assert!(run(&command.to_string()).contains(command.expects()));
}

#[test]
fn an_enclave_in_debug_mode_is_a_finding() {
    use backtrail::proof::malformed::base64_text;
    use backtrail::store::Case;
    use backtrail::work::ingest::{Watcher, ingest};
    use backtrail::work::study::Study;
    use backtrail::work::verify::{Pins, verify};
    let Some(key) = json("opengradient/legacy_v0_signed_response.json") else { return };
    let key: String =
        key["public_key_pem"].as_str().unwrap().lines().filter(|l| !l.starts_with('-')).collect();
    let tee_id = backtrail::proof::tee::tee_id(&base64_bytes(&key).unwrap());
    let found = |document: &[u8]| -> Vec<String> {
        let lines = format!(
            "{{\"kind\":\"journal\",\"id\":\"j\",\"at\":\"2026-10-01T00:00:00Z\",\"spec\":\"backtrail/1\"}}\n\
             {{\"kind\":\"enclave\",\"id\":\"e\",\"at\":\"2026-10-01T01:00:00Z\",\"tee_id\":\"0x{tee_id}\",\"state\":\"registered\",\"public_key\":\"{key}\",\"attestation\":\"{}\"}}\n\
             {{\"kind\":\"inference\",\"id\":\"r\",\"at\":\"2026-10-01T02:00:00Z\",\"agent\":\"a\",\"model\":\"m\",\"tee_id\":\"0x{tee_id}\"}}\n",
            base64_text(document)
        );
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("j.jsonl");
        std::fs::write(&journal, lines).unwrap();
        let mut case = Case::create_or_open(&folder.path().join("a.case")).unwrap();
        ingest(&mut case, &[journal], &mut Watcher::none()).unwrap();
        verify(&mut case, &Pins::default(), &mut Watcher::none()).unwrap();
        Study::open(case.path()).unwrap().findings.into_iter().map(|finding| finding.rule).collect()
    };
    let debug = bytes("nitro/evervault/beta_debug-mode-attestation-doc-bytes").unwrap();
    let closed = bytes("nitro/evervault/beta_valid-attestation-doc-bytes").unwrap();
    assert!(found(&debug).contains(&"debug-enclave".to_owned()), "{:?}", found(&debug));
    assert!(!found(&closed).contains(&"debug-enclave".to_owned()), "{:?}", found(&closed));
}

#[test]
fn any_flipped_byte_of_a_real_document_is_told() {
    let Some(whole) = opengradient() else { return };
    for at in (0..whole.len()).step_by(23) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        let holds = Document::parse(&changed)
            .is_ok_and(|document| document.signature_holds() && document.chain_root() == Ok(AWS_ROOT_G1));
        assert!(!holds, "byte {at}");
    }
}

#[test]
fn a_reversed_or_shortened_bundle_is_no_chain() {
    let Some(document) = opengradient() else { return };
    let mut document = Document::parse(&document).unwrap();
    document.cabundle.reverse();
    assert!(document.chain_root().is_err());
    document.cabundle.reverse();
    document.cabundle.remove(1);
    assert!(document.chain_root().is_err());
    document.cabundle.remove(0);
    assert_ne!(document.chain_root(), Ok(AWS_ROOT_G1));
}

#[test]
fn every_published_gateway_build_has_its_published_hash() {
    let Some(builds) = json("opengradient/tee_gateway_pcr_releases.json") else { return };
    let builds = builds["releases"].as_array().unwrap();
    for build in builds {
        let pcr = |name: &str| hex_array(build[name].as_str().unwrap()).unwrap();
        let hash = Hash::parse(build["pcr_hash"].as_str().unwrap()).unwrap();
        assert_eq!(pcr_hash(&pcr("pcr0"), &pcr("pcr1"), &pcr("pcr2")), hash);
    }
    assert!(builds.len() >= 10);
}
