//! Agents: ranked by how much they changed; beside the list one agent before, during and after.
//!
//! ```text
//!   agent           verdict    since then   effect     q   before during after
//! ▌ treasury-1      changed    sticky        0.098  .019      846    144   197
//!   support-3       changed    recovered     0.163  .019    1,055    217   317
//! ```

use crate::analysis::Number;
use crate::analysis::drift::verdict::Verdict;
use crate::ui::actions::Action;
use crate::ui::acts::body_height;
use crate::ui::model::{Command, Model, Screen};
use crate::ui::ordering;
use crate::ui::screens::{requests, timeline};
use crate::ui::text::spans;
use crate::ui::theme::Theme;
use crate::ui::update::fail;
use crate::ui::way::push;
use crate::ui::widgets::rows::{self, Rows};
use crate::ui::widgets::scroll::{Scroll, Step};
use crate::ui::widgets::table::{Arranged, Column, rows_in};
use crate::work::WorkError;
use crate::work::agents::trace::Trace;
use crate::work::agents::words::{Portrait, probability};
use crate::work::agents::{Agent, Agents};
use crate::work::filter::{Clause, Field, Filter};
use crate::work::findings::grouped;
use crate::work::lines::{Lines, Value};
use crate::work::notebook::Subject;
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
    Column::<Listed>::left("agent", 14, |l, t| Line::from(spans(&l.name, t.accent(), t))).grow(2),
    Column::<Listed>::left("verdict", 9, |l, t| Line::styled(l.agent.verdict.name(), style(&l.agent, t))),
    Column::<Listed>::left("since then", 17, |l, t| Line::styled(since(&l.agent), style(&l.agent, t))),
    Column::<Listed>::right("effect", 6, |l, t| Line::styled(effect(&l.agent), t.plain()))
        .need(1)
        .value(|l| Value::real(is_told(&l.agent).then(|| l.agent.effect()))),
    Column::<Listed>::right("q", 6, |l, t| {
        Line::styled(l.agent.q.map_or_else(String::new, probability), t.plain())
    })
    .need(2)
    .value(|l| Value::real(l.agent.q)),
    Column::<Listed>::right("before", 7, |l, t| Line::styled(grouped(l.agent.n[0].into()), t.plain()))
        .need(3)
        .value(|l| Value::whole(l.agent.n[0])),
    Column::<Listed>::right("during", 7, |l, t| Line::styled(grouped(l.agent.n[1].into()), t.plain()))
        .need(3)
        .value(|l| Value::whole(l.agent.n[1])),
    Column::<Listed>::right("after", 7, |l, t| Line::styled(grouped(l.agent.n[2].into()), t.plain()))
        .need(3)
        .value(|l| Value::whole(l.agent.n[2])),
    Column::<Listed>::right("kept", 16, |l, t| Line::styled(kept(&l.agent), t.plain()))
        .need(4)
        .value(|l| Value::real(l.agent.retention.map(|(_, kept)| kept.rho * 100.0))),
];

fn since(agent: &Agent) -> &'static str {
    agent.persistence.map_or("", |persistence| persistence.name())
}

fn effect(agent: &Agent) -> String {
    if is_told(agent) { format!("{:.3}", agent.effect()) } else { String::new() }
}

/// Whether anything can be told of it in this window.
fn is_told(agent: &Agent) -> bool {
    agent.sight.iter().any(Option::is_some)
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

/// The agent under the cursor and its name.
pub fn chosen(model: &Model) -> Option<(Number, String)> {
    let number = under_cursor(model)?.number;
    Some((number, model.study.as_deref()?.agent_name(number).to_owned()))
}

pub fn subject(model: &Model) -> Option<Subject> {
    Some(Subject::new("agent", &chosen(model)?.1))
}

/// What the list says of one, by the names of its columns.
pub fn cells(study: &Study, agent: &Agent) -> Vec<(String, String)> {
    let listed = listed(study, agent);
    let cell = |column: &Column<Listed>| (column.cell)(&listed, &Theme::default()).to_string();
    COLUMNS.iter().map(|column| (column.title.to_owned(), cell(column))).collect()
}

pub fn titles() -> Vec<String> {
    rows::titles(&COLUMNS)
}

/// The agents for workers, those that changed most first.
pub fn lines(model: &Model) -> Option<Arc<dyn Lines>> {
    let (study, agents) = (model.study.clone()?, Arc::clone(known(model)?));
    let len = agents.agents.len();
    let row = move |row: usize| agents.at_rank(row).map(|agent| listed(&study, agent));
    Some(Arc::new(Rows { columns: &COLUMNS, len, row, identity: |l| l.agent.number, unread: None }))
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
    model.editions.agents += 1;
    match model.screen() {
        Screen::Agents(_) => {
            let mut commands = ordering::renew(model);
            commands.extend(ask(model));
            commands
        }
        Screen::Timeline(_) => timeline::draw_again(model),
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
