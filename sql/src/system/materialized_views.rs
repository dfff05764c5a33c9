//! `materialized_views`: those of both kinds, as StarRocks has them.

use cairn_engine::CatalogView;

use super::catalog::said;
use super::table::{Column, Row, Value, number, text, time};
use crate::error::Result;
use crate::show::{ShownView, UNPARTITIONED};

pub(super) const COLUMNS: [Column; 22] = [
    text("MATERIALIZED_VIEW_ID"),
    text("TABLE_SCHEMA"),
    text("TABLE_NAME"),
    text("REFRESH_TYPE"),
    text("IS_ACTIVE"),
    text("INACTIVE_REASON"),
    text("PARTITION_TYPE"),
    text("TASK_ID"),
    text("TASK_NAME"),
    time("LAST_REFRESH_START_TIME"),
    time("LAST_REFRESH_FINISHED_TIME"),
    text("LAST_REFRESH_DURATION"),
    text("LAST_REFRESH_STATE"),
    text("LAST_REFRESH_FORCE_REFRESH"),
    text("LAST_REFRESH_START_PARTITION"),
    text("LAST_REFRESH_END_PARTITION"),
    text("LAST_REFRESH_BASE_REFRESH_PARTITIONS"),
    text("LAST_REFRESH_MV_REFRESH_PARTITIONS"),
    text("LAST_REFRESH_ERROR_CODE"),
    text("LAST_REFRESH_ERROR_MESSAGE"),
    number("TABLE_ROWS"),
    text("MATERIALIZED_VIEW_DEFINITION"),
];

pub(super) fn rows(view: &CatalogView) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for database in view.databases() {
        for shown in ShownView::all_of(database)? {
            rows.push(row(shown, database.name.as_str()));
        }
    }
    Ok(rows)
}

fn row(shown: ShownView, database: &str) -> Row {
    let mut row: Row = vec![None; COLUMNS.len()];
    row[0] = Some(shown.id.into());
    row[1] = said(database);
    row[2] = Some(shown.name.into());
    row[3] = said(shown.refresh_type);
    row[4] = said(if shown.inactive_reason.is_none() { "true" } else { "false" });
    if shown.refresh_type != "ROLLUP" {
        row[5] = said(shown.inactive_reason.as_deref().unwrap_or_default());
        row[6] = said(UNPARTITIONED);
    }
    if let Some(last) = shown.last_refresh {
        row[9] = Some(Value::Time(last.begun_ms));
        row[10] = Some(Value::Time(last.ended_ms));
        row[11] = Some(last.seconds().into());
        row[12] = said(last.state());
        row[13] = said("false");
        row[18] = said(last.error_code());
        row[19] = said(last.error.as_deref().unwrap_or_default());
    }
    row[20] = Some(shown.rows.into());
    row[21] = Some(shown.text.into());
    row
}
