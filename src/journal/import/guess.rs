//! A first map for a source of unknown shape, from the names of its columns and the values in them. A proposal, never applied
//! unasked.

use super::mapping::{first_rows, is_time};
use serde_json::Value;
use std::fmt::Write;

/// Names people give to what a record holds, in lower case without separators, the best first.
const NAMES: [(&str, &[&str]); 22] = [
    ("id", &["id", "requestid", "inferenceid", "eventid", "uuid", "traceid", "messageid", "key"]),
    (
        "at",
        &[
            "at",
            "timestamp",
            "ts",
            "time",
            "createdat",
            "created",
            "datetime",
            "date",
            "eventtime",
            "starttime",
        ],
    ),
    ("node", &["node", "host", "hostname", "server", "instance", "pod", "region"]),
    (
        "agent",
        &[
            "agent",
            "agentid",
            "agentname",
            "user",
            "userid",
            "username",
            "caller",
            "client",
            "customer",
            "bot",
        ],
    ),
    ("model", &["model", "modelname", "modelid", "engine", "requestedmodel"]),
    ("version", &["version", "modelversion", "servedversion", "responsemodel", "release", "build"]),
    ("action", &["action", "category", "event", "operation", "tool", "toolname", "decision"]),
    ("status", &["status", "outcome", "result"]),
    ("error", &["error", "errorclass", "errortype", "exception"]),
    ("tokens_in", &["tokensin", "inputtokens", "prompttokens"]),
    ("tokens_out", &["tokensout", "outputtokens", "completiontokens"]),
    ("latency_ms", &["latencyms", "latency", "durationms", "elapsedms"]),
    ("session", &["session", "sessionid", "conversationid", "threadid"]),
    ("output", &["output", "completion", "answer", "responsetext"]),
    ("parents", &["parents", "parent", "parentid"]),
    ("causes", &["causes", "cause", "causedby", "inferenceid", "requestid"]),
    ("payer", &["payer", "from", "sender"]),
    ("payee", &["payee", "to", "receiver", "recipient"]),
    ("amount", &["amount", "value", "wei"]),
    ("state", &["state", "paymentstate"]),
    ("tx_hash", &["txhash", "transactionhash", "tx"]),
    ("target", &["target", "object", "resource"]),
];

/// Fields of each kind, besides `id` and `at`, with those it cannot be without first.
const KINDS: [(&str, usize, &[&str]); 3] = [
    ("payment", 3, &["payer", "payee", "amount", "state", "session", "tx_hash"]),
    (
        "inference",
        1,
        &[
            "model",
            "agent",
            "node",
            "version",
            "status",
            "error",
            "tokens_in",
            "tokens_out",
            "latency_ms",
            "session",
            "output",
            "parents",
        ],
    ),
    ("action", 1, &["action", "agent", "node", "target", "session", "causes"]),
];

/// A proposed map for a source, with its words; nothing where no record can be made of it.
pub fn guess(bytes: &[u8]) -> Option<String> {
    let is_table = !matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['));
    let rows = first_rows(bytes, is_table, 200);
    let mut paths = Vec::new();
    walk(rows.first()?, "$", 0, &mut paths);
    let find = |field: &str| best(field, &paths, &rows);
    let at = find("at")?;
    let (kind, _, fields) = KINDS
        .iter()
        .find(|(_, needed, fields)| fields[..*needed].iter().all(|field| find(field).is_some()))?;
    let mut text = format!(
        "# A guess from the names of columns: check every line before use.\n[[record]]\nkind = \"{kind}\"\n"
    );
    match find("id") {
        Some(id) => writeln!(text, "id = {}", quoted(&id)).ok()?,
        None => writeln!(
            text,
            "# no column looks like an id: name one, or nothing can be told apart\nid = \"$.id\""
        )
        .ok()?,
    }
    writeln!(text, "at = {}", quoted(&at)).ok()?;
    let mut used = vec![at];
    for field in *fields {
        let found = find(field).filter(|path| !used.contains(path));
        match (found, *field, *kind) {
            (Some(path), ..) => {
                writeln!(text, "{field} = {}", quoted(&path)).ok()?;
                used.push(path);
            }
            (None, "agent", _) => text.push_str("agent = \"=(unknown)\"   # no column names one\n"),
            (None, "state", "payment") => text.push_str("state = \"=settled\"     # no column says: check\n"),
            _ => {}
        }
    }
    if *kind == "payment" {
        text.push_str(
            "asset = \"$.asset\"       # JSON: {\"symbol\":…,\"decimals\":…,\"chain_id\":…,\"contract\":…}\n",
        );
    }
    Some(text)
}

/// Paths of a row's values, two levels down.
fn walk(value: &Value, path: &str, depth: usize, found: &mut Vec<String>) {
    let Some(object) = value.as_object() else { return };
    for (name, inner) in object {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let path = if plain { format!("{path}.{name}") } else { format!("{path}['{name}']") };
        if inner.is_object() && depth < 3 {
            walk(inner, &path, depth + 1, found);
        } else {
            found.push(path);
        }
    }
}

/// The path whose last name, or last two names, are the field's; of a time, only one whose values mostly read as times.
fn best(field: &str, paths: &[String], rows: &[Value]) -> Option<String> {
    let (_, names) = NAMES.iter().find(|(known, _)| *known == field)?;
    let fits = |path: &&String| {
        field != "at" || {
            let pointer = path.trim_start_matches('$').replace("['", ".").replace("']", "").replace('.', "/");
            let values: Vec<_> = rows.iter().take(20).filter_map(|row| row.pointer(&pointer)).collect();
            values.iter().filter(|value| is_time(value)).count() * 2 > values.len()
        }
    };
    names.iter().find_map(|name| {
        let same = |path: &&String| {
            let parts: Vec<String> = path.split(['.', '[']).skip(1).map(bare).collect();
            let last = parts.last().cloned().unwrap_or_default();
            let two = parts.iter().rev().take(2).rev().cloned().collect::<String>();
            last == *name || two == *name
        };
        paths.iter().filter(same).find(fits).cloned()
    })
}

fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

fn quoted(path: &str) -> String {
    toml::Value::from(path).to_string()
}
