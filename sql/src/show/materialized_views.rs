//! Materialized views of both kinds: rollups, and those that are refreshed.

use cairn_engine::{Database, Table};
use cairn_format::{
    DatabaseName, MaterializedView, RefreshScheme, create_statement, materialized_view_statement,
};

use super::listing::Listing;
use super::tablets::index_id;
use super::text::Row;
use crate::error::Result;
use crate::outcome::Rows;

const COLUMNS: [&str; 22] = [
    "id",
    "database_name",
    "name",
    "refresh_type",
    "is_active",
    "inactive_reason",
    "partition_type",
    "task_id",
    "task_name",
    "last_refresh_start_time",
    "last_refresh_finished_time",
    "last_refresh_duration",
    "last_refresh_state",
    "last_refresh_force_refresh",
    "last_refresh_start_partition",
    "last_refresh_end_partition",
    "last_refresh_base_refresh_partitions",
    "last_refresh_mv_refresh_partitions",
    "last_refresh_error_code",
    "last_refresh_error_message",
    "rows",
    "text",
];

/// What is told of a materialized view.
pub(crate) struct ShownView {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) refresh_type: &'static str,
    pub(crate) inactive_reason: Option<String>,
    pub(crate) last_refresh: Option<ShownRefresh>,
    pub(crate) rows: u64,
    pub(crate) text: String,
}

/// What is told of its last refresh.
pub(crate) struct ShownRefresh {
    pub(crate) begun_ms: i64,
    pub(crate) ended_ms: i64,
    pub(crate) error: Option<String>,
}

impl ShownView {
    /// The materialized views of a database: rollups first, of which nothing is ever refreshed.
    pub(crate) fn all_of(database: &Database) -> Result<Vec<Self>> {
        let mut views = Vec::new();
        for table in database.tables() {
            for rollup in &table.definition.rollups {
                views.push(Self {
                    id: index_id(table, rollup),
                    name: rollup.name.to_string(),
                    refresh_type: "ROLLUP",
                    inactive_reason: None,
                    last_refresh: None,
                    rows: table.of_rollup(rollup).rows(),
                    text: materialized_view_statement(&table.definition, rollup)?,
                });
            }
        }
        for table in database.tables() {
            if let Some(view) = &table.definition.materialized_view {
                views.push(Self::asynchronous(table, view, &database.name)?);
            }
        }
        Ok(views)
    }

    fn asynchronous(table: &Table, view: &MaterializedView, database: &DatabaseName) -> Result<Self> {
        let last_refresh = view.last_refresh.as_ref().map(|last| ShownRefresh {
            begun_ms: last.begun_ms,
            ended_ms: last.ended_ms,
            error: last.error.clone(),
        });
        Ok(Self {
            id: table.id.to_string(),
            name: table.name().to_string(),
            refresh_type: if view.refresh == RefreshScheme::Manual { "MANUAL" } else { "ASYNC" },
            inactive_reason: view.inactive_reason().map(str::to_owned),
            last_refresh,
            rows: table.rows(),
            text: create_statement(&table.definition, &table.partition_definitions(), database)?,
        })
    }

    fn row(self, database: &DatabaseName) -> Row {
        let mut row: Row = vec![None; COLUMNS.len()];
        let is_refreshed = self.refresh_type != "ROLLUP";
        let mut say = |at: usize, value: String| row[at] = Some(value);
        say(0, self.id);
        say(1, database.to_string());
        say(2, self.name);
        say(3, self.refresh_type.to_owned());
        say(4, self.inactive_reason.is_none().to_string());
        if is_refreshed {
            say(5, self.inactive_reason.unwrap_or_default());
            say(6, UNPARTITIONED.to_owned());
        }
        if let Some(last) = self.last_refresh {
            say(9, super::text::time(last.begun_ms));
            say(10, super::text::time(last.ended_ms));
            say(11, last.seconds());
            say(12, last.state().to_owned());
            say(13, "false".to_owned());
            say(18, last.error_code().to_owned());
            say(19, last.error.unwrap_or_default());
        }
        say(20, self.rows.to_string());
        say(21, self.text);
        row
    }
}

/// What asynchronous materialized views are partitioned by.
pub(crate) const UNPARTITIONED: &str = "UNPARTITIONED";

impl ShownRefresh {
    /// How long it took, in seconds with three digits.
    pub(crate) fn seconds(&self) -> String {
        let ms = self.ended_ms.saturating_sub(self.begun_ms).max(0);
        format!("{}.{:03}", ms / 1000, ms % 1000)
    }

    pub(crate) fn state(&self) -> &'static str {
        if self.error.is_some() { "FAILED" } else { "SUCCESS" }
    }

    pub(crate) fn error_code(&self) -> &'static str {
        if self.error.is_some() { "-1" } else { "0" }
    }
}

/// `SHOW MATERIALIZED VIEWS`
pub(crate) fn materialized_views(database: &Database) -> Result<Listing> {
    let views = ShownView::all_of(database)?.into_iter();
    let rows: Vec<Row> = views.map(|view| view.row(&database.name)).collect();
    Ok(Listing::new(&COLUMNS, &["rows"], &[], rows).named_by(2))
}

/// `SHOW CREATE MATERIALIZED VIEW` of an asynchronous one.
pub(crate) fn create_asynchronous(table: &Table, database: &DatabaseName) -> Result<Rows> {
    let statement = create_statement(&table.definition, &table.partition_definitions(), database)?;
    let row = vec![Some(table.name().to_string()), Some(statement)];
    Rows::of_text(&["Materialized View", "Create Materialized View"], &[row])
}
