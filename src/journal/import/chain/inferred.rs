//! Events of the inference precompile of the first SDKs → inferences: a model run inside a transaction, with all it was asked and
//! all it said in the event.

use super::Spot;
use super::abi::{Known, Values, get, text_of};
use super::declared::json;
use crate::journal::import::{Context, Origin, Out};
use serde_json::Value;

pub(super) fn translate(
    known: &Known,
    values: &Values,
    spot: &Spot,
    context: &Context,
    origin: &Origin<'_>,
    out: &mut Out,
) {
    let part = |name: &str| {
        let members =
            known.names.iter().find(|named| named.name == name).map_or(&[][..], |named| &named.members);
        get(values, name).map_or(Value::Null, |value| json(value, members))
    };
    let (request, response) = (part("request"), part("response"));
    let named = text_of(values, "inferenceID");
    // Its own id, told apart by the transaction: a precompile's caller chooses it.
    let id = format!("inference:{}:{}", spot.transaction, spot.index.unwrap_or(0));
    let agent = context.labels.agent("payer", &spot.address);
    let mut line = out.record("inference", &id, spot.at);
    line.text("agent", agent.unwrap_or(&spot.address));
    if agent.is_none() {
        // The event names the contract that emitted it, and not who asked that contract.
        line.assume("agent");
    }
    let model = request["modelCID"].as_str().filter(|model| !model.is_empty());
    line.text("model", model.unwrap_or("(unknown)")).maybe("blob_id", model.filter(|id| is_content_id(id)));
    line.text("inference_id", &named).text("event", &known.event.name);
    line.maybe_number("inference_mode", request["mode"].as_u64());
    line.raw("request", &request.to_string());
    match output(&response) {
        Some(output) => line.text("output", output).raw("answer", &response.to_string()),
        None => line.raw("response", &response.to_string()),
    };
    line.text("status", if spot.status == Some(0) { "error" } else { "ok" });
    line.maybe_number("receipt_status", spot.status);
    spot.write(&mut line, "contract");
    line.finish(origin);
}

/// The text of an answer, where it is one.
fn output(response: &Value) -> Option<&str> {
    let text = response["answer"].as_str().or_else(|| response["message"]["content"].as_str());
    text.filter(|text| !text.is_empty())
}

/// A Walrus blob id or an IPFS CID: other models are named, and named by nothing that could be checked.
fn is_content_id(id: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    id.bytes().all(is_word)
        && (id.len() == 43 || id.starts_with("Qm") && id.len() == 46 || id.starts_with("baf"))
}
