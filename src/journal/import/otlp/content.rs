//! What was asked and answered, where the instrumentation recorded it: message attributes, and the events of older conventions.
//!
//! ```text
//! gen_ai.input.messages, .system_instructions, gen_ai.tool.definitions, gen_ai.request.*      → request
//! gen_ai.output.messages                                                                       → output, else response
//! events gen_ai.client.inference.operation.details    the same attributes, beside the span
//!        gen_ai.content.prompt, .completion            gen_ai.prompt, gen_ai.completion
//!        gen_ai.system|user|assistant|tool.message     one message each;  gen_ai.choice  an answer
//! ```
//! A request is written only with its messages: settings alone are no request. What of GenAI is not read is named in
//! `unmapped`.

use super::{Attribute, Attributes, Span};
use crate::journal::import::line::Line;
use serde_json::{Map, Value, json};

/// Attributes that are read, by their names after `gen_ai.`.
const READ: [&str; 22] = [
    "operation.name",
    "provider.name",
    "system",
    "request.model",
    "response.model",
    "response.id",
    "agent.name",
    "agent.id",
    "conversation.id",
    "usage.input_tokens",
    "usage.output_tokens",
    "usage.prompt_tokens",
    "usage.completion_tokens",
    "model.version",
    "tool.name",
    "tool.call.id",
    "input.messages",
    "output.messages",
    "system_instructions",
    "tool.definitions",
    "prompt",
    "completion",
];

pub(super) fn write(line: &mut Line<'_>, span: &Span<'_>) {
    let mut found = Content::default();
    let mut unmapped = Vec::new();
    found.attributes(&span.attributes, &mut unmapped);
    for (name, attributes) in &span.events {
        if !found.event(name, attributes, &mut unmapped) {
            unmapped.push(name.to_string());
        }
    }
    found.write(line, &span.attributes, &mut unmapped);
    unmapped.sort();
    unmapped.dedup();
    line.texts("unmapped", &unmapped);
}

#[derive(Default)]
struct Content {
    asked: Vec<Value>,
    answered: Vec<Value>,
    instructions: Option<Value>,
    tools: Option<Value>,
}

impl Content {
    fn attributes(&mut self, attributes: &Attributes<'_>, unmapped: &mut Vec<String>) {
        for (name, value) in &attributes.0 {
            let Some(name) = name.strip_prefix("gen_ai.") else { continue };
            let is_taken = match name {
                "input.messages" | "prompt" => take(value, &mut self.asked),
                "output.messages" | "completion" => take(value, &mut self.answered),
                "system_instructions" => {
                    self.instructions = parsed(value);
                    self.instructions.is_some()
                }
                "tool.definitions" => {
                    self.tools = parsed(value);
                    self.tools.is_some()
                }
                // Cut by the SDK's limit of an attribute's length, they are no JSON any more.
                _ => {
                    READ.contains(&name) || name.starts_with("request.") || name == "response.finish_reasons"
                }
            };
            if !is_taken {
                unmapped.push(format!("gen_ai.{name}"));
            }
        }
    }

    /// Whether an event is one of GenAI's that is read, or none of GenAI's.
    fn event(&mut self, name: &str, attributes: &Attributes<'_>, unmapped: &mut Vec<String>) -> bool {
        let Some(short) = name.strip_prefix("gen_ai.") else { return true };
        match short {
            "client.inference.operation.details" | "content.prompt" | "content.completion" => {
                self.attributes(attributes, unmapped);
                true
            }
            "choice" => {
                let message =
                    attributes.find("message").and_then(parsed).unwrap_or_else(|| object(attributes));
                self.answered.push(message);
                true
            }
            _ => match short.strip_suffix(".message") {
                Some(role) => {
                    let mut message = object(attributes);
                    if let Some(members) = message.as_object_mut() {
                        members.entry("role").or_insert_with(|| role.into());
                    }
                    self.asked.push(message);
                    true
                }
                None => false,
            },
        }
    }

    fn write(self, line: &mut Line<'_>, own: &Attributes<'_>, unmapped: &mut Vec<String>) {
        let reasons = own.find("gen_ai.response.finish_reasons").and_then(parsed);
        if let Some(reasons @ Value::Array(_)) = reasons {
            line.raw("finish_reasons", &reasons.to_string());
        }
        let settings =
            own.0.iter().filter_map(|(name, value)| Some((name.strip_prefix("gen_ai.request.")?, value)));
        if self.asked.is_empty() {
            let without = settings.filter(|(name, _)| *name != "model");
            unmapped.extend(without.map(|(name, _)| format!("gen_ai.request.{name}")));
        } else {
            let mut request: Map<String, Value> =
                settings.map(|(name, value)| (name.to_owned(), value.json())).collect();
            request.insert("messages".to_owned(), self.asked.into());
            request.extend(self.instructions.map(|value| ("system_instructions".to_owned(), value)));
            request.extend(self.tools.map(|value| ("tools".to_owned(), value)));
            line.raw("request", &Value::Object(request).to_string());
        }
        if self.answered.is_empty() {
            return;
        }
        let texts: Option<Vec<String>> = self.answered.iter().map(text).collect();
        match texts {
            Some(texts) => line.text("output", &texts.concat()),
            None => line.raw("response", &json!({ "messages": self.answered }).to_string()),
        };
    }
}

/// Messages of a list, or one by itself; a bare text is a message of that text.
fn take(value: &Attribute<'_>, messages: &mut Vec<Value>) -> bool {
    match parsed(value) {
        Some(Value::Array(list)) => messages.extend(list),
        Some(message) => messages.push(message),
        None => return false,
    }
    true
}

/// Structured, or JSON in a string; other text as itself, unless it begins as JSON and is none.
fn parsed(value: &Attribute<'_>) -> Option<Value> {
    let Attribute::Text(text) = value else { return Some(value.json()) };
    match serde_json::from_str(text) {
        Ok(value) => Some(value),
        Err(_) if text.trim_start().starts_with(['{', '[']) => None,
        Err(_) => Some(json!({ "content": text })),
    }
}

fn object(attributes: &Attributes<'_>) -> Value {
    attributes.0.iter().map(|(name, value)| (name.to_string(), value.json())).collect::<Map<_, _>>().into()
}

/// The text of a message that is nothing but text: `content`, or parts that are all of type `text`.
fn text(message: &Value) -> Option<String> {
    if let Some(text) = message["content"].as_str() {
        let calls = &message["tool_calls"];
        return (calls.is_null() || calls.as_array().is_some_and(Vec::is_empty)).then(|| text.to_owned());
    }
    let part = |part: &Value| {
        (part["type"] == "text").then(|| part["content"].as_str().map(str::to_owned)).flatten()
    };
    message["parts"].as_array()?.iter().map(part).collect()
}
