//! What comes in: keys, sizes, answers to commands.

use super::{Candidate, Placed, Why};
use crate::model::{Hash, Row};
use crate::proof::ladder::Path;
use crate::ui::beside::{About, Found};
use crate::ui::keys::Key;
use crate::ui::ordering::Ordered;
use crate::ui::report;
use crate::ui::screens::{compare, console, stack};
use crate::ui::widgets::tree::Tree;
use crate::work::WorkError;
use crate::work::agents::trace::Trace;
use crate::work::agents::words::Portrait;
use crate::work::explain::Explanation;
use crate::work::happenings::Happenings;
use crate::work::ingest::Progress;
use crate::work::notebook::Notebook;
use crate::work::rows::RequestRow;
use crate::work::select::Partial;
use crate::work::session::Session;
use crate::work::study::Study;
use crate::work::timeline::{Axis, Lanes, Timeline};
use crate::work::verify::Verification;
use std::path::PathBuf;
use std::sync::Arc;

/// What came in: keys, sizes, and answers to commands.
#[derive(Debug)]
pub enum Msg {
    Key(Key),
    /// Text pasted at once.
    Paste(String),
    /// Lines, at a column and a row.
    Wheel(isize, u16, u16),
    /// The left button, at a column and a row.
    Click(u16, u16),
    Resize(u16, u16),
    /// Rows to show while journals are still being read.
    Reading(Box<Progress>),
    /// A case is open, or was studied anew.
    Studied(Result<Arc<Study>, WorkError>),
    Selected {
        question: u64,
        selection: Result<Placed, WorkError>,
    },
    /// Where the next row that matches stands.
    Sought {
        question: u64,
        place: Result<Option<usize>, WorkError>,
    },
    /// What a search that goes on has found.
    Partly {
        question: u64,
        partial: Partial,
    },
    /// Where this user left the case.
    Recalled(Option<Box<Session>>),
    /// What was added to the journals is in the case now.
    Grown(Result<(), WorkError>),
    /// Somebody else has the case open.
    Others,
    /// The mouse moves with its button held, and lets go.
    Drag(u16, u16),
    Release,
    /// A list was put in order.
    Arranged {
        question: u64,
        answer: Result<Ordered, WorkError>,
    },
    /// How many requests or rows a filter that is being typed would leave.
    Previewed {
        text: String,
        hits: Result<u64, String>,
    },
    Page {
        question: u64,
        rows: Result<Vec<RequestRow>, WorkError>,
    },
    /// A record, and its line as a tree.
    Explained {
        row: Row,
        explanation: Box<Result<(Explanation, Tree), WorkError>>,
    },
    /// What the cursor of a list points at.
    Looked {
        about: About,
        found: Result<Found, WorkError>,
    },
    Drawn {
        axis: Axis,
        lanes: Lanes,
        timeline: Result<(Timeline, Happenings), WorkError>,
    },
    /// The names that match best what was typed, and how many there are.
    Matched {
        text: String,
        best: Vec<Candidate>,
        all: u64,
    },
    /// An id was looked up.
    Found {
        text: String,
        rows: Vec<Row>,
    },
    /// The proof path of a request; nothing for records that have none.
    Proved {
        row: Row,
        path: Box<Result<Option<Path>, WorkError>>,
    },
    /// How far the naming of a request's blob is.
    Naming {
        row: Row,
        naming: Naming,
    },
    /// What verification of the case came to, if it was done.
    Verified(Result<Option<Verification>, WorkError>),
    Named(Vec<(Row, String)>),
    /// The agents of the study on screen were judged.
    Judged(Result<(), WorkError>),
    /// One agent in full.
    Portrayed {
        agent: u64,
        portrait: Box<(Portrait, Trace)>,
    },
    /// What the faulty version reached is computed; the study holds it.
    Blasted(Result<(), WorkError>),
    /// Requests or rows counted by a column.
    Counted {
        question: u64,
        values: Result<Arc<[stack::Value]>, WorkError>,
    },
    /// Two things side by side.
    Compared(Result<Vec<compare::Pair>, WorkError>),
    /// The notes there are, and the records they are about; after writing, the first line written.
    Notebook {
        notebook: Result<(Arc<Notebook>, Vec<Row>), WorkError>,
        wrote: Option<u64>,
        why: Why,
    },
    /// What a query came to.
    Queried {
        sql: String,
        answer: Result<Arc<console::Answer>, WorkError>,
    },
    /// The records of an id that is to be opened.
    Resolved {
        id: String,
        rows: Vec<Row>,
    },
    /// What a report would say, in Markdown.
    Reported {
        asked: Box<report::Asked>,
        text: Result<String, WorkError>,
    },
    /// A file was written, or was not.
    Wrote {
        path: PathBuf,
        hash: Result<Hash, WorkError>,
    },
    /// One question less is waiting, whether or not it came to anything.
    Answered,
    /// A worker panicked, with these words.
    Broke(String),
    Quit,
}

/// The slow step of a proof path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// In percent.
    UnderWay(u8),
    Stopped,
    Done,
}
