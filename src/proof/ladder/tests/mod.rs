//! The ladder over a whole scene, over spoilt ones, and over nothing.

mod scene;

use super::*;
use crate::model::Hash;
use crate::proof::trust::Trust;
use proptest::prelude::*;
use scene::{NOT_IN_SCENE, Scene, TIME, scene, scenes};

fn status(path: &Path, step: Step) -> Status {
    path.step(step).unwrap().status
}

#[test]
fn a_whole_path_is_verified_step_by_step() {
    for scene in scenes() {
        let path = scene.climb();
        assert_eq!(path.steps.iter().map(|result| result.step).collect::<Vec<_>>(), Step::ALL);
        for result in path.steps.iter().filter(|result| !NOT_IN_SCENE.contains(&result.step)) {
            assert_eq!(
                result.status,
                Status::Verified,
                "{:?} {}: {}",
                scene.form,
                result.step,
                result.reason
            );
        }
        assert_eq!(status(&path, Step::Attestation), Status::Missing);
        // Missing, and not required: the build is verified without the document.
        assert_eq!((path.worst(), path.first_failed()), (Status::Verified, None));
    }
}

#[test]
fn without_pins_nothing_that_needs_one_is_verified() {
    let unpinned = Scene { trust: Trust::default(), ..scene().clone() };
    let path = unpinned.climb();
    for (step, expected) in [
        (Step::Checkpoint, Status::Missing),
        (Step::Witness, Status::NotApplicable),
        (Step::Inclusion, Status::Untrusted),
        (Step::RequestHash, Status::Verified),
        (Step::Signature, Status::Untrusted),
        (Step::Measurement, Status::Asserted),
        (Step::Release, Status::Missing),
        (Step::Receipt, Status::Untrusted),
        (Step::Transfer, Status::Untrusted),
    ] {
        assert_eq!(status(&path, step), expected, "{step}: {}", path.step(step).unwrap().reason);
    }
}

#[test]
fn of_a_bare_line_everything_says_what_it_lacks() {
    let trust = Trust::default();
    let path = climb(&EvidenceFor::bare(&trust, b"{}", 0, Nanos(0), Nanos(0)));
    for result in &path.steps {
        assert!(matches!(result.status, Status::Missing | Status::NotApplicable), "{}", result.step);
        assert!(!result.reason.is_empty() && !result.proves.is_empty() && !result.does_not_prove.is_empty());
    }
}

/// One thing spoilt: the steps it may touch, the first of which must stop being verified.
type Spoil = (&'static str, fn(&mut Scene, usize), &'static [Step]);

const SPOILS: &[Spoil] = &[
    ("line", |s, at| flip(&mut s.line, at), &[Step::Inclusion]),
    ("path", |s, at| flip_hashes(&mut s.path, at), &[Step::Inclusion]),
    ("blob", |s, at| flip(&mut s.blob, at), &[Step::Blob]),
    ("blob id", |s, at| flip_text(&mut s.blob_id, at), &[Step::Blob]),
    ("response", |s, at| flip_option(&mut s.response, at), &[Step::Signature, Step::OutputHash]),
    ("note", |s, at| flip_text(&mut s.note, at), &[Step::Checkpoint, Step::Witness, Step::Inclusion]),
    ("request", |s, at| flip_text(&mut s.request, at), &[Step::RequestHash]),
    ("output", |s, at| flip_text(&mut s.output, at), &[Step::OutputHash]),
    ("tee_id", |s, at| flip_text(&mut s.tee_id, at), &[Step::TeeId, Step::Signature, Step::Leaf]),
    (
        "request_hash",
        |s, at| flip_text(&mut s.request_hash, at),
        &[Step::Signature, Step::RequestHash, Step::Leaf],
    ),
    (
        "output_hash",
        |s, at| flip_text(&mut s.output_hash, at),
        &[Step::Signature, Step::OutputHash, Step::Leaf],
    ),
    ("timestamp", |s, at| s.timestamp ^= 1 << (at % 40), &[Step::Signature, Step::Leaf]),
    ("signature", |s, at| flip_text(&mut s.signature, at), &[Step::Signature, Step::Leaf]),
    (
        "public_key",
        |s, at| flip_text(&mut s.public_key, at),
        &[Step::TeeId, Step::Signature, Step::Attestation, Step::Measurement],
    ),
    ("pcr_hash", |s, at| flip_text(&mut s.pcr_hash, at), &[Step::Measurement, Step::Release]),
    ("version", |s, at| flip_text(&mut s.claimed_version, at), &[Step::Release]),
    ("dump", |s, at| flip_text(&mut s.dump, at), &[Step::Batch, Step::Leaf]),
    ("merkle_root", |s, at| flip_text(&mut s.merkle_root, at), &[Step::Batch, Step::Receipt, Step::Leaf]),
    ("header", |s, at| flip(&mut s.receipt.header, at), &[Step::Receipt]),
    ("nodes", |s, at| flip(&mut s.receipt.nodes[0], at), &[Step::Receipt]),
    ("index", |s, at| s.receipt.index ^= 1 << (at % 8), &[Step::Receipt]),
    ("authorization", |s, at| flip_text(&mut s.authorization, at), &[Step::Authorisation]),
    ("payer", |s, at| flip(&mut s.payer, at), &[Step::Authorisation, Step::Transfer]),
    ("transfer", |s, at| flip(&mut s.transfer.nodes[0], at), &[Step::Transfer]),
    ("transfer header", |s, at| flip(&mut s.transfer.header, at), &[Step::Transfer]),
];

fn flip(bytes: &mut [u8], at: usize) {
    let at = at % bytes.len();
    bytes[at] ^= 1;
}

fn flip_hash(hash: &mut Hash, at: usize) {
    flip(&mut hash.0, at);
}

fn flip_hashes(hashes: &mut [Hash], at: usize) {
    let which = at % hashes.len();
    flip(&mut hashes[which].0, at / 7);
}

fn flip_option(text: &mut Option<String>, at: usize) {
    text.iter_mut().for_each(|text| flip_text(text, at));
}

/// Texts are flipped where they stay texts.
fn flip_text(text: &mut String, at: usize) {
    let mut bytes = std::mem::take(text).into_bytes();
    let ascii: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii()).collect();
    bytes[ascii[at % ascii.len()]] ^= 1;
    *text = String::from_utf8(bytes).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn one_flipped_byte_stops_its_step_and_leaves_the_others_truthful(
        form in 0..scenes().len(), which in 0..SPOILS.len(), at in 0..100_000usize
    ) {
        let (name, spoil, touched) = SPOILS[which];
        let scene = &scenes()[form];
        // Scheme v0 signs the response itself, and no output hash.
        let is_v0 = scene.response.is_some();
        prop_assume!(if is_v0 { name != "output_hash" } else { name != "response" });
        let mut spoilt = scene.clone();
        spoil(&mut spoilt, at);
        let (before, after) = (scene.climb(), spoilt.climb());
        for (old, new) in before.steps.iter().zip(&after.steps) {
            if !touched.contains(&new.step) {
                prop_assert_eq!(old.status, new.status, "{} changed {}: {}", name, new.step, &new.reason);
            }
            prop_assert!(new.status <= old.status, "{} made {} better", name, new.step);
        }
        // A flip in a cosignature leaves the log's own signature standing.
        let stopped = touched.iter().any(|step| status(&after, *step) < Status::Verified);
        prop_assert!(stopped, "{:?}: {} at {} left all of {:?} verified", scene.form, name, at, touched);
        let first = after.step(touched[0]).unwrap();
        let is_note = name == "note";
        let is_verified = first.status == Status::Verified;
        prop_assert!(!is_verified || is_note, "{:?}: {} at {}: {}", scene.form, name, at, &first.reason);
    }
}

#[test]
fn every_kind_of_spoilt_input_is_named_where_it_fails() {
    for (name, spoil, touched) in SPOILS.iter().filter(|(name, ..)| !["pcr_hash", "response"].contains(name))
    {
        let mut spoilt = scene().clone();
        // The third byte, but for the payload: there it would unname a field, which is missing and not failed.
        let at = match *name {
            "authorization" => 140,
            // Before it the id says what it is an id of, which is then unsupported and not failed.
            "blob id" => 20,
            _ => 3,
        };
        spoil(&mut spoilt, at);
        let path = spoilt.climb();
        let first = path.step(touched[0]).unwrap();
        assert_eq!(first.status, Status::Failed, "{name}: {}", first.reason);
        assert!(path.first_failed().is_some_and(|failed| touched.contains(&failed.step)), "{name}");
    }
}

/// What is pinned wrongly, and the steps that rest on it.
type Mispinned = (fn(&mut Scene), &'static [Step]);

#[test]
fn a_pin_of_something_else_verifies_nothing_that_rests_on_it_and_fails_nothing() {
    let pins: [Mispinned; 4] = [
        (|s| flip_hash(&mut s.trust.measurements[0].pcr_hash, 3), &[Step::Measurement, Step::Release]),
        (
            |s| flip(&mut s.trust.registries[0].address, 3),
            &[Step::Signature, Step::Measurement, Step::Release],
        ),
        (|s| flip(&mut s.trust.relays[0].address, 3), &[Step::Receipt]),
        (|s| flip_hash(&mut s.trust.blocks[0].hash, 3), &[Step::Receipt]),
    ];
    for (spoil, touched) in pins {
        let mut spoilt = scene().clone();
        spoil(&mut spoilt);
        let path = spoilt.climb();
        for step in touched {
            let (status, reason) = (status(&path, *step), &path.step(*step).unwrap().reason);
            assert!(status < Status::Verified && status > Status::Ambiguous, "{step} is {status}: {reason}");
        }
        let before = scene().climb();
        for result in path.steps.iter().filter(|result| !touched.contains(&result.step)) {
            let expected = status(&before, result.step);
            assert_eq!(result.status, expected, "{}: {}", result.step, result.reason);
        }
    }
}

#[test]
fn content_that_nobody_named_yet_or_that_is_not_there_is_neither_right_nor_wrong() {
    let blob_step = |blob: BlobContent<'static>| {
        let path = scene().climb_with(|evidence| evidence.blob = blob);
        path.step(Step::Blob).unwrap().clone()
    };
    let absent = blob_step(BlobContent::Absent);
    assert_eq!(absent.status, Status::Missing);
    assert!(absent.reason.contains("blobs/") && absent.reason.contains("--blob"), "{}", absent.reason);
    assert_eq!(blob_step(BlobContent::Waiting).status, Status::Unchecked);
}

#[test]
fn flipped_registry_events_never_make_a_build_better() {
    use crate::proof::registry::{Event, Placed, Registry};
    let (tee_id, pcr_hash) = (Hash::parse(&scene().tee_id).unwrap(), Hash::parse(&scene().pcr_hash).unwrap());
    let events = |spoil: &dyn Fn(usize, &mut Hash)| {
        let (mut approved, mut build, mut tee) = (pcr_hash, pcr_hash, tee_id);
        [&mut approved, &mut build, &mut tee].into_iter().enumerate().for_each(|(n, hash)| spoil(n, hash));
        let events = [
            Event::MeasurementApproved { pcr_hash: approved, label: "2.4.1".into() },
            Event::EnclaveRegistered { tee_id: tee, pcr_hash: Some(build) },
        ];
        Registry::fold(
            events.map(|event| Placed { at: Nanos(0), block: 0, log: 0, event }).into_iter().collect(),
        )
    };
    // Unpinned, the registry's word is all there is.
    let trust = Trust { measurements: Vec::new(), ..scene().trust.clone() };
    let climb = |registry| Scene { registry, trust: trust.clone(), ..scene().clone() }.climb();
    assert_eq!(status(&climb(events(&|_, _| ())), Step::Measurement), Status::Asserted);
    for at in 0..32 {
        for which in 0..3 {
            let spoilt = climb(events(&|n, hash| {
                if n == which {
                    flip_hash(hash, at);
                }
            }));
            let expected = if which == 0 { Status::Missing } else { Status::Asserted };
            assert_eq!(status(&spoilt, Step::Measurement), expected, "event {which}, byte {at}");
        }
    }
}

#[test]
fn a_genuine_v0_signature_beside_another_request_proves_nothing_of_it() {
    let genuine = scenes().iter().find(|scene| scene.response.is_some()).unwrap();
    let mut other = genuine.clone();
    other.request = other.request.replace("llo", "lp!");
    let canonical = crate::proof::tee::canonical_request(
        &crate::proof::python_json::parse(&other.request).unwrap().value,
        crate::proof::tee::Scheme::V0,
    );
    other.request_hash =
        crate::proof::tee::request_hash(&canonical.unwrap(), crate::proof::tee::Scheme::V0).hex();
    let path = other.climb();
    assert_eq!(status(&path, Step::RequestHash), Status::Verified, "it has the hash that is recorded");
    assert_eq!(status(&path, Step::Signature), Status::Failed, "and that is not the one signed");
    let twice = genuine.response.as_ref().unwrap().replace(r#""model":"m""#, r#""model":"x","model":"m""#);
    let path = Scene { response: Some(twice), ..genuine.clone() }.climb();
    assert_eq!(status(&path, Step::Signature), Status::Ambiguous);
}

#[test]
fn traps_of_real_recorders_are_told_apart_from_forgery() {
    let path = scene().climb_with(|evidence| evidence.response.signature = Some("0w=="));
    assert_eq!(status(&path, Step::Signature), Status::Missing);
    let placeholder = crate::proof::tee::PLACEHOLDER_TEE_ID.hex();
    let path = Scene { tee_id: placeholder, ..scene().clone() }.climb();
    assert_eq!(
        (status(&path, Step::TeeId), status(&path, Step::Signature)),
        (Status::Missing, Status::Failed)
    );
    let duplicate = scene().request.replace(r#""model":"m","#, r#""model":"x","model":"m","#);
    let path = Scene { request: duplicate, ..scene().clone() }.climb();
    assert_eq!(status(&path, Step::RequestHash), Status::Ambiguous);
    let path =
        scene().climb_with(|evidence| evidence.settlement.as_mut().unwrap().tx_hash = Some("payment-0b7c"));
    assert_eq!(status(&path, Step::Receipt), Status::Missing);
    let path = scene().climb_with(|evidence| evidence.settlement.as_mut().unwrap().receipt_status = Some(0));
    assert_eq!(status(&path, Step::Receipt), Status::Failed);
    let path = scene().climb_with(|evidence| evidence.settlement.as_mut().unwrap().chain_id = Some(10_740));
    assert_eq!(status(&path, Step::Receipt), Status::Asserted);
    let path = Scene { is_nonce_reused: true, ..scene().clone() }.climb();
    assert_eq!(status(&path, Step::Authorisation), Status::Failed);
}

#[test]
fn a_later_revocation_is_told_and_an_earlier_one_counts() {
    use crate::model::time::Span;
    use crate::proof::registry::{Event, Placed, Registry};
    let pcr_hash = Hash::parse(&scene().pcr_hash).unwrap();
    let then = i64::try_from(TIME).unwrap();
    let revoked_at = |seconds| {
        let place = |(at, event)| Placed { at: Nanos::from_unix(at).unwrap(), block: 0, log: 0, event };
        let registry = Registry::fold(vec![
            place((1, Event::MeasurementApproved { pcr_hash, label: "2.4.1".into() })),
            place((seconds, Event::MeasurementRevoked { pcr_hash, grace: Span(0) })),
        ]);
        let later = Nanos::from_unix(then + 10_000).unwrap();
        Scene { registry, ..scene().clone() }.climb_with(|evidence| evidence.now = later)
    };
    let since = revoked_at(then + 1);
    assert_eq!(status(&since, Step::Measurement), Status::Verified);
    assert!(since.step(Step::Measurement).unwrap().reason.contains("revoked since"));
    assert_eq!(status(&revoked_at(then), Step::Measurement), Status::Revoked);
    assert_eq!(revoked_at(then).worst(), Status::Revoked);
}

#[test]
fn a_cut_tail_and_another_journals_checkpoint_fail() {
    let check = |origin, root| {
        let journal = Journal { origin: Some(origin), log_key: None, root };
        CheckedCheckpoint::check(&scene().note, &journal, &scene().trust).log_result().clone()
    };
    let cut = check("gw.example/provenance", RootAtSize::BeyondEnd { lines: 7 });
    assert_eq!(cut.status, Status::Failed);
    assert!(cut.reason.starts_with("cut tail"));
    assert_eq!(check("other.example", RootAtSize::NotHeld).status, Status::Failed);
    assert_eq!(check("gw.example/provenance", RootAtSize::Recomputed(Hash([1; 32]))).status, Status::Failed);
}

/// The commands people are told to paste are pasted here.
#[test]
fn every_reproduction_shows_what_was_computed() {
    let steps: Vec<StepResult> = scenes().iter().flat_map(|scene| scene.climb().steps).collect();
    let shown: Vec<Step> =
        steps.iter().filter(|step| step.reproduce.is_some()).map(|step| step.step).collect();
    for step in [
        Step::Checkpoint,
        Step::Witness,
        Step::Inclusion,
        Step::RequestHash,
        Step::OutputHash,
        Step::Signature,
        Step::TeeId,
        Step::Blob,
        Step::Leaf,
        Step::Batch,
        Step::Receipt,
        Step::Authorisation,
        Step::Transfer,
    ] {
        assert!(shown.contains(&step), "{step} has no command");
    }
    for result in steps {
        let Some(command) = result.reproduce else { continue };
        let Ok(output) = std::process::Command::new("bash").args(["-c", &command.to_string()]).output()
        else {
            return;
        };
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        let trouble = String::from_utf8_lossy(&output.stderr).into_owned();
        let expected = match command.expects() {
            words if words.contains("Verified") => words,
            _ => {
                let computed = result.computed.split(" over ").next().unwrap();
                computed.rsplit(' ').next().unwrap()
            }
        };
        assert!(shown.contains(expected), "{}: {shown}{trouble}\n{command}", result.step);
    }
}
