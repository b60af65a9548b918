//! Ids whose content is known, and texts that are no ids.

use super::*;

#[test]
fn well_known_content_has_its_well_known_cid() {
    for (cid, content) in [
        ("QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH", &b""[..]),
        ("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", b""),
        ("QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o", b"hello world\n"),
        ("bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e", b"hello world"),
    ] {
        let parsed = Cid::parse(cid).unwrap();
        assert_eq!(parsed.check_content(content), CidCheck::Matches, "{cid}");
        assert_eq!(parsed.check_content(b"other"), CidCheck::Differs);
        assert_eq!(parsed.check_content(&vec![0; MAX_SINGLE_BLOCK + 1]), CidCheck::Unsupported);
    }
}

#[test]
fn what_is_no_id_is_refused() {
    let long = "b".repeat(4000);
    for text in [
        "",
        "b",
        "Qm",
        "x12",
        "bafk1",
        "z0",
        "f01",
        "f0171120500",
        &long,
        "M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUl",
    ] {
        assert!(BlobId::parse(text).is_err(), "{text}");
    }
    assert!(WalrusId::from_decimal("-1").is_err());
}

#[test]
fn ids_are_written_as_they_were_read() {
    let id = WalrusId::parse("M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk").unwrap();
    assert_eq!(id.text(), "M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk");
    assert_eq!(WalrusId::from_decimal(&id.decimal()), Ok(id));
    assert_eq!(id.decimal(), "33029388974007764889800497995325165905902854956237990162315138693239164143667");
}
