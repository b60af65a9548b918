//! Reports others can check: one model of what a case says, written in many formats to anything that takes bytes.
//!
//! ```text
//! Study ─ Facts ─ build ─▶ Report ─┬▶ json  (every question and parameter; what `check` reads)
//!                                  ├▶ html, markdown
//!                                  ├▶ lists as csv (streamed; the report knows each by its digest)
//!                                  └▶ timesketch, intoto, ocsf, stix
//! ```

pub mod build;
pub mod check;
pub mod csv;
pub mod html;
pub mod intoto;
pub mod json;
pub mod lists;
pub mod markdown;
pub mod model;
pub mod ocsf;
pub mod picture;
pub mod folder;
pub mod plain;
pub mod redact;
pub mod stix;
pub mod timesketch;

use crate::journal::Names;
use crate::work::save::{Existing, Readers, Written, file};
use crate::work::study::{Choice, Study};
use crate::work::{Cancel, WorkError};
use build::Facts;
use ed25519_dalek::SigningKey;
use model::{Field, Report, Statement};
use redact::Redactor;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What a report can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Html,
    Markdown,
    Json,
    /// A folder of lists.
    Csv,
    Timesketch,
    Intoto,
    Ocsf,
    Stix,
    /// A folder with every format and the lists: what to send.
    All,
}

impl Format {
    pub const ALL: [Self; 9] = [
        Self::Html,
        Self::Markdown,
        Self::Json,
        Self::Csv,
        Self::Timesketch,
        Self::Intoto,
        Self::Ocsf,
        Self::Stix,
        Self::All,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Markdown => "md",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Timesketch => "timesketch",
            Self::Intoto => "intoto",
            Self::Ocsf => "ocsf",
            Self::Stix => "stix",
            Self::All => "all",
        }
    }

    /// The name a file of this format has in a folder of all, and where nobody says another.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Html => "report.html",
            Self::Markdown => "report.md",
            Self::Json => "report.json",
            Self::Csv => "csv",
            Self::Timesketch => "timeline.jsonl",
            Self::Intoto => "statement.intoto.json",
            Self::Ocsf => "incident.ocsf.json",
            Self::Stix => "bundle.stix.json",
            Self::All => "report",
        }
    }

    pub const fn is_folder(self) -> bool {
        matches!(self, Self::Csv | Self::All)
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// What a report is to be.
#[derive(Clone, Debug, Default)]
pub struct Order {
    pub statement: Statement,
    /// What the study was chosen by, so that others can choose it again.
    pub choice: Choice,
    pub redact: Vec<Field>,
    /// The secret that salts come from; used only where something is withheld.
    pub seed: [u8; 32],
    /// The names of the journals, where the report's names are not those on this disk.
    pub journals: Option<Vec<String>>,
}

/// A report and what its lists are streamed from.
#[derive(Debug)]
pub struct Made<'s> {
    pub report: Report,
    pub redactor: Redactor,
    facts: Facts<'s>,
}

impl<'s> Made<'s> {
    /// Makes the report of a case. Everything is read here but the lists, which are written when asked for.
    pub fn of(study: &'s Study, order: &Order, cancel: &Cancel) -> Result<Self, WorkError> {
        let facts = Facts::of(study, &order.choice, order.journals.clone(), cancel)?;
        let redactor = Redactor::new(order.redact.iter().copied(), order.seed, |field| known(&facts, field));
        let report = build::build(&facts, &order.statement, &redactor)?;
        Ok(Self { report, redactor, facts })
    }

    /// Writes a format that is one file.
    pub fn write(
        &self,
        format: Format,
        key: Option<&SigningKey>,
        out: &mut dyn Write,
    ) -> Result<(), WorkError> {
        let fail = |e: io::Error| WorkError::Refused(format!("cannot write the report: {e}"));
        match format {
            Format::Html => html::write(&self.report, out).map_err(fail),
            Format::Markdown => markdown::write(&self.report, out).map_err(fail),
            Format::Json => {
                let text = format!("{:#}", json::document(&self.report));
                writeln!(out, "{}", json::tame(&text)).map_err(fail)
            }
            Format::Timesketch => timesketch::write(&self.facts, &self.report, &self.redactor, out),
            Format::Intoto => intoto::write(&self.report, key, out).map_err(fail),
            Format::Ocsf => ocsf::write(&self.facts, &self.report, &self.redactor, out).map_err(fail),
            Format::Stix => stix::write(&self.facts, &self.report, &self.redactor, out).map_err(fail),
            Format::Csv | Format::All => Err(WorkError::Refused(format!(
                "`{}` is a folder of files; say where with -o",
                format.name()
            ))),
        }
    }

    /// Saves a format in its place, whole or not at all, and says what was written.
    pub fn save(
        &self,
        format: Format,
        key: Option<&SigningKey>,
        path: &Path,
        existing: Existing,
    ) -> Result<Vec<Written>, WorkError> {
        let evidence = self.evidence();
        match format {
            Format::Csv => folder::folder(path, existing, &evidence, |filling| self.lists(filling, "")),
            Format::All => folder::folder(path, existing, &evidence, |filling| {
                for format in Format::ALL.into_iter().filter(|format| !format.is_folder()) {
                    filling.add(format.file_name(), |out| self.write(format, key, out))?;
                }
                self.lists(filling, "csv/")
            }),
            format => {
                let write = |out: &mut dyn Write| self.write(format, key, out);
                file(path, existing, Readers::Usual, &evidence, write).map(|written| vec![written])
            }
        }
    }

    fn lists(&self, filling: &folder::Filling<'_>, under: &str) -> Result<(), WorkError> {
        filling.add(&format!("{under}figures.csv"), |out| {
            figures(&self.report, out).map_err(|e| WorkError::Refused(e.to_string()))
        })?;
        for list in lists::LISTS {
            filling.add(&format!("{under}{}", list.name), |out| {
                list.write(&self.facts, &self.redactor, out).map(|_| ())
            })?;
        }
        Ok(())
    }

    /// Files a report must never be written over: the journals, their plain copies, the case.
    pub fn evidence(&self) -> Vec<PathBuf> {
        self.facts.study.evidence()
    }
}

/// Every figure as a line, with its question.
fn figures(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let head = ["figure", "label", "value", "weakest evidence", "method", "sql", "parameters"];
    csv::line(out, head.map(str::to_owned))?;
    for figure in report.figures() {
        let (sql, parameters) = figure.basis.sql.as_ref().map_or((String::new(), String::new()), |sql| {
            let named =
                sql.parameters.iter().map(|(name, value)| format!("{name}={}", json::value(report, value)));
            (sql.text.clone(), named.collect::<Vec<_>>().join(" "))
        });
        let cells = [
            csv::cell(figure.id),
            csv::cell(&figure.label),
            csv::value(&figure.value),
            figure.basis.level.name().to_owned(),
            csv::cell(&figure.basis.method),
            csv::cell(&sql),
            csv::cell(&parameters),
        ];
        csv::line(out, cells)?;
    }
    Ok(())
}

/// The names of a field that sentences may hold.
fn known(facts: &Facts<'_>, field: Field) -> Vec<String> {
    let names =
        |names: Names| facts.study.snapshot.names(names).texts().iter().map(ToString::to_string).collect();
    match field {
        Field::Agent | Field::Party => names(Names::Agent),
        Field::Node => names(Names::Node),
        Field::Model => names(Names::Model),
        Field::Version => names(Names::Version),
        Field::Source => {
            let whole = build::register::journals(facts).into_iter().map(|journal| journal.name);
            whole.chain(facts.study.snapshot.sources().iter().map(crate::store::Source::name)).collect()
        }
        Field::Words => facts.study.incidents.iter().map(|incident| incident.title.clone()).collect(),
        Field::Id => facts.study.incidents.iter().map(|incident| incident.id.clone()).collect(),
        Field::Transaction => Vec::new(),
    }
}
