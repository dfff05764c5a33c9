//! Files of others that FILES(…) reads: CSV, with its guesses about types, and Parquet.

#![allow(unreachable_pub, reason = "the fuzz crate exports it; a test includes it")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use cairn_engine::{StoreOptions, TabletStore};
use cairn_repository::{Disk, SystemStores};
use cairn_sql::{Outcome, Session, parse_statement, split_statements};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A session on a store without tables, and a place for files.
struct Reader {
    session: Session,
    directory: TempDir,
    _runtime: Runtime,
}

fn reader() -> &'static Mutex<Reader> {
    static READER: OnceLock<Mutex<Reader>> = OnceLock::new();
    READER.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let directory = tempfile::tempdir().expect("a directory");
        let stores = SystemStores::new(runtime.handle().clone(), Disk::system());
        let store = TabletStore::open(&directory.path().join("store"), StoreOptions::new(Arc::new(stores)));
        let session = Session::new(Arc::new(store.expect("a store")), runtime.handle().clone());
        Mutex::new(Reader { session, directory, _runtime: runtime })
    })
}

impl Reader {
    /// Reads all rows; an error is as good, a panic is not.
    fn select(&mut self, path: &Path, options: &str) {
        let query = format!("SELECT * FROM FILES('path' = '{}'{options})", path.display());
        let [source] = split_statements(&query).try_into().expect("one statement");
        let statement = parse_statement(&source).expect("a statement");
        if let Ok(Outcome::Rows(rows)) = self.session.execute(&statement) {
            for batch in rows {
                if batch.is_err() {
                    return;
                }
            }
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }
}

/// The first byte chooses options, the rest is the file.
pub fn csv(input: &[u8]) {
    let Some((choice, rest)) = input.split_first() else { return };
    let mut options = String::from(", 'format' = 'csv'");
    for (bit, option) in [
        (1, ", 'csv.column_separator' = ','"),
        (2, ", 'csv.enclose' = '\"'"),
        (4, ", 'csv.skip_header' = '1'"),
        (8, ", 'auto_detect_types' = 'false'"),
        (16, ", 'csv.escape' = '\\\\'"),
        (32, ", 'csv.trim_space' = 'true'"),
    ] {
        if choice & bit != 0 {
            options.push_str(option);
        }
    }
    let mut reader = reader().lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let path = reader.write("file.csv", rest);
    reader.select(&path, &options);
}

/// A Parquet file of somebody else.
pub fn parquet(input: &[u8]) {
    let mut reader = reader().lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let path = reader.write("file.parquet", input);
    reader.select(&path, ", 'format' = 'parquet'");
}
