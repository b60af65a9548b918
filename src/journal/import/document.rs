//! Raw Nitro attestation documents, as COSE_Sign1 bytes, base64 or hex of them → enclaves with the document kept whole.
//!
//! ```text
//! 84 44 a1013822 …      the bytes as the hypervisor gave them: one document, the whole file
//! hEShATgi…             base64, on one line or wrapped; several documents may follow each other
//! ```
//! A document names a module, its measurements and a time. It holds no `tee_id`: only the SHA-256 of the key that signs
//! responses, if its gateway put that there. Where an enclave with that key is among the sources, the two are joined.

use super::{Context, Format, Origin, Out, Unit};
use crate::journal::split::Place;
use crate::model::Nanos;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What a document says. Nothing of it is verified here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attested {
    pub module_id: String,
    /// When the hypervisor signed.
    pub at: Nanos,
    /// Registers that are not zero, as hex.
    pub pcrs: Vec<(u8, String)>,
    pub pcr_hash: Option<String>,
    /// Its measurements are zero: the console of such an enclave can be read, and it proves no build.
    pub is_debug: bool,
    /// SHA-256 of the keys it binds, as hex.
    pub signing_key: Option<String>,
    pub tls_certificate: Option<String>,
    pub nonce: Option<String>,
}

/// Reads a document's bytes; an error is why they are none. The room of proofs can, this one cannot.
pub type ReadDocument = fn(&[u8]) -> Result<Attested, String>;

/// An array of four, and a protected header that says ES384.
const HEAD: [u8; 6] = [0x84, 0x44, 0xa1, 0x01, 0x38, 0x22];
/// The same after COSE's tag, which Nitro does not write.
const TAGGED: [u8; 7] = [0xd2, 0x84, 0x44, 0xa1, 0x01, 0x38, 0x22];
const IN_BASE64: &[u8] = b"hEShATgi";
const IN_HEX: &[u8] = b"8444a1013822";

/// Whether a file's first bytes are a document's.
pub(super) fn tell(start: &[u8]) -> bool {
    let text = start.trim_ascii_start();
    start.starts_with(&HEAD) || start.starts_with(&TAGGED) || begins(text)
}

fn begins(line: &[u8]) -> bool {
    let digits = line.strip_prefix(b"0x").unwrap_or(line);
    let is_hex = digits.get(..IN_HEX.len()).is_some_and(|head| head.eq_ignore_ascii_case(IN_HEX));
    line.starts_with(IN_BASE64) || is_hex
}

pub(super) fn translate(unit: &Unit<'_>, context: &Context, out: &mut Out) {
    if unit.bytes.first().is_some_and(|first| *first >= 0x80) {
        let origin = Origin { format: Format::Attestation, place: unit.place, bytes: unit.bytes };
        return document(unit.bytes, &origin, context, out);
    }
    for (place, text) in texts(unit) {
        let origin = Origin { format: Format::Attestation, place, bytes: text };
        let bare: Vec<u8> = text.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
        let digits = bare.strip_prefix(b"0x").unwrap_or(&bare);
        match STANDARD
            .decode(&bare)
            .ok()
            .filter(|bytes| bytes.starts_with(&HEAD))
            .or(hex::decode(digits).ok())
        {
            Some(bytes) => document(&bytes, &origin, context, out),
            None => out.fault(
                &origin,
                "neither base64 nor hex of an attestation document: cut, or mixed with other text",
            ),
        }
    }
}

/// Stretches of text that each begin as a document does and end where the next begins.
fn texts<'a>(unit: &Unit<'a>) -> Vec<(Place, &'a [u8])> {
    let (mut found, mut open) = (Vec::new(), None);
    let mut close = |open: Option<(Place, usize)>, end: usize| {
        let Some((place, begin)) = open else { return };
        let text = unit.bytes[begin..end].trim_ascii_end();
        if !text.is_empty() {
            found.push((place, text));
        }
    };
    let (mut begin, mut line) = (0, unit.place.line);
    for text in unit.bytes.split_inclusive(|b| *b == b'\n') {
        let blanks = text.len() - text.trim_ascii_start().len();
        if open.is_none() && !text.trim_ascii().is_empty() || begins(text.trim_ascii_start()) {
            close(open.take(), begin);
            open =
                Some((Place { line, offset: unit.place.offset + (begin + blanks) as u64 }, begin + blanks));
        }
        begin += text.len();
        line += 1;
    }
    close(open, begin);
    found
}

fn document(bytes: &[u8], origin: &Origin<'_>, context: &Context, out: &mut Out) {
    let Some(read) = context.document else {
        return out.fault(origin, "kept, not mapped: nothing here reads attestation documents");
    };
    let attested = match read(bytes) {
        Ok(attested) => attested,
        Err(reason) => return out.fault(origin, &format!("no attestation document: {reason}")),
    };
    let mut line = out.record("enclave", &format!("enclave:nitro:{}", attested.module_id), attested.at);
    // The module is one boot of one enclave, as a `tee_id` is; that it is registered anywhere the document does not say.
    line.text("tee_id", &attested.module_id).assume("tee_id").text("state", "registered").assume("state");
    line.maybe("pcr_hash", attested.pcr_hash.as_deref()).text("attestation", &STANDARD.encode(bytes));
    let pcrs: Vec<String> = attested.pcrs.iter().map(|(n, value)| format!("\"{n}\":\"{value}\"")).collect();
    line.raw("pcrs", &format!("{{{}}}", pcrs.join(",")));
    if attested.is_debug {
        line.raw("debug", "true");
    }
    line.maybe("signing_key_sha256", attested.signing_key.as_deref());
    line.maybe("tls_certificate_sha256", attested.tls_certificate.as_deref());
    line.maybe("nonce", attested.nonce.as_deref()).finish(origin);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_told_in_each_of_its_forms_and_nothing_else_is() {
        for (start, is_told) in [
            (&b"\x84\x44\xa1\x01\x38\x22\xa0"[..], true),
            (b"\xd2\x84\x44\xa1\x01\x38\x22", true),
            (b"hEShATgioFkR", true),
            (b"\n  hEShATgioFkR", true),
            (b"0x8444A1013822", true),
            (b"8444a1013822", true),
            (b"\x84\x44", false),
            (b"hESh", false),
            (b"eyJ4NDAy", false),
            (b"", false),
        ] {
            assert_eq!(tell(start), is_told, "{start:?}");
        }
    }

    #[test]
    fn wrapped_text_and_several_documents_are_cut_where_the_next_begins() {
        let text = b"hEShATgiAA\nBBBB\n\nhEShATgiCC\n  hEShATgiDD  \n";
        let found = texts(&Unit { bytes: text, place: Place { line: 0, offset: 0 } });
        let found: Vec<(u64, u64, &[u8])> = found.iter().map(|(p, text)| (p.line, p.offset, *text)).collect();
        assert_eq!(
            found,
            [(0, 0, &b"hEShATgiAA\nBBBB"[..]), (3, 17, &b"hEShATgiCC"[..]), (4, 30, &b"hEShATgiDD"[..])]
        );
    }
}
