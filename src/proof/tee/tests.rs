//! Requests whose signed form is known, and keys that must be refused.

use super::*;
use crate::proof::python_json::parse;

fn canonical(request: &str, scheme: Scheme) -> Result<String, Unsignable> {
    canonical_request(&parse(request).unwrap().value, scheme)
}

#[test]
fn only_what_is_signed_is_in_the_canonical_request() {
    let request = r#"{"model":"m","stream":true,"top_p":0.5,"n":2,"tool_choice":"auto","max_tokens":null,"stop":[],
        "tools":[],"response_format":null,"web_search":0,"messages":[
        {"role":"developer","content":"d","name":"x"},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]},
        {"role":"tool","content":"t","tool_call_id":"c"},{"role":"function","content":"r","name":"f"}]}"#;
    assert_eq!(
        canonical(request, Scheme::V1).unwrap(),
        r#"{"messages": [{"content": "d", "role": "system"}, {"content": "", "role": "assistant", "tool_calls": "#
            .to_owned()
            + r#"[{"function": {"arguments": "{}", "name": "f"}, "id": "c", "type": "function"}]}, "#
            + r#"{"content": "t", "role": "tool", "tool_call_id": "c"}, {"content": "r", "name": "f", "#
            + r#""role": "function"}], "model": "m", "temperature": 0.0}"#
    );
}

#[test]
fn a_list_is_signed_in_two_ways_and_text_in_one() {
    let list = r#"{"model":"m","temperature":1,"messages":[{"role":"user","content":[{"type":"text","text":"hi"},
        {"type":"file","file":{"filename":"a.pdf","file_data":"AAAA"}},"loose"]}]}"#;
    let parts = r#"[{"text": "hi", "type": "text"}, {"filename": "a.pdf", "type": "file"}, {"text": "loose", "type": "text"}]"#;
    assert!(canonical(list, Scheme::V1b).unwrap().contains(parts));
    assert!(canonical(list, Scheme::V1a).unwrap().contains(
        "[{'type': 'text', 'text': 'hi'}, {'type': 'file', 'file': {'filename': 'a.pdf', 'file_data': 'AAAA'}}, 'loose']"
    ));
    let schemes = |request: &str, scheme| -> Vec<_> {
        let found = readings(&parse(request).unwrap().value, scheme).unwrap();
        found.into_iter().map(|reading| reading.scheme).collect()
    };
    assert_eq!(schemes(list, None), [Scheme::V1, Scheme::V1a, Scheme::V0]);
    let text = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
    assert_eq!(schemes(text, None), [Scheme::V1, Scheme::V0]);
    assert_eq!(schemes(text, Some(Scheme::V1)), [Scheme::V1]);
}

#[test]
fn a_request_no_gateway_could_sign_says_why() {
    for request in [
        "[]",
        r#"{"messages":[]}"#,
        r#"{"model":"m"}"#,
        r#"{"model":"m","messages":{}}"#,
        r#"{"model":"m","messages":[{"role":"root","content":""}]}"#,
        r#"{"model":"m","prompt":"p","temperature":"hot"}"#,
    ] {
        assert!(canonical(request, Scheme::V1).is_err(), "{request}");
    }
}

#[test]
fn the_signed_output_is_the_answer_or_the_tool_calls() {
    let output = |response: &str| output_text(&parse(response).unwrap().value);
    for (response, text) in [
        (r#"{"choices":[{"message":{"content":"Hi 😀"},"finish_reason":"stop"}]}"#, "Hi 😀"),
        (r#"{"choices":[{"message":{"content":null}}]}"#, ""),
        (r#"{"choices":[{"message":{"content":[{"text":"a"},{"type":"image"},"b"]}}]}"#, "ab"),
        (r#"{"choices":[{"text":" a time"}]}"#, " a time"),
        (
            r#"{"choices":[{"message":{"content":"x","tool_calls":[{"id":"c","a":1}]},"finish_reason":"tool_calls"}]}"#,
            r#"[{"a": 1, "id": "c"}]"#,
        ),
        (r#"{"choices":[{"message":{"content":"x","tool_calls":[]},"finish_reason":"stop"}]}"#, "x"),
    ] {
        assert_eq!(output(response).as_deref(), Ok(text));
    }
    assert!(output("{}").is_err());
    assert!(output(r#"{"choices":[{"message":{"content":"\ud800"}}]}"#).is_err());
}

#[test]
fn what_is_no_enclave_key_is_refused() {
    for der in [&[][..], &[0x30, 0x00], &[0x30, 0x80], &[0xff; 300], &[0; 5000]] {
        assert!(EnclaveKey::parse(der).is_err());
    }
}

/// DER of one value: tag, length in its shortest form, content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let header = match length {
        0..=127 => vec![tag, length as u8],
        128..=255 => vec![tag, 0x81, length as u8],
        256..=65_535 => vec![tag, 0x82, (length >> 8) as u8, length as u8],
        _ => vec![tag, 0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8],
    };
    [header, content.to_vec()].concat()
}

fn spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let pkcs1 = der(0x30, &[der(0x02, modulus), der(0x02, exponent)].concat());
    let algorithm = hex::decode("300d06092a864886f70d0101010500").unwrap();
    der(0x30, &[algorithm, der(0x03, &[vec![0], pkcs1].concat())].concat())
}

#[test]
fn rsa_keys_of_the_wrong_size_or_arithmetic_are_refused() {
    let modulus = |bytes: usize, low: u8| [vec![0, 0xff], vec![0x55; bytes - 2], vec![low]].concat();
    let f4 = [1, 0, 1];
    assert_eq!(EnclaveKey::parse(&spki(&modulus(256, 1), &f4)).map(|key| key.bits()), Ok(2048));
    for (modulus, exponent, what) in [
        (modulus(256, 2), &f4[..], "an even RSA modulus"),
        (modulus(256, 1), &[1], "an RSA exponent below 3"),
        (modulus(256, 1), &[4], "an even RSA exponent"),
        (modulus(256, 1), &[2, 0, 0, 0, 1], "an RSA exponent above 33 bits"),
        (modulus(255, 1), &f4, "an RSA modulus of 2048 to 8192 bits is needed"),
        (modulus(1025, 1), &f4, "an RSA modulus of 2048 to 8192 bits is needed"),
        (modulus(12_500, 1), &f4, "a key is at most 2048 bytes of DER"),
    ] {
        assert_eq!(EnclaveKey::parse(&spki(&modulus, exponent)).map_err(|fault| fault.what), Err(what));
    }
}
