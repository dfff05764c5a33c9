//! Making, changing and dropping views, one commit each.

use cairn_format::{DatabaseName, TableName, ViewDefinition};

use crate::error::Result;
use crate::store::TabletStore;

impl TabletStore {
    /// Makes a view.
    pub fn create_view(&self, database: &DatabaseName, definition: &ViewDefinition) -> Result<()> {
        self.inner.catalog.commit(|change| change.create_view(database, definition))
    }

    /// Gives a view another definition, or makes it when there is none of the name.
    pub fn create_or_replace_view(&self, database: &DatabaseName, definition: &ViewDefinition) -> Result<()> {
        self.inner.catalog.commit(|change| {
            match change.view().require_database(database)?.view(&definition.name) {
                Some(_) => change.replace_view(database, definition),
                None => change.create_view(database, definition),
            }
        })?;
        self.inner.purge();
        Ok(())
    }

    /// Gives a view another definition.
    pub fn alter_view(&self, database: &DatabaseName, definition: &ViewDefinition) -> Result<()> {
        self.inner.catalog.commit(|change| change.replace_view(database, definition))?;
        self.inner.purge();
        Ok(())
    }

    /// Drops a view for good.
    pub fn drop_view(&self, database: &DatabaseName, name: &TableName) -> Result<()> {
        self.inner.catalog.commit(|change| change.drop_view(database, name))?;
        self.inner.purge();
        Ok(())
    }
}
