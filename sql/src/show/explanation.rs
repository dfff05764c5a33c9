//! EXPLAIN BACKUP and EXPLAIN RESTORE: one row a table, one that sums up, one a conflict, and one a privilege that is missing.

use cairn_engine::{ExplainedTable, JobExplanation};

use super::text::Row;
use crate::error::Result;
use crate::outcome::Rows;

const COLUMNS: [&str; 11] = [
    "Action",
    "Object",
    "Files",
    "Bytes",
    "MovedFiles",
    "MovedBytes",
    "ReusedFiles",
    "ReusedBytes",
    "Requests",
    "Seconds",
    "Detail",
];

pub(crate) fn explanation(explained: &JobExplanation, lacking: &[String]) -> Result<Rows> {
    let mut rows: Vec<Row> = explained.tables.iter().map(table).collect();
    rows.push(total(explained));
    let why = |action: &str, detail: &String| -> Row {
        let mut row = vec![None; COLUMNS.len()];
        row[0] = Some(action.to_owned());
        row[10] = Some(detail.clone());
        row
    };
    rows.extend(explained.conflicts.iter().map(|conflict| why("conflict", conflict)));
    rows.extend(lacking.iter().map(|privilege| why("denied", privilege)));
    Rows::of_text(&COLUMNS, &rows)
}

fn counts(of: &ExplainedTable) -> [u64; 6] {
    [of.files, of.bytes, of.moved_files, of.moved_bytes, of.reused_files, of.reused_bytes]
}

fn table(table: &ExplainedTable) -> Row {
    let object = match &table.database {
        Some(database) => format!("{database}.{}", table.name),
        None => table.name.clone(),
    };
    let names = [table.action.as_str().to_owned(), object];
    let counts = counts(table).map(|count| count.to_string());
    let mut row: Row = names.into_iter().chain(counts).map(Some).collect();
    row.extend([None, None, Some(table.detail.clone())]);
    row
}

fn total(explained: &JobExplanation) -> Row {
    let mut sums = [0; 6];
    for table in &explained.tables {
        for (sum, count) in sums.iter_mut().zip(counts(table)) {
            *sum += count;
        }
    }
    let mut row: Row = vec![Some("total".to_owned()), None];
    row.extend(sums.map(|sum| Some(sum.to_string())));
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    row.extend([number(explained.requests), number(explained.seconds), None]);
    row
}
