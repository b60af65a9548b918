//! Records of several sources that are about one thing, put together: by hashes, nonces, sessions, ids. Each join says by what
//! and how strongly.
//!
//! ```text
//! leaf      ─ request hash : output hash ─▶ inference      exact, or ambiguous where two inferences have the same hashes
//! event     ─ merkle root ─▶ tree                          exact (one id: `batch:<root>`)
//! header    ─ transaction, blob id ─▶ settlement           named: the gateway's word
//! payment   ─ session ─▶ inferences                        session: a session may outlive its payment
//! transfer  ─ parties, token, amount ─▶ payment            parties: only where exactly one fits
//! ```
//! What is joined is written as the next state of the settlement or payment; the records it was made of stay as they were.

use super::line::{IMPORT_MEMBER, essence};
use crate::model::{Amount, Nanos};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};

/// How a join holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Equal hashes or nonces, and one candidate.
    Exact,
    /// Equal hashes, and more than one candidate: all are linked.
    Ambiguous,
    /// One record names the other, on its writer's word.
    Named,
    /// The same session.
    Session,
    /// The same parties and token, a fitting amount and time, and one candidate.
    Parties,
}

impl Strength {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Ambiguous => "ambiguous",
            Self::Named => "named",
            Self::Session => "session",
            Self::Parties => "parties",
        }
    }
}

/// A settlement, payment or enclave as one source tells it.
struct Part {
    source: String,
    object: Map<String, Value>,
}

impl Part {
    fn text(&self, name: &str) -> Option<&str> {
        self.object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }
}

/// What an inference can be found by.
#[derive(Deserialize)]
struct Inference<'a> {
    #[serde(borrow)]
    id: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    tee_request_hash: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default)]
    tee_output_hash: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default)]
    session: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default)]
    settlement_tx: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default)]
    settlement_blob: Option<std::borrow::Cow<'a, str>>,
}

/// Gathers what may be joined, then joins it. First every imported line goes to `part`, then every inference of every
/// source to `inference`.
#[derive(Default)]
pub struct Joiner {
    parts: BTreeMap<(String, String), Vec<Part>>,
    wanted: HashSet<String>,
    found: HashMap<String, Vec<String>>,
}

const KINDS: [&str; 4] = ["settlement", "payment", "transfer", "enclave"];

impl Joiner {
    /// Takes an imported line, if it is of a kind that is joined.
    pub fn part(&mut self, source: &str, line: &[u8]) {
        let is_kind = |kind: &&&str| {
            line.strip_prefix(b"{\"kind\":\"")
                .is_some_and(|rest| rest.starts_with(kind.as_bytes()) && rest.get(kind.len()) == Some(&b'"'))
        };
        let Some(kind) = KINDS.iter().find(is_kind) else { return };
        let Ok(Value::Object(object)) = serde_json::from_slice::<Value>(line) else { return };
        let part = Part { source: source.to_owned(), object };
        self.want(&part);
        let id = part.text("id").unwrap_or_default().to_owned();
        let known = self.parts.entry(((*kind).to_owned(), id)).or_default();
        // The same log on two pages is one part.
        let says = |part: &Part| {
            part.object
                .iter()
                .filter(|(name, _)| *name != "import")
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect::<Map<_, _>>()
        };
        if !known.iter().any(|other| says(other) == says(&part)) {
            known.push(part);
        }
    }

    fn want(&mut self, part: &Part) {
        for key in part.object.get("leaf_keys").and_then(Value::as_array).into_iter().flatten() {
            self.wanted.extend(key.as_str().map(|key| format!("hashes {key}")));
        }
        for (name, field) in [("tx", "tx_hash"), ("blob", "blob_id"), ("session", "session")] {
            self.wanted.extend(part.text(field).map(|text| format!("{name} {}", text.to_lowercase())));
        }
    }

    /// Whether any inference could be joined with anything.
    pub fn is_hungry(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Takes an inference of any source, native ones too.
    pub fn inference(&mut self, line: &[u8]) {
        if memchr::memmem::find(line, b"\"inference\"").is_none() {
            return;
        }
        let Ok(inference) = serde_json::from_slice::<Inference<'_>>(line) else { return };
        let bare = |text: &str| text.trim_start_matches("0x").to_lowercase();
        let hashes = inference.tee_request_hash.as_deref().zip(inference.tee_output_hash.as_deref());
        let keys = [
            hashes.map(|(input, output)| format!("hashes {}:{}", bare(input), bare(output))),
            inference.settlement_tx.as_deref().map(|tx| format!("tx {}", tx.to_lowercase())),
            inference.settlement_blob.as_deref().map(|blob| format!("blob {}", blob.to_lowercase())),
            inference.session.as_deref().map(|session| format!("session {}", session.to_lowercase())),
        ];
        for key in keys.into_iter().flatten().filter(|key| self.wanted.contains(key)) {
            let ids = self.found.entry(key).or_default();
            if !ids.iter().any(|id| *id == inference.id) {
                ids.push(inference.id.clone().into_owned());
            }
        }
    }

    /// The joined records as lines, in the order of their kinds and ids. `pcr_hash` reads an attestation's measurement.
    pub fn finish(self, pcr_hash: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let mut lines = Vec::new();
        for ((kind, _), parts) in &self.parts {
            let line = match kind.as_str() {
                "settlement" => self.settlement(parts),
                "payment" => self.payment(parts),
                "enclave" => enclave(parts, &pcr_hash),
                _ => None,
            };
            lines.extend(line);
        }
        lines
    }

    fn settlement(&self, parts: &[Part]) -> Option<String> {
        let mut whole = Whole::of(parts, |part| part.text("tx_hash").is_some())?;
        let mut settles: Vec<String> = Vec::new();
        let keys: Vec<String> = list(whole.object.get("leaf_keys"));
        for key in &keys {
            for id in self.linked(&format!("hashes {key}"), "request hash and output hash", &mut whole) {
                settles.push(id);
            }
        }
        if settles.is_empty() {
            for (name, field, by) in [("tx", "tx_hash", "transaction"), ("blob", "blob_id", "blob id")] {
                let key = whole
                    .object
                    .get(field)
                    .and_then(Value::as_str)
                    .map(|text| format!("{name} {}", text.to_lowercase()));
                for id in key.and_then(|key| self.found.get(&key)).into_iter().flatten() {
                    whole.join(id, by, Strength::Named);
                    settles.push(id.clone());
                }
            }
        }
        dedup(&mut settles);
        whole.written("settles", settles, parts.len() > 1)
    }

    fn payment(&self, parts: &[Part]) -> Option<String> {
        let mut whole = Whole::of(parts, |part| part.text("tx_hash").is_some())?;
        let mut is_moved = false;
        if whole.object.get("tx_hash").is_none()
            && let Some(transfer) = self.transfer_for(&whole.object)
        {
            whole.take(transfer);
            is_moved = true;
            whole.join(
                transfer.text("id").unwrap_or_default(),
                "payer, payee, token and amount",
                Strength::Parties,
            );
        }
        let session = whole
            .object
            .get("session")
            .and_then(Value::as_str)
            .map(|text| format!("session {}", text.to_lowercase()));
        let pays: Vec<String> = session.and_then(|key| self.found.get(&key)).cloned().unwrap_or_default();
        pays.iter().for_each(|id| whole.join(id, "session", Strength::Session));
        whole.written("pays", pays, parts.len() > 1 || is_moved)
    }

    /// The one transfer that a Permit2 authorisation can have become: the same payer, payee and token, no more than allowed,
    /// and not before it was signed for. Two candidates are none.
    fn transfer_for(&self, payment: &Map<String, Value>) -> Option<&Part> {
        let text = |object: &Map<String, Value>, name: &str| {
            object.get(name).and_then(Value::as_str).map(str::to_lowercase)
        };
        let token = |object: &Map<String, Value>| {
            object.get("asset").and_then(|asset| asset.get("contract")?.as_str().map(str::to_lowercase))
        };
        let amount =
            |object: &Map<String, Value>| text(object, "amount").and_then(|text| Amount::parse(&text).ok());
        // A block's time has whole seconds.
        let second = |object: &Map<String, Value>| {
            text(object, "at").and_then(|text| Nanos::parse(&text.to_uppercase()).ok()).map(Nanos::unix)
        };
        if text(payment, "scheme").as_deref() != Some("upto") {
            return None;
        }
        let fits = |part: &&Part| {
            let other = &part.object;
            ["payer", "payee"].iter().all(|name| text(payment, name) == text(other, name))
                && token(payment) == token(other)
                && amount(other).zip(amount(payment)).is_some_and(|(moved, allowed)| moved <= allowed)
                && second(other) >= second(payment)
        };
        let mut candidates = self
            .parts
            .iter()
            .filter(|((kind, _), _)| kind == "transfer")
            .flat_map(|(_, parts)| parts)
            .filter(fits);
        let first = candidates.next()?;
        candidates.all(|other| other.text("id") == first.text("id")).then_some(first)
    }

    fn linked(&self, key: &str, by: &str, whole: &mut Whole) -> Vec<String> {
        let ids = self.found.get(key).cloned().unwrap_or_default();
        let strength = if ids.len() > 1 { Strength::Ambiguous } else { Strength::Exact };
        ids.iter().for_each(|id| whole.join(id, by, strength));
        ids
    }
}

/// An enclave whose registration holds its attestation but not its measurement.
fn enclave(parts: &[Part], pcr_hash: &impl Fn(&str) -> Option<String>) -> Option<String> {
    if parts.iter().any(|part| part.text("pcr_hash").is_some()) {
        return None;
    }
    let attested = parts.iter().find(|part| part.text("attestation").is_some())?;
    let hash = pcr_hash(attested.text("attestation")?)?;
    let mut whole =
        Whole { object: attested.object.clone(), source: attested.source.clone(), joins: Vec::new() };
    whole.object.insert("pcr_hash".to_owned(), hash.clone().into());
    whole.join(
        &hash,
        "the measurements its attestation names; the step `attestation` verifies them",
        Strength::Exact,
    );
    whole.written("parts", Vec::new(), true)
}

/// A record put together from its parts.
struct Whole {
    object: Map<String, Value>,
    source: String,
    joins: Vec<Value>,
}

impl Whole {
    /// Begins with the part that is nearest to a chain, filled from the others.
    fn of(parts: &[Part], is_base: impl Fn(&Part) -> bool) -> Option<Self> {
        let base = parts.iter().rev().find(|part| is_base(part)).or(parts.last())?;
        let mut whole = Self { object: base.object.clone(), source: base.source.clone(), joins: Vec::new() };
        parts.iter().for_each(|part| whole.take(part));
        Some(whole)
    }

    /// Takes what is missing, and the later time.
    fn take(&mut self, part: &Part) {
        let is_settled = part.text("tx_hash").is_some() && self.object.get("tx_hash").is_none();
        for (name, value) in
            part.object.iter().filter(|(name, _)| !["kind", "id", "import", "at"].contains(&name.as_str()))
        {
            if is_settled && ["state", "settled_at", "amount"].contains(&name.as_str()) {
                self.object.insert(name.clone(), value.clone());
            } else {
                self.object.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        let at = |object: &Map<String, Value>| object.get("at").and_then(Value::as_str).map(str::to_owned);
        if let (Some(own), Some(other)) = (at(&self.object), at(&part.object))
            && other > own
        {
            self.object.insert("at".to_owned(), other.into());
        }
    }

    fn join(&mut self, to: &str, by: &str, strength: Strength) {
        self.joins.push(json!({"to": to, "by": by, "strength": strength.name()}));
    }

    /// The line, if joining found anything.
    fn written(mut self, links: &str, ids: Vec<String>, is_merged: bool) -> Option<String> {
        if ids.is_empty() && !is_merged {
            return None;
        }
        if !ids.is_empty() {
            self.object.insert(links.to_owned(), ids.into());
        }
        self.object.remove("leaf_keys");
        let import = self.object.remove("import")?;
        let import = import.as_object()?;
        self.object.insert("joins".to_owned(), self.joins.into());
        let kind = self.object.remove("kind")?;
        let rest = Value::Object(self.object).to_string();
        let member = |name: &str| import.get(name).cloned().unwrap_or(Value::Null);
        let mut pointer = Map::new();
        for name in ["line", "offset", "length", "sha256"] {
            pointer.insert(name.to_owned(), member(name));
        }
        if let Some(assumed) = import.get("assumed") {
            pointer.insert("assumed".to_owned(), assumed.clone());
        }
        pointer.insert("source".to_owned(), self.source.into());
        let pointer = Value::Object(pointer).to_string();
        let format = member("format");
        Some(format!(
            "{{\"kind\":{kind},{}{IMPORT_MEMBER}{}\",{}}}",
            &rest[1..rest.len() - 1],
            format.as_str()?,
            &pointer[1..]
        ))
    }
}

/// Lines that a file of joins does not hold yet, by what they say.
pub fn new_lines(known: &[u8], lines: Vec<String>) -> Vec<String> {
    let known: HashSet<&[u8]> = known.split(|b| *b == b'\n').map(essence).collect();
    lines.into_iter().filter(|line| !known.contains(essence(line.as_bytes()))).collect()
}

fn list(value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

fn dedup(ids: &mut Vec<String>) {
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
}
