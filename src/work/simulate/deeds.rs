//! What agents do with an answer: actions, and messages to their team.

use super::agents::{Mood, Population, Reaction, Shifted};
use super::builds::FAULTY;
use super::dice::Dice;
use super::later::{Action, Event, Later, Message};
use super::served::Served;
use super::thing::{Link, Ref, Thing, Tier};
use super::truth::Truth;
use crate::model::time::SECOND;

pub(super) struct Deeds {
    dice: Dice,
    next_action: u64,
    next_message: u64,
}

/// An action just decided, for those who count and those who pay.
pub(super) struct Decided {
    pub(super) kind: usize,
    pub(super) link: Link,
}

impl Deeds {
    pub(super) fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed, "deeds"), next_action: 1, next_message: 1 }
    }

    /// The actions that follow an answer, queued for their time.
    pub(super) fn follow(
        &mut self,
        served: &Served,
        shifted: Shifted,
        population: &mut Population,
        later: &mut Later,
        truth: &mut Truth,
        decided: &mut Vec<Decided>,
    ) {
        decided.clear();
        let throw = self.dice.below(100);
        let count = if throw < 8 { 0 } else { 1 + usize::from(throw >= 72) };
        let mut at = served.true_at + i64::from(served.latency_ms) * (SECOND / 1000);
        for _ in 0..count {
            at += self.dice.between(2_000_000, 24_000_000) * 1_000;
            let deed = self.act(served, at, shifted, population, later);
            let told = self.tell(served.agent, &deed.link, population, later);
            if deed.link.tier != Tier::Clean {
                truth.tainted_action(deed.link.to.number);
                told.then(|| truth.tainted_message());
            }
            decided.push(deed);
        }
        population.agents[served.agent].recent.push(served.link());
    }

    fn act(
        &mut self,
        served: &Served,
        at: i64,
        shifted: Shifted,
        population: &mut Population,
        later: &mut Later,
    ) -> Decided {
        let agent = &mut population.agents[served.agent];
        let mood = match (served.build == FAULTY, agent.was_misled) {
            (true, _) if agent.reaction != Reaction::Control => Mood::Misled,
            (_, true) => Mood::Afterwards,
            _ => Mood::Usual,
        };
        agent.was_misled |= mood == Mood::Misled;
        let kind = self.choose(agent.mix(mood, shifted), served.agent, at);
        let (throw, choice) = (self.dice.below(10_000), self.dice.below(1 << 20));
        let other = if throw < 700 { agent.recent.before(served.at, choice) } else { None };
        let causes = if throw >= 9_600 { [None, None] } else { [Some(served.link()), other] };
        let tainted = causes.iter().flatten().any(|link| link.tier != Tier::Clean);
        let tier = if tainted { Tier::T1 } else { Tier::Clean };
        let number = self.next_action;
        self.next_action += 1;
        let link = Link { to: Ref::new(Thing::Action, number), at, tier };
        agent.recent.push(link);
        let causes = causes.map(|link| link.map(|link| link.to));
        let action = Action { number, agent: served.agent, kind, causes, session: served.session };
        later.push(at, Event::Action(action));
        Decided { kind, link }
    }

    /// Mostly by the agent's mix; a little by what keeps it busy these two hours, so that counts scatter
    /// more than independent throws would.
    fn choose(&mut self, mix: &super::agents::Mix, agent: usize, at: i64) -> usize {
        let kind = mix.choose(&mut self.dice);
        if !self.dice.chance(500) {
            return kind;
        }
        let block = at.unsigned_abs() / (7_200 * SECOND.unsigned_abs());
        let mut busy = Dice::new(block, "busy");
        (busy.below(1 << 16) as usize + agent * 7) % super::agents::ACTIONS.len()
    }

    /// Now and then an action is told to a colleague, who may build on it.
    fn tell(&mut self, from: usize, about: &Link, population: &mut Population, later: &mut Later) -> bool {
        if !self.dice.chance(400) {
            return false;
        }
        let Some(to) = population.colleague(from, &mut self.dice) else { return false };
        let at = about.at + self.dice.between(500_000, 9_000_000) * 1_000;
        let number = self.next_message;
        self.next_message += 1;
        population.agents[to].inbox = Some(Link { at, ..*about });
        later.push(at, Event::Message(Message { number, from, to, carries: about.to }));
        true
    }
}
