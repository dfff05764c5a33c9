//! One user's conversation with the store.

use std::sync::Arc;

use cairn_engine::TabletStore;
use cairn_format::DatabaseName;
use tokio::runtime::Handle;

use crate::analyze::{Request, Scope, analyze};
use crate::ast::Statement;
use crate::error::Result;
use crate::execute::Executor;
use crate::outcome::Outcome;
use crate::query::QueryEngine;

/// One user's conversation with the store: what `USE` chose, and the statements that are run.
///
/// Everything blocks. Call it from threads that may, never from a task of the runtime that is handed in, on which
/// queries run.
pub struct Session {
    pub(crate) store: Arc<TabletStore>,
    pub(crate) queries: QueryEngine,
    pub(crate) current: Option<DatabaseName>,
}

impl Session {
    /// A conversation that has chosen no database yet. Queries run on `runtime`.
    pub fn new(store: Arc<TabletStore>, runtime: Handle) -> Self {
        let queries = QueryEngine::new(Arc::clone(&store), runtime);
        Self { store, queries, current: None }
    }

    /// The database that `USE` chose.
    pub fn current_database(&self) -> Option<&DatabaseName> {
        self.current.as_ref()
    }

    /// Analyses a statement against the catalog of this moment and runs it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Analysis`](crate::ErrorKind::Analysis) when the statement is refused before anything has run;
    /// other kinds when it failed while it ran. A failed statement has changed nothing.
    pub fn execute(&mut self, statement: &Statement) -> Result<Outcome> {
        let view = self.store.view();
        let request = analyze(statement, &Scope { view: &view, current: self.current.as_ref() })?;
        if let Request::Use(database) = request {
            self.current = Some(database);
            return Ok(Outcome::Done);
        }
        let executor = Executor {
            store: &self.store,
            queries: &self.queries,
            view: &view,
            current: self.current.as_ref(),
        };
        executor.run(request)
    }
}
