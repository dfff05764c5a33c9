//! What becomes of the properties of a restored table that speak of other tables, or of the time.

use std::sync::Arc;

use cairn_format::{DatabaseName, TableDefinition};

use super::plan::TablePlan;
use crate::catalog::{COLOCATE_WITH, Change};
use crate::error::Result;
use crate::partition::{DYNAMIC_PARTITION, PARTITION_LIVE_NUMBER, due_names};

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
    let is_restored = |name: &cairn_format::PartitionName| plan.partitions.iter().any(|p| p.name == *name);
    let turns_off = match keeps_rules {
        Some(keeps) => !keeps,
        // A rule that cannot be read drops nothing.
        None => due_names(table, change.now_ms()).is_ok_and(|expired| expired.iter().any(is_restored)),
    };
    if turns_off {
        turn_off(&mut settled);
    }
    if settled == *table.definition {
        return Ok(());
    }
    change.redefine_table(database, settled)
}

fn turn_off(table: &mut TableDefinition) {
    let enable = format!("{DYNAMIC_PARTITION}enable");
    if table.properties.keys().any(|key| key.starts_with(DYNAMIC_PARTITION)) {
        table.properties.insert(enable, "false".to_owned());
    }
    if let Some(number) = table.properties.get_mut(PARTITION_LIVE_NUMBER) {
        // StarRocks' word for none.
        "-1".clone_into(number);
    }
}
