//! A facilitator's job status → settlements and payments, read for what they say and not for how they sound.
//!
//! `status: succeeded` means that the job ended: the payment inside may have failed, the batch may only be buffered, the
//! individual settlement may have been skipped. `transaction` may be a job id.

use super::json::Value;
use super::value::{Members, hex_of, moment};
use super::x402::chain_of;
use super::{Context, Out};

pub(super) fn translate(value: &Value<'_, '_>, context: &Context, out: &mut Out) {
    let job = &value.members;
    let result = job.object("result").unwrap_or_default();
    let at = ["updatedAt", "createdAt"].iter().find_map(|name| job.get(name).and_then(moment));
    let Some(at) = at.or(context.at) else {
        return out.fault(
            &value.origin,
            "kept, not mapped: a job without updatedAt or createdAt; --assume-at gives one",
        );
    };
    let id = job.text("jobId").unwrap_or_default();
    let mode = job.text("settlementType").or_else(|| result.text("settlementType"));
    let said = said(job, &result);
    let Some(mode) = mode else {
        // A payment's job: it names no payer, amount or payee, so it is no payment by itself.
        let mut line = out.record("payment-job", &format!("job:{id}"), at);
        line.text("state", said.state).text("said", &said.words);
        line.maybe("tx_hash", said.transaction.as_deref())
            .maybe("network", result.text("network").as_deref());
        return line.finish(&value.origin);
    };
    let mut line = out.record("settlement", &format!("job:{id}"), at);
    let known = ["private", "batch", "individual"].contains(&&*mode);
    line.text("mode", if known { &mode } else { "private" })
        .text("state", said.state)
        .text("said", &said.words);
    if !known {
        line.assume("mode");
    }
    let blob = job.text("walrusBlobId").or_else(|| result.text("walrusBlobId"));
    line.maybe("blob_id", blob.as_deref()).maybe("tx_hash", said.transaction.as_deref());
    let chain = result.text("network").as_deref().and_then(chain_of);
    line.maybe_number("chain_id", chain);
    line.maybe("signer", job.text("signerAddress").as_deref());
    line.assume("state").finish(&value.origin);
}

struct Said {
    state: &'static str,
    words: String,
    /// Only what can be a transaction hash.
    transaction: Option<String>,
}

fn said(job: &Members<'_>, result: &Members<'_>) -> Said {
    let status = job.text("status").unwrap_or_default();
    let notes = result.text("notes").unwrap_or_default();
    let error = result.text("errorReason").or_else(|| job.text("error")).or_else(|| job.text("failedReason"));
    let named = job.text("txHash").or_else(|| result.text("txHash")).or_else(|| result.text("transaction"));
    let transaction =
        named.clone().filter(|text| hex_of::<32>(text).is_some()).map(std::borrow::Cow::into_owned);
    let lower = notes.to_lowercase();
    let failed = matches!(&*status, "failed" | "error")
        || result.get("success").is_some_and(|raw| raw.get() == "false");
    let waits = lower.contains("buffered") || lower.contains("skipped") || lower.contains("pending");
    let state = match (failed, waits, &transaction) {
        (true, ..) => "failed",
        (false, false, Some(_)) if &*status == "succeeded" => "settled",
        _ => "pending",
    };
    let mut words = format!("job {status}");
    for part in [error.as_deref(), (!notes.is_empty()).then_some(&*notes)].into_iter().flatten() {
        words = format!("{words}; {part}");
    }
    if let (Some(named), None) = (named.filter(|named| !named.is_empty()), &transaction) {
        words = format!("{words}; `{named}` is no transaction hash");
    }
    Said { state, words, transaction }
}
