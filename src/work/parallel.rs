//! One function over every chunk of a case, on every core, results in chunk order.

use super::{Cancel, WorkError};
use crate::store::{Chunk, Snapshot, StoreError};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Calls `f(place of the chunk, chunk)` for each chunk. The first error, by chunk, is the one returned.
pub fn each_chunk<T: Send>(
    snapshot: &Snapshot,
    cancel: &Cancel,
    f: impl Fn(usize, &Chunk) -> Result<T, StoreError> + Sync,
) -> Result<Vec<T>, WorkError> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(snapshot.chunks().len()));
    let workers =
        thread::available_parallelism().map_or(2, usize::from).clamp(1, snapshot.chunks().len().clamp(1, 16));
    let run = || {
        while !cancel.is_cancelled() {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = snapshot.chunks().get(n) else {
                return;
            };
            let result = f(n, chunk);
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
    done.into_iter().map(|(_, result)| result.map_err(WorkError::from)).collect()
}
