//! Checking a script without running it.

use std::sync::Arc;

use cairn_engine::{CatalogView, TabletStore};
use cairn_format::DatabaseName;

use crate::analyze::{Request, Scope, TableAlteration, analyze};
use crate::ast::Statement;
use crate::error::Result;
use crate::execute::{Executor, imagine_altered};
use crate::identity::Identity;
use crate::privileges;
use crate::query::QueryEngine;
use crate::session::Session;

/// Analyses the statements of a script one after the other, and runs none.
///
/// It keeps a catalog of its own: what a statement would make, drop or choose is so for those after it. A RESTORE
/// makes what its snapshot holds and a RECOVER what was dropped, which nobody knows before it runs: from then on unknown
/// names are no errors.
pub struct Checker {
    store: Arc<TabletStore>,
    queries: QueryEngine,
    view: Arc<CatalogView>,
    current: Option<DatabaseName>,
    identity: Identity,
    restored: bool,
}

impl Checker {
    /// Starts from the session's catalog and database of this moment.
    pub fn new(session: &Session) -> Self {
        Self {
            store: Arc::clone(&session.store),
            queries: session.queries.clone(),
            view: session.store.view(),
            current: session.current.clone(),
            identity: session.identity.clone(),
            restored: false,
        }
    }

    /// Analyses one statement.
    ///
    /// # Errors
    ///
    /// What [`Session::execute`] would refuse before running anything.
    pub fn check(&mut self, statement: &Statement) -> Result<()> {
        match self.analysed(statement) {
            Err(error) if self.restored && error.is_unknown_name() => {
                if let Statement::Use(name) = statement {
                    self.current = DatabaseName::parse(&name.name.value).ok();
                }
                Ok(())
            }
            result => result,
        }
    }

    fn analysed(&mut self, statement: &Statement) -> Result<()> {
        let view = Arc::clone(&self.view);
        let scope = Scope { view: &view, current: self.current.as_ref() };
        let request = analyze(statement, &scope, &self.identity)?;
        privileges::check(&request, &scope, &self.identity)?;
        let executor = Executor {
            store: &self.store,
            queries: &self.queries,
            view: &view,
            current: self.current.as_ref(),
            identity: &self.identity,
        };
        executor.check(&request)?;
        if let Request::CreateView(new) = &request {
            let imagined = executor.imagine_view(new)?;
            self.view = Arc::new(imagined);
            return Ok(());
        }
        if let Request::CreateMaterializedView(new) = &request {
            let imagined = executor.imagine_materialized_view(new)?;
            self.view = Arc::new(imagined);
            return Ok(());
        }
        self.imagine(request)
    }

    /// Changes the catalog as the request would.
    fn imagine(&mut self, request: Request<'_>) -> Result<()> {
        let view = &self.view;
        let changed = match request {
            Request::CreateDatabase(name) => view.with_database(&name),
            Request::DropDatabase(name, _) => view.without_database(&name),
            Request::CreateTable(new) => view.with_table(&new.database, new.definition, new.partitions),
            Request::AlterTable(path, alteration) => imagine_altered(view, &path, alteration),
            Request::CreateRollup(path, change) => {
                imagine_altered(view, &path, TableAlteration::Redefine(change))
            }
            Request::DropView(path) => view.without_view(&path.database, &path.table),
            Request::RenameMaterializedView(path, name) => {
                view.with_table_renamed(&path.database, &path.table, &name)
            }
            Request::DropTable(path, _) | Request::DropMaterializedView(path) => {
                view.without_table(&path.database, &path.table)
            }
            Request::CreateRepository(new) => view.with_repository(new),
            Request::DropRepository(name) => view.without_repository(&name),
            Request::CreateCatalog(definition) => view.with_external_catalog(*definition),
            Request::DropCatalog(name) => view.without_external_catalog(&name),
            Request::Access(request) => {
                if let Some(identity) = self.identity.after(&request, view.access()) {
                    self.queries.set_identity(identity.clone());
                    self.identity = identity;
                    return Ok(());
                }
                match request.change() {
                    None => return Ok(()),
                    Some(change) => view.access().with(&change).map(|access| view.with_access(access)),
                }
            }
            Request::Use(name) => {
                self.current = Some(name);
                return Ok(());
            }
            // What was dropped is not known either.
            Request::Restore(_) | Request::CatalogRestore(_) | Request::Recover(_) => {
                self.restored = true;
                return Ok(());
            }
            _ => return Ok(()),
        };
        self.view = Arc::new(changed.map_err(|e| crate::Error::from(e).while_analysing())?);
        Ok(())
    }
}
