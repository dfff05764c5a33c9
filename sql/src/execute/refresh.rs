//! Refreshes of materialized views: their queries' rows in the place of those that they have, in one commit.

use std::sync::Arc;

use cairn_engine::{CatalogView, ErrorKind as EngineErrorKind, Table, TabletStore};
use cairn_format::{Activity, LastRefresh, MaterializedView, RefreshScheme, RowsRead};

use super::insert::Inserter;
use crate::analyze::{Insert, RefreshStart, TablePath};
use crate::error::{Error, ErrorKind, Result};
use crate::query::{QueryEngine, selected_rows};

/// What refreshes run with. They read what the views' queries read, whoever asks for them.
pub(crate) struct Refresher<'a> {
    pub(crate) store: &'a TabletStore,
    pub(crate) queries: &'a QueryEngine,
}

impl Refresher<'_> {
    /// Refreshes a materialized view that is active; returns its rows. What fails is put on record, and a query that cannot be
    /// planned any more makes it inactive.
    pub(crate) fn refresh(&self, path: &TablePath, start: RefreshStart) -> Result<u64> {
        let view = self.store.view();
        let table = Arc::clone(view.require_database(&path.database)?.require_table(&path.table)?);
        let definition = of_table(&table)?;
        if let Some(reason) = definition.inactive_reason() {
            return Err(Error::analysis(format!(
                "Refresh materialized view failed because [{0}] is not active: {reason}. You can try to active it with ALTER \
                 MATERIALIZED VIEW {0} ACTIVE",
                path.table
            )));
        }
        let begun_ms = self.store.now_ms();
        let refreshed = insert(path, &table, definition, start).and_then(|insert| {
            Inserter { queries: self.queries, view: &view, current: Some(&path.database) }
                .run(&insert, self.store)
        });
        let error = match refreshed {
            Ok(rows) => return Ok(rows),
            Err(error) => error,
        };
        // What another statement has prevented is tried again.
        let read = match error.kind() {
            ErrorKind::Busy => RowsRead::Unknown,
            _ => view.rows_read(&definition.query, &path.database).map_or(RowsRead::Unknown, RowsRead::Store),
        };
        let last =
            LastRefresh { begun_ms, ended_ms: self.store.now_ms(), error: Some(error.to_string()), read };
        let activity = (error.kind() == ErrorKind::Analysis).then(|| Activity::Inactive(error.to_string()));
        self.put(path, &table, |view| {
            view.last_refresh = Some(last);
            if let Some(activity) = activity {
                view.activity = activity;
            }
        });
        Err(error)
    }

    /// Makes a materialized view active if its query can be planned.
    pub(crate) fn activate(&self, path: &TablePath) -> Result<()> {
        let view = self.store.view();
        let table = Arc::clone(view.require_database(&path.database)?.require_table(&path.table)?);
        match self.check(&view, path, &table) {
            Ok(()) => {
                let active = Activity::Active;
                Ok(self
                    .store
                    .change_materialized_view(&path.database, table.id, |view| view.activity = active)?)
            }
            Err(error) => {
                let inactive = Activity::Inactive(error.to_string());
                self.put(path, &table, |view| view.activity = inactive);
                Err(error.about(format_args!("Can not active materialized view [{}]", path.table)))
            }
        }
    }

    /// Plans the queries of those that come from snapshots; says whether there were any.
    pub(crate) fn settle(&self, view: &Arc<CatalogView>) -> bool {
        let mut has_any = false;
        for (database, table, definition) in view.materialized_views() {
            if definition.activity != Activity::Unchecked {
                continue;
            }
            has_any = true;
            let path = TablePath { database: database.name.clone(), table: table.name().clone() };
            let activity = match self.check(view, &path, table) {
                Ok(()) => Activity::Active,
                Err(error) => Activity::Inactive(error.to_string()),
            };
            self.put(&path, table, |view| view.activity = activity);
        }
        has_any
    }

    /// Refreshes what is due; returns how many.
    pub(crate) fn refresh_due(&self) -> usize {
        self.settle(&self.store.view());
        let (view, now_ms) = (self.store.view(), self.store.now_ms());
        let mut refreshed = 0;
        for (database, table, definition) in view.materialized_views() {
            if definition.activity != Activity::Active {
                continue;
            }
            let path = TablePath { database: database.name.clone(), table: table.name().clone() };
            let read = match view.rows_read(&definition.query, &database.name) {
                Ok(read) => read,
                Err(error) if error.kind() == EngineErrorKind::NotFound => {
                    let inactive = Activity::Inactive(error.to_string());
                    self.put(&path, table, |view| view.activity = inactive);
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, view = %path.table, "cannot tell what a materialized view reads");
                    continue;
                }
            };
            if !is_due(definition, table.times.created_ms, now_ms, &read) {
                continue;
            }
            match self.refresh(&path, RefreshStart::IfChanged) {
                Ok(_) => refreshed += 1,
                Err(error) => tracing::warn!(%error, view = %path.table, "a refresh failed"),
            }
        }
        refreshed
    }

    fn check(&self, view: &Arc<CatalogView>, path: &TablePath, table: &Arc<Table>) -> Result<()> {
        let insert = insert(path, table, of_table(table)?, RefreshStart::Always)?;
        Inserter { queries: self.queries, view, current: Some(&path.database) }.check(&insert)
    }

    /// Puts on record what does not decide whether a statement fails.
    fn put(&self, path: &TablePath, table: &Table, change: impl FnOnce(&mut MaterializedView)) {
        if let Err(error) = self.store.change_materialized_view(&path.database, table.id, change) {
            tracing::warn!(%error, view = %path.table, "what became of a materialized view is not on record");
        }
    }
}

/// The load that refreshes the view.
fn insert(
    path: &TablePath,
    table: &Arc<Table>,
    definition: &MaterializedView,
    start: RefreshStart,
) -> Result<Insert<'static>> {
    let names = definition.sources.iter().map(String::as_str);
    let query = selected_rows(names, &definition.query, &path.database)?;
    Insert::refreshing(path.clone(), Arc::clone(table), query, start)
}

fn of_table(table: &Table) -> Result<&MaterializedView> {
    table.definition.materialized_view.as_deref().ok_or_else(|| {
        Error::new(ErrorKind::Busy, format!("'{}' is not a materialized view any more", table.name()))
    })
}

/// Whether its time has come, and there is anything to do: at most once an interval, and never again for rows of which it
/// has been tried in vain, but where an interval has passed.
fn is_due(view: &MaterializedView, created_ms: Option<i64>, now_ms: i64, read: &str) -> bool {
    let last = view.last_refresh.as_ref();
    if view.is_made_of(read) {
        return false;
    }
    match &view.refresh {
        RefreshScheme::Manual => false,
        RefreshScheme::AfterChanges => {
            last.is_none_or(|last| !matches!(&last.read, RowsRead::Store(tried) if tried == read))
        }
        interval @ RefreshScheme::Interval { start_ms, .. } => {
            let Some(every) = interval.every_ms().filter(|every| *every > 0) else { return false };
            let first = start_ms.or(created_ms).unwrap_or(0);
            let since = now_ms.saturating_sub(first);
            if since < 0 {
                return false;
            }
            let slot = now_ms.saturating_sub(since % every);
            // When it was made is no time to refresh it, unless that was said.
            let before = last.map(|last| last.begun_ms).or(created_ms.filter(|_| start_ms.is_none()));
            before.is_none_or(|before| before < slot)
        }
    }
}

#[cfg(test)]
mod tests {
    use cairn_format::{RefreshUnit, ViewQuery};

    use super::*;

    fn view(refresh: RefreshScheme, last: Option<(i64, bool, &str)>) -> MaterializedView {
        let last_refresh = last.map(|(begun_ms, failed, read)| LastRefresh {
            begun_ms,
            ended_ms: begun_ms,
            error: failed.then(|| "no".to_owned()),
            read: RowsRead::Store(read.to_owned()),
        });
        let (query, sources, activity) = (ViewQuery::default(), Vec::new(), Activity::Active);
        MaterializedView { query, sources, refresh, is_deferred: false, activity, last_refresh }
    }

    #[test]
    fn intervals_begin_at_the_start_or_when_it_was_made() {
        let minutes =
            |start_ms, count| RefreshScheme::Interval { start_ms, count, unit: RefreshUnit::Minute };
        let minute = 60_000;
        // The scheme, the last refresh, the time, whether it is due; it was made at minute 10.
        let cases = [
            (minutes(None, 5), None, 10 * minute, false),
            (minutes(None, 5), None, 15 * minute - 1, false),
            (minutes(None, 5), None, 15 * minute, true),
            (minutes(None, 5), Some((15 * minute, false, "old")), 19 * minute, false),
            (minutes(None, 5), Some((15 * minute, false, "old")), 20 * minute, true),
            (minutes(None, 5), Some((15 * minute, false, "now")), 20 * minute, false),
            // What failed is tried again, an interval later.
            (minutes(None, 5), Some((15 * minute, true, "now")), 19 * minute, false),
            (minutes(None, 5), Some((15 * minute, true, "now")), 20 * minute, true),
            (minutes(Some(12 * minute), 5), None, 11 * minute, false),
            (minutes(Some(12 * minute), 5), None, 12 * minute, true),
            (minutes(Some(2 * minute), 5), Some((11 * minute, false, "old")), 12 * minute, true),
            (minutes(Some(2 * minute), 5), Some((12 * minute, false, "old")), 13 * minute, false),
            (RefreshScheme::Manual, None, 99 * minute, false),
            (RefreshScheme::AfterChanges, None, 10 * minute, true),
            (RefreshScheme::AfterChanges, Some((0, false, "now")), 99 * minute, false),
            (RefreshScheme::AfterChanges, Some((0, true, "now")), 99 * minute, false),
            (RefreshScheme::AfterChanges, Some((0, true, "old")), 99 * minute, true),
        ];
        for (scheme, last, now_ms, expected) in cases {
            let view = view(scheme, last);
            assert_eq!(is_due(&view, Some(10 * minute), now_ms, "now"), expected, "{view:?} at {now_ms}");
        }
    }
}
