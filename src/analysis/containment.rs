//! Where the spread could have been cut: which agent, quarantined when, would have spared the most (ANALYSIS §6).

use super::Number;
use super::taint::Taint;
use super::web::Web;
use crate::model::{Nanos, Row, Tier};
use std::collections::BTreeMap;

/// One agent, taken off the network when taint first reached it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    pub agent: Number,
    /// Its first tainted record.
    pub first: Row,
    pub at: Nanos,
    /// Tainted things whose shortest chain runs through it, itself left out. Other chains may reach some of them.
    pub spared: u64,
}

/// The agents that would have spared others most, best first; ties by number.
pub fn cuts(web: &Web, taint: &Taint, start: Nanos, most: usize) -> Vec<Cut> {
    let marks = &taint.marks;
    let place_of = |node: u32| marks.binary_search_by_key(&node, |mark| mark.node).ok();
    // Children of each mark, as lists threaded through arrays.
    let mut child = vec![u32::MAX; marks.len()];
    let mut next = vec![u32::MAX; marks.len()];
    let mut roots = Vec::new();
    for (place, mark) in marks.iter().enumerate().rev() {
        match place_of(mark.before).filter(|before| *before != place && mark.before < mark.node) {
            Some(before) => {
                next[place] = child[before];
                child[before] = place as u32;
            }
            None => roots.push(place as u32),
        }
    }
    let agents = vec![0; web.agents];
    let size = vec![0; marks.len()];
    let mut walk = Walk { web, taint, child, next, size, open: agents.clone(), spared: vec![0; web.agents] };
    roots.into_iter().for_each(|root| walk.down(root));
    let mut first: BTreeMap<Number, u32> = BTreeMap::new();
    for mark in marks {
        first.entry(web.agent_of(mark.node)).or_insert(mark.node);
    }
    let cut = |(agent, spared): (usize, &i64)| {
        let agent = agent as Number;
        let node = *first.get(&agent)?;
        let at = Nanos(start.0 + i64::from(web.at[node as usize]) * web.tick);
        let spared = u64::try_from(*spared).ok().filter(|spared| *spared > 0)?;
        Some(Cut { agent, first: web.row(node), at, spared })
    };
    let mut cuts: Vec<Cut> = walk.spared.iter().enumerate().filter_map(cut).collect();
    cuts.sort_by_key(|cut| (std::cmp::Reverse(cut.spared), cut.agent));
    cuts.truncate(most);
    cuts
}

struct Walk<'w> {
    web: &'w Web,
    taint: &'w Taint,
    child: Vec<u32>,
    next: Vec<u32>,
    /// Things below each mark that the faulty version did not serve itself.
    size: Vec<u32>,
    /// How often each agent stands on the way from the root.
    open: Vec<u32>,
    /// Things below the topmost marks of each agent, its own left out.
    spared: Vec<i64>,
}

impl Walk<'_> {
    /// Walks what came of a root. Chains may be long: no recursion.
    fn down(&mut self, root: u32) {
        let mut way = vec![(root, self.child[root as usize])];
        self.enter(root);
        while let Some((place, below)) = way.last_mut() {
            if *below != u32::MAX {
                let deeper = *below;
                *below = self.next[deeper as usize];
                self.enter(deeper);
                way.push((deeper, self.child[deeper as usize]));
                continue;
            }
            let place = *place;
            way.pop();
            let total = self.leave(place);
            if let Some((above, _)) = way.last() {
                self.size[*above as usize] += total;
            }
        }
    }

    fn enter(&mut self, place: u32) {
        let mark = &self.taint.marks[place as usize];
        let agent = self.web.agent[mark.node as usize] as usize;
        // Its own things inside what it would have spared others.
        if self.open[agent] > 0 && mark.tier != Tier::T0 {
            self.spared[agent] -= 1;
        }
        self.open[agent] += 1;
    }

    /// What stands at and below a mark, once all of that is known.
    fn leave(&mut self, place: u32) -> u32 {
        let mark = &self.taint.marks[place as usize];
        let agent = self.web.agent[mark.node as usize] as usize;
        self.open[agent] -= 1;
        let below = self.size[place as usize];
        if self.open[agent] == 0 {
            self.spared[agent] += i64::from(below);
        }
        below + u32::from(mark.tier != Tier::T0)
    }
}
