//! What is behind a mutex, also when a thread panicked that held it.
//!
//! What outlives an operation is changed by single calls and so stays whole; what belongs to one operation ends with it,
//! since a panic is passed on.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits for what `mutex` guards.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes out what `mutex` guarded, when the last of those who shared it is done.
pub(crate) fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}
