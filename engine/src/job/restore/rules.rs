//! What becomes of the properties of a restored table that speak of other tables, or of the time.

use std::sync::Arc;

use cairn_format::{DatabaseName, TableDefinition};

use super::plan::TablePlan;
use crate::catalog::{COLOCATE_WITH, Change, is_colocated};
use crate::error::Result;
use crate::partition::{DYNAMIC_PARTITION, NO_START, PARTITION_LIVE_NUMBER, due_names};

/// Lets a restored table out of a colocation group that is divided in another way, and turns rules off which would drop
/// what was restored at once, unless `keeps_rules` says what is wanted.
pub(super) fn settle(
    change: &mut Change<'_>,
    database: &DatabaseName,
    plan: &TablePlan,
    keeps_rules: Option<bool>,
) -> Result<()> {
    let owner = Arc::clone(change.view().require_database(database)?);
    let table = owner.require_table(&plan.target)?;
    let mut settled = TableDefinition::clone(&table.definition);
    if owner.check_colocation(&settled).is_err() {
        settled.properties.remove(COLOCATE_WITH);
    }
    if is_colocated(&settled) {
        settled.automatic_buckets = false;
    }
    let is_restored = |name: &cairn_format::PartitionName| plan.partitions.iter().any(|p| p.name == *name);
    let turns_off = match keeps_rules {
        Some(keeps) => !keeps,
        // A rule that cannot be read drops nothing.
        None => due_names(table, change.now_ms()).is_ok_and(|expired| expired.iter().any(is_restored)),
    };
    match (turns_off, keeps_rules) {
        // What is loaded into a table that is in use needs its partitions still.
        (true, None) if !plan.is_new => stop_dropping(&mut settled),
        (true, _) => turn_off(&mut settled),
        (false, _) => {}
    }
    if settled == *table.definition {
        return Ok(());
    }
    change.redefine_table(database, settled)
}

fn turn_off(table: &mut TableDefinition) {
    if table.properties.keys().any(|key| key.starts_with(DYNAMIC_PARTITION)) {
        table.properties.insert(format!("{DYNAMIC_PARTITION}enable"), "false".to_owned());
    }
    keep_all(table);
}

/// Partitions are made as before, and none is dropped.
fn stop_dropping(table: &mut TableDefinition) {
    if let Some(start) = table.properties.get_mut(&format!("{DYNAMIC_PARTITION}start")) {
        *start = NO_START.to_string();
    }
    keep_all(table);
}

fn keep_all(table: &mut TableDefinition) {
    if let Some(number) = table.properties.get_mut(PARTITION_LIVE_NUMBER) {
        // StarRocks' word for none.
        "-1".clone_into(number);
    }
}
