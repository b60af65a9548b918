//! Requests and answers in full: what is recorded for a share of the requests, and the questions asked again and again.

use super::builds::{BuildNo, FAULTY, MODELS};
use super::dice::Dice;
use crate::model::Hash;
use crate::proof::python_json::parse;
use crate::proof::tee::{self, Scheme};

/// How many questions the watchers ask over and over; each pairs a good answer with a faulty one.
pub(super) const PROBES: usize = 24;

/// A request as sent and the answer's text.
pub(super) struct Content {
    pub(super) request: String,
    pub(super) output: String,
    /// Which of the repeated questions it is.
    pub(super) probe: Option<usize>,
}

const SUBJECTS: [&str; 8] = [
    "wire to a first-time payee",
    "margin call on a levered position",
    "invoice with a changed IBAN",
    "swap above the daily limit",
    "loan renewal without new accounts",
    "payout to a sanctioned region",
    "refund larger than its order",
    "collateral in a thin market",
];

impl Content {
    /// Request and output hash as a gateway of scheme v1 makes them.
    pub(super) fn hashes(&self) -> (Hash, Hash) {
        let request = parse(&self.request).expect("our own request is JSON").value;
        let readings = tee::readings(&request, Some(Scheme::V1)).expect("our own request can be signed");
        (readings[0].hash, tee::output_hash(&self.output))
    }
}

/// One of the repeated questions. The faulty version answers two thirds of them differently.
pub(super) fn probe(number: usize, model: usize, build: BuildNo) -> Content {
    let misread = build == FAULTY && answers_differ(number);
    let score = if misread { 11 + number % 9 } else { 62 + number % 31 };
    Content {
        request: request(model, SUBJECTS[number % SUBJECTS.len()], 1_000 + 370 * number as u64),
        output: output(score as u64),
        probe: Some(number),
    }
}

/// A request of its own.
pub(super) fn single(model: usize, dice: &mut Dice) -> Content {
    let subject = SUBJECTS[dice.place(SUBJECTS.len())];
    let amount = u64::from(dice.below(9_000_000)) + 100;
    Content {
        request: request(model, subject, amount),
        output: output(u64::from(dice.below(101))),
        probe: None,
    }
}

/// Words that nobody wrote, about as many as the tokens say.
pub(super) fn stand_in(model: usize, (tokens_in, tokens_out): (usize, usize)) -> Content {
    // Two and a half letters a token, on the short side: two million records come to one and a half gigabytes.
    let words = |tokens: usize| PARAGRAPH.chars().cycle().take(tokens * 5 / 2).collect::<String>();
    Content { request: request(model, &words(tokens_in), 1_000), output: words(tokens_out), probe: None }
}

const PARAGRAPH: &str = "the counterparty asks to move the collateral before the market opens and says that the usual \
    limit was lifted for today by the desk; nobody at the desk answers and the second signature is missing, so ";

fn request(model: usize, subject: &str, amount: u64) -> String {
    format!(
        "{{\"model\":\"{}\",\"messages\":[{{\"role\":\"system\",\"content\":\"Score the risk from 0 to 100.\"}},\
         {{\"role\":\"user\",\"content\":\"{subject} — amount {amount}\"}}],\"temperature\":0.0,\"max_tokens\":64}}",
        MODELS[model]
    )
}

fn output(score: u64) -> String {
    let verdict = match score {
        0..40 => "approve",
        40..70 => "review",
        _ => "hold",
    };
    format!("risk {score}/100: {verdict}")
}

/// Whether the two versions answer a repeated question differently.
pub(super) const fn answers_differ(probe: usize) -> bool {
    !probe.is_multiple_of(3)
}
