//! A columnar tablet store that speaks StarRocks' SQL and whose backups are open Parquet.
//!
//! This is the facade for programs that embed the store: a [`Database`] is one data directory, a [`Session`] is one
//! user's conversation with it. The `cairn` command is a thin shell around the two.
//!
//! It is not a query engine (DataFusion is) and not a server. The calls block: in an async program make them from
//! threads that may, and never from a task of the runtime whose handle the database was opened with.
//!
//! The main job: data in, an open snapshot out, and into a second store from there.
//!
//! ```
//! use cairn::{Database, JobState, Outcome, Session, parse_statement, split_statements};
//!
//! type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
//!
//! /// Runs a script; the result is that of its last statement.
//! fn run(session: &mut Session, script: &str) -> Result<Outcome> {
//!     let mut last = Outcome::Done;
//!     for source in split_statements(script) {
//!         last = session.execute(&parse_statement(&source)?)?;
//!     }
//!     Ok(last)
//! }
//!
//! /// Waits for the job that a statement submitted; the result is the snapshot's timestamp.
//! fn wait(database: &Database, outcome: Outcome) -> Result<String> {
//!     let Outcome::Job(id) = outcome else { return Err("no job was submitted".into()) };
//!     let job = database.wait_for_job(id, None)?;
//!     assert_eq!(job.state, JobState::Finished, "{}", job.status.to_text());
//!     Ok(job.timestamp.to_string())
//! }
//!
//! # fn main() -> Result<()> {
//! let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
//! let directory = tempfile::tempdir()?;
//! let backups = directory.path().join("backups");
//!
//! // A table with rows in it, backed up.
//! let first = Database::open(&directory.path().join("first"), runtime.handle())?;
//! let mut session = first.session();
//! run(&mut session, "CREATE DATABASE shop; USE shop")?;
//! run(
//!     &mut session,
//!     "CREATE TABLE orders (id BIGINT NOT NULL, price DECIMAL(9, 2), item STRING)
//!      DUPLICATE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 2;
//!      INSERT INTO orders VALUES (1, 9.99, 'rope'), (2, 120.00, 'boots'), (3, NULL, 'map')",
//! )?;
//! run(&mut session, &format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", backups.display()))?;
//! let submitted = run(&mut session, "BACKUP DATABASE shop SNAPSHOT monday TO r")?;
//! let timestamp = wait(&first, submitted)?;
//!
//! // An empty store that only reads the repository takes the snapshot in.
//! let second = Database::open(&directory.path().join("second"), runtime.handle())?;
//! let mut session = second.session();
//! run(&mut session, &format!("CREATE READ ONLY REPOSITORY r WITH BROKER ON LOCATION '{}'", backups.display()))?;
//! let restore = format!("RESTORE SNAPSHOT monday FROM r DATABASE shop PROPERTIES ('backup_timestamp' = '{timestamp}')");
//! let submitted = run(&mut session, &restore)?;
//! wait(&second, submitted)?;
//!
//! let Outcome::Rows(rows) = run(&mut session, "SELECT id FROM shop.orders WHERE price > 100")? else {
//!     return Err("a query has rows".into());
//! };
//! let found: usize = rows.map(|batch| batch.map(|batch| batch.num_rows())).sum::<cairn::Result<_>>()?;
//! assert_eq!(found, 1);
//! # Ok(())
//! # }
//! ```

mod database;

pub use cairn_engine::{
    Error as StoreError, ErrorKind as StoreErrorKind, JobId, JobProgress, JobRecord, JobState, JobStatus,
    JobTimes, JobTotals, StoreOptions, TabletStore,
};
pub use cairn_repository::{
    Access, CREDENTIAL_VARIABLES, CheckStatus, Disk, Environment, Finding, Problem, Repository,
    RepositoryOptions, SnapshotName, StoreCheck, StoreProvider, StoreReport, SystemStores, Transfer,
    VerifyReport, VerifySelection, check_store, is_secret_property,
};
pub use cairn_sql::{
    Checker, CollectionAction, CollectionStep, Error, ErrorKind, Outcome, ParseError, Result, Rows, Session,
    SourceStatement, Statement, parse_statement, split_statements,
};
pub use database::Database;
