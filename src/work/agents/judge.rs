//! One window over all agents: phases counted, tested, flagged, and followed after the last faulty answer.

use super::calibrate::{EVERYTHING, Standing, window};
use super::strips::Aggregate;
use super::{Agent, Base};
use crate::analysis::Number;
use crate::analysis::drift::dispersion::Dispersion;
use crate::analysis::drift::lasting::{Differs, Lasting, Persistence, Phases, as_before};
use crate::analysis::drift::phases::{Rule, Tally};
use crate::analysis::drift::table::smallest_effect;
use crate::analysis::drift::verdict::{Flags, RATE, Verdict};
use crate::analysis::drift::window::Sight;
use crate::analysis::drift::{Counts, Feature};
use crate::analysis::stats::combine::benjamini_hochberg;
use crate::analysis::stats::resample::Draws;
use crate::work::parallel::each_stretch;
use crate::work::{Cancel, WorkError};
use std::cell::OnceCell;
use std::sync::OnceLock;

/// What was computed of each agent over all its faulty answers. A window that holds them all changes none of it, so
/// moving an edge costs only the agents it passes; the rest are taken from here, to the same bits.
#[derive(Debug, Default)]
pub struct Memory(Vec<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    /// First and last faulty answer, and what was seen.
    looked: OnceLock<((u32, u32), Agent)>,
    lasting: [OnceLock<Option<Lasting>>; Feature::ALL.len()],
}

impl Memory {
    pub fn of(agents: usize) -> Self {
        Self((0..agents).map(|_| Remembered::default()).collect())
    }

    /// What is remembered of an agent, if this window holds all its faulty answers.
    fn whole(&self, place: usize, clip: (u32, u32)) -> Option<&Remembered> {
        let remembered = self.0.get(place)?;
        let ((first, last), _) = remembered.looked.get()?;
        (clip.0 <= *first && *last <= clip.1).then_some(remembered)
    }
}

/// The phases of an agent in a window; `None` where no faulty answer reached it in there.
pub fn tally(aggregate: &Aggregate, place: usize, clip: (u32, u32)) -> Option<Tally> {
    let strips = &aggregate.strips;
    Rule::of(strips.of(place), clip).map(|rule| Tally::new(strips.of(place), rule, &strips.pairs))
}

/// Every agent judged, and those that changed followed.
pub fn all<'n>(
    base: &Base,
    clip: (u32, u32),
    name: &(impl Fn(Number) -> &'n str + Sync),
    cancel: &Cancel,
) -> Result<Vec<Agent>, WorkError> {
    let mut agents = verdicts(base, clip, cancel)?;
    follow(base, &mut agents, clip, name, cancel)?;
    Ok(agents)
}

/// Every agent judged, nobody followed.
pub fn verdicts(base: &Base, clip: (u32, u32), cancel: &Cancel) -> Result<Vec<Agent>, WorkError> {
    let places = base.aggregate.strips.len();
    let looked =
        each_stretch(places, cancel, |part| part.map(|place| look(base, place, clip)).collect::<Vec<_>>())?;
    let mut agents: Vec<Agent> = looked.into_iter().flatten().collect();
    let exposed: Vec<usize> = (0..agents.len()).filter(|place| agents[*place].n[1] > 0).collect();
    let sights: Vec<Sight> = exposed.iter().map(|place| agents[*place].sight).collect();
    let flags = Flags::new(&sights, &base.calibration.null);
    for (n, place) in exposed.iter().enumerate() {
        let agent = &mut agents[*place];
        agent.q = flags.q[n];
        agent.feature_q = flags.feature_q[n];
        agent.verdict = match agent.q {
            None => Verdict::Untested,
            Some(_) if flags.is_flagged(n, &sights[n]) => Verdict::Changed,
            Some(_) => Verdict::Unchanged,
        };
        if agent.verdict == Verdict::Changed {
            agent.carriers = flags.carriers(n, &sights[n]);
        }
    }
    Ok(agents)
}

fn look(base: &Base, place: usize, clip: (u32, u32)) -> Agent {
    if let Some((_, agent)) = base.memory.whole(place, clip).and_then(|remembered| remembered.looked.get()) {
        return agent.clone();
    }
    let standing = base.calibration.standing[place];
    let mut agent = Agent {
        number: base.aggregate.strips.agents[place],
        place,
        standing,
        verdict: if standing == Standing::Control { Verdict::Control } else { Verdict::Untested },
        sight: [None; Feature::ALL.len()],
        q: None,
        feature_q: [None; Feature::ALL.len()],
        carriers: Vec::new(),
        persistence: None,
        retention: None,
        needed: None,
        n: [0; 3],
        smallest_effect: None,
    };
    let exposed = (standing == Standing::Exposed).then(|| tally(&base.aggregate, place, clip)).flatten();
    let Some(tally) = exposed else {
        // All its requests are "before" where nothing ever happened to it.
        agent.n[0] = base.aggregate.strips.of(place).len().try_into().unwrap_or(u32::MAX);
        return agent;
    };
    let meanwhile = base.calibration.meanwhile(&tally);
    agent.sight =
        window(&tally, meanwhile.as_ref()).look(&base.calibration.fleet, &base.calibration.own(place));
    agent.n = tally.phases.each_ref().map(|counts| counts[Feature::Outcomes.columns()].iter().sum());
    if agent.sight.iter().all(Option::is_none) {
        agent.smallest_effect = smallest(&tally);
    }
    if let (EVERYTHING, Rule::Exposure { first, last, .. }) = (clip, tally.rule) {
        base.memory.0[place].looked.get_or_init(|| ((first, last), agent.clone()));
    }
    agent
}

/// The smallest effect that the best recorded feature could have shown.
fn smallest(tally: &Tally) -> Option<f64> {
    let effect = |feature: Feature| {
        let columns = feature.columns();
        let (before, during) = (&tally.phases[0][columns.clone()], &tally.phases[1][columns]);
        let used = before.iter().zip(during).filter(|(b, f)| **b + **f > 0).count();
        let records: u32 = before.iter().chain(during).sum();
        smallest_effect(used.saturating_sub(1), f64::from(records))
    };
    Feature::MIXES.into_iter().map(effect).filter(|effect| effect.is_finite()).min_by(f64::total_cmp)
}

/// What became of one agent's features.
struct Followed {
    /// Those that carry the flag.
    carriers: Vec<(Feature, Option<Lasting>)>,
    /// Of its actions, where they carry no flag of their own: p of "after is as before", where enough was recorded.
    actions: Option<Option<f64>>,
}

/// Whether what changed is back: an answer's length is back with the good version, what an agent learnt may not be.
fn follow<'n>(
    base: &Base,
    agents: &mut [Agent],
    clip: (u32, u32),
    name: &(impl Fn(Number) -> &'n str + Sync),
    cancel: &Cancel,
) -> Result<(), WorkError> {
    let changed: Vec<usize> =
        (0..agents.len()).filter(|place| agents[*place].verdict == Verdict::Changed).collect();
    let shared: &[Agent] = agents;
    let followed = each_stretch(changed.len(), cancel, |part| {
        let one = |place: &usize| Afterwards::of(base, &shared[*place], clip).carriers(name);
        changed[part].iter().map(one).collect::<Vec<_>>()
    })?;
    let followed: Vec<Followed> = followed.into_iter().flatten().collect();
    let p: Vec<f64> = followed.iter().flat_map(Followed::p).collect();
    let mut q = benjamini_hochberg(&p).into_iter();
    let mut differs = || if q.next().is_some_and(|q| q < RATE) { Differs::Yes } else { Differs::No };
    let mut unsure = Vec::new();
    for (place, followed) in changed.into_iter().zip(followed) {
        let asked = followed.carriers.into_iter();
        let asked: Vec<_> =
            asked.map(|(feature, lasting)| (feature, lasting.map(|lasting| (lasting, differs())))).collect();
        settle(&mut agents[place], &asked);
        let actions = followed.actions.map(|p| p.map(|_| differs()));
        if agents[place].persistence == Some(Persistence::Recovered)
            && let Some(actions) = actions
        {
            unsure.push((place, actions));
        }
    }
    confirm(base, agents, &unsure, clip, name, cancel)
}

/// Actions that carry no flag of their own need not have changed, but those of an agent called recovered have to be as
/// before.
fn confirm<'n>(
    base: &Base,
    agents: &mut [Agent],
    unsure: &[(usize, Option<Differs>)],
    clip: (u32, u32),
    name: &(impl Fn(Number) -> &'n str + Sync),
    cancel: &Cancel,
) -> Result<(), WorkError> {
    let shared: &[Agent] = agents;
    let actions = each_stretch(unsure.len(), cancel, |part| {
        let one = |(place, _): &(usize, _)| {
            Afterwards::of(base, &shared[*place], clip).lasting(Feature::Actions, name)
        };
        unsure[part].iter().map(one).collect::<Vec<_>>()
    })?;
    for ((place, differs), lasting) in unsure.iter().zip(actions.into_iter().flatten()) {
        let judged = lasting.zip(*differs);
        if !judged.is_some_and(|(lasting, differs)| lasting.is_back(differs)) {
            decide(&mut agents[*place], Persistence::Undetermined, Feature::Actions, lasting);
        }
    }
    Ok(())
}

impl Followed {
    fn p(&self) -> impl Iterator<Item = f64> {
        let carriers = self.carriers.iter().filter_map(|(_, lasting)| lasting.map(|one| one.p));
        carriers.chain(self.actions.flatten())
    }
}

/// One changed agent on its way through its phases.
struct Afterwards<'b> {
    base: &'b Base,
    agent: &'b Agent,
    clip: (u32, u32),
    whole: Option<&'b Remembered>,
    /// Counted when the first feature needs it: for most agents of a moved window none does.
    counted: OnceCell<Option<Counted>>,
}

/// What an agent and the controls did in its phases.
type Counted = (Tally, Option<[Counts; 3]>);

impl<'b> Afterwards<'b> {
    fn of(base: &'b Base, agent: &'b Agent, clip: (u32, u32)) -> Self {
        Self { base, agent, clip, whole: base.memory.whole(agent.place, clip), counted: OnceCell::new() }
    }

    fn carriers<'n>(&self, name: &impl Fn(Number) -> &'n str) -> Followed {
        let carriers = self.agent.carriers.iter().copied().filter(|feature| *feature != Feature::Volume);
        let carriers: Vec<_> = carriers.map(|feature| (feature, self.lasting(feature, name))).collect();
        let carries = carriers.iter().any(|(feature, _)| *feature == Feature::Actions);
        let seen = self.agent.sight[Feature::Actions as usize].is_some();
        let p = || self.phases(Feature::Actions, as_before);
        let actions = (seen && !carries).then(p);
        Followed { carriers, actions }
    }

    fn lasting<'n>(&self, feature: Feature, name: &impl Fn(Number) -> &'n str) -> Option<Lasting> {
        let follow = || {
            // A stream for each feature: what one draws does not hang on which others are asked.
            let mut draws = Draws::of(&format!("{}\n{}", name(self.agent.number), feature.name()));
            self.phases(feature, |phases, dispersion| Lasting::of(phases, dispersion, &mut draws))
        };
        match self.whole {
            Some(remembered) => *remembered.lasting[feature as usize].get_or_init(follow),
            None => follow(),
        }
    }

    fn phases<T>(
        &self,
        feature: Feature,
        look: impl FnOnce(Phases<'_>, Dispersion) -> Option<T>,
    ) -> Option<T> {
        let (tally, meanwhile) = self.counted.get_or_init(|| self.count()).as_ref()?;
        let part =
            |counts: &'_ [Counts; 3]| counts.each_ref().map(|counts| counts[feature.columns()].to_vec());
        let own = part(&tally.phases);
        let controls = meanwhile.as_ref().map(part);
        let phases = Phases {
            own: own.each_ref().map(Vec::as_slice),
            controls: controls.as_ref().map(|controls| controls.each_ref().map(Vec::as_slice)),
        };
        look(phases, self.base.calibration.fleet.dispersion[feature as usize])
    }

    fn count(&self) -> Option<Counted> {
        let tally = tally(&self.base.aggregate, self.agent.place, self.clip)?;
        let meanwhile = self.base.calibration.meanwhile(&tally);
        Some((tally, meanwhile))
    }
}

/// An agent is as its least recovered feature is.
fn settle(agent: &mut Agent, carriers: &[(Feature, Option<(Lasting, Differs)>)]) {
    let judged = |lasting: &Option<(Lasting, Differs)>| {
        lasting.map_or(Persistence::Undetermined, |(lasting, differs)| lasting.persistence(differs))
    };
    let room =
        |lasting: &Option<(Lasting, Differs)>| lasting.map_or(0.0, |(lasting, _)| -lasting.retention.lo);
    let worst = carriers
        .iter()
        .min_by(|a, b| judged(&a.1).cmp(&judged(&b.1)).then(room(&a.1).total_cmp(&room(&b.1))));
    match worst {
        Some((feature, lasting)) => {
            decide(agent, judged(lasting), *feature, lasting.map(|(lasting, _)| lasting));
        }
        None => agent.persistence = Some(Persistence::Undetermined),
    }
}

/// What became of an agent, by the feature that decided it.
fn decide(agent: &mut Agent, persistence: Persistence, feature: Feature, lasting: Option<Lasting>) {
    agent.persistence = Some(persistence);
    agent.retention = lasting.map(|lasting| (feature, lasting.retention));
    agent.needed =
        lasting.filter(|_| persistence == Persistence::Undetermined).map(|lasting| lasting.needed());
}
