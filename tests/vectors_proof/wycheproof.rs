//! Project Wycheproof against every signature check the proof room makes.

use crate::folder::json;
use backtrail::model::Hash;
use backtrail::proof::attestation::{es384_der_holds, es384_holds};
use backtrail::proof::hashes::{keccak256, sha256};
use backtrail::proof::note::ed25519_strict;
use backtrail::proof::payment::{Recovery, recover};
use backtrail::proof::tee::EnclaveKey;
use serde_json::Value;

fn unhex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

/// Runs `check` on (group, message, signature, whether it is valid) of every test; gives how many there were.
fn each(file: &str, mut check: impl FnMut(&Value, &[u8], &[u8], bool, &Value)) -> usize {
    let Some(suite) = json(&format!("wycheproof/{file}_test.json")) else { return 0 };
    let mut count = 0;
    for group in suite["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            check(group, &unhex(&test["msg"]), &unhex(&test["sig"]), test["result"] == "valid", test);
            count += 1;
        }
    }
    assert_eq!(count, suite["numberOfTests"].as_u64().unwrap() as usize);
    println!("{file}: {count}");
    count
}

#[test]
fn pss_with_a_salt_of_32_is_accepted_and_nothing_else_is() {
    for file in ["2048_sha256_mgf1_32", "3072_sha256_mgf1_32", "4096_sha256_mgf1_32"] {
        each(&format!("rsa_pss_{file}"), |group, message, signature, valid, test| {
            let key = EnclaveKey::parse(&unhex(&group["publicKeyDer"])).unwrap();
            assert_eq!(key.verifies_v1(message, signature), valid, "{file} {test}");
        });
    }
    each("rsa_pss_misc", |group, message, signature, _, test| {
        let ours = group["sha"] == "SHA-256" && group["mgfSha"] == "SHA-256" && group["sLen"] == 32;
        let key = EnclaveKey::parse(&unhex(&group["publicKeyDer"])).unwrap();
        assert_eq!(key.verifies_v1(message, signature), ours, "{test}");
    });
    // Of suites for other schemes, what is accepted is a good signature of ours that is wrong there.
    for (file, of_ours) in [
        ("rsa_pss_2048_sha256_mgf1_0", "s_len changed to 32"),
        ("rsa_pss_2048_sha256_mgf1sha1_20", ""),
        ("rsa_signature_2048_sha256", "RSASSA-PSS signature"),
    ] {
        each(file, |group, message, signature, _, test| {
            let key = EnclaveKey::parse(&unhex(&group["publicKeyDer"]));
            let accepted = key.is_ok_and(|key| key.verifies_v1(message, signature));
            assert!(!accepted || test["comment"] == of_ours, "{file} {test}");
        });
    }
    each("rsa_pss_2048_sha256_mgf1_32_params", |group, _, _, _, _| {
        assert!(
            EnclaveKey::parse(&unhex(&group["publicKeyDer"])).is_err(),
            "an id-RSASSA-PSS key is another kind"
        );
    });
}

#[test]
fn p384_signatures_are_judged_as_published() {
    each("ecdsa_secp384r1_sha384_p1363", |group, message, signature, valid, test| {
        assert_eq!(
            es384_holds(&unhex(&group["publicKey"]["uncompressed"]), message, signature),
            valid,
            "{test}"
        );
    });
    each("ecdsa_secp384r1_sha384", |group, message, signature, valid, test| {
        assert_eq!(
            es384_der_holds(&unhex(&group["publicKey"]["uncompressed"]), message, signature),
            valid,
            "{test}"
        );
    });
}

#[test]
fn ed25519_signatures_are_judged_as_published() {
    each("ed25519", |group, message, signature, valid, test| {
        let key = unhex(&group["publicKey"]["pk"]).try_into().unwrap();
        assert_eq!(ed25519_strict(&key, message, signature), valid, "{test}");
    });
}

/// Recovery finds the signer of a valid signature with a low s under one of two v, and of no invalid one.
#[test]
fn secp256k1_signers_are_recovered_from_valid_low_s_signatures_only() {
    let mut high = 0;
    let count = each("ecdsa_secp256k1_sha256_p1363", |group, message, signature, valid, test| {
        let point = unhex(&group["publicKey"]["uncompressed"]);
        let address = &keccak256(&point[1..]).0[12..];
        let digest = Hash(sha256(message).0);
        let found = [27, 28].map(|v| recover(&digest, &[signature, &[v]].concat()));
        let holds =
            found.iter().any(|found| matches!(found, Recovery::Account(account) if account == address));
        let is_high = found.contains(&Recovery::Invalid("s is in the upper half (EIP-2)"));
        assert_eq!(holds, valid && !is_high, "{test}");
        high += usize::from(valid && is_high);
    });
    assert!(count == 0 || high > 0);
    println!("{high} valid signatures refused for a high s");
}
