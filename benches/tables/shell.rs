//! Statements by SQL.

use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use cairn::{Database, Outcome, Session, parse_statement, split_statements};

use crate::support::Fallible;

pub(crate) struct Shell {
    database: Database,
    session: Session,
    _runtime: tokio::runtime::Runtime,
}

impl Shell {
    pub(crate) fn open(directory: &Path) -> Fallible<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let database = Database::open(directory, runtime.handle())?;
        let session = database.session();
        Ok(Self { database, session, _runtime: runtime })
    }

    fn outcome(&mut self, script: &str) -> Fallible<Outcome> {
        let mut last = Outcome::Done;
        for source in split_statements(script) {
            last = self.session.execute(&parse_statement(&source)?)?;
        }
        Ok(last)
    }

    pub(crate) fn run(&mut self, script: &str) -> Fallible<()> {
        self.outcome(script).map(drop)
    }

    fn rows(&mut self, query: &str) -> Fallible<cairn::Rows> {
        match self.outcome(query)? {
            Outcome::Rows(rows) => Ok(rows),
            _ => Err(format!("no query: {query}").into()),
        }
    }

    /// Reads all rows of a query.
    pub(crate) fn count(&mut self, query: &str) -> Fallible<u64> {
        let mut count = 0;
        for batch in self.rows(query)? {
            count += batch?.num_rows() as u64;
        }
        Ok(count)
    }

    /// The BIGINT that a query is.
    pub(crate) fn number(&mut self, query: &str) -> Fallible<i64> {
        for batch in self.rows(query)? {
            let batch = batch?;
            if batch.num_rows() > 0 {
                return Ok(batch.column(0).as_primitive::<Int64Type>().value(0));
            }
        }
        Err(format!("no rows: {query}").into())
    }

    /// How many files of the store a query opens.
    pub(crate) fn files_of(&mut self, query: &str) -> Fallible<usize> {
        let mut files = 0;
        for batch in self.rows(&format!("EXPLAIN VERBOSE {query}"))? {
            let batch = batch?;
            let (names, plans) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
            for row in (0..names.len()).filter(|row| names.value(*row) == "physical_plan") {
                files = plans.value(row).matches(".parquet").count();
            }
        }
        Ok(files)
    }

    /// The bytes that a backup sends.
    pub(crate) fn backup(&mut self, statement: &str) -> Fallible<u64> {
        let Outcome::Job(id) = self.outcome(statement)? else { return Err("no job".into()) };
        let job = self.database.wait_for_job(id, None)?;
        match &job.totals {
            Some(totals) if job.status.to_text() == "[OK]" => Ok(totals.moved_bytes),
            _ => Err(job.status.to_text().into()),
        }
    }
}
