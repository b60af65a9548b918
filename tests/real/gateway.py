"""Signs responses as an OpenGradient gateway does and has the PyPI package `opengradient` accept each of them."""

import base64, json, sys

try:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from eth_hash.auto import keccak
    from opengradient.client.tee_verify import (
        build_inner_request, canonical_request_bytes, pem_from_der, verify_response,
    )
except ImportError as missing:
    print(f"skipped: {missing}; pip install opengradient")
    sys.exit(77)

folder = sys.argv[1]
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
der = key.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
tee_id = "0x" + keccak(der).hex()

bodies = [
    {"model": "gpt-4.1-2025-04-14", "messages": [{"role": "user", "content": "Hello"}], "user": "desk-4"},
    {"model": "m", "messages": [{"role": "system", "content": "caf\u00e9 \U0001f600"},
                                {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "x"}}]}],
     "temperature": 1e-05, "max_tokens": 7, "top_p": 0.3, "stop": ["\n"]},
    {"model": "m", "messages": [{"role": "developer", "content": "d"}, {"role": "user", "content": "call it"}],
     "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}], "web_search": True},
]
calls = [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}}]
messages = [({"role": "assistant", "content": "Hi there!"}, "stop"), ({"role": "assistant", "content": "\u2603 ok\n"}, "stop"),
            ({"role": "assistant", "content": "", "tool_calls": calls}, "tool_calls")]

lines, expected = [], []
for n, (body, (message, reason)) in enumerate(zip(bodies, messages)):
    _, canonical = build_inner_request(body)
    request_hash = keccak(canonical_request_bytes(canonical))
    content = json.dumps(calls, sort_keys=True) if reason == "tool_calls" else message["content"]
    output_hash = keccak(content.encode())
    at = 1774353587 + n
    digest = keccak(request_hash + output_hash + at.to_bytes(32, "big"))
    signature = key.sign(digest, padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32), hashes.SHA256())
    response = {
        "id": f"chatcmpl-{n}", "object": "chat.completion", "created": at, "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 8 + n, "completion_tokens": 3 + n, "total_tokens": 11 + 2 * n},
        "tee_signature": base64.b64encode(signature).decode(), "tee_request_hash": request_hash.hex(),
        "tee_output_hash": output_hash.hex(), "tee_timestamp": at, "tee_id": tee_id,
    }
    verify_response(canonical_request=canonical, response_body=response, response_content=content,
                    signing_key_pem=pem_from_der(der), expected_tee_id=tee_id)
    lines.append(json.dumps({"request": body, "response": response}))
    expected.append(response)

open(f"{folder}/gateway.jsonl", "w").write("".join(line + "\n" for line in lines))
open(f"{folder}/tee.json", "w").write(json.dumps({
    "owner": "0x" + "11" * 20, "endpoint": "https://127.0.0.1", "publicKey": "0x" + der.hex(), "tlsCertificate": "0x",
    "pcrHash": "0x" + "22" * 32, "teeType": 0, "enabled": True, "registeredAt": 1774300000}))
print(json.dumps(expected))
