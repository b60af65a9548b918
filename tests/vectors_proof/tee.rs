//! Signed responses: a real one of scheme v0, and the v1 cases with their negatives.

use crate::folder::json;
use backtrail::model::Hash;
use backtrail::proof::malformed::base64_bytes;
use backtrail::proof::python_json::{float_repr, parse};
use backtrail::proof::tee::{
    EnclaveKey, Scheme, canonical_request, message_hash, output_hash, readings, request_hash, v0_signed_text,
};
use serde_json::Value;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn pem_bytes(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    base64_bytes(&body).unwrap()
}

#[test]
fn every_v1_case_holds_or_fails_as_published() {
    let Some(vectors) = json("opengradient/synthetic/tee_signature_v1.json") else { return };
    let key = EnclaveKey::parse(&base64_bytes(text(&vectors, "spki_der_base64")).unwrap()).unwrap();
    assert_eq!(key.tee_id(), Hash::parse(text(&vectors, "tee_id")).unwrap());
    let cases = vectors["cases"].as_array().unwrap();
    for case in cases {
        let scheme = Scheme::of(text(case, "scheme")).unwrap();
        let request = parse(&case["canonical_request"].to_string()).unwrap().value;
        let canonical = canonical_request(&request, scheme).unwrap();
        assert_eq!(canonical, text(case, "canonical_request_utf8"));
        let recorded_request = Hash::parse(text(case, "request_hash")).unwrap();
        let recorded_output = Hash::parse(text(case, "output_hash")).unwrap();
        let message =
            message_hash(&recorded_request, &recorded_output, case["tee_timestamp"].as_u64().unwrap());
        let signature = base64_bytes(text(case, "tee_signature")).unwrap();
        let found = (
            request_hash(&canonical, scheme) == recorded_request,
            output_hash(text(case, "output_string")) == recorded_output,
            key.verifies_v1(&message.0, &signature),
        );
        let expected = match text(case, "expect").split(' ').next().unwrap() {
            "valid" => (true, true, true),
            "output_hash_mismatch" => (true, false, true),
            "request_hash_mismatch" => (false, true, text(case, "name") == "neg_model_swapped"),
            "bad_signature" => (true, true, false),
            other => panic!("{other}"),
        };
        assert_eq!(found, expected, "{}", text(case, "name"));
    }
    assert_eq!(cases.len(), 16);
    for float in vectors["python_float_repr"].as_array().unwrap() {
        let bits = u64::from_str_radix(&text(float, "bits")[2..], 16).unwrap();
        assert_eq!(float_repr(f64::from_bits(bits)), text(float, "json"));
    }
}

#[test]
fn a_whole_exchange_of_the_gateway_holds() {
    let Some(exchange) = json("opengradient/synthetic/gateway_chat_exchange.json") else { return };
    let request = parse(&exchange["request_body"].to_string()).unwrap().value;
    let response = &exchange["response_body"];
    let recorded = Hash::parse(text(response, "tee_request_hash"));
    let found = readings(&request, None).unwrap();
    assert_eq!(found.iter().find(|r| Some(r.hash) == recorded).map(|r| r.scheme), Some(Scheme::V1));
    let output = backtrail::proof::tee::output_text(&parse(&response.to_string()).unwrap().value).unwrap();
    assert_eq!(Some(output_hash(&output)), Hash::parse(text(response, "tee_output_hash")));
}

#[test]
fn the_real_v0_response_holds_and_any_change_to_it_does_not() {
    let Some(vector) = json("opengradient/legacy_v0_signed_response.json") else { return };
    let key = EnclaveKey::parse(&pem_bytes(text(&vector, "public_key_pem"))).unwrap();
    let signature = base64_bytes(text(&vector, "signature_b64")).unwrap();
    let request = parse(text(&vector, "request_canonical_json")).unwrap().value;
    let hash = request_hash(&canonical_request(&request, Scheme::V0).unwrap(), Scheme::V0);
    assert_eq!(hash.hex(), text(&vector, "request_hash_sha256"));
    let signed = v0_signed_text(&parse(text(&vector, "signed_message_utf8")).unwrap().value).unwrap();
    assert_eq!(signed, text(&vector, "signed_message_utf8"));
    assert!(key.verifies_v0(signed.as_bytes(), &signature));
    assert!(!key.verifies_v1(signed.as_bytes(), &signature), "salt 222 is not salt 32");
    assert!(!key.verifies_v0(signed.replace("today", "Today").as_bytes(), &signature));
    let mut flipped = signature.clone();
    flipped[100] ^= 1;
    assert!(!key.verifies_v0(signed.as_bytes(), &flipped));
}
