//! One user's conversation with the store.

use std::sync::Arc;

use cairn_engine::{TabletStore, UserName};
use cairn_format::DatabaseName;
use tokio::runtime::Handle;

use crate::analyze::{Request, Scope, analyze};
use crate::ast::Statement;
use crate::error::Result;
use crate::execute::{Executor, Refresher};
use crate::identity::{HOST, Identity};
use crate::outcome::Outcome;
use crate::privileges;
use crate::query::QueryEngine;

/// One user's conversation with the store: what `USE` chose, and the statements that are run.
///
/// Everything blocks. Call it from threads that may, never from a task of the runtime that is handed in, on which
/// queries run.
pub struct Session {
    pub(crate) store: Arc<TabletStore>,
    pub(crate) queries: QueryEngine,
    pub(crate) current: Option<DatabaseName>,
    pub(crate) identity: Identity,
}

impl Session {
    /// A conversation as root, who may do everything, for a program whose own the store is: no password is asked for. It
    /// has chosen no database yet. Queries run on `runtime`.
    pub fn new(store: Arc<TabletStore>, runtime: Handle) -> Self {
        let root = Identity::root(store.view().access());
        Self::with_identity(store, runtime, root)
    }

    /// A conversation as the user `name`, whose default roles are active.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Denied`](crate::ErrorKind::Denied) when there is no such user or it has another password.
    pub fn connect(store: Arc<TabletStore>, runtime: Handle, name: &str, password: &str) -> Result<Self> {
        let user = store.authenticate(name, HOST, password)?;
        let identity = Identity::begin(store.view().access(), user);
        Ok(Self::with_identity(store, runtime, identity))
    }

    fn with_identity(store: Arc<TabletStore>, runtime: Handle, identity: Identity) -> Self {
        let queries = QueryEngine::new(Arc::clone(&store), runtime, identity.clone());
        Self { store, queries, current: None, identity }
    }

    /// The user.
    pub fn user(&self) -> &UserName {
        &self.identity.user
    }

    /// The database that `USE` chose.
    pub fn current_database(&self) -> Option<&DatabaseName> {
        self.current.as_ref()
    }

    /// Analyses a statement against the catalog of this moment and runs it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Analysis`](crate::ErrorKind::Analysis) when the statement is refused before anything has run, and
    /// [`ErrorKind::Denied`](crate::ErrorKind::Denied) when the user may not do it; other kinds when it failed while it ran. A failed statement has changed nothing.
    pub fn execute(&mut self, statement: &Statement) -> Result<Outcome> {
        let mut view = self.store.view();
        // Somebody who knows SQL has to look at what a restore has brought.
        if (Refresher { store: &self.store, queries: &self.queries }).settle(&view) {
            view = self.store.view();
        }
        let scope = Scope { view: &view, current: self.current.as_ref() };
        let request = analyze(statement, &scope, &self.identity)?;
        privileges::check(&request, &scope, &self.identity)?;
        if let Request::Use(database) = request {
            self.current = Some(database);
            return Ok(Outcome::Done);
        }
        if let Request::Access(request) = &request
            && let Some(identity) = self.identity.after(request, view.access())
        {
            self.queries.set_identity(identity.clone());
            self.identity = identity;
            return Ok(Outcome::Done);
        }
        let executor = Executor {
            store: &self.store,
            queries: &self.queries,
            view: &view,
            current: self.current.as_ref(),
            identity: &self.identity,
        };
        executor.run(request)
    }
}
