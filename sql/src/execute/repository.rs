//! What is done to a repository as a whole.

use cairn_engine::{CatalogView, RETENTION, TabletStore};
use cairn_format::{RepositoryName, Retention};
use cairn_repository::{CollectionPolicy, DEFAULT_GRACE, VerifyOptions, VerifySelection};

use crate::analyze::{Pruning, Verification};
use crate::error::Result;
use crate::outcome::Rows;
use crate::show::{self, CollectionStep};

pub(super) fn check(store: &TabletStore, repository: &RepositoryName) -> Result<Rows> {
    show::store_checks(&store.check_repository(repository)?)
}

pub(super) fn verify(store: &TabletStore, verification: Verification) -> Result<Rows> {
    let selection = match (verification.label, verification.timestamp) {
        (Some(label), Some(timestamp)) => VerifySelection::Snapshot(label, timestamp),
        (Some(label), None) => VerifySelection::Label(label),
        (None, _) => VerifySelection::All,
    };
    let options = VerifyOptions::new(selection)
        .with_level(verification.level)
        .with_max_age(verification.max_age)
        .with_max_duration(verification.max_duration)
        .with_record(true);
    show::verification(&store.verify_repository(&verification.repository, &options)?)
}

pub(super) fn prune(view: &CatalogView, store: &TabletStore, pruning: &Pruning) -> Result<Rows> {
    let own = view.require_repository(&pruning.repository)?.properties.get(RETENTION);
    let retention = match (pruning.retention, own) {
        (Some(retention), _) => Some(retention),
        (None, Some(text)) => Some(Retention::parse(text)?),
        (None, None) => None,
    };
    let policy = CollectionPolicy::default()
        .with_retention(retention)
        .with_grace(pruning.grace.unwrap_or(DEFAULT_GRACE));
    let repository = store.open_repository(&pruning.repository)?;
    show::collection(&CollectionStep::take(&repository, &policy, pruning.dry_run)?)
}
