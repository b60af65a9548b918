//! Agents: ranked by how much they changed; beside the list one agent before, during and after.
//!
//! ```text
//!   agent           verdict    since then   effect     q   before during after
//! ▌ treasury-1      changed    sticky        0.098  .019      846    144   197
//!   support-3       changed    recovered     0.163  .019    1,055    217   317
//! ```

use crate::analysis::drift::verdict::Verdict;
use crate::ui::actions::Action;
use crate::ui::lists::Which;
use crate::ui::model::{Command, Model, Screen};
use crate::ui::screens::requests;
use crate::ui::text::spans;
use crate::ui::theme::Theme;
use crate::ui::update::{body_height, fail, push};
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::ui::widgets::table::{self, Align, Arranged, Column, rows_in};
use crate::work::WorkError;
use crate::work::agents::trace::Trace;
use crate::work::agents::words::{Portrait, probability};
use crate::work::agents::{Agent, Agents};
use crate::work::filter::{Clause, Field, Filter};
use crate::work::findings::grouped;
use crate::work::notebook::Subject;
use crate::work::sheet::Sheet;
use crate::work::study::Study;
use ratatui::style::Style;
use ratatui::text::Line;
use std::sync::Arc;

#[derive(Debug, Default)]
pub struct State {
    pub scroll: Scroll,
    pub arranged: Arranged,
    /// The agent whose portrait is here or asked for, and the portrait.
    pub shown: Option<(u64, Option<Box<Shown>>)>,
}

/// All that is told of one agent.
pub type Shown = (Portrait, Trace);

/// One line of the list.
#[derive(Clone, Debug)]
pub struct Listed {
    name: String,
    agent: Agent,
}

pub const COLUMNS: [Column<Listed>; 9] = [
    Column {
        title: "agent",
        width: 12,
        grow: 2,
        need: 0,
        align: Align::Left,
        cell: |l, t| Line::from(spans(&l.name, t.accent(), t)),
    },
    Column {
        title: "verdict",
        width: 9,
        grow: 0,
        need: 0,
        align: Align::Left,
        cell: |l, t| Line::styled(l.agent.verdict.name(), style(&l.agent, t)),
    },
    Column {
        title: "since then",
        width: 17,
        grow: 0,
        need: 0,
        align: Align::Left,
        cell: |l, t| Line::styled(since(&l.agent), style(&l.agent, t)),
    },
    Column {
        title: "effect",
        width: 6,
        grow: 0,
        need: 1,
        align: Align::Right,
        cell: |l, t| Line::styled(effect(&l.agent), t.plain()),
    },
    Column {
        title: "q",
        width: 6,
        grow: 0,
        need: 2,
        align: Align::Right,
        cell: |l, t| Line::styled(l.agent.q.map_or_else(String::new, probability), t.plain()),
    },
    Column {
        title: "before",
        width: 7,
        grow: 0,
        need: 3,
        align: Align::Right,
        cell: |l, t| Line::styled(grouped(l.agent.n[0].into()), t.plain()),
    },
    Column {
        title: "during",
        width: 7,
        grow: 0,
        need: 3,
        align: Align::Right,
        cell: |l, t| Line::styled(grouped(l.agent.n[1].into()), t.plain()),
    },
    Column {
        title: "after",
        width: 7,
        grow: 0,
        need: 3,
        align: Align::Right,
        cell: |l, t| Line::styled(grouped(l.agent.n[2].into()), t.plain()),
    },
    Column {
        title: "kept",
        width: 16,
        grow: 0,
        need: 4,
        align: Align::Right,
        cell: |l, t| Line::styled(kept(&l.agent), t.plain()),
    },
];

fn since(agent: &Agent) -> &'static str {
    agent.persistence.map_or("", |persistence| persistence.name())
}

fn effect(agent: &Agent) -> String {
    if agent.sight.iter().any(Option::is_some) { format!("{:.3}", agent.effect()) } else { String::new() }
}

/// `84 % [60, 108]`.
fn kept(agent: &Agent) -> String {
    let kept = agent.retention.map(|(_, kept)| [kept.rho, kept.lo, kept.hi].map(|share| share * 100.0));
    kept.map_or_else(String::new, |[rho, lo, hi]| format!("{rho:.0} % [{lo:.0}, {hi:.0}]"))
}

pub fn style(agent: &Agent, theme: &Theme) -> Style {
    use crate::analysis::drift::lasting::Persistence;
    match (agent.verdict, agent.persistence) {
        (Verdict::Changed, Some(Persistence::Sticky | Persistence::ShiftedElsewhere)) => theme.bad(),
        (Verdict::Changed, _) => theme.warn(),
        (Verdict::Unchanged, _) => theme.plain(),
        (Verdict::Untested | Verdict::Control, _) => theme.quiet(),
    }
}

/// The agents of the study on screen, once they are judged.
pub fn known(model: &Model) -> Option<&Arc<Agents>> {
    model.study.as_deref()?.agents_known()
}

/// The agent at a place of the list as it is arranged.
pub fn at<'a>(state: &State, agents: &'a Agents, place: usize) -> Option<&'a Agent> {
    agents.at_rank(state.arranged.row(place))
}

pub fn listed(study: &Study, agent: &Agent) -> Listed {
    Listed { name: study.agent_name(agent.number).to_owned(), agent: agent.clone() }
}

fn under_cursor(model: &Model) -> Option<&Agent> {
    match model.screen() {
        Screen::Agents(state) => at(state, known(model)?, state.scroll.cursor),
        _ => None,
    }
}

pub fn subject(model: &Model) -> Option<Subject> {
    let name = model.study.as_deref()?.agent_name(under_cursor(model)?.number);
    Some(Subject::new("agent", name))
}

pub fn listing(model: &Model, which: Which) -> Option<Sheet> {
    let (study, agents) = (model.study.as_deref()?, known(model)?);
    let titles = COLUMNS.iter().map(|column| column.title.to_owned()).collect();
    let rows =
        which.of(agents.ranked()).map(|agent| table::texts(&COLUMNS, &listed(study, agent), &model.theme));
    Some(Sheet { titles, rows: rows.collect() })
}

/// Asks for what is missing: the verdicts, then the portrait of the agent under the cursor.
pub fn ask(model: &mut Model) -> Vec<Command> {
    let Some(study) =
        model.study.clone().filter(|study| study.snapshot.is_sealed() && study.window.is_some())
    else {
        return Vec::new();
    };
    if study.agents_known().is_none() {
        return vec![Command::Judge];
    }
    let number = under_cursor(model).map(|agent| agent.number);
    match (model.screens.last_mut(), number) {
        (Some(Screen::Agents(state)), Some(number)) => {
            let is_here =
                state.shown.as_ref().is_some_and(|(known, portrait)| *known == number && portrait.is_some());
            if is_here {
                return Vec::new();
            }
            state.shown = Some((number, None));
            vec![Command::Portray { agent: number }]
        }
        _ => Vec::new(),
    }
}

/// The agents were judged: whoever shows them is drawn again.
pub fn judged(model: &mut Model, done: Result<(), WorkError>) -> Vec<Command> {
    if let Err(error) = done {
        return fail(model, &error);
    }
    crate::ui::lists::rearrange(model);
    match model.screen() {
        Screen::Agents(_) => ask(model),
        _ => Vec::new(),
    }
}

pub fn portrayed(model: &mut Model, agent: u64, portrait: Box<Shown>) -> Vec<Command> {
    if let Some(Screen::Agents(state)) = model.screens.last_mut()
        && state.shown.as_ref().is_some_and(|(known, _)| *known == agent)
    {
        state.shown = Some((agent, Some(portrait)));
    }
    Vec::new()
}

/// The case was studied anew: what is shown of an agent may be another.
pub fn forget(model: &mut Model) {
    for screen in &mut model.screens {
        if let Screen::Agents(state) = screen {
            state.shown = None;
        }
    }
}

pub fn step(model: &mut Model, step: Step) -> Vec<Command> {
    let all = known(model).map_or(0, |agents| agents.agents.len());
    let height = rows_in(body_height(model) as u16);
    if let Some(Screen::Agents(state)) = model.screens.last_mut() {
        state.scroll.step(step, state.arranged.len(all), height);
    }
    ask(model)
}

/// Enter opens what the faulty version answered it; for an agent it never reached, all its requests.
pub fn act(model: &mut Model, action: Action) -> Vec<Command> {
    let (Action::Open, Some(study)) = (action, model.study.clone()) else { return Vec::new() };
    let Some((number, exposed)) = under_cursor(model).map(|agent| (agent.number, agent.n[1] > 0)) else {
        return Vec::new();
    };
    let mut filter = Filter::default().and(Clause::is(Field::Agent, study.agent_name(number)));
    if let Some(window) = study.window.as_ref().filter(|_| exposed) {
        filter = filter
            .and(Clause::is(Field::Model, study.model_name(window.model)))
            .and(Clause::is(Field::Version, study.version_name(window.faulty)));
    }
    requests::remember(model, filter);
    push(model, Screen::Requests(requests::State::default()))
}
