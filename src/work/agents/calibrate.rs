//! What a fleet looks like when nothing happens: controls, scatter, direction, and the p-values of placebo windows.
//!
//! Made once for an incident, from its own window; moving the window afterwards changes none of it.

use super::strips::Aggregate;
use crate::analysis::drift::controls::{Controls, FEWEST_AGENTS, FEWEST_RECORDS, Gathering, without};
use crate::analysis::drift::dispersion::{Dispersion, Scatter};
use crate::analysis::drift::phases::{Placebo, Rule, Tally, placebos};
use crate::analysis::drift::signature::{CROWD, Move};
use crate::analysis::drift::strip::{Served, What};
use crate::analysis::drift::verdict::{Null, placebo_flags};
use crate::analysis::drift::window::{Fleet, Sight, Window};
use crate::analysis::drift::{Counts, Feature};
use crate::work::findings::{counted, grouped};
use crate::work::parallel::each_stretch;
use crate::work::{Cancel, WorkError};

/// How an agent stands to the faulty version, whatever window is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Exposed,
    /// Nothing of it reached the agent.
    Control,
    /// Not served by it, but it read what it made.
    Tainted,
}

pub type Moves = [Option<Move>; Feature::ALL.len()];

/// See the file's caption.
#[derive(Clone, Debug, Default)]
pub struct Calibration {
    pub standing: Vec<Standing>,
    pub controls: Controls,
    pub fleet: Fleet,
    /// Each agent's own part in the fleet's direction; empty where a single one does not matter.
    pub own: Vec<Moves>,
    pub null: Null,
    pub check: SelfCheck,
    /// The tick of the last record.
    pub last: u32,
}

/// What the procedure says about windows in which nothing happened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SelfCheck {
    pub placebo_windows: usize,
    /// Of them, flagged by the very procedure that judges agents.
    pub placebo_flags: usize,
    pub controls: usize,
    /// What the controls did in all: requests and actions.
    pub control_records: u64,
    pub is_controlled: bool,
    /// Scatter of action counts against independent draws, at the size of a usual time during.
    pub phi: f64,
}

impl SelfCheck {
    /// What has to be said where nothing tells what would have happened without the fault.
    pub fn without_controls(&self) -> Option<String> {
        let had = format!(
            "{} with {}",
            counted(self.controls as u64, "agent"),
            counted(self.control_records, "record")
        );
        let needed = format!("{FEWEST_AGENTS} with {} are needed", grouped(FEWEST_RECORDS));
        (!self.is_controlled).then(|| {
            format!("NO CONTROL GROUP: {had} out of its reach, {needed}. A global shift is not excluded")
        })
    }
}

pub const EVERYTHING: (u32, u32) = (0, u32::MAX);

impl Calibration {
    pub fn new(aggregate: &Aggregate, cancel: &Cancel) -> Result<Self, WorkError> {
        let strips = &aggregate.strips;
        let last = strips.events.iter().map(|event| event.tick()).max().unwrap_or(0);
        let mut calibration = Self { standing: standings(aggregate, cancel)?, last, ..Self::default() };
        calibration.controls = calibration.gather(aggregate, cancel)?;
        let tally = |place: usize| {
            Rule::of(strips.of(place), EVERYTHING)
                .map(|rule| Tally::new(strips.of(place), rule, &strips.pairs))
        };
        let exposed: Vec<usize> =
            (0..strips.len()).filter(|place| calibration.standing[*place] == Standing::Exposed).collect();
        let first = each_stretch(exposed.len(), cancel, |part| {
            exposed[part]
                .iter()
                .filter_map(|place| Some((*place, tally(*place)?)))
                .map(|(place, tally)| calibration.survey(aggregate, place, &tally))
                .collect::<Vec<_>>()
        })?;
        let surveyed: Vec<Surveyed> = first.into_iter().flatten().collect();
        calibration.fit(strips.len(), &exposed, &surveyed);
        let rounds = each_stretch(exposed.len(), cancel, |part| {
            part.map(|n| match tally(exposed[n]) {
                Some(tally) => calibration.placebo_sights(aggregate, exposed[n], &tally),
                None => Vec::new(),
            })
            .collect::<Vec<_>>()
        })?;
        let by_agent: Vec<Vec<Sight>> = rounds.into_iter().flatten().collect();
        let controls = calibration.control_sights(aggregate, &surveyed, cancel)?;
        calibration.null = Null::new(by_agent.iter().flatten().chain(&controls).copied());
        calibration.check = calibration.self_check(&by_agent, &controls, &surveyed);
        Ok(calibration)
    }

    fn gather(&self, aggregate: &Aggregate, cancel: &Cancel) -> Result<Controls, WorkError> {
        let (strips, last) = (&aggregate.strips, self.last);
        let places: Vec<usize> =
            (0..strips.len()).filter(|place| self.standing[*place] == Standing::Control).collect();
        let parts = each_stretch(places.len(), cancel, |part| {
            let mut gathering = Gathering::upto(last);
            places[part].iter().for_each(|place| gathering.add(strips.of(*place), &strips.pairs));
            gathering
        })?;
        Ok(parts.iter().fold(Gathering::upto(last), Gathering::joined).done())
    }

    /// What the controls did in the three phases of an agent; `None` where they are no group.
    pub fn meanwhile(&self, tally: &Tally) -> Option<[Counts; 3]> {
        self.controls.are_a_group().then(|| tally.spans.each_ref().map(|span| self.controls.within(span)))
    }

    fn survey(&self, aggregate: &Aggregate, place: usize, tally: &Tally) -> Surveyed {
        let strips = &aggregate.strips;
        let stretches = placebos(strips.of(place), tally, &strips.pairs);
        let meanwhile = self.meanwhile(tally);
        let mut scatter = Feature::ALL.map(|feature| Scatter::of(&stretches, feature));
        let mut windows = stretches.iter().filter_map(|placebo| {
            let cut = self.placebo(tally, placebo, meanwhile.as_ref());
            cut.window().look(&Fleet::default(), &[None; Feature::ALL.len()])[Feature::Volume as usize]
        });
        // Volume has no categories: its φ is the mean G over placebo windows, one degree of freedom each.
        let (sum, n, count) = windows
            .by_ref()
            .fold((0.0, 0.0, 0.0), |(sum, n, count), seen| (sum + seen.g, n + seen.n[1], count + 1.0));
        if count > 0.0 {
            scatter[Feature::Volume as usize] = Some(Scatter { phi: sum / count, mean: n / count });
        }
        let moves = window(tally, meanwhile.as_ref()).moves();
        Surveyed {
            scatter,
            moves,
            during: (tally.spans[1].start, tally.spans[1].end),
            records: tally.records[1],
        }
    }

    /// The fleet's scatter and direction.
    fn fit(&mut self, agents: usize, exposed: &[usize], surveyed: &[Surveyed]) {
        for feature in Feature::ALL {
            let scatters = surveyed.iter().filter_map(|one| one.scatter[feature as usize]);
            self.fleet.dispersion[feature as usize] = Dispersion::fit(scatters);
            let moves = surveyed.iter().filter_map(|one| one.moves[feature as usize].as_ref());
            moves.for_each(|moved| self.fleet.signatures[feature as usize].add(moved));
        }
        if exposed.len() < CROWD {
            self.own = vec![[None; Feature::ALL.len()]; agents];
            for (place, one) in exposed.iter().zip(surveyed) {
                self.own[*place] = one.moves;
            }
        }
    }

    pub fn own(&self, place: usize) -> Moves {
        self.own.get(place).copied().unwrap_or([None; Feature::ALL.len()])
    }

    fn placebo(&self, tally: &Tally, placebo: &Placebo, meanwhile: Option<&[Counts; 3]>) -> Cut {
        let before = without(&tally.phases[0], &placebo.counts);
        let controls = meanwhile.map(|meanwhile| {
            let during = self.controls.within(&placebo.span);
            [without(&meanwhile[0], &during), during]
        });
        let during = f64::from(placebo.span.end - placebo.span.start);
        let all = f64::from(tally.spans[0].end - tally.spans[0].start);
        Cut { before, during: placebo.counts, controls, lengths: [(all - during).max(1.0), during] }
    }

    /// Latest first, so that a round is the same stretch of every agent.
    fn placebo_sights(&self, aggregate: &Aggregate, place: usize, tally: &Tally) -> Vec<Sight> {
        let strips = &aggregate.strips;
        let meanwhile = self.meanwhile(tally);
        let stretches = placebos(strips.of(place), tally, &strips.pairs);
        let look = |placebo: &Placebo| {
            self.placebo(tally, placebo, meanwhile.as_ref()).window().look(&self.fleet, &self.own(place))
        };
        stretches.iter().rev().map(look).collect()
    }

    /// The controls in the true window, each against all the others.
    fn control_sights(
        &self,
        aggregate: &Aggregate,
        surveyed: &[Surveyed],
        cancel: &Cancel,
    ) -> Result<Vec<Sight>, WorkError> {
        let strips = &aggregate.strips;
        let Some((from, to)) = usual_window(surveyed) else { return Ok(Vec::new()) };
        let places: Vec<usize> =
            (0..strips.len()).filter(|place| self.standing[*place] == Standing::Control).collect();
        let sights = each_stretch(places.len(), cancel, |part| {
            let look = |place: &usize| {
                let tally = Tally::new(strips.of(*place), Rule::Clock { from, to }, &strips.pairs);
                let meanwhile = self.meanwhile(&tally).map(|all| {
                    let mut others = all;
                    others.iter_mut().zip(&tally.phases).for_each(|(all, own)| *all = without(all, own));
                    others
                });
                window(&tally, meanwhile.as_ref()).look(&self.fleet, &[None; Feature::ALL.len()])
            };
            places[part].iter().map(look).collect::<Vec<_>>()
        })?;
        Ok(sights.into_iter().flatten().collect())
    }

    fn self_check(&self, by_agent: &[Vec<Sight>], controls: &[Sight], surveyed: &[Surveyed]) -> SelfCheck {
        let most = by_agent.iter().map(Vec::len).max().unwrap_or(0);
        let round =
            |n: usize| by_agent.iter().filter_map(|sights| sights.get(n).copied()).collect::<Vec<_>>();
        let rounds: Vec<Vec<Sight>> = (0..most).map(round).collect();
        let mut sizes: Vec<u32> = surveyed.iter().map(|one| one.records).collect();
        let usual = f64::from(middle(&mut sizes).unwrap_or(0));
        SelfCheck {
            placebo_windows: by_agent.iter().map(Vec::len).sum(),
            placebo_flags: placebo_flags(&rounds, controls),
            controls: self.controls.agents,
            control_records: self.controls.records,
            is_controlled: self.controls.are_a_group(),
            phi: self.fleet.dispersion[Feature::Actions as usize].at(usual),
        }
    }
}

/// What one exposed agent adds to the fleet.
struct Surveyed {
    scatter: [Option<Scatter>; Feature::ALL.len()],
    moves: Moves,
    during: (u32, u32),
    records: u32,
}

/// The counts of a window that is cut out of a phase.
struct Cut {
    before: Counts,
    during: Counts,
    controls: Option<[Counts; 2]>,
    lengths: [f64; 2],
}

impl Cut {
    fn window(&self) -> Window<'_> {
        Window {
            before: &self.before,
            during: &self.during,
            controls: self.controls.as_ref().map(<[Counts; 2]>::each_ref),
            lengths: self.lengths,
        }
    }
}

/// The true window of an agent.
pub fn window<'t>(tally: &'t Tally, meanwhile: Option<&'t [Counts; 3]>) -> Window<'t> {
    let length =
        |phase: usize| f64::from(tally.spans[phase].end.saturating_sub(tally.spans[phase].start).max(1));
    Window {
        before: &tally.phases[0],
        during: &tally.phases[1],
        controls: meanwhile.map(|meanwhile| [&meanwhile[0], &meanwhile[1]]),
        lengths: [length(0), length(1)],
    }
}

fn standings(aggregate: &Aggregate, cancel: &Cancel) -> Result<Vec<Standing>, WorkError> {
    let strips = &aggregate.strips;
    let parts = each_stretch(strips.len(), cancel, |places| {
        let standing = |place: usize| {
            let faulty = |what| matches!(what, What::Request { served: Served::Faulty, .. });
            match strips.tainted[place] {
                _ if strips.of(place).iter().any(|event| faulty(event.what())) => Standing::Exposed,
                true => Standing::Tainted,
                false => Standing::Control,
            }
        };
        places.map(standing).collect::<Vec<_>>()
    })?;
    Ok(parts.into_iter().flatten().collect())
}

/// The window of the middle exposed agent: when controls are asked whether they changed.
fn usual_window(surveyed: &[Surveyed]) -> Option<(u32, u32)> {
    let mut from: Vec<u32> = surveyed.iter().map(|one| one.during.0).collect();
    let mut to: Vec<u32> = surveyed.iter().map(|one| one.during.1).collect();
    middle(&mut from).zip(middle(&mut to))
}

fn middle(values: &mut [u32]) -> Option<u32> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}
