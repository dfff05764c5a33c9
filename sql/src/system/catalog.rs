//! What the catalog holds, as tools for `MySQL` and for StarRocks ask for it: `schemata`, `tables`, `columns`, `partitions`,
//! `partitions_meta` and `tables_config`.

use cairn_engine::{CatalogView, Database, Partition, PartitionKind, Table, View};
use cairn_format::{
    Column as TableColumn, ColumnType, Distribution, KeyModel, PartitionRows, Partitioning, TableDefinition,
    ViewColumn,
};

use super::table::{Column, Row, Value, number, text, time};
use super::{INFORMATION_SCHEMA, SystemTable};
use crate::error::Result;
use crate::show::{COLLATION, ENGINE, NO_COOLDOWN, SYSTEM_VIEW, VIEW, held, kind_of, names};

/// The name of the one catalog, as these tables have it.
pub(super) const CATALOG: &str = "def";
pub(super) const CHARACTER_SET: &str = "utf8";

pub(super) const SCHEMATA: [Column; 5] = [
    text("CATALOG_NAME"),
    text("SCHEMA_NAME"),
    text("DEFAULT_CHARACTER_SET_NAME"),
    text("DEFAULT_COLLATION_NAME"),
    text("SQL_PATH"),
];

pub(super) const TABLES: [Column; 21] = [
    text("TABLE_CATALOG"),
    text("TABLE_SCHEMA"),
    text("TABLE_NAME"),
    text("TABLE_TYPE"),
    text("ENGINE"),
    number("VERSION"),
    text("ROW_FORMAT"),
    number("TABLE_ROWS"),
    number("AVG_ROW_LENGTH"),
    number("DATA_LENGTH"),
    number("MAX_DATA_LENGTH"),
    number("INDEX_LENGTH"),
    number("DATA_FREE"),
    number("AUTO_INCREMENT"),
    time("CREATE_TIME"),
    time("UPDATE_TIME"),
    time("CHECK_TIME"),
    text("TABLE_COLLATION"),
    number("CHECKSUM"),
    text("CREATE_OPTIONS"),
    text("TABLE_COMMENT"),
];

pub(super) const COLUMNS: [Column; 24] = [
    text("TABLE_CATALOG"),
    text("TABLE_SCHEMA"),
    text("TABLE_NAME"),
    text("COLUMN_NAME"),
    number("ORDINAL_POSITION"),
    text("COLUMN_DEFAULT"),
    text("IS_NULLABLE"),
    text("DATA_TYPE"),
    number("CHARACTER_MAXIMUM_LENGTH"),
    number("CHARACTER_OCTET_LENGTH"),
    number("NUMERIC_PRECISION"),
    number("NUMERIC_SCALE"),
    number("DATETIME_PRECISION"),
    text("CHARACTER_SET_NAME"),
    text("COLLATION_NAME"),
    text("COLUMN_TYPE"),
    text("COLUMN_KEY"),
    text("EXTRA"),
    text("PRIVILEGES"),
    text("COLUMN_COMMENT"),
    number("COLUMN_SIZE"),
    number("DECIMAL_DIGITS"),
    text("GENERATION_EXPRESSION"),
    number("SRS_ID"),
];

pub(super) const PARTITIONS: [Column; 24] = [
    text("TABLE_CATALOG"),
    text("TABLE_SCHEMA"),
    text("TABLE_NAME"),
    text("PARTITION_NAME"),
    text("SUBPARTITION_NAME"),
    number("PARTITION_ORDINAL_POSITION"),
    number("SUBPARTITION_ORDINAL_POSITION"),
    text("PARTITION_METHOD"),
    text("SUBPARTITION_METHOD"),
    text("PARTITION_EXPRESSION"),
    text("PARTITION_DESCRIPTION"),
    number("TABLE_ROWS"),
    number("AVG_ROW_LENGTH"),
    number("DATA_LENGTH"),
    number("MAX_DATA_LENGTH"),
    number("INDEX_LENGTH"),
    number("DATA_FREE"),
    time("CREATE_TIME"),
    time("UPDATE_TIME"),
    time("CHECK_TIME"),
    number("CHECKSUM"),
    text("PARTITION_COMMENT"),
    text("NODEGROUP"),
    text("TABLESPACE_NAME"),
];

pub(super) const PARTITIONS_META: [Column; 19] = [
    text("DB_NAME"),
    text("TABLE_NAME"),
    text("PARTITION_NAME"),
    number("PARTITION_ID"),
    number("COMPACT_VERSION"),
    number("VISIBLE_VERSION"),
    time("VISIBLE_VERSION_TIME"),
    number("NEXT_VERSION"),
    text("PARTITION_KEY"),
    text("PARTITION_VALUE"),
    text("DISTRIBUTION_KEY"),
    number("BUCKETS"),
    number("REPLICATION_NUM"),
    text("STORAGE_MEDIUM"),
    text("COOLDOWN_TIME"),
    number("IS_IN_MEMORY"),
    number("IS_TEMP"),
    number("DATA_SIZE"),
    number("ROW_COUNT"),
];

pub(super) const TABLES_CONFIG: [Column; 12] = [
    text("TABLE_SCHEMA"),
    text("TABLE_NAME"),
    text("TABLE_ENGINE"),
    text("TABLE_MODEL"),
    text("PRIMARY_KEY"),
    text("PARTITION_KEY"),
    text("DISTRIBUTE_KEY"),
    text("DISTRIBUTE_TYPE"),
    number("DISTRIBUTE_BUCKET"),
    text("SORT_KEY"),
    text("PROPERTIES"),
    number("TABLE_ID"),
];

/// Every table with its database.
pub(super) fn each_table(view: &CatalogView) -> impl Iterator<Item = (&Database, &Table)> {
    view.databases().flat_map(|database| database.tables().map(|table| (database.as_ref(), table.as_ref())))
}

/// Every view with its database.
pub(super) fn each_view(view: &CatalogView) -> impl Iterator<Item = (&Database, &View)> {
    view.databases().flat_map(|database| database.views().map(|view| (database.as_ref(), view.as_ref())))
}

#[expect(clippy::unnecessary_wraps, reason = "a value of a row")]
pub(super) fn said(text: &str) -> Option<Value> {
    Some(text.into())
}

/// The quotient, of which a table without rows has none.
#[expect(clippy::unnecessary_wraps, reason = "a value of a row")]
fn average(bytes: u64, rows: u64) -> Option<Value> {
    Some(bytes.checked_div(rows).unwrap_or(0).into())
}

pub(super) fn schemata(view: &CatalogView) -> Vec<Row> {
    let names = view.databases().map(|database| database.name.as_str());
    let row = |name: &str| vec![said(CATALOG), said(name), said(CHARACTER_SET), said(COLLATION), None];
    names.chain([INFORMATION_SCHEMA]).map(row).collect()
}

pub(super) fn tables(view: &CatalogView) -> Vec<Row> {
    let mut rows: Vec<Row> = each_table(view).map(|(database, table)| table_row(database, table)).collect();
    rows.extend(each_view(view).map(|(database, view)| {
        let mut row = vec![None; TABLES.len()];
        row[0] = said(CATALOG);
        row[1] = said(database.name.as_str());
        row[2] = said(view.definition.name.as_str());
        row[3] = said(VIEW);
        row[20] = said(view.definition.comment.as_deref().unwrap_or_default());
        row
    }));
    rows.extend(SystemTable::ALL.into_iter().map(|table| {
        let mut row = vec![None; TABLES.len()];
        row[0] = said(CATALOG);
        row[1] = said(INFORMATION_SCHEMA);
        row[2] = said(table.name());
        row[3] = said(SYSTEM_VIEW);
        row[4] = said("MEMORY");
        row[20] = said("");
        row
    }));
    rows
}

fn table_row(database: &Database, table: &Table) -> Row {
    let (rows, bytes) = (table.rows(), table.bytes_with_rollups());
    let updated = table.partitions.iter().map(|partition| partition.version_time_ms).max();
    let next = table.definition.auto_increment().and_then(|_| u64::try_from(table.next_auto_increment).ok());
    vec![
        said(CATALOG),
        said(database.name.as_str()),
        said(table.name().as_str()),
        said(kind_of(table)),
        said(ENGINE),
        None,
        said(""),
        Some(rows.into()),
        average(bytes, rows),
        Some(bytes.into()),
        None,
        None,
        None,
        next.map(Value::from),
        table.times.created_ms.map(Value::Time),
        updated.map(Value::Time),
        None,
        said(COLLATION),
        None,
        said(""),
        said(table.definition.comment.as_deref().unwrap_or_default()),
    ]
}

pub(super) fn columns(view: &CatalogView) -> Vec<Row> {
    let mut rows = Vec::new();
    for (database, table) in each_table(view) {
        let definition = &table.definition;
        let columns = (1..).zip(&definition.columns);
        rows.extend(columns.map(|(place, column)| column_row(database, definition, place, column)));
    }
    for (database, view) in each_view(view) {
        let columns = (1..).zip(&view.definition.columns);
        rows.extend(columns.map(|(place, column)| view_column_row(database, view, place, column)));
    }
    rows
}

fn view_column_row(database: &Database, view: &View, place: u64, column: &ViewColumn) -> Row {
    let word = column.type_text.split(['(', '<']).next().unwrap_or_default();
    let mut row = vec![None; COLUMNS.len()];
    row[0] = said(CATALOG);
    row[1] = said(database.name.as_str());
    row[2] = said(view.definition.name.as_str());
    row[3] = said(&column.name);
    row[4] = Some(place.into());
    row[6] = said("YES");
    row[7] = said(word);
    row[15] = said(&column.type_text);
    for place in [16, 17, 18] {
        row[place] = said("");
    }
    row[19] = said(column.comment.as_deref().unwrap_or_default());
    row
}

fn column_row(database: &Database, table: &TableDefinition, place: u64, column: &TableColumn) -> Row {
    let is_key = place <= table.key_columns as u64;
    let key = match table.key_model {
        _ if !is_key => "",
        KeyModel::Duplicate => "DUP",
        KeyModel::Aggregate => "AGG",
        KeyModel::Unique => "UNI",
        KeyModel::Primary => "PRI",
    };
    let extra = match column {
        column if column.auto_increment => "auto_increment",
        column if column.generated.is_some() => "STORED GENERATED",
        _ => "",
    };
    let shape = Shape::of(&column.column_type);
    let in_characters = shape.characters.map(Value::from);
    vec![
        said(CATALOG),
        said(database.name.as_str()),
        said(table.name.as_str()),
        said(column.name.as_str()),
        Some(place.into()),
        column.default.as_ref().map(|default| default.to_string().into()),
        said(if column.nullable { "YES" } else { "NO" }),
        Some(shape.word.into()),
        in_characters.clone(),
        in_characters,
        shape.precision.map(Value::from),
        shape.scale.map(Value::from),
        None,
        None,
        None,
        Some(shape.text.into()),
        said(key),
        said(extra),
        said(""),
        said(column.comment.as_deref().unwrap_or_default()),
        shape.precision.or(shape.characters).map(Value::from),
        shape.scale.map(Value::from),
        column.generated.as_deref().map(Value::from),
        None,
    ]
}

/// A type as tools for `MySQL` know it.
struct Shape {
    /// The type's word.
    word: String,
    /// The type with its parameters and the width that StarRocks prints.
    text: String,
    characters: Option<u64>,
    precision: Option<u64>,
    scale: Option<u64>,
}

impl Shape {
    fn of(column_type: &ColumnType) -> Self {
        let whole = column_type.to_string();
        let word = whole.split(['(', '<']).next().unwrap_or_default().to_owned();
        let (mut characters, mut precision, mut scale) = (None, None, None);
        let mut width = None;
        match column_type {
            ColumnType::TinyInt => (precision, width) = (Some(3), Some(4)),
            ColumnType::SmallInt => (precision, width) = (Some(5), Some(6)),
            ColumnType::Int => (precision, width) = (Some(10), Some(11)),
            ColumnType::BigInt => (precision, width) = (Some(19), Some(20)),
            ColumnType::LargeInt => (precision, width) = (Some(39), Some(40)),
            ColumnType::Float => precision = Some(7),
            ColumnType::Double => precision = Some(15),
            ColumnType::Decimal { precision: digits, scale: behind } => {
                (precision, scale) = (Some(u64::from(*digits)), Some(u64::from(*behind)));
            }
            ColumnType::Char { length } | ColumnType::Varchar { length } => {
                characters = Some(u64::from(*length));
            }
            _ => {}
        }
        if column_type.is_integer() {
            scale = Some(0);
        }
        let text = width.map_or(whole, |width| format!("{word}({width})"));
        Self { word, text, characters, precision, scale }
    }
}

/// Every partition of every table with its place; temporary ones only where `PartitionKind` says so.
fn each_partition(
    view: &CatalogView,
) -> impl Iterator<Item = (&Database, &Table, u64, PartitionKind, &Partition)> {
    each_table(view).flat_map(|(database, table)| {
        let formal = (1..).zip(&table.partitions).map(|(place, p)| (place, PartitionKind::Formal, p));
        let temporary =
            (1..).zip(&table.temporary_partitions).map(|(place, p)| (place, PartitionKind::Temporary, p));
        formal
            .chain(temporary)
            .map(move |(place, kind, partition)| (database, table, place, kind, partition.as_ref()))
    })
}

pub(super) fn partitions(view: &CatalogView) -> Result<Vec<Row>> {
    let formal = each_partition(view).filter(|(_, _, _, kind, _)| *kind == PartitionKind::Formal);
    formal
        .map(|(database, table, place, _, partition)| partition_row(database, table, place, partition))
        .collect()
}

fn partition_row(database: &Database, table: &Table, place: u64, partition: &Partition) -> Result<Row> {
    let partitioning = &table.definition.partitioning;
    let method = match partitioning {
        Partitioning::Unpartitioned => None,
        Partitioning::Range { .. } => said("RANGE"),
        Partitioning::List { .. } => said("LIST"),
    };
    let by = match partitioning {
        Partitioning::Unpartitioned => None,
        by => Some(names(table, by.columns())?.into()),
    };
    let (rows, bytes) = (partition.rows(), partition.bytes_with_rollups());
    Ok(vec![
        said(CATALOG),
        said(database.name.as_str()),
        said(table.name().as_str()),
        said(partition.definition.name.as_str()),
        None,
        Some(place.into()),
        None,
        method,
        None,
        by,
        holds(table, partition)?,
        Some(rows.into()),
        average(bytes, rows),
        Some(bytes.into()),
        None,
        None,
        None,
        None,
        Some(Value::Time(partition.version_time_ms)),
        None,
        None,
        said(""),
        None,
        None,
    ])
}

/// Which rows a partition holds, in StarRocks' words.
fn holds(table: &Table, partition: &Partition) -> Result<Option<Value>> {
    if partition.definition.rows == PartitionRows::All {
        return Ok(None);
    }
    let types = table.definition.partition_types()?;
    Ok(Some(held(partition, &types).into()))
}

pub(super) fn partitions_meta(view: &CatalogView) -> Result<Vec<Row>> {
    let row = |(database, table, _, kind, partition): (&Database, &Table, u64, PartitionKind, &Partition)| {
        let definition = &table.definition;
        let own = &partition.definition.properties;
        let property =
            |name: &str| own.get(name).or_else(|| definition.properties.get(name)).map(String::as_str);
        let replicas: u64 =
            property("replication_num").and_then(|text| text.trim().parse().ok()).unwrap_or(1);
        let version = partition.version.get();
        Ok(vec![
            said(database.name.as_str()),
            said(table.name().as_str()),
            said(partition.definition.name.as_str()),
            Some(partition.id.get().into()),
            None,
            Some(version.into()),
            Some(Value::Time(partition.version_time_ms)),
            Some(version.saturating_add(1).into()),
            Some(names(table, definition.partitioning.columns())?.into()),
            holds(table, partition)?,
            Some(distribution_key(table)?.into()),
            Some((partition.tablets.len() as u64).into()),
            Some(replicas.into()),
            said(property("storage_medium").unwrap_or("HDD")),
            said(property("storage_cooldown_time").unwrap_or(NO_COOLDOWN)),
            Some(u64::from(property("in_memory") == Some("true")).into()),
            Some(u64::from(kind == PartitionKind::Temporary).into()),
            Some(partition.bytes_with_rollups().into()),
            Some(partition.rows().into()),
        ])
    };
    each_partition(view).map(row).collect()
}

fn distribution_key(table: &Table) -> Result<String> {
    names(table, table.definition.distribution.columns())
}

pub(super) fn tables_config(view: &CatalogView) -> Result<Vec<Row>> {
    let row = |(database, table): (&Database, &Table)| {
        let definition = &table.definition;
        let model = match definition.key_model {
            KeyModel::Duplicate => "DUP_KEYS",
            KeyModel::Aggregate => "AGG_KEYS",
            KeyModel::Unique => "UNQ_KEYS",
            KeyModel::Primary => "PRI_KEYS",
        };
        let key: Vec<_> = definition.key().iter().map(|column| column.field_id).collect();
        let has_unique_keys = matches!(definition.key_model, KeyModel::Primary | KeyModel::Unique);
        let distribution = match definition.distribution {
            Distribution::Hash { .. } => "HASH",
            Distribution::Random { .. } => "RANDOM",
        };
        let properties = serde_json::to_string(&definition.properties).unwrap_or_default();
        Ok(vec![
            said(database.name.as_str()),
            said(table.name().as_str()),
            said("OLAP"),
            said(model),
            Some(if has_unique_keys { names(table, &key)? } else { String::new() }.into()),
            Some(names(table, definition.partitioning.columns())?.into()),
            Some(distribution_key(table)?.into()),
            said(distribution),
            Some(u64::from(definition.distribution.buckets()).into()),
            Some(names(table, &definition.sort_columns())?.into()),
            Some(properties.into()),
            Some(table.id.get().into()),
        ])
    };
    each_table(view).map(row).collect()
}
