//! One function over every chunk of a case, every row or every stretch of a list, on every core; results in order; sorting.

use super::{Cancel, WorkError};
use crate::model::Row;
use crate::store::{Chunk, Snapshot, StoreError};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Calls `f(place of the chunk, chunk)` for each chunk. The first error, by chunk, is the one returned.
pub fn each_chunk<T: Send>(
    snapshot: &Snapshot,
    cancel: &Cancel,
    f: impl Fn(usize, &Chunk) -> Result<T, StoreError> + Sync,
) -> Result<Vec<T>, WorkError> {
    let results = each_piece(snapshot.chunks().len(), cancel, |n| f(n, &snapshot.chunks()[n]))?;
    results.into_iter().map(|result| result.map_err(WorkError::from)).collect()
}

/// Calls `f` for stretches that together are `0..length`.
pub fn each_stretch<T: Send>(
    length: usize,
    cancel: &Cancel,
    f: impl Fn(Range<usize>) -> T + Sync,
) -> Result<Vec<T>, WorkError> {
    // Small enough that no core waits long for the last one, large enough that taking one costs nothing.
    let stretch = (length / 64).clamp(1, 1024);
    let pieces = length.div_ceil(stretch);
    each_piece(pieces, cancel, |n| f(n * stretch..((n + 1) * stretch).min(length)))
}

/// Rows taken at a time by one thread: short enough to stop soon, long enough to cost no locks.
const SLICE: usize = 256;

/// Calls `f(row)` for each row. The first error, in their order, is the one returned.
pub fn each_row<T: Send>(
    rows: &[Row],
    cancel: &Cancel,
    f: impl Fn(Row) -> Result<T, StoreError> + Sync,
) -> Result<Vec<T>, WorkError> {
    let slices: Vec<&[Row]> = rows.chunks(SLICE).collect();
    let results = each_piece(slices.len(), cancel, |n| {
        slices[n].iter().map(|row| f(*row)).collect::<Result<Vec<T>, StoreError>>()
    })?;
    let mut all = Vec::with_capacity(rows.len());
    for slice in results {
        all.extend(slice?);
    }
    Ok(all)
}

/// Calls `f` for every number below `pieces`.
pub fn each_piece<T: Send>(
    pieces: usize,
    cancel: &Cancel,
    f: impl Fn(usize) -> T + Sync,
) -> Result<Vec<T>, WorkError> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(pieces));
    let workers = cores().min(pieces.max(1));
    let run = || {
        while !cancel.is_cancelled() {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= pieces {
                return;
            }
            let result = f(n);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((n, result));
        }
    };
    if workers == 1 {
        run();
    } else {
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(run);
            }
        });
    }
    cancel.check()?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(n, _)| *n);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// Sorts in place; equal values must be the same, for their order is not kept.
pub fn sort<T: Ord + Send>(values: &mut [T]) {
    sort_on(values, cores());
}

fn sort_on<T: Ord + Send>(values: &mut [T], threads: usize) {
    if threads < 2 || values.len() < WORTH_A_THREAD {
        return values.sort_unstable();
    }
    // Parted around the middle value, so that the halves need no merging and no second copy.
    let middle = values.len() / 2;
    values.select_nth_unstable(middle);
    let (low, high) = values.split_at_mut(middle);
    thread::scope(|scope| {
        scope.spawn(|| sort_on(low, threads / 2));
        sort_on(high, threads - threads / 2);
    });
}

const WORTH_A_THREAD: usize = 1 << 16;

fn cores() -> usize {
    thread::available_parallelism().map_or(2, usize::from).clamp(1, 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorting_on_many_cores_is_sorting() {
        // Weyl's sequence in few and in many distinct values, of lengths around what is worth a thread.
        for (length, distinct) in [(0, 1), (65_535, 7), (65_536, 100_000), (300_001, 1 << 40)] {
            let values = (0..length).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % distinct);
            let mut sorted: Vec<u64> = values.collect();
            let mut expected = sorted.clone();
            expected.sort_unstable();
            for threads in [1, 2, 3, 16] {
                let mut own = sorted.clone();
                sort_on(&mut own, threads);
                assert_eq!(own, expected, "{length} values, {threads} threads");
            }
            sort(&mut sorted);
            assert_eq!(sorted, expected);
        }
    }
}
