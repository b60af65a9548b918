//! What other systems wrote → lines of a journal, each with a pointer to the bytes it was read from. Never fails.
//!
//! ```text
//! file ─ tell ─▶ Format ─ units ─▶ lines, elements, streams ─ translate ─▶ {"kind":…,"import":{format, line, offset, …}}
//! ```
//! A line made here is read like any other line of a journal, so nothing downstream knows where it came from, except by
//! its last member, `import`. What is no record becomes a line that says so (`{"fault":…}`): kept, counted, with its place.

pub mod chain;
pub mod context;
pub mod document;
mod gateway;
pub mod guess;
mod har;
mod job;
pub mod join;
pub mod labels;
pub mod line;
mod json;
pub mod mapping;
mod measurements;
mod otlp;
mod places;
pub mod standing;
mod stream;
mod tell;
mod tree;
mod units;
pub mod value;
mod x402;

pub use context::Context;
pub use line::{Origin, Out, UNMAPPED, essence, fault_of, origin_of};
pub use measurements::IMAGE;
pub use tell::{TELL, tell};
pub use units::{Layout, Unit, layout, units};

use standing::{Field, fields};

/// The formats that are imported. The names are stored in cases and typed by people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// OpenGradient gateway responses, SDK outputs, og-veil blocks.
    Gateway,
    /// A capture of server-sent events.
    Stream,
    /// HTTP archive.
    Har,
    /// OpenTelemetry traces as JSON.
    Otlp,
    /// OpenTelemetry traces as protobuf.
    OtlpProto,
    /// Logs, receipts, blocks, transactions and call results of an EVM chain.
    Chain,
    /// An OpenZeppelin `standard-v1` tree dump.
    Tree,
    /// x402 payloads and settlement responses.
    X402,
    /// A facilitator's job status.
    Job,
    /// `measurements.txt`, `nitro-cli` output.
    Measurements,
    /// `git log -p` of a measurements file.
    GitLog,
    /// Raw Nitro attestation documents.
    Attestation,
    /// JSON of unknown shape, by a person's map.
    MappedJson,
    /// CSV of unknown shape, by a person's map.
    MappedCsv,
}

impl Format {
    pub const ALL: [Self; 14] = [
        Self::Gateway,
        Self::Stream,
        Self::Har,
        Self::Otlp,
        Self::OtlpProto,
        Self::Chain,
        Self::Tree,
        Self::X402,
        Self::Job,
        Self::Measurements,
        Self::GitLog,
        Self::Attestation,
        Self::MappedJson,
        Self::MappedCsv,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "opengradient",
            Self::Stream => "sse",
            Self::Har => "har",
            Self::Otlp => "otlp",
            Self::OtlpProto => "otlp-proto",
            Self::Chain => "chain",
            Self::Tree => "merkle-tree",
            Self::X402 => "x402",
            Self::Job => "facilitator-job",
            Self::Measurements => "measurements",
            Self::GitLog => "git-log",
            Self::Attestation => "attestation",
            Self::MappedJson => "mapped-json",
            Self::MappedCsv => "mapped-csv",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether its files are JSON, whose values each tell for themselves what they are.
    pub const fn is_json(self) -> bool {
        !matches!(self, Self::Stream | Self::GitLog | Self::OtlpProto | Self::Attestation | Self::MappedCsv)
    }

    /// What each field of its records is worth.
    pub const fn fields(self) -> &'static [Field] {
        fields(self)
    }
}

/// Translates one unit of a source into lines.
pub fn translate(format: Format, unit: &Unit<'_>, context: &Context, out: &mut Out) {
    match format {
        Format::Stream => stream::translate(unit, context, out),
        Format::GitLog => measurements::git_log(unit, out),
        Format::Attestation => document::translate(unit, context, out),
        Format::OtlpProto => otlp::translate_proto(unit, context, out),
        Format::MappedJson => mapping::json(unit, context, out),
        Format::MappedCsv => mapping::csv(unit, context, out),
        _ => json::translate(format, unit, context, out),
    }
}
