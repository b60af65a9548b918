//! The fuzz targets on a stable compiler: seeds mutated at random, for `BACKTRAIL_FUZZ_SECONDS` (2 unless told).
//!
//! The same inputs every time, unless `BACKTRAIL_FUZZ_SEED` says otherwise. An input that panics, or takes longer than five
//! seconds, is printed as hex.

#[path = "../fuzz/targets.rs"]
mod targets;

#[cfg(test)]
mod driver {
    use crate::targets::{TARGETS, Target};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    const SLOW: Duration = Duration::from_secs(5);
    const LONGEST: usize = 1 << 14;

    #[test]
    fn no_input_panics_or_hangs() {
        let seconds = number("BACKTRAIL_FUZZ_SECONDS", 2);
        let mut random = Random(number("BACKTRAIL_FUZZ_SEED", 0x9e37_79b9_7f4a_7c15) | 1);
        let seeds = seeds();
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut runs = 0u64;
        while Instant::now() < end {
            let input = mutated(&mut random, &seeds);
            for target in TARGETS {
                run(target, &input);
                runs += 1;
            }
        }
        println!("{runs} runs of {} targets from {} seeds", TARGETS.len(), seeds.len());
    }

    fn run((name, target): &Target, input: &[u8]) {
        let start = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| target(input)));
        assert!(outcome.is_ok(), "{name} panicked on {}", hex::encode(input));
        assert!(start.elapsed() < SLOW, "{name} took {:?} on {}", start.elapsed(), hex::encode(input));
    }

    fn number(name: &str, otherwise: u64) -> u64 {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    }

    /// Small true inputs of every kind: some made here, the rest published vectors where they are at hand.
    fn seeds() -> Vec<Vec<u8>> {
        let mut seeds: Vec<Vec<u8>> = [
            "go.sum database tree\n35225469\nvt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=\n\n\u{2014} sum.golang.org Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9HHONebHLAyaKbbTM75QTtPydhKCExixSfwQ=\n",
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"h\u00e9"},1.5e300,null]}],"tools":[{"a":-0}]}"#,
            r#"{"choices":[{"message":{"content":[{"text":"a"},"b"]},"finish_reason":"tool_calls"}]}"#,
            r#"{"format":"standard-v1","leafEncoding":["string"],"tree":["0x00"],"values":[{"value":["a"],"treeIndex":0}]}"#,
            r#"{"A":[{"name":"A","type":"A[2][]"}],"EIP712Domain":[{"name":"x","type":"uint256"}]}"#,
            r#"{"hex_proof":"0xabcd","instances":[["01"]],"vk_hash":"00"}"#,
            "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
            "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
            "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
            "[[log]]\norigin = \"a\"\nkey = \"b\"\n[[block]]\nchain_id = \"eip155:1\"\nnumber = 1\nhash = \"00\"\n",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec();
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
        for name in [
            "nitro/base_nitro-validator_attestation.bin",
            "x402/payment_payload_v2_exact_eip3009.json",
            "opengradient/synthetic/walrus_batch_blob_g3_six.json",
            "evm/execution-apis/chain.rlp",
        ] {
            seeds.extend(std::fs::read(folder.join(name)).ok().map(|mut seed| {
                seed.truncate(LONGEST);
                seed
            }));
        }
        seeds
    }

    fn mutated(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut input = random.pick(seeds).clone();
        for _ in 0..random.below(6) {
            let at = random.below(input.len() + 1);
            let end = (at + random.below(24)).min(input.len());
            match random.below(7) {
                0 if at < input.len() => input[at] ^= 1 << random.below(8),
                1 if at < input.len() => {
                    input[at] = *random.pick(&[0, 1, 0x7f, 0x80, 0xb8, 0xbf, 0xf8, 0xff, b'"', b'\\']);
                }
                2 => drop(input.drain(at..end)),
                3 => input.insert(at, random.below(256) as u8),
                4 => {
                    let chunk = input[at..end].repeat(1 + random.below(40));
                    input.splice(at..at, chunk);
                }
                5 => {
                    let other = random.pick(seeds);
                    let from = random.below(other.len());
                    let chunk = other[from..(from + random.below(200)).min(other.len())].to_vec();
                    input.splice(at..end, chunk);
                }
                _ => input.truncate(at),
            }
        }
        input.truncate(LONGEST);
        input
    }

    /// xorshift64*.
    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: usize) -> usize {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % bound.max(1) as u64) as usize
        }

        fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
            &from[self.below(from.len())]
        }
    }
}
