//! Settlements: every payment with its class and both clocks, what was put on a chain, and the totals per asset.
//!
//! ```text
//!   Payments │ On chain │ Totals     205 of 1,023 payments: direct and derived
//!   settled at           inferred             id            class    state     amount    tainted  members
//! ▌ 10-05 08:41:07       10-05 08:40:51       pay-000000f3  direct   settled   0.0125 …  0.0125   1 of 1
//! ```

use super::payments_table::{CLASS, MEMBERS, ON_CHAIN, PAYMENTS, on_chain, payments};
use super::settlements_view::all_totals;
use crate::analysis::money::Class;
use crate::model::{Kind, Row};
use crate::ui::actions::Action;
use crate::ui::acts::body_height;
use crate::ui::lists::row_under_cursor;
use crate::ui::model::{Command, Model, Screen};
use crate::ui::ordering;
use crate::ui::way::open_row;
use crate::ui::widgets::aside::Aside;
use crate::ui::widgets::rows;
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::ui::widgets::table::Arranged;
use crate::work::blast::Blast;
use crate::work::lines::{Keep, Lines};
use crate::work::notebook::Subject;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug)]
pub struct State {
    pub tab: Tab,
    pub scroll: Scroll,
    pub arranged: Arranged,
    /// The lists of the other tabs.
    pub aside: Aside,
    /// Ids of what is on screen: they stand in the journals.
    pub ids: BTreeMap<Row, String>,
}

/// The number of this screen.
pub const TAB: u8 = 5;

/// Ids kept at hand.
const AT_HAND: usize = 10_000;

impl Default for State {
    fn default() -> Self {
        Self {
            tab: Tab::default(),
            scroll: Scroll::default(),
            arranged: Arranged::at(CLASS),
            aside: Aside::default(),
            ids: BTreeMap::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Payments,
    Chain,
    Totals,
}

pub const TABS: [(Tab, &str); 3] =
    [(Tab::Payments, "Payments"), (Tab::Chain, "On chain"), (Tab::Totals, "Totals")];

/// The titles of the tabs, for whoever clicks on them.
pub fn tabs() -> Vec<&'static str> {
    TABS.iter().map(|(_, title)| *title).collect()
}

/// Titles of the columns.
pub fn titles(tab: Tab) -> Vec<String> {
    match tab {
        Tab::Payments => rows::titles(&PAYMENTS),
        Tab::Chain => rows::titles(&ON_CHAIN),
        Tab::Totals => Vec::new(),
    }
}

/// The rows of the tab for workers.
pub fn lines(model: &Model, state: &State) -> Option<Arc<dyn Lines>> {
    let (study, blast) = (model.study.clone()?, blast(model)?);
    match state.tab {
        Tab::Payments => Some(payments(study, blast)),
        Tab::Chain => Some(on_chain(study, blast)),
        Tab::Totals => None,
    }
}

pub fn blast(model: &Model) -> Option<Arc<Blast>> {
    model.study.as_deref().and_then(|study| study.blast_known().cloned())
}

fn with<T>(model: &mut Model, f: impl FnOnce(&mut State) -> T) -> Option<T> {
    match model.screens.last_mut() {
        Some(Screen::Settlements(state)) => Some(f(state)),
        _ => None,
    }
}

/// After the case or the window changed: the books again, and the list over them.
pub fn refresh(model: &mut Model) -> Vec<Command> {
    if blast(model).is_none() {
        return vec![Command::Blast];
    }
    let mut commands = ordering::renew(model);
    commands.extend(step(model, Step::By(0)));
    commands
}

impl State {
    /// The place of the tab that is shown.
    pub fn place(&self) -> usize {
        TABS.iter().position(|(tab, _)| *tab == self.tab).unwrap_or(0)
    }

    /// The payments of a class; a refund is told with what it gives back.
    pub fn only(class: Class) -> Self {
        let [of_class, refunds] = [(CLASS, class.name()), (MEMBERS, "a refund")]
            .map(|(column, text)| Keep::is(column, PAYMENTS[column].title, text));
        let keep = vec![of_class, refunds.negated()];
        Self { arranged: Arranged::kept(CLASS, keep), ..Self::default() }
    }

    /// Rows of the tab, before they are narrowed.
    pub fn len(&self, blast: &Blast) -> usize {
        match self.tab {
            Tab::Payments => blast.by_class.len(),
            Tab::Chain => blast.books.settlements.len(),
            Tab::Totals => 0,
        }
    }

    pub fn row(&self, blast: &Blast, row: usize) -> Option<Row> {
        match self.tab {
            Tab::Payments => Some(blast.ledger().payments.get(*blast.by_class.get(row)?)?.row),
            Tab::Chain => Some(blast.books.settlements.get(row)?.row),
            Tab::Totals => None,
        }
    }

    pub fn row_under_cursor(&self, model: &Model) -> Option<Row> {
        self.row(&*blast(model)?, self.arranged.row(self.scroll.cursor))
    }

    pub fn id_under_cursor(&self, model: &Model) -> Option<&str> {
        let row = self.row_under_cursor(model)?;
        self.ids.get(&row).map(String::as_str)
    }

    /// What notes are taken on.
    pub fn subject(&self, model: &Model) -> Option<Subject> {
        let kind = if self.tab == Tab::Payments { Kind::Payment } else { Kind::Settlement };
        self.id_under_cursor(model).map(|id| Subject::new(kind.name(), id))
    }
}

/// Asks for the books, where they are not there yet.
pub fn compute(model: &Model) -> Option<Command> {
    let study = model.study.as_deref()?;
    (study.snapshot.is_sealed() && study.blast_known().is_none()).then_some(Command::Blast)
}

/// The books are there.
pub fn computed(model: &mut Model) -> Vec<Command> {
    match model.screen() {
        Screen::Settlements(_) => refresh(model),
        Screen::Requests(_) => super::requests::computed(model),
        Screen::Timeline(_) => super::timeline::draw_again(model),
        _ => Vec::new(),
    }
}

pub fn named(model: &mut Model, ids: Vec<(Row, String)>) -> Vec<Command> {
    with(model, |state| {
        if state.ids.len() + ids.len() > AT_HAND {
            state.ids.clear();
        }
        state.ids.extend(ids);
    });
    Vec::new()
}

fn list_height(model: &Model) -> usize {
    body_height(model).saturating_sub(3).max(1)
}

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    let (height, blast) = (list_height(model), blast(model));
    let Some(blast) = blast else {
        return Vec::new();
    };
    if matches!(model.screen(), Screen::Settlements(state) if state.tab == Tab::Totals) {
        let (len, height) = (all_totals(model, &blast).len(), body_height(model).saturating_sub(2));
        with(model, |state| state.scroll.read(step, len, height));
        return Vec::new();
    }
    let unnamed = with(model, |state| {
        let len = state.arranged.len(state.len(&blast));
        state.scroll.step(step, len, height);
        let places = state.scroll.shown(len, height).map(|place| state.arranged.row(place));
        let rows = places.filter_map(|row| state.row(&blast, row));
        rows.filter(|row| !state.ids.contains_key(row)).collect::<Vec<_>>()
    });
    match unnamed {
        Some(rows) if !rows.is_empty() => vec![Command::Ids { rows }],
        _ => Vec::new(),
    }
}

pub fn act(model: &mut Model, action: Action) -> Vec<Command> {
    match action {
        Action::NextPane => turn(model, 1),
        Action::PreviousPane => turn(model, TABS.len() - 1),
        Action::Open => {
            let blast = blast(model);
            let row = row_under_cursor(model);
            let row = blast.zip(row).and_then(|(blast, row)| with(model, |state| state.row(&blast, row))?);
            row.map_or_else(Vec::new, |row| open_row(model, row))
        }
        _ => Vec::new(),
    }
}

fn turn(model: &mut Model, by: usize) -> Vec<Command> {
    with(model, |state| {
        let (from, to) = (state.place(), (state.place() + by) % TABS.len());
        let shown = (std::mem::take(&mut state.arranged), state.scroll);
        (state.arranged, state.scroll) = state.aside.turn((from, to), shown, Default::default);
        state.tab = TABS[to].0;
    });
    refresh(model)
}
