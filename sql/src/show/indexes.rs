//! SHOW INDEX.

use cairn_engine::{Database, Table};
use cairn_format::IndexDefinition;

use super::listing::Listing;
use super::text::Row;
use crate::error::Result;

const COLUMNS: [&str; 12] = [
    "Table",
    "Non_unique",
    "Key_name",
    "Seq_in_index",
    "Column_name",
    "Collation",
    "Cardinality",
    "Sub_part",
    "Packed",
    "Null",
    "Index_type",
    "Comment",
];

pub(crate) fn indexes(database: &Database, table: &Table) -> Result<Listing> {
    let row = |index: &IndexDefinition| -> Result<Row> {
        let columns = index.columns.iter().map(|id| Ok(table.definition.column_by_id(*id)?.name.to_string()));
        let columns = columns.collect::<Result<Vec<_>>>()?.join(",");
        let unknown = String::new;
        let values = [
            format!("{}.{}", database.name, table.name()),
            unknown(),
            index.name.clone(),
            unknown(),
            columns,
            unknown(),
            unknown(),
            unknown(),
            unknown(),
            unknown(),
            index.kind_text(),
            index.comment.clone().unwrap_or_default(),
        ];
        Ok(values.into_iter().map(Some).collect())
    };
    let rows = table.definition.indexes.iter().map(row).collect::<Result<Vec<_>>>()?;
    Ok(Listing::new(&COLUMNS, &[], &[], rows))
}
