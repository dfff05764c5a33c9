//! A store with a session, and rows as text.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use arrow::util::display::{ArrayFormatter, FormatOptions};
use cairn_engine::{JobRecord, StoreOptions, TabletStore};
use cairn_repository::{Disk, SystemStores};
use cairn_sql::{Checker, Error, Outcome, Rows, Session, parse_statement, split_statements};
use tempfile::TempDir;
use tokio::runtime::{Handle, Runtime};

/// The runtime of all tests.
pub(crate) fn handle() -> Handle {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    });
    runtime.handle().clone()
}

/// A small generator, so that a seed means the same for ever.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    pub(crate) fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub(crate) fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

/// A store and a session on it.
pub(crate) struct Shell {
    pub(crate) directory: PathBuf,
    pub(crate) store: Arc<TabletStore>,
    pub(crate) session: Session,
    /// Removes the directory in the end.
    pub(crate) root: Option<TempDir>,
}

/// What stores are opened with, so that they understand what SQL has put into them.
fn options(stores: SystemStores) -> StoreOptions {
    let mut options = StoreOptions::new(Arc::new(stores));
    options.expressions = cairn_sql::expressions();
    options
}

impl Shell {
    /// A new store in a directory of its own.
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut shell = Self::at(&root.path().join("store"));
        shell.root = Some(root);
        shell
    }

    /// A store in `directory`.
    pub(crate) fn at(directory: &Path) -> Self {
        Self::opened(directory, false)
    }

    /// A store in `directory` that compacts in the background.
    pub(crate) fn compacting(directory: &Path) -> Self {
        Self::opened(directory, true)
    }

    fn opened(directory: &Path, compacts: bool) -> Self {
        let stores = SystemStores::new(handle(), Disk::system());
        let mut options = options(stores);
        options.compacts = compacts;
        let store = Arc::new(TabletStore::open(directory, options).unwrap());
        let session = Session::new(Arc::clone(&store), handle());
        Self { directory: directory.to_owned(), store, session, root: None }
    }

    /// A store with an empty database `d` that is in use.
    pub(crate) fn with_database() -> Self {
        let mut shell = Self::new();
        shell.run("CREATE DATABASE d; USE d");
        shell
    }

    /// Another session on the same store, as a user.
    pub(crate) fn connect(&self, user: &str, password: &str) -> Result<Self, Error> {
        let session = Session::connect(Arc::clone(&self.store), handle(), user, password)?;
        Ok(Self { directory: self.directory.clone(), store: Arc::clone(&self.store), session, root: None })
    }

    /// Runs one statement.
    pub(crate) fn execute(&mut self, sql: &str) -> Result<Outcome, Error> {
        let mut statements = split_statements(sql);
        assert_eq!(statements.len(), 1, "{sql}");
        let statement = parse_statement(&statements.remove(0))?;
        self.session.execute(&statement)
    }

    /// Parses and runs one statement, which need not parse.
    pub(crate) fn try_execute(&mut self, sql: &str) -> Result<Result<Outcome, Error>, String> {
        let sources = split_statements(sql);
        let [source] = sources.as_slice() else { return Err(format!("{} statements", sources.len())) };
        let statement = parse_statement(source).map_err(|error| format!("Parse: {error}"))?;
        Ok(self.session.execute(&statement))
    }

    /// Runs statements that must succeed.
    pub(crate) fn run(&mut self, script: &str) {
        for source in split_statements(script) {
            let statement = parse_statement(&source).unwrap_or_else(|e| panic!("{}: {e}", source.text()));
            match self.session.execute(&statement) {
                Ok(Outcome::Rows(rows)) => drop(rows.map(Result::unwrap).count()),
                Ok(_) => {}
                Err(e) => panic!("{}: {e:?}", source.text()),
            }
        }
    }

    /// Runs an INSERT and counts its rows.
    pub(crate) fn affected(&mut self, sql: &str) -> u64 {
        match self.execute(sql).unwrap_or_else(|e| panic!("{sql}: {e:?}")) {
            Outcome::Affected { rows } => rows,
            other => panic!("{sql}: {other:?}"),
        }
    }

    /// The rows of a statement, values separated by `|`.
    pub(crate) fn rows(&mut self, sql: &str) -> Vec<String> {
        self.try_rows(sql).unwrap_or_else(|e| panic!("{sql}: {e:?}"))
    }

    pub(crate) fn try_rows(&mut self, sql: &str) -> Result<Vec<String>, Error> {
        match self.execute(sql)? {
            Outcome::Rows(rows) => texts(rows),
            other => panic!("{sql}: {other:?}"),
        }
    }

    /// The one value of a statement.
    pub(crate) fn value(&mut self, sql: &str) -> String {
        let rows = self.rows(sql);
        assert_eq!(rows.len(), 1, "{sql}: {rows:?}");
        rows.into_iter().next().unwrap()
    }

    /// The columns of a statement's rows.
    pub(crate) fn columns(&mut self, sql: &str) -> Vec<String> {
        match self.execute(sql).unwrap_or_else(|e| panic!("{sql}: {e:?}")) {
            Outcome::Rows(rows) => rows.schema().fields().iter().map(|field| field.name().clone()).collect(),
            other => panic!("{sql}: {other:?}"),
        }
    }

    /// Why a statement is refused.
    pub(crate) fn refusal(&mut self, sql: &str) -> Error {
        match self.execute(sql) {
            Err(error) => error,
            Ok(Outcome::Rows(rows)) => match texts(rows) {
                Err(error) => error,
                Ok(rows) => panic!("{sql}: {rows:?}"),
            },
            Ok(other) => panic!("{sql}: {other:?}"),
        }
    }

    /// Runs a BACKUP or a RESTORE and waits until it has ended.
    pub(crate) fn job(&mut self, sql: &str) -> Arc<JobRecord> {
        match self.execute(sql).unwrap_or_else(|e| panic!("{sql}: {e:?}")) {
            Outcome::Job(id) => self.store.wait_for_job(id, None).unwrap(),
            other => panic!("{sql}: {other:?}"),
        }
    }

    /// What checking a script says, statement by statement: `ok` or the error.
    pub(crate) fn check(&self, script: &str) -> Vec<String> {
        let mut checker = Checker::new(&self.session);
        let mut verdicts = Vec::new();
        for source in split_statements(script) {
            verdicts.push(match parse_statement(&source) {
                Err(error) => format!("parse error: {error}"),
                Ok(statement) => match checker.check(&statement) {
                    Ok(()) => "ok".to_owned(),
                    Err(error) => format!("analysis error: {error}"),
                },
            });
        }
        verdicts
    }
}

fn texts(rows: Rows) -> Result<Vec<String>, Error> {
    Ok(values(rows)?.into_iter().map(|row| row.join("|")).collect())
}

/// Rows as text, value by value.
pub(crate) fn values(rows: Rows) -> Result<Vec<Vec<String>>, Error> {
    let options = FormatOptions::default().with_null("NULL");
    let mut lines = Vec::new();
    for batch in rows {
        let batch = batch?;
        let formatters: Vec<ArrayFormatter<'_>> =
            batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            lines.push(formatters.iter().map(|f| f.value(row).to_string()).collect());
        }
    }
    Ok(lines)
}

/// Runs a random test with the seed of the variable `<name>_SEED`, or else with those of as many runs as `<name>_RUNS` says, or
/// `runs`; prints the seed that fails, with `what` it means.
pub(crate) fn each_seed(name: &str, runs: u64, what: &str, run: fn(u64)) {
    let number =
        |end: &str| std::env::var(format!("{name}_{end}")).ok().and_then(|text| text.parse::<u64>().ok());
    if let Some(seed) = number("SEED") {
        return run(seed);
    }
    for seed in 1..=number("RUNS").unwrap_or(runs) {
        let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if let Err(panic) = std::panic::catch_unwind(|| run(seed)) {
            eprintln!("{what}: {name}_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}
