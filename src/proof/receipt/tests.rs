//! Receipts and proofs made here; the published ones are integration tests.

use super::event::{Event, topic};
use super::*;
use crate::model::Amount;
use crate::proof::rlp::{encode_bytes, encode_list};
use ruint::aliases::U256;

#[test]
fn a_status_is_zero_one_or_a_state_root_and_types_are_read() {
    let body = |status: &[u8]| {
        encode_list(&[encode_bytes(status), encode_u64(21_000), encode_bytes(&[0; 256]), encode_list(&[])])
    };
    let succeeded = |bytes: &[u8]| Receipt::parse(bytes).map(|receipt| (receipt.kind, receipt.succeeded));
    assert_eq!(succeeded(&body(&[1])), Ok((0, Some(true))));
    assert_eq!(succeeded(&body(&[])), Ok((0, Some(false))));
    assert_eq!(succeeded(&body(&[7; 32])), Ok((0, None)));
    assert_eq!(succeeded(&[vec![2], body(&[1])].concat()), Ok((2, Some(true))));
    assert!(succeeded(&body(&[2])).is_err());
    assert!(succeeded(&[]).is_err());
}

#[test]
fn a_batch_event_is_read_only_from_its_own_topic_and_shape() {
    let mut data = vec![0; 160];
    data[31] = 6;
    data[63] = 64;
    data[95] = 43;
    data[96..139].fill(b'h');
    let signature = "BatchSettlement(bytes32,uint256,bytes)";
    let log = Log { address: [1; 20], topics: vec![topic(signature), Hash([9; 32])], data };
    let batch = Event::Batch { root: Hash([9; 32]), size: Amount(U256::from(6)), blob_id: vec![b'h'; 43] };
    assert_eq!(Event::read(&log), Some(batch));
    let mut short = log.clone();
    short.data.truncate(120);
    assert_eq!(Event::read(&short), None);
    let mut far = log.clone();
    far.data[32..64].fill(0xff);
    assert_eq!(Event::read(&far), None);
    let mut other = log;
    other.topics[0] = topic("BatchSettlement(bytes32,uint256)");
    assert_eq!(Event::read(&other), None);
}

#[test]
fn an_exclusion_is_no_inclusion() {
    let empty = Hash(keccak256([0x80]).0);
    assert_eq!(lookup(&empty, &[1], &[]), Ok(Lookup::Absent));
    assert!(lookup(&Hash([1; 32]), &[1], &[]).is_err());
    assert!(lookup(&empty, &[1], &vec![vec![0x80]; 100]).is_err());
}
