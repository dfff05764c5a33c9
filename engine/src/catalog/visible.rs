//! What a user sees of the catalog.

use std::sync::Arc;

use cairn_format::CatalogName;

use super::view::{CatalogView, Database};
use crate::access::{Authority, Privilege, Securable};
use crate::job::{JobRecord, JobWork};

impl CatalogView {
    /// What somebody sees of it: databases in which it has any privilege, their tables on which it has one, and, with
    /// REPOSITORY, repositories and jobs, but no backup of tables that it may not back up itself.
    pub fn visible_to(self: &Arc<Self>, authority: &Authority) -> Arc<Self> {
        if authority.may_everything() {
            return Arc::clone(self);
        }
        let mut view = self.as_ref().clone();
        view.databases.retain(|_, database| authority.has_any_in(database.id));
        for database in view.databases.values_mut() {
            let id = database.id;
            let sees = |database: &Database| {
                database.tables.values().all(|table| authority.has_any(&table.securable(id)))
                    && database.views.values().all(|view| authority.has_any(&Securable::view(id, view.id)))
            };
            if !sees(database) {
                let database = Arc::make_mut(database);
                database.tables.retain(|_, table| authority.has_any(&table.securable(id)));
                database.views.retain(|_, view| authority.has_any(&Securable::view(id, view.id)));
            }
        }
        view.external_catalogs
            .retain(|name, _| authority.has_any(&Securable::Catalog(Some(name.as_str().into()))));
        if !authority.may(Privilege::Repository, &Securable::System) {
            view.repositories.clear();
        }
        view.jobs.retain(|_, job| self.shows_job(job, authority));
        Arc::new(view)
    }

    /// Whether somebody sees a job.
    fn shows_job(&self, job: &JobRecord, authority: &Authority) -> bool {
        if !authority.may(Privilege::Repository, &Securable::System) {
            return false;
        }
        if let JobWork::CatalogBackup(work) = &job.work {
            let on = |name: &CatalogName| Securable::Catalog(Some(name.as_str().into()));
            let there = work.catalogs.iter().filter(|name| self.external_catalog(name).is_some());
            return there.into_iter().all(|name| authority.may(Privilege::Usage, &on(name)));
        }
        let JobWork::Backup(work) = &job.work else { return true };
        // What is gone is nobody's to hide.
        let Some(database) = job.database.as_ref().and_then(|name| self.database(name)) else {
            return true;
        };
        let tables = work.tables.iter().filter_map(|selection| database.table(&selection.table));
        tables.into_iter().all(|table| authority.may(table.backup_privilege(), &table.securable(database.id)))
    }
}
