// A payment signed by npm `x402` (version 1, EIP-3009), as its header and as what a client posts to a facilitator.
let x402, types, accounts;
try {
  x402 = require("x402/client");
  types = require("x402/types");
  accounts = require("viem/accounts");
} catch (missing) {
  console.log(`skipped: ${missing.message.split("\n")[0]}; npm install x402`);
  process.exit(77);
}
const { exact } = require("x402/schemes");
const fs = require("fs");
const folder = process.argv[2];
const required = {
  scheme: "exact", network: "base", maxAmountRequired: "900", resource: "https://gw/v1/chat/completions", description: "",
  mimeType: "application/json", payTo: "0x" + "33".repeat(20), maxTimeoutSeconds: 300,
  asset: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", extra: { name: "USD Coin", version: "2" },
};
(async () => {
  const account = accounts.privateKeyToAccount("0x" + "01".repeat(32));
  const header = await x402.createPaymentHeader(account, 1, required);
  const payload = exact.evm.decodePayment(header);
  // Its own schemas accept both documents.
  types.PaymentPayloadSchema.parse(payload);
  types.PaymentRequirementsSchema.parse(required);
  const reply = { success: true, transaction: "0x" + "ab".repeat(32), network: "base", payer: account.address };
  types.SettleResponseSchema.parse(reply);
  fs.writeFileSync(`${folder}/header.txt`, header + "\n");
  fs.writeFileSync(`${folder}/settle.json`, JSON.stringify({ x402Version: 1, paymentPayload: payload, paymentRequirements: required }));
  fs.writeFileSync(`${folder}/session.har`, JSON.stringify({ log: { version: "1.2", entries: [{
    startedDateTime: "2026-10-04T09:14:50Z", time: 12,
    request: { method: "POST", url: "https://gw", headers: [{ name: "X-PAYMENT", value: header }] },
    response: { status: 200, headers: [{ name: "X-PAYMENT-RESPONSE", value: types.settleResponseHeader(reply) }], content: { text: "" } } }] } }));
  console.log(JSON.stringify({ payload, required, reply, payer: account.address }));
})();
