//! Known repositories: everyone who uses one opens it anew, and all of them keep to its limits together.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use cairn_format::RepositoryName;
use cairn_repository::{Access, Limits, RateLimits, Repository, RepositoryOptions, StopSignal, Store};

use crate::catalog::RepositoryEntry;
use crate::error::{Error, ErrorKind, Result};
use crate::id::RepositoryEntryId;
use crate::properties::OwnProperties;
use crate::store::{Inner, TabletStore};

/// The limits of every repository that has been used since the store was opened.
#[derive(Default)]
pub(crate) struct SharedLimits {
    /// Guards which repository has which; they themselves may be used and set without it.
    of: Mutex<HashMap<RepositoryEntryId, Limits>>,
}

impl SharedLimits {
    fn lock(&self) -> MutexGuard<'_, HashMap<RepositoryEntryId, Limits>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those of a repository, which begin as `first` says.
    fn of(&self, id: RepositoryEntryId, first: RateLimits) -> Limits {
        let begin = || {
            let limits = Limits::default();
            limits.set(first);
            limits
        };
        self.lock().entry(id).or_insert_with(begin).clone()
    }
}

impl TabletStore {
    /// Opens a known repository.
    pub fn open_repository(&self, name: &RepositoryName) -> Result<Repository> {
        let entry = self.view().require_repository(name)?.clone();
        self.inner.open_repository(&entry, &StopSignal::new())
    }

    /// Opens known repositories, all of them at one time, and gives up those that have not answered within `limit`. One
    /// outcome a name.
    ///
    /// # Errors
    /// `Unavailable` for one that has not answered; else as [`TabletStore::open_repository`].
    pub fn open_repositories(&self, names: &[RepositoryName], limit: Duration) -> Vec<Result<Repository>> {
        let given_up = |name: &RepositoryName| {
            let message =
                format!("repository {name} has not answered within {} s; try again", limit.as_secs());
            Error::new(ErrorKind::Unavailable, message)
        };
        let (view, start) = (self.view(), Instant::now());
        let signals: Vec<_> = names.iter().map(|_| StopSignal::new()).collect();
        let mut opened: Vec<Option<Result<Repository>>> = names.iter().map(|_| None).collect();
        thread::scope(|scope| {
            let (sender, outcomes) = mpsc::channel();
            for (position, (name, signal)) in names.iter().zip(&signals).enumerate() {
                let (sender, view) = (sender.clone(), &view);
                scope.spawn(move || {
                    let outcome = view
                        .require_repository(name)
                        .and_then(|entry| self.inner.open_repository(entry, signal));
                    // Nobody listens any more when it comes too late.
                    let _ = sender.send((position, outcome));
                });
            }
            drop(sender);
            while let Ok((position, outcome)) = outcomes.recv_timeout(limit.saturating_sub(start.elapsed())) {
                opened[position] = Some(outcome);
            }
            for (outcome, signal) in opened.iter().zip(&signals) {
                if outcome.is_none() {
                    signal.stop();
                }
            }
        });
        let outcomes = names.iter().zip(opened);
        outcomes.map(|(name, outcome)| outcome.unwrap_or_else(|| Err(given_up(name)))).collect()
    }
}

impl Inner {
    /// Opens a known repository. Its requests end when `stop` is given.
    pub(crate) fn open_repository(&self, entry: &RepositoryEntry, stop: &StopSignal) -> Result<Repository> {
        self.open_as_known(entry, |store| {
            let limits = self.limits.of(entry.id, store.limits().get());
            store.with_limits(limits).with_stop(stop.clone())
        })
    }

    /// Opens a repository as it would be with other properties, whose limits nobody else hears of.
    pub(crate) fn try_repository(&self, entry: &RepositoryEntry) -> Result<Repository> {
        self.open_as_known(entry, |store| store)
    }

    fn open_as_known(
        &self,
        entry: &RepositoryEntry,
        prepared: impl FnOnce(Store) -> Store,
    ) -> Result<Repository> {
        let open = || -> Result<Repository> {
            let own = OwnProperties::of(&entry.properties)?;
            let store = self.stores.open(&entry.location, &own.of_store)?;
            self.repository(prepared(store), &own, entry.read_only, false)
        };
        open().map_err(|e| e.about(format_args!("repository {}", entry.name)))
    }

    /// Lets everyone who uses a repository hear of the limits that it has now.
    pub(crate) fn renew_limits(&self, name: &RepositoryName) -> Result<()> {
        let mut limits = self.limits.lock();
        // Read under the lock: of two changes at one time the later one holds.
        let view = self.catalog.view();
        let entry = view.require_repository(name)?;
        limits.entry(entry.id).or_default().set(RateLimits::from_properties(&entry.properties)?);
        Ok(())
    }

    /// Forgets the limits of repositories that are not known any more.
    pub(crate) fn forget_limits(&self) {
        let mut limits = self.limits.lock();
        let view = self.catalog.view();
        limits.retain(|id, _| view.repositories().any(|entry| entry.id == *id));
    }

    pub(crate) fn repository(
        &self,
        store: Store,
        own: &OwnProperties,
        read_only: bool,
        create: bool,
    ) -> Result<Repository> {
        // Every opened repository moves files on threads of its own: a job must not wait for another's transfer.
        let mut options = RepositoryOptions::default()
            .with_threads(self.movers)
            .with_disk(self.disk.clone())
            .with_scratch(self.catalog.segments_directory().to_owned());
        options.digest = own.digest;
        if let Some(bundle_bytes) = own.bundle_bytes {
            options = options.with_bundle_bytes(bundle_bytes);
        }
        let environment = self.environment.clone();
        Ok(match (read_only, create) {
            (true, _) => Repository::open(store, environment, Access::ReadOnly, options)?,
            (false, true) => Repository::create_or_open(store, environment, options)?,
            (false, false) => Repository::open(store, environment, Access::ReadWrite, options)?,
        })
    }
}
