//! Walrus blob ids: the two-dimensional Reed–Solomon code over n shards and the Merkle roots of its slivers (PROOFS §4).
//!
//! ```text
//!            C columns         n−C more            f = ⌊(n−1)/3⌋, R = n−2f, C = n−f
//!          ┌───────────────┬─────────────┐         each cell is one symbol of s bytes
//! R rows   │ the blob      │ each row    │
//!          ├───────────────┤ extended    │         primary i   = root(row i)
//! n−R more │ each column … │             │         secondary i = root(column n−1−i)
//!          └───────────────┴─────────────┘         pair i      = leaf(primary i ‖ secondary i)
//! id = blake2b256(01 ‖ u64le(length) ‖ root(pairs))
//! ```

use crate::model::Hash;
use crate::proof::Malformed;
use crate::proof::malformed::{base64url_bytes, base64url_text};
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use reed_solomon_simd::ReedSolomonEncoder;
use ruint::aliases::U256;

/// Shards of the network since its start.
pub const NETWORK_SHARDS: usize = 1000;
/// The largest blob encoded here: its matrix takes five times its size.
pub const MAX_BLOB: usize = 16 << 20;

/// A blob id: 32 bytes, written as base64url, or as a decimal number read little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WalrusId(pub Hash);

impl WalrusId {
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let bytes = base64url_bytes(text)?;
        let bytes = bytes.try_into().map_err(|_| Malformed::new(text.len(), "a blob id is 32 bytes"))?;
        Ok(Self(Hash(bytes)))
    }

    pub fn from_decimal(text: &str) -> Result<Self, Malformed> {
        let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let number = plain.then(|| U256::from_str_radix(text, 10).ok()).flatten();
        let number = number.ok_or(Malformed::new(0, "a decimal blob id is a number below 2^256"))?;
        Ok(Self(Hash(number.to_le_bytes())))
    }

    pub fn text(&self) -> String {
        base64url_text(&self.0.0)
    }

    pub fn decimal(&self) -> String {
        U256::from_le_bytes(self.0.0).to_string()
    }
}

/// The id of a blob on a network of `shards` shards. `None` for a blob or network too large or too small to encode here.
/// Takes seconds for a thousand shards whatever the blob's size: call it in the background.
pub fn walrus_id(blob: &[u8], shards: usize) -> Option<WalrusId> {
    if blob.len() > MAX_BLOB || !(4..=NETWORK_SHARDS).contains(&shards) {
        return None;
    }
    let matrix = Matrix::encode(blob, shards)?;
    let columns: Vec<Hash> =
        (0..shards).map(|c| root((0..shards).map(|r| leaf(matrix.symbol(r, c))).collect())).collect();
    let pairs = (0..shards).map(|shard| {
        let primary = root((0..shards).map(|c| leaf(matrix.symbol(shard, c))).collect());
        let secondary = columns[shards - 1 - shard];
        leaf(&[primary.0, secondary.0].concat())
    });
    let pairs = root(pairs.collect());
    let hash = Blake2b::<U32>::new().chain_update([1]).chain_update((blob.len() as u64).to_le_bytes());
    Some(WalrusId(Hash(hash.chain_update(pairs.0).finalize().into())))
}

/// n × n symbols, row after row.
struct Matrix {
    cells: Vec<u8>,
    shards: usize,
    symbol: usize,
}

impl Matrix {
    fn encode(blob: &[u8], shards: usize) -> Option<Self> {
        let faulty = (shards - 1) / 3;
        let (rows, columns) = (shards - 2 * faulty, shards - faulty);
        let symbol = blob.len().max(1).div_ceil(rows * columns).next_multiple_of(2);
        let mut matrix = Self { cells: vec![0; shards * shards * symbol], shards, symbol };
        for (row, bytes) in blob.chunks(columns * symbol).enumerate() {
            let start = matrix.place(row, 0);
            matrix.cells[start..start + bytes.len()].copy_from_slice(bytes);
        }
        matrix.extend(columns, rows, |line, step| (step, line))?;
        matrix.extend(shards, columns, |line, step| (line, step))?;
        Some(matrix)
    }

    /// Extends each of `lines` lines from its first `known` symbols to n. `cell` turns (line, step) into (row, column).
    fn extend(&mut self, lines: usize, known: usize, cell: fn(usize, usize) -> (usize, usize)) -> Option<()> {
        let mut encoder = ReedSolomonEncoder::new(known, self.shards - known, self.symbol).ok()?;
        for line in 0..lines {
            for step in 0..known {
                let (row, column) = cell(line, step);
                encoder.add_original_shard(self.symbol(row, column)).ok()?;
            }
            let encoded = encoder.encode().ok()?;
            for (step, recovered) in encoded.recovery_iter().enumerate() {
                let (row, column) = cell(line, known + step);
                let start = self.place(row, column);
                self.cells[start..start + self.symbol].copy_from_slice(recovered);
            }
        }
        Some(())
    }

    fn place(&self, row: usize, column: usize) -> usize {
        (row * self.shards + column) * self.symbol
    }

    fn symbol(&self, row: usize, column: usize) -> &[u8] {
        let start = self.place(row, column);
        &self.cells[start..start + self.symbol]
    }
}

fn leaf(bytes: &[u8]) -> Hash {
    Hash(Blake2b::<U32>::new().chain_update([0]).chain_update(bytes).finalize().into())
}

/// The root of a level; an odd one out is paired with 32 zero bytes.
fn root(mut level: Vec<Hash>) -> Hash {
    while level.len() > 1 {
        let parent = |pair: &[Hash]| {
            let right = pair.get(1).copied().unwrap_or_default();
            Hash(
                Blake2b::<U32>::new()
                    .chain_update([1])
                    .chain_update(pair[0].0)
                    .chain_update(right.0)
                    .finalize()
                    .into(),
            )
        };
        level = level.chunks(2).map(parent).collect();
    }
    level.first().copied().unwrap_or_default()
}
