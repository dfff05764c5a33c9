//! The behaviour of statements by topic, as `sqllogictest` files: `sql/tests/slt`.
//!
//! Each file has a store of its own; connections are sessions of root on it. A BACKUP or RESTORE is waited for, and is an
//! error when its job fails. `CAIRN_SLT_UPDATE=1` writes into the files what statements say: look at the difference before it
//! is committed.

use std::path::{Path, PathBuf};

use cairn_engine::JobStatus;
use cairn_sql::Outcome;
use sqllogictest::{
    DB, DBOutput, DefaultColumnType, Runner, default_column_validator, default_normalizer, default_validator,
};

use crate::support::{Shell, values};

/// A session as the runner wants it.
struct Connection(Shell);

/// Why a statement was refused.
#[derive(Debug)]
struct Refusal(String);

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

impl DB for Connection {
    type Error = Refusal;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Refusal> {
        let refused = |error: cairn_sql::Error| Refusal(format!("{:?}: {error}", error.kind()));
        match self.0.try_execute(sql).map_err(Refusal)?.map_err(refused)? {
            Outcome::Rows(rows) => {
                let columns = rows.schema().fields().len();
                let rows = values(rows).map_err(refused)?;
                let shown = |value: String| if value.is_empty() { "(empty)".to_owned() } else { value };
                let rows = rows.into_iter().map(|row| row.into_iter().map(shown).collect()).collect();
                Ok(DBOutput::Rows { types: vec![DefaultColumnType::Text; columns], rows })
            }
            Outcome::Affected { rows } => Ok(DBOutput::StatementComplete(rows)),
            Outcome::Job(id) => match &self.0.store.wait_for_job(id, None).unwrap().status {
                JobStatus::Ok => Ok(DBOutput::StatementComplete(0)),
                JobStatus::Failed { code, message } => Err(Refusal(format!("[{code}, msg: {message}]"))),
            },
            Outcome::Done => Ok(DBOutput::StatementComplete(0)),
        }
    }
}

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt");
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "slt")).collect();
    files.sort();
    files
}

fn run(file: &Path) {
    let shell = Shell::new();
    let mut runner = Runner::new(|| {
        let session = shell.connect("root", "").map(Connection).map_err(|e| Refusal(e.to_string()));
        std::future::ready(session)
    });
    if std::env::var_os("CAIRN_SLT_UPDATE").is_some() {
        let update = runner.update_test_file(
            file,
            "\t",
            default_validator,
            default_normalizer,
            default_column_validator,
        );
        return futures::executor::block_on(update).unwrap();
    }
    if let Err(error) = runner.run_file(file) {
        panic!("{}", error.display(false));
    }
}

#[test]
fn statements_do_what_the_files_say() {
    let files = files();
    assert!(files.len() >= 8, "{files:?}");
    std::thread::scope(|scope| {
        let runs: Vec<_> = files.iter().map(|file| (file, scope.spawn(|| run(file)))).collect();
        let failed = runs.into_iter().filter_map(|(file, run)| run.join().is_err().then_some(file));
        let failed: Vec<_> = failed.collect();
        assert!(failed.is_empty(), "{failed:?}");
    });
}
