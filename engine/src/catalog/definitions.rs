//! Records of what is a definition and nothing else, views and external catalogs: one for each definition that it had, as
//! long as a job or the recycle bin needs it, under its identity and the commit that the definition is of.

use redb::{ReadTransaction, ReadableTable, TableDefinition, TableError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::change::{Change, require};
use super::record::{self, Versioned};
use super::tables;
use crate::error::Result;
use crate::id::CatalogVersion;

/// The records of one kind of thing.
pub(super) struct Definitions {
    table: TableDefinition<'static, (u64, u64), &'static [u8]>,
    kind: u8,
    what: &'static str,
}

/// Those of views.
pub(super) const OF_VIEWS: Definitions =
    Definitions { table: tables::VIEWS, kind: tables::KIND_VIEW, what: "view" };
/// Those of external catalogs.
pub(super) const OF_EXTERNAL_CATALOGS: Definitions = Definitions {
    table: tables::EXTERNAL_CATALOGS,
    kind: tables::KIND_EXTERNAL_CATALOG,
    what: "external catalog",
};

impl Definitions {
    /// Those that are visible at `version`, each with its identity and the commit that it is of.
    pub(super) fn at<R: Versioned + DeserializeOwned>(
        &self,
        txn: &ReadTransaction,
        version: CatalogVersion,
    ) -> Result<Vec<(u64, CatalogVersion, R)>> {
        let stored = match txn.open_table(self.table) {
            Ok(stored) => stored,
            Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            Err(other) => return Err(other.into()),
        };
        let mut visible = Vec::new();
        for entry in stored.iter()? {
            let (key, bytes) = entry?;
            let record: R = record::decode(self.what, bytes.value())?;
            if record.is_visible_at(version) {
                let (id, since) = key.value();
                visible.push((id, CatalogVersion::new(since), record));
            }
        }
        Ok(visible)
    }

    /// Writes the definition of this commit.
    pub(super) fn put<R: Serialize>(&self, change: &Change<'_>, id: u64, record: &R) -> Result<()> {
        let bytes = record::encode(record)?;
        change.txn().open_table(self.table)?.insert((id, change.version().get()), bytes.as_slice())?;
        Ok(())
    }

    /// Removes the definition that is of the commit `since`.
    pub(super) fn remove<R: Versioned + Serialize + DeserializeOwned>(
        &self,
        change: &Change<'_>,
        id: u64,
        since: CatalogVersion,
    ) -> Result<()> {
        let key = (id, since.get());
        if since == change.version() {
            // Made and replaced in one commit: nobody has seen it.
            change.txn().open_table(self.table)?.remove(key)?;
            return Ok(());
        }
        self.rewrite(change, key, |record: &mut R| record.set_removed(change.version()))?;
        change.mark_removed(self.kind, key.0, key.1)
    }

    /// Brings back the definition of the commit `since` that the commit of `version` has removed.
    pub(super) fn unremove<R: Versioned + Serialize + DeserializeOwned>(
        &self,
        change: &Change<'_>,
        id: u64,
        since: CatalogVersion,
        version: CatalogVersion,
    ) -> Result<()> {
        let key = (id, since.get());
        self.rewrite(change, key, R::set_visible)?;
        change.forget_removal(version, self.kind, key.0, key.1)
    }

    fn rewrite<R: Serialize + DeserializeOwned>(
        &self,
        change: &Change<'_>,
        key: (u64, u64),
        edit: impl FnOnce(&mut R),
    ) -> Result<()> {
        let mut stored = change.txn().open_table(self.table)?;
        let mut record: R = require(stored.get(key)?, self.what)?;
        edit(&mut record);
        stored.insert(key, record::encode(&record)?.as_slice())?;
        Ok(())
    }
}
