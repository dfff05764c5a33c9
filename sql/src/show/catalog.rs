//! What is in the catalog: databases, tables, columns, repositories.

use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{DataType, FieldRef};
use cairn_engine::{CatalogView, Database, Table, TabletStore};
use cairn_format::{ColumnType, DatabaseName, create_table_statement};
use cairn_repository::Repository;

use super::text::{NULL, Row, is_like, time};
use crate::error::Result;
use crate::outcome::Rows;
use crate::system::SystemTable;

/// So long a repository has to be opened where all of them are shown: one that is away must not hide the others.
pub(crate) const TIME_TO_ANSWER: Duration = Duration::from_secs(10);

pub(crate) fn databases(view: &CatalogView, like: Option<&str>) -> Result<Rows> {
    let names = view.databases().map(|database| database.name.as_str());
    names_as_rows("Database", names, like)
}

pub(crate) fn tables(database: &Database, like: Option<&str>) -> Result<Rows> {
    let names = database.tables().map(|table| table.name().as_str());
    names_as_rows(&format!("Tables_in_{}", database.name), names, like)
}

pub(crate) fn system_tables(like: Option<&str>) -> Result<Rows> {
    names_as_rows("Tables_in_information_schema", SystemTable::ALL.iter().map(|table| table.name()), like)
}

fn names_as_rows<'n>(header: &str, names: impl Iterator<Item = &'n str>, like: Option<&str>) -> Result<Rows> {
    let shown = names.filter(|name| like.is_none_or(|pattern| is_like(name, pattern)));
    let rows: Vec<Row> = shown.map(|name| vec![Some(name.to_owned())]).collect();
    Rows::of_text(&[header], &rows)
}

pub(crate) fn create_database(database: &DatabaseName) -> Result<Rows> {
    let statement = format!("CREATE DATABASE `{database}`");
    Rows::of_text(&["Database", "Create Database"], &[vec![Some(database.to_string()), Some(statement)]])
}

pub(crate) fn create_table(table: &Table) -> Result<Rows> {
    let statement = create_table_statement(&table.definition, &table.partition_definitions())?;
    Rows::of_text(&["Table", "Create Table"], &[vec![Some(table.name().to_string()), Some(statement)]])
}

const FIELD_COLUMNS: [&str; 6] = ["Field", "Type", "Null", "Key", "Default", "Extra"];

pub(crate) fn describe_system_table(table: SystemTable) -> Result<Rows> {
    let row = |field: &FieldRef| {
        let column_type = match field.data_type() {
            DataType::Int64 => ColumnType::BigInt,
            DataType::Timestamp(..) => ColumnType::DateTime,
            _ => ColumnType::String,
        };
        let values = [field.name().clone(), column_type.to_string(), "YES".to_owned(), "false".to_owned()];
        values.into_iter().map(Some).chain([None, Some(String::new())]).collect()
    };
    let rows: Vec<Row> = table.schema().fields().iter().map(row).collect();
    Rows::of_text(&FIELD_COLUMNS, &rows)
}

pub(crate) fn describe(table: &Table) -> Result<Rows> {
    let definition = &table.definition;
    let row = |(position, column): (usize, &cairn_format::Column)| {
        let default = column.default.as_ref().map(ToString::to_string);
        let extra = match column.aggregation {
            Some(aggregation) => aggregation.as_sql(),
            None if column.auto_increment => "AUTO_INCREMENT",
            None if column.generated.is_some() => "GENERATED",
            None => "",
        };
        vec![
            Some(column.name.to_string()),
            Some(column.column_type.to_string()),
            Some(if column.nullable { "YES" } else { "NO" }.to_owned()),
            Some((position < definition.key_columns).to_string()),
            default,
            Some(extra.to_owned()),
        ]
    };
    let rows: Vec<Row> = definition.columns.iter().enumerate().map(row).collect();
    Rows::of_text(&FIELD_COLUMNS, &rows)
}

pub(crate) fn repositories(view: &CatalogView, store: &TabletStore) -> Result<Rows> {
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
    let rows: Vec<Row> = view.repositories().zip(opened).map(row).collect();
    Rows::of_text(&["RepoId", "RepoName", "CreateTime", "IsReadOnly", "Location", "Broker", "ErrMsg"], &rows)
}
