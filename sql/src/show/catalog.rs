//! What is in the catalog: databases, tables, columns, repositories.

use std::sync::Arc;
use std::time::Duration;

use cairn_engine::{CatalogView, Database, Table, TabletStore};
use cairn_format::{DatabaseName, create_statement};
use cairn_repository::Repository;

use super::listing::Listing;
use super::text::{NULL, Row, time, time_or_null};
use crate::error::Result;
use crate::outcome::Rows;
use crate::system::{INFORMATION_SCHEMA, SystemTable};

/// So long a repository has to be opened where all of them are shown: one that is away must not hide the others.
pub(crate) const TIME_TO_ANSWER: Duration = Duration::from_secs(10);

pub(crate) fn databases(view: &CatalogView) -> Listing {
    let rows = view.databases().map(|database| vec![Some(database.name.to_string())]);
    Listing::new(&["Database"], &[], &[], rows.collect())
}

/// The kind of tables.
const BASE_TABLE: &str = "BASE TABLE";
/// The kind of views.
pub(crate) const VIEW: &str = "VIEW";
/// The kind of those of `information_schema`.
pub(crate) const SYSTEM_VIEW: &str = "SYSTEM VIEW";

/// The kind of a table, which StarRocks says of its materialized views, too.
pub(crate) fn kind_of(table: &Table) -> &'static str {
    if table.definition.materialized_view.is_some() { VIEW } else { BASE_TABLE }
}

pub(crate) fn tables(database: &Database, full: bool) -> Listing {
    let tables = database.tables().map(|table| (table.name().to_string(), kind_of(table)));
    let views = database.views().map(|view| (view.definition.name.to_string(), VIEW));
    let mut names: Vec<_> = tables.chain(views).collect();
    names.sort_unstable();
    named_tables(database.name.as_str(), names.into_iter(), full)
}

pub(crate) fn system_tables(full: bool) -> Listing {
    let names = SystemTable::ALL.iter().map(|table| (table.name().to_owned(), SYSTEM_VIEW));
    named_tables(INFORMATION_SCHEMA, names, full)
}

fn named_tables(database: &str, names: impl Iterator<Item = (String, &'static str)>, full: bool) -> Listing {
    let header = format!("Tables_in_{database}");
    let columns = [header.as_str(), "Table_type"];
    let shown = if full { &columns[..] } else { &columns[..1] };
    let row = |(name, kind): (String, &str)| {
        [Some(name), Some(kind.to_owned())].into_iter().take(shown.len()).collect()
    };
    let rows = names.map(row);
    Listing::new(shown, &[], &[], rows.collect())
}

pub(crate) fn table_status(database: &Database) -> Listing {
    const COLUMNS: [&str; 18] = [
        "Name",
        "Engine",
        "Version",
        "Row_format",
        "Rows",
        "Avg_row_length",
        "Data_length",
        "Max_data_length",
        "Index_length",
        "Data_free",
        "Auto_increment",
        "Create_time",
        "Update_time",
        "Check_time",
        "Collation",
        "Checksum",
        "Create_options",
        "Comment",
    ];
    const NUMBERS: [&str; 4] = ["Rows", "Avg_row_length", "Data_length", "Auto_increment"];
    let row = |table: &Arc<Table>| {
        let (rows, bytes) = (table.rows(), table.bytes_with_rollups());
        let updated = table.partitions.iter().map(|partition| partition.version_time_ms).max();
        let mut row: Row = vec![None; COLUMNS.len()];
        let values = [
            (0, table.name().to_string()),
            (1, ENGINE.to_owned()),
            (4, rows.to_string()),
            (5, bytes.checked_div(rows).unwrap_or(0).to_string()),
            (6, bytes.to_string()),
            (11, time_or_null(table.times.created_ms)),
            (12, time_or_null(updated)),
            (14, COLLATION.to_owned()),
            (17, table.definition.comment.clone().unwrap_or_default()),
        ];
        for (place, value) in values {
            row[place] = Some(value);
        }
        if table.definition.auto_increment().is_some() {
            row[10] = Some(table.next_auto_increment.to_string());
        }
        row
    };
    Listing::new(&COLUMNS, &NUMBERS, &[], database.tables().map(row).collect())
}

/// What StarRocks calls its tables' engine where `MySQL` has one.
pub(crate) const ENGINE: &str = "StarRocks";
/// How texts are compared: byte by byte.
pub(crate) const COLLATION: &str = "utf8_general_ci";

pub(crate) fn create_database(database: &DatabaseName) -> Result<Rows> {
    let statement = format!("CREATE DATABASE `{database}`");
    Rows::of_text(&["Database", "Create Database"], &[vec![Some(database.to_string()), Some(statement)]])
}

pub(crate) fn create_table(table: &Table, database: &DatabaseName) -> Result<Rows> {
    let statement = create_statement(&table.definition, &table.partition_definitions(), database)?;
    Rows::of_text(&["Table", "Create Table"], &[vec![Some(table.name().to_string()), Some(statement)]])
}

const REPOSITORY_COLUMNS: [&str; 7] =
    ["RepoId", "RepoName", "CreateTime", "IsReadOnly", "Location", "Broker", "ErrMsg"];

/// What conditions on repositories are checked against.
pub(crate) fn no_repositories() -> Listing {
    Listing::new(&REPOSITORY_COLUMNS, &["RepoId"], &[], Vec::new())
}

pub(crate) fn repositories(view: &CatalogView, store: &TabletStore) -> Listing {
    let names: Vec<_> = view.repositories().map(|entry| entry.name.clone()).collect();
    let opened = store.open_repositories(&names, TIME_TO_ANSWER);
    let row = |(entry, opened): (&Arc<cairn_engine::RepositoryEntry>, cairn_engine::Result<Repository>)| {
        let health = match opened {
            Ok(_) => NULL.to_owned(),
            Err(error) => error.to_string(),
        };
        vec![
            Some(entry.id.to_string()),
            Some(entry.name.to_string()),
            Some(time(entry.created_ms)),
            Some(entry.read_only.to_string()),
            Some(entry.location.clone()),
            Some(entry.broker.clone().unwrap_or_default()),
            Some(health),
        ]
    };
    Listing { rows: view.repositories().zip(opened).map(row).collect(), ..no_repositories() }
}
