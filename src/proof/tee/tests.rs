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
