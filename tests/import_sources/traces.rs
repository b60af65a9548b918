//! What OpenTelemetry spans hold of requests and answers: lists, messages as attributes and as events of older conventions.

use crate::{Scene, only};
use serde_json::{Value, json};

/// OTLP's form of a JSON value.
fn any(value: &Value) -> Value {
    match value {
        Value::String(text) => json!({"stringValue": text}),
        Value::Bool(truth) => json!({"boolValue": truth}),
        Value::Number(number) if number.is_i64() => json!({"intValue": number.to_string()}),
        Value::Number(number) => json!({"doubleValue": number}),
        Value::Array(values) => json!({"arrayValue": {"values": values.iter().map(any).collect::<Vec<_>>()}}),
        Value::Object(_) => json!({"kvlistValue": {"values": pairs(value)}}),
        Value::Null => json!({}),
    }
}

fn pairs(object: &Value) -> Vec<Value> {
    object.as_object().unwrap().iter().map(|(key, value)| json!({"key": key, "value": any(value)})).collect()
}

fn inference(attributes: &Value, events: &[(&str, Value)]) -> Value {
    let events: Vec<Value> = events
        .iter()
        .map(|(name, attributes)| json!({"name": name, "timeUnixNano": "1774353587500000000", "attributes": pairs(attributes)}))
        .collect();
    let span = json!({"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "chat m",
        "startTimeUnixNano": "1774353587000000000", "endTimeUnixNano": "1774353588000000000", "attributes": pairs(attributes), "events": events});
    let document = json!({"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": [span]}]}]});
    let scene = Scene::of("trace.jsonl", format!("{document}\n"));
    let study = scene.read();
    assert_eq!(scene.faults(), Vec::<String>::new());
    only(&study, "inference")
}

#[test]
fn messages_and_settings_are_a_request_and_texts_are_the_output() {
    let asked = json!([{"role": "user", "parts": [{"type": "text", "content": "price of x?"}]}]);
    let answered =
        json!([{"role": "assistant", "parts": [{"type": "text", "content": "41"}], "finish_reason": "stop"}]);
    let with = |input: &Value, output: &Value| {
        inference(
            &json!({"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.request.temperature": 0.5,
                "gen_ai.request.stop_sequences": ["\n"], "gen_ai.response.finish_reasons": ["stop"], "gen_ai.input.messages": input,
                "gen_ai.output.messages": output, "gen_ai.unheard.of": 1}),
            &[],
        )
    };
    // Structured, and as JSON in a string: instrumentations write both.
    let text = |value: &Value| Value::from(value.to_string());
    for record in [with(&asked, &answered), with(&text(&asked), &text(&answered))] {
        assert_eq!(
            record["request"],
            json!({"model": "m", "temperature": 0.5, "stop_sequences": ["\n"], "messages": asked})
        );
        assert_eq!((&record["output"], &record["finish_reasons"]), (&json!("41"), &json!(["stop"])));
        assert_eq!(record["unmapped"], json!(["gen_ai.unheard.of"]));
    }
    // An answer that is not text alone is kept whole; one that was cut is named as not read.
    let calls =
        json!([{"role": "assistant", "parts": [{"type": "tool_call", "name": "f", "arguments": {}}]}]);
    let record = with(&asked, &calls);
    assert_eq!((&record["response"], &record["output"]), (&json!({"messages": calls}), &Value::Null));
    let record = with(&json!("[{\"role\": \"user\", \"par"), &answered);
    let unmapped = [
        "gen_ai.input.messages",
        "gen_ai.request.stop_sequences",
        "gen_ai.request.temperature",
        "gen_ai.unheard.of",
    ];
    assert_eq!((&record["request"], &record["unmapped"]), (&Value::Null, &json!(unmapped)));
}

#[test]
fn events_of_older_conventions_hold_the_same() {
    let own = json!({"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"});
    let record = inference(
        &own,
        &[
            ("gen_ai.system.message", json!({"content": "be short"})),
            ("gen_ai.user.message", json!({"content": "price?"})),
            (
                "gen_ai.choice",
                json!({"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "41"}}),
            ),
            ("exception", json!({"exception.type": "none of ours"})),
            ("gen_ai.evaluation.result", json!({"score": 1})),
        ],
    );
    let messages = json!([{"role": "system", "content": "be short"}, {"role": "user", "content": "price?"}]);
    assert_eq!(record["request"], json!({"model": "m", "messages": messages}));
    assert_eq!(
        (&record["output"], &record["unmapped"]),
        (&json!("41"), &json!(["gen_ai.evaluation.result"]))
    );
    let record = inference(
        &own,
        &[
            ("gen_ai.content.prompt", json!({"gen_ai.prompt": messages.to_string()})),
            ("gen_ai.content.completion", json!({"gen_ai.completion": "[{\"content\": \"41\"}]"})),
        ],
    );
    assert_eq!((&record["request"]["messages"], &record["output"]), (&messages, &json!("41")));
    let record = inference(
        &own,
        &[(
            "gen_ai.client.inference.operation.details",
            json!({"gen_ai.input.messages": messages.to_string(), "gen_ai.output.messages": "[{\"content\": \"41\"}]"}),
        )],
    );
    assert_eq!((&record["request"]["messages"], &record["output"]), (&messages, &json!("41")));
    // A span without contents says nothing of its request: settings alone would make all requests look alike.
    let record = inference(&json!({"gen_ai.request.model": "m", "gen_ai.request.top_p": 1.0}), &[]);
    assert_eq!((&record["request"], &record["unmapped"]), (&Value::Null, &json!(["gen_ai.request.top_p"])));
}
