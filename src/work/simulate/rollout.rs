//! When each node says it serves which version, and when it truly does; and the moments of the incident.
//!
//! ```text
//! 0h            54h          59h  59h35 59h45    60h45            61h20      72h
//! |── 2.4.0 ─────|── 2.4.1 ───|─────|─────|────────|────────────────|──────────|
//!              canary      suspected declared rollback mitigated   revoked    end
//! ```

use super::builds::{
    BuildNo, DOC_SUMMARIZER, FAULTY, GOOD, MODELS, NEW_SUMMARIZER, OLD_SUMMARIZER, RISK_SCORER,
};
use super::dice::Dice;
use super::fleet::{Node, Part};
use super::scenario::Dials;
use crate::model::time::{MINUTE, SECOND};

/// 2026-10-03T02:00:00Z: the canary's hour is then eight in the morning, two days later.
pub(super) const START: i64 = 1_790_992_800 * SECOND;
pub(super) const LENGTH_MINUTES: i64 = 72 * 60;
pub(super) const END: i64 = START + LENGTH_MINUTES * MINUTE;

/// A version switch a node declared in the registry.
pub(super) struct Declared {
    pub(super) at: i64,
    pub(super) build: BuildNo,
    pub(super) reason: &'static str,
}

/// A version switch as it truly happened: a new boot.
#[derive(Clone, Copy)]
pub(super) struct Actual {
    pub(super) at: i64,
    pub(super) build: BuildNo,
    /// A place in `Rollout::boots`.
    pub(super) boot: usize,
}

/// One enclave: booted once, with a key of its own.
pub(super) struct Boot {
    pub(super) node: usize,
    pub(super) build: BuildNo,
    pub(super) from: i64,
    pub(super) until: i64,
}

#[derive(Default)]
pub(super) struct Course {
    pub(super) declared: Vec<Declared>,
    pub(super) actual: Vec<Actual>,
}

/// The incident's moments, as recorded.
pub(super) struct Moments {
    pub(super) canary: i64,
    pub(super) suspected: i64,
    pub(super) declared: i64,
    pub(super) mitigated: i64,
    pub(super) revoked: i64,
    pub(super) resolved: i64,
    /// When everyone's behaviour shifts for reasons of its own.
    pub(super) shift: i64,
}

pub(super) struct Rollout {
    pub(super) moments: Moments,
    /// By node, then by model.
    pub(super) courses: Vec<[Course; MODELS.len()]>,
    pub(super) boots: Vec<Boot>,
}

impl Rollout {
    pub(super) fn plan(nodes: &[Node], dials: &Dials, dice: &mut Dice) -> Self {
        let moments = moments(dice);
        let mut rollout = Self { moments, courses: Vec::new(), boots: Vec::new() };
        let mut straggle = dials.straggle_minutes;
        for (number, node) in nodes.iter().enumerate() {
            let risk = risk_course(node, &rollout.moments, &mut straggle, dice);
            let summarizer = summarizer_course(number, dice);
            rollout.courses.push([Course::default(), Course::default()]);
            rollout.enact(number, RISK_SCORER, risk);
            rollout.enact(number, DOC_SUMMARIZER, summarizer);
        }
        rollout
    }

    /// Gives every true switch its boot.
    fn enact(&mut self, node: usize, model: usize, orders: Vec<Order>) {
        let course = &mut self.courses[node][model];
        for order in orders {
            if let Some(at) = order.declared {
                course.declared.push(Declared { at, build: order.build, reason: order.reason });
            }
            if let Some(at) = order.actual {
                if let Some(last) = course.actual.last() {
                    self.boots[last.boot].until = at;
                }
                course.actual.push(Actual { at, build: order.build, boot: self.boots.len() });
                self.boots.push(Boot { node, build: order.build, from: at, until: i64::MAX });
            }
        }
    }

    /// What a node truly serves at a true time.
    pub(super) fn serving(&self, node: usize, model: usize, at: i64) -> Actual {
        let actual = &self.courses[node][model].actual;
        *actual.iter().rev().find(|switch| switch.at <= at).unwrap_or(&actual[0])
    }

    /// The version in a node's own configuration, which its records claim.
    pub(super) fn configured(&self, node: usize, model: usize, at: i64) -> BuildNo {
        let declared = &self.courses[node][model].declared;
        declared.iter().rev().find(|switch| switch.at <= at).unwrap_or(&declared[0]).build
    }
}

/// One switch: when it was declared and when it happened; either may never have been.
struct Order {
    build: BuildNo,
    declared: Option<i64>,
    actual: Option<i64>,
    reason: &'static str,
}

impl Order {
    fn honest(build: BuildNo, at: i64, reason: &'static str) -> Self {
        Self { build, declared: Some(at), actual: Some(at), reason }
    }
}

/// A moment so many minutes after another, with seconds and microseconds of its own.
fn about(moment: i64, minutes: i64, dice: &mut Dice) -> i64 {
    let micros = dice.between(0, 119_999_999);
    moment + minutes * MINUTE + micros * (SECOND / 1_000_000)
}

fn moments(dice: &mut Dice) -> Moments {
    let canary = about(START, 54 * 60 + dice.between(0, 12), dice);
    Moments {
        canary,
        suspected: about(canary, 300, dice),
        declared: about(canary, 335, dice),
        mitigated: about(canary, 405, dice),
        revoked: about(canary, 440, dice),
        resolved: about(canary, 620, dice),
        shift: about(canary, 120, dice),
    }
}

fn risk_course(node: &Node, moments: &Moments, straggle: &mut i64, dice: &mut Dice) -> Vec<Order> {
    let mut orders = vec![Order::honest(GOOD, about(START, -95, dice), "release")];
    if node.part == Part::HeldBack {
        return orders;
    }
    let released = match node.release_minute {
        0 => moments.canary,
        minute => about(moments.canary, minute, dice),
    };
    let reason = if node.release_minute == 0 { "canary" } else { "release" };
    let mut release = Order::honest(FAULTY, released, reason);
    if node.part == Part::Early {
        release.actual = Some(about(released, -14, dice));
    }
    orders.push(release);
    let rolled_back = about(moments.canary, 345 + node.rollback_minute, dice);
    match node.part {
        Part::Straggler => {
            let late = about(moments.mitigated, *straggle, dice);
            *straggle -= *straggle / 3;
            orders.push(Order::honest(GOOD, late, "rollback"));
        }
        Part::Forged => {
            let truly = about(moments.mitigated, 125, dice);
            orders.push(Order { build: GOOD, declared: Some(rolled_back), actual: None, reason: "rollback" });
            orders.push(Order { build: GOOD, declared: None, actual: Some(truly), reason: "rollback" });
        }
        Part::Flapping => {
            orders.push(Order::honest(GOOD, rolled_back, "rollback"));
            for (minute, length) in [(15, 25), (55, 21), (93, 18)] {
                let again = about(moments.mitigated, minute, dice);
                orders.push(Order::honest(FAULTY, again, "restart"));
                orders.push(Order::honest(GOOD, about(again, length, dice), "rollback"));
            }
        }
        Part::Steady | Part::Early | Part::HeldBack => {
            orders.push(Order::honest(GOOD, rolled_back, "rollback"));
        }
    }
    orders
}

/// The other model's release, on the second day, on every node.
fn summarizer_course(node: usize, dice: &mut Dice) -> Vec<Order> {
    let minutes = 31 * 60 + 17 * i64::try_from(node).expect("a fleet is small");
    vec![
        Order::honest(OLD_SUMMARIZER, about(START, -80, dice), "release"),
        Order::honest(NEW_SUMMARIZER, about(START, minutes, dice), "release"),
    ]
}
