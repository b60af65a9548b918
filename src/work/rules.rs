//! Every rule there is: its id, how bad, about what, and what it means. Findings and docs/RULES.md are made from it.

use super::findings::{counted, grouped};
use crate::model::Severity;
use crate::model::Severity::{Critical, High, Info, Low, Medium};
use std::fmt::Write;

/// One rule of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub id: &'static str,
    pub severity: Severity,
    /// What it is about, as one: `payment`, `node`, `request`.
    pub about: &'static str,
    /// Goes on from "3 payments …" or stands alone.
    pub means: &'static str,
}

/// Verbs that rules begin with, of many and of one.
const VERBS: [(&str, &str); 13] = [
    ("are", "is"),
    ("have", "has"),
    ("pay", "pays"),
    ("go", "goes"),
    ("give", "gives"),
    ("settle", "settles"),
    ("put", "puts"),
    ("name", "names"),
    ("carry", "carries"),
    ("claim", "claims"),
    ("were", "was"),
    ("hold", "holds"),
    ("stand", "stands"),
];

impl Rule {
    /// `3 payments are …`, `1 payment is …`.
    pub fn says(&self, count: u64) -> String {
        let (first, rest) = self.means.split_once(' ').unwrap_or((self.means, ""));
        let one = VERBS.iter().find(|(many, _)| count == 1 && *many == first).map_or(first, |(_, one)| one);
        let about = match count {
            1 => counted(count, self.about),
            _ => format!("{} {}", grouped(count), self.many()),
        };
        format!("{about} {one} {rest}")
    }

    /// `payments`, `inferences`.
    pub fn many(&self) -> String {
        format!("{}s", self.about)
    }
}

const fn rule(id: &'static str, severity: Severity, about: &'static str, means: &'static str) -> Rule {
    Rule { id, severity, about, means }
}

pub const RULES: &[Rule] = &[
    // Versions and nodes.
    rule(
        "stale-pointer",
        Medium,
        "request",
        "claim the faulty version after the rollback, served by another",
    ),
    rule("late-serving", High, "request", "were served by the faulty version after the rollback"),
    rule("shadow-serving", Critical, "request", "claim another version than the faulty one that served them"),
    rule("version-conflict", High, "request", "are attested to one version and scheduled on another"),
    rule("unattributed", Low, "request", "carry no evidence of any version"),
    rule("node-forged", Critical, "node", "was told another version while its enclave ran the faulty one"),
    rule("node-straggler", High, "node", "kept the faulty version after the rollback"),
    rule("node-flapping", Medium, "node", "was switched to the faulty version more than once"),
    rule("node-early", Medium, "node", "served the faulty version before it was told to"),
    rule("enclave-two-measurements", Critical, "enclave", "is recorded under more than one measurement"),
    // Journals.
    rule(
        "checkpoint-root-mismatch",
        Critical,
        "journal",
        "a checkpoint commits to other bytes than the lines before it",
    ),
    rule("checkpoint-beyond-itself", High, "journal", "a checkpoint commits to lines that come after it"),
    rule("checkpoint-unchecked", Info, "journal", "a checkpoint is too far back to recompute in passing"),
    rule("checkpoint-malformed", High, "journal", "a checkpoint is no signed note"),
    rule("faulty-lines", Low, "journal", "has lines that are no record"),
    rule("torn-tail", Low, "journal", "does not end with a newline"),
    rule("duplicates", Info, "journal", "repeats records byte for byte; they count once"),
    rule("conflicts", High, "journal", "holds records that share an id but not their bytes"),
    rule("gap", Low, "node", "recorded nothing for longer than its rhythm"),
    rule("no-journal-header", Info, "journal", "names no log, so no checkpoint can be held against a key"),
    // Payments, held against what they pay for.
    rule(
        "paid-twice",
        High,
        "payment",
        "pay for an inference that another payment paid for too; both moved and stayed",
    ),
    rule(
        "amount-unusual",
        Medium,
        "payment",
        "are not what three quarters of their asset's payments pay per inference",
    ),
    rule("payment-reverted", High, "payment", "are called settled, and their transaction reverted"),
    rule(
        "payment-no-transaction-hash",
        Medium,
        "payment",
        "are called settled by a transaction whose name is no hash: a job's number is no proof",
    ),
    rule(
        "payment-without-transaction",
        Medium,
        "payment",
        "are called settled on a chain and name no transaction",
    ),
    rule("payment-without-inference", Medium, "payment", "pay for inferences that are in no journal"),
    rule("payment-to-itself", Low, "payment", "go from an account to itself"),
    rule(
        "decimals-unknown",
        Info,
        "payment",
        "are in an asset whose decimals no record tells, or records dispute; shown in base units",
    ),
    rule(
        "session-straddles",
        Medium,
        "payment",
        "pay for answers of the faulty version and of others: split by their members",
    ),
    rule(
        "sum-beyond-uint256",
        Critical,
        "asset",
        "adds up to more than 2^256−1 base units: some amount in it cannot be true",
    ),
    rule("asset-in-dispute", Medium, "asset", "is one contract under two names or decimals"),
    rule("refund-without-payment", Medium, "refund", "give back a payment that is in no journal"),
    rule("refund-in-other-asset", High, "refund", "are in another asset than the payment; not subtracted"),
    rule("refunded-beyond-payment", High, "refund", "give back more than was paid"),
    // Settlements, held against what they settle.
    rule("settled-twice", High, "inference", "are settled by two settlements, or share a leaf with another"),
    rule("settlement-without-inference", Medium, "settlement", "settle inferences that are in no journal"),
    rule("settlement-reverted", High, "settlement", "are called settled, and their transaction reverted"),
    rule(
        "settlement-no-transaction-hash",
        Medium,
        "settlement",
        "are called settled by a transaction whose name is no hash",
    ),
    rule("batch-size-differs", Medium, "settlement", "name another batch size than the inferences they list"),
    rule("faulty-settled", Medium, "settlement", "put answers of the faulty version on a chain"),
    rule("inference-without-settlement", Info, "inference", "have no settlement that went through"),
    // How far the analysis could see.
    rule("dangling-links", Low, "link", "name an id that is in no journal: what came from there is unknown"),
    rule(
        "links-against-time",
        Medium,
        "link",
        "name a cause later than its effect, beyond the clock tolerance; not followed",
    ),
    rule("links-by-tolerance", Info, "link", "carry taint only because clocks may be off"),
    rule(
        "rule-failed",
        Medium,
        "rule",
        "could not be read, failed, or took too long: what it looks for is not known",
    ),
    // Verification.
    rule("service-after-revocation", High, "request", "were served by a build or enclave revoked before"),
    rule("service-before-approval", High, "request", "were served by a build approved only later"),
    rule(
        "debug-enclave",
        Critical,
        "request",
        "were served by an enclave in debug mode, which anybody can read",
    ),
    rule("reused-nonce", High, "request", "were paid for with a nonce that another payment uses"),
    rule("reverted-receipt", High, "request", "were settled by a transaction that reverted"),
    rule(
        "unpinned-relay",
        Medium,
        "settlement",
        "were made by a contract that is not among the pinned relays",
    ),
    rule("ambiguous-proof", Medium, "request", "have a proof that can be read in two ways"),
    rule("bad-signature", Critical, "request", "have a signature that is wrong"),
    rule("tee-id-mismatch", Critical, "request", "have a key that is not the enclave's they name"),
    rule("request-hash-mismatch", High, "request", "have a request that was not the one signed"),
    rule("output-hash-mismatch", High, "request", "have an output that was not the one signed"),
    rule("not-in-tree", High, "request", "stand under a checkpoint that does not hold them"),
    rule("bad-attestation", Critical, "request", "have an attestation that is wrong"),
    rule("bad-measurement", High, "request", "have a build that does not stand"),
    rule("release-mismatch", High, "request", "are measured as another version than they claim"),
    rule("blob-mismatch", High, "request", "have content under another id"),
    rule("leaf-mismatch", High, "request", "are not the leaf they were settled as"),
    rule("batch-mismatch", High, "request", "were settled in a batch whose root or size is wrong"),
    rule("bad-receipt", High, "request", "have a receipt that is wrong"),
    rule("payment-beyond-authorisation", High, "request", "were paid for beyond what the payer signed"),
    rule("transfer-mismatch", High, "request", "have a transfer that is not the payment"),
    rule("bad-checkpoint", Critical, "journal", "has a wrong checkpoint"),
    rule("differs-from-copy", Critical, "journal", "holds other lines than a copy of it held elsewhere"),
    rule("cut-tail", Critical, "journal", "is shorter than a checkpoint held elsewhere"),
    rule(
        "equivocating-checkpoints",
        Critical,
        "journal",
        "has two checkpoints of one size with different roots",
    ),
    rule("unpinned-log-key", Info, "journal", "names a log key that nobody pinned"),
    rule(
        "unpublished-build",
        Medium,
        "request",
        "came from enclaves whose build is not in evidence, or never approved",
    ),
    rule("replayed-signature", Critical, "request", "carry a signature that another request carries too"),
    rule("leaf-settled-twice", High, "settlement", "hold a leaf that another one holds"),
];

/// The rule with an id.
pub fn known(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// docs/RULES.md, as the repository keeps it.
pub fn page() -> String {
    let mut page = String::from(HEAD);
    for severity in Severity::ALL.into_iter().rev() {
        let _ = write!(page, "\n## {severity}\n\n| rule | about | what it means |\n|---|---|---|\n");
        for rule in RULES.iter().filter(|rule| rule.severity == severity) {
            let _ = writeln!(page, "| `{}` | {} | {} |", rule.id, rule.about, rule.means);
        }
    }
    page
}

const HEAD: &str = include_str!("rules.md");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_rules_share_an_id() {
        let mut ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), RULES.len());
    }

    #[test]
    fn every_rule_that_the_sources_name_is_in_the_list() {
        let sources = [
            include_str!("findings.rs"),
            include_str!("proof_findings.rs"),
            include_str!("../analysis/reconcile.rs"),
        ];
        // Rules are the first argument, or the first of a tuple with a severity.
        let named = sources.iter().flat_map(|source| source.split('"').skip(1).step_by(2));
        let looks =
            |word: &&str| word.contains('-') && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        let not_rules = ["root-mismatch", "beyond-itself"];
        for id in named.filter(looks).filter(|id| !not_rules.contains(id)) {
            assert!(known(id).is_some(), "{id} is in no list");
        }
    }

    #[test]
    fn the_page_of_rules_is_true() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/RULES.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, page()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), page(), "run the tests once with UPDATE_DOCS=1");
    }
}
