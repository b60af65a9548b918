//! One function over every chunk of a case, or every stretch of a list, on every core; results in order.

use super::{Cancel, WorkError};
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

fn each_piece<T: Send>(
    pieces: usize,
    cancel: &Cancel,
    f: impl Fn(usize) -> T + Sync,
) -> Result<Vec<T>, WorkError> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(pieces));
    let workers = thread::available_parallelism().map_or(2, usize::from).clamp(1, pieces.clamp(1, 16));
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
