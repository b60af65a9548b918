//! The fixed certificate chain of a Nitro document: P-384 and SHA-384 throughout, at a stated time.

use super::es384_der_holds;
use crate::model::Hash;
use crate::proof::hashes::sha256;
use std::fmt;
use x509_cert::Certificate;
use x509_cert::certificate::Version;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode, Reader, SliceReader};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

/// Most certificates of a chain, leaf and root included; real ones have five.
pub const MAX_CHAIN: usize = 8;
const MAX_CERTIFICATE: usize = 8 << 10;

const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// basicConstraints, keyUsage: the only extensions that may be critical, for only they are understood here.
const UNDERSTOOD: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("2.5.29.19"), ObjectIdentifier::new_unwrap("2.5.29.15")];

/// What is wrong with a chain, and with which certificate of it: 0 is the leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainFault {
    pub certificate: usize,
    pub what: &'static str,
}

impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "certificate {} from the leaf: {}", self.certificate, self.what)
    }
}

/// Checks a leaf against a bundle given root first, at a Unix time in milliseconds. Gives the SHA-256 of the root's DER.
/// The root's own signature is not looked at: it is trusted by its hash or not at all.
pub fn verify_chain(leaf: &[u8], cabundle: &[Vec<u8>], at_ms: u64) -> Result<Hash, ChainFault> {
    let Some(root) = cabundle.first() else {
        return Err(ChainFault { certificate: 0, what: "no issuer in the bundle" });
    };
    if cabundle.len() >= MAX_CHAIN {
        return Err(ChainFault { certificate: MAX_CHAIN, what: "a chain of more than 8 certificates" });
    }
    let ders: Vec<&[u8]> = std::iter::once(leaf).chain(cabundle.iter().rev().map(Vec::as_slice)).collect();
    let mut chain = Vec::new();
    for (certificate, der) in ders.iter().enumerate() {
        let fault = |what| ChainFault { certificate, what };
        let parsed = parse(der).map_err(fault)?;
        check_alone(&parsed, certificate, at_ms).map_err(fault)?;
        chain.push(parsed);
    }
    for (certificate, pair) in chain.windows(2).enumerate() {
        check_issued(&pair[0], &pair[1]).map_err(|what| ChainFault { certificate, what })?;
    }
    Ok(sha256(root))
}

/// The P-384 point of a certificate's key, uncompressed SEC1.
pub(super) fn public_key(der: &[u8]) -> Option<Vec<u8>> {
    parse(der).ok().map(|parsed| parsed.key)
}

struct Parsed {
    certificate: Certificate,
    /// The exact bytes that were signed.
    signed: Vec<u8>,
    key: Vec<u8>,
}

fn parse(der: &[u8]) -> Result<Parsed, &'static str> {
    if der.len() > MAX_CERTIFICATE {
        return Err("a certificate above 8 KiB");
    }
    let certificate = Certificate::from_der(der).map_err(|_| "not a certificate in DER")?;
    let signed = signed_part(der).ok_or("not a certificate in DER")?;
    let info = certificate.tbs_certificate().subject_public_key_info();
    let curve = info.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    if info.algorithm.oid != EC_PUBLIC_KEY || curve != Some(SECP384R1) {
        return Err("its key is not on P-384");
    }
    let key = info.subject_public_key.as_bytes().filter(|point| point.len() == 97 && point[0] == 4);
    let key = key.ok_or("its key is not an uncompressed P-384 point")?.to_vec();
    Ok(Parsed { certificate, signed, key })
}

fn signed_part(der: &[u8]) -> Option<Vec<u8>> {
    let mut reader = SliceReader::new(der).ok()?;
    let part: Result<Vec<u8>, x509_cert::der::Error> = reader.sequence(|inner| {
        let part = inner.tlv_bytes()?.to_vec();
        inner.tlv_bytes()?;
        inner.tlv_bytes()?;
        Ok(part)
    });
    part.ok()
}

fn check_alone(parsed: &Parsed, place: usize, at_ms: u64) -> Result<(), &'static str> {
    let tbs = parsed.certificate.tbs_certificate();
    if tbs.version() != Version::V3 {
        return Err("not version 3");
    }
    if tbs.signature().oid != ECDSA_WITH_SHA384 || tbs.signature() != parsed.certificate.signature_algorithm()
    {
        return Err("not signed with ECDSA and SHA-384");
    }
    let validity = tbs.validity();
    let at = u128::from(at_ms);
    if at < validity.not_before.to_unix_duration().as_millis() {
        return Err("not yet valid at the document's time");
    }
    // A notAfter second is valid to its end.
    if at >= validity.not_after.to_unix_duration().as_millis() + 1000 {
        return Err("no longer valid at the document's time");
    }
    check_extensions(parsed, place)
}

fn check_extensions(parsed: &Parsed, place: usize) -> Result<(), &'static str> {
    let tbs = parsed.certificate.tbs_certificate();
    let extensions = tbs.extensions().map(Vec::as_slice).unwrap_or_default();
    if extensions.iter().any(|extension| extension.critical && !UNDERSTOOD.contains(&extension.extn_id)) {
        return Err("an unknown critical extension");
    }
    let constraints =
        tbs.get_extension::<BasicConstraints>().map_err(|_| "basicConstraints unreadable or twice")?;
    let usage = tbs.get_extension::<KeyUsage>().map_err(|_| "keyUsage unreadable or twice")?;
    let usage = usage.ok_or("no keyUsage")?.1;
    if place == 0 {
        return match constraints {
            Some((_, constraints)) if constraints.ca => Err("the leaf is a certificate authority"),
            _ if !usage.digital_signature() => Err("the leaf may not sign"),
            _ => Ok(()),
        };
    }
    let (_, constraints) = constraints.ok_or("an issuer without basicConstraints")?;
    // Issuers strictly between this one and the leaf.
    let below = place - 1;
    if !constraints.ca || !usage.key_cert_sign() {
        return Err("an issuer that may not sign certificates");
    }
    if constraints.path_len_constraint.is_some_and(|most| below > usize::from(most)) {
        return Err("more issuers below than pathLen allows");
    }
    Ok(())
}

fn check_issued(child: &Parsed, issuer: &Parsed) -> Result<(), &'static str> {
    let name = |name: &x509_cert::name::Name| name.to_der().ok();
    let (wanted, found) = (
        name(child.certificate.tbs_certificate().issuer()),
        name(issuer.certificate.tbs_certificate().subject()),
    );
    if wanted.is_none() || wanted != found {
        return Err("its issuer's name is another");
    }
    let signature = child.certificate.signature().as_bytes().ok_or("its signature is not whole bytes")?;
    if !es384_der_holds(&issuer.key, &child.signed, signature) {
        return Err("its issuer did not sign it");
    }
    Ok(())
}
