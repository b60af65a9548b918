//! Records as columns: what one block of lines becomes before it is joined to a case.
//!
//! Every column is `u64` here and is packed to its true width when a chunk of a case is sealed. Names (nodes, agents,
//! versions…) are numbers into a dictionary; 0 is "absent". Numbers that may be absent are stored plus one.

use super::split::Place;
use crate::model::{Amount, Fault, Kind, Nanos};
use std::collections::HashMap;

/// The columns of a record. The numbers are stored in cases and must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Column {
    Kind = 0,
    /// Nanoseconds since 1970.
    At = 1,
    /// Line index in the source.
    Line = 2,
    /// Byte offset of the line in the source.
    Offset = 3,
    /// Bytes of the line, without its newline.
    Length = 4,
    /// `print_of` the id.
    Print = 5,
    Node = 6,
    /// Who acted: an inference's or action's agent, a message's sender, a payment's payer.
    Agent = 7,
    /// Whom it reached: a message's receiver, a payment's payee.
    Peer = 8,
    Model = 9,
    /// The version the record itself names.
    Version = 10,
    Blob = 11,
    /// Normalised `tee_id`.
    Tee = 12,
    /// `status` of an inference, `state` of everything that has one.
    State = 13,
    /// An action's category, an inference's error class, a deployment's reason, a settlement's mode.
    Category = 14,
    /// Plus one.
    TokensIn = 15,
    /// Plus one.
    TokensOut = 16,
    /// Microseconds plus one.
    Latency = 17,
    /// Fingerprint of the session, 0 if none.
    Session = 18,
    /// Fingerprint of the request hash, 0 if none.
    RequestHash = 19,
    /// `Flags` of the record.
    Flags = 20,
    /// Derived: the version the node's deployments say.
    Scheduled = 21,
    /// Derived: the version the enclave's measurement says.
    Attested = 22,
    /// Derived: the version that counts.
    Effective = 23,
    /// Derived: `Evidence` for it.
    Evidence = 24,
    /// Fingerprint of what an inference answered, 0 if it is not recorded.
    OutputHash = 25,
}

impl Column {
    pub const COUNT: usize = 26;

    /// Whether a column comes straight from lines; the others are derived.
    pub const fn is_read(self) -> bool {
        !matches!(self, Self::Flags | Self::Scheduled | Self::Attested | Self::Effective | Self::Evidence)
    }

    pub const ALL: [Self; Self::COUNT] = [
        Self::Kind,
        Self::At,
        Self::Line,
        Self::Offset,
        Self::Length,
        Self::Print,
        Self::Node,
        Self::Agent,
        Self::Peer,
        Self::Model,
        Self::Version,
        Self::Blob,
        Self::Tee,
        Self::State,
        Self::Category,
        Self::TokensIn,
        Self::TokensOut,
        Self::Latency,
        Self::Session,
        Self::RequestHash,
        Self::Flags,
        Self::Scheduled,
        Self::Attested,
        Self::Effective,
        Self::Evidence,
        Self::OutputHash,
    ];

    /// The dictionary a column's numbers point into.
    pub const fn names(self) -> Option<Names> {
        match self {
            Self::Node => Some(Names::Node),
            Self::Agent | Self::Peer => Some(Names::Agent),
            Self::Model => Some(Names::Model),
            Self::Version | Self::Scheduled | Self::Attested | Self::Effective => Some(Names::Version),
            Self::Blob => Some(Names::Blob),
            Self::Tee => Some(Names::Tee),
            Self::State => Some(Names::State),
            Self::Category => Some(Names::Category),
            _ => None,
        }
    }
}

/// The dictionaries of a case. The numbers are stored in cases and must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Names {
    Node = 0,
    Agent = 1,
    Model = 2,
    Version = 3,
    Blob = 4,
    Tee = 5,
    State = 6,
    Category = 7,
    /// What amounts are counted in, as `journal::read::asset_name` writes it.
    Asset = 8,
}

impl Names {
    pub const COUNT: usize = 9;
    pub const ALL: [Self; Self::COUNT] = [
        Self::Node,
        Self::Agent,
        Self::Model,
        Self::Version,
        Self::Blob,
        Self::Tee,
        Self::State,
        Self::Category,
        Self::Asset,
    ];
}

/// What is odd about a record as a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(pub u64);

impl Flags {
    /// Read from bytes after the last newline; no leaf of the tree.
    pub const TORN: u64 = 1;
    /// The same line was seen before; counted once.
    pub const DUPLICATE: u64 = 2;
    /// Another line has the same kind and id but other bytes.
    pub const CONFLICT: u64 = 4;
    /// A later line is the next state of the same thing.
    pub const SUPERSEDED: u64 = 8;
}

/// Strings of one block, numbered from 1 in the order they were met.
#[derive(Debug, Default)]
pub struct LocalNames {
    numbers: HashMap<Box<str>, u32, xxhash_rust::xxh3::Xxh3DefaultBuilder>,
    pub strings: Vec<Box<str>>,
    last: u32,
}

impl LocalNames {
    pub fn number(&mut self, text: &str) -> u64 {
        // A gateway's lines name one node, one model and one enclave for hours: a comparison is a tenth of a hash.
        let last = (self.last as usize).checked_sub(1).map(|last| &*self.strings[last]);
        if last != Some(text) {
            self.last = self.looked_up(text);
        }
        u64::from(self.last)
    }

    fn looked_up(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.strings.len() + 1).expect("a block holds fewer than 2^32 bytes");
        self.numbers.insert(text.into(), number);
        self.strings.push(text.into());
        number
    }
}

/// Why one record points at another. The numbers are stored in cases and must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum EdgeKind {
    Parent = 1,
    Cause = 2,
    CacheOf = 3,
    Carries = 4,
    Pays = 5,
    Settles = 6,
    RefundOf = 7,
}

impl EdgeKind {
    pub const ALL: [Self; 7] =
        [Self::Parent, Self::Cause, Self::CacheOf, Self::Carries, Self::Pays, Self::Settles, Self::RefundOf];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Cause => "cause",
            Self::CacheOf => "cache-of",
            Self::Carries => "carries",
            Self::Pays => "pays",
            Self::Settles => "settles",
            Self::RefundOf => "refund-of",
        }
    }

    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u64 == code)
    }
}

/// "The record at `place` points at the id with this print."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    pub place: u32,
    pub kind: EdgeKind,
    pub print: u64,
}

/// What a payment or a settlement says of money and of the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    pub place: u32,
    /// Zero in a settlement.
    pub amount: Amount,
    /// A name among `Names::Asset`; 0 in a settlement.
    pub asset: u64,
    pub settled_at: Option<Nanos>,
    /// Fingerprint of the transaction's hash as bare hex, 0 if none is named.
    pub tx: u64,
    pub form: TxForm,
    /// What the receipt says: `Some(false)` is reverted.
    pub receipt: Option<bool>,
    /// Fingerprint of a settlement's leaf, 0 if none is named.
    pub leaf: u64,
    /// A settlement's `batch_size`.
    pub size: Option<u64>,
}

/// What stands where a transaction's hash belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum TxForm {
    #[default]
    Nothing = 0,
    /// 32 bytes in hex.
    Hash = 1,
    /// A job's number, or anything else that no chain knows.
    NoHash = 2,
}

/// A record of a kind that there are few of, whose line the case keeps whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Kept {
    pub place: u32,
    pub kind: Kind,
    pub line: Box<[u8]>,
}

/// One block of lines as columns.
#[derive(Debug)]
pub struct Batch {
    /// By `Column`; derived ones stay empty.
    pub columns: [Vec<u64>; Column::COUNT],
    pub names: [LocalNames; Names::COUNT],
    pub edges: Vec<Edge>,
    pub transactions: Vec<Transaction>,
    pub kept: Vec<Kept>,
    pub faults: Vec<Fault>,
    pub blanks: u64,
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl Batch {
    pub fn new() -> Self {
        Self {
            columns: std::array::from_fn(|_| Vec::new()),
            names: std::array::from_fn(|_| LocalNames::default()),
            edges: Vec::new(),
            transactions: Vec::new(),
            kept: Vec::new(),
            faults: Vec::new(),
            blanks: 0,
        }
    }

    pub fn rows(&self) -> usize {
        self.columns[Column::Kind as usize].len()
    }

    /// The lines stand further down than was known when they were read.
    pub fn move_by(&mut self, by: Place) {
        self.columns[Column::Line as usize].iter_mut().for_each(|line| *line += by.line);
        self.columns[Column::Offset as usize].iter_mut().for_each(|offset| *offset += by.offset);
        for fault in &mut self.faults {
            fault.line += by.line;
            fault.offset += by.offset;
        }
    }
}
