//! zkML proofs: parsed and bound to the record, never verified here (PROOFS §7).
//!
//! Binding asks whether the proof document speaks of this output and this verifying key. Only an external verifier can say
//! that the proof itself holds, and then it is that verifier's word.

use super::malformed::{Malformed, hex_bytes};
use super::python_json::{Json, parse as parse_json};
use crate::model::Hash;

pub const MAX_PROOF: usize = 4 << 20;

/// What an EZKL/Halo2 proof document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub proof: Vec<u8>,
    /// Public inputs and outputs as field elements, as the document writes them.
    pub instances: Vec<Vec<String>>,
    pub verifying_key: Option<Hash>,
}

/// What of the document is about this record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// `None` where either side does not say.
    pub verifying_key: Option<bool>,
    pub output: Option<bool>,
}

/// Reads `{"proof" | "hex_proof": …, "instances": [[…]], "vk_hash": …}`.
pub fn parse(text: &str) -> Result<Document, Malformed> {
    if text.len() > MAX_PROOF {
        return Err(Malformed::new(MAX_PROOF, "a proof document above 4 MiB"));
    }
    let document = parse_json(text)?;
    if let Some(at) = document.duplicate_key {
        return Err(Malformed::new(at, "a key is there twice"));
    }
    let json = document.value;
    let proof = match (json.given("hex_proof"), json.given("proof")) {
        (Some(Json::Text(text)), _) | (None, Some(Json::Text(text))) => {
            hex_bytes(text.as_str().ok_or(malformed("a proof is hex"))?)?
        }
        (None, Some(Json::List(bytes))) => {
            bytes.iter().map(byte).collect::<Option<_>>().ok_or(malformed("a proof is a list of bytes"))?
        }
        _ => return Err(malformed("no proof in the document")),
    };
    if proof.is_empty() {
        return Err(malformed("an empty proof"));
    }
    let instances =
        json.given("instances").and_then(Json::as_list).ok_or(malformed("instances is a list"))?;
    let column = |column: &Json| column.as_list()?.iter().map(element).collect::<Option<Vec<_>>>();
    let instances: Option<Vec<_>> = instances.iter().map(column).collect();
    let verifying_key = match json.given("vk_hash") {
        None => None,
        Some(text) => {
            Some(text.as_str().and_then(Hash::parse).ok_or(malformed("a vk_hash is 32 bytes of hex"))?)
        }
    };
    Ok(Document {
        proof,
        instances: instances.ok_or(malformed("an instance is a list of texts"))?,
        verifying_key,
    })
}

impl Document {
    /// Compares with the verifying key of the release and with the output the record claims, as field elements.
    pub fn bind(&self, verifying_key: Option<&Hash>, output: Option<&[String]>) -> Binding {
        let public = self.instances.last();
        Binding {
            verifying_key: self
                .verifying_key
                .as_ref()
                .zip(verifying_key)
                .map(|(said, wanted)| said == wanted),
            output: public.zip(output).map(|(public, output)| public.ends_with(output)),
        }
    }
}

fn byte(value: &Json) -> Option<u8> {
    match value {
        Json::Integer(digits) => digits.parse().ok(),
        _ => None,
    }
}

fn element(value: &Json) -> Option<String> {
    match value {
        Json::Integer(digits) => Some(digits.clone()),
        other => other.as_str().map(str::to_owned),
    }
}

const fn malformed(what: &'static str) -> Malformed {
    Malformed::new(0, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_bound_to_key_and_output_and_nothing_more() {
        let key = Hash([7; 32]);
        let text = format!(r#"{{"hex_proof":"0xabcd","instances":[["01","02","03"]],"vk_hash":"{key}"}}"#);
        let document = parse(&text).unwrap();
        let output = ["02".to_owned(), "03".to_owned()];
        assert_eq!(
            document.bind(Some(&key), Some(&output)),
            Binding { verifying_key: Some(true), output: Some(true) }
        );
        let other = ["04".to_owned()];
        let bound = document.bind(Some(&Hash([8; 32])), Some(&other));
        assert_eq!(bound, Binding { verifying_key: Some(false), output: Some(false) });
        assert_eq!(document.bind(None, None), Binding { verifying_key: None, output: None });
    }

    #[test]
    fn what_is_no_proof_document_is_refused() {
        for text in [
            "",
            "{}",
            r#"{"proof":[],"instances":[]}"#,
            r#"{"proof":[256],"instances":[]}"#,
            r#"{"proof":"00"}"#,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
