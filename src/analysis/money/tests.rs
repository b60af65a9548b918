//! Every class, and that no unit of money is lost or counted twice.

use super::*;
use proptest::prelude::*;
use ruint::aliases::U256;

fn payment(amount: u64, state: State, members: Members) -> Payment {
    Payment {
        row: Row(0),
        at: Nanos(10),
        payer: 1,
        payee: 2,
        amount: Amount(U256::from(amount)),
        asset: 0,
        state,
        settled_at: None,
        tx: 0,
        form: TxForm::Nothing,
        members,
        inferred: None,
        caused: None,
        refund: None,
        class: Class::Clear,
        tainted: Amount::ZERO,
        refunded: Amount::ZERO,
    }
}

fn members(tiers: [u64; 4], clean: u64) -> Members {
    Members { tiers, clean, ..Members::default() }
}

fn ledger(payments: Vec<Payment>) -> Ledger {
    Ledger::new(vec![Asset::default()], payments, |at| at == Nanos(10))
}

#[test]
fn a_payment_is_as_bad_as_the_surest_thing_it_hangs_on() {
    let elsewhere =
        Payment { settled_at: Some(Nanos(11)), ..payment(100, State::Settled, Members::default()) };
    let caused =
        |tier| Payment { caused: Some(Some(tier)), ..payment(100, State::Settled, members([0; 4], 1)) };
    for (payment, class, tainted) in [
        (payment(100, State::Settled, members([1, 0, 0, 0], 2)), Class::Direct, 33),
        (payment(100, State::Settled, members([1, 1, 1, 0], 1)), Class::Direct, 50),
        (payment(100, State::Settled, members([0, 1, 0, 0], 0)), Class::Derived, 100),
        (payment(100, State::Settled, members([0, 0, 1, 1], 2)), Class::Likely, 25),
        (payment(100, State::Settled, members([0, 0, 0, 1], 3)), Class::Possible, 25),
        (caused(Tier::T0), Class::Derived, 100),
        (caused(Tier::T3), Class::Possible, 100),
        (payment(100, State::Settled, members([0; 4], 3)), Class::Concurrent, 0),
        (payment(100, State::Failed, members([0; 4], 3)), Class::Clear, 0),
        (elsewhere, Class::Clear, 0),
    ] {
        let judged = ledger(vec![payment]).payments.remove(0);
        assert_eq!((judged.class, judged.tainted), (class, Amount(U256::from(tainted))));
    }
}

#[test]
fn what_came_back_is_subtracted_once() {
    let paid = |state| payment(100, state, members([1, 0, 0, 0], 0));
    let back =
        |amount, state| Payment { refund: Some(Some(0)), ..payment(amount, state, Members::default()) };
    for (payments, refunded, outstanding) in [
        (vec![paid(State::Refunded)], 100, 0),
        (vec![paid(State::Refunded), back(100, State::Settled)], 100, 0),
        (vec![paid(State::Settled), back(30, State::Settled)], 30, 70),
        (vec![paid(State::Settled), back(30, State::Settled), back(90, State::Settled)], 100, 0),
        (vec![paid(State::Settled), back(30, State::Failed)], 0, 100),
        (vec![paid(State::Disputed)], 0, 0),
    ] {
        let ledger = ledger(payments);
        let sums = &ledger.sums[0];
        let text = |total: Total| total.to_string().parse::<u64>().unwrap();
        assert_eq!((text(sums.refunded), text(sums.outstanding)), (refunded, outstanding));
        assert_eq!(text(sums.settled), 100, "a refund is no payment of its own");
    }
}

#[test]
fn sums_beyond_what_a_token_can_count_are_exact_and_said() {
    let most = Payment { amount: Amount(U256::MAX), ..payment(0, State::Settled, members([1, 0, 0, 0], 1)) };
    let ledger = ledger(vec![most.clone(), most]);
    let sums = &ledger.sums[0];
    assert!(sums.settled.is_beyond_uint256() && sums.conserve());
    let twice = "231584178474632390847141970017375815706539969331281128078915168015826259279870";
    assert_eq!(sums.settled.to_string(), twice);
}

fn any_payment() -> impl Strategy<Value = Payment> {
    let amount = prop_oneof![
        Just(U256::MAX),
        any::<u64>().prop_map(U256::from),
        any::<[u64; 4]>().prop_map(U256::from_limbs)
    ];
    let members = (prop::array::uniform4(0u64..5), 0u64..5, 0u64..2)
        .prop_map(|(tiers, clean, unknown)| Members { tiers, clean, unknown, of_session: false });
    let refund = prop::option::weighted(0.2, prop::option::of(0usize..12));
    (amount, prop::sample::select(State::ALL.to_vec()), members, refund, 9i64..12).prop_map(
        |(amount, state, members, refund, at)| Payment {
            amount: Amount(amount),
            refund,
            settled_at: Some(Nanos(at)),
            ..payment(0, state, members)
        },
    )
}

proptest! {
    #[test]
    fn money_is_conserved(payments in prop::collection::vec(any_payment(), 0..12)) {
        let ledger = ledger(payments);
        prop_assert!(ledger.conserves());
        for payment in &ledger.payments {
            prop_assert!(payment.tainted <= payment.amount && payment.refunded <= payment.amount);
        }
        let mut all = Total::default();
        ledger.payments.iter().filter(|p| p.refund.is_none()).for_each(|p| all.add(p.amount));
        let sums = &ledger.sums[0];
        prop_assert_eq!(sums.settled.plus(sums.waiting).plus(sums.failed), all);
        prop_assert!(sums.outstanding <= sums.tainted);
    }
}
