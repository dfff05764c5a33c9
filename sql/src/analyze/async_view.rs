//! Asynchronous materialized views: what is made of which query, and what changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_engine::{CatalogView, Table};
use cairn_format::{
    Activity, Column, ColumnName, ColumnType, DatabaseName, Distribution, FieldId, KeyModel,
    MaterializedView, Partitioning, RefreshScheme, RefreshUnit, TableDefinition, TableName, Value, ViewQuery,
};

use super::create_table::{
    DEFAULT_BUCKETS, check_properties, field_ids, short_key, sort_key_of, table_property,
};
use super::names::{Scope, TablePath, analysed, parse_table};
use super::view::{NamedColumn, columns};
use super::{Request, TableAlteration};
use crate::ast::{
    AlterMaterializedViewStatement, CreateMaterializedViewStatement, DistributionClause, Ident,
    MaterializedViewChange, ObjectName, Properties, RefreshClause, RefreshMoment, RefreshSchemeClause,
};
use crate::error::{Error, ErrorKind, Result};
use crate::query::{parse_query, reads, view_query};

/// The shortest time between two refreshes: StarRocks' `materialized_view_min_refresh_interval`.
const MIN_INTERVAL_MS: i64 = 60_000;

/// Properties of StarRocks' that say how refreshes are divided and which queries are answered from the view. They are kept
/// and shown, and without effect.
const KEPT: &[&str] = &[
    "auto_refresh_partitions_limit",
    "enable_query_rewrite",
    "excluded_refresh_tables",
    "excluded_trigger_tables",
    "force_external_table_query_rewrite",
    "mv_rewrite_staleness_second",
    "partition_refresh_number",
    "partition_refresh_strategy",
    "query_rewrite_consistency",
    "resource_group",
    "transparent_mv_rewrite_mode",
    "warehouse",
];

/// A materialized view to be made, whose columns are not known before its query is planned.
#[derive(Debug)]
pub(crate) struct NewMaterializedView {
    pub(crate) path: TablePath,
    /// Names and comments of the columns, where they were given.
    pub(crate) columns: Option<Vec<NamedColumn>>,
    pub(crate) comment: Option<String>,
    pub(crate) query: ViewQuery,
    /// The columns of HASH; at random without.
    pub(crate) hash_columns: Option<Vec<Ident>>,
    pub(crate) buckets: u32,
    pub(crate) are_buckets_automatic: bool,
    pub(crate) order_by: Option<Vec<Ident>>,
    pub(crate) refresh: RefreshScheme,
    pub(crate) is_deferred: bool,
    pub(crate) properties: BTreeMap<String, String>,
}

/// A change of what a materialized view is besides its rows.
#[derive(Debug)]
pub(crate) enum ViewChange {
    Activate,
    SwitchOff,
    Refresh { scheme: RefreshScheme, is_deferred: bool },
}

/// `None` when there is one of the name already and that is no error.
pub(super) fn create(
    statement: &CreateMaterializedViewStatement,
    scope: &Scope<'_>,
) -> Result<Option<NewMaterializedView>> {
    let path = scope.table_path(&statement.name)?;
    let owner = scope.database(&path.database)?;
    let is_there = owner.table(&path.table).is_some()
        || owner.view(&path.table).is_some()
        || owner.rollups(&path.table).next().is_some();
    if is_there {
        if statement.if_not_exists {
            return Ok(None);
        }
        return Err(Error::analysis(format!(
            "Table [{}] already exists in the db {}; use IF NOT EXISTS to keep it",
            path.table, path.database
        )));
    }
    let query = view_query(&statement.query, &path, scope)?;
    refuse_others(&query, &path, scope)?;
    let (hash_columns, buckets, are_buckets_automatic) = distribution(statement.distribution.as_ref())?;
    let (refresh, is_deferred) = match &statement.refresh {
        None => (RefreshScheme::Manual, false),
        Some(clause) => refresh(clause)?,
    };
    Ok(Some(NewMaterializedView {
        columns: columns(statement.columns.as_deref())?,
        comment: statement.comment.clone(),
        query,
        hash_columns,
        buckets,
        are_buckets_automatic,
        order_by: statement.order_by.clone(),
        refresh,
        is_deferred,
        properties: properties(&statement.properties)?,
        path,
    }))
}

/// Refuses what has no rows of which could be told whether they have changed.
fn refuse_others(query: &ViewQuery, path: &TablePath, scope: &Scope<'_>) -> Result<()> {
    let parsed = parse_query(&query.to_sql(&path.database))?;
    let reads = reads(&parsed.query, scope)?;
    if reads.files || reads.system {
        let what = if reads.files { "FILES" } else { "information_schema" };
        return Err(Error::not_supported(format_args!("{what} in the query of a materialized view")));
    }
    if query.relations().next().is_none() {
        return Err(Error::analysis("Can not find base table in query: a materialized view reads tables"));
    }
    Ok(())
}

fn distribution(clause: Option<&DistributionClause>) -> Result<(Option<Vec<Ident>>, u32, bool)> {
    let hash_columns = clause.and_then(|clause| clause.hash_columns.clone());
    match clause.and_then(|clause| clause.buckets) {
        Some(number) => {
            let number = u32::try_from(number).map_err(|_| {
                Error::analysis(format!("{number} buckets are too many: give a smaller number"))
            })?;
            Ok((hash_columns, number, false))
        }
        None => Ok((hash_columns, DEFAULT_BUCKETS, true)),
    }
}

fn properties(given: &Properties) -> Result<BTreeMap<String, String>> {
    let mut properties = BTreeMap::new();
    for (key, value) in given {
        if key == "colocate_with" || key == "partition_live_number" || key.starts_with("dynamic_partition.") {
            return Err(Error::not_supported(format_args!("property \"{key}\" of a materialized view")));
        }
        let kept = KEPT.contains(&key.as_str()) || key.starts_with("session.");
        let key = if kept { key.clone() } else { table_property(key, value)? };
        if properties.insert(key.clone(), value.clone()).is_some() {
            return Err(Error::analysis(format!("property \"{key}\" is given twice")));
        }
    }
    Ok(properties)
}

fn refresh(clause: &RefreshClause) -> Result<(RefreshScheme, bool)> {
    let scheme = match &clause.scheme {
        RefreshSchemeClause::Manual => RefreshScheme::Manual,
        RefreshSchemeClause::AfterChanges => RefreshScheme::AfterChanges,
        RefreshSchemeClause::Interval { start, count, unit } => {
            let start_ms = start.as_deref().map(time_ms).transpose()?;
            let count = u32::try_from(*count).ok().filter(|count| *count > 0);
            let unit = RefreshUnit::parse(unit).ok_or_else(|| Error::not_supported(unit))?;
            let count = count.ok_or_else(|| {
                Error::analysis(format!("an interval of so many {}S is not possible", unit.as_sql()))
            })?;
            RefreshScheme::Interval { start_ms, count, unit }
        }
    };
    if scheme.every_ms().is_some_and(|every| every < MIN_INTERVAL_MS) {
        return Err(Error::analysis(format!(
            "Refresh schedule interval {} is too small which may cost a lot of memory/cpu resources to refresh the asynchronous \
             materialized view, please config an interval larger than materialized_view_min_refresh_interval({}s)",
            scheme.to_sql(),
            MIN_INTERVAL_MS / 1000
        )));
    }
    Ok((scheme, clause.moment == Some(RefreshMoment::Deferred)))
}

fn time_ms(text: &str) -> Result<i64> {
    match Value::parse(&ColumnType::DateTime, text) {
        Ok(Value::DateTime(micros)) => Ok(micros.div_euclid(1000)),
        _ => Err(Error::analysis(format!(
            "START takes a time such as \"2026-01-01 00:00:00\", not \"{}\"",
            text.escape_debug()
        ))),
    }
}

/// An asynchronous materialized view that is there.
pub(super) fn find<'a>(
    name: &ObjectName,
    scope: &Scope<'a>,
) -> Result<Option<(TablePath, &'a Arc<Table>, &'a MaterializedView)>> {
    let path = scope.table_path(name)?;
    let view: &'a CatalogView = scope.view;
    let table = view.database(&path.database).and_then(|database| database.table(&path.table));
    Ok(table.and_then(|table| Some((path, table, table.definition.materialized_view.as_deref()?))))
}

/// As [`find`], where there must be one.
pub(super) fn require<'a>(name: &ObjectName, scope: &Scope<'a>) -> Result<(TablePath, &'a Arc<Table>)> {
    if let Some((path, table, _)) = find(name, scope)? {
        return Ok((path, table));
    }
    let path = scope.table_path(name)?;
    let database = scope.database(&path.database)?;
    let found = |what| {
        Error::analysis(format!(
            "'{}' is {what}, not an asynchronous materialized view; SHOW MATERIALIZED VIEWS lists them",
            path.table
        ))
    };
    Err(if database.table(&path.table).is_some() {
        found("a table")
    } else if database.view(&path.table).is_some() {
        found("a view")
    } else if database.rollups(&path.table).next().is_some() {
        found("a synchronous materialized view, which every load refreshes")
    } else {
        unknown(&path.database, &path.table)
    })
}

fn unknown(database: &DatabaseName, name: &TableName) -> Error {
    let message = format!(
        "Materialized view {name} is not found in database {database}; SHOW MATERIALIZED VIEWS lists them"
    );
    Error::new(ErrorKind::NotFound, message).while_analysing()
}

pub(super) fn alter<'s>(
    statement: &AlterMaterializedViewStatement,
    scope: &Scope<'_>,
) -> Result<Request<'s>> {
    let (path, _) = require(&statement.name, scope)?;
    let change = match &statement.change {
        MaterializedViewChange::Active => ViewChange::Activate,
        MaterializedViewChange::Inactive => ViewChange::SwitchOff,
        MaterializedViewChange::Refresh(clause) => {
            let (scheme, is_deferred) = refresh(clause)?;
            ViewChange::Refresh { scheme, is_deferred }
        }
        MaterializedViewChange::Rename(name) => {
            let name = parse_table(name)?;
            if name == path.table {
                return Err(Error::analysis(format!("Same materialized view name {name}")));
            }
            let owner = scope.database(&path.database)?;
            if owner.table(&name).is_some() || owner.view(&name).is_some() {
                return Err(Error::analysis(format!("Materialized view [{name}] is already used")));
            }
            return Ok(Request::RenameMaterializedView(path, name));
        }
    };
    Ok(Request::AlterMaterializedView(path, change))
}

/// What is said of changes of tables; `{}` stands for the name.
const CHANGED: &str = "'{}' is a materialized view: ALTER MATERIALIZED VIEW changes it";

/// Refuses to change the definition of a materialized view as that of a table.
pub(super) fn refuse_change(table: &TableDefinition) -> Result<()> {
    match table.materialized_view {
        Some(_) => Err(Error::analysis(CHANGED.replace("{}", table.name.as_str()))),
        None => Ok(()),
    }
}

/// Refuses statements about tables that name a materialized view.
pub(super) fn refuse(request: &Request<'_>, scope: &Scope<'_>) -> Result<()> {
    let refuse = |path: &TablePath, advice: &str| {
        let table = scope.view.database(&path.database).and_then(|database| database.table(&path.table));
        match table.filter(|table| table.definition.materialized_view.is_some()) {
            Some(table) => Err(Error::analysis(advice.replace("{}", table.name().as_str()))),
            None => Ok(()),
        }
    };
    let rows = "The data of '{}' cannot be inserted, changed or deleted because '{}' is a materialized view, and the data of \
                materialized view must be consistent with the base table: REFRESH MATERIALIZED VIEW {}";
    match request {
        Request::Insert(insert) => refuse(&insert.path, rows),
        Request::Delete(delete) => refuse(&delete.path, rows),
        Request::Truncate(path, _) => refuse(path, rows),
        Request::DropTable(path, _) => {
            refuse(path, "'{}' is a materialized view and not a table: use DROP MATERIALIZED VIEW")
        }
        Request::CreateRollup(path, _) => {
            refuse(path, "'{}' is a materialized view: a synchronous one is of a table")
        }
        Request::AlterTable(path, TableAlteration::Swap(other)) => {
            let other = TablePath { database: path.database.clone(), table: other.clone() };
            refuse(&other, CHANGED)
        }
        _ => Ok(()),
    }
}

/// Refuses to back up a materialized view of which something is gone that it reads.
pub(super) fn refuse_without_base(database: &DatabaseName, table: &Table, scope: &Scope<'_>) -> Result<()> {
    let Some(view) = &table.definition.materialized_view else { return Ok(()) };
    scope.view.rows_read(&view.query, database).map(drop).map_err(|error| {
        Error::from(error).while_analysing().about(format_args!(
            "materialized view {} cannot be backed up without what it reads",
            table.name()
        ))
    })
}

/// A column of a materialized view's query.
pub(crate) struct QueryColumn {
    /// Its name in the query.
    pub(crate) source: String,
    /// The name that it has by itself, or was given.
    pub(crate) name: String,
    pub(crate) comment: Option<String>,
    pub(crate) column_type: ColumnType,
}

impl NewMaterializedView {
    /// The table that it is.
    pub(crate) fn definition(&self, of_query: Vec<QueryColumn>) -> Result<TableDefinition> {
        let mut columns = Vec::with_capacity(of_query.len());
        let mut sources = Vec::with_capacity(of_query.len());
        for (number, QueryColumn { source, name, comment, column_type }) in (1..).zip(of_query) {
            let name = ColumnName::parse(&name).map_err(|error| {
                Error::from(error)
                    .while_analysing()
                    .noting("give the columns of the materialized view names, with AS in its query or in a list behind its name")
            })?;
            let mut column = Column::new(analysed(FieldId::try_new(number))?, name, column_type);
            column.nullable = true;
            column.comment = comment;
            columns.push(column);
            sources.push(source);
        }
        // Without one its rows are in no order.
        let key_columns = short_key(&columns).unwrap_or(0);
        let key_model = KeyModel::Duplicate;
        let sort_key = match &self.order_by {
            Some(names) => Some(sort_key_of(names, &columns, key_model, key_columns)?),
            None => None,
        };
        let buckets = self.buckets;
        let distribution = match &self.hash_columns {
            Some(names) => Distribution::Hash { columns: field_ids(names, &columns, "bucket")?, buckets },
            None => Distribution::Random { buckets },
        };
        let next_field_id = i32::try_from(columns.len() + 1)
            .map_err(|_| Error::analysis(format!("table '{}' has too many columns", self.path.table)))?;
        let view = MaterializedView {
            query: self.query.clone(),
            sources,
            refresh: self.refresh.clone(),
            is_deferred: self.is_deferred,
            activity: Activity::Active,
            last_refresh: None,
        };
        let definition = TableDefinition {
            name: self.path.table.clone(),
            columns,
            key_model,
            key_columns,
            sort_key,
            partitioning: Partitioning::Unpartitioned,
            distribution,
            automatic_buckets: self.are_buckets_automatic,
            comment: self.comment.clone(),
            indexes: Vec::new(),
            rollups: Vec::new(),
            materialized_view: Some(Box::new(view)),
            properties: self.properties.clone(),
            next_field_id,
        };
        analysed(definition.check_new())?;
        check_properties(&definition)?;
        Ok(definition)
    }
}
