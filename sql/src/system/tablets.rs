//! What holds the rows, down to the files: `tablets` and `rowsets`, which are this store's own.

use cairn_engine::{CatalogView, Database, Partition, Rowset, Table, Tablet};

use super::catalog::each_table;
use super::table::{Column, Row, Value, number, text, time};

pub(super) const TABLETS: [Column; 16] = [
    text("TABLE_SCHEMA"),
    text("TABLE_NAME"),
    text("PARTITION_NAME"),
    text("INDEX_NAME"),
    number("TABLE_ID"),
    number("PARTITION_ID"),
    number("TABLET_ID"),
    number("BUCKET"),
    number("IS_TEMP"),
    number("VERSION"),
    time("VERSION_TIME"),
    number("ROWSET_COUNT"),
    number("SEGMENT_COUNT"),
    number("ROW_COUNT"),
    number("DELETED_ROWS"),
    number("DATA_SIZE"),
];

pub(super) const ROWSETS: [Column; 12] = [
    text("TABLE_SCHEMA"),
    text("TABLE_NAME"),
    text("PARTITION_NAME"),
    text("INDEX_NAME"),
    number("TABLET_ID"),
    number("BUCKET"),
    number("ROWSET_ID"),
    number("VERSION"),
    number("SEGMENT_COUNT"),
    number("ROW_COUNT"),
    number("DELETED_ROWS"),
    number("DATA_SIZE"),
];

/// A tablet and where it is.
struct Place<'v> {
    database: &'v Database,
    table: &'v Table,
    partition: &'v Partition,
    is_temporary: bool,
    /// The table's name, or that of a rollup of it.
    index: &'v str,
    bucket: u64,
    tablet: &'v Tablet,
}

fn places(view: &CatalogView) -> impl Iterator<Item = Place<'_>> {
    each_table(view).flat_map(|(database, table)| {
        let formal = table.partitions.iter().map(|partition| (partition, false));
        let temporary = table.temporary_partitions.iter().map(|partition| (partition, true));
        formal.chain(temporary).flat_map(move |(partition, is_temporary)| {
            partition.indexes(&table.definition).flat_map(move |(rollup, tablets)| {
                let index = rollup.map_or(table.name(), |rollup| &rollup.name).as_str();
                (0..).zip(tablets).map(move |(bucket, tablet)| Place {
                    database,
                    table,
                    partition,
                    is_temporary,
                    index,
                    bucket,
                    tablet,
                })
            })
        })
    })
}

impl Place<'_> {
    /// The names of what it is in.
    fn names(&self) -> [Option<Value>; 4] {
        let (database, table) = (self.database.name.as_str(), self.table.name().as_str());
        [database, table, self.partition.definition.name.as_str(), self.index].map(|name| Some(name.into()))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a value of a row")]
fn count(number: usize) -> Option<Value> {
    Some((number as u64).into())
}

pub(super) fn tablets(view: &CatalogView) -> Vec<Row> {
    let row = |place: Place<'_>| {
        let tablet = place.tablet;
        let deleted: u64 = tablet.segments().map(cairn_engine::Segment::deleted_rows).sum();
        let mut row = Row::from(place.names());
        row.extend([
            Some(place.table.id.get().into()),
            Some(place.partition.id.get().into()),
            Some(tablet.id.get().into()),
            Some(place.bucket.into()),
            Some(u64::from(place.is_temporary).into()),
            Some(place.partition.version.get().into()),
            Some(Value::Time(place.partition.version_time_ms)),
            count(tablet.rowsets.len()),
            count(tablet.segments().count()),
            Some(tablet.rows().into()),
            Some(deleted.into()),
            Some(tablet.bytes().into()),
        ]);
        row
    };
    places(view).map(row).collect()
}

pub(super) fn rowsets(view: &CatalogView) -> Vec<Row> {
    let row = |place: &Place<'_>, rowset: &Rowset| {
        let sum = |of: fn(&cairn_engine::Segment) -> u64| -> u64 { rowset.segments.iter().map(of).sum() };
        let mut row = Row::from(place.names());
        row.extend([
            Some(place.tablet.id.get().into()),
            Some(place.bucket.into()),
            Some(rowset.id.get().into()),
            Some(rowset.version.get().into()),
            count(rowset.segments.len()),
            Some(sum(cairn_engine::Segment::live_rows).into()),
            Some(sum(cairn_engine::Segment::deleted_rows).into()),
            Some(sum(|segment| segment.length).into()),
        ]);
        row
    };
    let mut rows = Vec::new();
    for place in places(view) {
        rows.extend(place.tablet.rowsets.iter().map(|rowset| row(&place, rowset)));
    }
    rows
}
