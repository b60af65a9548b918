//! One RSA key for every boot of an enclave, made from few primes.
//!
//! Finding a prime takes most of the time, so keys share them. Whoever sees two such public keys finds both private
//! ones by a greatest common divisor: these keys sign simulated answers and nothing else.

use super::dice::Dice;

/// An enclave's key, or only its name in an unsigned simulation.
pub(super) struct EnclaveKey {
    /// keccak256 of the public key's SubjectPublicKeyInfo (PROOFS §2).
    pub(super) tee_id: [u8; 32],
    spki: Option<Vec<u8>>,
}

impl EnclaveKey {
    /// SubjectPublicKeyInfo in DER.
    pub(super) fn public_key(&self) -> Option<&[u8]> {
        self.spki.as_deref()
    }
}

/// Names without keys.
pub(super) fn unsigned(count: usize, dice: &mut Dice) -> Vec<EnclaveKey> {
    (0..count).map(|_| EnclaveKey { tee_id: dice.bytes(), spki: None }).collect()
}
