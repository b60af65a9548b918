//! What each view over records shows: the columns' names are a contract, where they come from is not.

use crate::journal::Column;
use crate::model::Kind;

/// Where a view's column comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// The record's id, from its line.
    Id,
    /// The kind as recorded, from its line where the kind is unknown.
    Kind,
    /// `at` in RFC 3339, UTC.
    At,
    /// A name in a dictionary; null if absent.
    Name(Column),
    /// A number.
    Number(Column),
    /// A number stored plus one; null if absent.
    Optional(Column),
    /// Milliseconds from microseconds plus one; null if absent.
    Millis(Column),
    Evidence,
    Pointer,
    /// The worst verdict of the request's proof path; null where proofs were not verified.
    Proof,
    /// T0 to T3; null where the faulty version did not reach it.
    Tier,
    /// `differs`, `same` or `unknown` beside the other version's answer to the same request; null where there is none.
    Pair,
    /// Of a payment's last record: how it hangs on the faulty version; null on earlier ones.
    Class,
    /// The state all its records come to; `reverted` where the receipt says so.
    Outcome,
    Tainted,
    Refunded,
    Symbol,
    /// `torn`, `conflict`, `superseded`, comma-joined; null if none.
    Flags,
    Source,
    /// A field of the line's JSON: strings and numbers as such, anything else as JSON text.
    Field(&'static str),
}

/// One view over the records of a kind, or of all kinds.
#[derive(Debug)]
pub(super) struct RecordView {
    pub name: &'static str,
    pub kind: Option<Kind>,
    pub columns: &'static [(&'static str, Read)],
}

use Read::{At, Class, Evidence, Field, Flags, Id, Millis, Name, Number, Optional, Pointer, Proof, Source};

/// Where a record stands, at the end of every view.
macro_rules! view {
    ($name:literal, $kind:expr, $($column:expr),* $(,)?) => {
        RecordView {
            name: $name,
            kind: $kind,
            columns: &[
                ("id", Id), ("at", At), ("node", Name(Column::Node)),
                $($column,)*
                ("flags", Flags), ("source", Source), ("line", Number(Column::Line)),
                ("offset", Number(Column::Offset)), ("length", Number(Column::Length)),
            ],
        }
    };
}

pub(super) const RECORD_VIEWS: &[RecordView] = &[
    view!(
        "records",
        None,
        ("kind", Read::Kind),
        ("agent", Name(Column::Agent)),
        ("model", Name(Column::Model))
    ),
    view!(
        "requests",
        Some(Kind::Inference),
        ("agent", Name(Column::Agent)),
        ("model", Name(Column::Model)),
        ("claimed", Name(Column::Version)),
        ("scheduled", Name(Column::Scheduled)),
        ("attested", Name(Column::Attested)),
        ("effective", Name(Column::Effective)),
        ("evidence", Evidence),
        ("pointer", Pointer),
        ("tier", Read::Tier),
        ("pair", Read::Pair),
        ("proof", Proof),
        ("status", Name(Column::State)),
        ("error", Name(Column::Category)),
        ("tokens_in", Optional(Column::TokensIn)),
        ("tokens_out", Optional(Column::TokensOut)),
        ("latency_ms", Millis(Column::Latency)),
        ("tee_id", Name(Column::Tee)),
        ("blob_id", Name(Column::Blob)),
        ("session", Field("session")),
        ("tee_request_hash", Field("tee_request_hash")),
        ("tee_output_hash", Field("tee_output_hash")),
    ),
    view!(
        "releases",
        Some(Kind::Release),
        ("model", Name(Column::Model)),
        ("version", Name(Column::Version)),
        ("blob_id", Name(Column::Blob)),
        ("pcr_hash", Field("pcr_hash")),
        ("parent", Field("parent")),
        ("notes", Field("notes")),
    ),
    view!(
        "deployments",
        Some(Kind::Deployment),
        ("model", Name(Column::Model)),
        ("version", Name(Column::Version)),
        ("state", Name(Column::State)),
        ("reason", Name(Column::Category)),
    ),
    view!(
        "incidents",
        Some(Kind::Incident),
        ("model", Name(Column::Model)),
        ("version", Name(Column::Version)),
        ("state", Name(Column::State)),
        ("title", Field("title")),
        ("summary", Field("summary")),
        ("good_version", Field("good_version")),
    ),
    view!(
        "measurements",
        Some(Kind::Measurement),
        ("pcr_hash", Field("pcr_hash")),
        ("version", Name(Column::Version)),
        ("state", Name(Column::State)),
        ("tx_hash", Field("tx_hash")),
        ("block_number", Field("block_number")),
        ("log_index", Field("log_index")),
    ),
    view!(
        "enclaves",
        Some(Kind::Enclave),
        ("tee_id", Name(Column::Tee)),
        ("state", Name(Column::State)),
        ("pcr_hash", Field("pcr_hash")),
        ("public_key", Field("public_key")),
        ("registry", Field("registry")),
        ("block_number", Field("block_number")),
    ),
    view!(
        "actions",
        Some(Kind::Action),
        ("agent", Name(Column::Agent)),
        ("action", Name(Column::Category)),
        ("tier", Read::Tier),
        ("causes", Field("causes")),
        ("target", Field("target")),
        ("value", Field("value")),
        ("session", Field("session")),
    ),
    view!(
        "messages",
        Some(Kind::Message),
        ("sender", Name(Column::Agent)),
        ("receiver", Name(Column::Peer)),
        ("tier", Read::Tier),
        ("causes", Field("causes")),
        ("carries", Field("carries")),
    ),
    view!(
        "payments",
        Some(Kind::Payment),
        ("payer", Name(Column::Agent)),
        ("payee", Name(Column::Peer)),
        ("amount", Field("amount")),
        ("asset", Field("asset")),
        ("state", Name(Column::State)),
        ("scheme", Field("scheme")),
        ("pays", Field("pays")),
        ("causes", Field("causes")),
        ("session", Field("session")),
        ("settled_at", Field("settled_at")),
        ("tx_hash", Field("tx_hash")),
        ("block_number", Field("block_number")),
        ("receipt_status", Field("receipt_status")),
        ("refund_of", Field("refund_of")),
        ("class", Class),
        ("outcome", Read::Outcome),
        ("tainted", Read::Tainted),
        ("refunded", Read::Refunded),
        ("symbol", Read::Symbol),
    ),
    view!(
        "settlements",
        Some(Kind::Settlement),
        ("mode", Name(Column::Category)),
        ("state", Name(Column::State)),
        ("settles", Field("settles")),
        ("merkle_root", Field("merkle_root")),
        ("batch_size", Field("batch_size")),
        ("leaf", Field("leaf")),
        ("blob_id", Name(Column::Blob)),
        ("contract", Field("contract")),
        ("tx_hash", Field("tx_hash")),
        ("block_number", Field("block_number")),
        ("receipt_status", Field("receipt_status")),
        ("settled_at", Field("settled_at")),
    ),
];
