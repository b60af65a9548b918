//! Signatures of answers as gateways of scheme v1 make them (PROOFS §2), a group at a time on all cores.

use super::Simulation;
use super::dice::Dice;
use super::keys::EnclaveKey;
use super::served::{Claims, Proof, Served};
use crate::proof::tee::message_hash;
use rsa::pss::Pss;
use sha2::{Digest, Sha256};
use std::thread;

/// Signs groups of answers and remembers what can be shown again.
pub(super) struct Signing {
    seed: u64,
    kind: Kind,
    threads: usize,
    /// By boot: the last proof whose content was not recorded.
    shown: Vec<Option<(Claims, Box<[u8; 256]>)>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Real,
    StandIn,
}

impl Signing {
    /// `None` where answers carry no signatures.
    pub(super) fn new(simulation: &Simulation, boots: usize) -> Option<Self> {
        let kind = match (simulation.signed, simulation.stand_ins) {
            (true, _) => Kind::Real,
            (false, true) => Kind::StandIn,
            (false, false) => return None,
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Some(Self { seed: simulation.seed, kind, threads, shown: (0..boots).map(|_| None).collect() })
    }

    /// Whether nobody signs and bytes stand in for signatures.
    pub(super) fn stands_in(&self) -> bool {
        self.kind == Kind::StandIn
    }

    /// Signs what claims to be signed. The salt follows from seed and answer, so the number of threads changes nothing.
    pub(super) fn sign(&mut self, group: &mut [Served], keys: &[EnclaveKey]) {
        let share = group.len().div_ceil(self.threads).max(1);
        let (seed, kind) = (self.seed, self.kind);
        thread::scope(|scope| {
            for part in group.chunks_mut(share) {
                scope.spawn(move || part.iter_mut().for_each(|served| sign(served, keys, (seed, kind))));
            }
        });
        group.iter_mut().for_each(|served| self.replay(served));
    }

    /// Replaces a proof by an earlier one of the same enclave; without an earlier one it stays what it is: genuine.
    fn replay(&mut self, served: &mut Served) {
        let shown = &mut self.shown[served.boot];
        match (served.proof, shown, &served.signature) {
            (Proof::Replayed, Some((claims, signature)), _) => {
                served.claims = *claims;
                served.signature = Some(signature.clone());
            }
            (Proof::Replayed, None, _) => served.proof = Proof::Genuine,
            (Proof::Genuine, shown, Some(signature)) if served.content.is_none() => {
                *shown = Some((served.claims, signature.clone()));
            }
            _ => {}
        }
    }
}

fn sign(served: &mut Served, keys: &[EnclaveKey], (seed, kind): (u64, Kind)) {
    let mut dice = Dice::new(seed ^ served.number.rotate_left(32), "salt");
    served.signature = match served.proof {
        Proof::Genuine | Proof::Replayed if kind == Kind::StandIn => Some(Box::new(forged(&mut dice))),
        Proof::Genuine | Proof::Replayed => genuine(&served.claims, &keys[served.boot], &mut dice),
        Proof::Forged => Some(Box::new(forged(&mut dice))),
        Proof::None | Proof::Unsigned | Proof::Placeholder => None,
    };
}

/// RSASSA-PSS with SHA-256 over the message hash, the salt exactly 32 bytes. Not blinded: nobody measures this machine
/// to learn a key that means nothing, and blinding costs a third of the time.
fn genuine(claims: &Claims, key: &EnclaveKey, dice: &mut Dice) -> Option<Box<[u8; 256]>> {
    let message = message_hash(&claims.request_hash, &claims.output_hash, claims.timestamp.unsigned_abs());
    let padding = Pss::<Sha256> { blinded: false, digest: Sha256::new(), salt_len: Some(32) };
    let private = key.private_key()?;
    let signature = private
        .sign_with_rng(dice.stream(), padding, &Sha256::digest(message))
        .expect("a key of 2048 bits signs a digest");
    Some(Box::new(signature.try_into().expect("as long as the key")))
}

/// Bytes that look like a signature below the modulus.
fn forged(dice: &mut Dice) -> [u8; 256] {
    let mut bytes = dice.bytes::<256>();
    bytes[0] &= 0x3f;
    bytes
}
