//! One function over every chunk or row of a case, on every core, results in their order.

use super::{Cancel, WorkError};
use crate::model::Row;
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

/// Rows taken at a time by one thread: short enough to stop soon, long enough to cost no locks.
const SLICE: usize = 256;

/// Calls `f(row)` for each row. An error ends the work.
pub fn each_row<T: Send>(
    rows: &[Row],
    cancel: &Cancel,
    f: impl Fn(Row) -> Result<T, StoreError> + Sync,
) -> Result<Vec<T>, WorkError> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let run = || {
        while !cancel.is_cancelled() {
            let from = next.fetch_add(SLICE, Ordering::Relaxed);
            let Some(slice) = rows.get(from..(from + SLICE).min(rows.len())).filter(|s| !s.is_empty()) else {
                return;
            };
            let results = slice.iter().map(|row| f(*row)).collect::<Result<Vec<T>, StoreError>>();
            if results.is_err() {
                next.store(rows.len(), Ordering::Relaxed);
            }
            done.lock().unwrap_or_else(PoisonError::into_inner).push((from, results));
        }
    };
    let slices = rows.len().div_ceil(SLICE);
    let workers = thread::available_parallelism().map_or(2, usize::from).clamp(1, slices.clamp(1, 64));
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
    done.sort_by_key(|(from, _)| *from);
    let mut results = Vec::with_capacity(rows.len());
    for (_, slice) in done {
        results.extend(slice?);
    }
    Ok(results)
}
