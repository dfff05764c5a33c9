//! SHOW DATA: what tables occupy.

use cairn_engine::{Database, Table};

use super::listing::Listing;
use super::text::Row;

/// The name of the row that sums up.
const TOTAL: &str = "Total";

pub(crate) fn data_of_database(database: &Database) -> Listing {
    let line = |name: String, bytes: u64, tablets: u64| -> Row {
        vec![Some(name), Some(size(bytes)), Some(tablets.to_string())]
    };
    let (mut rows, mut all_bytes, mut all_tablets) = (Vec::new(), 0, 0);
    for table in database.tables() {
        let (bytes, tablets) = sums(&indexes(table));
        rows.push(line(table.name().to_string(), bytes, tablets));
        all_bytes += bytes;
        all_tablets += tablets;
    }
    rows.push(line(TOTAL.to_owned(), all_bytes, all_tablets));
    Listing::new(&["TableName", "Size", "ReplicaCount"], &[], &[], rows)
}

/// A row for the table, and one for each rollup of it.
pub(crate) fn data_of_table(table: &Table) -> Listing {
    let indexes = indexes(table);
    let line = |values: [String; 5]| -> Row { values.into_iter().map(Some).collect() };
    let mut rows: Vec<Row> = Vec::new();
    for index in &indexes {
        let owner = if rows.is_empty() { table.name().to_string() } else { String::new() };
        rows.push(line([
            owner,
            index.name().to_string(),
            size(index.bytes()),
            tablets(index).to_string(),
            index.rows().to_string(),
        ]));
    }
    let (bytes, tablets) = sums(&indexes);
    rows.push(line([String::new(), TOTAL.to_owned(), size(bytes), tablets.to_string(), String::new()]));
    Listing::new(&["TableName", "IndexName", "Size", "ReplicaCount", "RowCount"], &[], &[], rows)
}

/// The table and its rollups, each as a table.
fn indexes(table: &Table) -> Vec<Table> {
    let rollups = table.definition.rollups.iter().map(|rollup| table.of_rollup(rollup));
    std::iter::once(table.clone()).chain(rollups).collect()
}

/// Their bytes and tablets.
fn sums(indexes: &[Table]) -> (u64, u64) {
    (indexes.iter().map(Table::bytes).sum(), indexes.iter().map(tablets).sum())
}

/// Its tablets, of which there is one replica each.
fn tablets(table: &Table) -> u64 {
    table.partitions.iter().map(|partition| partition.tablets.len() as u64).sum()
}

/// Bytes as this statement prints them: `1.400 KB`.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let mut unit = 0;
    #[expect(clippy::cast_precision_loss, reason = "some digits are shown")]
    let mut size = bytes as f64;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.3} {}", UNITS[unit])
}
