//! Payments that differ from what was allowed, and signatures no account made.

use super::*;
use ruint::aliases::U256;

fn amount(n: u64) -> Amount {
    Amount(U256::from(n))
}

fn signed(authorization: Authorization) -> Signed {
    Signed {
        authorization,
        chain_id: 8453,
        token: [1; 20],
        from: [2; 20],
        to: [3; 20],
        amount: amount(100),
        valid_after: amount(1000),
        valid_before: amount(2000),
        signature: vec![0; 65],
    }
}

fn exact() -> Signed {
    signed(Authorization::Transfer {
        token_name: "USDC".into(),
        token_version: "2".into(),
        nonce: Hash([4; 32]),
    })
}

fn upto() -> Signed {
    signed(Authorization::Permit2 { spender: UPTO_PROXY, facilitator: [5; 20], nonce: amount(7) })
}

#[test]
fn every_difference_between_allowed_and_moved_is_named() {
    let good = Moved {
        payer: Some([2; 20]),
        payee: Some([3; 20]),
        amount: Some(amount(100)),
        token: Some([1; 20]),
        chain_id: Some(8453),
        at: Some(1500),
    };
    assert_eq!(mismatches(&exact(), &good), []);
    assert_eq!(mismatches(&exact(), &Moved::default()), []);
    let with = |change: fn(&mut Moved)| {
        let mut moved = good.clone();
        change(&mut moved);
        moved
    };
    for (moved, expected) in [
        (with(|m| m.payer = Some([9; 20])), Mismatch::Payer),
        (with(|m| m.payee = Some([9; 20])), Mismatch::Payee),
        (with(|m| m.token = Some([9; 20])), Mismatch::Token),
        (with(|m| m.chain_id = Some(1)), Mismatch::Chain),
        (with(|m| m.amount = Some(amount(99))), Mismatch::Amount),
        (with(|m| m.at = Some(1000)), Mismatch::TooEarly),
        (with(|m| m.at = Some(2000)), Mismatch::TooLate),
    ] {
        assert_eq!(mismatches(&exact(), &moved), [expected]);
    }
    assert_eq!(mismatches(&upto(), &with(|m| m.amount = Some(amount(1)))), []);
    assert_eq!(mismatches(&upto(), &with(|m| m.amount = Some(amount(101)))), [Mismatch::Amount]);
}

#[test]
fn signatures_no_account_made_are_told_from_contract_wallets() {
    let digest = exact().digest();
    let mut bytes = [1; 65];
    assert_eq!(recover(&digest, &bytes), Recovery::Invalid("v is neither 27 nor 28"));
    bytes[64] = 27;
    bytes[..64].fill(0);
    assert!(matches!(recover(&digest, &bytes), Recovery::Invalid(_)));
    bytes[..64].fill(0xff);
    assert!(matches!(recover(&digest, &bytes), Recovery::Invalid(_)));
    bytes[..32].fill(1);
    bytes[32..64].fill(0xf0);
    assert_eq!(recover(&digest, &bytes), Recovery::Invalid("s is in the upper half (EIP-2)"));
    assert_eq!(recover(&digest, &[1; 97]), Recovery::ContractWallet);
    assert_eq!(recover(&digest, &[]), Recovery::ContractWallet);
}

#[test]
fn a_nonce_is_one_for_each_payer_and_contract() {
    assert_ne!(exact().nonce_key(), upto().nonce_key());
    let mut other = exact();
    other.from = [9; 20];
    assert_ne!(exact().nonce_key(), other.nonce_key());
    other.from = [2; 20];
    other.amount = amount(1);
    assert_eq!(exact().nonce_key(), other.nonce_key());
}
