//! Everything the screen shows, as plain state. Only `update` changes it, only `view` draws it.

mod command;
mod msg;
mod overlay;
mod screen;

pub use command::{Command, Follow, Pace, Stops, Why, Written};
pub use msg::{Msg, Naming};
pub use overlay::{
    Asking, Candidate, Choose, CopyTo, Finder, Menu, MenuChoice, Narrowing, Overlay, Preview, Saved, Then,
};
pub use screen::Screen;

use super::actions::Keymap;
use super::beside::Beside;
use super::screens::{compare, start};
use super::seeking::Search;
use super::theme::Theme;
use super::widgets::scroll::Tick;
use crate::model::time::Zone;
use crate::model::{Hash, Nanos, Row};
use crate::work::filter::{Clause, Filter};
use crate::work::ingest::Progress;
use crate::work::lines::Keep;
use crate::work::notebook::{Entry, Hand, Notebook};
use crate::work::select::Selection;
use crate::work::session::KeptList;
use crate::work::study::{Choice, Study};
use crate::work::verify::Pins;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The whole state.
#[derive(Debug)]
pub struct Model {
    pub size: (u16, u16),
    pub theme: Theme,
    pub zone: Zone,
    pub study: Option<Arc<Study>>,
    /// How far reading is, while it goes on.
    pub progress: Option<Progress>,
    /// Whether Esc was pressed to stop it.
    pub stopping: Stopping,
    /// Screens from the first opened to the one shown.
    pub screens: Vec<Screen>,
    /// Screens left by going back, nearest last.
    pub ahead: Vec<Screen>,
    pub overlay: Option<Overlay>,
    pub filter: Filter,
    pub undo: Vec<Change>,
    pub redo: Vec<Change>,
    pub notebook: Arc<Notebook>,
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
    /// What stands beside the list that is shown.
    pub beside: Beside,
    pub follow: Follow,
    pub keymap: Keymap,
    /// Whether the session of the open case was taken up.
    pub attended: bool,
    /// The last hash of the log that this user saw, until the log is held against it.
    pub seen: Option<Hash>,
    /// The edge of the window that the mouse holds.
    pub grabbed: Option<Edge>,
    pub choice: Choice,
    /// A sentence for the footer, until the next key.
    pub notice: Option<Notice>,
    /// Digits typed before a key.
    pub count: Option<usize>,
    /// What `n` goes on with among requests, and on other lists.
    pub found: Option<Clause>,
    pub sought: Option<String>,
    /// The search for the next row that is under way.
    pub search: Option<Search>,
    pub questions: u64,
    pub editions: Editions,
    /// What was made of lists when the case was left, for screens that are not open yet.
    pub lists: BTreeMap<Spot, KeptList>,
    pub finding: Option<usize>,
    /// What to verify under.
    pub pins: Pins,
    pub mouse: Mouse,
    pub quit: bool,
}

/// Esc stops reading and verifying, the second time: the first may have been pressed for something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stopping {
    #[default]
    No,
    Asked,
    Told,
}

/// How often what lists are made of came anew: an order is of one edition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Editions {
    pub study: u64,
    /// They are judged after the case was opened.
    pub agents: u64,
    pub notes: u64,
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
    /// The detail over the list, where there is no room beside it.
    Over,
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
            stopping: Stopping::default(),
            screens: vec![Screen::Start(start::State::default())],
            ahead: Vec::new(),
            overlay: None,
            filter: Filter::default(),
            undo: Vec::new(),
            redo: Vec::new(),
            notebook: Arc::default(),
            noted: Arc::default(),
            hand: None,
            trail: Vec::new(),
            compared: None,
            queries: Vec::new(),
            layout: Layout::default(),
            beside: Beside::default(),
            follow: Follow::default(),
            keymap: Keymap::default(),
            attended: false,
            seen: None,
            grabbed: None,
            choice: Choice::default(),
            notice: None,
            count: None,
            found: None,
            sought: None,
            search: None,
            questions: 0,
            editions: Editions::default(),
            lists: BTreeMap::new(),
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

/// Who gets the mouse: the explorer, or the terminal for marking text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mouse {
    #[default]
    Ours,
    Terminals,
}

/// What `u` takes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// To the filter before.
    Filter(Filter),
    /// To the conditions before on a list.
    Narrowed(Spot, Vec<Keep>),
    /// To the version and window before.
    Choice(Choice),
    /// The note of this line of the log.
    Note(u64),
}

/// Where a list is found again: the number of its tab, and which of the tab's own lists it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    pub tab: u8,
    pub pane: usize,
}

/// A selection, where the cursor's record stands in it, and what its scrollbar marks.
pub type Placed = (Selection, usize, Vec<Tick>);
