//! Documents that must be refused; the real ones are integration tests.

use super::*;

#[test]
fn what_is_no_document_is_refused() {
    for text in [
        "",
        "80",
        "84a0a0a0a0",
        "8440a04040",
        "8444a1013822a04040",
        "d28444a1013822a0405860",
        "8444a1013821a041a058600000",
    ] {
        assert!(Document::parse(&hex::decode(text).unwrap()).is_err(), "{text}");
    }
    assert!(Document::parse(&vec![0x84; MAX_DOCUMENT + 1]).is_err());
}

#[test]
fn a_chain_without_issuers_or_with_two_hundred_is_refused() {
    assert!(verify_chain(&[], &[], 0).is_err());
    let many = vec![vec![0x30, 0x00]; 200];
    assert_eq!(verify_chain(&[], &many, 0).map_err(|f| f.what), Err("a chain of more than 8 certificates"));
}
