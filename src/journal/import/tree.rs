//! OpenZeppelin `standard-v1` tree dumps, as facilitators put them on Walrus → settlements and what their leaves name.

use super::json::Value;
use super::value::{Members, list, number, unix};
use super::{Context, Out};
use crate::model::Nanos;

/// One leaf's values, in the order of `leafEncoding`.
pub(super) fn translate(value: &Value<'_, '_>, context: &Context, out: &mut Out) {
    let members = &value.members;
    let nodes = members.list("tree").unwrap_or_default();
    let Some(root) = nodes.first().and_then(|raw| super::value::text(raw)) else {
        return out.fault(&value.origin, "a tree without nodes");
    };
    let leaves = leaves(members);
    let latest = leaves.iter().filter_map(|leaf| leaf.at).max();
    let Some(at) = latest.or(context.at) else {
        let reason = "kept, not mapped: the leaves of this generation hold no time; --assume-at gives one, or put the \
                      chain's BatchSettlement logs and the block beside it";
        return out.fault(&value.origin, reason);
    };
    let raw = std::str::from_utf8(value.origin.bytes).unwrap_or_default();
    let keys: Vec<String> = leaves.iter().map(Leaf::key).collect();
    let mut line = out.record("settlement", &format!("batch:{}", root.to_lowercase()), at);
    line.text("mode", "batch").text("state", "pending").text("merkle_root", &root);
    line.number("batch_size", leaves.len() as u64).raw("tree", raw).texts("leaf_keys", &keys);
    // The time is the last leaf's, not the settlement's.
    line.assume("at").assume("state").finish(&value.origin);
}

struct Leaf {
    input: String,
    output: String,
    at: Option<Nanos>,
}

impl Leaf {
    /// What joins it with an inference.
    fn key(&self) -> String {
        format!("{}:{}", bare(&self.input), bare(&self.output))
    }
}

fn bare(text: &str) -> String {
    text.trim_start_matches("0x").to_lowercase()
}

/// G3 leaves are five values with the time last, G2 three, G1 two (PROOFS §5).
fn leaves(members: &Members<'_>) -> Vec<Leaf> {
    let values = members.list("values").unwrap_or_default().into_iter();
    values
        .filter_map(|raw| {
            let fields = Members::parse(raw.get())?.get("value").and_then(list)?;
            let text = |n: usize| {
                fields.get(n).and_then(|raw| super::value::text(raw)).unwrap_or_default().into_owned()
            };
            let (input, output) = if fields.len() == 5 { (1, 2) } else { (0, 1) };
            let at = fields.get(4).and_then(|raw| number(raw)).and_then(unix);
            Some(Leaf { input: text(input), output: text(output), at })
        })
        .collect()
}
