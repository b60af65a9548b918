"""A payment signed and dumped by the PyPI package `x402` (version 2, EIP-3009), as JSON and as its header."""

import base64, json, sys

try:
    from eth_account import Account
    from x402.mechanisms.evm.exact.client import ExactEvmScheme
    from x402.mechanisms.evm.signers import EthAccountSigner
    from x402.schemas import PaymentPayload, PaymentRequirements
except ImportError as missing:
    print(f"skipped: {missing}; pip install 'x402[evm]'")
    sys.exit(77)

folder = sys.argv[1]
account = Account.from_key("0x" + "01" * 32)
requirements = PaymentRequirements(scheme="exact", network="eip155:8453", amount="12500",
    asset="0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", pay_to="0x" + "22" * 20, max_timeout_seconds=300,
    extra={"name": "USD Coin", "version": "2"})
inner = ExactEvmScheme(EthAccountSigner(account)).create_payment_payload(requirements)
payload = PaymentPayload(x402_version=2, payload=inner, accepted=requirements)
document = payload.model_dump(by_alias=True, exclude_none=True, mode="json")
open(f"{folder}/payload.json", "w").write(json.dumps(document))
header = base64.b64encode(json.dumps(document).encode()).decode()
open(f"{folder}/session.har", "w").write(json.dumps({"log": {"version": "1.2", "entries": [{
    "startedDateTime": "2026-10-04T09:14:50Z", "time": 12,
    "request": {"method": "POST", "url": "https://gw", "headers": [{"name": "PAYMENT-SIGNATURE", "value": header}]},
    "response": {"status": 200, "headers": [], "content": {"text": ""}}}]}}))
print(json.dumps(document))
