//! The one list of actions: key map, help, footer hints and docs/KEYS.md are all made from it.

use super::keys::Key;
use std::fmt::Write;

/// What a person can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Down,
    Up,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
    First,
    Last,
    Left,
    Right,
    Open,
    Back,
    HistoryBack,
    HistoryForward,
    NextPane,
    PreviousPane,
    ScrollDown,
    ScrollUp,
    Screen(u8),
    Find,
    FindNext,
    FindPrevious,
    Filter,
    FiltersPause,
    FilterDrop,
    OnlyThis,
    NotThis,
    Undo,
    Redo,
    Sort,
    Count,
    Remember,
    Compare,
    Mark,
    Tag,
    Comment,
    Remove,
    Refunds,
    Filters,
    Console,
    Export,
    Bundle,
    Report,
    Maximise,
    Follow,
    EdgeFrom,
    EdgeTo,
    ZoomIn,
    ZoomOut,
    ZoomAll,
    WindowFrom,
    WindowTo,
    NextBoundary,
    PreviousBoundary,
    NextFinding,
    PreviousFinding,
    Lanes,
    Incident,
    Zone,
    Copy,
    Mouse,
    Colours,
    Palette,
    Help,
    Demo,
    Verify,
    Quit,
}

/// Where an action means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Everywhere,
    Lists,
    Timeline,
    Notes,
    Settlements,
    Start,
}

impl Place {
    pub const ALL: [Self; 6] =
        [Self::Everywhere, Self::Lists, Self::Timeline, Self::Notes, Self::Settlements, Self::Start];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Lists => "In lists",
            Self::Timeline => "Timeline",
            Self::Settlements => "Settlements",
            Self::Notes => "Notes",
            Self::Start => "Start screen",
        }
    }
}

/// One line of the list.
#[derive(Debug)]
pub struct Entry {
    pub action: Action,
    pub place: Place,
    /// Keys as written, separated by spaces.
    pub keys: &'static str,
    /// Two words for the footer.
    pub name: &'static str,
    pub help: &'static str,
}

macro_rules! actions {
    ($($action:expr, $place:ident, $keys:literal, $name:literal, $help:literal;)*) => {
        &[$(Entry { action: $action, place: Place::$place, keys: $keys, name: $name, help: $help },)*]
    };
}

use Action::*;

pub const ACTIONS: &[Entry] = actions![
    Open, Everywhere, "<enter>", "open", "Open what is selected: one step nearer to the bytes";
    Back, Everywhere, "<esc>", "back", "Close a pop-over, stop a search, leave a screen; twice on the first one stops reading and verifying; never quits";
    HistoryBack, Everywhere, "<a-left>", "back", "Go back to the screen before";
    HistoryForward, Everywhere, "<a-right>", "forward", "Go forward again";
    Screen(1), Everywhere, "1", "overview", "Overview: the answer first";
    Screen(2), Everywhere, "2", "timeline", "Timeline: versions and nodes over time";
    Screen(3), Everywhere, "3", "requests", "Requests: every inference record";
    Screen(4), Everywhere, "4", "agents", "Agents: which changed while it served them, and which stayed changed";
    Screen(5), Everywhere, "5", "settlements", "Settlements: payments, what is on a chain, totals";
    Screen(6), Everywhere, "6", "proofs", "Proofs: counts by step and verdict, and what failed first";
    Screen(7), Everywhere, "7", "findings", "Findings: what to look at";
    Screen(8), Everywhere, "8", "notes", "Notes: marks, tags, comments, saved views, and the log of what was done";
    NextFinding, Everywhere, "e", "next finding", "Open the next finding, from anywhere";
    PreviousFinding, Everywhere, "E", "previous finding", "Open the finding before";
    Incident, Everywhere, "i I", "incident", "Choose the incident, model or version under suspicion";
    Follow, Everywhere, "R", "follow", "Read on as the journals grow, or no more";
    Zone, Everywhere, "T", "time zone", "Show times in UTC, in local time, or from the begin of the window";
    Palette, Everywhere, "<c-p> :", "palette", "Find any action, screen, agent, node or version by name";
    Mark, Everywhere, "m", "mark", "Mark what the cursor is on, or take the mark away";
    Tag, Everywhere, "t", "tag", "Tag what the cursor is on; -tag takes one away";
    Comment, Everywhere, "c", "comment", "Comment on what the cursor is on";
    Undo, Everywhere, "u", "undo", "Undo the last change of filters, window or notes; the log keeps both";
    Redo, Everywhere, "<c-r>", "redo", "Do it again";
    Remember, Everywhere, "x", "compare this", "Remember a request, a window or a row to compare with";
    Compare, Everywhere, "X", "compare", "Compare what x remembered with what the cursor is on";
    Console, Everywhere, ";", "SQL", "The SQL console: read-only queries, tab completes, esc interrupts";
    Export, Everywhere, "W", "write", "Write the table to a new file: .csv, .jsonl or .md; the log as it is kept";
    Bundle, Everywhere, "B", "bundle", "Put the request, or all marked, with its proofs into one file; asks where";
    Report, Everywhere, "w", "report", "Write a report others can check: for whom, as what, where to";
    Verify, Everywhere, "V", "verify", "Verify every proof of the case in the background";
    Copy, Everywhere, "y", "copy", "Copy to this terminal's clipboard (OSC 52) or to a file; yy takes the first";
    Maximise, Everywhere, "o", "panes", "List and detail, the list alone, the detail alone; on narrow terminals the detail over the list";
    Mouse, Everywhere, "<f2>", "mouse", "Give the mouse to the terminal for marking text, and take it back";
    Colours, Everywhere, "<f3>", "colours", "Change colours: sixteen (the terminal's own), dark, light, contrast, mono";
    Help, Everywhere, "? <f1>", "help", "Show all keys";
    Quit, Everywhere, "q <c-c>", "quit", "Quit: q on a screen of the tab line, <c-c> from anywhere";
    Down, Lists, "j <down>", "down", "Down; a number before it repeats: 9j, 05j (the numbers of the tab line alone are screens)";
    Up, Lists, "k <up>", "up", "Up";
    HalfDown, Lists, "<c-d>", "half page", "Half a page down";
    HalfUp, Lists, "<c-u>", "half page", "Half a page up";
    PageDown, Lists, "<pgdn> <space>", "page", "A page down";
    PageUp, Lists, "<pgup>", "page", "A page up";
    First, Lists, "g <home>", "first", "To the first; with a number, to that row";
    Last, Lists, "G <end>", "last", "To the last; with a number, to that row";
    Left, Lists, "h <left>", "left", "To the column before; fold; pan to the left";
    Right, Lists, "l <right>", "right", "To the next column; unfold; pan to the right";
    NextPane, Lists, "<tab>", "next pane", "To the next pane or tab; j k then move in that pane";
    PreviousPane, Lists, "<s-tab>", "previous pane", "To the pane or tab before";
    ScrollDown, Lists, "J", "scroll", "Scroll what stands beside the list or over it; the cursor stays";
    ScrollUp, Lists, "K", "scroll", "Scroll it back";
    Sort, Lists, "s", "sort", "Sort by the column; again turns it round, and again lets it be";
    Count, Lists, "S", "count", "Count the rows by the values of the column";
    Filter, Lists, "f", "filter", "Filter requests: version=2.4.1 agent~treasury -node=gw-eu-1 \"text\"; other lists by words and columns";
    Filters, Lists, "F", "filters", "The filters one by one: space switches, enter edits, d deletes, J K move, s saves them";
    FiltersPause, Lists, "\\ P", "pause filters", "Switch all filters off and on; the cursor keeps its record";
    FilterDrop, Lists, "<backspace>", "drop filter", "Remove the last filter";
    OnlyThis, Lists, "=", "only this", "Only rows with this value of the column";
    NotThis, Lists, "-", "not this", "Only rows without it";
    Find, Lists, "/", "find", "Go to an id, agent, node or version, as fuzzy as memory is; on other lists to a row that holds a text";
    FindNext, Lists, "n", "next", "To the next row that matches what was found, or the next difference";
    FindPrevious, Lists, "N", "previous", "To the one before";
    ZoomIn, Timeline, "z +", "zoom in", "Zoom in at the cursor";
    ZoomOut, Timeline, "Z -", "zoom out", "Zoom out";
    ZoomAll, Timeline, "0", "all", "Show the whole time";
    NextBoundary, Timeline, "} .", "next boundary", "To the next release, switch, rollback or incident state";
    PreviousBoundary, Timeline, "{ ,", "boundary before", "To the one before";
    EdgeFrom, Timeline, "[ b", "begin", "The window begins at the cursor; all numbers follow. The mouse drags its edges";
    EdgeTo, Timeline, "] a", "end", "The window ends at the cursor";
    Lanes, Timeline, "v", "lanes", "A lane per version, or a lane per node";
    Refunds, Settlements, "r", "refund list", "Write what would have to be given back to a new file";
    Remove, Notes, "d <del>", "remove", "Take all notes on this away, or the saved view";
    Demo, Start, "d", "demo", "Open a made-up incident";
];

impl Entry {
    pub fn presses(&self) -> impl Iterator<Item = Key> {
        let keys = self.keys.split(' ');
        keys.map(|key| {
            Key::parse_all(key).ok().and_then(|keys| keys.first().copied()).expect("a test reads every key")
        })
    }
}

impl Action {
    /// Whether it only moves the cursor: nothing to be looked up by name.
    pub const fn is_movement(self) -> bool {
        matches!(
            self,
            Down | Up
                | HalfDown
                | HalfUp
                | PageDown
                | PageUp
                | First
                | Last
                | Left
                | Right
                | NextPane
                | ScrollDown
                | ScrollUp
                | PreviousPane
                | Back
                | Palette
        )
    }

    /// Its name in config.toml: `next-finding`, `screen-1`.
    pub fn slug(self) -> String {
        let mut slug = String::new();
        for c in format!("{self:?}").chars() {
            match c {
                '(' => slug.push('-'),
                ')' => {}
                c if c.is_ascii_uppercase() && !slug.is_empty() => {
                    slug.push('-');
                    slug.push(c.to_ascii_lowercase());
                }
                c => slug.push(c.to_ascii_lowercase()),
            }
        }
        slug
    }
}

/// Which keys do what: the list of actions, and what the user wants otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    own: Vec<(Action, Vec<Key>)>,
}

impl Keymap {
    /// Gives an action these keys instead of its own.
    pub fn set(&mut self, action: Action, keys: Vec<Key>) {
        self.own.retain(|(known, _)| *known != action);
        self.own.push((action, keys));
    }

    pub fn presses(&self, entry: &Entry) -> Vec<Key> {
        let own = self.own.iter().find(|(action, _)| *action == entry.action);
        own.map_or_else(|| entry.presses().collect(), |(_, keys)| keys.clone())
    }

    /// The keys as they are written, for help.
    pub fn written(&self, entry: &Entry) -> String {
        let keys: Vec<String> = self.presses(entry).iter().map(ToString::to_string).collect();
        keys.join(" ")
    }

    /// The first key, for hints: `enter`, `^p`.
    pub fn hint(&self, entry: &Entry) -> String {
        let key = self.presses(entry).first().map(ToString::to_string).unwrap_or_default();
        match key.strip_prefix('<').and_then(|key| key.strip_suffix('>')) {
            Some(named) => named.replace("c-", "^").replace("a-", "alt-"),
            None => key,
        }
    }

    /// What a key does at a place; what is said of the place itself goes before what is said of lists and of everywhere.
    pub fn action_of(&self, key: Key, place: Place) -> Option<Action> {
        let near = |wanted: Place| {
            ACTIONS.iter().find(move |entry| entry.place == wanted && self.presses(entry).contains(&key))
        };
        [place, Place::Lists, Place::Everywhere].into_iter().find_map(near).map(|entry| entry.action)
    }

    /// Keys that would do two things at one place.
    pub fn clashes(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (n, a) in ACTIONS.iter().enumerate() {
            for b in ACTIONS[n + 1..].iter().filter(|b| b.place == a.place) {
                let (own, other) = (self.presses(a), self.presses(b));
                found.extend(own.iter().filter(|key| other.contains(key)).map(|key| {
                    let (a, b, place) = (a.action.slug(), b.action.slug(), a.place.title());
                    format!("keys: `{key}` is both {a} and {b} ({place})")
                }));
            }
        }
        found
    }
}

/// The entry of an action.
pub fn entry(action: Action) -> Option<&'static Entry> {
    ACTIONS.iter().find(|entry| entry.action == action)
}

/// docs/KEYS.md, as the repository keeps it.
pub fn keys_page() -> String {
    let mut page = String::from(
        "# Keys\n\nMade from the list of actions (`src/ui/actions.rs`); a test keeps it true. `[keys]` in config.toml gives\n\
         an action other keys, by the name in the last column: `next-finding = \"e <c-n>\"`.\n",
    );
    for place in Place::ALL {
        let _ = write!(
            page,
            "\n## {}\n\n| key | what it does | in config.toml |\n|---|---|---|\n",
            place.title()
        );
        for entry in ACTIONS.iter().filter(|entry| entry.place == place) {
            let keys: Vec<String> =
                entry.keys.split(' ').map(|key| format!("`{}`", key.replace('|', "\\|"))).collect();
            let _ = writeln!(page, "| {} | {} | `{}` |", keys.join(" "), entry.help, entry.action.slug());
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_at_one_place() {
        for place in Place::ALL {
            let mut seen = Vec::new();
            for entry in ACTIONS.iter().filter(|entry| entry.place == place) {
                for key in entry.presses() {
                    assert!(!seen.contains(&key), "{key} twice in {}", place.title());
                    seen.push(key);
                }
            }
        }
    }

    #[test]
    fn no_key_of_a_screen_hides_what_it_does_everywhere() {
        for near in ACTIONS.iter().filter(|entry| entry.place != Place::Everywhere) {
            for far in ACTIONS.iter().filter(|entry| entry.place == Place::Everywhere) {
                let both = near.presses().find(|key| far.presses().any(|other| other == *key));
                assert_eq!(both, None, "{} hides {}", near.action.slug(), far.action.slug());
            }
        }
    }

    #[test]
    fn no_action_lives_only_on_a_key_that_other_keyboards_lack() {
        let rare = |key: &Key| key.types().is_some_and(|c| "[]{}\\|~@#`".contains(c));
        for entry in ACTIONS {
            assert!(
                !entry.presses().all(|key| rare(&key)),
                "{} has only {}",
                entry.action.slug(),
                entry.keys
            );
        }
    }

    #[test]
    fn keys_that_terminals_and_multiplexers_keep_for_themselves_are_free() {
        let taken = Key::parse_all("<c-h><c-s><c-q><c-b><c-a><c-z>").unwrap();
        assert!(ACTIONS.iter().all(|entry| entry.presses().all(|key| !taken.contains(&key))));
    }

    #[test]
    fn the_page_of_keys_is_true() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/KEYS.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, keys_page()).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap();
        assert_eq!(kept, keys_page(), "run the tests once with UPDATE_DOCS=1");
    }
}
