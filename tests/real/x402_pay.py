"""Payments signed and dumped by the PyPI package `x402` (versions 1 and 2, EIP-3009), as JSON and as its headers."""

import json, sys

try:
    from eth_account import Account
    from x402.http.utils import encode_payment_response_header, encode_payment_signature_header
    from x402.mechanisms.evm.exact.client import ExactEvmScheme
    from x402.mechanisms.evm.exact.v1.client import ExactEvmSchemeV1
    from x402.mechanisms.evm.signers import EthAccountSigner
    from x402.schemas import PaymentPayload, PaymentPayloadV1, PaymentRequirements, PaymentRequirementsV1, SettleResponse
except ImportError as missing:
    print(f"skipped: {missing}; pip install 'x402[evm]', in a Python without opengradient, which brings another x402")
    sys.exit(77)

folder = sys.argv[1]
signer = EthAccountSigner(Account.from_key("0x" + "01" * 32))
USDC = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
dump = lambda model: model.model_dump(by_alias=True, exclude_none=True, mode="json")

requirements = PaymentRequirements(scheme="exact", network="eip155:8453", amount="12500", asset=USDC, pay_to="0x" + "22" * 20,
    max_timeout_seconds=300, extra={"name": "USD Coin", "version": "2"})
inner = ExactEvmScheme(signer).create_payment_payload(requirements)
second = PaymentPayload(x402_version=2, payload=inner, accepted=requirements)
open(f"{folder}/payload.json", "w").write(json.dumps(dump(second)))

reply = SettleResponse(success=True, payer=inner["authorization"]["from"], transaction="0x" + "ab" * 32, network="eip155:8453")
open(f"{folder}/session.har", "w").write(json.dumps({"log": {"version": "1.2", "entries": [{
    "startedDateTime": "2026-10-04T09:14:50Z", "time": 12,
    "request": {"method": "POST", "url": "https://gw", "headers": [
        {"name": "PAYMENT-SIGNATURE", "value": encode_payment_signature_header(second)}]},
    "response": {"status": 200, "headers": [{"name": "PAYMENT-RESPONSE", "value": encode_payment_response_header(reply)}],
                 "content": {"text": ""}}}]}}))

old = PaymentRequirementsV1(scheme="exact", network="base", max_amount_required="700", resource="https://gw/v1/chat/completions",
    description="", mime_type="application/json", pay_to="0x" + "33" * 20, max_timeout_seconds=300, asset=USDC,
    extra={"name": "USD Coin", "version": "2"})
first = PaymentPayloadV1(x402_version=1, scheme="exact", network="base", payload=ExactEvmSchemeV1(signer).create_payment_payload(old))
# What a client posts to a facilitator.
open(f"{folder}/verify.json", "w").write(json.dumps({"x402Version": 1, "paymentPayload": dump(first), "paymentRequirements": dump(old)}))
open(f"{folder}/header.txt", "w").write(encode_payment_signature_header(first) + "\n")
print(json.dumps({"v2": dump(second), "v1": dump(first), "required": dump(old), "reply": dump(reply)}))
