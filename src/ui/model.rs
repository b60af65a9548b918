//! Everything the screen shows, as plain state. Only `update` changes it, only `view` draws it.

use super::actions::{Action, Keymap};
use super::report;
use super::screens::{
    agents, compare, console, findings, notes, overview, proofs, request, requests, settlements, stack,
    start, timeline,
};
use super::theme::Theme;
use super::widgets::arranged::Keep;
use super::widgets::field::Field as TextField;
use super::widgets::scroll::{Scroll, Tick};
use super::widgets::tree::Tree;
use crate::model::time::Zone;
use crate::model::{Hash, Nanos, Row};
use crate::proof::ladder::Path;
use crate::work::WorkError;
use crate::work::agents::trace::Trace;
use crate::work::agents::words::Portrait;
use crate::work::explain::Explanation;
use crate::work::filter::{Field, Filter};
use crate::work::ingest::Progress;
use crate::work::notebook::{Entry, Hand, Notebook, Subject};
use crate::work::rows::RequestRow;
use crate::work::select::{Partial, Selection, Way};
use crate::work::session::Session;
use crate::work::sheet::Sheet;
use crate::work::stack::{By, Count};
use crate::work::study::{Choice, Study};
use crate::work::timeline::{Axis, Lanes, Timeline};
use crate::work::verify::{Pins, Verification};
use std::path::PathBuf;
use std::sync::Arc;

/// What came in: keys, sizes, and answers to commands.
#[derive(Debug)]
pub enum Msg {
    Key(super::keys::Key),
    /// Text pasted at once.
    Paste(String),
    Wheel(isize),
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
    /// Where the next request that matches stands.
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
    /// How many requests a filter that is being typed would leave.
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
    Drawn {
        axis: Axis,
        lanes: Lanes,
        timeline: Result<Timeline, WorkError>,
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
    /// Requests counted by a field.
    Counted {
        field: Field,
        counts: Result<Vec<Count>, WorkError>,
    },
    /// Two things side by side.
    Compared(Result<Vec<compare::Pair>, WorkError>),
    /// The notes there are, and the records they are about; after writing, the first line written.
    Notebook {
        notebook: Result<(Notebook, Vec<Row>), WorkError>,
        wrote: Option<u64>,
        why: Why,
    },
    /// What a query came to.
    Queried {
        sql: String,
        answer: Result<Sheet, WorkError>,
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

/// Who gets the mouse: the explorer, or the terminal for marking text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mouse {
    #[default]
    Ours,
    Terminals,
}

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
    },
    Page {
        question: u64,
        rows: Vec<Row>,
    },
    Explain {
        row: Row,
    },
    Draw {
        axis: Axis,
        lanes: Lanes,
    },
    FindId {
        text: String,
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
        rows: Arc<[Row]>,
        field: Field,
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
        clause: crate::work::filter::Clause,
    },
    /// Give up searches that are under way.
    StopSearch,
    Suspend,
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
    Table(Sheet),
    /// The same, with a column for the ids of these records, which stand in the journals.
    Named {
        sheet: Sheet,
        column: usize,
        records: Vec<Row>,
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

/// What `u` takes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// To the filter before.
    Filter(Filter),
    /// To the conditions before on the list of this tab.
    Narrowed(u8, Vec<Keep>),
    /// To the version and window before.
    Choice(Choice),
    /// The note of this line of the log.
    Note(u64),
}

/// A selection, where the cursor's record stands in it, and what its scrollbar marks.
pub type Placed = (Selection, usize, Vec<Tick>);

/// What is on screen. The state of a screen lives in its variant.
#[derive(Debug)]
pub enum Screen {
    Start(start::State),
    Overview(overview::State),
    Timeline(timeline::State),
    Requests(requests::State),
    Request(Box<request::State>),
    Settlements(Box<settlements::State>),
    Proofs(Box<proofs::State>),
    Agents(Box<agents::State>),
    Findings(findings::State),
    Notes(notes::State),
    Stack(Box<stack::State>),
    Compare(Box<compare::State>),
    Console(Box<console::State>),
}

impl Screen {
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Start(_) => "Start",
            Self::Overview(_) => "Overview",
            Self::Timeline(_) => "Timeline",
            Self::Requests(_) => "Requests",
            Self::Request(_) => "Request",
            Self::Proofs(_) => "Proofs",
            Self::Agents(_) => "Agents",
            Self::Findings(_) => "Findings",
            Self::Settlements(_) => "Settlements",
            Self::Notes(_) => "Notes",
            Self::Stack(_) => "Count",
            Self::Compare(_) => "Compare",
            Self::Console(_) => "SQL",
        }
    }

    /// The number of its tab; a drill-down has none.
    pub const fn tab(&self) -> Option<u8> {
        match self {
            Self::Overview(_) => Some(1),
            Self::Timeline(_) => Some(2),
            Self::Requests(_) => Some(3),
            Self::Agents(_) => Some(4),
            Self::Settlements(_) => Some(5),
            Self::Proofs(_) => Some(6),
            Self::Findings(_) => Some(7),
            Self::Notes(_) => Some(8),
            Self::Start(_) | Self::Request(_) | Self::Stack(_) | Self::Compare(_) | Self::Console(_) => None,
        }
    }
}

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
    pub sheet: Sheet,
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
    Waiting,
    Hits(u64),
    /// A mistake; with the character it is at, where that is known.
    Mistake {
        what: String,
        at: Option<usize>,
    },
}

/// A list of things with names, narrowed by what is typed.
#[derive(Debug, Default)]
pub struct Finder {
    pub field: TextField,
    pub candidates: Vec<Candidate>,
    /// Places of the best candidates, best first.
    pub best: Vec<usize>,
    pub scroll: Scroll,
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
    Only(crate::work::filter::Clause),
    /// The same, made of what is typed.
    Search(crate::work::filter::Clause),
    /// Go to the next request that matches.
    Seek(crate::work::filter::Clause),
    Row(Row),
    /// A saved view.
    View(String),
}

/// The whole state.
#[derive(Debug)]
pub struct Model {
    pub size: (u16, u16),
    pub theme: Theme,
    pub zone: Zone,
    pub study: Option<Arc<Study>>,
    /// How far reading is, while it goes on.
    pub progress: Option<Progress>,
    /// Screens from the first opened to the one shown.
    pub screens: Vec<Screen>,
    /// Screens left by going back, nearest last.
    pub ahead: Vec<Screen>,
    pub overlay: Option<Overlay>,
    pub filter: Filter,
    pub undo: Vec<Change>,
    pub redo: Vec<Change>,
    pub notebook: Notebook,
    /// Records that notes are about.
    pub noted: Arc<[Row]>,
    /// Set where a screen is only printed: notes then stay in memory, written by this hand.
    pub hand: Option<Hand>,
    /// What was done since the last commands went out, for the log.
    pub trail: Vec<Entry>,
    /// What `X` compares with.
    pub compared: Option<compare::Side>,
    /// Queries asked before, oldest first.
    pub queries: Vec<String>,
    pub layout: Layout,
    pub follow: Follow,
    pub keymap: Keymap,
    /// Whether the session of the open case was taken up.
    pub attended: bool,
    /// The edge of the window that the mouse holds.
    pub grabbed: Option<Edge>,
    pub choice: Choice,
    /// A sentence for the footer, until the next key.
    pub notice: Option<Notice>,
    /// Digits typed before a key.
    pub count: Option<usize>,
    /// What `n` goes on with among requests, and on other lists.
    pub found: Option<crate::work::filter::Clause>,
    pub sought: Option<String>,
    pub questions: u64,
    pub finding: Option<usize>,
    /// What to verify under.
    pub pins: Pins,
    pub mouse: Mouse,
    pub quit: bool,
}

/// An edge of the window under suspicion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    From,
    To,
}

/// Which panes are shown: `o` goes round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// As many as there is room for.
    #[default]
    Room,
    List,
    Detail,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    Said(String),
    Failed(String),
}

impl Model {
    pub fn new(size: (u16, u16), theme: Theme) -> Self {
        Self {
            size,
            theme,
            zone: Zone::Utc,
            study: None,
            progress: None,
            screens: vec![Screen::Start(start::State::default())],
            ahead: Vec::new(),
            overlay: None,
            filter: Filter::default(),
            undo: Vec::new(),
            redo: Vec::new(),
            notebook: Notebook::default(),
            noted: Arc::default(),
            hand: None,
            trail: Vec::new(),
            compared: None,
            queries: Vec::new(),
            layout: Layout::default(),
            follow: Follow::default(),
            keymap: Keymap::default(),
            attended: false,
            grabbed: None,
            choice: Choice::default(),
            notice: None,
            count: None,
            found: None,
            sought: None,
            questions: 0,
            finding: None,
            pins: Pins::default(),
            mouse: Mouse::default(),
            quit: false,
        }
    }

    pub fn screen(&self) -> &Screen {
        self.screens.last().expect("the stack of screens is never empty")
    }

    /// What a bare time of day belongs to: the day the window or the records begin.
    pub fn day(&self) -> Nanos {
        let study = self.study.as_deref();
        let window = study.and_then(|study| study.window.as_ref()).and_then(crate::analysis::Window::from);
        window.or(study.and_then(|study| study.fold.span).map(|(from, _)| Nanos(from))).unwrap_or_default()
    }

    /// The name of what is open, for the title line. A case of our own cache goes by its journals' name.
    pub fn case_name(&self) -> String {
        let path = self.study.as_deref().map(|study| study.snapshot.path());
        let name = path.and_then(|path| path.file_name()).unwrap_or_default().to_string_lossy();
        let ours = name.strip_suffix(".case").and_then(|stem| stem.rsplit_once('-'));
        match ours {
            Some((label, print)) if print.len() == 16 && print.bytes().all(|b| b.is_ascii_hexdigit()) => {
                label.to_owned()
            }
            _ => name.into_owned(),
        }
    }
}
