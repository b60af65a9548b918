// Batches of leaves of every generation, built and dumped by npm `@openzeppelin/merkle-tree`.
let StandardMerkleTree;
try {
  ({ StandardMerkleTree } = require("@openzeppelin/merkle-tree"));
} catch (missing) {
  console.log(`skipped: ${missing.message.split("\n")[0]}; npm install @openzeppelin/merkle-tree`);
  process.exit(77);
}
const fs = require("fs");
const folder = process.argv[2];
const word = (n) => "0x" + n.toString(16).padStart(64, "0");
const g3 = StandardMerkleTree.of(
  [1, 2, 3, 4, 5].map((n) => [word(9), word(100 + n), word(200 + n), "0x" + "ab".repeat(256), String(1774353587 + n)]),
  ["bytes32", "bytes32", "bytes32", "bytes", "uint256"]);
const g1 = StandardMerkleTree.of([1, 2, 3].map((n) => [word(300 + n), word(400 + n)]), ["bytes32", "bytes32"]);
fs.writeFileSync(`${folder}/g3.json`, JSON.stringify(g3.dump()));
fs.writeFileSync(`${folder}/g1.json`, JSON.stringify(g1.dump(), null, 2));
console.log(JSON.stringify({ g3: g3.root, g1: g1.root }));
