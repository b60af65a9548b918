//! Whom the responder trusts: the pins of `trust.toml`. Without a pin a correct signature is `untrusted`.

use super::attestation::AWS_ROOT_G1;
use super::malformed::hex_array;
use super::note::{KeyType, VerifierKey};
use crate::model::Hash;
use serde::Deserialize;

/// The file as it is written; unknown fields are refused, for a misspelt pin is a missing one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    log: Vec<LogPin>,
    witness: Vec<WitnessPin>,
    witness_quorum: Option<usize>,
    measurement: Vec<MeasurementPin>,
    registry: Vec<ContractPin>,
    relay: Vec<ContractPin>,
    block: Vec<BlockPin>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogPin {
    origin: String,
    key: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WitnessPin {
    name: String,
    key: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasurementPin {
    pcr_hash: String,
    version: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractPin {
    chain_id: ChainId,
    address: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockPin {
    chain_id: ChainId,
    number: u64,
    hash: String,
}

/// `8453`, or `"eip155:8453"` as records write it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ChainId {
    Number(u64),
    Text(String),
}

/// A log's name and the key that signs its checkpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub origin: String,
    pub key: VerifierKey,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measurement {
    pub pcr_hash: Hash,
    pub version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contract {
    pub chain_id: u64,
    pub address: [u8; 20],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    pub chain_id: u64,
    pub number: u64,
    pub hash: Hash,
}

/// All pins, ready to compare with. `Trust::default()` pins nothing but the AWS root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    pub logs: Vec<Log>,
    pub witnesses: Vec<VerifierKey>,
    /// How many witnesses must have cosigned; all of them unless the file says otherwise.
    pub quorum: usize,
    pub measurements: Vec<Measurement>,
    pub registries: Vec<Contract>,
    pub relays: Vec<Contract>,
    pub blocks: Vec<Block>,
}

impl Trust {
    /// Reads `trust.toml`. The message says which pin is wrong; it goes to the person who wrote the file.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let logs = file.log.iter().map(log).collect::<Result<_, _>>()?;
        let witnesses: Vec<_> = file.witness.iter().map(witness).collect::<Result<_, _>>()?;
        let quorum = file.witness_quorum.unwrap_or(witnesses.len());
        if quorum > witnesses.len() {
            return Err(format!(
                "witness_quorum is {quorum}, but only {} witnesses are pinned",
                witnesses.len()
            ));
        }
        if quorum == 0 && !witnesses.is_empty() {
            return Err("witness_quorum is 0, which pins no witness at all".to_owned());
        }
        Ok(Self {
            logs,
            witnesses,
            quorum,
            measurements: file.measurement.iter().map(measurement).collect::<Result<_, _>>()?,
            registries: file.registry.iter().map(contract).collect::<Result<_, _>>()?,
            relays: file.relay.iter().map(contract).collect::<Result<_, _>>()?,
            blocks: file.block.iter().map(block).collect::<Result<_, _>>()?,
        })
    }

    pub fn log(&self, origin: &str) -> Option<&Log> {
        self.logs.iter().find(|log| log.origin == origin)
    }

    pub fn measurement(&self, pcr_hash: &Hash) -> Option<&Measurement> {
        self.measurements.iter().find(|pin| pin.pcr_hash == *pcr_hash)
    }

    pub fn pins_registry(&self, contract: &Contract) -> bool {
        self.registries.contains(contract)
    }

    pub fn pins_relay(&self, contract: &Contract) -> bool {
        self.relays.contains(contract)
    }

    pub fn pins_block(&self, block: &Block) -> bool {
        self.blocks.contains(block)
    }

    /// The AWS Nitro root is built in.
    pub fn pins_attestation_root(&self, root: &Hash) -> bool {
        *root == AWS_ROOT_G1
    }
}

/// `8453` or `eip155:8453` as a number.
pub fn chain_id(text: &str) -> Option<u64> {
    text.strip_prefix("eip155:").unwrap_or(text).parse().ok()
}

fn log(pin: &LogPin) -> Result<Log, String> {
    let key = key(&pin.key, &format!("log {}", pin.origin))?;
    if key.key_type != KeyType::Ed25519 {
        return Err(format!("log {}: its key is a witness's key", pin.origin));
    }
    Ok(Log { origin: pin.origin.clone(), key })
}

fn witness(pin: &WitnessPin) -> Result<VerifierKey, String> {
    let key = key(&pin.key, &format!("witness {}", pin.name))?;
    if key.key_type != KeyType::Cosignature {
        return Err(format!("witness {}: its key is a log's key", pin.name));
    }
    if key.name != pin.name {
        return Err(format!("witness {}: its key is named {}", pin.name, key.name));
    }
    Ok(key)
}

fn key(text: &str, whose: &str) -> Result<VerifierKey, String> {
    VerifierKey::parse(text).map_err(|fault| format!("{whose}: {fault}"))
}

fn measurement(pin: &MeasurementPin) -> Result<Measurement, String> {
    let pcr_hash = Hash::parse(&pin.pcr_hash);
    let pcr_hash =
        pcr_hash.ok_or_else(|| format!("measurement {}: pcr_hash is 32 bytes of hex", pin.version))?;
    Ok(Measurement { pcr_hash, version: pin.version.clone() })
}

fn contract(pin: &ContractPin) -> Result<Contract, String> {
    let address = hex_array(&pin.address).map_err(|fault| format!("contract {}: {fault}", pin.address))?;
    Ok(Contract { chain_id: number(&pin.chain_id)?, address })
}

fn block(pin: &BlockPin) -> Result<Block, String> {
    let hash =
        Hash::parse(&pin.hash).ok_or_else(|| format!("block {}: hash is 32 bytes of hex", pin.number))?;
    Ok(Block { chain_id: number(&pin.chain_id)?, number: pin.number, hash })
}

fn number(id: &ChainId) -> Result<u64, String> {
    match id {
        ChainId::Number(number) => Ok(*number),
        ChainId::Text(text) => {
            chain_id(text).ok_or_else(|| format!("chain_id {text}: not a number nor eip155:number"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_pin_is_read() {
        let log = VerifierKey::new("log.example/a", KeyType::Ed25519, [1; 32]).text();
        let witness = VerifierKey::new("w1.example", KeyType::Cosignature, [2; 32]).text();
        let hash = "11".repeat(32);
        let text = format!(
            r#"
            witness_quorum = 1
            log = [{{ origin = "log.example/a", key = "{log}" }}]
            measurement = [{{ pcr_hash = "0x{hash}", version = "v1" }}]
            registry = [{{ chain_id = 10740, address = "0x2222222222222222222222222222222222222222" }}]
            relay = [{{ chain_id = "eip155:8453", address = "3333333333333333333333333333333333333333" }}]
            block = [{{ chain_id = 8453, number = 7, hash = "{hash}" }}]
            [[witness]]
            name = "w1.example"
            key = "{witness}"
            "#
        );
        let trust = Trust::parse(&text).unwrap();
        assert!(trust.log("log.example/a").is_some() && trust.log("log.example").is_none());
        assert_eq!((trust.witnesses.len(), trust.quorum), (1, 1));
        assert_eq!(trust.measurement(&Hash([0x11; 32])).unwrap().version, "v1");
        assert!(trust.pins_relay(&Contract { chain_id: 8453, address: [0x33; 20] }));
        assert!(!trust.pins_relay(&Contract { chain_id: 10740, address: [0x33; 20] }));
        assert!(trust.pins_block(&Block { chain_id: 8453, number: 7, hash: Hash([0x11; 32]) }));
        assert_eq!(Trust::parse(""), Ok(Trust::default()));
    }

    #[test]
    fn a_wrong_pin_is_named() {
        let log = VerifierKey::new("a", KeyType::Ed25519, [1; 32]).text();
        for text in [
            "logs = []".to_owned(),
            "witness_quorum = 1".to_owned(),
            format!("[[witness]]\nname = \"a\"\nkey = \"{log}\""),
            "[[log]]\norigin = \"a\"\nkey = \"a+00000000+AA==\"".to_owned(),
            "[[measurement]]\npcr_hash = \"00\"\nversion = \"v\"".to_owned(),
            "[[relay]]\nchain_id = \"x\"\naddress = \"0x00\"".to_owned(),
        ] {
            assert!(Trust::parse(&text).is_err(), "{text}");
        }
    }
}
