//! The answer, line by line: what was served, what came of it, and what that rests on.

mod behind;
mod incident;
mod reached;

use crate::analysis::money::Class;
use crate::model::time::Zone;
use crate::ui::model::{Model, Screen};
use crate::ui::screens::overview;
use crate::ui::text::wrap;
use crate::ui::theme::Theme;
use crate::work::filter::Filter;
use crate::work::findings::counted;
use crate::work::study::Study;
use crate::work::verify::Verification;
use ratatui::text::{Line, Span};
use std::sync::Arc;

/// What Enter opens.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Requests(Filter),
    Timeline,
    Agents,
    Findings,
    Settlements(Option<Class>),
    Proofs,
    Nothing,
}

/// One line of the answer.
pub struct Answer {
    pub line: Line<'static>,
    pub target: Target,
}
/// The answer, line by line.
pub fn answers(study: &Study, model: &Model) -> Vec<Answer> {
    let width = usize::from(overview::width(model)).saturating_sub(3);
    let verification = match model.screen() {
        Screen::Overview(state) => state.verification.clone(),
        _ => None,
    };
    let mut page =
        Page { study, verification, zone: model.zone, theme: &model.theme, width, answers: Vec::new() };
    if !study.snapshot.is_sealed() {
        page.say(
            "reading",
            vec![Span::raw("journals are still being read; versions are attributed when all is in")],
            Target::Nothing,
        );
        let records = format!("{} so far", counted(study.snapshot.rows(), "record"));
        page.say("records", vec![Span::raw(records)], Target::Requests(Filter::default()));
        return page.answers;
    }
    page.suspect();
    page.requests();
    page.pointing();
    page.agents();
    page.nodes();
    page.reached();
    page.money();
    page.findings();
    page.evidence();
    page.gaps();
    page.answers
}

struct Page<'p> {
    study: &'p Study,
    verification: Option<Arc<Verification>>,
    zone: Zone,
    theme: &'p Theme,
    width: usize,
    answers: Vec<Answer>,
}

/// Width of the words at the left.
const LABEL: usize = 18;

impl Page<'_> {
    fn say(&mut self, label: &str, mut spans: Vec<Span<'static>>, target: Target) {
        let label = Span::styled(format!("{label:<LABEL$}"), self.theme.quiet());
        spans.insert(0, label);
        let mut lines = wrap(Line::from(spans), self.width, LABEL).into_iter();
        self.answers.extend(lines.next().map(|line| Answer { line, target }));
        self.answers.extend(lines.map(|line| Answer { line, target: Target::Nothing }));
    }

    fn blank(&mut self) {
        self.answers.push(Answer { line: Line::default(), target: Target::Nothing });
    }

    fn title(&mut self, spans: Vec<Span<'static>>) {
        self.answers.push(Answer { line: Line::from(spans), target: Target::Nothing });
    }
}
