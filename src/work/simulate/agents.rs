//! The agents: their roles, what they do with an answer, and how the faulty version bends that.

use super::dice::Dice;
use super::fleet::{HELD_BACK_REGION, REGIONS};
use super::scenario::{Dials, Fault};
use super::thing::{Link, Recent};

pub(super) const ACTIONS: [&str; 10] =
    ["approve", "reject", "escalate", "hold", "transfer", "quote", "review", "notify", "rebalance", "refund"];
pub(super) const TRANSFER: usize = 4;
const KINDS: usize = ACTIONS.len();

struct Role {
    name: &'static str,
    /// Usual weights of the actions.
    usual: [u32; KINDS],
    /// Where a faulty answer pulls.
    pull: [u32; KINDS],
    /// Where some end up once they have learnt to distrust it.
    elsewhere: [u32; KINDS],
}

const ROLES: [Role; 5] = [
    Role {
        name: "trader",
        usual: [16, 8, 4, 12, 14, 20, 8, 6, 10, 2],
        pull: [30, 0, 0, 2, 34, 16, 0, 2, 16, 0],
        elsewhere: [2, 20, 14, 34, 4, 6, 16, 2, 2, 0],
    },
    Role {
        name: "treasury",
        usual: [22, 10, 6, 10, 18, 4, 14, 6, 8, 2],
        pull: [44, 0, 0, 0, 40, 2, 2, 2, 8, 2],
        elsewhere: [4, 22, 26, 26, 2, 2, 14, 2, 2, 0],
    },
    Role {
        name: "underwriter",
        usual: [26, 20, 8, 8, 2, 14, 16, 6, 0, 0],
        pull: [62, 6, 0, 2, 2, 20, 4, 4, 0, 0],
        elsewhere: [6, 34, 24, 10, 0, 4, 20, 2, 0, 0],
    },
    Role {
        name: "support",
        usual: [10, 4, 14, 6, 2, 12, 12, 28, 0, 12],
        pull: [8, 0, 2, 0, 4, 6, 2, 24, 0, 54],
        elsewhere: [2, 10, 44, 12, 0, 6, 18, 8, 0, 0],
    },
    Role {
        name: "compliance",
        usual: [18, 16, 18, 12, 0, 0, 26, 10, 0, 0],
        pull: [54, 4, 2, 4, 0, 0, 24, 12, 0, 0],
        elsewhere: [4, 26, 34, 16, 0, 0, 18, 2, 0, 0],
    },
];

/// The odds by which everyone's actions tilt in a global shift, in percent at full strength.
const TILT: [i64; KINDS] = [-30, 20, 60, 90, -40, -10, 30, 10, -20, 0];

/// What the faulty version does to an agent, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Never asks a node that takes the release.
    Control,
    Unchanged,
    /// Changes, and stays changed.
    Sticky,
    /// Changes, and is itself again with the first good answer.
    Recovered,
    /// Changes, and then into something third.
    Elsewhere,
}

impl Reaction {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Unchanged => "unchanged",
            Self::Sticky => "sticky",
            Self::Recovered => "recovered",
            Self::Elsewhere => "shifted-elsewhere",
        }
    }

    pub(super) const fn is_change(self) -> bool {
        matches!(self, Self::Sticky | Self::Recovered | Self::Elsewhere)
    }
}

/// The phase that decides an agent's mix of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Usual = 0,
    /// Acting on a faulty answer.
    Misled = 1,
    /// Acting on a good answer, once bitten.
    Afterwards = 2,
}

#[derive(Clone)]
pub(super) struct Mix {
    upto: [u32; KINDS],
}

impl Mix {
    fn new(weights: [u32; KINDS]) -> Self {
        let mut total = 0;
        Self { upto: weights.map(|weight| (total += weight, total).1) }
    }

    pub(super) fn choose(&self, dice: &mut Dice) -> usize {
        let throw = dice.below(self.upto[KINDS - 1]);
        self.upto.iter().position(|upto| throw < *upto).expect("a throw is below the last bound")
    }
}

pub(super) struct Agent {
    pub(super) name: String,
    pub(super) reaction: Reaction,
    /// The only model a control asks, when it keeps away by model and not by region.
    pub(super) asks_summarizer: bool,
    pub(super) region: usize,
    /// Share of all requests.
    weight: u32,
    /// Usual, misled, afterwards; each before and after the global shift.
    mixes: [[Mix; 2]; 3],
    /// Strength of the pull, in percent.
    pub(super) pull: u32,
    /// How much of it stays, in percent.
    pub(super) retention: u32,
    /// Usual length of answers.
    pub(super) tokens: u32,
    /// Agents that talk to each other: places `team..team + TEAM`.
    pub(super) team: usize,
    pub(super) pays_by_session: bool,
    pub(super) recent: Recent<8>,
    pub(super) inbox: Option<Link>,
    pub(super) was_misled: bool,
}

impl Agent {
    pub(super) fn mix(&self, mood: Mood, shifted: Shifted) -> &Mix {
        &self.mixes[mood as usize][shifted as usize]
    }
}

/// Whether the global shift has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shifted {
    NotYet = 0,
    Already = 1,
}

/// How many agents talk among themselves.
pub(super) const TEAM: usize = 6;
/// One agent for so many requests, so that a usual agent is seen often enough to be tested.
const REQUESTS_PER_AGENT: usize = 400;
/// Fewer controls than twenty are no control group (ANALYSIS §3).
const FEWEST_CONTROLS: usize = 22;
const FEWEST_EXPOSED: usize = 10;
/// Agents that are busy in every incident, however small.
const BUSY: usize = 4;
/// Below so many records agents are seen too rarely to tell a moderate change, so changes are strong.
pub(super) const FEW_RECORDS: usize = 8_000;
/// Controls' share of all requests, in percent.
const CONTROL_SHARE: u64 = 28;

pub(super) struct Population {
    pub(super) agents: Vec<Agent>,
    upto: Vec<u32>,
}

impl Population {
    pub(super) fn new(records: usize, dials: &Dials, dice: &mut Dice) -> Self {
        let count = (records / REQUESTS_PER_AGENT).clamp(FEWEST_CONTROLS + FEWEST_EXPOSED, 5_000);
        let controls = FEWEST_CONTROLS.max(count * 28 / 100);
        let mut agents: Vec<Agent> = (0..count)
            .map(|number| {
                let reaction = if number < count - controls {
                    reaction_of(number, dials.fault)
                } else {
                    Reaction::Control
                };
                let pull = if records < FEW_RECORDS { 60 + dice.below(31) } else { 30 + dice.below(51) };
                agent(number, reaction, pull, dials, dice)
            })
            .collect();
        balance(&mut agents);
        for (number, agent) in agents.iter_mut().enumerate() {
            // A team is all controls or all exposed: nothing faulty reaches a control through a message.
            let first = if number < count - controls { 0 } else { count - controls };
            agent.team = first + (number - first) / TEAM * TEAM;
        }
        let mut total = 0;
        let upto = agents.iter().map(|agent| (total += agent.weight, total).1).collect();
        Self { agents, upto }
    }

    pub(super) fn choose(&self, dice: &mut Dice) -> usize {
        let total = *self.upto.last().expect("there are agents");
        let throw = dice.below(total);
        self.upto.partition_point(|upto| *upto <= throw)
    }

    /// Another member of an agent's team.
    pub(super) fn colleague(&self, of: usize, dice: &mut Dice) -> Option<usize> {
        let first = self.agents[of].team;
        let last = self.agents[first..].iter().take(TEAM).take_while(|agent| agent.team == first).count();
        let other = first + dice.place(last);
        (other != of).then_some(other)
    }
}

/// Spread evenly over busy and quiet agents.
fn reaction_of(number: usize, fault: Fault) -> Reaction {
    const PATTERN: [Reaction; 10] = [
        Reaction::Sticky,
        Reaction::Unchanged,
        Reaction::Recovered,
        Reaction::Unchanged,
        Reaction::Sticky,
        Reaction::Unchanged,
        Reaction::Unchanged,
        Reaction::Recovered,
        Reaction::Sticky,
        Reaction::Unchanged,
    ];
    match fault {
        Fault::None => Reaction::Unchanged,
        Fault::Real if number % 20 == 9 => Reaction::Elsewhere,
        Fault::Real => PATTERN[number % PATTERN.len()],
    }
}

fn agent(number: usize, reaction: Reaction, pull: u32, dials: &Dials, dice: &mut Dice) -> Agent {
    let role = &ROLES[dice.place(ROLES.len())];
    let usual = role.usual.map(|weight| weight * (60 + dice.below(81)));
    let retention = 70 + dice.below(31);
    let misled = blend(usual, role.pull, pull);
    let afterwards = match reaction {
        Reaction::Sticky => blend(usual, role.pull, pull * retention / 100),
        Reaction::Elsewhere => blend(usual, role.elsewhere, pull),
        _ => usual,
    };
    let mixes = [usual, if reaction.is_change() { misled } else { usual }, afterwards]
        .map(|weights| [Mix::new(weights), Mix::new(tilted(weights, dials.shift))]);
    let by_model = reaction == Reaction::Control && number % 4 == 3;
    let region = match reaction {
        Reaction::Control if !by_model => HELD_BACK_REGION,
        Reaction::Control => dice.place(REGIONS.len()),
        // In turn, so that a small fleet of agents leaves no region idle.
        _ => number % HELD_BACK_REGION,
    };
    // A few ask much, most ask little. The first are always busy: one sticky, one recovered, two unchanged.
    let spread = if number < BUSY { 70 + dice.below(31) } else { 1 + dice.below(100) };
    Agent {
        name: format!("{}-{}", role.name, number + 1),
        reaction,
        asks_summarizer: by_model,
        region,
        weight: 40 + spread * spread / 12,
        mixes,
        pull,
        retention,
        tokens: 40 + dice.below(160),
        team: 0,
        pays_by_session: number == 0 || dice.chance(dials.session_payers),
        recent: Recent::default(),
        inbox: None,
        was_misled: false,
    }
}

/// Scales the controls' weights to their share of the whole.
fn balance(agents: &mut [Agent]) {
    let sum = |of_controls: bool, agents: &[Agent]| -> u64 {
        let wanted = |agent: &&Agent| (agent.reaction == Reaction::Control) == of_controls;
        agents.iter().filter(wanted).map(|agent| u64::from(agent.weight)).sum()
    };
    let (controls, others) = (sum(true, agents).max(1), sum(false, agents));
    for agent in agents.iter_mut().filter(|agent| agent.reaction == Reaction::Control) {
        let scaled = u64::from(agent.weight) * others * CONTROL_SHARE / (100 - CONTROL_SHARE) / controls;
        agent.weight = u32::try_from(scaled.max(1)).expect("a share of weights is no larger than they are");
    }
}

/// So many percent of the way from one mix to another. Sums are kept to about a hundred thousand.
fn blend(from: [u32; KINDS], towards: [u32; KINDS], percent: u32) -> [u32; KINDS] {
    let (from_sum, towards_sum): (u32, u32) = (from.iter().sum(), towards.iter().sum());
    std::array::from_fn(|k| {
        let kept = u64::from(from[k]) * u64::from(100 - percent) * 1_000 / u64::from(from_sum);
        let gained = u64::from(towards[k]) * u64::from(percent) * 1_000 / u64::from(towards_sum);
        u32::try_from(kept + gained).expect("at most a hundred thousand")
    })
}

/// The same odds for everyone: a shift that no comparison with controls may mistake for the fault.
fn tilted(weights: [u32; KINDS], strength: u32) -> [u32; KINDS] {
    std::array::from_fn(|k| {
        let percent = 100 + TILT[k] * i64::from(strength) / 100;
        weights[k] * u32::try_from(percent).expect("a tilt takes less than all") / 10
    })
}
