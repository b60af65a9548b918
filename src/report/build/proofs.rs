//! Proof and integrity: what was verified under which roots, what failed first, and what proofs do not show.

use super::requests::figure;
use super::{Facts, by, by_sql, recorded, section, words};
use crate::model::{Status, Step};
use crate::proof::trust::Trust;
use crate::report::model::{Block, Column, Field, Figure, Level, Section, Table, Text, Value};
use crate::store::Source;
use crate::work::findings::counted;
use crate::work::verify::Verification;

pub fn section_of(facts: &Facts<'_>) -> Section {
    let mut section = section("proofs", "Proof and integrity");
    section.blocks.push(Block::Figures(integrity(facts)));
    match &facts.verification {
        None => section.blocks.push(Block::Caution(vec![words(
            "No proof was verified for this report. Run `backtrail verify CASE --trust trust.toml` and make the report again: \
             until then signatures, attestations and settlements are somebody's word.",
        )])),
        Some(verification) => {
            section.blocks.push(Block::Figures(paths(facts, verification)));
            section.blocks.push(steps(verification));
            section.blocks.push(first_failures(verification));
        }
    }
    section.blocks.push(Block::Heading("Trust roots".to_owned()));
    section.blocks.push(Block::Points(roots(facts)));
    section.blocks.push(Block::Heading("What proofs do not show".to_owned()));
    section.blocks.push(Block::Points(LIMITS.iter().map(|limit| vec![words(*limit)]).collect()));
    section
}

/// ANALYSIS and the README say the same in more words.
const LIMITS: [&str; 6] = [
    "That the model was right, or that an approved build behaves well.",
    "That a journal is complete beyond its checkpoints, or that nobody was shown another one.",
    "That money moved: receipts and transfers are only asserted by journals unless their block is pinned.",
    "When something happened, beyond the recorder's own clock and the order of the lines.",
    "Anything about zero-knowledge proofs of inference: they are unsupported here, not verified.",
    "That a signature whose key was never pinned belongs to whom it says: it is called untrusted, whatever its arithmetic.",
];

fn integrity(facts: &Facts<'_>) -> Vec<Figure> {
    let sources: Vec<_> =
        facts.study.snapshot.sources().iter().filter(|source| !source.is_made_here()).collect();
    let sum = |f: fn(&Source) -> u64| Value::Count(sources.iter().map(|source| f(source)).sum::<u64>());
    let view = |column: &str| format!("select sum({column}) from sources where format is not 'joins'");
    let one = |id, label: &str, value, sql: String| {
        figure(
            id,
            label,
            value,
            by_sql(Level::Computed, "counted while every journal was read and hashed", sql, vec![]),
        )
    };
    let consistent = facts.study.checkpoints.iter().filter(|c| c.verdict == "consistent").count() as u64;
    let all = facts.study.checkpoints.len() as u64;
    vec![
        one(
            "integrity.journals",
            "journals read",
            Value::Count(sources.len() as u64),
            "select count(*) from sources where format is not 'joins'".to_owned(),
        ),
        one("integrity.lines", "lines", sum(|s| s.lines), view("lines")),
        one("integrity.records", "records", sum(|s| s.records), view("records")),
        one("integrity.faults", "lines that are no record", sum(|s| s.faults), view("faults")),
        one(
            "integrity.duplicates",
            "records repeated byte for byte",
            sum(|s| s.duplicates),
            view("duplicates"),
        ),
        one(
            "integrity.conflicts",
            "records that share an id but not their bytes",
            sum(|s| s.conflicts),
            view("conflicts"),
        ),
        one(
            "integrity.checkpoints",
            "checkpoints that agree with the lines before them",
            Value::Share { part: consistent, whole: all },
            "select sum(arithmetic = 'consistent'), count(*) from checkpoints".to_owned(),
        ),
    ]
}

fn paths(facts: &Facts<'_>, verification: &Verification) -> Vec<Figure> {
    let total: u64 = verification.paths.values().sum();
    let one = |id, status: Status, label: &str| {
        figure(
            id,
            label,
            Value::Share { part: verification.paths.get(&status).copied().unwrap_or(0), whole: total },
            by_sql(
                if facts.study.trust.is_empty() { Level::Computed } else { Level::Proved },
                "requests by the worst verdict among the required steps of their proof path",
                "select sum(proof = :verdict), count(*) from requests where proof is not null",
                vec![("verdict", words(status.name()))],
            ),
        )
    };
    vec![
        one("proofs.verified", Status::Verified, "proof paths verified to a pinned root"),
        one("proofs.failed", Status::Failed, "contain a false proof"),
        one("proofs.revoked", Status::Revoked, "rest on something revoked before"),
        one("proofs.missing", Status::Missing, "lack a required piece of evidence"),
        one("proofs.asserted", Status::Asserted, "rest on somebody's word in a required step"),
        one("proofs.untrusted", Status::Untrusted, "correct under a key nobody pinned"),
    ]
}

fn steps(verification: &Verification) -> Block {
    let columns = [
        Column::Left("step"),
        Column::Right("verified"),
        Column::Right("failed"),
        Column::Right("revoked"),
        Column::Right("ambiguous"),
        Column::Right("missing"),
        Column::Right("asserted"),
        Column::Right("untrusted"),
        Column::Right("unchecked"),
        Column::Right("unsupported"),
        Column::Right("not applicable"),
    ];
    let order = [
        Status::Verified,
        Status::Failed,
        Status::Revoked,
        Status::Ambiguous,
        Status::Missing,
        Status::Asserted,
        Status::Untrusted,
        Status::Unchecked,
        Status::Unsupported,
        Status::NotApplicable,
    ];
    let row = |step: Step| {
        let counts = order.iter().map(|status| Value::Count(verification.count(step, *status)));
        std::iter::once(words(step.name())).chain(counts).collect()
    };
    Block::Table(Table {
        id: "steps",
        title: "Every step of every request's proof path, by verdict".to_owned(),
        columns: columns.to_vec(),
        rows: Step::ALL.into_iter().map(row).collect(),
        total: Step::ALL.len() as u64,
        list: None,
        basis: by_sql(
            Level::Proved,
            "sixteen steps per request, each computed whatever the others say",
            "select step, verdict, count(*) from verdicts group by step, verdict",
            vec![],
        ),
        if_empty: String::new(),
    })
}

/// Per step, how many fail there and no earlier: the rung to look at first.
fn first_failures(verification: &Verification) -> Block {
    let mut firsts: std::collections::BTreeMap<crate::model::Row, Step> = std::collections::BTreeMap::new();
    for failure in verification.failures.iter().filter(|failure| failure.status == Status::Failed) {
        let first = firsts.entry(failure.row).or_insert(failure.step);
        *first = (*first).min(failure.step);
    }
    let rows: Vec<Vec<Value>> = Step::ALL
        .into_iter()
        .filter_map(|step| {
            let n = firsts.values().filter(|first| **first == step).count() as u64;
            (n > 0).then(|| vec![words(step.name()), Value::Count(n)])
        })
        .collect();
    Block::Table(Table {
        id: "first-failures",
        title: "The first step that is false, by request".to_owned(),
        columns: vec![Column::Left("step"), Column::Right("requests that fail first here")],
        total: rows.len() as u64,
        rows,
        list: Some("failed_proofs.csv"),
        basis: by(
            Level::Proved,
            "the lowest rung with the verdict failed; shared checkpoints are told with their journal",
        ),
        if_empty: "No step of any request is false.".to_owned(),
    })
}

fn roots(facts: &Facts<'_>) -> Vec<Text> {
    if facts.verification.is_none() {
        return vec![vec![words("None were used: nothing was verified.")]];
    }
    let Ok(trust) = Trust::parse(&facts.study.trust) else {
        return vec![vec![words("The recorded pins cannot be read.")]];
    };
    let n = |count: usize, what: &str| vec![words(format!("{} pinned", counted(count as u64, what)))];
    let mut points = vec![vec![words("The AWS Nitro Enclaves root certificate (built in)")]];
    points.extend(
        trust.logs.iter().map(|log| vec![words("journal log key: "), recorded(Field::Source, &log.origin)]),
    );
    points.push(n(trust.witnesses.len(), "witness key"));
    points.push(n(trust.measurements.len(), "enclave measurement"));
    points.push(n(trust.registries.len() + trust.relays.len(), "contract"));
    points.push(n(trust.blocks.len(), "block"));
    if !facts.outside.is_empty() {
        points.push(vec![words(format!(
            "{} held outside the journals",
            counted(facts.outside.len() as u64, "checkpoint")
        ))]);
    }
    points
}
