//! Which incidents can be simulated, and how strong each of their features is.

use std::fmt;
use std::str::FromStr;

/// One kind of incident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scenario {
    #[default]
    Default,
    Aa,
    GlobalShift,
    Straggler,
    Money,
    Tampered,
}

impl Scenario {
    pub const ALL: [Self; 6] =
        [Self::Default, Self::Aa, Self::GlobalShift, Self::Straggler, Self::Money, Self::Tampered];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Aa => "aa",
            Self::GlobalShift => "global-shift",
            Self::Straggler => "straggler",
            Self::Money => "money",
            Self::Tampered => "tampered",
        }
    }

    /// One line for a list of scenarios.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Default => "a faulty release, found and rolled back; everything moderate",
            Self::Aa => "a release and its rollback without any fault: nothing changed",
            Self::GlobalShift => "no fault, but every agent shifts in the window, controls too",
            Self::Straggler => "nodes that keep serving the faulty version long after the rollback",
            Self::Money => "many payments, straddling sessions, refunds, disputes, double settlements",
            Self::Tampered => "the default incident, its journals altered after they were signed",
        }
    }

    pub(super) fn dials(self) -> Dials {
        let moderate = Dials {
            fault: Fault::Real,
            shift: 25,
            stragglers: 1,
            straggle_minutes: 120,
            request_payments: 900,
            session_payers: 3_000,
            transfers: 2_500,
            payment_faults: 150,
            refunds: 1_200,
            settled: 1_400,
            settled_again: 1_500,
        };
        match self {
            Self::Default | Self::Tampered => moderate,
            Self::Aa => Dials { fault: Fault::None, shift: 0, ..moderate },
            Self::GlobalShift => Dials { fault: Fault::None, shift: 100, ..moderate },
            Self::Straggler => Dials { stragglers: 3, straggle_minutes: 300, ..moderate },
            Self::Money => Dials {
                request_payments: 7_000,
                session_payers: 7_000,
                transfers: 9_000,
                payment_faults: 500,
                refunds: 3_500,
                settled: 4_000,
                settled_again: 5_000,
                ..moderate
            },
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scenario {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|scenario| scenario.name()).collect();
            format!("no scenario {name:?}; there are {}", names.join(", "))
        })
    }
}

/// Whether the rolled-back version misbehaves at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    Real,
}

/// The strength of each feature; shares are in ten thousand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dials {
    pub(super) fault: Fault,
    /// How far everyone's mix of actions tilts from the middle of the window on, in percent of odds.
    pub(super) shift: u32,
    pub(super) stragglers: usize,
    /// How long after the mitigation the last straggler serves on.
    pub(super) straggle_minutes: i64,
    /// Requests paid one by one.
    pub(super) request_payments: u32,
    /// Agents that pay by session.
    pub(super) session_payers: u32,
    /// Transfer actions that move money.
    pub(super) transfers: u32,
    /// Payments with something wrong, of each sort.
    pub(super) payment_faults: u32,
    /// Payments for faulty answers that are given back.
    pub(super) refunds: u32,
    /// Signed answers that are put on a chain.
    pub(super) settled: u32,
    /// Batches of which one leaf is settled again.
    pub(super) settled_again: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_known_by_its_name() {
        for scenario in Scenario::ALL {
            assert_eq!(scenario.name().parse(), Ok(scenario));
            assert!(!scenario.description().is_empty());
        }
        let sentence = "nothing".parse::<Scenario>().unwrap_err();
        assert!(sentence.contains("no scenario \"nothing\"; there are default, aa,"), "{sentence}");
    }
}
