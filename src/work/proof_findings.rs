//! What verification found that an investigator should look at, each as one rule with its evidence.

use super::archive::{Archive, Settled};
use super::copies::{self, Copied};
use super::findings::counted;
use super::parallel::each_row;
use super::study::Study;
use super::verify::{Failure, Verification};
use super::{Cancel, WorkError};
use crate::journal::Column;
use crate::journal::wire::{self, Record};
use crate::model::finding::EVIDENCE_SHOWN;
use crate::model::{Finding, Kind, Row, Severity, Status, Step};
use crate::proof::malformed::hex_array;
use crate::proof::trust::Contract;
use crate::store::{Source, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub fn findings(
    study: &Study,
    archive: &Archive,
    verification: &Verification,
    copies: &[Copied],
) -> Result<Vec<Finding>, WorkError> {
    let mut found = Vec::new();
    steps(archive, verification, &mut found)?;
    unpublished(archive, verification, &mut found);
    replayed(study, &mut found)?;
    settled_twice(study, &mut found)?;
    unpinned_relays(study, archive, &mut found)?;
    checkpoints(study, archive, copies, &mut found);
    differing(study, archive, copies, &mut found)?;
    Ok(found)
}

/// Rule, severity, and what the requests have in common.
type Rule = (&'static str, Severity, &'static str);

/// What a step that is not well means, by the reason it gave.
fn rule(step: Step, status: Status, reason: &str) -> Rule {
    let says = |words: &str| reason.contains(words);
    match (step, status) {
        (Step::Measurement, Status::Revoked) => {
            ("service-after-revocation", Severity::High, "served by a build or enclave revoked before")
        }
        (Step::Measurement, _) if says("approved only later") => {
            ("service-before-approval", Severity::High, "served by a build approved only later")
        }
        (Step::Attestation, _) if says("debug") => (
            "debug-enclave",
            Severity::Critical,
            "served by an enclave in debug mode, which anybody can read",
        ),
        (Step::Authorisation, _) if says("nonce") => {
            ("reused-nonce", Severity::High, "paid for with a nonce that another payment uses")
        }
        (Step::Receipt, _) if says("revert") || says("status") => {
            ("reverted-receipt", Severity::High, "settled by a transaction that reverted")
        }
        (_, Status::Ambiguous) => {
            ("ambiguous-proof", Severity::Medium, "with a proof that can be read in two ways")
        }
        (Step::Signature, _) => ("bad-signature", Severity::Critical, "with a signature that is wrong"),
        (Step::TeeId, _) => {
            ("tee-id-mismatch", Severity::Critical, "with a key that is not the enclave's they name")
        }
        (Step::RequestHash, _) => {
            ("request-hash-mismatch", Severity::High, "with a request that was not the one signed")
        }
        (Step::OutputHash, _) => {
            ("output-hash-mismatch", Severity::High, "with an output that was not the one signed")
        }
        (Step::Inclusion, _) => ("not-in-tree", Severity::High, "under a checkpoint that does not hold them"),
        (Step::Attestation, _) => {
            ("bad-attestation", Severity::Critical, "with an attestation that is wrong")
        }
        (Step::Measurement, _) => ("bad-measurement", Severity::High, "with a build that does not stand"),
        (Step::Release, _) => {
            ("release-mismatch", Severity::High, "measured as another version than they claim")
        }
        (Step::Blob, _) => ("blob-mismatch", Severity::High, "with content that has another id"),
        (Step::Leaf, _) => ("leaf-mismatch", Severity::High, "that are not the leaf they were settled as"),
        (Step::Batch, _) => {
            ("batch-mismatch", Severity::High, "settled in a batch whose root or size is wrong")
        }
        (Step::Receipt, _) => ("bad-receipt", Severity::High, "with a receipt that is wrong"),
        (Step::Authorisation, _) => {
            ("payment-beyond-authorisation", Severity::High, "paid for beyond what the payer signed")
        }
        (Step::Transfer, _) => {
            ("transfer-mismatch", Severity::High, "with a transfer that is not the payment")
        }
        (Step::Checkpoint | Step::Witness, _) => {
            ("bad-checkpoint", Severity::Critical, "under a wrong checkpoint")
        }
    }
}

fn steps(archive: &Archive, verification: &Verification, found: &mut Vec<Finding>) -> Result<(), StoreError> {
    let mut groups: BTreeMap<&'static str, (Rule, u64, Vec<Row>, String)> = BTreeMap::new();
    // Reasons are not kept: the first requests of each step and status are climbed again to hear them.
    let mut heard: HashMap<(Step, Status), (Rule, String)> = HashMap::new();
    for Failure { row, step, status } in &verification.failures {
        let reason_matters =
            matches!(step, Step::Measurement | Step::Attestation | Step::Authorisation | Step::Receipt);
        let known = heard.get(&(*step, *status)).filter(|_| !reason_matters).cloned();
        let (rule, reason) = match known {
            Some(known) => known,
            None => {
                let path = archive.path_of(*row)?;
                let reason = path.and_then(|path| path.step(*step).map(|result| result.reason.clone()));
                let reason = reason.unwrap_or_default();
                let told = (rule(*step, *status, &reason), reason);
                heard.insert((*step, *status), told.clone());
                told
            }
        };
        let group = groups.entry(rule.0).or_insert_with(|| (rule, 0, Vec::new(), reason));
        group.1 += 1;
        if group.2.len() < EVIDENCE_SHOWN {
            group.2.push(*row);
        }
    }
    for ((rule, severity, what), count, evidence, reason) in groups.into_values() {
        let sentence = format!("{} {what}; of the first: {reason}", counted(count, "request"));
        let (rule, subject) = (rule.to_owned(), "requests".to_owned());
        found.push(Finding { rule, severity, subject, sentence, evidence, count });
    }
    Ok(())
}

/// Builds that enclaves ran and no registry approved.
fn unpublished(archive: &Archive, verification: &Verification, found: &mut Vec<Finding>) {
    let missing = verification.count(Step::Measurement, Status::Missing);
    if missing == 0 || archive.registered.registry == Default::default() {
        return;
    }
    let sentence = format!(
        "{} came from enclaves whose build is not in evidence, or attested but never approved",
        counted(missing, "request")
    );
    found.push(finding("unpublished-build", Severity::Medium, "requests", sentence, missing));
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

/// One signature under two different requests.
fn replayed(study: &Study, found: &mut Vec<Finding>) -> Result<(), WorkError> {
    let snapshot = &study.snapshot;
    let (kinds, tees) = (snapshot.column(Column::Kind)?, snapshot.column(Column::Tee)?);
    // Only what names an enclave can carry a signature; the rest need not be read.
    let is_signed = |row: &Row| kinds.value(*row) == Kind::Inference as u64 && tees.value(*row) != 0;
    let rows: Vec<Row> = snapshot.order()?.iter().copied().filter(is_signed).collect();
    let signature = |row| snapshot.read_line(row, |_, (record, _)| signature_of(&record).map(str::to_owned));
    let print =
        |row| snapshot.read_line(row, |_, (record, _)| signature_of(&record).map(crate::journal::print_of));
    let prints = each_row(&rows, &Cancel::default(), print)?;
    let mut seen: HashMap<u64, Row> = HashMap::new();
    let mut replayed: BTreeSet<Row> = BTreeSet::new();
    for (row, print) in rows.into_iter().zip(prints) {
        let Some(first) = print.and_then(|print| seen.insert(print, row)) else {
            continue;
        };
        // Prints may collide: the signatures themselves decide.
        if signature(first)? == signature(row)? && snapshot.id(first)? != snapshot.id(row)? {
            replayed.extend([first, row]);
        }
    }
    if !replayed.is_empty() {
        let count = replayed.len() as u64;
        let sentence =
            format!("{} share a signature with another: one of each was copied", counted(count, "request"));
        let mut one = finding("replayed-signature", Severity::Critical, "requests", sentence, count);
        one.evidence = replayed.into_iter().take(EVIDENCE_SHOWN).collect();
        found.push(one);
    }
    Ok(())
}

/// A signature long enough to be one; placeholders are no signatures and may repeat.
fn signature_of<'r>(record: &'r Record<'_>) -> Option<&'r str> {
    match record {
        Record::Inference(r) => r.tee_signature.as_deref().filter(|text| text.len() > 64),
        _ => None,
    }
}

/// Requests that more than one settled settlement names.
fn settled_twice(study: &Study, found: &mut Vec<Finding>) -> Result<(), StoreError> {
    let snapshot = &study.snapshot;
    let kinds = snapshot.column(Column::Kind)?;
    let mut by_request: HashMap<String, BTreeMap<String, Row>> = HashMap::new();
    for row in snapshot.order()?.iter().filter(|row| kinds.value(**row) == Kind::Settlement as u64) {
        let line = snapshot.line(*row)?;
        let Ok((Record::Settlement(s), _)) = wire::parse(&line) else {
            continue;
        };
        if &*s.state != "settled" || &*s.mode == "private" {
            continue;
        }
        for request in s.settles.iter().flatten() {
            by_request.entry(request.to_string()).or_default().insert(s.id.to_string(), *row);
        }
    }
    let twice: BTreeMap<String, BTreeMap<String, Row>> =
        by_request.into_iter().filter(|(_, settlements)| settlements.len() > 1).collect();
    if !twice.is_empty() {
        let count = twice.len() as u64;
        let sentence = format!(
            "{} in more than one settlement: the same leaf was put on the chain twice",
            counted(count, "request")
        );
        let mut one = finding("leaf-settled-twice", Severity::High, "settlements", sentence, count);
        one.evidence = twice.values().flat_map(BTreeMap::values).copied().take(EVIDENCE_SHOWN).collect();
        found.push(one);
    }
    Ok(())
}

/// Settlements by contracts that are not among the relays a person pinned: anybody can emit such an event.
fn unpinned_relays(study: &Study, archive: &Archive, found: &mut Vec<Finding>) -> Result<(), StoreError> {
    if archive.trust.relays.is_empty() {
        return Ok(());
    }
    let snapshot = &study.snapshot;
    let kinds = snapshot.column(Column::Kind)?;
    let mut unpinned: BTreeMap<String, Row> = BTreeMap::new();
    for row in snapshot.order()?.iter().filter(|row| kinds.value(**row) == Kind::Settlement as u64) {
        let Some(settled) = Settled::read(*row, &snapshot.line(*row)?, |_| None) else { continue };
        let evidence = settled.evidence();
        let address = evidence.contract.and_then(|text| hex_array(text).ok());
        let Some((chain_id, address)) = evidence.chain_id.zip(address) else { continue };
        if evidence.mode != "private" && !archive.trust.pins_relay(&Contract { chain_id, address }) {
            unpinned.insert(snapshot.id(*row)?, *row);
        }
    }
    if !unpinned.is_empty() {
        let count = unpinned.len() as u64;
        let sentence =
            format!("{} by a contract that is not among the pinned relays", counted(count, "settlement"));
        let mut one = finding("unpinned-relay", Severity::Medium, "settlements", sentence, count);
        one.evidence = unpinned.into_values().take(EVIDENCE_SHOWN).collect();
        found.push(one);
    }
    Ok(())
}

/// Checkpoints that fail, that nobody's key pins, and pairs that contradict each other.
fn checkpoints(study: &Study, archive: &Archive, copies: &[Copied], found: &mut Vec<Finding>) {
    for (source, held) in &archive.checkpoints {
        let journal = study.snapshot.sources().iter().find(|known| known.id == *source);
        let name = journal.map_or_else(String::new, Source::name);
        let of_it = || copies.iter().filter(|copied| journal.is_some_and(|journal| copied.is_of(journal)));
        let (mut unpinned, mut last_good) = (0, 0);
        for (n, one) in held.iter().enumerate() {
            let result = one.checked.log_result();
            match result.status {
                Status::Verified => last_good = one.size,
                Status::Untrusted => {
                    unpinned += 1;
                    last_good = one.size;
                }
                Status::Failed => {
                    let is_cut = result.reason.contains("cut tail");
                    let rule = if is_cut { "cut-tail" } else { "bad-checkpoint" };
                    // What broke it lies between the last checkpoint that holds and this one.
                    let range = if is_cut {
                        String::new()
                    } else {
                        let shown = of_it().find_map(|copied| copied.within(last_good, one.size));
                        let shown = shown.map_or_else(String::new, |lines| format!("; a copy shows {lines}"));
                        format!("; lines {} to {} are in doubt{shown}", last_good + 1, one.size)
                    };
                    let sentence = format!("the checkpoint of {} lines: {}{range}", one.size, result.reason);
                    let mut bad = finding(rule, Severity::Critical, &name, sentence, 1);
                    bad.evidence.extend(one.row);
                    found.push(bad);
                }
                _ => {}
            }
            let before = n.checked_sub(1).map(|before| &held[before]);
            let forked = before.is_some_and(|before| {
                let (a, b) = (before.checked.committed(), one.checked.committed());
                before.origin == one.origin && before.size == one.size && a != b
            });
            if forked {
                let sentence = format!(
                    "two checkpoints of {} lines commit to different roots: the log equivocates",
                    one.size
                );
                let mut fork = finding("equivocating-checkpoints", Severity::Critical, &name, sentence, 1);
                fork.evidence.extend(one.row);
                fork.evidence.extend(before.and_then(|before| before.row));
                found.push(fork);
            }
        }
        if unpinned > 0 {
            let sentence = format!(
                "{} by a log key that nobody pinned; pin it with --trust",
                counted(unpinned, "signature")
            );
            found.push(finding("unpinned-log-key", Severity::Info, &name, sentence, unpinned));
        }
    }
}

/// Journals that are not what a copy of them held elsewhere is, by line.
fn differing(
    study: &Study,
    archive: &Archive,
    copies: &[Copied],
    found: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    for copied in copies.iter().filter(|copied| !copied.differences.is_empty()) {
        let Some(source) = study.snapshot.sources().iter().find(|source| copied.is_of(source)) else {
            continue;
        };
        let held = archive.checkpoints.get(&source.id).map(Vec::as_slice).unwrap_or_default();
        let sentence = copies::sentence(copied, copied.backing(held));
        let mut one =
            finding("differs-from-copy", Severity::Critical, &source.name(), sentence, copied.count());
        one.evidence = copied.rows(&study.snapshot, source)?;
        found.push(one);
    }
    Ok(())
}
