//! How many requests come in each minute, and when in it: a day's rhythm, the total exact.

use super::dice::Dice;
use super::rollout::{LENGTH_MINUTES, START};
use crate::model::time::{HOUR, MINUTE};

/// Weight of each hour of the day, UTC. Nights are not empty, so that the hours after a rollback can be judged.
const HOURS: [u64; 24] = [
    60, 52, 48, 45, 46, 52, 66, 88, 112, 128, 138, 142, 140, 138, 136, 132, 124, 112, 100, 92, 84, 78, 72, 66,
];

pub(super) struct Load {
    requests: u64,
    total: u64,
    minute: i64,
    /// Weight of the minutes before this one.
    passed: u64,
}

impl Load {
    pub(super) fn new(requests: usize) -> Self {
        let total = (0..LENGTH_MINUTES).map(weight).sum();
        Self { requests: requests as u64, total, minute: 0, passed: 0 }
    }

    /// The moments of the next minute's requests in order, or `None` when all is over.
    pub(super) fn next_minute(&mut self, dice: &mut Dice, moments: &mut Vec<i64>) -> Option<()> {
        moments.clear();
        if self.minute == LENGTH_MINUTES {
            return None;
        }
        let upto = self.passed + weight(self.minute);
        let count = self.requests * upto / self.total - self.requests * self.passed / self.total;
        let start = START + self.minute * MINUTE;
        // Whole microseconds: what is written is what was meant.
        moments.extend((0..count).map(|_| start + i64::from(dice.below(60_000_000)) * 1_000));
        moments.sort_unstable();
        self.minute += 1;
        self.passed = upto;
        Some(())
    }
}

/// Weight of a minute, between its hour's and the next one's. The last day is busier than those before.
fn weight(minute: i64) -> u64 {
    let of_day = u64::try_from((START / HOUR % 24) * 60 + minute).expect("minutes count up from the start");
    let (hour, into) = ((of_day / 60 % 24) as usize, of_day % 60);
    let weight = HOURS[hour] * (60 - into) + HOURS[(hour + 1) % 24] * into;
    weight * if minute < 48 * 60 { 4 } else { 6 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_has_its_minute() {
        let mut dice = Dice::new(1, "load");
        let mut load = Load::new(12_345);
        let (mut moments, mut all) = (Vec::new(), Vec::new());
        while load.next_minute(&mut dice, &mut moments).is_some() {
            all.extend_from_slice(&moments);
        }
        assert_eq!(all.len(), 12_345);
        assert!(all.is_sorted());
    }
}
