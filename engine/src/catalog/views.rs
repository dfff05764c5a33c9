//! Views on record: each definition that a view had is a record of its own, as long as a job or the recycle bin needs it.

use std::sync::Arc;

use cairn_format::{DatabaseName, TableName, ViewDefinition};
use redb::ReadTransaction;

use super::change::Change;
use super::definitions::OF_VIEWS;
use super::hypothetical::made_up_id;
use super::record::ViewV1;
use super::view::{CatalogView, View};
use crate::error::Result;
use crate::id::{CatalogVersion, TableId};

/// The views at `version`, each with its database.
pub(super) fn views_at(txn: &ReadTransaction, version: CatalogVersion) -> Result<Vec<(u64, View)>> {
    let view = |(id, since, stored): (u64, CatalogVersion, ViewV1)| {
        Ok((stored.database, View { id: TableId::new(id), definition: stored.definition()?, since }))
    };
    OF_VIEWS.at(txn, version)?.into_iter().map(view).collect()
}

impl Change<'_> {
    /// Makes a view.
    pub(crate) fn create_view(&mut self, database: &DatabaseName, definition: &ViewDefinition) -> Result<()> {
        definition.check()?;
        self.view().require_database(database)?.require_free(&definition.name)?;
        self.put_view(database, TableId::new(self.next_id()), definition)
    }

    /// Gives the view another definition of the same name.
    pub(crate) fn replace_view(
        &mut self,
        database: &DatabaseName,
        definition: &ViewDefinition,
    ) -> Result<()> {
        definition.check()?;
        let before = Arc::clone(self.view().require_database(database)?.require_view(&definition.name)?);
        self.remove_view(&before)?;
        self.put_view(database, before.id, definition)
    }

    /// Drops a view.
    pub(crate) fn drop_view(&mut self, database: &DatabaseName, name: &TableName) -> Result<()> {
        let before = Arc::clone(self.view().require_database(database)?.require_view(name)?);
        self.remove_view(&before)?;
        self.database_mut(database)?.views.remove(name);
        Ok(())
    }

    fn put_view(&mut self, database: &DatabaseName, id: TableId, definition: &ViewDefinition) -> Result<()> {
        let since = self.version();
        let owner = self.view().require_database(database)?.id;
        OF_VIEWS.put(self, id.get(), &ViewV1::new(owner.get(), definition, since))?;
        let view = View { id, definition: definition.clone(), since };
        self.database_mut(database)?.views.insert(definition.name.clone(), Arc::new(view));
        Ok(())
    }

    fn remove_view(&self, view: &View) -> Result<()> {
        OF_VIEWS.remove::<ViewV1>(self, view.id.get(), view.since)
    }

    /// Brings back a view of a database that the commit of `version` dropped.
    pub(super) fn unremove_view(&self, view: &View, version: CatalogVersion) -> Result<()> {
        OF_VIEWS.unremove::<ViewV1>(self, view.id.get(), view.since, version)
    }
}

impl CatalogView {
    /// This view of the catalog with another view, or with another definition of one.
    pub fn with_view(&self, database: &DatabaseName, definition: ViewDefinition) -> Result<Self> {
        definition.check()?;
        let owner = self.require_database(database)?;
        let id = if let Some(view) = owner.view(&definition.name) {
            view.id
        } else {
            owner.require_free(&definition.name)?;
            TableId::new(made_up_id())
        };
        let mut changed = owner.as_ref().clone();
        let name = definition.name.clone();
        changed.views.insert(name, Arc::new(View { id, definition, since: self.version }));
        let mut view = self.clone();
        view.databases.insert(database.clone(), Arc::new(changed));
        Ok(view)
    }

    /// This view of the catalog without a view.
    pub fn without_view(&self, database: &DatabaseName, name: &TableName) -> Result<Self> {
        let owner = self.require_database(database)?;
        owner.require_view(name)?;
        let mut changed = owner.as_ref().clone();
        changed.views.remove(name);
        let mut view = self.clone();
        view.databases.insert(database.clone(), Arc::new(changed));
        Ok(view)
    }
}
