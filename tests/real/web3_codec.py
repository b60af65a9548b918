"""Logs, calldata and results made and read back by `web3` itself, from contract ABIs: what its codec reads is what is expected."""

import json, sys

try:
    from eth_abi import encode
    from hexbytes import HexBytes
    from web3 import Web3
    from web3._utils.events import get_event_data
except ImportError as missing:
    print(f"skipped: {missing}; pip install web3")
    sys.exit(77)

folder = sys.argv[1]
w3 = Web3()
REGISTRY = "0x4e72238852f3c918f4e4e57aec9280ddb0c80248"
PRECOMPILE = "0x00000000000000000000000000000000000000f4"
w = lambda n: bytes([n]) * 32
a = lambda n: "0x" + f"{n:02x}" * 20
h = lambda b: "0x" + bytes(b).hex()


def struct(name, *members, many=False):
    return {"name": name, "type": "tuple[]" if many else "tuple", "components": list(members)}


def p(kind, name, indexed=None):
    return {"name": name, "type": kind} | ({} if indexed is None else {"indexed": indexed})


def event(name, *inputs):
    return {"type": "event", "name": name, "anonymous": False, "inputs": [{"indexed": False} | i for i in inputs]}


def function(name, *inputs):
    return {"type": "function", "name": name, "inputs": list(inputs), "outputs": [], "stateMutability": "nonpayable"}


call = struct("tool_calls", p("string", "id"), p("string", "name"), p("string", "arguments"), many=True)
message = lambda name, many: struct(name, p("string", "role"), p("string", "content"), p("string", "name"), p("string", "tool_call_id"), call, many=many)
tensors = [
    struct("numbers", p("string", "name"), struct("values", p("int128", "value"), p("int128", "decimals"), many=True), p("uint32[]", "shape"), many=True),
    struct("strings", p("string", "name"), p("string[]", "values"), many=True),
]
result = [*tensors, struct("jsons", p("string", "name"), p("string", "value"), many=True), p("bool", "is_simulation_result")]
asked = [p("uint8", "mode"), p("string", "modelCID")]
limits = [p("uint32", "max_tokens"), p("string[]", "stop_sequence"), p("uint32", "temperature")]
EVENTS = [
    event("PCRApproved", p("bytes32", "pcrHash", True), p("uint8", "teeType", True), p("string", "version")),
    event("TEERegistered", p("bytes32", "teeId", True), p("address", "owner", True), p("uint8", "teeType")),
    event("Transfer", p("address", "from", True), p("address", "to", True), p("uint256", "value")),
    event("LLMChat", p("string", "inferenceID"),
          struct("request", *asked, message("messages", True), struct("tools", p("string", "description"), p("string", "name"), p("string", "parameters"), many=True), p("string", "tool_choice"), *limits),
          struct("response", p("string", "finish_reason"), message("message", False))),
    event("LLMCompletionEvent", p("string", "inferenceID"), struct("request", *asked, p("string", "prompt"), *limits), struct("response", p("string", "answer"))),
    event("ModelInferenceEvent", p("string", "inferenceID"), struct("request", *asked, struct("input", *tensors)), struct("response", *result)),
    event("InferenceResultEmitted", p("address", "caller", True), struct("result", *result)),
    event("InferenceResult", struct("output", *result)),
    event("LLMChatResult", struct("response", p("string", "finish_reason"), message("message", False))),
    event("LLMCompletionResult", struct("response", p("string", "answer"))),
]
CALLS = [
    function("approvePCR", struct("pcrs", p("bytes", "pcr0"), p("bytes", "pcr1"), p("bytes", "pcr2")), p("string", "version"), p("uint8", "teeType")),
    function("batchSettle", p("bytes32", "merkleRoot"), p("uint256", "batchSize"), p("bytes", "walrusBlobId")),
    function("revokePCR", p("bytes32", "pcrHash"), p("uint8", "teeType")),
]
contract = w3.eth.contract(address=Web3.to_checksum_address(REGISTRY), abi=EVENTS + CALLS)


def canonical(i):
    if not i["type"].startswith("tuple"):
        return i["type"]
    return "(" + ",".join(canonical(c) for c in i["components"]) + ")" + i["type"][5:]


logs, expected = [], []


def log(address, name, *values):
    """One log, encoded from its ABI; what web3 decodes of it goes to the expectations."""
    abi = next(e for e in EVENTS if e["name"] == name)
    n = len(logs)
    pairs = list(zip(abi["inputs"], values))
    topic = w3.keccak(text=f"{name}({','.join(canonical(i) for i in abi['inputs'])})")
    topics = [topic] + [encode([i["type"]], [v]) for i, v in pairs if i["indexed"]]
    plain = [(canonical(i), v) for i, v in pairs if not i["indexed"]]
    entry = {"address": address, "topics": [h(t) for t in topics], "data": h(encode([t for t, _ in plain], [v for _, v in plain])),
             "blockNumber": hex(100 + n), "blockHash": "0x" + f"{n:064x}", "blockTimestamp": hex(1774300000 + n),
             "transactionHash": "0x" + f"{n + 1:064x}", "transactionIndex": "0x0", "logIndex": hex(n), "removed": False}
    logs.append(entry)
    seen = get_event_data(w3.codec, abi, entry | {"topics": [HexBytes(t) for t in topics], "data": HexBytes(entry["data"]), "address": Web3.to_checksum_address(address)})
    assert seen["event"] == name
    return seen["args"], {"tx_hash": entry["transactionHash"], "log_index": n}


def as_json(value):
    if isinstance(value, (bytes, bytearray)):
        return h(value)
    if hasattr(value, "items"):
        return {k: as_json(v) for k, v in value.items()}
    if hasattr(value, "_asdict"):
        return {k: as_json(v) for k, v in value._asdict().items()}
    if isinstance(value, (list, tuple)):
        return [as_json(v) for v in value]
    return value


args, at = log(REGISTRY, "PCRApproved", w(1), 2, "v\u2603")
expected.append({"kind": "measurement", "pcr_hash": h(args["pcrHash"]), "version": args["version"], "tee_type": args["teeType"], **at})
args, at = log(REGISTRY, "TEERegistered", w(9), a(5), 1)
expected.append({"kind": "enclave", "tee_id": h(args["teeId"]), "owner": args["owner"].lower(), "tee_type": args["teeType"], **at})
args, at = log(a(119), "Transfer", a(6), a(7), 2**255 + 1)
expected.append({"kind": "payment", "payer": args["from"].lower(), "payee": args["to"].lower(), "amount": str(args["value"]), **at})
said = lambda role, text, calls=(): (role, text, "", "", list(calls))
CID = "QmbUqS93oc4JTLMHwpVxsE39mhNxy6hpf6Py3r9oANr8aZ"
args, at = log(PRECOMPILE, "LLMChat", "chat-1", (2, "meta-llama/x", [said("user", "hi \u2603"), said("assistant", "", [("c1", "f", "{}")])], [("d", "f", "{}")], "auto", 100, ["\n"], 70),
               ("stop", said("assistant", "hello")))
expected.append({"kind": "inference", "model": args["request"]["modelCID"], "inference_id": args["inferenceID"], "request": as_json(args["request"]),
                 "output": args["response"]["message"]["content"], "answer": as_json(args["response"]), "inference_mode": 2, **at})
args, at = log(PRECOMPILE, "LLMCompletionEvent", "done-1", (0, "meta-llama/x", "say", 5, [], 0), ("said",))
expected.append({"kind": "inference", "request": as_json(args["request"]), "output": args["response"]["answer"], **at})
number = ("x", [(-7, 2), (2**100, 0)], [2])
args, at = log(PRECOMPILE, "ModelInferenceEvent", "run-1", (1, CID, ([number], [("s", ["a", "b"])])), ([number], [], [("j", "{}")], False))
large = lambda node: {k: large(v) for k, v in node.items()} if isinstance(node, dict) else [large(v) for v in node] if isinstance(node, list) else str(node) if isinstance(node, int) and not isinstance(node, bool) and abs(node) > 2**53 else node
expected.append({"kind": "inference", "model": CID, "blob_id": CID, "request": large(as_json(args["request"])), "response": large(as_json(args["response"])), **at})
output = ([number], [("s", ["a"])], [], True)
for name, values, member in [("InferenceResultEmitted", (a(8), output), "result"), ("InferenceResult", (output,), "output"),
                             ("LLMChatResult", (("stop", said("assistant", "x")),), "response"), ("LLMCompletionResult", (("y",),), "response")]:
    args, at = log(PRECOMPILE, name, *values)
    expected.append({"kind": "chain-event", "event": name, member: large(as_json(args[member])), **at})
open(f"{folder}/logs.json", "w").write(json.dumps({"jsonrpc": "2.0", "id": 1, "result": logs}))

pcrs = tuple(bytes([n]) * 48 for n in (1, 2, 3))
transactions = []
for n, (name, args, record) in enumerate([
    ("approvePCR", [pcrs, "v9", 0], {"kind": "measurement", "pcr_hash": h(w3.keccak(b"".join(pcrs))), "version": "v9"}),
    ("batchSettle", [w(20), 6, b"blob"], {"function": "batchSettle", "merkleRoot": h(w(20)), "batchSize": "6", "walrusBlobId": h(b"blob")}),
    ("revokePCR", [w(1), 2], {"function": "revokePCR", "pcrHash": h(w(1)), "teeType": "2"}),
]):
    data = contract.encode_abi(name, args=args)
    decoded, back = contract.decode_function_input(data)
    assert decoded.fn_name == name, back
    tx = "0x" + f"{0xcc00 + n:064x}"
    transactions += [{"hash": tx, "from": a(5), "to": REGISTRY, "nonce": "0x0", "input": data, "blockNumber": "0x64", "blockHash": "0x" + f"{0:064x}", "blockTimestamp": hex(1774300000)},
                     {"transactionHash": tx, "status": "0x1", "blockNumber": "0x64", "blockHash": "0x" + f"{0:064x}", "blockTimestamp": hex(1774300000), "logs": []}]
    expected.append({**record, "tx_hash": tx})
open(f"{folder}/tx.jsonl", "w").write("".join(json.dumps(t) + "\n" for t in transactions))
print(json.dumps(expected))
