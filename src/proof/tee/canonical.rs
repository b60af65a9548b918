//! The part of a request and of a response that is signed. Everything else is not: tool_choice, top_p, n, seed, stream,
//! image bytes.

use super::Scheme;
use crate::proof::python_json::{Json, Text};
use std::fmt;

/// Why no gateway could have signed a request or response of this shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsignable(pub &'static str);

impl fmt::Display for Unsignable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The text whose hash is the request hash under a scheme.
pub fn canonical_request(request: &Json, scheme: Scheme) -> Result<String, Unsignable> {
    let Json::Object(_) = request else { return Err(Unsignable("the request is not a JSON object")) };
    if scheme == Scheme::V0 {
        return Ok(request.dumps());
    }
    let model = request.given("model").ok_or(Unsignable("the request names no model"))?;
    let mut signed = vec![("model", model.clone()), ("temperature", Json::Float(temperature(request)?))];
    match (request.given("messages"), request.given("prompt")) {
        (Some(messages), _) => signed.push(("messages", canonical_messages(messages, scheme)?)),
        (None, Some(prompt)) => signed.push(("prompt", prompt.clone())),
        (None, None) => return Err(Unsignable("the request has neither messages nor prompt")),
    }
    signed.extend(request.given("max_tokens").map(|value| ("max_tokens", value.clone())));
    for name in ["stop", "tools", "response_format"] {
        signed.extend(truthy(request, name).map(|value| (name, value.clone())));
    }
    signed.extend(truthy(request, "web_search").map(|_| ("web_search", Json::Bool(true))));
    Ok(object(signed).dumps())
}

/// The text whose hash is the output hash: the answer, or the tool calls in Python-form JSON.
pub fn output_text(response: &Json) -> Result<String, Unsignable> {
    let choice = response.member("choices").and_then(Json::as_list).and_then(<[Json]>::first);
    let choice = choice.ok_or(Unsignable("the response has no choices"))?;
    if let Some(text) = choice.member("text") {
        return plain(text).ok_or(Unsignable("the completion's text is not text"));
    }
    let message = choice.member("message").ok_or(Unsignable("the first choice has no message"))?;
    let finish = choice.member("finish_reason").and_then(Json::as_str);
    match message.member("tool_calls") {
        Some(calls @ Json::List(_)) if finish == Some("tool_calls") => Ok(calls.dumps()),
        _ => match message.member("content") {
            Some(Json::List(parts)) => parts.iter().map(part_text).collect(),
            Some(content @ Json::Text(_)) => plain(content)
                .ok_or(Unsignable("the answer holds a lone surrogate, which UTF-8 cannot carry")),
            _ => Ok(String::new()),
        },
    }
}

fn part_text(part: &Json) -> Result<String, Unsignable> {
    match part {
        Json::Object(_) => match part.member("text") {
            None => Ok(String::new()),
            Some(text) => plain(text).ok_or(Unsignable("a content part's text is not text")),
        },
        other => {
            python_str(other).as_str().map(str::to_owned).ok_or(Unsignable("a lone surrogate in the answer"))
        }
    }
}

fn plain(value: &Json) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn temperature(request: &Json) -> Result<f64, Unsignable> {
    match request.given("temperature") {
        None => Ok(0.0),
        Some(value) => value.to_float().ok_or(Unsignable("the temperature is not a number")),
    }
}

fn canonical_messages(messages: &Json, scheme: Scheme) -> Result<Json, Unsignable> {
    let messages = messages.as_list().ok_or(Unsignable("messages is not a list"))?;
    messages
        .iter()
        .map(|message| canonical_message(message, scheme))
        .collect::<Result<_, _>>()
        .map(Json::List)
}

fn canonical_message(message: &Json, scheme: Scheme) -> Result<Json, Unsignable> {
    let field = |name| message.member(name).cloned().unwrap_or(Json::Null);
    let role = message.member("role").and_then(Json::as_str).unwrap_or_default();
    Ok(match role {
        "system" | "developer" => object(vec![("role", Json::text("system")), ("content", field("content"))]),
        "user" => {
            object(vec![("role", Json::text("user")), ("content", user_content(&field("content"), scheme))])
        }
        "assistant" => assistant_message(message)?,
        "tool" => object(vec![
            ("role", Json::text("tool")),
            ("content", field("content")),
            ("tool_call_id", field("tool_call_id")),
        ]),
        "function" => object(vec![
            ("role", Json::text("function")),
            ("content", field("content")),
            ("name", field("name")),
        ]),
        _ => return Err(Unsignable("a message has a role no gateway knows")),
    })
}

fn assistant_message(message: &Json) -> Result<Json, Unsignable> {
    let content = truthy(message, "content").cloned().unwrap_or_else(|| Json::text(""));
    let mut signed = vec![("role", Json::text("assistant")), ("content", content)];
    if let Some(calls) = truthy(message, "tool_calls") {
        let calls = calls.as_list().ok_or(Unsignable("tool_calls is not a list"))?;
        let calls = calls.iter().map(tool_call).collect::<Result<_, _>>()?;
        signed.push(("tool_calls", Json::List(calls)));
    }
    Ok(object(signed))
}

fn tool_call(call: &Json) -> Result<Json, Unsignable> {
    let Json::Object(_) = call else { return Err(Unsignable("a tool call is not an object")) };
    let or = |value: &Json, name, default| value.member(name).cloned().unwrap_or_else(|| Json::text(default));
    let empty = Json::Object(Vec::new());
    let function = call.member("function").unwrap_or(&empty);
    let Json::Object(_) = function else { return Err(Unsignable("a tool call's function is not an object")) };
    Ok(object(vec![
        ("id", or(call, "id", "")),
        ("type", or(call, "type", "function")),
        (
            "function",
            object(vec![("name", or(function, "name", "")), ("arguments", or(function, "arguments", ""))]),
        ),
    ]))
}

fn user_content(content: &Json, scheme: Scheme) -> Json {
    match content {
        Json::Text(_) => content.clone(),
        Json::List(parts) if scheme != Scheme::V1a => Json::List(parts.iter().map(canonical_part).collect()),
        other => python_str(other),
    }
}

/// v1b: text verbatim, every attachment reduced to its type and filename.
fn canonical_part(part: &Json) -> Json {
    let Json::Object(_) = part else {
        return object(vec![("type", Json::text("text")), ("text", python_str(part))]);
    };
    let kind = part.member("type").cloned().unwrap_or(Json::Null);
    if kind.as_str() == Some("text") {
        let text = truthy(part, "text").cloned().unwrap_or_else(|| Json::text(""));
        return object(vec![("type", kind), ("text", text)]);
    }
    let inner = part.member("file").and_then(|file| truthy(file, "filename"));
    let filename = inner.or_else(|| truthy(part, "filename"));
    let mut signed = vec![("type", kind)];
    signed.extend(filename.map(|name| ("filename", name.clone())));
    object(signed)
}

/// Python's `str(value)`: a string is itself, anything else its `repr`.
fn python_str(value: &Json) -> Json {
    match value {
        Json::Text(_) => value.clone(),
        other => Json::text(&other.python_repr()),
    }
}

fn truthy<'a>(value: &'a Json, name: &str) -> Option<&'a Json> {
    value.member(name).filter(|member| member.is_truthy())
}

fn object(members: Vec<(&str, Json)>) -> Json {
    Json::Object(members.into_iter().map(|(name, value)| (Text::from(name), value)).collect())
}
