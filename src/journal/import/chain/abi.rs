//! Every generation of the events and calls that are read, as Solidity declares them, decoded by alloy.

use super::declared::{Named, shown};
use alloy_dyn_abi::{DynSolEvent, DynSolValue, JsonAbiExt, Specifier};
use alloy_json_abi::{Event, Function};
use alloy_primitives::B256;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What an event or call is to this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Approved,
    Revoked,
    Enclave(&'static str),
    Batch,
    Individual,
    /// The first generations: hashes only, or hashes and texts.
    Hashes,
    Transfer,
    Authorised,
    /// A Permit2 proxy moved money.
    Settled,
    /// A precompile of the first SDKs ran a model inside a transaction.
    Inference,
    /// Known, and no record of ours.
    Other,
}

const EVENTS: [(&str, Meaning); 39] = [
    ("event PCRApproved(bytes32 indexed pcrHash, uint8 indexed teeType, string version)", Meaning::Approved),
    ("event PCRApproved(bytes32 indexed pcrHash, string version)", Meaning::Approved),
    ("event PCRRevoked(bytes32 indexed pcrHash, uint8 indexed teeType)", Meaning::Revoked),
    ("event PCRRevoked(bytes32 indexed pcrHash)", Meaning::Revoked),
    ("event PCRRevoked(bytes32 indexed pcrHash, uint256 gracePeriod)", Meaning::Revoked),
    (
        "event TEERegistered(bytes32 indexed teeId, address indexed owner, uint8 teeType)",
        Meaning::Enclave("registered"),
    ),
    ("event TEEDisabled(bytes32 indexed teeId)", Meaning::Enclave("disabled")),
    ("event TEEEnabled(bytes32 indexed teeId)", Meaning::Enclave("enabled")),
    ("event TEEDeactivated(bytes32 indexed teeId)", Meaning::Enclave("disabled")),
    ("event TEEActivated(bytes32 indexed teeId)", Meaning::Enclave("enabled")),
    ("event TEERemoved(bytes32 indexed teeId)", Meaning::Enclave("removed")),
    (
        "event BatchSettlement(bytes32 indexed merkleRoot, uint256 batchSize, bytes walrusBlobId)",
        Meaning::Batch,
    ),
    ("event BatchSettlement(bytes32 indexed merkleRoot, uint256 batchSize)", Meaning::Batch),
    (
        "event IndividualSettlement(bytes32 indexed teeId, address indexed ethAddress, bytes32 inputHash, bytes32 outputHash, uint256 timestamp, bytes walrusBlobId, bytes signature)",
        Meaning::Individual,
    ),
    ("event Settlement(bytes32 indexed inputHash, bytes32 indexed outputHash)", Meaning::Hashes),
    ("event Settlement(bytes32 inputHash, bytes32 outputHash)", Meaning::Hashes),
    (
        "event SettlementWithMetadata(bytes32 indexed inputHash, bytes32 indexed outputHash, string metadata, bytes inputData, bytes outputData)",
        Meaning::Hashes,
    ),
    (
        "event SettlementWithMetadata(bytes32 inputHash, bytes32 outputHash, string metadata, bytes inputData, bytes outputData)",
        Meaning::Hashes,
    ),
    ("event Transfer(address indexed from, address indexed to, uint256 value)", Meaning::Transfer),
    ("event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)", Meaning::Authorised),
    ("event Settled()", Meaning::Settled),
    ("event SettledWithPermit()", Meaning::Settled),
    ("event TEETypeAdded(uint8 indexed typeId, string name)", Meaning::Other),
    ("event TEETypeDeactivated(uint8 indexed typeId)", Meaning::Other),
    ("event AWSCertificateUpdated(bytes32 indexed certHash)", Meaning::Other),
    ("event HeartbeatReceived(bytes32 indexed teeId, uint256 timestamp)", Meaning::Other),
    ("event RegistryUpdated(address indexed previousRegistry, address indexed newRegistry)", Meaning::Other),
    (
        "event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)",
        Meaning::Other,
    ),
    (
        "event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)",
        Meaning::Other,
    ),
    (
        "event RoleAdminChanged(bytes32 indexed role, bytes32 indexed previousAdminRole, bytes32 indexed newAdminRole)",
        Meaning::Other,
    ),
    ("event OwnershipTransferred(address indexed previousOwner, address indexed newOwner)", Meaning::Other),
    ("event AgentRunResult(int256 runId, address agent, string[] steps, string result)", Meaning::Other),
    (
        "event LLMChat(string inferenceID, (uint8 mode, string modelCID, (string role, string content, string name, string tool_call_id, (string id, string name, string arguments)[] tool_calls)[] messages, (string description, string name, string parameters)[] tools, string tool_choice, uint32 max_tokens, string[] stop_sequence, uint32 temperature) request, (string finish_reason, (string role, string content, string name, string tool_call_id, (string id, string name, string arguments)[] tool_calls) message) response)",
        Meaning::Inference,
    ),
    (
        "event LLMCompletionEvent(string inferenceID, (uint8 mode, string modelCID, string prompt, uint32 max_tokens, string[] stop_sequence, uint32 temperature) request, (string answer) response)",
        Meaning::Inference,
    ),
    (
        "event ModelInferenceEvent(string inferenceID, (uint8 mode, string modelCID, ((string name, (int128 value, int128 decimals)[] values, uint32[] shape)[] numbers, (string name, string[] values)[] strings) input) request, ((string name, (int128 value, int128 decimals)[] values, uint32[] shape)[] numbers, (string name, string[] values)[] strings, (string name, string value)[] jsons, bool is_simulation_result) response)",
        Meaning::Inference,
    ),
    (
        "event InferenceResultEmitted(address indexed caller, ((string name, (int128 value, int128 decimals)[] values, uint32[] shape)[] numbers, (string name, string[] values)[] strings, (string name, string value)[] jsons, bool is_simulation_result) result)",
        Meaning::Other,
    ),
    (
        "event InferenceResult(((string name, (int128 value, int128 decimals)[] values, uint32[] shape)[] numbers, (string name, string[] values)[] strings, (string name, string value)[] jsons, bool is_simulation_result) output)",
        Meaning::Other,
    ),
    (
        "event LLMChatResult((string finish_reason, (string role, string content, string name, string tool_call_id, (string id, string name, string arguments)[] tool_calls) message) response)",
        Meaning::Other,
    ),
    ("event LLMCompletionResult((string answer) response)", Meaning::Other),
];

/// An event as it is known here.
pub(super) struct Known {
    pub(super) event: Event,
    pub(super) meaning: Meaning,
    /// Of its parameters and their structs.
    pub(super) names: Vec<Named>,
    decoder: DynSolEvent,
}

static KNOWN: LazyLock<HashMap<B256, Vec<Known>>> = LazyLock::new(|| {
    let mut known: HashMap<B256, Vec<Known>> = HashMap::new();
    for (declared, meaning) in EVENTS {
        let (types, names) = super::declared::declared(declared);
        let event = Event::parse(&types).expect("declared above, and a test parses each");
        let decoder = event.resolve().expect("declared above, and a test resolves each");
        known.entry(event.selector()).or_default().push(Known { event, meaning, names, decoder });
    }
    known
});

/// A log's values by name, in the order the event declares them.
pub(super) type Values = Vec<(&'static str, DynSolValue)>;

/// Why a log is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotRead {
    UnknownTopic,
    /// The topic is known and the rest does not fit any event of that name.
    Unfit(&'static str),
}

/// Decodes a log. The same topic may belong to events that index their fields differently: the number of topics tells.
pub(super) fn decode(topics: &[B256], data: &[u8]) -> Result<(&'static Known, Values), NotRead> {
    let candidates = topics.first().and_then(|first| KNOWN.get(first)).ok_or(NotRead::UnknownTopic)?;
    let indexed = |known: &Known| known.event.inputs.iter().filter(|input| input.indexed).count();
    let known = candidates.iter().find(|known| indexed(known) + 1 == topics.len());
    let known = known.ok_or(NotRead::Unfit("another number of topics than its event has"))?;
    let decoded = known.decoder.decode_log_parts(topics.iter().copied(), data);
    let decoded = decoded.map_err(|_| NotRead::Unfit("its data does not decode as its event"))?;
    let (mut in_topics, mut in_data) = (decoded.indexed.into_iter(), decoded.body.into_iter());
    let mut values = Vec::with_capacity(known.event.inputs.len());
    for input in &known.event.inputs {
        let value = if input.indexed { in_topics.next() } else { in_data.next() };
        values.push((input.name.as_str(), value.ok_or(NotRead::Unfit("fewer values than its event has"))?));
    }
    Ok((known, values))
}

const CALLS: [&str; 9] = [
    "function approvePCR((bytes,bytes,bytes) pcrs, string version, uint8 teeType)",
    "function approvePCR((bytes,bytes,bytes) pcrs, string version)",
    "function revokePCR(bytes32 pcrHash, uint8 teeType)",
    "function revokePCR(bytes32 pcrHash)",
    "function registerTEEWithAttestation(bytes attestationDocument, bytes signingPublicKey, bytes tlsCertificate, address paymentAddress, string endpoint, uint8 teeType) returns (bytes32 teeId)",
    "function batchSettle(bytes32 merkleRoot, uint256 batchSize, bytes walrusBlobId)",
    "function batchSettle(bytes32 merkleRoot, uint256 batchSize)",
    "function settleIndividual(bytes32 teeId, bytes32 inputHash, bytes32 outputHash, uint256 timestamp, address ethAddress, bytes walrusBlobId, bytes signature)",
    "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)",
];

static CALL_TABLE: LazyLock<HashMap<[u8; 4], Function>> = LazyLock::new(|| {
    let parsed = CALLS
        .iter()
        .map(|declared| Function::parse(declared).expect("declared above, and a test parses each"));
    parsed.map(|function| (function.selector().0, function)).collect()
});

/// Decodes calldata: the function and its arguments by name. `None` for an unknown selector; an error where the arguments
/// do not fit.
pub(super) fn decode_call(data: &[u8]) -> Option<Result<(&'static Function, Values), &'static str>> {
    let (selector, arguments) = data.split_first_chunk::<4>()?;
    let function = CALL_TABLE.get(selector)?;
    let decoded = function.abi_decode_input(arguments).map_err(|_| "calldata that does not fit its function");
    Some(decoded.map(|values| {
        let names = function.inputs.iter().map(|input| input.name.as_str());
        (function, names.zip(values).collect())
    }))
}

/// A value by name.
pub(super) fn get<'v>(values: &'v Values, name: &str) -> Option<&'v DynSolValue> {
    values.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}

pub(super) fn text_of(values: &Values, name: &str) -> String {
    get(values, name).map(shown).unwrap_or_default()
}

pub(super) fn bytes_of<'v>(values: &'v Values, name: &str) -> &'v [u8] {
    get(values, name).and_then(DynSolValue::as_bytes).unwrap_or_default()
}

pub(super) fn number_of(values: &Values, name: &str) -> Option<u64> {
    get(values, name)?.as_uint().and_then(|(number, _)| u64::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declaration_parses_and_resolves() {
        assert_eq!(KNOWN.values().map(Vec::len).sum::<usize>(), EVENTS.len());
        assert_eq!(CALL_TABLE.len(), CALLS.len());
    }
}
