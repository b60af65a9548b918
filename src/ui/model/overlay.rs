//! What lies over a screen and takes its keys.

use super::Pace;
use crate::model::Row;
use crate::ui::actions::Action;
use crate::ui::report;
use crate::ui::widgets::field::Field as TextField;
use crate::ui::widgets::scroll::Scroll;
use crate::work::filter::Clause;
use crate::work::lines::Lines;
use crate::work::notebook::Subject;
use std::sync::Arc;

/// What lies over the screen.
#[derive(Debug)]
pub enum Overlay {
    Help(Scroll),
    /// A filter being typed, what it would leave, or why it is no filter.
    Filter {
        field: TextField,
        preview: Preview,
    },
    /// The same for the rows of a list that is at hand.
    Narrow(Box<Narrowing>),
    /// Names that match what is typed.
    Find(Finder),
    Palette(Finder),
    Incidents(Scroll),
    OpenPath(TextField),
    /// The filters in force, to be edited, switched, moved and removed.
    Filters(Scroll),
    /// A text that is asked for.
    Ask(Asking, TextField),
    /// What the next key may be.
    Menu(Menu),
    /// What a report is to be, and what it would say.
    Report(Box<report::Wizard>),
}

impl Overlay {
    /// Whether what is typed goes into a text.
    pub const fn has_field(&self) -> bool {
        match self {
            Self::Filter { .. }
            | Self::Narrow(_)
            | Self::Find(_)
            | Self::Palette(_)
            | Self::OpenPath(_)
            | Self::Ask(..)
            | Self::Report(_) => true,
            Self::Help(_) | Self::Incidents(_) | Self::Filters(_) | Self::Menu(_) => false,
        }
    }
}

/// Conditions on the rows of a list being typed, and how many they would leave.
#[derive(Debug)]
pub struct Narrowing {
    pub field: TextField,
    pub lines: Arc<dyn Lines>,
    pub preview: Preview,
}

/// What a text is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asking {
    Tags(Subject),
    Comment(Subject),
    /// A name for the filters in force.
    ViewName,
    /// The path of a file to write.
    Path(Saved),
    /// A filter clause to take the place of another.
    Clause(usize),
    /// What the rows of a list are searched for.
    Find,
}

/// What is to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    Table,
    Log,
    Refunds,
    Text(String),
    /// A bundle of the requests with these ids.
    Bundle(Vec<String>),
}

/// Keys that go on from a first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Menu {
    pub title: &'static str,
    pub choices: Vec<MenuChoice>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuChoice {
    pub key: char,
    pub words: &'static str,
    pub text: String,
    pub to: CopyTo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyTo {
    Clipboard,
    File,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preview {
    Waiting(Pace),
    Hits(u64),
    /// A mistake; with the character it is at, where that is known.
    Mistake {
        what: String,
        at: Option<usize>,
    },
}

/// A list of things with names, narrowed by what is typed.
#[derive(Debug)]
pub struct Finder {
    pub field: TextField,
    /// What is offered besides the names of the case.
    pub own: Arc<[Candidate]>,
    /// What choosing a name does.
    pub then: Then,
    /// The best, best first.
    pub listed: Vec<Candidate>,
    /// How many names there are to choose from, once they were matched.
    pub all: Option<u64>,
    pub scroll: Scroll,
    /// Enter was pressed before the names were matched: the best is chosen then.
    pub entered: bool,
}

/// What choosing the name of an agent, a node or a version does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Leave only its requests.
    Only,
    /// Go to its next request.
    Seek,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What kind of thing: `agent`, `node`, `version`, `action`.
    pub kind: &'static str,
    /// Recorded text or our own.
    pub name: String,
    /// The keys that do the same.
    pub keys: String,
    pub choice: Choose,
}

impl Candidate {
    /// Whether it was made of what is typed, and goes when something else is.
    pub const fn is_made(&self) -> bool {
        matches!(self.choice, Choose::Row(_) | Choose::Search(_))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choose {
    Do(Action),
    Only(Clause),
    /// The same, made of what is typed.
    Search(Clause),
    /// Go to the next request that matches.
    Seek(Clause),
    Row(Row),
    /// A saved view.
    View(String),
}
