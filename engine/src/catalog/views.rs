//! Views on record: each definition that a view had is a record of its own, as long as a job or the recycle bin needs it.

use std::sync::Arc;

use cairn_format::{DatabaseName, TableName, ViewDefinition};
use redb::{ReadTransaction, ReadableTable, TableError};

use super::change::{Change, require};
use super::hypothetical::made_up_id;
use super::record::{self, Versioned, ViewV1};
use super::tables;
use super::view::{CatalogView, View};
use crate::error::Result;
use crate::id::{CatalogVersion, TableId};

/// The views at `version`, each with its database.
pub(super) fn views_at(txn: &ReadTransaction, version: CatalogVersion) -> Result<Vec<(u64, View)>> {
    let stored = match txn.open_table(tables::VIEWS) {
        Ok(stored) => stored,
        Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
        Err(other) => return Err(other.into()),
    };
    let mut views = Vec::new();
    for entry in stored.iter()? {
        let (key, bytes) = entry?;
        let stored: ViewV1 = record::decode("view", bytes.value())?;
        if stored.is_visible_at(version) {
            let (id, since) = key.value();
            let (id, since) = (TableId::new(id), CatalogVersion::new(since));
            views.push((stored.database, View { id, definition: stored.definition()?, since }));
        }
    }
    Ok(views)
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
        let bytes = record::encode(&ViewV1::new(owner.get(), definition, since))?;
        self.txn().open_table(tables::VIEWS)?.insert((id.get(), since.get()), bytes.as_slice())?;
        let view = View { id, definition: definition.clone(), since };
        self.database_mut(database)?.views.insert(definition.name.clone(), Arc::new(view));
        Ok(())
    }

    fn remove_view(&self, view: &View) -> Result<()> {
        let key = (view.id.get(), view.since.get());
        if view.since == self.version() {
            // Made and replaced in one commit: nobody has seen it.
            self.txn().open_table(tables::VIEWS)?.remove(key)?;
            return Ok(());
        }
        {
            let mut views = self.txn().open_table(tables::VIEWS)?;
            let mut stored: ViewV1 = require(views.get(key)?, "view")?;
            stored.set_removed(self.version());
            views.insert(key, record::encode(&stored)?.as_slice())?;
        }
        self.mark_removed(tables::KIND_VIEW, key.0, key.1)
    }

    /// Brings back a view of a database that the commit of `version` dropped.
    pub(super) fn unremove_view(&self, view: &View, version: CatalogVersion) -> Result<()> {
        let key = (view.id.get(), view.since.get());
        let mut views = self.txn().open_table(tables::VIEWS)?;
        let mut stored: ViewV1 = require(views.get(key)?, "view")?;
        stored.set_visible();
        views.insert(key, record::encode(&stored)?.as_slice())?;
        self.forget_removal(version, tables::KIND_VIEW, key.0, key.1)
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
