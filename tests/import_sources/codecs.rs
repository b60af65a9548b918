//! What `web3` encodes and decodes by contract ABIs and what npm `x402` signs, imported and compared with what they read themselves.

use crate::of_kind;
use crate::real::{every_expected_record_is_found, made};
use serde_json::{Value, json};

#[test]
fn what_web3s_codec_reads_of_logs_and_calldata_is_what_is_imported() {
    let Some(study) = every_expected_record_is_found("web3_codec.py") else { return };
    // Who asked the precompile stands nowhere in its events.
    for inference in of_kind(&study, "inference") {
        assert_eq!(inference["import"]["assumed"], json!(["agent"]));
    }
}

#[test]
fn a_payment_that_npm_x402_signed_is_one_payment_in_every_form() {
    let Some((scene, expected)) = made("x402_pay.js") else { return };
    let study = scene.read();
    assert_eq!(scene.faults(), Vec::<String>::new());
    let authorization = &expected["payload"]["payload"]["authorization"];
    let payments = of_kind(&study, "payment");
    // Three forms, and what they come to together.
    assert_eq!(payments.len(), 4, "{payments:#?}");
    for payment in &payments {
        assert_eq!(payment["id"], format!("x402:{}", authorization["nonce"].as_str().unwrap()));
        for (own, theirs) in [("payer", "from"), ("payee", "to"), ("amount", "value")] {
            assert_eq!(payment[own], authorization[theirs], "{own}");
        }
        assert_eq!(
            (&payment["state"], &payment["asset"]["chain_id"]),
            (&json!("authorized"), &json!("eip155:8453"))
        );
    }
    // With its requirement beside it the signature recovers to the payer.
    let whole =
        payments.iter().find(|payment| payment["authorization"]["paymentRequirements"].is_object()).unwrap();
    let signed = backtrail::proof::payment::parse(&whole["authorization"].to_string()).unwrap();
    assert_eq!(format!("0x{}", hex::encode(signed.from)), expected["payer"].as_str().unwrap().to_lowercase());
    let said = payments.iter().find(|payment| payment["import"]["format"] == "har").unwrap();
    assert_eq!(said["said_tx"], expected["reply"]["transaction"]);
    assert_eq!(said["tx_hash"], Value::Null);
}
