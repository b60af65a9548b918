//! Which format a file has, by its first bytes. A journal, and whatever nobody knows, is no foreign format.

use super::Format;
use super::value::Members;

/// How many bytes of a file `tell` wants to see.
pub const TELL: usize = 64 << 10;

/// The format of a file that begins so; nothing for a journal or an unknown file.
pub fn tell(start: &[u8]) -> Option<Format> {
    if super::otlp::tell_proto(start) {
        return Some(Format::OtlpProto);
    }
    if super::document::tell(start) {
        return Some(Format::Attestation);
    }
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let text = |prefix: &[u8]| start.starts_with(prefix);
    if text(b"data:") || text(b"event:") || text(b": ") || text(b"retry:") {
        return Some(Format::Stream);
    }
    if is_git_log(start) {
        return Some(Format::GitLog);
    }
    if is_encoded(start) {
        return Some(Format::X402);
    }
    if !text(b"{") && !text(b"[") {
        return None;
    }
    let keys = keys(start);
    let at = |depth: usize, name: &str| keys.iter().any(|key| key.depth <= depth && key.name == name);
    if at(1, "kind") && (at(1, "id") || at(1, "at")) {
        return None;
    }
    MARKS.iter().find(|(_, names)| names.iter().all(|name| at(5, name))).map(|(format, _)| *format)
}

/// Names that together mean a format, the most telling first.
const MARKS: [(Format, &[&str]); 30] = [
    (Format::Otlp, &["resourceSpans"]),
    (Format::Otlp, &["resource_spans"]),
    (Format::Har, &["log", "entries"]),
    (Format::Har, &["startedDateTime", "request"]),
    (Format::Tree, &["leafEncoding", "tree"]),
    (Format::Job, &["jobId", "queue"]),
    (Format::Job, &["jobId", "status"]),
    (Format::Gateway, &["tee_signature"]),
    (Format::Gateway, &["tee_request_hash"]),
    (Format::Gateway, &["opengradient_verification"]),
    (Format::Gateway, &["teeSignature", "output"]),
    (Format::Gateway, &["request_hash", "signature", "tee_id"]),
    (Format::Gateway, &["request_hash", "message", "finish_reason"]),
    (Format::Gateway, &["chat_output", "payment_hash"]),
    (Format::X402, &["x402Version"]),
    (Format::X402, &["paymentPayload"]),
    (Format::X402, &["success", "transaction", "network"]),
    (Format::X402, &["isValid", "payer"]),
    (Format::Chain, &["topics", "data"]),
    (Format::Chain, &["transactionHash", "logs"]),
    (Format::Chain, &["parentHash", "timestamp"]),
    (Format::Chain, &["input", "nonce", "blockNumber"]),
    (Format::Chain, &["pcrHash", "publicKey"]),
    (Format::Chain, &["jsonrpc", "result"]),
    (Format::Chain, &["jsonrpc", "error"]),
    (Format::Measurements, &["Measurements"]),
    (Format::Measurements, &["PCR0", "PCR1", "PCR2"]),
    (Format::Measurements, &["pcr0", "pcr1", "pcr2"]),
    (Format::Gateway, &["choices", "model"]),
    (Format::Gateway, &["choices", "usage"]),
];

/// The format of one JSON object, by its own members.
pub(super) fn shape(members: &Members<'_>) -> Option<Format> {
    let has = |names: &[&str]| names.iter().all(|name| members.has(name));
    let any = |names: &[&str]| names.iter().any(|name| members.has(name));
    if any(&["resourceSpans", "resource_spans"]) {
        return Some(Format::Otlp);
    }
    if has(&["startedDateTime", "request"]) || members.object("log").is_some_and(|log| log.has("entries")) {
        return Some(Format::Har);
    }
    if has(&["leafEncoding", "tree"]) {
        return Some(Format::Tree);
    }
    if has(&["jobId"]) && any(&["queue", "status"]) {
        return Some(Format::Job);
    }
    if any(&[
        "tee_signature",
        "tee_request_hash",
        "opengradient_verification",
        "chat_output",
        "completion_output",
    ]) || has(&["teeSignature", "output"])
        || has(&["request_hash", "output_hash", "tee_id"])
        || has(&["request_hash", "message", "finish_reason"])
        || has(&["choices", "model"])
        || has(&["choices", "object"])
    {
        return Some(Format::Gateway);
    }
    if any(&["x402Version", "paymentPayload"])
        || has(&["success", "transaction", "network"])
        || has(&["isValid", "payer"])
        || members
            .object("payload")
            .is_some_and(|payload| payload.has("authorization") && payload.has("signature"))
    {
        return Some(Format::X402);
    }
    if has(&["topics", "data"])
        || has(&["transactionHash", "logs"])
        || has(&["parentHash", "timestamp"])
        || (has(&["hash", "from", "nonce"]) && any(&["input", "data"]))
        || has(&["pcrHash", "publicKey"])
    {
        return Some(Format::Chain);
    }
    if any(&["Measurements", "PCR0", "pcr0"]) {
        return Some(Format::Measurements);
    }
    None
}

/// Whether a line is base64 of a JSON object, as x402 writes headers.
pub(super) fn is_encoded(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"eyJ")
}

/// `commit`, a hash, a newline, and then an author.
fn is_git_log(start: &[u8]) -> bool {
    let Some(rest) = start.strip_prefix(b"commit ") else { return false };
    let hash = rest.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    (hash == 40 || hash == 64) && rest[hash..].iter().take(200).any(|b| *b == b'\n')
}

/// A name of a member, and how deep it stands; 1 is the outermost object, arrays not counted.
struct Key<'a> {
    depth: usize,
    name: &'a str,
}

/// The names of members in JSON that may be cut anywhere, down to a depth of five, up to the end of the first value of
/// the first line or the first hundred values of an array.
fn keys(start: &[u8]) -> Vec<Key<'_>> {
    let (mut found, mut depth, mut i) = (Vec::new(), 0usize, 0);
    while i < start.len() && found.len() < 4096 {
        match start[i] {
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return found;
                }
            }
            b'"' => {
                let Some(end) = string_end(start, i + 1) else { return found };
                let after = start[end + 1..].trim_ascii_start();
                if after.starts_with(b":") && depth <= 5 {
                    let name = std::str::from_utf8(&start[i + 1..end]).unwrap_or_default();
                    found.push(Key { depth, name });
                }
                i = end;
            }
            _ => {}
        }
        i += 1;
    }
    found
}

fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut i = from;
    loop {
        i += memchr::memchr2(b'"', b'\\', bytes.get(i..)?)?;
        match bytes[i] {
            b'"' => return Some(i),
            _ => i += 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_told_by_content_alone() {
        for (start, format) in [
            (&b"data: {\"id\""[..], Some(Format::Stream)),
            (b"{\"kind\":\"inference\",\"id\":\"a\",\"response\":{\"tee_signature\":1}}", None),
            (b"{\"id\":\"c\",\"choices\":[],\"tee_signature\":\"\"}", Some(Format::Gateway)),
            (b"[\n {\"address\":\"0x\",\"topics\":[],\"data\":\"0x\"}", Some(Format::Chain)),
            (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[]}", Some(Format::Chain)),
            (b"{\"log\":{\"version\":\"1.2\",\"entries\":[", Some(Format::Har)),
            (b"commit 21462361234bd608ecc1cbb1825f14b0c6229357\nAuthor: x", Some(Format::GitLog)),
            (b"{\"a\":1}", None),
            (b"eyJ4NDAyVmVyc2lvbiI6Mn0=\n", Some(Format::X402)),
            (b"{\"startedDateTime\":\"2026\",\"request\":{", Some(Format::Har)),
            (b"hello", None),
            (b"", None),
        ] {
            assert_eq!(tell(start), format, "{}", String::from_utf8_lossy(start));
        }
    }
}
