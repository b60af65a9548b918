//! Chance that falls the same way on every machine: ChaCha streams and whole numbers, no floats.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// One stream of chance. Each subject has its own, so that more payments do not change who asks what.
#[derive(Clone)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u64, subject: &str) -> Self {
        let key = Sha256::new()
            .chain_update(b"backtrail simulate/1\n")
            .chain_update(seed.to_le_bytes())
            .chain_update(subject)
            .finalize();
        Self(ChaCha8Rng::from_seed(key.into()))
    }

    /// A number below `n`, by multiplication; the bias is below n / 2^32.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(n)) >> 32) as u32
    }

    /// A place in a list of so many.
    pub(super) fn place(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).unwrap_or(u32::MAX)) as usize
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = high.abs_diff(low).saturating_add(1);
        let part = ((u128::from(self.0.next_u64()) * u128::from(width)) >> 64) as u64;
        low.saturating_add_unsigned(part)
    }

    /// True so many times in ten thousand.
    pub(super) fn chance(&mut self, in_ten_thousand: u32) -> bool {
        self.below(10_000) < in_ten_thousand
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// The stream itself, for libraries that ask for a generator.
    pub(super) fn stream(&mut self) -> &mut ChaCha8Rng {
        &mut self.0
    }
}
