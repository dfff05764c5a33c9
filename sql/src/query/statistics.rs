//! What the catalog knows of a scan, for DataFusion: exact counts, and bounds where they are values of the column.

use cairn_engine::Segment;
use cairn_format::{Column, ColumnBounds, MAX_BOUND_BYTES, TableDefinition, Value};
use datafusion::common::ScalarValue;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Statistics};

/// A lower bound that was cut is no shorter than this: at most a part of one character is missing.
const WHOLE_TEXT_BYTES: usize = MAX_BOUND_BYTES - 3;

pub(super) fn segment_statistics(table: &TableDefinition, segment: &Segment) -> Statistics {
    table_statistics(table, &[segment])
}

/// The statistics of all these segments together.
pub(super) fn table_statistics(table: &TableDefinition, segments: &[&Segment]) -> Statistics {
    let count = |n: u64| usize::try_from(n).map_or(Precision::Absent, Precision::Exact);
    let rows = segments.iter().map(|segment| segment.live_rows()).sum();
    let bytes: u64 = segments.iter().map(|segment| segment.length).sum();
    let bytes = usize::try_from(bytes).map_or(Precision::Absent, Precision::Inexact);
    Statistics {
        num_rows: count(rows),
        total_byte_size: bytes,
        column_statistics: table.columns.iter().map(|column| column_statistics(column, segments)).collect(),
    }
}

fn column_statistics(column: &Column, segments: &[&Segment]) -> ColumnStatistics {
    // Deleted rows count in what a file says of its columns.
    let is_exact = segments.iter().all(|segment| segment.deleted.is_none());
    let mut merged: Option<ColumnBounds> = None;
    let mut nulls = Some(0);
    for segment in segments {
        let bounds = segment.bounds.iter().find(|bounds| bounds.field_id == column.field_id);
        let Some(bounds) = bounds else { return ColumnStatistics::new_unknown() };
        nulls = nulls.zip(bounds.null_count).map(|(sum, count): (u64, u64)| sum + count);
        // A segment of nothing but nulls has no bounds and moves none.
        if bounds.null_count != Some(segment.rows) {
            merged = Some(match merged {
                None => bounds.clone(),
                Some(merged) => merged.merged(bounds.clone()),
            });
        }
    }
    let (lower, upper) = merged.map_or((None, None), |bounds| (bounds.lower, bounds.upper));
    let nulls = nulls.and_then(|nulls| usize::try_from(nulls).ok());
    let statistics = ColumnStatistics::new_unknown()
        .with_null_count(nulls.map_or(Precision::Absent, Precision::Exact))
        .with_min_value(bound(column, lower, |text| text.len() < WHOLE_TEXT_BYTES))
        // An upper bound that was cut may have any length, and is no value of the column.
        .with_max_value(bound(column, upper, |_| false));
    if is_exact { statistics } else { statistics.to_inexact() }
}

/// `is_whole` tells whether a text is a value of the column and not a bound that was cut.
fn bound(column: &Column, value: Option<Value>, is_whole: fn(&str) -> bool) -> Precision<ScalarValue> {
    let Some(value) = value else { return Precision::Absent };
    let scalar = value
        .to_array(&column.column_type, 1)
        .ok()
        .and_then(|array| ScalarValue::try_from_array(&array, 0).ok());
    let whole = match &value {
        Value::Text(text) => is_whole(text),
        _ => true,
    };
    match scalar {
        None => Precision::Absent,
        Some(scalar) if whole => Precision::Exact(scalar),
        Some(scalar) => Precision::Inexact(scalar),
    }
}
