//! What is remembered of a session when it ends, and how it is taken up again: screen, filters, cursor, and what was made
//! of each list.

use super::actions::Action;
use super::acts::act;
use super::lists::{self, cursor_of, said, titles};
use super::model::{Change, Command, Model, Notice, Screen, Spot};
use super::ordering::{held, spot};
use super::screens::requests::FIELDS;
use super::screens::{notes, settlements};
use super::way::show_tab;
use super::widgets::arranged::{Arranged, Held};
use super::widgets::aside::Aside;
use crate::model::{Nanos, Row};
use crate::work::filter::{Clause, Filter};
use crate::work::lines::Keep;
use crate::work::session::{KeptList, Session};
use crate::work::stack::Order;
use crate::work::study::Choice;
use std::collections::BTreeMap;

/// What to remember; nothing where no case is open.
pub fn session_of(model: &Model) -> Option<Session> {
    let study = model.study.as_deref().filter(|study| study.snapshot.is_sealed())?;
    let path = study.snapshot.path();
    let filters = model.filter.clauses.iter();
    let version = model.choice.version.clone();
    Some(Session {
        case: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
        screen: model.screens.iter().rev().find_map(Screen::tab).unwrap_or(1),
        pane: model.screens.iter().rev().find(|screen| screen.tab().is_some()).map_or(0, pane),
        filters: filters.map(|clause| (clause.to_string(), clause.paused)).collect(),
        model: version.as_ref().map(|(model, _)| model.clone()),
        version: version.map(|(_, version)| version),
        from: model.choice.from.map(Nanos::rfc3339),
        to: model.choice.to.map(Nanos::rfc3339),
        queries: model.queries.clone(),
        head: Some(model.notebook.head.to_string()),
        lists: kept_lists(model).into_values().collect(),
    })
}

/// What was made of every list, on screens that were opened and on those that were not.
fn kept_lists(model: &Model) -> BTreeMap<Spot, KeptList> {
    let mut lists = model.lists.clone();
    for screen in &model.screens {
        let Some(tab) = screen.tab() else {
            continue;
        };
        let (shown, aside) = match screen {
            Screen::Requests(state) => (Some(&state.arranged), None),
            Screen::Settlements(state) => (Some(&state.arranged), Some(&state.aside)),
            Screen::Notes(state) => (Some(&state.arranged), Some(&state.aside)),
            screen => (cursor_of(screen).map(|(arranged, _)| arranged), None),
        };
        let aside = aside.into_iter().flat_map(Aside::lists);
        for (pane, arranged) in aside.chain(shown.map(|arranged| (pane(screen), arranged))) {
            let spot = Spot { tab, pane };
            let held = match screen {
                Screen::Requests(state) => state
                    .row(state.scroll.cursor)
                    .or(state.wanted)
                    .map(|row| Held { identity: u64::from(row.0), line: 0 }),
                screen => held(model, screen).filter(|_| pane == self::pane(screen)),
            };
            lists.insert(spot, kept(spot, arranged, held));
        }
    }
    lists
}

fn pane(screen: &Screen) -> usize {
    spot(screen).map_or(0, |spot| spot.pane)
}

fn kept(Spot { tab, pane }: Spot, arranged: &Arranged, held: Option<Held>) -> KeptList {
    KeptList {
        tab,
        pane,
        column: arranged.column,
        sorted_by: arranged.sort.map(|(column, _)| column),
        falling: arranged.sort.is_some_and(|(_, order)| order == Order::Falling),
        filters: arranged.keep.iter().map(|keep| (keep.to_string(), keep.paused)).collect(),
        // As text: the format has no whole numbers of this size.
        row: held.map(|held| format!("{:016x}", held.identity)),
        line: held.map_or(0, |held| held.line),
    }
}

/// A screen that is opened for the first time, its lists as they were left in an earlier session.
pub fn furnished(model: &mut Model, mut screen: Screen) -> Screen {
    let Some(tab) = screen.tab() else {
        return screen;
    };
    let lists = std::mem::take(&mut model.lists);
    let (ours, others) = lists.into_iter().partition(|(spot, _)| spot.tab == tab);
    model.lists = others;
    for (at, list) in ours {
        put(&mut screen, at, &list);
    }
    screen
}

fn put(screen: &mut Screen, at: Spot, list: &KeptList) {
    let titles = match screen {
        Screen::Requests(_) => FIELDS.map(|field| field.name().to_owned()).into(),
        Screen::Settlements(_) => {
            settlements::TABS.get(at.pane).map_or(Vec::new(), |(tab, _)| settlements::titles(*tab))
        }
        Screen::Notes(_) => notes::TABS.get(at.pane).map_or(Vec::new(), |(tab, _)| notes::titles(*tab)),
        _ => titles(screen),
    };
    let Some(last) = titles.len().checked_sub(1) else {
        return;
    };
    let order = if list.falling { Order::Falling } else { Order::Rising };
    let conditions = list.filters.iter().flat_map(|(text, paused)| {
        let keep = Keep::parse(text, &titles).unwrap_or_default();
        keep.into_iter().map(|keep| Keep { paused: *paused, ..keep })
    });
    let mut arranged = Arranged::kept(list.column.min(last), conditions.collect());
    arranged.sort = list.sorted_by.filter(|column| *column <= last).map(|column| (column, order));
    let identity = list.row.as_deref().and_then(|row| u64::from_str_radix(row, 16).ok());
    arranged.anchor = identity.map(|identity| Held { identity, line: list.line });
    let is_shown = spot(screen) == Some(at);
    match screen {
        Screen::Requests(state) => {
            state.wanted = arranged.anchor.take().map(|held| Row(held.identity as u32));
            state.arranged = arranged;
        }
        Screen::Settlements(state) if !is_shown => state.aside.put(at.pane, arranged),
        Screen::Notes(state) if !is_shown => state.aside.put(at.pane, arranged),
        screen => {
            if let Some((shown, _)) = lists::arranged(screen) {
                *shown = arranged;
            }
        }
    }
}

/// Takes up a session, unless something was done already.
pub fn take_up(model: &mut Model, session: &Session) -> Vec<Command> {
    model.seen = session.head();
    check_seen(model);
    model.queries.clone_from(&session.queries);
    let untouched =
        matches!(model.screens.as_slice(), [Screen::Overview(_)]) && model.filter.clauses.is_empty();
    if !untouched || model.overlay.is_some() {
        return Vec::new();
    }
    let study = model.study.clone();
    let exists = |row: Row| {
        let chunks = study.as_deref().map_or(&[][..], |study| study.snapshot.chunks());
        chunks.get(row.chunk()).is_some_and(|chunk| row.place() < chunk.rows as usize)
    };
    let mut commands = Vec::new();
    let (from, to) = session.edges();
    let version = session.model.clone().zip(session.version.clone());
    let choice = Choice { version, from, to, ..model.choice.clone() };
    if choice != model.choice {
        let before = std::mem::replace(&mut model.choice, choice.clone());
        model.undo.push(Change::Choice(before));
        commands.push(Command::Study { choice });
    }
    let clauses: Vec<Clause> = session.filters.iter().flat_map(|clause| clause_of(model, clause)).collect();
    if !clauses.is_empty() {
        model.undo.push(Change::Filter(std::mem::replace(&mut model.filter, Filter { clauses })));
    }
    let spot = |list: &KeptList| Spot { tab: list.tab, pane: list.pane };
    model.lists = session.lists.iter().map(|list| (spot(list), list.clone())).collect();
    if let Some(requests) = model.lists.get_mut(&Spot { tab: 3, pane: 0 }) {
        let row = requests.row.as_deref().and_then(|row| u32::from_str_radix(row, 16).ok());
        requests.row = requests.row.take().filter(|_| row.map(Row).is_some_and(exists));
    }
    if session.screen != 1 {
        commands.extend(show_tab(model, session.screen));
        // Of a few lists that take turns; what is no longer there is not turned to.
        for _ in 0..session.pane.min(2) {
            commands.extend(act(model, Action::NextPane, None));
        }
    }
    if model.notice.is_none() && (session.screen != 1 || !model.undo.is_empty()) {
        said(model, "taken up where you left it; u takes filters and window back");
    }
    commands
}

/// Holds the log against the line of it that this user saw last, once both are known: either may be read first.
pub fn check_seen(model: &mut Model) {
    if model.editions.notes == 0 {
        return;
    }
    if let Some(head) = model.seen.take().filter(|head| !model.notebook.went_through(*head)) {
        let words =
            format!("the log no longer holds the line {head} that you saw last: it was cut or written anew");
        model.notice = Some(Notice::Failed(words));
    }
}

fn clause_of(model: &Model, (text, paused): &(String, bool)) -> Vec<Clause> {
    let filter = Filter::parse(text, model.day()).unwrap_or_default();
    filter.clauses.into_iter().map(|clause| Clause { paused: *paused, ..clause }).collect()
}
