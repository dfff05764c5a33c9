//! What comes from outside: time and randomness.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01 UTC.
    fn now_ms(&self) -> i64;
}

/// Makes what identities are made of.
pub trait IdSource: Send + Sync {
    /// A number that nobody else gets.
    fn random(&self) -> u128;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody else takes the time from"
    )]
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        i64::try_from(since).unwrap_or(i64::MAX)
    }
}

/// The system's source of randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    fn random(&self) -> u128 {
        let mut bytes = [0; 16];
        if getrandom::fill(&mut bytes).is_ok() {
            return u128::from_le_bytes(bytes);
        }
        // A system that gives no randomness still seeds the standard library's hash maps somehow.
        let half = || u128::from(RandomState::new().hash_one(SystemClock.now_ms()));
        half() << 64 | half()
    }
}

/// Everything that a repository takes from outside besides storage. With a fixed clock and fixed ids, what is
/// written is the same byte by byte.
#[derive(Clone)]
pub struct Environment {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes identities.
    pub ids: Arc<dyn IdSource>,
}

impl Environment {
    /// The system's clock and randomness.
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock), ids: Arc::new(SystemIds) }
    }

    /// The text of a new ULID of now.
    pub fn new_ulid(&self) -> String {
        let now = u64::try_from(self.clock.now_ms()).unwrap_or(0);
        ulid::Ulid::from_parts(now, self.ids.random()).to_string()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulids_are_ids() {
        let (a, b) = (Environment::system().new_ulid(), Environment::system().new_ulid());
        assert_ne!(a, b);
        assert!(cairn_format::IntentId::parse(&a).is_ok());
    }
}
