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
use std::ops::ControlFlow;

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
    match walrus_id_watched(blob, shards, &mut |_| ControlFlow::Continue(())) {
        ControlFlow::Continue(id) => id,
        ControlFlow::Break(()) => None,
    }
}

/// The same, telling how far it is, from 0 to 1; stops where the watcher breaks.
pub fn walrus_id_watched(
    blob: &[u8],
    shards: usize,
    watch: &mut dyn FnMut(f32) -> ControlFlow<()>,
) -> ControlFlow<(), Option<WalrusId>> {
    if blob.len() > MAX_BLOB || !(4..=NETWORK_SHARDS).contains(&shards) {
        return ControlFlow::Continue(None);
    }
    let Some(mut matrix) = Matrix::of(blob, shards) else { return ControlFlow::Continue(None) };
    let (rows, columns) = (matrix.rows, matrix.columns);
    // Every row and column is a line: extended, then hashed.
    let (mut done, all) = (0.0, (columns + 3 * shards) as f32);
    let mut tell = || {
        done += 1.0;
        watch(done / all)
    };
    let fits = matrix.extend(columns, rows, |line, step| (step, line), &mut tell)?
        && matrix.extend(shards, columns, |line, step| (line, step), &mut tell)?;
    if !fits {
        return ControlFlow::Continue(None);
    }
    // Each symbol is a leaf of its row and of its column: hashed once.
    let mut leaves = Vec::with_capacity(shards * shards);
    let mut primary = Vec::with_capacity(shards);
    for row in 0..shards {
        leaves.extend((0..shards).map(|column| leaf(matrix.symbol(row, column))));
        primary.push(root(leaves[row * shards..].to_vec()));
        tell()?;
    }
    drop(matrix);
    let mut pairs = vec![Hash::default(); shards];
    for column in 0..shards {
        let secondary = root(leaves[column..].iter().step_by(shards).copied().collect());
        let pair = shards - 1 - column;
        pairs[pair] = leaf(&[primary[pair].0, secondary.0].concat());
        tell()?;
    }
    let hash = Blake2b::<U32>::new().chain_update([1]).chain_update((blob.len() as u64).to_le_bytes());
    let id = hash.chain_update(root(pairs).0).finalize();
    ControlFlow::Continue(Some(WalrusId(Hash(id.into()))))
}

/// n × n symbols, row after row.
struct Matrix {
    cells: Vec<u8>,
    shards: usize,
    symbol: usize,
    /// Of the blob itself.
    rows: usize,
    columns: usize,
}

impl Matrix {
    /// The blob in its corner of the matrix, nothing extended yet.
    fn of(blob: &[u8], shards: usize) -> Option<Self> {
        let faulty = (shards - 1) / 3;
        let (rows, columns) = (shards - 2 * faulty, shards - faulty);
        let symbol = blob.len().max(1).div_ceil(rows * columns).next_multiple_of(2);
        let cells = vec![0; shards.checked_mul(shards)?.checked_mul(symbol)?];
        let mut matrix = Self { cells, shards, symbol, rows, columns };
        for (row, bytes) in blob.chunks(columns * symbol).enumerate() {
            let start = matrix.place(row, 0);
            matrix.cells[start..start + bytes.len()].copy_from_slice(bytes);
        }
        Some(matrix)
    }

    /// Extends each of `lines` lines from its first `known` symbols to n; false where the code does not allow it. `cell`
    /// turns (line, step) into (row, column).
    fn extend(
        &mut self,
        lines: usize,
        known: usize,
        cell: fn(usize, usize) -> (usize, usize),
        tell: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> ControlFlow<(), bool> {
        let Ok(mut encoder) = ReedSolomonEncoder::new(known, self.shards - known, self.symbol) else {
            return ControlFlow::Continue(false);
        };
        for line in 0..lines {
            for step in 0..known {
                let (row, column) = cell(line, step);
                if encoder.add_original_shard(self.symbol(row, column)).is_err() {
                    return ControlFlow::Continue(false);
                }
            }
            let Ok(encoded) = encoder.encode() else { return ControlFlow::Continue(false) };
            for (step, recovered) in encoded.recovery_iter().enumerate() {
                let (row, column) = cell(line, known + step);
                let start = self.place(row, column);
                self.cells[start..start + self.symbol].copy_from_slice(recovered);
            }
            tell()?;
        }
        ControlFlow::Continue(true)
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
