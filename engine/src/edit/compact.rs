//! Compaction: small rowsets become one, and deleted rows leave their files.

use std::sync::Arc;

use cairn_format::{DatabaseName, PartitionName, TableName};

use super::place::tablets;
use super::rewrite::{FILE_BYTES, Rewrite};
use crate::catalog::{Partition, Rowset, Segment, Tablet};
use crate::error::Result;
use crate::store::Inner;

/// Which rowsets are rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compaction {
    /// Small ones that loads have left.
    Cumulative,
    /// All that are not as large as files get, and all with deleted rows.
    Base,
}

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompactionOutcome {
    /// Rowsets that were rewritten.
    pub rowsets: usize,
    /// Rowsets that there are in their place.
    pub made: usize,
    /// Deleted rows that are in no file any more.
    pub dropped_rows: u64,
}

/// A rowset of fewer bytes is small.
const SMALL_BYTES: u64 = 8 << 20;

/// Compacts the tablets of a table, or of some of its partitions, each in a commit of its own: what somebody asks
/// for. What the background does by itself is [its policy's](super::policy) to say.
pub(crate) fn compact(
    store: &Inner,
    database: &DatabaseName,
    table: &TableName,
    only: Option<&[PartitionName]>,
    kind: Compaction,
) -> Result<CompactionOutcome> {
    let view = store.catalog.view();
    view.require_not_restoring(database, table)?;
    let table = view.require_database(database)?.require_table(table)?;
    let partitions: Vec<&Arc<Partition>> = match only {
        Some(names) => {
            names.iter().map(|name| table.require_partition(name.as_str())).collect::<Result<_>>()?
        }
        None => table.partitions.iter().collect(),
    };
    let mut outcome = CompactionOutcome::default();
    for place in tablets(table, partitions) {
        let chosen = choose(place.tablet(), kind);
        if chosen.is_empty() {
            continue;
        }
        let rewrite = Rewrite { store, database, table, place: &place, chosen };
        let Some(done) = rewrite.run(&|| true)? else { continue };
        outcome.rowsets += done.rowsets;
        outcome.made += done.made;
        outcome.dropped_rows += done.dropped_rows;
    }
    store.purge();
    Ok(outcome)
}

fn bytes(rowset: &Rowset) -> u64 {
    rowset.segments.iter().map(|segment| segment.length).sum()
}

fn deleted_rows(rowset: &Rowset) -> u64 {
    rowset.segments.iter().map(Segment::deleted_rows).sum()
}

/// The rowsets to rewrite; none when that would change nothing.
fn choose(tablet: &Tablet, kind: Compaction) -> Vec<Arc<Rowset>> {
    let limit = match kind {
        Compaction::Cumulative => SMALL_BYTES,
        Compaction::Base => FILE_BYTES,
    };
    let is_chosen = |rowset: &&Arc<Rowset>| {
        bytes(rowset) < limit || (kind == Compaction::Base && deleted_rows(rowset) > 0)
    };
    let chosen: Vec<_> = tablet.rowsets.iter().filter(is_chosen).cloned().collect();
    let is_worth_it = chosen.len() > 1 || chosen.iter().any(|rowset| deleted_rows(rowset) > 0);
    if is_worth_it { chosen } else { Vec::new() }
}
