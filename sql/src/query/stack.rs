//! A stack that is deep enough for planning.
//!
//! Planners walk expressions by recursion, with frames of many kilobytes in a debug build, and not all of that
//! recursion grows its stack by itself. The parser bounds how deep a query can be; this makes room for that depth on
//! whatever thread the caller has.

use std::panic::resume_unwind;
use std::thread;

use crate::error::{Error, ErrorKind, Result};

/// Enough for the deepest query that the parser lets through. Only what is used becomes real memory.
const STACK_BYTES: usize = 256 << 20;

/// Does `work` on a thread with a large stack, and waits for it.
pub(super) fn on_large_stack<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| {
        let spawned = thread::Builder::new()
            .name("cairn-plan".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work);
        let thread = spawned.map_err(|e| {
            Error::new(ErrorKind::Unavailable, "cannot start a thread that plans the query").with_source(e)
        })?;
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
