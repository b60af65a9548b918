//! What an investigator should look at first: each rule looks at a study and says what it found, with evidence.

use super::blast::Impact;
use super::study::Study;
use super::{Cancel, WorkError, own_rules, rules};
use crate::analysis::NodeState;
use crate::journal::Column;
use crate::journal::batch::Flags;
use crate::model::finding::EVIDENCE_SHOWN;
use crate::model::{Finding, Kind, Pointers, Row, Severity};
use crate::store::{Case, Source};
use std::collections::BTreeMap;

/// All findings, worst first, then by rule and subject.
pub fn findings(case: &Case, study: &Study, cancel: &Cancel) -> Result<Vec<Finding>, WorkError> {
    let mut found = Vec::new();
    nodes(study, &mut found);
    pointers(study, &mut found);
    enclaves(study, &mut found);
    checkpoints(study, &mut found);
    sources(case, study, &mut found)?;
    gaps(study, &mut found);
    found.extend(case.proof_findings()?);
    let settings = &study.settings;
    if let Some(impact) = &study.impact {
        reconciled(impact, &mut found);
        links(impact, &mut found);
        // Rules of one's own may ask for what was reached, too.
        found.extend(own_rules::findings(study, &settings.rules, cancel)?);
    }
    found.retain(|finding| !settings.silenced.contains(&finding.rule));
    found
        .iter_mut()
        .for_each(|finding| finding.severity = settings.severity(&finding.rule, finding.severity));
    found.sort_by(|a, b| (b.severity, &a.rule, &a.subject).cmp(&(a.severity, &b.rule, &b.subject)));
    Ok(found)
}

fn finding(rule: &str, severity: Severity, subject: &str, sentence: String, count: u64) -> Finding {
    Finding {
        rule: rule.to_owned(),
        severity,
        subject: subject.to_owned(),
        sentence,
        evidence: Vec::new(),
        count,
    }
}

/// `1 request`, `12,402 requests`: counts as people read them.
pub fn counted(n: u64, one: &str) -> String {
    plural(n, one, &format!("{one}s"))
}

/// `1 line is`, `3 lines are`.
fn plural(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// `12,402`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap_or("")).collect();
    groups.join(",")
}

fn nodes(study: &Study, found: &mut Vec<Finding>) {
    let Some(window) = &study.window else {
        return;
    };
    let version = study.version_name(window.faulty);
    for node in &window.nodes {
        let name = study.node_name(node.node);
        let late = study.fold.late.get(&node.node).copied().unwrap_or(0);
        let (rule, severity, sentence) = match node.state {
            NodeState::Ok => continue,
            NodeState::Forged => {
                let against = node.observed.map_or(0, |observed| observed.against_schedule);
                let sentence = format!(
                    "it was told another version while its enclave ran {version} for {}",
                    counted(against, "request")
                );
                ("node-forged", Severity::Critical, sentence)
            }
            NodeState::Straggler => {
                let until = match node.to() {
                    Some(to) => format!("until {to}"),
                    None => "and was never switched away in these journals".to_owned(),
                };
                let sentence = format!(
                    "it kept {version} after the rollback {until} and served {} late",
                    counted(late, "request")
                );
                ("node-straggler", Severity::High, sentence)
            }
            NodeState::Flapping => {
                let times = counted(node.scheduled.len() as u64, "time");
                ("node-flapping", Severity::Medium, format!("it was switched to {version} {times}"))
            }
            NodeState::Early => {
                let first = node.observed.map_or_else(String::new, |observed| observed.first.to_string());
                (
                    "node-early",
                    Severity::Medium,
                    format!("it served {version} from {first}, before it was told to"),
                )
            }
        };
        let count = node.observed.map_or(0, |observed| observed.requests);
        found.push(finding(rule, severity, name, sentence, count));
    }
}

fn pointers(study: &Study, found: &mut Vec<Finding>) {
    let version =
        study.window.as_ref().map_or("the faulty version", |window| study.version_name(window.faulty));
    for (flag, name) in Pointers::ALL {
        let count = study.fold.pointer(flag);
        if count == 0 {
            continue;
        }
        let requests = |one: &str, many: &str| plural(count, one, many);
        let (severity, sentence) = match flag {
            Pointers::STALE => {
                let claims = requests("request claims", "requests claim");
                let were = if count == 1 { "was" } else { "were" };
                let sentence = format!("{claims} {version} after the rollback but {were} served by another");
                (Severity::Medium, sentence)
            }
            Pointers::LATE => {
                let were = requests("request was", "requests were");
                (Severity::High, format!("{were} served by {version} after the rollback"))
            }
            Pointers::SHADOW => {
                let claims = requests("request claims", "requests claim");
                let them = if count == 1 { "it" } else { "them" };
                (Severity::Critical, format!("{claims} another version but {version} served {them}"))
            }
            Pointers::CONFLICT => {
                let are = requests("request is", "requests are");
                (Severity::High, format!("{are} attested to one version and scheduled on another"))
            }
            _ => {
                let carry = requests("request carries", "requests carry");
                (Severity::Low, format!("{carry} no evidence of any version"))
            }
        };
        found.push(finding(name, severity, "requests", sentence, count));
    }
}

fn enclaves(study: &Study, found: &mut Vec<Finding>) {
    for tee in study.context.attributor.registry.impossible() {
        let name = study.snapshot.name(Column::Tee, tee);
        let sentence = "it is recorded under more than one measurement, which no honest enclave can be; \
                        nothing is attributed by it";
        found.push(finding("enclave-two-measurements", Severity::Critical, name, sentence.to_owned(), 1));
    }
}

fn checkpoints(study: &Study, found: &mut Vec<Finding>) {
    for checkpoint in study.checkpoints.iter().filter(|checkpoint| checkpoint.verdict != "consistent") {
        let source = study.snapshot.sources().iter().find(|source| source.id == checkpoint.source);
        let subject = source.map_or_else(String::new, Source::name);
        let line = checkpoint.line + 1;
        let (rule, severity, sentence) = match checkpoint.verdict {
            "root-mismatch" => (
                "checkpoint-root-mismatch",
                Severity::Critical,
                format!(
                    "the checkpoint at line {line} commits to other bytes than the {} lines before it",
                    checkpoint.size
                ),
            ),
            "beyond-itself" => {
                ("checkpoint-beyond-itself", Severity::High, format!("at line {line}: {}", checkpoint.reason))
            }
            "pending" => (
                "checkpoint-unchecked",
                Severity::Info,
                format!(
                    "the checkpoint at line {line} commits to {} lines, too long ago to recompute in passing",
                    checkpoint.size
                ),
            ),
            _ => ("checkpoint-malformed", Severity::High, format!("at line {line}: {}", checkpoint.reason)),
        };
        let mut one = finding(rule, severity, &subject, sentence, 1);
        one.evidence.push(checkpoint.row);
        found.push(one);
    }
}

fn sources(case: &Case, study: &Study, found: &mut Vec<Finding>) -> Result<(), WorkError> {
    let mut by_source: BTreeMap<u32, (u64, String)> = BTreeMap::new();
    for (source, fault) in case.faults()? {
        let first = || format!("line {}: {}", fault.place().line + 1, fault.reason);
        by_source.entry(source).or_insert_with(|| (0, first())).0 += 1;
    }
    for source in study.snapshot.sources() {
        let name = source.name();
        if let Some((count, first)) = by_source.get(&source.id) {
            let sentence =
                format!("{} no record; the first is {first}", plural(*count, "line is", "lines are"));
            found.push(finding("faulty-lines", Severity::Low, &name, sentence, *count));
        }
        if source.torn_bytes > 0 {
            let sentence = format!(
                "its last {} have no newline: it was cut, or is being written",
                counted(source.torn_bytes, "byte")
            );
            found.push(finding("torn-tail", Severity::Low, &name, sentence, 1));
        }
        if source.duplicates > 0 {
            let sentence = format!(
                "{} byte for byte and counted once",
                plural(source.duplicates, "record repeats another", "records repeat others")
            );
            let mut one = finding("duplicates", Severity::Info, &name, sentence, source.duplicates);
            one.evidence = flagged(study, source.id, Flags::DUPLICATE)?;
            found.push(one);
        }
        if source.conflicts > 0 {
            let sentence = format!(
                "{} an id with another of its kind but not its bytes: somebody equivocates",
                plural(source.conflicts, "record shares", "records share")
            );
            let mut one = finding("conflicts", Severity::High, &name, sentence, source.conflicts);
            one.evidence = flagged(study, source.id, Flags::CONFLICT)?;
            found.push(one);
        }
    }
    Ok(())
}

/// The first records of a source with a flag.
fn flagged(study: &Study, source: u32, flag: u64) -> Result<Vec<Row>, WorkError> {
    let mut rows = Vec::new();
    for (n, chunk) in study.snapshot.chunks().iter().enumerate().filter(|(_, chunk)| chunk.source == source) {
        let flags = study.snapshot.passing(chunk, Column::Flags)?;
        flags.each(|place, value| {
            if value & flag != 0 && rows.len() < EVIDENCE_SHOWN {
                rows.push(Row::new(n, place));
            }
        });
    }
    Ok(rows)
}

/// What the books say of each other.
fn reconciled(impact: &Impact, found: &mut Vec<Finding>) {
    for one in &impact.found {
        let Some(rule) = rules::known(&one.rule) else { continue };
        let words = if one.words.is_empty() { String::new() } else { format!(": {}", one.words) };
        let sentence = format!("{}{words}", rule.says(one.count));
        let mut finding = finding(rule.id, rule.severity, &rule.many(), sentence, one.count);
        finding.evidence = one.rows.iter().map(|row| Row(*row)).collect();
        found.push(finding);
    }
}

/// How far the analysis could follow what was recorded.
fn links(impact: &Impact, found: &mut Vec<Finding>) {
    for (id, count) in [
        ("dangling-links", impact.dangling),
        ("links-against-time", impact.against_time),
        ("links-by-tolerance", impact.by_tolerance),
    ] {
        let Some(rule) = rules::known(id).filter(|_| count > 0) else { continue };
        found.push(finding(rule.id, rule.severity, "links", rule.says(count), count));
    }
}

fn gaps(study: &Study, found: &mut Vec<Finding>) {
    for gap in &study.gaps {
        let sentence = format!("no request was recorded for {} from {}", gap.to.since(gap.from), gap.from);
        found.push(finding("gap", Severity::Low, study.node_name(gap.node), sentence, 1));
    }
    let journals = study.fold.kinds[Kind::Journal as usize];
    if journals == 0 && study.snapshot.rows() > 0 {
        let sentence = "no journal names its log, so no checkpoint can be held against a key".to_owned();
        found.push(finding("no-journal-header", Severity::Info, "sources", sentence, 0));
    }
}
