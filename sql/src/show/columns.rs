//! DESC and SHOW COLUMNS.

use arrow::datatypes::{DataType, FieldRef};
use cairn_engine::{Table, View};
use cairn_format::{Aggregation, Column, ColumnType, ViewColumn};

use super::listing::Listing;
use super::text::Row;
use crate::error::Result;
use crate::outcome::Rows;
use crate::system::SystemTable;

const FIELDS: [&str; 6] = ["Field", "Type", "Null", "Key", "Default", "Extra"];
const ALL_FIELDS: [&str; 9] =
    ["Field", "Type", "Collation", "Null", "Key", "Default", "Extra", "Privileges", "Comment"];

/// A column as these statements know it.
struct Field {
    name: String,
    column_type: String,
    nullable: bool,
    key: bool,
    default: Option<String>,
    extra: String,
    comment: String,
}

impl Field {
    fn of(column: &Column, key: bool) -> Self {
        let extra = match column.aggregation {
            Some(aggregation) => Aggregation::as_sql(aggregation),
            None if column.auto_increment => "AUTO_INCREMENT",
            None if column.generated.is_some() => "GENERATED",
            None => "",
        };
        Self {
            name: column.name.to_string(),
            column_type: column.column_type.to_string(),
            nullable: column.nullable,
            key,
            default: column.default.as_ref().map(ToString::to_string),
            extra: extra.to_owned(),
            comment: column.comment.clone().unwrap_or_default(),
        }
    }

    fn of_system(field: &FieldRef) -> Self {
        let column_type = match field.data_type() {
            DataType::Int64 => ColumnType::BigInt,
            DataType::Timestamp(..) => ColumnType::DateTime,
            _ => ColumnType::String,
        };
        Self {
            name: field.name().clone(),
            column_type: column_type.to_string(),
            nullable: true,
            key: false,
            default: None,
            extra: String::new(),
            comment: String::new(),
        }
    }

    fn of_view(column: &ViewColumn) -> Self {
        Self {
            name: column.name.clone(),
            column_type: column.type_text.clone(),
            nullable: true,
            key: false,
            default: None,
            extra: String::new(),
            comment: column.comment.clone().unwrap_or_default(),
        }
    }

    fn null(&self) -> String {
        if self.nullable { "YES" } else { "NO" }.to_owned()
    }

    /// The row of DESC.
    fn described(self) -> Row {
        let (null, key) = (self.null(), self.key.to_string());
        vec![Some(self.name), Some(self.column_type), Some(null), Some(key), self.default, Some(self.extra)]
    }

    /// The row of SHOW COLUMNS.
    fn shown(self, full: bool) -> Row {
        let (null, key) = (self.null(), Some(if self.key { "YES" } else { "NO" }.to_owned()));
        let nothing = || Some(String::new());
        let (name, column_type, extra) = (Some(self.name), Some(self.column_type), Some(self.extra));
        if full {
            let comment = Some(self.comment);
            vec![name, column_type, nothing(), Some(null), key, self.default, extra, nothing(), comment]
        } else {
            vec![name, column_type, Some(null), key, self.default, extra]
        }
    }
}

fn fields(table: &Table) -> impl Iterator<Item = Field> {
    let definition = &table.definition;
    let keys = definition.key_columns;
    definition.columns.iter().enumerate().map(move |(place, column)| Field::of(column, place < keys))
}

fn system_fields(table: SystemTable) -> Vec<Field> {
    table.schema().fields().iter().map(Field::of_system).collect()
}

fn view_fields(view: &View) -> impl Iterator<Item = Field> {
    view.definition.columns.iter().map(Field::of_view)
}

pub(crate) fn describe(table: &Table) -> Result<Rows> {
    Rows::of_text(&FIELDS, &fields(table).map(Field::described).collect::<Vec<_>>())
}

pub(crate) fn describe_view(view: &View) -> Result<Rows> {
    let rows: Vec<Row> = view_fields(view).map(Field::described).collect();
    Rows::of_text(&FIELDS, &rows)
}

pub(crate) fn describe_system_table(table: SystemTable) -> Result<Rows> {
    let rows: Vec<Row> = system_fields(table).into_iter().map(Field::described).collect();
    Rows::of_text(&FIELDS, &rows)
}

pub(crate) fn columns(table: &Table, full: bool) -> Listing {
    listing(fields(table), full)
}

pub(crate) fn view_columns(view: &View, full: bool) -> Listing {
    listing(view_fields(view), full)
}

pub(crate) fn system_columns(table: SystemTable, full: bool) -> Listing {
    listing(system_fields(table).into_iter(), full)
}

fn listing(fields: impl Iterator<Item = Field>, full: bool) -> Listing {
    let columns = if full { &ALL_FIELDS[..] } else { &FIELDS[..] };
    Listing::new(columns, &[], &[], fields.map(|field| field.shown(full)).collect())
}
