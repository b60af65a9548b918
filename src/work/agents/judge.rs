//! One window over all agents: phases counted, tested, flagged, and followed after the last faulty answer.

use super::calibrate::{EVERYTHING, Standing, window};
use super::strips::Aggregate;
use super::{Agent, Base};
use crate::analysis::Number;
use crate::analysis::drift::lasting::{Differs, Lasting, Persistence, Phases};
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

/// What one agent's features did afterwards, by feature.
type Followed = Vec<(Feature, Option<Lasting>)>;

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
        changed[part].iter().map(|place| afterwards(base, &shared[*place], clip, name)).collect::<Vec<_>>()
    })?;
    let followed: Vec<Followed> = followed.into_iter().flatten().collect();
    let p: Vec<f64> = followed.iter().flatten().filter_map(|(_, lasting)| lasting.map(|one| one.p)).collect();
    let mut q = benjamini_hochberg(&p).into_iter();
    for (place, features) in changed.into_iter().zip(followed) {
        let asked = features.into_iter().map(|(feature, lasting)| {
            let lasting = lasting.map(|lasting| {
                let differs = q.next().is_some_and(|q| q < RATE);
                (lasting, if differs { Differs::Yes } else { Differs::No })
            });
            (feature, lasting)
        });
        let asked: Vec<_> = asked.collect();
        settle(&mut agents[place], &asked);
    }
    Ok(())
}

/// The features that carry the flag, and what the agent did: an answer's length is back with the good version, what
/// an agent learnt may not be.
fn afterwards<'n>(
    base: &Base,
    agent: &Agent,
    clip: (u32, u32),
    name: &(impl Fn(Number) -> &'n str + Sync),
) -> Followed {
    let mut features: Vec<Feature> =
        agent.carriers.iter().copied().filter(|feature| *feature != Feature::Volume).collect();
    if !features.contains(&Feature::Actions) && agent.sight[Feature::Actions as usize].is_some() {
        features.push(Feature::Actions);
    }
    let whole = base.memory.whole(agent.place, clip);
    // Counted when the first feature needs it: for most agents of a moved window none does.
    let counted = OnceCell::new();
    let of = |feature: Feature| {
        let follow = || {
            let counted: &Option<Counted> = counted.get_or_init(|| {
                let tally = tally(&base.aggregate, agent.place, clip)?;
                let meanwhile = base.calibration.meanwhile(&tally);
                Some((tally, meanwhile))
            });
            let (tally, meanwhile) = counted.as_ref()?;
            // A stream for each feature: what one draws does not hang on which others are asked.
            let mut draws = Draws::of(&format!("{}\n{}", name(agent.number), feature.name()));
            let part =
                |counts: &'_ [Counts; 3]| counts.each_ref().map(|counts| counts[feature.columns()].to_vec());
            let own = part(&tally.phases);
            let controls = meanwhile.as_ref().map(part);
            let phases = Phases {
                own: own.each_ref().map(Vec::as_slice),
                controls: controls.as_ref().map(|controls| controls.each_ref().map(Vec::as_slice)),
            };
            Lasting::of(phases, base.calibration.fleet.dispersion[feature as usize], &mut draws)
        };
        let lasting = match whole {
            Some(remembered) => *remembered.lasting[feature as usize].get_or_init(follow),
            None => follow(),
        };
        (feature, lasting)
    };
    features.into_iter().map(of).collect()
}

/// What an agent and the controls did in its phases.
type Counted = (Tally, Option<[Counts; 3]>);

/// An agent is as its least recovered feature is. What carries no flag can only keep it from being called recovered.
fn settle(agent: &mut Agent, features: &[(Feature, Option<(Lasting, Differs)>)]) {
    let carries = |feature: &Feature| agent.carriers.contains(feature);
    let judged = |lasting: &Option<(Lasting, Differs)>| {
        lasting.map_or(Persistence::Undetermined, |(lasting, differs)| lasting.persistence(differs))
    };
    let carriers = features.iter().filter(|(feature, _)| carries(feature));
    let worst = carriers.min_by(|a, b| {
        let room =
            |lasting: &Option<(Lasting, Differs)>| lasting.map_or(0.0, |(lasting, _)| -lasting.retention.lo);
        judged(&a.1).cmp(&judged(&b.1)).then(room(&a.1).total_cmp(&room(&b.1)))
    });
    let mut deciding = worst;
    let mut persistence = worst.map_or(Persistence::Undetermined, |(_, lasting)| judged(lasting));
    // Its actions carry no flag of their own: they need not have changed, but they have to be as before.
    let actions = features.iter().find(|(feature, _)| *feature == Feature::Actions && !carries(feature));
    if let Some((_, lasting)) = actions.filter(|_| persistence == Persistence::Recovered) {
        let is_back = lasting.is_some_and(|(lasting, differs)| lasting.is_back(differs));
        if !is_back {
            (persistence, deciding) = (Persistence::Undetermined, actions);
        }
    }
    agent.persistence = Some(persistence);
    if let Some((feature, Some((lasting, _)))) = deciding {
        agent.retention = Some((*feature, lasting.retention));
        agent.needed = (persistence == Persistence::Undetermined).then(|| lasting.needed());
    }
}
