//! The kinds of record as they stand on their lines (JOURNAL §3). Unknown fields are skipped; the line keeps them.

use super::batch::EdgeKind;
use super::text::Text;
use crate::model::{Amount, Kind, Nanos};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Declares one kind: the fields every record has, then its own.
macro_rules! kind {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(bound(deserialize = "'de: 'a"))]
        pub struct $name<'a> {
            pub kind: Text<'a>,
            pub id: Text<'a>,
            pub at: Text<'a>,
            pub node: Option<Text<'a>>,
            $(pub $field: $type),*
        }
    };
}

/// Any JSON value, kept as its text.
pub type Raw<'a> = Option<&'a RawValue>;

kind! {
    /// A kind this version does not know.
    Other {}
}
kind! {
    /// The first line: which log this is.
    Journal { spec: Option<Text<'a>>, origin: Option<Text<'a>>, log_key: Option<Text<'a>> }
}
kind! {
    /// A signed note that commits to the lines before it.
    Checkpoint { note: Text<'a> }
}
kind! {
    /// A version of a model.
    Release {
        model: Text<'a>,
        version: Text<'a>,
        blob_id: Option<Text<'a>>,
        pcr_hash: Option<Text<'a>>,
        aliases: Raw<'a>,
        parent: Option<Text<'a>>,
        notes: Option<Text<'a>>,
    }
}
kind! {
    /// Which version a node serves from now on.
    Deployment { model: Text<'a>, version: Text<'a>, state: Text<'a>, reason: Option<Text<'a>> }
}
kind! {
    /// A faulty version and what people knew of it when.
    Incident {
        model: Text<'a>,
        version: Text<'a>,
        state: Text<'a>,
        title: Option<Text<'a>>,
        summary: Option<Text<'a>>,
        good_version: Option<Text<'a>>,
    }
}
kind! {
    /// An enclave build approved or revoked in the registry.
    Measurement {
        pcr_hash: Text<'a>,
        version: Text<'a>,
        state: Text<'a>,
        pcrs: Raw<'a>,
        grace_s: Option<f64>,
        chain_id: Raw<'a>,
        registry: Option<Text<'a>>,
        tx_hash: Option<Text<'a>>,
        block_number: Option<u64>,
        log_index: Option<u64>,
    }
}
kind! {
    /// One boot of an enclave, with its key.
    Enclave {
        tee_id: Text<'a>,
        state: Text<'a>,
        public_key: Option<Text<'a>>,
        pcr_hash: Option<Text<'a>>,
        attestation: Option<Text<'a>>,
        tls_certificate: Option<Text<'a>>,
        registry: Option<Text<'a>>,
        chain_id: Raw<'a>,
        tx_hash: Option<Text<'a>>,
        block_number: Option<u64>,
    }
}
kind! {
    /// One served request.
    Inference {
        agent: Text<'a>,
        model: Text<'a>,
        version: Option<Text<'a>>,
        blob_id: Option<Text<'a>>,
        tee_id: Option<Text<'a>>,
        tee_timestamp: Option<u64>,
        tee_request_hash: Option<Text<'a>>,
        tee_output_hash: Option<Text<'a>>,
        tee_signature: Option<Text<'a>>,
        scheme: Option<Text<'a>>,
        request: Raw<'a>,
        response: Raw<'a>,
        output: Option<Text<'a>>,
        parents: Option<Vec<Text<'a>>>,
        cache_of: Option<Text<'a>>,
        session: Option<Text<'a>>,
        status: Option<Text<'a>>,
        error: Option<Text<'a>>,
        tokens_in: Option<f64>,
        tokens_out: Option<f64>,
        latency_ms: Option<f64>,
        proof: Option<Text<'a>>,
        zk: Raw<'a>,
    }
}
kind! {
    /// What an agent did.
    Action {
        agent: Text<'a>,
        action: Text<'a>,
        causes: Option<Vec<Text<'a>>>,
        target: Option<Text<'a>>,
        value: Option<f64>,
        session: Option<Text<'a>>,
    }
}
kind! {
    /// An edge for tracing influence between agents.
    Message { from: Text<'a>, to: Text<'a>, causes: Option<Vec<Text<'a>>>, carries: Option<Vec<Text<'a>>> }
}
kind! {
    /// Money, in the shape of x402.
    Payment {
        payer: Text<'a>,
        payee: Text<'a>,
        amount: Text<'a>,
        asset: Asset<'a>,
        state: Text<'a>,
        pays: Option<Vec<Text<'a>>>,
        session: Option<Text<'a>>,
        causes: Option<Vec<Text<'a>>>,
        scheme: Option<Text<'a>>,
        authorization: Raw<'a>,
        settled_at: Option<Text<'a>>,
        tx_hash: Option<Text<'a>>,
        block_number: Option<u64>,
        log_index: Option<u64>,
        receipt_status: Option<u64>,
        refund_of: Option<Text<'a>>,
    }
}
kind! {
    /// Inferences put on a chain.
    Settlement {
        mode: Text<'a>,
        settles: Option<Vec<Text<'a>>>,
        state: Text<'a>,
        merkle_root: Option<Text<'a>>,
        batch_size: Option<u64>,
        leaf: Option<Text<'a>>,
        merkle_proof: Option<Vec<Text<'a>>>,
        tree: Raw<'a>,
        tree_file: Option<Text<'a>>,
        blob_id: Option<Text<'a>>,
        chain_id: Raw<'a>,
        contract: Option<Text<'a>>,
        tx_hash: Option<Text<'a>>,
        block_number: Option<u64>,
        log_index: Option<u64>,
        receipt_status: Option<u64>,
        settled_at: Option<Text<'a>>,
    }
}

/// What an amount is counted in.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub struct Asset<'a> {
    pub symbol: Option<Text<'a>>,
    pub decimals: Option<u8>,
    pub chain_id: Raw<'a>,
    pub contract: Option<Text<'a>>,
}

/// One record of any kind, borrowing from its line.
#[derive(Debug)]
pub enum Record<'a> {
    Other(Other<'a>),
    Journal(Journal<'a>),
    Checkpoint(Checkpoint<'a>),
    Release(Release<'a>),
    Deployment(Deployment<'a>),
    Incident(Incident<'a>),
    Measurement(Measurement<'a>),
    Enclave(Enclave<'a>),
    Inference(Box<Inference<'a>>),
    Action(Action<'a>),
    Message(Message<'a>),
    Payment(Box<Payment<'a>>),
    Settlement(Box<Settlement<'a>>),
}

/// What every record has.
pub struct Head<'r> {
    pub kind: Kind,
    pub id: &'r str,
    pub at: Nanos,
    pub node: Option<&'r str>,
}

/// Reads one line as a record. `Err` is the reason why it is a fault.
pub fn parse(line: &[u8]) -> Result<(Record<'_>, Nanos), String> {
    let text = std::str::from_utf8(line).map_err(|e| format!("not UTF-8 at byte {}", e.valid_up_to()))?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(not_an_object(text).to_owned());
    }
    let record = typed(text)?;
    let head = record.head_texts();
    if head.id.is_empty() || head.id.len() > 256 {
        return Err(format!("`id` has {} bytes; 1 to 256 are allowed", head.id.len()));
    }
    let at = Nanos::parse(head.at).map_err(|reason| format!("`at` is {reason}"))?;
    record.check()?;
    Ok((record, at))
}

/// The typed parse alone, without the checks around it: what benchmarks compare with.
pub fn parse_typed(line: &[u8]) -> Result<Record<'_>, String> {
    typed(std::str::from_utf8(line).map_err(|e| e.to_string())?)
}

fn not_an_object(text: &str) -> &'static str {
    if text.starts_with('\u{feff}') {
        "it begins with a byte order mark, which JSON has not"
    } else if text.bytes().all(|b| b == 0) {
        "nothing but NUL: padding, or a hole in the file"
    } else {
        "not a JSON object"
    }
}

fn typed(text: &str) -> Result<Record<'_>, String> {
    let kind = match quick_kind(text) {
        Some(name) => Kind::of(name),
        None => Kind::of(&json::<KindOnly<'_>>(text)?.kind),
    };
    Ok(match kind {
        Kind::Other => Record::Other(json(text)?),
        Kind::Journal => Record::Journal(json(text)?),
        Kind::Checkpoint => Record::Checkpoint(json(text)?),
        Kind::Release => Record::Release(json(text)?),
        Kind::Deployment => Record::Deployment(json(text)?),
        Kind::Incident => Record::Incident(json(text)?),
        Kind::Measurement => Record::Measurement(json(text)?),
        Kind::Enclave => Record::Enclave(json(text)?),
        Kind::Inference => Record::Inference(json(text)?),
        Kind::Action => Record::Action(json(text)?),
        Kind::Message => Record::Message(json(text)?),
        Kind::Payment => Record::Payment(json(text)?),
        Kind::Settlement => Record::Settlement(json(text)?),
    })
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct KindOnly<'a> {
    kind: Text<'a>,
}

/// The kind of a line that begins as producers write it; the full parse still refuses a second `kind`.
fn quick_kind(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("{\"kind\":\"")?;
    let name = &rest[..rest.find('"')?];
    name.bytes().all(|b| b.is_ascii_lowercase()).then_some(name)
}

fn json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|e| {
        // Of "… at line 1 column N" only the column tells something: a line is one line.
        let whole = e.to_string();
        let reason = whole.split(" at line ").next().unwrap_or_default();
        let reason: String = reason.chars().take(200).collect();
        if e.column() > 0 { format!("{reason} at byte {}", e.column()) } else { reason }
    })
}

struct HeadTexts<'r> {
    id: &'r str,
    at: &'r str,
    node: Option<&'r str>,
}

macro_rules! each {
    ($record:expr, $r:ident => $body:expr) => {
        match $record {
            Record::Other($r) => $body,
            Record::Journal($r) => $body,
            Record::Checkpoint($r) => $body,
            Record::Release($r) => $body,
            Record::Deployment($r) => $body,
            Record::Incident($r) => $body,
            Record::Measurement($r) => $body,
            Record::Enclave($r) => $body,
            Record::Inference($r) => $body,
            Record::Action($r) => $body,
            Record::Message($r) => $body,
            Record::Payment($r) => $body,
            Record::Settlement($r) => $body,
        }
    };
}

impl Record<'_> {
    fn head_texts(&self) -> HeadTexts<'_> {
        each!(self, r => HeadTexts { id: &r.id, at: &r.at, node: r.node.as_deref() })
    }

    pub fn id(&self) -> &str {
        self.head_texts().id
    }

    /// The recorded time as it was written, with its own offset.
    pub fn at_text(&self) -> &str {
        self.head_texts().at
    }

    pub fn node(&self) -> Option<&str> {
        self.head_texts().node
    }

    /// The kind's name as recorded, which for `Kind::Other` is the only thing known of it.
    pub fn kind_text(&self) -> &str {
        each!(self, r => &r.kind)
    }

    pub fn kind(&self) -> Kind {
        match self {
            Record::Other(_) => Kind::Other,
            Record::Journal(_) => Kind::Journal,
            Record::Checkpoint(_) => Kind::Checkpoint,
            Record::Release(_) => Kind::Release,
            Record::Deployment(_) => Kind::Deployment,
            Record::Incident(_) => Kind::Incident,
            Record::Measurement(_) => Kind::Measurement,
            Record::Enclave(_) => Kind::Enclave,
            Record::Inference(_) => Kind::Inference,
            Record::Action(_) => Kind::Action,
            Record::Message(_) => Kind::Message,
            Record::Payment(_) => Kind::Payment,
            Record::Settlement(_) => Kind::Settlement,
        }
    }

    /// The ids a record points at, in the order they stand in.
    pub fn links(&self) -> Vec<(EdgeKind, &str)> {
        fn many<'r>(
            kind: EdgeKind,
            ids: Option<&'r [Text<'_>]>,
        ) -> impl Iterator<Item = (EdgeKind, &'r str)> {
            ids.into_iter().flatten().map(move |id| (kind, &**id))
        }
        fn one<'r>(kind: EdgeKind, id: Option<&'r Text<'_>>) -> impl Iterator<Item = (EdgeKind, &'r str)> {
            id.into_iter().map(move |id| (kind, &**id))
        }
        match self {
            Record::Inference(r) => many(EdgeKind::Parent, r.parents.as_deref())
                .chain(one(EdgeKind::CacheOf, r.cache_of.as_ref()))
                .collect(),
            Record::Action(r) => many(EdgeKind::Cause, r.causes.as_deref()).collect(),
            Record::Message(r) => many(EdgeKind::Cause, r.causes.as_deref())
                .chain(many(EdgeKind::Carries, r.carries.as_deref()))
                .collect(),
            Record::Payment(r) => many(EdgeKind::Pays, r.pays.as_deref())
                .chain(many(EdgeKind::Cause, r.causes.as_deref()))
                .chain(one(EdgeKind::RefundOf, r.refund_of.as_ref()))
                .collect(),
            Record::Settlement(r) => many(EdgeKind::Settles, r.settles.as_deref()).collect(),
            _ => Vec::new(),
        }
    }

    /// What types alone cannot say: words from a fixed list, amounts, inner times.
    fn check(&self) -> Result<(), String> {
        match self {
            Record::Deployment(r) => {
                word("state", &r.state, &["active", "inactive"])?;
                r.node.as_ref().map(|_| ()).ok_or_else(|| "missing field `node`".to_owned())
            }
            Record::Incident(r) => {
                word("state", &r.state, &["suspected", "declared", "mitigated", "resolved"])
            }
            Record::Measurement(r) => word("state", &r.state, &["approved", "revoked"]),
            Record::Enclave(r) => word("state", &r.state, &["registered", "enabled", "disabled", "removed"]),
            Record::Payment(r) => {
                word(
                    "state",
                    &r.state,
                    &["authorized", "pending", "settled", "failed", "refunded", "disputed"],
                )?;
                Amount::parse(&r.amount).map_err(|reason| format!("`amount`: {reason}"))?;
                moment("settled_at", r.settled_at.as_deref())
            }
            Record::Settlement(r) => {
                word("state", &r.state, &["pending", "settled", "failed"])?;
                word("mode", &r.mode, &["private", "batch", "individual"])?;
                moment("settled_at", r.settled_at.as_deref())
            }
            _ => Ok(()),
        }
    }
}

fn word(field: &str, found: &str, allowed: &[&str]) -> Result<(), String> {
    if allowed.contains(&found) {
        return Ok(());
    }
    let found: String = found.chars().take(40).collect();
    Err(format!("`{field}` is `{found}`, not one of {}", allowed.join(", ")))
}

fn moment(field: &str, text: Option<&str>) -> Result<(), String> {
    text.map_or(Ok(()), |text| {
        Nanos::parse(text).map(|_| ()).map_err(|reason| format!("`{field}` is {reason}"))
    })
}
