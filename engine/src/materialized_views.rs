//! Changing materialized views, one commit each. Who knows SQL decides when.

use cairn_format::{DatabaseName, MaterializedView};

use crate::error::{Error, Result};
use crate::id::TableId;
use crate::store::TabletStore;

impl TabletStore {
    /// Changes what is on record of a materialized view besides its rows.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is none of the identity any more; `Busy` while it is restored.
    pub fn change_materialized_view(
        &self,
        database: &DatabaseName,
        id: TableId,
        change: impl FnOnce(&mut MaterializedView),
    ) -> Result<()> {
        self.inner.catalog.commit(|commit| {
            let table = commit.view().table_by_id(database, id).ok_or_else(|| {
                Error::not_found(format!("a materialized view of database '{database}' is gone"))
            })?;
            let name = table.name().clone();
            commit.view().require_not_restoring(database, &name)?;
            commit.change_materialized_view(database, &name, change)
        })
    }
}
