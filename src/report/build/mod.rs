//! From a studied case to the report: one file per part of it. Nothing here reads a clock or writes a byte.

mod actions;
pub(super) mod agents;
mod behaviour;
mod exemplars;
mod facts;
pub(super) mod gaps;
mod log;
pub(super) mod money;
mod notes;
mod proofs;
pub(super) mod register;
mod requests;
mod summary;
pub(super) mod timeline;
mod words;

pub use requests::node_rows;

use super::lists;
use super::model::{Audience, Basis, Block, Field, Level, Report, Section, Sql, Statement, Text, Value};
use super::redact::{self, Redactor};
use crate::analysis::Window;
use crate::model::{Finding, Nanos, Pointers};
use crate::store::Case;
use crate::work::agents::Agents;
use crate::work::archive::Outside;
use crate::work::blast::Impact;
use crate::work::copies::Copied;
use crate::work::exposure::{Exposure, exposure, weakest};
use crate::work::notebook::{self, Notebook};
use crate::work::study::{Choice, Study};
use crate::work::verify::{Verification, last};
use crate::work::{Cancel, WorkError};
use std::sync::Arc;

/// Everything a report is made from, looked at once.
#[derive(Debug)]
pub struct Facts<'s> {
    pub study: &'s Study,
    pub impact: &'s Impact,
    pub choice: Choice,
    pub exposure: Exposure,
    pub verification: Option<Verification>,
    pub outside: Vec<Outside>,
    pub copies: Vec<Copied>,
    pub asked_at: Option<Nanos>,
    /// Which agents changed; `None` where nothing is under suspicion.
    pub agents: Option<Arc<Agents>>,
    pub notebook: Notebook,
    /// Of the study, journals under the names the report tells.
    pub findings: Vec<Finding>,
    /// Names of the journals as a report told them, in the order of the sources.
    pub journals: Option<Vec<String>>,
}

impl<'s> Facts<'s> {
    /// Looks at a case. `choice` is what the responder chose, so that others can choose it again.
    pub fn of(
        study: &'s Study,
        choice: &Choice,
        journals: Option<Vec<String>>,
        cancel: &Cancel,
    ) -> Result<Self, WorkError> {
        let case = Case::open(study.snapshot.path())?;
        let asked = crate::work::verify::asked(&case)?;
        let findings = gaps::findings(study, journals.as_deref());
        Ok(Self {
            findings,
            impact: study.counted()?,
            study,
            choice: choice.clone(),
            exposure: exposure(study, cancel)?,
            verification: last(&case, study)?,
            outside: asked.outside,
            copies: asked.copies,
            asked_at: asked.now,
            agents: study.agents(cancel)?,
            notebook: notebook::open(study.snapshot.path())?,
            journals,
        })
    }

    fn window(&self) -> Option<&'s Window> {
        self.study.window.as_ref()
    }

    fn model(&self) -> Value {
        recorded(Field::Model, self.window().map_or("", |window| self.study.model_name(window.model)))
    }

    fn faulty(&self) -> Value {
        recorded(Field::Version, self.window().map_or("", |window| self.study.version_name(window.faulty)))
    }

    fn good(&self) -> Value {
        recorded(Field::Version, self.window().map_or("", |window| self.study.version_name(window.good)))
    }

    /// The weakest evidence among the requests the faulty version served.
    fn faulty_level(&self) -> Level {
        weakest(&self.exposure.faulty).map_or(Level::Computed, Level::from)
    }

    fn pointer_level(&self, flag: Pointers) -> Level {
        let place = Pointers::ALL.iter().position(|(known, _)| *known == flag).unwrap_or(0);
        weakest(&self.exposure.pointers[place]).map_or(Level::Computed, Level::from)
    }

    /// Said where a section needs an incident and there is none.
    fn no_incident(&self) -> Option<String> {
        let why = "no incident and no rollback is recorded in these journals, so nothing is under suspicion; \
                   choose a version with --model and --faulty";
        self.window().is_none().then(|| why.to_owned())
    }
}

/// Makes the report of a case for an audience.
pub fn build(facts: &Facts<'_>, statement: &Statement, redactor: &Redactor) -> Result<Report, WorkError> {
    let study = facts.study;
    let attachments = lists::attachments(facts, redactor)?;
    let mut sections = vec![
        summary::section_of(facts),
        facts::section_of(facts),
        words::scope(facts),
        timeline::section_of(facts)?,
        requests::section_of(facts)?,
        agents::section_of(facts),
        money::section_of(facts)?,
        behaviour::section_of(facts)?,
        proofs::section_of(facts),
        exemplars::section_of(facts, statement.audience)?,
        words::alternatives(facts),
        gaps::section_of(facts),
        actions::section_of(facts)?,
        register::section_of(facts),
        log::section_of(facts),
        words::reproduce(facts),
        words::appendices(&attachments),
    ];
    if statement.audience == Audience::Executive {
        sections.retain(|section| !TECHNICAL.contains(&section.id));
        sections.iter_mut().for_each(shortened);
    }
    notes::place(facts, &mut sections)?;
    let report = Report {
        title: title(facts, statement),
        at: statement.at.or(study.fold.span.map(|(_, to)| Nanos(to))),
        statement: statement.clone(),
        incident: summary::incident(facts),
        journals: register::journals(facts),
        trust: study.trust.clone(),
        outside: facts.outside.iter().map(register::outside).collect(),
        copies: facts.copies.clone(),
        asked_at: facts.asked_at,
        verified: study.verified,
        choice: facts.choice.clone(),
        sections,
        attachments,
        redacted: redactor.fields().collect(),
    };
    Ok(redact::report(report, redactor))
}

/// What whoever receives a report types to check it; its own file and the journals are theirs to name.
pub const CHECK: &str = "backtrail check REPORT.json JOURNALS…";

/// An executive reads the beginning of a long table; who wants the rest has the attached list.
fn shortened(section: &mut Section) {
    for block in &mut section.blocks {
        if let Block::Table(table) = block
            && table.list.is_some()
        {
            table.rows.truncate(EXECUTIVE_ROWS);
        }
    }
}

const EXECUTIVE_ROWS: usize = 10;

/// Sections an executive reads somewhere else.
const TECHNICAL: [&str; 5] = ["scope", "behaviour", "exemplars", "alternatives", "log"];

fn title(facts: &Facts<'_>, statement: &Statement) -> Text {
    match (&statement.title, facts.window()) {
        (Some(title), _) => vec![words(title)],
        (None, Some(_)) => vec![words("Incident report: "), facts.model(), words(" "), facts.faulty()],
        (None, None) => vec![words("Provenance report")],
    }
}

fn words(text: impl Into<String>) -> Value {
    Value::Words(text.into())
}

/// Recorded text; an empty one is absent.
fn recorded(field: Field, text: &str) -> Value {
    if text.is_empty() { Value::Absent } else { Value::Recorded(field, text.to_owned()) }
}

fn time(at: Option<Nanos>) -> Value {
    at.map_or(Value::Absent, Value::Time)
}

/// A number that one SQL query answers.
fn by_sql(
    level: Level,
    method: impl Into<String>,
    text: impl Into<String>,
    parameters: Vec<(&'static str, Value)>,
) -> Basis {
    Basis { level, method: method.into(), sql: Some(Sql { text: text.into(), parameters }) }
}

/// A number made from others, or by a method no single query holds.
fn by(level: Level, method: impl Into<String>) -> Basis {
    Basis { level, method: method.into(), sql: None }
}

fn section(id: &'static str, title: &'static str) -> Section {
    Section { id, title, blocks: Vec::new(), empty: None }
}

fn empty(id: &'static str, title: &'static str, why: impl Into<String>) -> Section {
    Section { id, title, blocks: Vec::new(), empty: Some(why.into()) }
}
