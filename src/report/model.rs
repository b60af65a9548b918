//! One report, before any format: sections of figures, sentences and tables, each number with what it rests on.
//!
//! Every format is a walk over this, so that no two of them can say different numbers.

use crate::model::time::{Span, Zone};
use crate::model::{Evidence, Nanos};
use crate::work::copies::Copied;

/// What a value rests on, weakest first: a figure is as good as the weakest record behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing says so.
    None,
    /// A method of statistics or of tracing says so; it may be wrong in the ways it states.
    Inferred,
    /// Only the record it is about says so.
    Claimed,
    /// A deployment record says so.
    Scheduled,
    /// Somebody wrote a record that says so, signed by nobody we pinned.
    Recorded,
    /// An enclave's measurement says so.
    Attested,
    /// A proof to a pinned root was checked.
    Proved,
    /// Counted or hashed from the journals' own bytes: nobody's word is needed.
    Computed,
}

impl Level {
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::Inferred,
        Self::Claimed,
        Self::Scheduled,
        Self::Recorded,
        Self::Attested,
        Self::Proved,
        Self::Computed,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Inferred => "inferred",
            Self::Claimed => "claimed",
            Self::Scheduled => "scheduled",
            Self::Recorded => "recorded",
            Self::Attested => "attested",
            Self::Proved => "proved",
            Self::Computed => "computed",
        }
    }

    /// One sentence for the reader who meets the word.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::None => "nothing in the journals says so",
            Self::Inferred => "a statistical or tracing method says so, with the limits it states",
            Self::Claimed => "only the record it is about says so",
            Self::Scheduled => "a deployment record says so",
            Self::Recorded => "somebody wrote a record that says so",
            Self::Attested => "an enclave's measurement says so",
            Self::Proved => "a proof was checked against a key or root that the responder pinned",
            Self::Computed => "counted or hashed from the journals' bytes; nobody's word is needed",
        }
    }
}

impl From<Evidence> for Level {
    fn from(evidence: Evidence) -> Self {
        match evidence {
            Evidence::None => Self::None,
            Evidence::Claimed => Self::Claimed,
            Evidence::Scheduled => Self::Scheduled,
            Evidence::Attested => Self::Attested,
        }
    }
}

/// What recorded text is about; `--redact` names these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Agent,
    Node,
    Id,
    Model,
    Version,
    /// Who paid or was paid.
    Party,
    Transaction,
    /// A journal's name.
    Source,
    /// An incident's title, a note: people's words.
    Words,
}

impl Field {
    pub const ALL: [Self; 9] = [
        Self::Agent,
        Self::Node,
        Self::Id,
        Self::Model,
        Self::Version,
        Self::Party,
        Self::Transaction,
        Self::Source,
        Self::Words,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Node => "node",
            Self::Id => "id",
            Self::Model => "model",
            Self::Version => "version",
            Self::Party => "party",
            Self::Transaction => "transaction",
            Self::Source => "source",
            Self::Words => "words",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// One value, typed so that each format can write it in its own way.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Unknown, or not applicable.
    Absent,
    Count(u64),
    /// A part of a whole; shown with its percentage, which is never rounded to 0 or 100 where it is neither.
    Share {
        part: u64,
        whole: u64,
    },
    /// A measure with six digits at most.
    Real(f64),
    Time(Nanos),
    Length(Span),
    /// Money: base units, exactly, and how people read them.
    Money {
        units: String,
        shown: String,
    },
    /// A digest, whole.
    Digest(String),
    /// Our own words. They may hold recorded names: shown with unsafe characters made visible, searched by redaction.
    Words(String),
    /// Text somebody else wrote, and what it is about.
    Recorded(Field, String),
    /// A figure named here, so that its number is told once.
    Figure(&'static str),
}

/// A sentence: words and values in order.
pub type Text = Vec<Value>;

/// A question in SQL whose answer is the number.
#[derive(Clone, Debug, PartialEq)]
pub struct Sql {
    pub text: String,
    pub parameters: Vec<(&'static str, Value)>,
}

/// How to get back from a number to the records.
#[derive(Clone, Debug, PartialEq)]
pub struct Basis {
    pub level: Level,
    /// What was done, in one sentence.
    pub method: String,
    /// Over the views of `backtrail query`; absent where the number is no answer of one query.
    pub sql: Option<Sql>,
}

/// A number with a name and with what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub id: &'static str,
    pub label: String,
    pub value: Value,
    pub basis: Basis,
}

/// A column's title and whether its values stand right (numbers) or left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Left(&'static str),
    Right(&'static str),
}

impl Column {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Left(title) | Self::Right(title) => title,
        }
    }
}

/// A table, of which a page may show only the beginning.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub id: &'static str,
    pub title: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Value>>,
    /// Rows there are; `rows` may be fewer, and then `list` has them all.
    pub total: u64,
    /// The attached list with every row.
    pub list: Option<&'static str>,
    pub basis: Basis,
    /// Said instead, where there are no rows.
    pub if_empty: String,
}

/// A lane of the timeline picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    pub label: Value,
    /// A word beside the label, as `straggler`; empty if none.
    pub word: String,
    pub counts: Vec<u32>,
    pub faulty: Vec<u32>,
    pub scheduled: Vec<(Nanos, Option<Nanos>)>,
}

/// A moment marked on the timeline picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub at: Nanos,
    pub label: String,
}

/// The picture of an incident: volume per lane over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub id: &'static str,
    pub title: String,
    /// What a person who cannot see it is told.
    pub words: String,
    pub from: Nanos,
    pub to: Nanos,
    pub window: (Option<Nanos>, Option<Nanos>),
    pub lanes: Vec<Lane>,
    pub marks: Vec<Mark>,
}

/// Bars beside names.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    pub id: &'static str,
    pub title: String,
    pub words: String,
    /// What the names are.
    pub names: &'static str,
    /// Name, part, whole: `part` is drawn strong within `whole`.
    pub rows: Vec<(Value, u64, u64)>,
    pub part: &'static str,
    pub whole: &'static str,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Prose(Text),
    Points(Vec<Text>),
    Figures(Vec<Figure>),
    Table(Table),
    Picture(Picture),
    Bars(Bars),
    /// Commands to type, one a line.
    Commands(Vec<String>),
    Heading(String),
    /// A warning that must not be overlooked.
    Caution(Text),
    /// What investigators noted about something of this section. Their word: no journal holds it, `check` passes it over.
    Notes(Vec<Text>),
}

/// A section says what it found, or why it is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    pub id: &'static str,
    pub title: &'static str,
    pub blocks: Vec<Block>,
    /// Why there is nothing to say.
    pub empty: Option<String>,
}

/// A list attached in full, known by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub name: &'static str,
    pub what: &'static str,
    pub rows: u64,
    pub bytes: u64,
    pub sha256: String,
}

/// A journal the report rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// Its path below the folder that all journals share.
    pub name: String,
    pub bytes: u64,
    pub sha256: Option<String>,
    pub records: u64,
    pub faults: u64,
    pub tree_size: u64,
    pub root: Option<String>,
    pub span: Option<(Nanos, Nanos)>,
}

/// Whom the report is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    Executive,
    #[default]
    Technical,
}

impl Audience {
    pub const ALL: [Self; 2] = [Self::Technical, Self::Executive];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Executive => "executive",
            Self::Technical => "technical",
        }
    }
}

/// Whether its author stands by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    #[default]
    Draft,
    Final,
}

impl Standing {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Final => "final",
        }
    }
}

/// What a person says about the report: no journal holds it, and `check` cannot recompute it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    pub title: Option<String>,
    pub authors: Vec<String>,
    pub audience: Audience,
    pub standing: Standing,
    /// When it is said to be made; by default the last record's time, so that the same case gives the same bytes.
    pub at: Option<Nanos>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub statement: Statement,
    /// The title shown: the author's, or one made from the incident.
    pub title: Text,
    /// Nothing where nobody said it and no record has a time.
    pub at: Option<Nanos>,
    /// What was under suspicion and why.
    pub incident: Vec<(&'static str, Value)>,
    pub journals: Vec<Journal>,
    /// The pins proofs were held against, as `trust.toml`; empty where nothing was verified.
    pub trust: String,
    /// Checkpoints from outside that proofs were held against: file name and note.
    pub outside: Vec<(String, String)>,
    /// What copies of journals held elsewhere came to.
    pub copies: Vec<Copied>,
    pub asked_at: Option<Nanos>,
    pub verified: bool,
    /// Model and faulty version, and window edges, where the responder chose them.
    pub choice: crate::work::study::Choice,
    pub sections: Vec<Section>,
    pub attachments: Vec<Attachment>,
    /// Fields whose values are withheld.
    pub redacted: Vec<Field>,
}

impl Report {
    /// Its time in words.
    pub fn as_of(&self) -> String {
        self.at.map_or_else(
            || "an unknown time, for no record has one".to_owned(),
            |at| at.short(Zone::Utc) + " UTC",
        )
    }

    /// Its time for formats that must have one: the epoch where it is not known.
    pub fn stamped(&self) -> Nanos {
        self.at.unwrap_or(Nanos(0))
    }

    pub fn section(&self, id: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.id == id)
    }

    /// All figures, in reading order.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.sections.iter().flat_map(|section| &section.blocks).flat_map(|block| match block {
            Block::Figures(figures) => figures.as_slice(),
            _ => &[],
        })
    }

    pub fn figure(&self, id: &str) -> Option<&Figure> {
        self.figures().find(|figure| figure.id == id)
    }
}
