//! Who pays for what: single requests, whole sessions, and the money that agents' actions move.

use super::agents::{Population, TRANSFER};
use super::deeds::Decided;
use super::dice::Dice;
use super::later::{Event, Later};
use super::payment::{Class, Flaw, OPG, Payment, PaymentState, USDC, course};
use super::rollout::END;
use super::scenario::Dials;
use super::served::Served;
use super::truth::Truth;
use crate::model::time::{MINUTE, SECOND};
use std::rc::Rc;

/// Longest list of requests one payment is for.
const MOST_MEMBERS: usize = 48;
/// What a session may cost.
const AUTHORISED: u128 = OPG.price * MOST_MEMBERS as u128;

/// An open session that will be paid as one.
struct Session {
    number: u64,
    payment: u64,
    until: i64,
    pays: Vec<u64>,
    tiers: [u64; 3],
}

pub(super) struct Money {
    dice: Dice,
    request_payments: u32,
    transfers: u32,
    flaws: u32,
    refunds: u32,
    mitigated: i64,
    next_payment: u64,
    next_session: u64,
    /// By agent; only those that pay by session.
    sessions: Vec<Option<Session>>,
}

impl Money {
    pub(super) fn new(seed: u64, dials: &Dials, agents: usize, mitigated: i64) -> Self {
        Self {
            dice: Dice::new(seed, "money"),
            request_payments: dials.request_payments,
            transfers: dials.transfers,
            flaws: dials.payment_faults,
            refunds: dials.refunds,
            mitigated,
            next_payment: 1,
            next_session: 1,
            sessions: (0..agents).map(|_| None).collect(),
        }
    }

    /// Puts a request into its agent's session, and opens or closes one where it is time.
    pub(super) fn enter(
        &mut self,
        served: &mut Served,
        population: &Population,
        later: &mut Later,
        truth: &mut Truth,
    ) {
        if !population.agents[served.agent].pays_by_session {
            return;
        }
        let over = |session: &Session| session.until < served.true_at || session.pays.len() >= MOST_MEMBERS;
        if self.sessions[served.agent].as_ref().is_some_and(over) {
            self.close(served.agent, served.true_at, later, truth);
        }
        if self.sessions[served.agent].is_none() {
            self.open(served.agent, served.true_at, later);
        }
        let session = self.sessions[served.agent].as_mut().expect("it was opened just now");
        session.pays.push(served.number);
        session.tiers[served.tier as usize] += 1;
        served.session = session.number;
    }

    /// One authorisation opens a session; what it comes to is not known yet.
    fn open(&mut self, agent: usize, at: i64, later: &mut Later) {
        let number = self.next_session;
        self.next_session += 1;
        let payment = self.number();
        let until = at + self.dice.between(50, 260) * MINUTE;
        let authorised = Payment {
            number: payment,
            payer: agent,
            payee: 0,
            asset: &OPG,
            amount: AUTHORISED,
            pays: Vec::new(),
            cause: None,
            session: Some(number),
            scheme: "upto",
            flaw: None,
            transaction: [0; 32],
            refund_of: None,
            settled_at: 0,
        };
        let state = PaymentState { payment: Rc::new(authorised), state: "authorized" };
        later.push(at + SECOND / 50, Event::Payment(Box::new(state)));
        self.sessions[agent] = Some(Session { number, payment, until, pays: Vec::new(), tiers: [0; 3] });
    }

    fn close(&mut self, agent: usize, at: i64, later: &mut Later, truth: &mut Truth) {
        let Some(session) = self.sessions[agent].take() else { return };
        let flaw = self.flaw().filter(|flaw| *flaw != Flaw::Twice);
        let count = session.pays.len() as u128 + if flaw == Some(Flaw::Mismatch) { 3 } else { 0 };
        let payment = Payment {
            number: session.payment,
            payer: agent,
            payee: 0,
            asset: &OPG,
            amount: OPG.price * count,
            pays: session.pays,
            cause: None,
            session: Some(session.number),
            scheme: "upto",
            flaw,
            transaction: self.dice.bytes(),
            refund_of: None,
            settled_at: at + self.dice.between(60, 1_500) * SECOND,
        };
        self.run(payment, session.tiers, at + SECOND, "pending", later, truth);
    }

    /// Closes what is still open when the journals end.
    pub(super) fn finish(&mut self, later: &mut Later, truth: &mut Truth) {
        for agent in 0..self.sessions.len() {
            self.close(agent, END, later, truth);
        }
    }

    /// Pays for a single request, if it is one of those.
    pub(super) fn pay(&mut self, served: &Served, later: &mut Later, truth: &mut Truth) {
        if served.session != 0 || !self.dice.chance(self.request_payments) {
            return;
        }
        let mut tiers = [0; 3];
        tiers[served.tier as usize] = 1;
        let flaw = self.flaw();
        let times = if flaw == Some(Flaw::Twice) { 2 } else { 1 };
        for _ in 0..times {
            let at = served.true_at + self.dice.between(20_000, 900_000) * 1_000;
            let payment = Payment {
                number: self.number(),
                payer: served.agent,
                payee: 0,
                asset: &USDC,
                amount: if flaw == Some(Flaw::Mismatch) { USDC.price * 7 } else { USDC.price },
                pays: vec![served.number],
                cause: None,
                session: None,
                scheme: "exact",
                flaw,
                transaction: self.dice.bytes(),
                refund_of: None,
                settled_at: at + self.dice.between(4_000_000, 90_000_000) * 1_000,
            };
            self.run(payment, tiers, at, "authorized", later, truth);
        }
    }

    /// The transfer an action makes, if it makes one.
    pub(super) fn transfer(&mut self, agent: usize, deed: &Decided, later: &mut Later, truth: &mut Truth) {
        if deed.kind != TRANSFER || !self.dice.chance(self.transfers) {
            return;
        }
        let mut tiers = [0; 3];
        tiers[deed.link.tier as usize] = 1;
        let at = deed.link.at + self.dice.between(1_000_000, 40_000_000) * 1_000;
        let payment = Payment {
            number: self.number(),
            payer: agent,
            payee: 1 + self.dice.place(40),
            asset: &USDC,
            amount: u128::from(1 + self.dice.below(400_000)) * 100_000,
            pays: Vec::new(),
            cause: Some(deed.link.to),
            session: None,
            scheme: "exact",
            flaw: self.flaw().filter(|flaw| !matches!(flaw, Flaw::Twice | Flaw::Mismatch)),
            transaction: self.dice.bytes(),
            refund_of: None,
            settled_at: at + self.dice.between(4_000_000, 600_000_000) * 1_000,
        };
        self.run(payment, tiers, at, "pending", later, truth);
    }

    fn number(&mut self) -> u64 {
        self.next_payment += 1;
        self.next_payment - 1
    }

    fn flaw(&mut self) -> Option<Flaw> {
        let throw = self.dice.below(10_000);
        let step = (self.flaws / 3).max(1);
        Flaw::ALL.get((throw / step) as usize).copied()
    }

    /// Queues every state a payment will pass through before the journals end, and tells the answer key.
    fn run(
        &mut self,
        payment: Payment,
        tiers: [u64; 3],
        first_at: i64,
        first: &'static str,
        later: &mut Later,
        truth: &mut Truth,
    ) {
        let refunded = Class::of(tiers) == Some(Class::Direct)
            && payment.flaw.is_none()
            && self.dice.chance(self.refunds);
        let back_at = self.mitigated.max(payment.settled_at) + self.dice.between(12, 400) * MINUTE;
        let course = course(&payment, (first_at, first), back_at, refunded);
        let Some(last) = course.last().map(|(_, state)| *state) else {
            // Of a session that the journals leave open, only its authorisation is known: the most it may cost.
            if payment.session.is_some() {
                let authorised = Payment { amount: AUTHORISED, pays: Vec::new(), ..payment };
                truth.paid(&authorised, tiers, "authorized");
            }
            return;
        };
        let payment = Rc::new(payment);
        for (at, state) in &course {
            let state = PaymentState { payment: Rc::clone(&payment), state };
            later.push(*at, Event::Payment(Box::new(state)));
        }
        if last == "refunded" && payment.number.is_multiple_of(3) {
            self.give_back(&payment, back_at, later, truth);
        }
        truth.paid(&payment, tiers, last);
    }

    /// Some refunds leave a payment of their own beside the state of the first.
    fn give_back(&mut self, payment: &Payment, at: i64, later: &mut Later, truth: &mut Truth) {
        let refund = Payment {
            number: self.number(),
            payer: payment.payer,
            payee: payment.payee,
            asset: payment.asset,
            amount: payment.amount,
            pays: Vec::new(),
            cause: None,
            session: None,
            scheme: payment.scheme,
            flaw: None,
            transaction: self.dice.bytes(),
            refund_of: Some(payment.number),
            settled_at: at,
        };
        truth.refund_record(refund.number);
        let state = PaymentState { payment: Rc::new(refund), state: "settled" };
        later.push(at, Event::Payment(Box::new(state)));
    }
}
