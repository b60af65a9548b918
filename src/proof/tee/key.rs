//! An enclave's RSA key and the two kinds of PSS signature made with it.

use crate::model::Hash;
use crate::proof::Malformed;
use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use rsa::pkcs1::{DecodeRsaPublicKey, RsaPublicKeyRef};
use rsa::signature::Verifier;
use sha2::Sha256;
use x509_cert::der::{Decode, asn1::ObjectIdentifier};
use x509_cert::spki::SubjectPublicKeyInfoRef;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// SubjectPublicKeyInfo of an 8192-bit key is 1062 bytes; what is longer is not looked at.
const MAX_KEY_BYTES: usize = 2048;

/// An RSA key of 2048 to 8192 bits with an odd modulus and an odd exponent from 3 to 2^33−1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnclaveKey {
    spki: Vec<u8>,
    pkcs1: Vec<u8>,
    bits: usize,
    /// Hashed once here: every response of the enclave is compared with it.
    tee_id: Hash,
}

impl EnclaveKey {
    /// Reads a SubjectPublicKeyInfo in strict DER.
    pub fn parse(spki: &[u8]) -> Result<Self, Malformed> {
        if spki.len() > MAX_KEY_BYTES {
            return Err(Malformed::new(MAX_KEY_BYTES, "a key is at most 2048 bytes of DER"));
        }
        let info = SubjectPublicKeyInfoRef::from_der(spki)
            .map_err(|error| Malformed::new(offset(&error), "not a SubjectPublicKeyInfo in DER"))?;
        if info.algorithm.oid != RSA_ENCRYPTION {
            return Err(Malformed::new(0, "not an RSA key"));
        }
        let base = spki.len() - info.subject_public_key.raw_bytes().len();
        let pkcs1 = info.subject_public_key.raw_bytes();
        let key = RsaPublicKeyRef::from_der(pkcs1)
            .map_err(|error| Malformed::new(base + offset(&error), "not an RSAPublicKey in DER"))?;
        let bits = checked_bits(key.modulus.as_bytes(), key.public_exponent.as_bytes())
            .map_err(|what| Malformed::new(base, what))?;
        Ok(Self { spki: spki.to_vec(), pkcs1: pkcs1.to_vec(), bits, tee_id: super::tee_id(spki) })
    }

    pub fn tee_id(&self) -> Hash {
        self.tee_id
    }

    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    pub fn bits(&self) -> usize {
        self.bits
    }

    /// What is left of the encoded message beside a SHA-256 and two bytes: 222 for 2048 bits.
    pub fn longest_salt(&self) -> usize {
        (self.bits - 1).div_ceil(8) - 32 - 2
    }

    /// RSASSA-PSS with SHA-256, MGF1-SHA-256 and a salt of exactly 32 bytes: the v1 schemes.
    pub fn verifies_v1(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &self.pkcs1).verify(message, signature).is_ok()
    }

    /// RSASSA-PSS with SHA-256 and the longest salt the key allows (222 bytes for 2048 bits): scheme v0. Keys above
    /// 4096 bits were never made by it and are refused.
    pub fn verifies_v0(&self, message: &[u8], signature: &[u8]) -> bool {
        let Ok(key) = rsa::RsaPublicKey::from_pkcs1_der(&self.pkcs1) else { return false };
        let Ok(signature) = rsa::pss::Signature::try_from(signature) else { return false };
        rsa::pss::VerifyingKey::<Sha256>::new_with_salt_len(key, self.longest_salt())
            .verify(message, &signature)
            .is_ok()
    }
}

fn checked_bits(modulus: &[u8], exponent: &[u8]) -> Result<usize, &'static str> {
    let modulus = without_leading_zeros(modulus);
    let exponent = without_leading_zeros(exponent);
    let bits = modulus.first().map_or(0, |top| modulus.len() * 8 - top.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) {
        return Err("an RSA modulus of 2048 to 8192 bits is needed");
    }
    if modulus.last().is_none_or(|low| low & 1 == 0) {
        return Err("an even RSA modulus");
    }
    match exponent {
        [] | [0..=2] => Err("an RSA exponent below 3"),
        [.., low] if low & 1 == 0 => Err("an even RSA exponent"),
        [top, rest @ ..] if rest.len() > 4 || (rest.len() == 4 && *top > 1) => {
            Err("an RSA exponent above 33 bits")
        }
        _ => Ok(bits),
    }
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

fn offset(error: &x509_cert::der::Error) -> usize {
    error.position().map_or(0, |position| usize::try_from(position).unwrap_or(usize::MAX))
}
