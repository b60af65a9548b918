//! One RSA key for every boot of an enclave, made from few primes.
//!
//! Finding a prime takes most of the time, so keys share them. Whoever sees two such public keys finds both private
//! ones by a greatest common divisor: these keys sign simulated answers and nothing else.

use super::dice::Dice;
use crate::model::Hash;
use crate::proof::tee::tee_id;
use rsa::pkcs8::EncodePublicKey;
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rsa::{BoxedUint, RsaPrivateKey};

/// An enclave's key, or only its name in an unsigned simulation.
pub(super) struct EnclaveKey {
    pub(super) tee_id: Hash,
    pair: Option<Pair>,
}

struct Pair {
    private: RsaPrivateKey,
    /// SubjectPublicKeyInfo in DER.
    public: Vec<u8>,
}

impl EnclaveKey {
    /// SubjectPublicKeyInfo in DER.
    pub(super) fn public_key(&self) -> Option<&[u8]> {
        self.pair.as_ref().map(|pair| pair.public.as_slice())
    }

    pub(super) fn private_key(&self) -> Option<&RsaPrivateKey> {
        self.pair.as_ref().map(|pair| &pair.private)
    }
}

/// Names without keys.
pub(super) fn unsigned(count: usize, dice: &mut Dice) -> Vec<EnclaveKey> {
    (0..count).map(|_| EnclaveKey { tee_id: Hash(dice.bytes()), pair: None }).collect()
}

/// Keys of 2048 bits, each of two primes that no other pair has together.
pub(super) fn signed(count: usize, dice: &mut Dice) -> Vec<EnclaveKey> {
    let mut primes: Vec<BoxedUint> = Vec::new();
    while primes.len() * primes.len().saturating_sub(1) / 2 < count {
        let pair = RsaPrivateKey::new(dice.stream(), 2048).expect("2048 is a size of RSA keys");
        primes.extend(pair.primes().iter().map(|prime| prime.as_ref().clone()));
    }
    let pairs = (1..primes.len()).flat_map(|high| (0..high).map(move |low| (high, low)));
    pairs.take(count).map(|(high, low)| of_primes(&primes[high], &primes[low])).collect()
}

fn of_primes(p: &BoxedUint, q: &BoxedUint) -> EnclaveKey {
    let private = RsaPrivateKey::from_p_q(p.clone(), q.clone(), BoxedUint::from(65_537u32))
        .expect("two different primes of a key make another key");
    debug_assert_eq!(private.size(), 256, "both primes start with two set bits");
    let public = private.to_public_key().to_public_key_der().expect("a public key is always written");
    let public = public.into_vec();
    EnclaveKey { tee_id: tee_id(&public), pair: Some(Pair { private, public }) }
}
