//! RSA-PSS over a whole case against the crypto library's own loop times cores:
//! `cargo bench --bench verify -- [REQUESTS] [SIGNATURES]`.
//!
//! Two ratios: of the signature step as verification runs it (line read, parsed, hashed, verified), which is to be ≥ 0.85;
//! and of a whole `verify`, sixteen steps of every request, findings and attribution after it. What the other steps cost
//! is printed beside it. Signing is slow, so the default is 20,000 requests, gone over until 100,000 signatures are verified.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and it prints"
)]

use backtrail::journal::wire::{self, Record};
use backtrail::model::{Hash, Row, Status};
use backtrail::proof::malformed::base64_bytes;
use backtrail::proof::payment::{self, Recovery};
use backtrail::proof::tee::{EnclaveKey, message_hash};
use backtrail::store::Case;
use backtrail::work::ingest::{Watcher, ingest};
use backtrail::work::simulate::{Scenario, Simulation};
use backtrail::work::study::Study;
use backtrail::work::verify::{Pins, requests_in, verify};
use backtrail::work::{Cancel, parallel::each_row};
use std::collections::HashMap;
use std::time::Instant;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let requests = numbers.next().unwrap_or(20_000);
    let wanted = numbers.next().unwrap_or(100_000);
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
    assert!(!signatures.is_empty(), "no request is signed");
    let passes = wanted.div_ceil(signatures.len());
    let verified = (passes * signatures.len()) as f64;
    for signature in signatures.iter().cycle().take(wanted) {
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

    let study = Study::open(&path).unwrap();
    let archive = study.archive().unwrap();
    let rows: Vec<_> =
        (0..study.snapshot.chunks().len()).flat_map(|n| requests_in(&study, n).unwrap()).collect();
    let judged =
        |row: &Row| archive.signature_of(*row).unwrap().is_some_and(|status| status != Status::Missing);
    let signed: Vec<Row> = rows.iter().copied().filter(judged).collect();
    let cancel = Cancel::default();
    let started = Instant::now();
    let read = each_row(&rows, &cancel, |row| study.snapshot.read_line(row, |line, _| line.len())).unwrap();
    let reading = started.elapsed().as_secs_f64();
    println!(
        "reading and parsing lines    {:.1} µs of one core each",
        reading * cores / read.len() as f64 * 1e6
    );

    // The loop again, now on every core at once: cores that share caches and a clock do not double its rate.
    let started = Instant::now();
    let places: Vec<Row> = (0..signatures.len()).map(|n| Row(n as u32)).collect::<Vec<_>>().repeat(passes);
    let loops = each_row(&places, &cancel, |row| {
        let signature = &signatures[row.0 as usize];
        Ok(signature.key.verifies_v1(&signature.message, &signature.bytes))
    });
    let together = verified / started.elapsed().as_secs_f64();
    assert_eq!(loops.unwrap().len(), places.len());
    println!(
        "the loop on {cores} cores at once    {together:.0}/s, {:.2} of loop × cores",
        together * each / cores
    );

    let all = signed.repeat(passes);
    let started = Instant::now();
    let steps = each_row(&all, &cancel, |row| archive.signature_of(row)).unwrap();
    let step = verified / started.elapsed().as_secs_f64();
    let judged = steps.iter().flatten().filter(|status| **status != Status::Missing).count();
    assert_eq!(judged, passes * signatures.len(), "every signature was judged, and nothing else");
    println!("the signature step           {step:.0}/s over {judged} signatures, lines read and parsed anew");
    println!(
        "  ratio to loop × {cores} cores    {:.2} (must 0.85, aim 0.97); to the loop on all cores {:.2}",
        step * each / cores,
        step / together
    );

    let payments = payments(&study);
    let started = Instant::now();
    let accounts = payments.iter().filter(|signed| matches!(signed.recovery(), Recovery::Account(_))).count();
    let recovering = started.elapsed().as_secs_f64();
    let pins = Pins::default();
    let started = Instant::now();
    verify(&mut case, &pins, &mut Watcher::none()).unwrap();
    let whole = started.elapsed().as_secs_f64();
    let rate = signatures.len() as f64 / whole;
    println!("verify, all sixteen steps    {whole:.2} s for {requests} requests, {rate:.0} signed/s");
    println!("  ratio to loop × {cores} cores    {:.2}", rate * each / cores);
    let share = |seconds: f64| 100.0 * seconds / (whole * cores);
    println!(
        "  of its time: RSA {:.0} %, {} secp256k1 recoveries {:.0} %, reading and parsing {:.0} %",
        share(each * signatures.len() as f64),
        accounts,
        share(recovering),
        share(reading * cores)
    );
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

/// The authorisations of a case's payments: each is one recovery on secp256k1.
fn payments(study: &Study) -> Vec<payment::Signed> {
    let rows = study.snapshot.order().unwrap().iter();
    let read = |row: &Row| {
        study.snapshot.read_line(*row, |_, (record, _)| match record {
            Record::Payment(p) => payment::parse(p.authorization?.get()).ok(),
            _ => None,
        })
    };
    rows.filter_map(|row| read(row).unwrap()).collect()
}
