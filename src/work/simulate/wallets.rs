//! Who holds money: one address for every agent, for the inference service, and for those whom transfers pay.

use super::dice::Dice;

/// Places among the payees: the service first, then the others.
pub(super) const PAYEES: usize = 41;

pub(super) struct Wallets {
    agents: Vec<[u8; 20]>,
    payees: Vec<[u8; 20]>,
}

impl Wallets {
    pub(super) fn new(agents: usize, dice: &mut Dice) -> Self {
        Self {
            agents: (0..agents).map(|_| dice.bytes()).collect(),
            payees: (0..PAYEES).map(|_| dice.bytes()).collect(),
        }
    }

    pub(super) fn agent(&self, agent: usize) -> &[u8; 20] {
        &self.agents[agent]
    }

    pub(super) fn payee(&self, payee: usize) -> &[u8; 20] {
        &self.payees[payee]
    }
}
