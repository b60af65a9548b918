//! Work for others: what `update` asks for and never does itself.

use super::{Candidate, Mouse, Then};
use crate::model::Row;
use crate::ui::beside::About;
use crate::ui::ordering::Anchor;
use crate::ui::report;
use crate::ui::screens::compare;
use crate::work::filter::{Clause, Field, Filter};
use crate::work::lines::{Lines, Wish};
use crate::work::notebook::Entry;
use crate::work::select::Way;
use crate::work::stack::By;
use crate::work::study::Choice;
use crate::work::timeline::{Axis, Lanes};
use std::path::PathBuf;
use std::sync::Arc;

/// Work for others: never done by the screen itself.
#[derive(Clone, Debug)]
pub enum Command {
    Open {
        paths: Vec<PathBuf>,
        case: Option<PathBuf>,
    },
    Demo,
    Study {
        choice: Choice,
    },
    /// The case as it stands now, after more was read into it.
    Reopen {
        choice: Choice,
    },
    Select {
        question: u64,
        filter: Filter,
        by: Option<By>,
        keep: Option<Row>,
        /// Records to be marked in the scrollbar.
        noted: Arc<[Row]>,
    },
    Preview {
        text: String,
        pace: Pace,
    },
    /// How many rows of a list a wish would leave.
    PreviewRows {
        text: String,
        lines: Arc<dyn Lines>,
        wish: Wish,
        pace: Pace,
    },
    /// Nobody types a filter any more: give its preview up.
    StopPreview,
    Page {
        question: u64,
        rows: Vec<Row>,
    },
    Explain {
        row: Row,
    },
    /// Read what the cursor of a list points at.
    Look {
        about: About,
    },
    Draw {
        axis: Axis,
        lanes: Lanes,
    },
    FindId {
        text: String,
    },
    /// Match what is typed with names of the case, and with what is offered besides.
    Match {
        text: String,
        own: Arc<[Candidate]>,
        then: Then,
    },
    Copy {
        text: String,
    },
    Prove {
        row: Row,
    },
    /// Compute the id of the content at hand for a request's blob: seconds.
    Name {
        row: Row,
    },
    /// Give that up.
    StopNaming,
    /// Which agents changed, if that is not known yet.
    Judge,
    Portray {
        agent: u64,
    },
    /// What was verified last.
    Tally,
    /// Compute what the faulty version reached.
    Blast,
    /// Verify all there is, under the pins given at the start.
    Verify,
    Ids {
        rows: Vec<Row>,
    },
    /// Count requests by a field.
    Count {
        question: u64,
        rows: Arc<[Row]>,
        field: Field,
    },
    /// Count what is shown of a list by a column.
    CountRows {
        question: u64,
        lines: Arc<dyn Lines>,
        order: Option<Arc<[u32]>>,
        column: usize,
    },
    /// Put a list in order.
    Arrange {
        question: u64,
        lines: Arc<dyn Lines>,
        wish: Wish,
        anchor: Anchor,
    },
    Compare(compare::Sides),
    /// Read the notes of the case.
    Notebook,
    /// Write lines into the investigator's log. Never dropped, never reordered.
    Note {
        entries: Vec<Entry>,
        why: Why,
    },
    Query {
        sql: String,
    },
    /// Give up the query that is running.
    StopQuery,
    /// Find the records of an id, to open them.
    Resolve {
        id: String,
    },
    /// Write a table to a new file.
    Write {
        path: PathBuf,
        what: Written,
    },
    /// Make a report, to show what it would say.
    Report(report::Asked),
    Mouse(Mouse),
    /// Ask where this user left the case.
    Recall,
    /// Say that the case is open here, and ask whether it is elsewhere.
    Attend,
    /// Read on as journals grow, or no more.
    Follow(Follow),
    /// Find the next of these requests that matches, from a place on.
    Seek {
        question: u64,
        rows: Arc<[Row]>,
        from: usize,
        way: Way,
        clause: Clause,
    },
    /// The same among the rows of a list.
    SeekRow {
        question: u64,
        lines: Arc<dyn Lines>,
        order: Option<Arc<[u32]>>,
        from: usize,
        way: Way,
        text: String,
    },
    /// Stop reading or verifying; what was read stays.
    StopOpening,
    /// Give up searches, orders and counts that are under way.
    StopSearch,
    Suspend,
}

/// What gives a question up while it is being answered, besides a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stops {
    Search,
    Preview,
    Query,
    Naming,
    Nothing,
}

impl Command {
    pub const fn stops(&self) -> Stops {
        match self {
            Self::Select { .. }
            | Self::Seek { .. }
            | Self::SeekRow { .. }
            | Self::Arrange { .. }
            | Self::Count { .. }
            | Self::CountRows { .. } => Stops::Search,
            Self::Preview { .. } | Self::PreviewRows { .. } => Stops::Preview,
            Self::Query { .. } => Stops::Query,
            Self::Name { .. } => Stops::Naming,
            _ => Stops::Nothing,
        }
    }

    /// Whether it waits until the person rests.
    pub const fn rests(&self) -> bool {
        matches!(
            self,
            Self::Preview { pace: Pace::Rested, .. } | Self::PreviewRows { pace: Pace::Rested, .. }
        )
    }
}

/// When something typed is looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    AtOnce,
    /// It reads the journals' bytes: when the person rests from typing.
    Rested,
}

/// Whether journals are read on as they grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    #[default]
    Off,
    On,
}

/// What is written to a file.
#[derive(Clone, Debug)]
pub enum Written {
    /// What is shown of a list.
    Rows {
        lines: Arc<dyn Lines>,
        order: Option<Arc<[u32]>>,
    },
    /// These requests, with every column.
    Requests(Arc<[Row]>),
    /// The investigator's log as it is kept.
    Log,
    /// What would have to be given back.
    Refunds,
    Text(String),
    /// The requests with these ids and their proofs, for others to check.
    Bundle(Vec<String>),
    /// The report of the case.
    Report(report::Asked),
}

/// Why a line was written into the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A person took a note, which `u` undoes.
    Note,
    /// Undoing or redoing one.
    Again,
    /// The explorer wrote down what was done.
    Trail,
}
