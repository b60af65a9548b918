//! One line → one row of a batch, or a fault, or nothing for a blank.

use super::batch::{Batch, Column, Edge, Kept, Names, Transaction, TxForm};
use super::import::line::{Provenance, fault_of, origin_of};
use super::split::Place;
use super::wire::{self, Raw, Record};
use super::{LINE_LIMIT, print_of};
use crate::model::{Amount, Fault, Kind, Nanos, Stretch};
use std::borrow::Cow;

/// The longest line whose bytes a case keeps besides the journal.
const KEPT_LIMIT: usize = 64 << 10;

impl Batch {
    /// Reads one line into the batch.
    pub fn read_line(&mut self, line: &[u8], place: Place) {
        if line.iter().all(u8::is_ascii_whitespace) {
            self.blanks += 1;
            return;
        }
        if line.len() > LINE_LIMIT {
            return self.fault(line.len() as u64, place, too_long(line.len() as u64));
        }
        match wire::parse(line) {
            Ok((record, at)) => self.push(&record, at, line, place),
            Err(reason) => self.fault(line.len() as u64, place, reason),
        }
    }

    /// Reads one line that an importer wrote: a record, or word of what is none.
    pub fn read_imported(&mut self, line: &[u8], place: Place) {
        match fault_of(line) {
            Some((reason, stretch)) => {
                let Place { line: index, offset } = place;
                let length = line.len() as u64;
                self.faults.push(Fault { line: index, offset, length, reason, imported: Some(stretch) });
            }
            None => self.read_line(line, place),
        }
        // A record its own journal would refuse is a fault where it was read, not where it was written down.
        if let Some(fault) =
            self.faults.last_mut().filter(|fault| fault.line == place.line && fault.imported.is_none())
        {
            let stretch = |p: Provenance| Stretch { line: p.line, offset: p.offset, length: p.length };
            fault.imported = origin_of(line).map(stretch);
        }
    }

    pub fn fault(&mut self, length: u64, place: Place, reason: String) {
        self.faults.push(Fault { line: place.line, offset: place.offset, length, reason, imported: None });
    }

    fn push(&mut self, record: &Record<'_>, at: Nanos, line: &[u8], place: Place) {
        let row = u32::try_from(self.rows()).expect("a block holds fewer than 2^32 lines");
        let kind = record.kind();
        self.set(Column::Kind, kind as u64);
        self.set(Column::At, u64::try_from(at.0).unwrap_or(0));
        self.set(Column::Line, place.line);
        self.set(Column::Offset, place.offset);
        self.set(Column::Length, line.len() as u64);
        self.set(Column::Print, print_of(record.id()));
        self.name(Column::Node, Names::Node, record.node());
        self.push_own(record, row);
        let links = record.links();
        self.edges.extend(links.into_iter().map(|(kind, id)| Edge { place: row, kind, print: print_of(id) }));
        for column in Column::ALL.into_iter().filter(|column| column.is_read()) {
            self.columns[column as usize].resize(row as usize + 1, 0);
        }
        if is_kept(kind) && line.len() <= KEPT_LIMIT {
            self.kept.push(Kept { place: row, kind, line: line.into() });
        }
    }

    fn push_own(&mut self, record: &Record<'_>, row: u32) {
        match record {
            Record::Other(_) | Record::Journal(_) | Record::Checkpoint(_) => {}
            Record::Release(r) => {
                self.name(Column::Model, Names::Model, Some(&*r.model));
                self.name(Column::Version, Names::Version, Some(&*r.version));
                self.name(Column::Blob, Names::Blob, r.blob_id.as_deref());
            }
            Record::Deployment(r) => {
                self.name(Column::Model, Names::Model, Some(&*r.model));
                self.name(Column::Version, Names::Version, Some(&*r.version));
                self.name(Column::State, Names::State, Some(&*r.state));
                self.name(Column::Category, Names::Category, r.reason.as_deref());
            }
            Record::Incident(r) => {
                self.name(Column::Model, Names::Model, Some(&*r.model));
                self.name(Column::Version, Names::Version, Some(&*r.version));
                self.name(Column::State, Names::State, Some(&*r.state));
            }
            Record::Measurement(r) => {
                self.name(Column::Version, Names::Version, Some(&*r.version));
                self.name(Column::State, Names::State, Some(&*r.state));
            }
            Record::Enclave(r) => {
                self.name(Column::Tee, Names::Tee, Some(&bare_hex(&r.tee_id)));
                self.name(Column::State, Names::State, Some(&*r.state));
            }
            Record::Inference(r) => self.push_inference(r),
            Record::Action(r) => {
                self.name(Column::Agent, Names::Agent, Some(&*r.agent));
                self.name(Column::Category, Names::Category, Some(&*r.action));
                self.set(Column::Session, r.session.as_deref().map_or(0, print_of));
            }
            Record::Message(r) => {
                self.name(Column::Agent, Names::Agent, Some(&*r.from));
                self.name(Column::Peer, Names::Agent, Some(&*r.to));
            }
            Record::Payment(r) => {
                self.name(Column::Agent, Names::Agent, Some(&*r.payer));
                self.name(Column::Peer, Names::Agent, Some(&*r.payee));
                self.name(Column::State, Names::State, Some(&*r.state));
                self.set(Column::Session, r.session.as_deref().map_or(0, print_of));
                let asset = self.names[Names::Asset as usize].number(&asset_name(&r.asset));
                let amount = Amount::parse(&r.amount).unwrap_or_default();
                let chain = transaction(r.tx_hash.as_deref(), r.receipt_status, r.settled_at.as_deref());
                self.transactions.push(Transaction { place: row, amount, asset, ..chain });
            }
            Record::Settlement(r) => {
                self.name(Column::State, Names::State, Some(&*r.state));
                self.name(Column::Category, Names::Category, Some(&*r.mode));
                self.name(Column::Blob, Names::Blob, r.blob_id.as_deref());
                let chain = transaction(r.tx_hash.as_deref(), r.receipt_status, r.settled_at.as_deref());
                let leaf = r.leaf.as_deref().map_or(0, |leaf| print_of(&bare_hex(leaf)));
                self.transactions.push(Transaction { place: row, leaf, size: r.batch_size, ..chain });
            }
        }
    }

    fn push_inference(&mut self, r: &wire::Inference<'_>) {
        self.name(Column::Agent, Names::Agent, Some(&*r.agent));
        self.name(Column::Model, Names::Model, Some(&*r.model));
        self.name(Column::Version, Names::Version, r.version.as_deref());
        self.name(Column::Blob, Names::Blob, r.blob_id.as_deref());
        if let Some(tee) = &r.tee_id {
            self.name(Column::Tee, Names::Tee, Some(&bare_hex(tee)));
        }
        self.name(Column::State, Names::State, r.status.as_deref());
        self.name(Column::Category, Names::Category, r.error.as_deref());
        self.set(Column::TokensIn, counted(r.tokens_in));
        self.set(Column::TokensOut, counted(r.tokens_out));
        self.set(Column::Latency, counted(r.latency_ms.map(|ms| ms * 1000.0)));
        self.set(Column::Session, r.session.as_deref().map_or(0, print_of));
        self.set(Column::RequestHash, print_of_content(r.tee_request_hash.as_deref(), r.request));
        let output = match (&r.tee_output_hash, &r.output) {
            (None, Some(output)) => print_of(output),
            (hash, _) => print_of_content(hash.as_deref(), r.response),
        };
        self.set(Column::OutputHash, output);
    }

    fn set(&mut self, column: Column, value: u64) {
        self.columns[column as usize].push(value);
    }

    fn name(&mut self, column: Column, names: Names, text: Option<&str>) {
        let number = text.map_or(0, |text| self.names[names as usize].number(text));
        self.columns[column as usize].push(number);
    }
}

/// The fingerprint of a request or an answer: of its recorded hash, else of its JSON with keys in order and no spaces,
/// so that the same request is the same however it was written. 0 where neither is recorded.
fn print_of_content(hash: Option<&str>, json: Raw<'_>) -> u64 {
    match (hash, json) {
        (Some(hash), _) => print_of(&bare_hex(hash)),
        (None, None) => 0,
        (None, Some(json)) => match serde_json::from_str::<serde_json::Value>(json.get()) {
            // What surrounds the choices of a completion, its id and its time, is new in every answer.
            Ok(json) => print_of(&json.get("choices").unwrap_or(&json).to_string()),
            Err(_) => 0,
        },
    }
}

/// What a record says of its transaction.
fn transaction(hash: Option<&str>, receipt: Option<u64>, settled_at: Option<&str>) -> Transaction {
    let bare = hash.map(bare_hex);
    let is_hash = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let form = match bare.as_deref() {
        None | Some("") => TxForm::Nothing,
        Some(text) if is_hash(text) => TxForm::Hash,
        Some(_) => TxForm::NoHash,
    };
    Transaction {
        tx: bare.as_deref().filter(|text| !text.is_empty()).map_or(0, print_of),
        form,
        receipt: receipt.map(|status| status != 0),
        settled_at: settled_at.and_then(|at| Nanos::parse(at).ok()),
        ..Transaction::default()
    }
}

/// An asset as one name: JSON of its four fields, contract and chain written in one way.
pub fn asset_name(asset: &wire::Asset<'_>) -> String {
    let chain = asset.chain_id.map(|raw| raw.get().trim_matches('"')).filter(|chain| *chain != "null");
    let digits = |chain: &str| !chain.is_empty() && chain.bytes().all(|b| b.is_ascii_digit());
    let chain = chain.map(|chain| if digits(chain) { format!("eip155:{chain}") } else { chain.to_owned() });
    let contract = asset.contract.as_deref().map(|contract| match contract.strip_prefix("0x") {
        Some(_) => contract.to_ascii_lowercase(),
        None => contract.to_owned(),
    });
    let name = (asset.symbol.as_deref(), asset.decimals, chain, contract);
    serde_json::to_string(&name).expect("strings and a number are JSON")
}

/// The reason for a line over the limit, wherever it is noticed.
pub fn too_long(length: u64) -> String {
    format!("the line has {length} bytes; the limit is {LINE_LIMIT}")
}

/// Hex as it is compared: no `0x`, lower case.
pub fn bare_hex(text: &str) -> Cow<'_, str> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    if digits.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(digits.to_ascii_lowercase())
    } else {
        Cow::Borrowed(digits)
    }
}

fn is_kept(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Journal
            | Kind::Checkpoint
            | Kind::Release
            | Kind::Deployment
            | Kind::Incident
            | Kind::Measurement
            | Kind::Enclave
    )
}

/// A number that may be absent, plus one; what is negative or too large for a count is absent too.
fn counted(number: Option<f64>) -> u64 {
    match number {
        Some(n) if (0.0..1e15).contains(&n) => n.round() as u64 + 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Batch {
        let mut batch = Batch::new();
        batch.read_line(line.as_bytes(), Place { line: 0, offset: 0 });
        batch
    }

    fn fault(line: &str) -> String {
        let batch = read(line);
        assert_eq!(batch.rows(), 0, "{line}");
        batch.faults[0].reason.clone()
    }

    #[test]
    fn what_is_no_record_is_a_fault_with_its_reason() {
        let at = r#""at":"2026-10-04T00:00:00Z""#;
        for (line, reason) in [
            ("{".to_owned(), "EOF while parsing"),
            ("[1,2]".to_owned(), "not a JSON object"),
            (r#"["inference","a","2026-10-04T00:00:00Z"]"#.to_owned(), "not a JSON object"),
            (r#"{"kind":"action","id":"a"}"#.to_owned(), "missing field `at`"),
            (format!(r#"{{"kind":"action","id":"a",{at},"agent":"x"}}"#), "missing field `action`"),
            (
                format!(r#"{{"kind":"action","id":"a",{at},"agent":7,"action":"b"}}"#),
                "invalid type: integer `7`",
            ),
            (format!(r#"{{"kind":"other","id":"",{at}}}"#), "`id` has 0 bytes"),
            (format!(r#"{{"kind":"x","id":"a","id":"b",{at}}}"#), "duplicate field `id`"),
            (format!(r#"{{"kind":"x","kind":"action","id":"b",{at}}}"#), "duplicate field `kind`"),
            (
                format!(
                    r#"{{"kind":"deployment","id":"d",{at},"node":"n","model":"m","version":"v","state":"on"}}"#
                ),
                "`state` is `on`",
            ),
            (format!(r#"{{"kind":"x","id":"a",{at}}} trailing"#), "trailing characters"),
            (r#"{"kind":"x","id":"a","at":"9999-01-01T00:00:00Z"}"#.to_owned(), "`at` is after 2262"),
            (
                format!(r#"{{"kind":"inference","id":"a",{at},"agent":"a","model":"m","tokens_out":1e400}}"#),
                "number out of range",
            ),
        ] {
            let found = fault(&line);
            assert!(found.starts_with(reason), "{line}: {found}");
        }
    }

    #[test]
    fn blank_lines_are_neither_records_nor_faults() {
        for line in ["", " ", "\r", "\t \r"] {
            let batch = read(line);
            assert_eq!((batch.rows(), batch.faults.len(), batch.blanks), (0, 0, 1));
        }
    }

    #[test]
    fn an_unknown_kind_is_kept_as_other() {
        let batch = read(r#"{"kind":"weather","id":"w","at":"2026-10-04T00:00:00Z","sky":{"clouds":[1]}}"#);
        assert_eq!(batch.columns[Column::Kind as usize], [Kind::Other as u64]);
    }

    #[test]
    fn the_kind_may_stand_anywhere_in_the_line() {
        let batch =
            read(r#"{"id":"a","at":"2026-10-04T00:00:00Z","agent":"x","action":"buy","kind":"action"}"#);
        assert_eq!(batch.columns[Column::Kind as usize], [Kind::Action as u64]);
    }
}
