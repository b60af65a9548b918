//! One request with every proof there is, made here, as owned texts and bytes that a test may spoil one at a time.

use crate::model::{Amount, Hash, Nanos, Step};
use crate::proof::blob::Content;
use crate::proof::hashes::keccak256;
use crate::proof::ladder::*;
use crate::proof::malformed::base64_text;
use crate::proof::merkle::{inclusion_proof, leaf_hash, range_root};
use crate::proof::note::{KeyType, VerifierKey, cosignature_message, note_body, signature_line};
use crate::proof::payment::{UPTO_PROXY, address_of, parse as parse_payment};
use crate::proof::python_json::parse;
use crate::proof::receipt::event::topic;
use crate::proof::receipt::{Header, ReceiptProof, root_of};
use crate::proof::registry::{Event, Placed, Registry};
use crate::proof::rlp::{encode_bytes, encode_list, encode_u64};
use crate::proof::settlement::{Dump, Leaf, g2_signature_word};
use crate::proof::tee::{
    EnclaveKey, Scheme, canonical_request, message_hash, output_hash, request_hash, v0_signed_text,
};
use crate::proof::trust::{Block, Contract, Log, Measurement, Trust};
use ed25519_dalek::{Signer, SigningKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rsa::pkcs8::EncodePublicKey;
use rsa::signature::{RandomizedSigner, SignatureEncoding};
use ruint::aliases::U256;
use std::convert::Infallible;
use std::sync::OnceLock;

pub(super) const TIME: u64 = 1_774_353_587;
const ORIGIN: &str = "gw.example/provenance";
const REGISTRY: Contract = Contract { chain_id: 10_740, address: [7; 20] };
const RELAY: [u8; 20] = [8; 20];
const TOKEN: [u8; 20] = [9; 20];
const PAYEE: [u8; 20] = [0xaa; 20];
const CHAIN: u64 = 8453;

/// Everything that can be spoiled, in one place.
#[derive(Clone)]
pub(super) struct Scene {
    pub form: Form,
    pub trust: Trust,
    pub line: Vec<u8>,
    pub note: String,
    pub path: Vec<Hash>,
    pub request: String,
    pub output: String,
    /// The whole response, where the form signs it.
    pub response: Option<String>,
    pub tee_id: String,
    pub request_hash: String,
    pub output_hash: String,
    pub timestamp: u64,
    pub signature: String,
    pub public_key: String,
    pub pcr_hash: String,
    pub claimed_version: String,
    pub dump: String,
    pub merkle_root: String,
    pub receipt: ReceiptProof,
    pub authorization: String,
    pub payer: [u8; 20],
    pub transfer: ReceiptProof,
    pub registry: Registry,
    pub is_nonce_reused: bool,
    /// The id of the model's blob, and its content.
    pub blob_id: String,
    pub blob: Vec<u8>,
}

/// Which of the forms that gateways, relays and payers have had.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub scheme: Scheme,
    generation: Generation,
    permit: Permit,
}

#[derive(Clone, Copy, Debug)]
enum Generation {
    G1,
    G2,
    G3,
}

#[derive(Clone, Copy, Debug)]
enum Permit {
    Eip3009,
    Permit2,
}

const FORMS: [Form; 4] = [
    Form { scheme: Scheme::V1, generation: Generation::G3, permit: Permit::Eip3009 },
    Form { scheme: Scheme::V1a, generation: Generation::G2, permit: Permit::Permit2 },
    Form { scheme: Scheme::V1b, generation: Generation::G1, permit: Permit::Permit2 },
    Form { scheme: Scheme::V0, generation: Generation::G1, permit: Permit::Eip3009 },
];

/// The scene of today's form.
pub(super) fn scene() -> &'static Scene {
    &scenes()[0]
}

/// A scene of every form.
pub(super) fn scenes() -> &'static [Scene] {
    static SCENES: OnceLock<Vec<Scene>> = OnceLock::new();
    SCENES.get_or_init(|| FORMS.map(build).into())
}

impl Scene {
    /// Climbs the ladder over what is now in the scene.
    pub(super) fn climb(&self) -> Path {
        self.climb_with(|_| {})
    }

    pub(super) fn climb_with(&self, change: impl FnOnce(&mut EvidenceFor<'_>)) -> Path {
        let journal = Journal { origin: Some(ORIGIN), log_key: None, root: RootAtSize::NotHeld };
        let checkpoint = CheckedCheckpoint::check(&self.note, &journal, &self.trust);
        let record = EnclaveRecord {
            public_key: Some(&self.public_key),
            pcr_hash: Some(&self.pcr_hash),
            registry: Some(REGISTRY),
            is_logged: true,
            ..EnclaveRecord::default()
        };
        let enclave = CheckedEnclave::check(&record, &self.trust);
        let batch = CheckedBatch::check(&self.dump);
        let at = Nanos::from_unix(TIME.cast_signed()).unwrap();
        let tx_hash = format!("0x{}", "ab".repeat(32));
        let payment = Payment {
            authorization: Some(&self.authorization),
            state: "settled",
            payer: Some(self.payer),
            payee: Some(PAYEE),
            amount: Some(amount(41)),
            token: Some(TOKEN),
            chain_id: Some(CHAIN),
            settled_at: Some(TIME + 100),
            tx_hash: Some(&tx_hash),
            receipt_status: Some(1),
            receipt: Some(&self.transfer),
            expected: Some(amount(41)),
            is_nonce_reused: self.is_nonce_reused,
        };
        let payment = CheckedPayment::check(&payment, &self.trust);
        let blob = Content::of(&self.blob);
        let mut evidence = EvidenceFor {
            checkpoint: Some(&checkpoint),
            inclusion: Inclusion::Path(&self.path),
            response: Response {
                proof: Some("tee"),
                request: Some(&self.request),
                output: Some(&self.output),
                scheme: Some(self.form.scheme.name()),
                response: self.response.as_deref(),
                tee_id: Some(&self.tee_id),
                request_hash: Some(&self.request_hash),
                output_hash: Some(&self.output_hash),
                timestamp: Some(self.timestamp),
                signature: Some(&self.signature),
                ..Response::default()
            },
            enclave: Some(&enclave),
            registry: Some(&self.registry),
            claimed_version: Some(&self.claimed_version),
            claimed_blob: Some(&self.blob_id),
            blob: BlobContent::Is(&blob),
            settlement: Some(Settlement {
                mode: "batch",
                merkle_root: Some(&self.merkle_root),
                batch_size: Some(3),
                batch: Some(&batch),
                chain_id: Some(CHAIN),
                tx_hash: Some(&tx_hash),
                receipt_status: Some(1),
                receipt: Some(&self.receipt),
                ..Settlement::default()
            }),
            payment: Some(&payment),
            ..EvidenceFor::bare(&self.trust, &self.line, 3, at, at)
        };
        change(&mut evidence);
        climb(&evidence)
    }
}

/// The step a whole scene does not have: no AWS document can be made here. `tests/vectors_proof` spoils a real one.
pub(super) const NOT_IN_SCENE: [Step; 1] = [Step::Attestation];

/// CIDv1 of raw bytes, in hex: four bytes say so, then their SHA-256.
fn cid(content: &[u8]) -> String {
    format!("f01551220{}", crate::proof::hashes::sha256(content))
}

fn amount(n: u64) -> Amount {
    Amount(U256::from(n))
}

fn rsa_key() -> rsa::RsaPrivateKey {
    static KEY: OnceLock<rsa::RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| rsa::RsaPrivateKey::new(&mut ChaCha20Rng::seed_from_u64(7), 2048).unwrap()).clone()
}

fn build(form: Form) -> Scene {
    let rsa = rsa_key();
    let spki = rsa.to_public_key().to_public_key_der().unwrap().into_vec();
    let tee_id = EnclaveKey::parse(&spki).unwrap().tee_id();
    // Only content that is a list is signed in two ways.
    let content = match form.scheme {
        Scheme::V1a | Scheme::V1b => {
            r#"[{"type":"text","text":"H\u00ebllo"},{"type":"file","file":{"filename":"a"}}]"#
        }
        Scheme::V0 | Scheme::V1 => r#""Hëllo""#,
    };
    let request = format!(
        r#"{{"model":"m","temperature":0.7,"max_tokens":64,"messages":[{{"role":"user","content":{content}}}]}}"#
    );
    let canonical = canonical_request(&parse(&request).unwrap().value, form.scheme).unwrap();
    let (input, output) = (request_hash(&canonical, form.scheme), output_hash("Hi there!"));
    let response = (form.scheme == Scheme::V0).then(|| {
        let time = Nanos::from_unix(TIME.cast_signed()).unwrap().rfc3339();
        format!(
            r#"{{"finish_reason":"stop","message":{{"content":"Hi there!"}},"model":"m","request_hash":"{input}","timestamp":"{time}"}}"#
        )
    });
    let (message, salt) = match &response {
        Some(response) => (v0_signed_text(&parse(response).unwrap().value).unwrap().into_bytes(), 222),
        None => (message_hash(&input, &output, TIME).0.to_vec(), 32),
    };
    let signer = rsa::pss::SigningKey::<sha2::Sha256>::new_with_salt_len(rsa, salt);
    let signature = signer.sign_with_rng(&mut ChaCha20Rng::seed_from_u64(8), &message).to_vec();

    let leaf = |input, signature: Vec<u8>| match form.generation {
        Generation::G1 => Leaf::G1 { input, output },
        Generation::G2 => Leaf::G2 { input, output, signature: g2_signature_word(&base64_text(&signature)) },
        Generation::G3 => Leaf::G3 { tee_id, input, output, signature, timestamp: TIME },
    };
    let others = [1, 2].map(|n| leaf(Hash([n; 32]), vec![n; 256]));
    let leaf = leaf(input, signature.clone());
    let dump = Dump::text_of(&[others[0].clone(), leaf, others[1].clone()]).unwrap();
    let root = Dump::parse(&dump).unwrap().root();
    let receipt = proved(&batch_log(&root));
    let (payer, authorization) = payment(form.permit);
    let transfer = proved(&transfer_log(payer));
    let pcr_hash = keccak256("build");

    let line = br#"{"kind":"inference","id":"req-7f3a"}"#.to_vec();
    let leaf_at = |index: u64| if index == 3 { leaf_hash(&line) } else { leaf_hash(&index.to_le_bytes()) };
    let mut root_of_lines = |range| range_root::<Infallible>(range, &mut |index| Ok(leaf_at(index)));
    let path = inclusion_proof(3, 11, &mut root_of_lines).unwrap().unwrap();
    let (note, log, witness) = note(&root_of_lines(0..11).unwrap());
    let block = |proof: &ReceiptProof| {
        let header = Header::parse(&proof.header).unwrap();
        Block { chain_id: CHAIN, number: header.number, hash: header.hash }
    };
    let trust = Trust {
        logs: vec![Log { origin: ORIGIN.into(), key: log }],
        witnesses: vec![witness],
        quorum: 1,
        measurements: vec![Measurement { pcr_hash, version: "2.4.1".into() }],
        registries: vec![REGISTRY],
        relays: vec![Contract { chain_id: CHAIN, address: RELAY }],
        blocks: vec![block(&receipt), block(&transfer)],
    };
    let events = [
        Event::MeasurementApproved { pcr_hash, label: "2.4.1".into() },
        Event::EnclaveRegistered { tee_id, pcr_hash: Some(pcr_hash) },
    ];
    let placed = |event| Placed { at: Nanos(0), block: 0, log: 0, event };
    let blob = b"weights of 2.4.1".to_vec();
    Scene {
        form,
        trust,
        note,
        path,
        request,
        response,
        output: "Hi there!".into(),
        tee_id: tee_id.hex(),
        request_hash: input.hex(),
        output_hash: output.hex(),
        timestamp: TIME,
        signature: base64_text(&signature),
        public_key: base64_text(&spki),
        pcr_hash: pcr_hash.hex(),
        claimed_version: "2.4.1".into(),
        dump,
        merkle_root: root.hex(),
        receipt,
        authorization,
        payer,
        transfer,
        registry: Registry::fold(events.into_iter().map(placed).collect()),
        line,
        is_nonce_reused: false,
        blob_id: cid(&blob),
        blob,
    }
}

fn note(root: &Hash) -> (String, VerifierKey, VerifierKey) {
    let (log, witness) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
    let key = |secret: &SigningKey, name: &str, kind| {
        VerifierKey::new(name, kind, secret.verifying_key().to_bytes())
    };
    let log_key = key(&log, ORIGIN, KeyType::Ed25519);
    let witness_key = key(&witness, "w1.example", KeyType::Cosignature);
    let body = note_body(ORIGIN, 11, root);
    let signed = signature_line(ORIGIN, log_key.key_id, &log.sign(body.as_bytes()).to_bytes());
    let mut cosignature = TIME.to_be_bytes().to_vec();
    cosignature.extend(witness.sign(cosignature_message(TIME, &body).as_bytes()).to_bytes());
    let cosigned = signature_line("w1.example", witness_key.key_id, &cosignature);
    (format!("{body}\n{signed}{cosigned}"), log_key, witness_key)
}

fn payment(permit: Permit) -> ([u8; 20], String) {
    let secret = k256::ecdsa::SigningKey::from_slice(&[3; 32]).unwrap();
    let payer = address_of(secret.verifying_key());
    let (token, from, to, until) = (hex::encode(TOKEN), hex::encode(payer), hex::encode(PAYEE), TIME + 1000);
    let authorization = match permit {
        Permit::Eip3009 => format!(
            r#""authorization":{{"from":"0x{from}","to":"0x{to}","value":"41","validAfter":"{TIME}","validBefore":"{until}","nonce":"0x{}"}}"#,
            "55".repeat(32)
        ),
        Permit::Permit2 => format!(
            r#""permit2Authorization":{{"permitted":{{"token":"0x{token}","amount":"41"}},"from":"0x{from}","spender":"0x{}","nonce":"77","deadline":"{until}","witness":{{"to":"0x{to}","facilitator":"0x{}","validAfter":"{TIME}"}}}}"#,
            hex::encode(UPTO_PROXY),
            "66".repeat(20)
        ),
    };
    // Permit2 has a domain of its own: of the token's nothing is signed.
    let extra = match permit {
        Permit::Eip3009 => r#","extra":{"name":"USD Coin","version":"2"}"#,
        Permit::Permit2 => "",
    };
    let text = |signature: &str| {
        format!(
            r#"{{"accepted":{{"network":"eip155:8453","asset":"0x{token}"{extra}}},"payload":{{"signature":"0x{signature}",{authorization}}}}}"#
        )
    };
    let digest = parse_payment(&text("00")).unwrap().digest();
    let (signature, recovery) = secret.sign_prehash_recoverable(&digest.0);
    let v = 27 + recovery.to_byte();
    (payer, text(&format!("{}{v:02x}", hex::encode(signature.to_bytes()))))
}

fn batch_log(root: &Hash) -> Vec<u8> {
    let topics = [topic("BatchSettlement(bytes32,uint256)"), *root].map(|word| encode_bytes(&word.0));
    let size: [u8; 32] = U256::from(3).to_be_bytes();
    encode_list(&[encode_bytes(&RELAY), encode_list(&topics), encode_bytes(&size)])
}

fn transfer_log(payer: [u8; 20]) -> Vec<u8> {
    let word = |address: [u8; 20]| encode_bytes(&[&[0; 12][..], &address].concat());
    let topics = [encode_bytes(&topic("Transfer(address,address,uint256)").0), word(payer), word(PAYEE)];
    let value: [u8; 32] = U256::from(41).to_be_bytes();
    encode_list(&[encode_bytes(&TOKEN), encode_list(&topics), encode_bytes(&value)])
}

/// A block of one successful transaction with one log: its trie is a single leaf.
fn proved(log: &[u8]) -> ReceiptProof {
    let body =
        [encode_bytes(&[1]), encode_u64(21_000), encode_bytes(&[0; 256]), encode_list(&[log.to_vec()])];
    let receipt = [vec![2], encode_list(&body)].concat();
    let root = root_of(&[(encode_u64(0), receipt.clone())]);
    let mut fields = vec![encode_bytes(&[0; 32]); 15];
    fields[5] = encode_bytes(&root.0);
    fields[8] = encode_u64(1000 + log.len() as u64);
    fields[11] = encode_u64(TIME);
    let leaf = encode_list(&[encode_bytes(&[0x20, 0x80]), encode_bytes(&receipt)]);
    ReceiptProof { header: encode_list(&fields), index: 0, nodes: vec![leaf] }
}
