//! Running requests.

mod access;
mod alter_table;
mod cast;
mod cast_nested;
mod cell;
mod delete;
mod insert;
mod listing;
mod materialized_view;
mod refresh;
mod refusals;
mod repository;
mod select;
mod values;
mod view;

use std::sync::Arc;

use cairn_engine::{CatalogView, DropMode, ErrorKind as EngineErrorKind, JobId, TabletStore};
use cairn_format::{DatabaseName, TableDefinition};

use crate::analyze::{Backup, Recovery, RefreshStart, Request, Scope, TableAlteration};
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Identity;
use crate::outcome::{Outcome, Rows};
use crate::privileges;
use crate::query::QueryEngine;
use crate::show;
pub(crate) use alter_table::imagine as imagine_altered;
pub(crate) use cast::{can_cast, cast_column};
use insert::Inserter;
pub(crate) use refresh::Refresher;

/// What a request runs with: the store, and the view that it was analysed against.
pub(crate) struct Executor<'a> {
    pub(crate) store: &'a TabletStore,
    pub(crate) queries: &'a QueryEngine,
    pub(crate) view: &'a Arc<CatalogView>,
    pub(crate) current: Option<&'a DatabaseName>,
    pub(crate) identity: &'a Identity,
}

impl Executor<'_> {
    /// Runs a request. `USE` is the session's to keep.
    pub(crate) fn run(&self, request: Request<'_>) -> Result<Outcome> {
        let store = self.store;
        match request {
            Request::CreateDatabase(name) => store.create_database(&name)?,
            Request::DropDatabase(name, mode) => store.drop_database_as(&name, mode)?,
            Request::CreateTable(new) => {
                self.check_generated(&new.definition)?;
                store.create_table(&new.database, new.definition, new.partitions)?;
            }
            Request::AlterTable(path, alteration) => alter_table::alter(store, &path, alteration)?,
            Request::CreateMaterializedView(new) => self.create_materialized_view(&new)?,
            Request::AlterMaterializedView(path, change) => self.alter_materialized_view(&path, change)?,
            Request::RenameMaterializedView(path, name) => {
                store.rename_table(&path.database, &path.table, &name)?;
            }
            Request::RefreshMaterializedView(path) => {
                self.refresher().refresh(&path, RefreshStart::Always)?;
            }
            Request::DropMaterializedView(path) => {
                store.drop_table_as(&path.database, &path.table, DropMode::Force)?;
            }
            Request::CreateRollup(path, change) => {
                alter_table::alter(store, &path, TableAlteration::Redefine(change))?;
            }
            Request::DropTable(path, mode) => store.drop_table_as(&path.database, &path.table, mode)?,
            Request::Recover(Recovery::Database(name)) => store.recover_database(&name)?,
            Request::Recover(Recovery::Table(path)) => store.recover_table(&path.database, &path.table)?,
            Request::Recover(Recovery::Partition(path, name)) => {
                store.recover_partition(&path.database, &path.table, &name)?;
            }
            Request::Truncate(path, only) => {
                store.truncate_table(&path.database, &path.table, only.as_deref())?;
            }
            Request::Insert(insert) => {
                return Ok(Outcome::Affected { rows: self.inserter().run(&insert, store)? });
            }
            Request::Delete(delete) => {
                return Ok(Outcome::Affected { rows: self.delete(&delete)? });
            }
            Request::CreateRepository(new) => store.create_repository(new)?,
            Request::DropRepository(name) => store.drop_repository(&name)?,
            Request::Backup(backup) => return self.backup(&backup),
            Request::Restore(restore) => return Ok(Outcome::Job(store.submit_restore(&restore)?)),
            Request::CatalogBackup(backup) => {
                return submitted(self.store.submit_catalog_backup(&backup.request), backup.incremental);
            }
            Request::CatalogRestore(restore) => {
                return Ok(Outcome::Job(store.submit_catalog_restore(&restore)?));
            }
            Request::Cancel(Some(database), kind) => {
                store.cancel_job(&database, kind)?;
            }
            Request::Cancel(None, kind) => {
                store.cancel_catalog_job(kind)?;
            }
            Request::CreateCatalog(definition) => store.create_external_catalog(&definition)?,
            Request::AlterCatalog(name, set) => store.alter_external_catalog(&name, &set)?,
            Request::DropCatalog(name) => store.drop_external_catalog(&name)?,
            Request::AlterRepository(name, set) => store.alter_repository(&name, &set)?,
            Request::DropSnapshot { repository, label } => {
                store.drop_snapshot(&repository, &label)?;
            }
            Request::CreateView(new) => self.put_view(&new)?,
            Request::DropView(path) => store.drop_view(&path.database, &path.table)?,
            Request::Access(request) => return self.access(*request),
            Request::Use(_) | Request::Nothing => {}
            rows => return self.rows(rows).map(Outcome::Rows),
        }
        Ok(Outcome::Done)
    }

    /// Analyses what only DataFusion can: the queries inside a request.
    pub(crate) fn check(&self, request: &Request<'_>) -> Result<()> {
        match request {
            Request::CreateTable(new) => self.check_generated(&new.definition),
            Request::Insert(insert) => self.inserter().check(insert),
            Request::Delete(delete) => self.plan_delete(delete, self.view).map(drop),
            Request::CreateView(new) => self.view_definition(new).map(drop),
            Request::CreateMaterializedView(new) => self.materialized_view_definition(new).map(drop),
            Request::Query(query) | Request::Explain(_, query) => {
                self.queries.plan(self.view, self.current, &query.query).map(drop)
            }
            Request::Show(show) => self.check_show(show),
            _ => Ok(()),
        }
    }

    /// Analyses the expressions of generated columns.
    fn check_generated(&self, definition: &TableDefinition) -> Result<()> {
        insert::check_generated(definition, &self.queries.generated_columns(definition)?)
    }

    /// The catalog as far as the user may see it.
    fn visible(&self) -> Result<Arc<CatalogView>> {
        Ok(self.view.visible_to(&self.identity.authority(self.view)?))
    }

    fn rows(&self, request: Request<'_>) -> Result<Rows> {
        let view = self.view;
        match request {
            Request::Query(query) => {
                let planned = self.queries.plan(view, self.current, &query.query)?;
                planned.run().map(Rows::of_query)
            }
            Request::Explain(level, query) => {
                let planned = self.queries.plan(view, self.current, &query.query)?;
                planned.explain(level)?.run().map(Rows::of_query)
            }
            Request::Show(show) => self.show(&show),
            Request::ShowTablet(id) => show::owner(&*self.visible()?, id),
            Request::DescribeSystemTable(table) => show::describe_system_table(table),
            Request::ShowCreateTable(path) => show::create_table(self.table(&path)?, &path.database),
            Request::ShowCreateView(path) => show::create_view(self.stored_view(&path)?, &path.database),
            Request::DescribeView(path) => show::describe_view(self.stored_view(&path)?),
            Request::ShowCreateDatabase(database) => show::create_database(&database),
            Request::Describe(path) => show::describe(self.table(&path)?),
            Request::DescribeAll(path) => show::describe_all(self.table(&path)?),
            Request::ExplainBackup(_) | Request::ExplainRestore(_) => self.explain_job(request),
            Request::ExplainCatalogBackup(backup) => {
                show::explanation(&self.store.explain_catalog_backup(&backup.request)?, &[])
            }
            Request::ExplainCatalogRestore(restore) => {
                show::explanation(&self.store.explain_catalog_restore(&restore)?, &[])
            }
            Request::ShowCreateCatalog(name) => {
                show::create_catalog(&view.require_external_catalog(&name)?.definition)
            }
            Request::ShowCreateAsynchronous(path) => {
                show::create_asynchronous(self.table(&path)?, &path.database)
            }
            Request::ShowCreateMaterializedView(path, name) => {
                show::create_materialized_view(self.table(&path)?, &name)
            }
            Request::CheckRepository(name) => repository::check(self.store, &name),
            Request::Verify(verification) => repository::verify(self.store, *verification),
            Request::Prune(pruning) => repository::prune(view, self.store, &pruning),
            Request::ShowSnapshot(repository, choice) => show::snapshots(self.store, &repository, &choice),
            // Not what it is: a request may hold what must not be shown.
            _ => Err(Error::new(ErrorKind::Internal, "a statement without rows was asked for some")),
        }
    }

    /// What a job would do, and what the user lacks for it.
    fn explain_job(&self, mut request: Request<'_>) -> Result<Rows> {
        let explained = match &mut request {
            Request::ExplainBackup(backup) => self.store.explain_backup(&backup.request)?,
            Request::ExplainRestore(restore) => {
                let explained = self.store.explain_restore(restore)?;
                if restore.database.is_none() {
                    restore.database = explained.tables.first().and_then(|table| table.database.clone());
                }
                explained
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::Internal,
                    "a statement that is no job was to be explained",
                ));
            }
        };
        let scope = Scope { view: self.view, current: self.current };
        // Now that the database of a restore is known.
        privileges::check(&request, &scope, self.identity)?;
        show::explanation(&explained, &privileges::lacking(&request, &scope, self.identity)?)
    }

    fn backup(&self, backup: &Backup) -> Result<Outcome> {
        submitted(self.store.submit_backup(&backup.request), backup.incremental)
    }

    fn inserter(&self) -> Inserter<'_> {
        Inserter { queries: self.queries, view: self.view, current: self.current }
    }
}

/// The job of a backup that was submitted. StarRocks looks at the type only once the label turns out to be taken.
fn submitted(job: cairn_engine::Result<JobId>, incremental: bool) -> Result<Outcome> {
    match job {
        Err(e) if incremental && e.kind() == EngineErrorKind::AlreadyExists => Err(Error::new(
            ErrorKind::Unsupported,
            "currently does not support incremental backup: choose a new \
                    label; what is in the repository already is not sent again",
        )),
        job => Ok(Outcome::Job(job?)),
    }
}
