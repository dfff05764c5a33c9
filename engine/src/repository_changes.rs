//! Making repositories known, changing, trying and forgetting them, and dropping snapshots from them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use cairn_format::{RepositoryName, SnapshotLabel};
use cairn_repository::{Location, SnapshotName, StopSignal, StoreReport, check_store};

use crate::catalog::{NewRepository, RepositoryEntry};
use crate::error::{Error, ErrorKind, Result};
use crate::job::JobRecord;
use crate::properties::OwnProperties;
use crate::store::{CATALOG_FILE, Inner, TabletStore};

impl TabletStore {
    /// Makes a repository known under a name: opened where there is one, else created. A read-only one must be there
    /// and is not written.
    pub fn create_repository(&self, new: NewRepository) -> Result<()> {
        if self.view().repositories.contains_key(&new.name) {
            return Err(Error::already_exists(format!(
                "repository with same name already exist: {}",
                new.name
            )));
        }
        let failed = |error: Error| error.about("Failed to create repository");
        let own = OwnProperties::of(&new.properties).map_err(failed)?;
        let store = self.inner.stores.open(&new.location, &own.of_store).map_err(|e| failed(e.into()))?;
        let location = store.location().to_owned();
        self.inner.refuse_store_directory(&location).map_err(failed)?;
        self.inner.repository(store, &own, new.read_only, true).map_err(failed)?;
        self.inner.catalog.commit(|change| change.create_repository(NewRepository { location, ..new }))
    }

    /// Sets properties of a repository; an empty value takes one away. Whatever opens it, such as keys, is tried first.
    /// Limits hold from now on for all who use the repository already, too.
    pub fn alter_repository(&self, name: &RepositoryName, set: &BTreeMap<String, String>) -> Result<()> {
        let entry = Arc::clone(self.view().require_repository(name)?);
        let mut properties = entry.properties.clone();
        for (key, value) in set {
            if value.is_empty() {
                properties.remove(key);
            } else {
                properties.insert(key.clone(), value.clone());
            }
        }
        let changed = RepositoryEntry { properties: properties.clone(), ..RepositoryEntry::clone(&entry) };
        self.inner
            .try_repository(&changed)
            .map_err(|error| error.about(format_args!("repository {name} stays as it was")))?;
        self.inner.catalog.commit(|change| change.set_repository_properties(name, properties))?;
        self.inner.renew_limits(name)
    }

    /// Tries whether the storage of a repository keeps what repositories rely on. It is written to for that, and cleared
    /// of what was written.
    ///
    /// # Errors
    /// `ReadOnly` for a repository that this store may only read.
    pub fn check_repository(&self, name: &RepositoryName) -> Result<StoreReport> {
        let entry = Arc::clone(self.view().require_repository(name)?);
        if entry.read_only {
            let message = format!(
                "Repository {name} is read only: a check would put objects into it, which nothing does there; VERIFY REPOSITORY {name} reads what is in it"
            );
            return Err(Error::new(ErrorKind::ReadOnly, message));
        }
        let opened = self.inner.open_repository(&entry, &StopSignal::new())?;
        Ok(check_store(opened.store(), &self.inner.environment))
    }

    /// Drops every snapshot of a label from a repository, and returns their names. What only they used goes when the
    /// repository is collected.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Busy` while a job of this store writes or reads it; `ReadOnly`.
    pub fn drop_snapshot(
        &self,
        repository: &RepositoryName,
        label: &SnapshotLabel,
    ) -> Result<Vec<SnapshotName>> {
        let view = self.view();
        let entry = view.require_repository(repository)?;
        if entry.read_only {
            let message = format!("Repository {repository} is read only; nothing can be dropped from it");
            return Err(Error::new(ErrorKind::ReadOnly, message));
        }
        let uses = |job: &&Arc<JobRecord>| {
            job.repository == *repository && job.label == *label && !job.state.is_final()
        };
        if let Some(job) = view.jobs().find(uses) {
            let kind = if job.is_backup() { "written by backup" } else { "read by restore" };
            return Err(Error::busy(format!(
                "Snapshot '{label}' in repository {repository} is being {kind} job {}; wait for it or cancel it",
                job.id
            )));
        }
        let opened = self.inner.open_repository(entry, &StopSignal::new())?;
        let names = opened.snapshots(Some(label))?;
        if names.is_empty() {
            return Err(Error::not_found(format!(
                "Snapshot does not exist in repository {repository}: {label}"
            )));
        }
        for name in &names {
            opened.drop_snapshot(name)?;
        }
        Ok(names)
    }

    /// Forgets a repository. Its objects stay where they are.
    pub fn drop_repository(&self, name: &RepositoryName) -> Result<()> {
        self.inner.catalog.commit(|change| {
            change.view().require_repository(name)?;
            if let Some(job) =
                change.view().jobs().find(|job| job.repository == *name && !job.state.is_final())
            {
                return Err(Error::busy(format!(
                    "repository {name} is in use by job {} with label '{}'; wait for it or cancel it",
                    job.id, job.label
                )));
            }
            change.drop_repository(name)
        })?;
        self.inner.forget_limits();
        Ok(())
    }
}

impl Inner {
    /// Refuses a repository in a store's directory, or around this store's: each would take the other's files for its
    /// own.
    fn refuse_store_directory(&self, location: &str) -> Result<()> {
        // Locations of other kinds are nowhere near a directory.
        let Ok(location) = Location::parse(location) else { return Ok(()) };
        let Some(directory) = location.directory() else { return Ok(()) };
        let own = self.catalog.segments_directory().parent().unwrap_or(Path::new("/"));
        // The location need not exist yet: its nearest ancestor that does tells where it is.
        let Some(resolved) = directory.ancestors().find_map(|path| path.canonicalize().ok()) else {
            return Ok(());
        };
        let around = resolved.ancestors().find(|path| path.join(CATALOG_FILE).exists());
        let overlaps = around.or_else(|| (directory.exists() && own.starts_with(&resolved)).then_some(own));
        match overlaps {
            Some(store) => Err(Error::invalid(format!(
                "{location} overlaps the directory of a store, {}: choose a location outside of it",
                store.display()
            ))),
            None => Ok(()),
        }
    }
}
