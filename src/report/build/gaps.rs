//! Findings, gaps and limits: what should be looked at, and what these journals cannot tell.

use super::requests::figure;
use super::{Facts, by_sql, recorded, register, section, words};
use crate::model::{Finding, Pointers};
use crate::report::model::{Block, Column, Field, Level, Section, Table, Value};
use crate::work::study::Study;

const SHOWN: usize = 100;

pub const FINDINGS: [Column; 5] = [
    Column::Left("severity"),
    Column::Left("rule"),
    Column::Left("about"),
    Column::Left("what was found"),
    Column::Right("count"),
];

pub fn section_of(facts: &Facts<'_>) -> Section {
    let study = facts.study;
    let mut section = section("gaps", "Findings, gaps and limits");
    section.blocks.push(Block::Table(Table {
        id: "findings",
        title: "Findings, worst first".to_owned(),
        columns: FINDINGS.to_vec(),
        rows: facts.findings.iter().take(SHOWN).map(finding_row).collect(),
        total: facts.findings.len() as u64,
        list: Some("findings.csv"),
        basis: by_sql(
            Level::Computed,
            "each rule looked at the whole case",
            "select severity, rule, subject, sentence, count from findings",
            vec![],
        ),
        if_empty: "No rule found anything.".to_owned(),
    }));
    let gaps: Vec<Vec<Value>> = gap_rows(facts);
    section.blocks.push(Block::Table(Table {
        id: "silences",
        title: "Silences far longer than a node's usual rhythm".to_owned(),
        columns: GAPS.to_vec(),
        total: gaps.len() as u64,
        rows: gaps.into_iter().take(SHOWN).collect(),
        list: Some("gaps.csv"),
        basis: super::by(
            Level::Computed,
            "at least five minutes, and eight times what 99 of 100 silences stay below",
        ),
        if_empty: "None was found.".to_owned(),
    }));
    section.blocks.push(Block::Heading("What these journals cannot tell".to_owned()));
    let unattributed = study.fold.pointer(Pointers::UNATTRIBUTED);
    let mut limits = vec![vec![words(
        "Whether lines are missing after a journal's last checkpoint: only a checkpoint held elsewhere shows a cut tail.",
    )]];
    if unattributed > 0 {
        limits.push(vec![
            Value::Figure("requests.unattributed"),
            words(" requests carry no evidence of any version and are in no count above."),
        ]);
    }
    limits.push(vec![words(
        "Requests within two seconds of a switch are not attributed by the schedule, because clocks differ.",
    )]);
    limits.push(vec![words(
        "What was in the answers: request and response contents are left out of reports, and are seldom in journals.",
    )]);
    section.blocks.push(Block::Points(limits));
    let covered = |id: u32| study.checkpoints.iter().any(|c| c.source == id && c.verdict == "consistent");
    let sources: Vec<_> = study.snapshot.sources().iter().filter(|source| !source.is_made_here()).collect();
    section.blocks.push(Block::Figures(vec![
        figure(
            "completeness.covered",
            "journals with a checkpoint that agrees",
            Value::Share {
                part: sources.iter().filter(|source| covered(source.id)).count() as u64,
                whole: sources.len() as u64,
            },
            by_sql(
                Level::Computed,
                "journals of which at least one checkpoint commits to the lines before it",
                "select (select count(distinct source) from checkpoints where arithmetic = 'consistent'), count(*) from sources where format is not 'joins'",
                vec![],
            ),
        ),
        figure(
            "completeness.torn",
            "journals whose last line was cut",
            Value::Count(sources.iter().filter(|source| source.torn_bytes > 0).count() as u64),
            by_sql(
                Level::Computed,
                "bytes after the last newline",
                "select count(*) from sources where torn_bytes > 0 and format is not 'joins'",
                vec![],
            ),
        ),
        figure(
            "completeness.gaps",
            "silences out of rhythm",
            Value::Count(study.gaps.len() as u64),
            super::by(Level::Computed, "the table above, counted"),
        ),
    ]));
    section
}

pub const GAPS: [Column; 4] =
    [Column::Left("node"), Column::Left("from (UTC)"), Column::Left("to (UTC)"), Column::Right("length")];

pub fn gap_rows(facts: &Facts<'_>) -> Vec<Vec<Value>> {
    let row = |gap: &crate::analysis::gaps::Gap| {
        vec![
            recorded(Field::Node, facts.study.node_name(gap.node)),
            Value::Time(gap.from),
            Value::Time(gap.to),
            Value::Length(gap.to.since(gap.from)),
        ]
    };
    facts.study.gaps.iter().map(row).collect()
}

/// The findings of a study, worst first, then by rule and subject. Journals come in their order, under the names the
/// report tells: an order by names would be another one where names are withheld.
pub fn findings(study: &Study, journals: Option<&[String]>) -> Vec<Finding> {
    let sources = study.snapshot.sources();
    let place = |finding: &Finding| {
        let about = is_about_a_journal(&finding.rule);
        sources.iter().position(|source| about && source.name() == finding.subject)
    };
    let mut findings = study.findings.clone();
    findings.sort_by(|a, b| {
        (b.severity, &a.rule, place(a), &a.subject).cmp(&(a.severity, &b.rule, place(b), &b.subject))
    });
    for finding in findings.iter_mut().filter(|finding| is_about_a_journal(&finding.rule)) {
        finding.subject = register::told_as(study, journals, &finding.subject);
    }
    findings
}

fn is_about_a_journal(rule: &str) -> bool {
    ["faulty-lines", "torn-tail", "duplicates", "conflicts"].contains(&rule) || rule.starts_with("checkpoint")
}

/// What a finding is about is a node for rules about nodes and silences, else a journal, an enclave or plain words.
pub fn finding_row(finding: &Finding) -> Vec<Value> {
    let about = match finding.rule.as_str() {
        rule if rule.starts_with("node-") || rule == "gap" => recorded(Field::Node, &finding.subject),
        rule if is_about_a_journal(rule) => recorded(Field::Source, &finding.subject),
        _ => words(finding.subject.clone()),
    };
    vec![
        words(finding.severity.name()),
        words(finding.rule.clone()),
        about,
        words(finding.sentence.clone()),
        Value::Count(finding.count),
    ]
}
