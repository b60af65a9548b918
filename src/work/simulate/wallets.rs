//! Who holds money: one address for every agent, for the inference service, and for those whom transfers pay.

use super::dice::Dice;
use crate::proof::payment::address_of;
use k256::ecdsa::SigningKey;

/// Places among the payees: the service first, then the others.
pub(super) const PAYEES: usize = 41;

/// An agent's wallet; it signs only where answers are signed too.
struct Wallet {
    address: [u8; 20],
    key: Option<SigningKey>,
}

pub(super) struct Wallets {
    agents: Vec<Wallet>,
    payees: Vec<[u8; 20]>,
}

impl Wallets {
    pub(super) fn new(agents: usize, signed: bool, dice: &mut Dice) -> Self {
        let wallet = |dice: &mut Dice| {
            let secret = dice.bytes::<32>();
            // Out of 2^128 secrets less than two are no key; such a wallet could not sign and does not.
            match SigningKey::from_slice(&secret).ok().filter(|_| signed) {
                Some(key) => Wallet { address: address_of(key.verifying_key()), key: Some(key) },
                None => Wallet { address: first_twenty(&secret), key: None },
            }
        };
        Self {
            agents: (0..agents).map(|_| wallet(dice)).collect(),
            payees: (0..PAYEES).map(|_| dice.bytes()).collect(),
        }
    }

    pub(super) fn agent(&self, agent: usize) -> &[u8; 20] {
        &self.agents[agent].address
    }

    pub(super) fn payee(&self, payee: usize) -> &[u8; 20] {
        &self.payees[payee]
    }

    /// An agent's signature over a digest, r‖s‖v as Ethereum writes it.
    pub(super) fn sign(&self, agent: usize, digest: &[u8; 32]) -> Option<[u8; 65]> {
        let (signature, recovery) = self.agents[agent].key.as_ref()?.sign_prehash_recoverable(digest);
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + recovery.to_byte();
        Some(bytes)
    }
}

fn first_twenty(bytes: &[u8; 32]) -> [u8; 20] {
    let mut address = [0; 20];
    address.copy_from_slice(&bytes[..20]);
    address
}
