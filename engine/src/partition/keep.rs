//! Keeping partitions as a table's properties say: when it is made or changed, when the store is opened, and every
//! now and then.

use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use cairn_format::{DatabaseName, PartitionName, TableDefinition, TableName};

use super::buckets::automatic_buckets;
use super::dynamic::{DYNAMIC_PARTITION, DynamicPartitions, DynamicPlan};
use super::live::{PARTITION_LIVE_NUMBER, beyond_live_number, live_number};
use crate::catalog::{Catalog, Change, NewPartition, PartitionKind, Table};
use crate::error::{Error, ErrorKind, Result};
use crate::id::PartitionId;
use crate::store::Inner;

/// Checks the properties by which partitions come and go.
///
/// # Errors
///
/// With StarRocks' words where they are wrong, or where the table cannot have them.
pub fn check_partition_rules(table: &TableDefinition) -> Result<()> {
    DynamicPartitions::of_table(table)?;
    live_number(table).map(drop)
}

/// What is to be made and dropped of a table now.
fn due(table: &Table, now_ms: i64) -> Result<DynamicPlan> {
    let definition = &table.definition;
    let is_rule = |key: &String| key.starts_with(DYNAMIC_PARTITION) || key == PARTITION_LIVE_NUMBER;
    if !definition.properties.keys().any(is_rule) {
        return Ok(DynamicPlan::default());
    }
    let mut all = table.partition_definitions();
    let rule = DynamicPartitions::of_table(definition)?;
    let mut plan = match &rule {
        Some(rule) => rule.plan(definition, &all, now_ms)?,
        None => DynamicPlan::default(),
    };
    let is_taken =
        |name: &PartitionName| table.temporary_partitions.iter().any(|other| other.definition.name == *name);
    plan.new.retain(|partition| !is_taken(&partition.name));
    // What would be dropped at once is not made.
    all.extend(plan.new.iter().cloned());
    for name in beyond_live_number(definition, &all, rule.as_ref(), now_ms)? {
        let made = plan.new.len();
        plan.new.retain(|partition| partition.name != name);
        if plan.new.len() == made && !plan.expired.contains(&name) {
            plan.expired.push(name);
        }
    }
    Ok(plan)
}

/// The partitions of a table that are due to be dropped.
pub(crate) fn due_names(table: &Table, now_ms: i64) -> Result<Vec<PartitionName>> {
    Ok(due(table, now_ms)?.expired)
}

/// Makes and drops what is due of one table. What is dropped can be recovered until it expires.
pub(crate) fn keep_partitions(
    catalog: &Catalog,
    change: &mut Change<'_>,
    database: &DatabaseName,
    table: &TableName,
) -> Result<()> {
    let owner = change.view().require_database(database)?;
    let (owner, found) = (owner.id, Arc::clone(owner.require_table(table)?));
    let plan = due(&found, change.now_ms())?;
    for name in &plan.expired {
        let id = found.require_partition(name.as_str())?.id;
        change.drop_partition(database, table, id)?;
        change.recycle_partition(owner, found.id, name, id)?;
    }
    if plan.new.is_empty() {
        return Ok(());
    }
    let automatic = automatic_buckets(&found);
    let new = plan.new.into_iter().map(|mut definition| {
        definition.buckets = definition.buckets.or(automatic);
        let id = PartitionId::new(catalog.reserve_ids(1));
        NewPartition { id, definition }
    });
    change.add_partitions(database, table, new.collect(), PartitionKind::Formal)
}

impl Inner {
    /// Makes and drops what is due of every table, a commit a table. A table of which that is not possible is left as it
    /// is until the next time.
    pub(crate) fn keep_all_partitions(&self) {
        let (view, now_ms) = (self.catalog.view(), self.environment.clock.now_ms());
        for database in view.databases() {
            for table in database.tables() {
                let (database, name) = (&database.name, table.name());
                let is_due = || -> Result<bool> {
                    let plan = due(table, now_ms)?;
                    Ok(!plan.new.is_empty() || !plan.expired.is_empty())
                };
                let kept = is_due().and_then(|is_due| {
                    if !is_due || view.require_not_restoring(database, name).is_err() {
                        return Ok(());
                    }
                    self.catalog.commit(|change| {
                        change.view().require_not_restoring(database, name)?;
                        keep_partitions(&self.catalog, change, database, name)
                    })
                });
                if let Err(error) = kept {
                    tracing::warn!(%database, table = %name, %error, "partitions could not be made or dropped");
                }
            }
        }
        self.purge();
    }
}

/// Looks at all tables now and then, once it is started.
#[derive(Default)]
pub(crate) struct PartitionKeeper {
    /// Guards what ends the thread when it is dropped, and the thread.
    running: Mutex<Option<(mpsc::Sender<()>, JoinHandle<()>)>>,
}

impl PartitionKeeper {
    pub(crate) fn start(store: &Arc<Inner>, every: Duration) -> Result<()> {
        let (sender, ended) = mpsc::channel::<()>();
        let weak: Weak<Inner> = Arc::downgrade(store);
        let work = move || {
            while ended.recv_timeout(every) == Err(mpsc::RecvTimeoutError::Timeout) {
                let Some(store) = weak.upgrade() else { return };
                store.keep_all_partitions();
            }
        };
        let thread = std::thread::Builder::new()
            .name("cairn-partitions".to_owned())
            .spawn(work)
            .map_err(|e| Error::new(ErrorKind::Unavailable, "cannot start a thread").with_source(e))?;
        *store.partition_keeper.running.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((sender, thread));
        Ok(())
    }

    /// Ends the thread and waits for it.
    pub(crate) fn close(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((sender, thread)) = running {
            drop(sender);
            let _ = thread.join();
        }
    }
}
