"""Encodes logs of every generation, calldata of every call and a registry's answer with `eth-abi`."""

import base64, json, sys

try:
    from eth_abi import encode
    from eth_hash.auto import keccak
except ImportError as missing:
    print(f"skipped: {missing}; pip install eth-abi")
    sys.exit(77)

folder = sys.argv[1]
REGISTRY, RELAY, TOKEN = "0x4e72238852f3c918f4e4e57aec9280ddb0c80248", "0xf1dc0d5dcf2a01924fac78185b9227cf3ec839a5", "0x" + "77" * 20
w = lambda n: bytes([n]) * 32
a = lambda n: "0x" + f"{n:02x}" * 20
logs, expected = [], []

def log(address, signature, indexed, types, values, record, **changes):
    n = len(logs)
    topics = [keccak(signature.encode())] + [encode([t], [v]) for t, v in indexed]
    entry = {"address": address, "topics": ["0x" + t.hex() for t in topics], "data": "0x" + encode(types, values).hex(),
             "blockNumber": hex(100 + n), "blockHash": "0x" + f"{n:064x}", "transactionHash": "0x" + f"{n + 1:064x}",
             "transactionIndex": "0x0", "logIndex": hex(n), "removed": False}
    entry.update(changes)
    logs.append(entry)
    expected.append({**record, "tx_hash": entry["transactionHash"], "log_index": n})

h = lambda b: "0x" + b.hex()
for sig, idx, types, vals, state, version, grace in [
    ("PCRApproved(bytes32,uint8,string)", [("bytes32", w(1)), ("uint8", 0)], ["string"], ["v1"], "approved", "v1", None),
    ("PCRApproved(bytes32,string)", [("bytes32", w(2))], ["string"], ["v\u2603 2"], "approved", "v\u2603 2", None),
    ("PCRRevoked(bytes32,uint8)", [("bytes32", w(1)), ("uint8", 0)], [], [], "revoked", "v1", None),
    ("PCRRevoked(bytes32)", [("bytes32", w(2))], [], [], "revoked", "v\u2603 2", None),
    ("PCRRevoked(bytes32,uint256)", [("bytes32", w(3))], ["uint256"], [3600], "revoked", "(unlabelled)", 3600),
]:
    record = {"kind": "measurement", "pcr_hash": h(idx[0][1]), "state": state, "version": version}
    if grace: record["grace_s"] = grace
    log(REGISTRY, sig, idx, types, vals, record)
for name, state in [("TEEDisabled", "disabled"), ("TEEEnabled", "enabled"), ("TEEDeactivated", "disabled"), ("TEEActivated", "enabled"), ("TEERemoved", "removed")]:
    log(REGISTRY, f"{name}(bytes32)", [("bytes32", w(9))], [], [], {"kind": "enclave", "tee_id": h(w(9)), "state": state})
log(REGISTRY, "TEERegistered(bytes32,address,uint8)", [("bytes32", w(9)), ("address", a(5))], ["uint8"], [1],
    {"kind": "enclave", "tee_id": h(w(9)), "state": "registered", "owner": a(5), "tee_type": 1})
blob = "hJD2Ja3akZFt1A2LT-D_1oxOCz_OtuGYw4V9eE1m39M"
log(RELAY, "BatchSettlement(bytes32,uint256,bytes)", [("bytes32", w(20))], ["uint256", "bytes"], [6, blob.encode()],
    {"kind": "settlement", "mode": "batch", "merkle_root": h(w(20)), "batch_size": 6, "blob_id": blob, "state": "settled"})
log(RELAY, "BatchSettlement(bytes32,uint256)", [("bytes32", w(21))], ["uint256"], [7],
    {"kind": "settlement", "mode": "batch", "merkle_root": h(w(21)), "batch_size": 7, "state": "settled"})
log(RELAY, "IndividualSettlement(bytes32,address,bytes32,bytes32,uint256,bytes,bytes)", [("bytes32", w(9)), ("address", a(6))],
    ["bytes32", "bytes32", "uint256", "bytes", "bytes"], [w(30), w(31), 1774353587, blob.encode(), b"\x01" * 256],
    {"kind": "settlement", "mode": "individual", "tee_id": h(w(9)), "request_hash": h(w(30)), "output_hash": h(w(31)),
     "payer": a(6), "blob_id": blob, "tee_timestamp": 1774353587, "signature": h(b"\x01" * 256)})
log(RELAY, "Settlement(bytes32,bytes32)", [("bytes32", w(32)), ("bytes32", w(33))], [], [],
    {"kind": "settlement", "mode": "individual", "request_hash": h(w(32)), "output_hash": h(w(33))})
log(RELAY, "Settlement(bytes32,bytes32)", [], ["bytes32", "bytes32"], [w(34), w(35)],
    {"kind": "settlement", "mode": "individual", "request_hash": h(w(34)), "output_hash": h(w(35))})
for n, split in ((36, 2), (38, 0)):
    hashes = [("bytes32", w(n)), ("bytes32", w(n + 1))]
    rest = ["string", "bytes", "bytes"]
    log(RELAY, "SettlementWithMetadata(bytes32,bytes32,string,bytes,bytes)", hashes[:split], [t for t, _ in hashes[split:]] + rest,
        [v for _, v in hashes[split:]] + ["m\u2603", b"in", b"out"],
        {"kind": "settlement", "mode": "individual", "request_hash": h(w(n)), "output_hash": h(w(n + 1)), "metadata": "m\u2603"})
tx = "0x" + "ee" * 32
log(TOKEN, "AuthorizationUsed(address,bytes32)", [("address", a(6)), ("bytes32", w(40))], [], [],
    {"kind": "chain-event", "event": "AuthorizationUsed", "nonce": h(w(40))}, transactionHash=tx)
log(TOKEN, "Transfer(address,address,uint256)", [("address", a(6)), ("address", a(7))], ["uint256"], [2**255 + 1],
    {"kind": "payment", "id": "x402:" + h(w(40)), "payer": a(6), "payee": a(7), "amount": str(2**255 + 1), "state": "settled"}, transactionHash=tx)
blocks = [{"number": entry["blockNumber"], "hash": entry["blockHash"], "parentHash": "0x" + "00" * 32,
           "timestamp": hex(1774300000 + n), "transactions": []} for n, entry in enumerate(logs)]
open(f"{folder}/logs.json", "w").write(json.dumps({"jsonrpc": "2.0", "id": 1, "result": logs}, indent=1))
open(f"{folder}/blocks.jsonl", "w").write("".join(json.dumps({"jsonrpc": "2.0", "id": 1, "result": b}) + "\n" for b in blocks))

pcrs = tuple(bytes([n]) * 48 for n in (1, 2, 3))
call = keccak(b"approvePCR((bytes,bytes,bytes),string,uint8)")[:4] + encode(["(bytes,bytes,bytes)", "string", "uint8"], [pcrs, "v9", 0])
h_tx = "0x" + "dd" * 32
transactions = []
sent = lambda tx, to, data: [
    {"hash": tx, "from": a(5), "to": to, "nonce": "0x0", "input": h(data), "blockNumber": "0x64", "blockHash": blocks[0]["hash"]},
    {"transactionHash": tx, "status": "0x1", "blockNumber": "0x64", "blockHash": blocks[0]["hash"], "logs": []}]
transactions += sent(h_tx, REGISTRY, call)
expected.append({"kind": "measurement", "pcr_hash": h(keccak(b"".join(pcrs))), "version": "v9", "state": "approved", "tx_hash": h_tx})

b64 = lambda data: base64.b64encode(data).decode()
SIGNER, DOCUMENT, CERTIFICATE = b"\x45" * 294, b"\xd2" + b"\x46" * 4000, b"\x30\x03\x01\x02\x03"
for n, (to, signature, types, values, record) in enumerate([
    (REGISTRY, "approvePCR((bytes,bytes,bytes),string)", ["(bytes,bytes,bytes)", "string"], [pcrs[::-1], "v10"],
     {"kind": "measurement", "pcr_hash": h(keccak(b"".join(pcrs[::-1]))), "version": "v10", "state": "approved"}),
    (REGISTRY, "revokePCR(bytes32,uint8)", ["bytes32", "uint8"], [w(1), 2], {"function": "revokePCR", "pcrHash": h(w(1)), "teeType": "2"}),
    (REGISTRY, "revokePCR(bytes32)", ["bytes32"], [w(2)], {"function": "revokePCR", "pcrHash": h(w(2))}),
    (REGISTRY, "registerTEEWithAttestation(bytes,bytes,bytes,address,string,uint8)", ["bytes", "bytes", "bytes", "address", "string", "uint8"],
     [DOCUMENT, SIGNER, CERTIFICATE, a(8), "https://tee-2", 1],
     {"kind": "enclave", "tee_id": h(keccak(SIGNER)), "state": "registered", "public_key": b64(SIGNER), "attestation": b64(DOCUMENT),
      "tls_certificate": b64(CERTIFICATE), "payment_address": a(8), "endpoint": "https://tee-2", "tee_type": 1}),
    (RELAY, "batchSettle(bytes32,uint256,bytes)", ["bytes32", "uint256", "bytes"], [w(20), 6, blob.encode()],
     {"function": "batchSettle", "merkleRoot": h(w(20)), "batchSize": "6", "walrusBlobId": h(blob.encode())}),
    (RELAY, "batchSettle(bytes32,uint256)", ["bytes32", "uint256"], [w(21), 7],
     {"function": "batchSettle", "merkleRoot": h(w(21)), "batchSize": "7"}),
    (RELAY, "settleIndividual(bytes32,bytes32,bytes32,uint256,address,bytes,bytes)",
     ["bytes32", "bytes32", "bytes32", "uint256", "address", "bytes", "bytes"], [w(9), w(30), w(31), 1774353587, a(6), blob.encode(), b"\x01" * 256],
     {"function": "settleIndividual", "teeId": h(w(9)), "inputHash": h(w(30)), "outputHash": h(w(31)), "timestamp": "1774353587",
      "ethAddress": a(6), "walrusBlobId": h(blob.encode()), "signature": h(b"\x01" * 256)}),
]):
    tx = "0x" + f"{0xcc00 + n:064x}"
    transactions += sent(tx, to, keccak(signature.encode())[:4] + encode(types, values))
    expected.append({**record, "tx_hash": tx, "receipt_status": 1} if "function" in record else {**record, "tx_hash": tx})
open(f"{folder}/tx.jsonl", "w").write("".join(json.dumps(t) + "\n" for t in transactions))

KEY = b"\x44" * 294
tee = (a(5), a(6), "https://tee", KEY, b"\x30\x00", w(1), 0, True, 1774300000, 1774300100)
state = encode(["(address,address,string,bytes,bytes,bytes32,uint8,bool,uint256,uint256)[]"], [[tee]])
open(f"{folder}/active.json", "w").write(json.dumps({"jsonrpc": "2.0", "id": 4, "result": "0x" + state.hex()}))
expected.append({"kind": "enclave", "tee_id": h(keccak(KEY)), "pcr_hash": h(w(1)), "endpoint": "https://tee"})
print(json.dumps(expected))
