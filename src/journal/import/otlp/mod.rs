//! OpenTelemetry spans with GenAI semantic conventions → inferences and actions; other spans are kept as spans.
//!
//! ```text
//! gen_ai.operation.name  chat, text_completion, generate_content, embeddings → inference
//!                        execute_tool → action (the tool), invoke_agent and create_agent → action
//! gen_ai.request.model → model        gen_ai.response.model → version, as the provider claims it
//! parent span, span links → parents of an inference, causes of an action
//! ```

mod content;
mod json;
mod proto;

pub(super) use json::translate as translate_json;
pub(super) use proto::{tell as tell_proto, translate as translate_proto};

use super::{Context, Origin, Out};
use crate::model::Nanos;
use serde_json::Value;
use std::borrow::Cow;

/// A span as both encodings give it. Ids are lower-case hex.
#[derive(Debug, Default)]
struct Span<'a> {
    trace: Cow<'a, str>,
    id: Cow<'a, str>,
    parent: Cow<'a, str>,
    name: Cow<'a, str>,
    start: u64,
    end: u64,
    attributes: Attributes<'a>,
    /// Names and attributes of what happened within it.
    events: Vec<(Cow<'a, str>, Attributes<'a>)>,
    links: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    is_error: bool,
}

/// A value: text, or the JSON of anything else.
#[derive(Debug)]
enum Attribute<'a> {
    Text(Cow<'a, str>),
    Json(Cow<'a, str>),
}

impl Attribute<'_> {
    fn json(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(&**text),
            Self::Json(json) => serde_json::from_str(json).unwrap_or_default(),
        }
    }
}

/// Names and values.
#[derive(Debug, Default)]
struct Attributes<'a>(Vec<(Cow<'a, str>, Attribute<'a>)>);

impl<'a> Attributes<'a> {
    fn find(&self, name: &str) -> Option<&Attribute<'a>> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn get(&self, name: &str) -> Option<&str> {
        let (Attribute::Text(text) | Attribute::Json(text)) = self.find(name)?;
        Some(&**text).filter(|text| !text.is_empty())
    }

    fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }
}

/// What a span is to an investigation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Inference,
    Action,
    Span,
}

fn role(attributes: &Attributes<'_>) -> Role {
    match attributes.get("gen_ai.operation.name") {
        Some("chat" | "text_completion" | "generate_content" | "embeddings") => Role::Inference,
        Some("execute_tool" | "invoke_agent" | "create_agent") => Role::Action,
        _ if attributes.get("gen_ai.tool.name").is_some() => Role::Action,
        _ if attributes.first(&["gen_ai.request.model", "gen_ai.response.model"]).is_some() => {
            Role::Inference
        }
        _ => Role::Span,
    }
}

fn write(span: &Span<'_>, resource: &Attributes<'_>, origin: &Origin<'_>, context: &Context, out: &mut Out) {
    if span.trace.len() != 32 || span.id.len() != 16 {
        return out.fault(origin, "a span whose ids are not 16 and 8 bytes");
    }
    let Some(at) = i64::try_from(span.start).ok().filter(|start| *start > 0).map(Nanos) else {
        return out.fault(origin, "a span without startTimeUnixNano, or beyond 2262");
    };
    let own = &span.attributes;
    let either = |names: &[&str]| own.first(names).or_else(|| resource.first(names));
    let node = resource.first(&["service.instance.id", "host.name", "service.name"]);
    let named = either(&["gen_ai.agent.name", "gen_ai.agent.id"]);
    let service = resource.get("service.name");
    let session = own.first(&["gen_ai.conversation.id", "session.id"]);
    let label = |field: &str, value: Option<&str>| context.labels.agent(field, value?);
    let labelled =
        label("session", session).or_else(|| label("agent", named)).or_else(|| label("service", service));
    let agent = labelled.or(named).or(service);
    let role = role(own);
    let kind = match role {
        Role::Inference => "inference",
        Role::Action => "action",
        Role::Span => "span",
    };
    let mut line = out.record(kind, &id(&span.trace, &span.id), at);
    line.maybe("node", node).text("agent", agent.unwrap_or("(unknown)"));
    if labelled.or(named).is_none() {
        line.assume("agent");
    }
    let mut led: Vec<String> = Vec::new();
    if !span.parent.is_empty() && span.parent != "0000000000000000" {
        led.push(id(&span.trace, &span.parent));
    }
    led.extend(span.links.iter().map(|(trace, linked)| id(trace, linked)));
    let error = own.get("error.type").or(if span.is_error { Some("error") } else { None });
    match role {
        Role::Inference => {
            inference(&mut line, own, resource);
            content::write(&mut line, span);
            line.texts("parents", &led).maybe_number("latency_ms", latency(span));
            line.text("status", if error.is_some() { "error" } else { "ok" }).maybe("error", error);
        }
        Role::Action => {
            let tool = own.first(&["gen_ai.tool.name", "gen_ai.operation.name"]);
            line.text("action", tool.unwrap_or(&span.name)).texts("causes", &led);
            line.maybe("tool_call", own.get("gen_ai.tool.call.id")).maybe("error", error);
        }
        Role::Span => {
            line.text("name", &span.name).texts("causes", &led).maybe_number("latency_ms", latency(span));
        }
    }
    line.maybe("session", session).text("span_name", &span.name);
    line.finish(origin);
}

fn inference(line: &mut super::line::Line<'_>, own: &Attributes<'_>, resource: &Attributes<'_>) {
    let answered = own.get("gen_ai.response.model");
    let model = own.get("gen_ai.request.model").or(answered);
    line.text("model", model.unwrap_or("(unknown)"));
    if model.is_none() {
        line.assume("model");
    }
    let deployed = resource.first(&["gen_ai.model.version", "service.version"]);
    line.maybe("version", answered.or(deployed));
    if answered.is_none() && deployed.is_some() {
        // The service's own version, where no model version is said.
        line.assume("version");
    }
    let count = |names: &[&str]| own.first(names).and_then(|text| text.parse().ok());
    line.maybe_number("tokens_in", count(&["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"]));
    line.maybe_number("tokens_out", count(&["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"]));
    line.maybe("response_id", own.get("gen_ai.response.id"));
    line.maybe("provider", own.first(&["gen_ai.provider.name", "gen_ai.system"]));
}

fn id(trace: &str, span: &str) -> String {
    format!("{trace}-{span}")
}

fn latency(span: &Span<'_>) -> Option<u64> {
    (span.end >= span.start).then(|| (span.end - span.start) / 1_000_000)
}
