//! EIP-712 structs of ethers, a genuine EIP-3009 signature, and copies of it that must not verify.

use crate::folder::{json, text};
use backtrail::model::Hash;
use backtrail::proof::malformed::{hex_array, hex_bytes};
use backtrail::proof::payment::{Recovery, Signed, parse, recover};
use backtrail::proof::python_json::{Json, parse as parse_json};
use backtrail::proof::typed_data::{Types, digest, domain_separator};

#[test]
fn all_typed_data_of_ethers_encodes_and_hashes_as_published() {
    let Some(cases) = text("eip712/ethers_typed-data.json") else { return };
    let cases = parse_json(&cases).unwrap().value;
    let cases = cases.as_list().unwrap();
    let mut recovered = 0;
    for case in cases {
        let field = |name: &str| case.member(name).unwrap();
        let word = |name: &str| field(name).as_str().unwrap();
        let types = Types::of_json(field("types")).unwrap();
        let primary = word("primaryType");
        let encoded = types.encode_data(primary, field("data")).unwrap();
        assert_eq!(format!("0x{}", hex::encode(encoded)), word("encoded"), "{}", word("name"));
        let struct_hash = types.hash_struct(primary, field("data")).unwrap();
        let hash = digest(&domain_separator(field("domain")).unwrap(), &struct_hash);
        assert_eq!(Some(hash), Hash::parse(word("digest")), "{}", word("name"));
        if let Some(signature) = case.member("signature").and_then(Json::as_str) {
            let found = recover(&hash, &hex_bytes(signature).unwrap());
            assert!(matches!(found, Recovery::Account(_)), "{}", word("name"));
            recovered += 1;
        }
    }
    println!("{} structs, {recovered} signatures", cases.len());
    assert_eq!(cases.len(), 130);
}

#[test]
fn the_specifications_genuine_payment_recovers_to_its_payer_and_its_copies_do_not() {
    let Some(genuine) = text("x402/payment_payload_v2_exact_eip3009.json") else { return };
    let payment = parse(&genuine).unwrap();
    assert_eq!(payment.recovery(), Recovery::Account(payment.from));
    for (from, to) in [
        ("\"value\": \"10000\"", "\"value\": \"10001\""),
        ("84532", "8453"),
        ("\"name\": \"USDC\"", "\"name\": \"USD Coin\""),
        ("\"version\": \"2\"", "\"version\": \"1\""),
        ("\"validBefore\": \"1740672154\"", "\"validBefore\": \"1740672155\""),
        ("0xf3746613", "0xf3746614"),
        ("\"to\": \"0x209693", "\"to\": \"0x209694"),
    ] {
        let changed = parse(&genuine.replace(from, to)).unwrap();
        assert_ne!(changed.recovery(), Recovery::Account(changed.from), "{from}");
    }
    let upto = text("opengradient/x402/scheme_upto_evm_02.json").unwrap();
    assert!(parse(&upto).is_err(), "its facilitator is no address");
    let copied = upto
        .replace("0xFacilitatorAddress1234567890123456789012", "0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002");
    let copied = parse(&copied).unwrap();
    assert_ne!(copied.recovery(), Recovery::Account(copied.from));
}

#[test]
fn published_digests_are_recomputed_step_by_step() {
    let Some(vectors) = json("opengradient/eip712_vectors.json") else { return };
    let check = |signed: &Signed, case: &serde_json::Value, payer: &str| {
        for (found, name) in [
            (signed.domain_separator(), "domainSeparator"),
            (signed.struct_hash(), "structHash"),
            (signed.digest(), "digest"),
        ] {
            assert_eq!(Some(found), Hash::parse(case[name].as_str().unwrap()), "{name}");
        }
        assert_eq!(signed.recovery(), Recovery::Account(hex_array(payer).unwrap()));
    };
    let exact = &vectors["eip3009_exact"];
    let domain = &exact["domain"];
    let payload = serde_json::json!({
        "accepted": { "network": format!("eip155:{}", domain["chainId"]), "asset": domain["verifyingContract"],
            "extra": { "name": domain["name"], "version": domain["version"] } },
        "payload": { "signature": exact["signature"], "authorization": exact["authorization"] },
    });
    check(&parse(&payload.to_string()).unwrap(), exact, exact["recovered"].as_str().unwrap());

    let upto = &vectors["permit2_upto"];
    let mut authorization = upto["message"].clone();
    authorization["from"] = upto["payer"].clone();
    let payload = serde_json::json!({
        "accepted": { "network": "eip155:8453", "asset": upto["message"]["permitted"]["token"] },
        "payload": { "signature": upto["signature"], "permit2Authorization": authorization },
    });
    check(&parse(&payload.to_string()).unwrap(), upto, upto["payer"].as_str().unwrap());
}
