//! What makes a table a materialized view: the query whose rows it keeps, and when it takes them.

use super::types::ColumnType;
use super::value::Value;
use super::view::ViewQuery;
use crate::error::{Error, Result};

/// What an asynchronous materialized view is besides a table.
///
/// Invariants, kept by [`TableDefinition::check`](super::TableDefinition::check): there are as many sources as columns, and
/// an interval is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaterializedView {
    /// The query whose rows it keeps.
    pub query: ViewQuery,
    /// For each column of the table, the name of the query's column that it is.
    pub sources: Vec<String>,
    /// When it takes the query's rows.
    pub refresh: RefreshScheme,
    /// Whether it did not take them when it was made.
    pub is_deferred: bool,
    /// Whether it takes them at all.
    pub activity: Activity,
    /// The last time that it tried to.
    pub last_refresh: Option<LastRefresh>,
}

/// When a materialized view takes its query's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshScheme {
    /// When it is told to.
    Manual,
    /// After rows that it reads have changed.
    AfterChanges,
    /// Every so often, when rows that it reads have changed.
    Interval {
        /// From when on, in milliseconds since 1970 UTC; from when it is made without.
        start_ms: Option<i64>,
        /// How often.
        count: u32,
        /// How often.
        unit: RefreshUnit,
    },
}

/// A unit of the time between two refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshUnit {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day of 24 hours.
    Day,
}

/// Whether a materialized view takes its query's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// It does.
    Active,
    /// It cannot, and why.
    Inactive(String),
    /// It was told not to.
    SwitchedOff,
    /// It comes from a snapshot, and whether it can is not known yet.
    Unchecked,
}

/// A refresh that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastRefresh {
    /// When it began, in milliseconds since 1970 UTC.
    pub begun_ms: i64,
    /// When it ended.
    pub ended_ms: i64,
    /// Why it failed; `None` when it did not.
    pub error: Option<String>,
    /// Of which rows it took or tried to take its own.
    pub read: RowsRead,
}

/// Of which rows a refresh has made its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowsRead {
    /// Nobody knows.
    Unknown,
    /// Of those that the store calls so: a text that is another as soon as they are others.
    Store(String),
    /// Of those that the snapshot has, of all that the query reads.
    Snapshot,
}

impl MaterializedView {
    /// Why it takes no rows, as StarRocks says it; `None` when it does.
    pub fn inactive_reason(&self) -> Option<&str> {
        match &self.activity {
            Activity::Active => None,
            Activity::Inactive(reason) => Some(reason),
            Activity::SwitchedOff => Some("user use alter materialized view set status to inactive"),
            Activity::Unchecked => Some("it was restored and has not been looked at yet"),
        }
    }

    /// Whether its rows are those of what the query reads, which a store calls `read`.
    pub fn is_made_of(&self, read: &str) -> bool {
        self.last_refresh.as_ref().is_some_and(|last| {
            last.error.is_none() && matches!(&last.read, RowsRead::Store(made_of) if made_of == read)
        })
    }

    pub(super) fn check(&self, columns: usize) -> Result<()> {
        if self.sources.len() != columns {
            return Err(Error::invalid(format!(
                "its query has {} columns, and it has {columns}",
                self.sources.len()
            )));
        }
        match self.refresh {
            RefreshScheme::Interval { count: 0, .. } => Err(Error::invalid("an interval of no length")),
            _ => Ok(()),
        }
    }
}

impl RefreshScheme {
    /// The time between two refreshes in milliseconds, where it has one.
    pub fn every_ms(&self) -> Option<i64> {
        match self {
            Self::Interval { count, unit, .. } => Some(i64::from(*count).saturating_mul(unit.ms())),
            _ => None,
        }
    }

    /// The words behind REFRESH.
    pub fn to_sql(&self) -> String {
        match self {
            Self::Manual => "MANUAL".to_owned(),
            Self::AfterChanges => "ASYNC".to_owned(),
            Self::Interval { start_ms, count, unit } => {
                let start = start_ms
                    .and_then(|ms| Value::DateTime(ms.checked_mul(1000)?).to_text(&ColumnType::DateTime));
                let start = start.map_or_else(String::new, |start| format!(" START(\"{start}\")"));
                format!("ASYNC{start} EVERY(INTERVAL {count} {})", unit.as_sql())
            }
        }
    }
}

impl RefreshUnit {
    /// Every unit.
    pub const ALL: [Self; 4] = [Self::Second, Self::Minute, Self::Hour, Self::Day];

    /// The word for it.
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::Second => "SECOND",
            Self::Minute => "MINUTE",
            Self::Hour => "HOUR",
            Self::Day => "DAY",
        }
    }

    /// The unit that `word` names, whatever its case.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.as_sql().eq_ignore_ascii_case(word))
    }

    fn ms(self) -> i64 {
        match self {
            Self::Second => 1000,
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ddl::create_statement;
    use super::super::table::{Distribution, KeyModel, Partitioning, TableDefinition};
    use super::super::v1::TableDefinitionV1;
    use super::super::view::QueryPiece;
    use super::super::{Column, FieldId};
    use super::*;
    use crate::name::{ColumnName, DatabaseName, TableName};

    fn table(refresh: RefreshScheme) -> TableDefinition {
        let column = |id: i32, name: &str| {
            let name = ColumnName::parse(name).unwrap();
            Column::new(FieldId::try_new(id).unwrap(), name, ColumnType::BigInt)
        };
        let relation = QueryPiece::Relation { database: None, name: TableName::parse("t").unwrap() };
        let query = ViewQuery(vec![QueryPiece::Text("SELECT a, count(*) FROM ".into()), relation]);
        let view = MaterializedView {
            query,
            sources: vec!["a".into(), "count(*)".into()],
            refresh,
            is_deferred: true,
            activity: Activity::Inactive("why".into()),
            last_refresh: Some(LastRefresh {
                begun_ms: 1,
                ended_ms: 2,
                error: Some("no".into()),
                read: RowsRead::Store("x".into()),
            }),
        };
        TableDefinition {
            name: TableName::parse("m").unwrap(),
            columns: vec![column(1, "a"), column(2, "n")],
            key_model: KeyModel::Duplicate,
            key_columns: 1,
            sort_key: Some(vec![FieldId::try_new(2).unwrap()]),
            partitioning: Partitioning::Unpartitioned,
            distribution: Distribution::Random { buckets: 3 },
            automatic_buckets: false,
            comment: Some("it's".into()),
            indexes: Vec::new(),
            rollups: Vec::new(),
            materialized_view: Some(Box::new(view)),
            properties: std::collections::BTreeMap::new(),
            next_field_id: 3,
        }
    }

    fn schemes() -> [RefreshScheme; 4] {
        let interval = |start_ms, count, unit| RefreshScheme::Interval { start_ms, count, unit };
        [
            RefreshScheme::Manual,
            RefreshScheme::AfterChanges,
            interval(None, 2, RefreshUnit::Hour),
            interval(Some(1_400_000_000_000), 90, RefreshUnit::Second),
        ]
    }

    #[test]
    fn what_is_stored_reads_back() {
        for scheme in schemes() {
            let mut table = table(scheme);
            let activities = [Activity::Active, Activity::SwitchedOff, Activity::Unchecked];
            let reads = [RowsRead::Unknown, RowsRead::Snapshot, RowsRead::Store("y".into())];
            for (activity, read) in activities.into_iter().zip(reads) {
                let view = table.materialized_view.as_mut().unwrap();
                view.activity = activity;
                view.last_refresh.as_mut().unwrap().read = read;
                let stored = serde_json::to_string(&TableDefinitionV1::from(&table)).unwrap();
                let stored: TableDefinitionV1 = serde_json::from_str(&stored).unwrap();
                assert_eq!(TableDefinition::try_from(stored).unwrap(), table);
            }
        }
    }

    #[test]
    fn a_table_without_it_is_stored_as_before() {
        let plain = TableDefinition { materialized_view: None, ..table(RefreshScheme::Manual) };
        let stored = serde_json::to_string(&TableDefinitionV1::from(&plain)).unwrap();
        assert!(!stored.contains("materialized"), "{stored}");
    }

    #[test]
    fn what_breaks_an_invariant_is_refused() {
        let mut none = table(RefreshScheme::Interval { start_ms: None, count: 0, unit: RefreshUnit::Day });
        assert!(none.check().is_err());
        none = table(RefreshScheme::Manual);
        none.materialized_view.as_mut().unwrap().sources.pop();
        assert!(none.check().is_err());
    }

    #[test]
    fn its_statement_has_whole_names() {
        let said = schemes().map(|scheme| scheme.to_sql());
        assert_eq!(
            said,
            [
                "MANUAL",
                "ASYNC",
                "ASYNC EVERY(INTERVAL 2 HOUR)",
                "ASYNC START(\"2014-05-13 16:53:20\") EVERY(INTERVAL 90 SECOND)"
            ]
        );
        let database = DatabaseName::parse("d").unwrap();
        assert_eq!(
            create_statement(&table(RefreshScheme::Manual), &[], &database).unwrap(),
            "CREATE MATERIALIZED VIEW `m` (`a`, `n`)\nCOMMENT \"it's\"\nDISTRIBUTED BY RANDOM BUCKETS 3\n\
             ORDER BY (`n`)\nREFRESH DEFERRED MANUAL\nAS SELECT a, count(*) FROM `d`.`t`;"
        );
    }
}
