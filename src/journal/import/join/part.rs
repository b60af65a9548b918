//! What is kept of an imported line until it is known whether it joins with anything: prints, and its place.

use super::find;
use super::transfers::{Transfer, party_print};
use crate::journal::print_of;
use crate::journal::split::{Place, lines};
use crate::journal::text::Text;
use crate::journal::wire::Asset;
use memchr::memmem::Finder;
use serde::Deserialize;
use std::sync::LazyLock;

/// Where a line stands: in which source, and where among the lines made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    pub source: u32,
    pub offset: u64,
    pub length: u32,
}

impl Spot {
    /// A line within a stretch; lines here are of importers, and shorter than 4 GiB.
    fn within(line: &[u8], offset: u64) -> Self {
        Self { source: 0, offset, length: u32::try_from(line.len()).unwrap_or(u32::MAX) }
    }
}

/// The kinds that are joined, in the order of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Joined {
    Enclave,
    Payment,
    Settlement,
    Transfer,
}

impl Joined {
    const ALL: [Self; 4] = [Self::Enclave, Self::Payment, Self::Settlement, Self::Transfer];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Enclave => "enclave",
            Self::Payment => "payment",
            Self::Settlement => "settlement",
            Self::Transfer => "transfer",
        }
    }

    /// Of a line as importers write it.
    fn of(line: &[u8]) -> Option<Self> {
        let name = line.strip_prefix(b"{\"kind\":\"")?;
        let name = &name[..memchr::memchr(b'"', name)?];
        Self::ALL.into_iter().find(|kind| kind.name().as_bytes() == name)
    }
}

/// One line, 40 bytes in memory: a chain's dump has millions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) spot: Spot,
    id: u64,
    pub(super) kind: Joined,
    /// It may join with something besides another part of its id and an inference.
    pub(super) is_open: bool,
}

impl Part {
    pub(super) fn placed(self, source: u32, offset: u64) -> Self {
        let spot = Spot { source, offset: self.spot.offset + offset, length: self.spot.length };
        Self { spot, ..self }
    }

    /// Parts of one kind and id are together where lines are sorted by this.
    pub(super) fn group(&self) -> (Joined, u64) {
        (self.kind, self.id)
    }
}

/// What a stretch of imported lines holds that may be joined.
#[derive(Debug, Default)]
pub struct Parts {
    pub(super) parts: Vec<Part>,
    /// Prints of what a part looks for, and the number of the part.
    pub(super) looking: Vec<(u64, u32)>,
    pub(super) transfers: Vec<Transfer>,
    /// SHA-256 of keys that attestation documents bind, and the document's part.
    pub(super) keys: Vec<(String, u32)>,
    /// Whether there is any inference among the lines.
    pub has_inferences: bool,
}

/// What a line is joined by. What else it says is read where it joins.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Written<'a> {
    id: Text<'a>,
    at: Option<Text<'a>>,
    tx_hash: Option<Text<'a>>,
    blob_id: Option<Text<'a>>,
    session: Option<Text<'a>>,
    scheme: Option<Text<'a>>,
    leaf_keys: Option<Vec<Text<'a>>>,
    attestation: Option<Text<'a>>,
    pcr_hash: Option<Text<'a>>,
    public_key: Option<Text<'a>>,
    signing_key_sha256: Option<Text<'a>>,
    payer: Option<Text<'a>>,
    payee: Option<Text<'a>>,
    amount: Option<Text<'a>>,
    asset: Option<Asset<'a>>,
}

impl Parts {
    /// Of whole lines as an importer wrote them; the last may lack its newline.
    pub fn of(bytes: &[u8]) -> Self {
        let mut parts = Self::default();
        let whole = memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
        let start = Place { line: 0, offset: 0 };
        lines(&bytes[..whole], start).for_each(|(line, place)| parts.push(line, place.offset));
        if whole < bytes.len() {
            parts.push(&bytes[whole..], whole as u64);
        }
        parts
    }

    fn push(&mut self, line: &[u8], offset: u64) {
        self.has_inferences |= line.starts_with(b"{\"kind\":\"inference\"");
        let Some(kind) = Joined::of(line) else { return };
        if kind == Joined::Payment
            && let Some(id) = plain_payment(line)
        {
            return self.parts.push(Part {
                id: print_of(id),
                kind,
                is_open: false,
                spot: Spot::within(line, offset),
            });
        }
        let Ok(written) = serde_json::from_slice::<Written<'_>>(line) else { return };
        let number = self.parts.len() as u32;
        let is_open = match kind {
            Joined::Payment => written.tx_hash.is_none() && written.scheme.as_deref() == Some("upto"),
            Joined::Enclave => match &written.attestation {
                Some(_) => written.pcr_hash.is_none(),
                None => written.public_key.is_some(),
            },
            Joined::Settlement | Joined::Transfer => false,
        };
        self.parts.push(Part { id: print_of(&written.id), kind, is_open, spot: Spot::within(line, offset) });
        match kind {
            Joined::Settlement => self.look_for_settled(&written, number),
            Joined::Payment => self.look(written.session.as_deref().map(|s| find::key("session", s)), number),
            Joined::Transfer => self.transfers.extend(transfer(&written, number)),
            Joined::Enclave => {
                self.keys.extend(written.signing_key_sha256.map(|key| (key.0.into_owned(), number)));
            }
        }
    }

    fn look_for_settled(&mut self, written: &Written<'_>, number: u32) {
        for key in written.leaf_keys.iter().flatten() {
            self.look(Some(find::hashes_key(key)), number);
        }
        self.look(written.tx_hash.as_deref().map(|tx| find::key("tx", tx)), number);
        self.look(written.blob_id.as_deref().map(|blob| find::key("blob", blob)), number);
    }

    fn look(&mut self, key: Option<String>, number: u32) {
        self.looking.extend(key.map(|key| (find::print(&key), number)));
    }
}

/// The id of a payment that joins by nothing but its id, as most of a chain's do: found without parsing the line.
fn plain_payment(line: &[u8]) -> Option<&str> {
    static MARKS: LazyLock<[Finder<'static>; 2]> =
        LazyLock::new(|| [Finder::new(b"\"session\""), Finder::new(b"\"upto\"")]);
    let id = line.strip_prefix(b"{\"kind\":\"payment\",\"id\":\"")?;
    let id = &id[..memchr::memchr(b'"', id)?];
    let is_plain = !id.contains(&b'\\') && MARKS.iter().all(|mark| mark.find(line).is_none());
    is_plain.then(|| std::str::from_utf8(id).ok()).flatten()
}

fn transfer(written: &Written<'_>, part: u32) -> Option<Transfer> {
    let token = written.asset.as_ref().and_then(|asset| asset.contract.as_deref());
    let parties = party_print(written.payer.as_deref(), written.payee.as_deref(), token);
    Transfer::new(parties, &written.id, written.at.as_deref()?, written.amount.as_deref()?, part)
}
