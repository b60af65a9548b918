//! One record, down to its bytes: which version served it and how that is known, what led to it, what came of it.
//!
//! ```text
//!  Versions │ Record │ Causes and effects
//!  claimed    2.4.0        the record says so
//!  scheduled  2.4.0        the node's deployments say so
//!  attested   2.4.1        the enclave's measurement says so
//!  served by  2.4.1        attested
//! ```

use super::compare::{self, Side};
use super::ladder;
use super::request_view::{columns, room_beside_the_record, version_lines};
use crate::model::{Kind, Row, Status, Step as Rung};
use crate::proof::ladder::Path;
use crate::ui::actions::Action;
use crate::ui::acts::body_height;
use crate::ui::frame::areas;
use crate::ui::model::{Command, Model, Naming, Screen};
use crate::ui::update::fail;
use crate::ui::way::open_row;
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::ui::widgets::tree::{Fold, Tree};
use crate::work::WorkError;
use crate::work::explain::{Explanation, Linkage, Linked};

#[derive(Debug)]
pub struct State {
    pub row: Row,
    pub explanation: Option<Explanation>,
    pub tab: Tab,
    pub tree: Tree,
    pub links: Scroll,
    pub pairs: Scroll,
    pub versions: Scroll,
    /// The proof path: not yet known, or none, or one.
    pub path: Option<Option<Path>>,
    pub steps: Scroll,
    /// The first line shown of what is said of the selected step.
    pub top: usize,
    /// The slow step of that path, once it was asked for.
    pub naming: Option<Naming>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Proof,
    Versions,
    Record,
    Links,
    Pairs,
}

pub const TABS: [(Tab, &str); 5] = [
    (Tab::Proof, "Proof path"),
    (Tab::Versions, "Versions"),
    (Tab::Record, "Record"),
    (Tab::Links, "Causes and effects"),
    (Tab::Pairs, "Matched pairs"),
];

/// The titles of the tabs, for whoever clicks on them.
pub fn titles() -> Vec<&'static str> {
    TABS.iter().map(|(_, title)| *title).collect()
}

impl State {
    pub fn new(row: Row) -> Self {
        Self {
            row,
            explanation: None,
            tab: Tab::default(),
            tree: Tree::default(),
            links: Scroll::default(),
            pairs: Scroll::default(),
            versions: Scroll::default(),
            path: None,
            steps: Scroll::default(),
            top: 0,
            naming: None,
        }
    }

    /// The place of the tab that is shown.
    pub fn place(&self) -> usize {
        TABS.iter().position(|(tab, _)| *tab == self.tab).unwrap_or(0)
    }

    /// Lines of the screen above the list of this tab, and where that stands.
    pub fn list(&self) -> Option<(u16, Scroll)> {
        match self.tab {
            Tab::Proof => Some((4, self.steps)),
            Tab::Links => Some((4, self.links)),
            Tab::Pairs => Some((6, self.pairs)),
            Tab::Versions | Tab::Record => None,
        }
    }

    /// This record beside the answer of the other version under the cursor.
    fn pair(&self) -> Option<(Side, Side)> {
        let e = self.explanation.as_ref().filter(|_| self.tab == Tab::Pairs)?;
        let other = &e.pairs.get(self.pairs.cursor)?.other;
        Some((Side::Record(self.row, e.id.clone()), Side::Record(other.row, other.id.clone())))
    }

    /// The command that checks the step under the cursor with another tool.
    pub fn command(&self) -> Option<String> {
        let step = self.path.iter().flatten().find_map(|path| path.steps.get(self.steps.cursor));
        let command = step.filter(|_| self.tab == Tab::Proof).and_then(|step| step.reproduce.as_ref());
        command.map(ToString::to_string)
    }

    /// The chain that taints it, then what it points at, then what points at it.
    pub fn linked(&self) -> Vec<Tie<'_>> {
        let Some(e) = &self.explanation else {
            return Vec::new();
        };
        let chain = e.chain.iter().filter(|_| e.chain.len() > 1).map(Tie::Chain);
        chain.chain(e.causes.iter().map(Tie::From)).chain(e.effects.iter().map(Tie::To)).collect()
    }
}

/// How another record hangs on this one.
pub enum Tie<'e> {
    Chain(&'e Linkage),
    From(&'e Linked),
    To(&'e Linked),
}

impl Tie<'_> {
    const fn row(&self) -> Option<Row> {
        match self {
            Self::Chain(link) => Some(link.row),
            Self::From(link) | Self::To(link) => link.row,
        }
    }
}

fn with<T>(model: &mut Model, f: impl FnOnce(&mut State) -> T) -> Option<T> {
    match model.screens.last_mut() {
        Some(Screen::Request(state)) => Some(f(state)),
        _ => None,
    }
}

pub fn explained(
    model: &mut Model,
    row: Row,
    explanation: Result<(Explanation, Tree), WorkError>,
) -> Vec<Command> {
    match explanation {
        Ok((explanation, tree)) => {
            with(model, |state| {
                if state.row == row {
                    // A refresh of the same record keeps its folds.
                    if state.explanation.as_ref().is_none_or(|known| known.bytes != explanation.bytes) {
                        state.tree = tree;
                        if explanation.kind != Kind::Inference {
                            state.tab = Tab::Record;
                        }
                    }
                    state.explanation = Some(explanation);
                }
            });
            Vec::new()
        }
        Err(error) => fail(model, &error),
    }
}

pub fn proved(model: &mut Model, row: Row, path: Result<Option<Path>, WorkError>) -> Vec<Command> {
    match path {
        Ok(path) => {
            let height = body_height(model).saturating_sub(4);
            let is_waiting =
                |path: &Path| path.step(Rung::Blob).is_some_and(|blob| blob.status == Status::Unchecked);
            let ask = with(model, |state| {
                let mut ask = false;
                if state.row == row {
                    // The ladder is here at once; the one step that takes seconds comes after it.
                    ask = state.naming.is_none() && path.as_ref().is_some_and(is_waiting);
                    if ask {
                        state.naming = Some(Naming::UnderWay(0));
                    }
                    // What failed first is on top of mind, also when the slow step is what failed; a cursor that was
                    // moved stays where it is.
                    let is_untouched = match &state.path {
                        None => true,
                        Some(before) => before
                            .as_ref()
                            .is_some_and(|before| state.steps.cursor == ladder::first_step(before)),
                    };
                    if let (true, Some(path)) = (is_untouched, &path) {
                        state.steps.step(Step::To(ladder::first_step(path)), path.steps.len(), height);
                    }
                    state.path = Some(path);
                }
                ask
            });
            if ask == Some(true) { vec![Command::Name { row }] } else { Vec::new() }
        }
        Err(error) => fail(model, &error),
    }
}

/// How far the slow step is.
pub fn naming(model: &mut Model, row: Row, naming: Naming) -> Vec<Command> {
    with(model, |state| {
        if state.row == row {
            state.naming = Some(naming);
        }
    });
    Vec::new()
}

pub fn is_naming(model: &Model) -> bool {
    matches!(model.screen(), Screen::Request(state) if matches!(state.naming, Some(Naming::UnderWay(_))))
}

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    let height = body_height(model).saturating_sub(4);
    let versions = match model.screen() {
        Screen::Request(state) if state.tab == Tab::Versions => state.explanation.as_ref(),
        _ => None,
    };
    let width = usize::from(room_beside_the_record(model.size.0));
    let versions = versions.map_or(0, |e| version_lines(e, model, width).len());
    with(model, |state| match state.tab {
        Tab::Proof => {
            let len = state.path.iter().flatten().map(|path| path.steps.len()).sum();
            state.steps.step(step, len, height);
            state.top = 0;
        }
        Tab::Versions => state.versions.step(step, versions, height),
        Tab::Record => state.tree.step(step, height),
        Tab::Links => {
            let len = state.linked().len();
            state.links.step(step, len, height);
        }
        Tab::Pairs => {
            let len = state.explanation.as_ref().map_or(0, |e| e.pairs.len());
            state.pairs.step(step, len, height.saturating_sub(2));
        }
    });
    Vec::new()
}

/// Whether a column of the screen is that of what is said of the selected step.
pub fn is_beside_steps(model: &Model, column: u16) -> bool {
    let Screen::Request(state) = model.screen() else { return false };
    let room = ladder::beside(columns(state, areas(model.size).body).0);
    state.tab == Tab::Proof && room.is_some_and(|room| (room.x..room.right()).contains(&column))
}

/// Scrolls what is said of the selected step.
pub fn scroll(model: &mut Model, by: isize) -> Vec<Command> {
    let (theme, body) = (model.theme, areas(model.size).body);
    with(model, |state| {
        let room = ladder::beside(columns(state, body).0).filter(|_| state.tab == Tab::Proof);
        if let (Some(room), Some(Some(path))) = (room, &state.path) {
            let told = ladder::told(path, state.steps.cursor, state.naming, room.width, &theme);
            let last = told.len().saturating_sub(usize::from(room.height));
            state.top = state.top.min(last).saturating_add_signed(by).min(last);
        }
    });
    Vec::new()
}

pub fn act(model: &mut Model, action: Action) -> Vec<Command> {
    let height = body_height(model).saturating_sub(4);
    match action {
        Action::NextPane => turn(model, 1),
        Action::PreviousPane => turn(model, TABS.len() - 1),
        Action::Left | Action::Right => {
            with(model, |state| {
                if state.tab == Tab::Record {
                    state.tree.fold(if action == Action::Left { Fold::Close } else { Fold::Open }, height);
                }
            });
            Vec::new()
        }
        Action::Open => {
            // Two answers to one request are worth reading side by side.
            if let Some((a, b)) = with(model, |state| state.pair()).flatten() {
                return compare::open(model, a, b);
            }
            let row = with(model, |state| match state.tab {
                Tab::Links => state.linked().get(state.links.cursor).and_then(Tie::row),
                _ => None,
            });
            match row {
                Some(Some(row)) => open_row(model, row),
                Some(None)
                    if with(model, |state| !matches!(state.tab, Tab::Links | Tab::Pairs)) == Some(true) =>
                {
                    turn(model, 1)
                }
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

fn turn(model: &mut Model, by: usize) -> Vec<Command> {
    with(model, |state| {
        let place = TABS.iter().position(|(tab, _)| *tab == state.tab).unwrap_or(0);
        state.tab = TABS[(place + by) % TABS.len()].0;
    });
    Vec::new()
}
