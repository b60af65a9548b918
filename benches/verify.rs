//! RSA-PSS over a whole case against the crypto library's own loop times cores: `cargo bench --bench verify -- [REQUESTS]`.
//!
//! Signing is slow, so the default is 20,000 requests; a loop over the same signatures is repeated up to 100,000.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and it prints"
)]

use backtrail::journal::wire::{self, Record};
use backtrail::model::Hash;
use backtrail::proof::malformed::base64_bytes;
use backtrail::proof::tee::{EnclaveKey, message_hash};
use backtrail::store::Case;
use backtrail::work::ingest::{Watcher, ingest};
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::study::Study;
use backtrail::work::verify::{Pins, verify};
use std::collections::HashMap;
use std::time::Instant;

fn main() {
    let requests = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(20_000);
    let folder = tempfile::tempdir().unwrap();
    let journals = folder.path().join("journals");
    Simulation { signed: true, ..Simulation::new(Scenario::Default, 7, requests) }
        .write(&journals, &mut |_| ())
        .unwrap();
    let path = folder.path().join("bench.case");
    let mut case = Case::create_or_open(&path).unwrap();
    ingest(&mut case, &[journals], &mut Watcher::none()).unwrap();

    let signatures = signatures(&Study::open(&path).unwrap());
    let started = Instant::now();
    let mut valid = 0;
    let mut count = 0;
    for signature in signatures.iter().cycle().take(signatures.len().max(20_000)) {
        valid += u64::from(signature.key.verifies_v1(&signature.message, &signature.bytes));
        count += 1;
    }
    let each = started.elapsed().as_secs_f64() / f64::from(count);
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    println!(
        "the library's own loop       {:.1} µs a signature, {:.0}/s a core ({valid} of {count} valid)",
        each * 1e6,
        1.0 / each
    );

    let pins = Pins::default();
    let started = Instant::now();
    verify(&mut case, &pins, &mut Watcher::none()).unwrap();
    let whole = started.elapsed().as_secs_f64();
    let rate = signatures.len() as f64 / whole;
    println!(
        "verify, all sixteen steps    {whole:.2} s for {} signed of {requests} requests, {rate:.0}/s",
        signatures.len()
    );
    println!("ratio to loop × {cores} cores      {:.2} (must 0.85, aim 0.97)", rate * each / cores);
    let started = Instant::now();
    verify(&mut case, &pins, &mut Watcher::none()).unwrap();
    println!("asked again                  {:.2} s", started.elapsed().as_secs_f64());
}

struct Signature {
    key: EnclaveKey,
    message: Vec<u8>,
    bytes: Vec<u8>,
}

fn signatures(study: &Study) -> Vec<Signature> {
    let mut keys: HashMap<String, EnclaveKey> = HashMap::new();
    let mut found = Vec::new();
    let lines = study.snapshot.order().unwrap().iter().map(|row| study.snapshot.line(*row).unwrap());
    for line in lines {
        match wire::parse(&line) {
            Ok((Record::Enclave(r), _)) => {
                let key = r
                    .public_key
                    .as_deref()
                    .and_then(|text| EnclaveKey::parse(&base64_bytes(text).ok()?).ok());
                keys.extend(key.map(|key| (r.tee_id.to_string(), key)));
            }
            Ok((Record::Inference(r), _)) => {
                let one = || {
                    let hash = |text: &Option<_>| Hash::parse(text.as_deref()?);
                    let message = message_hash(
                        &hash(&r.tee_request_hash)?,
                        &hash(&r.tee_output_hash)?,
                        r.tee_timestamp?,
                    );
                    let bytes = base64_bytes(r.tee_signature.as_deref()?).ok()?;
                    let key = keys.get(r.tee_id.as_deref()?)?.clone();
                    Some(Signature { key, message: message.0.to_vec(), bytes })
                };
                found.extend(one());
            }
            _ => {}
        }
    }
    found
}
