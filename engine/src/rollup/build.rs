//! Making the tablets of a table's rollups out of a tablet's rows.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use cairn_format::{Deletions, RollupId, TableDefinition};

use super::maker::RollupMaker;
use crate::catalog::{Partition, Segment, Tablet, TabletEdit};
use crate::error::Result;
use crate::id::{PartitionId, TabletId};
use crate::keys::{TabletState, Writer, fold, refuse_keys};
use crate::segment::FileReader;

/// Rows that wait until they are put together, in bytes of Arrow data: without a bound a table would be in memory.
const WAITING_BYTES: usize = 64 << 20;

/// A file of a tablet of the table.
pub(crate) struct BaseFile {
    pub(crate) path: PathBuf,
    pub(crate) deleted: Option<Arc<Deletions>>,
}

impl BaseFile {
    /// One that the table has.
    pub(crate) fn of(segment: &Segment, table: &TableDefinition) -> Result<Self> {
        segment.check().map_err(|e| e.about(format_args!("table '{}'", table.name)))?;
        Ok(Self { path: segment.path().to_owned(), deleted: segment.deleted.clone() })
    }
}

/// The tablets of a table's rollups for one bucket of a partition, while they are made.
pub(crate) struct RollupBuild {
    makers: Arc<[RollupMaker]>,
    tablets: Vec<Waiting>,
}

struct Waiting {
    state: TabletState,
    rows: Vec<RecordBatch>,
    bytes: usize,
}

impl RollupBuild {
    /// Of tablets as they are, to which rows are added; one that is not there is empty.
    pub(crate) fn of(
        makers: &Arc<[RollupMaker]>,
        partition: PartitionId,
        bucket: usize,
        tablets: impl Fn(RollupId) -> Option<Tablet>,
    ) -> Self {
        let one = |maker: &RollupMaker| {
            let empty = || Tablet { id: TabletId::new(0), rowsets: Vec::new() };
            let tablet = tablets(maker.id).unwrap_or_else(empty);
            Waiting {
                state: TabletState::of(&maker.definition, partition, Some(maker.id), bucket, &tablet),
                rows: Vec::new(),
                bytes: 0,
            }
        };
        Self { makers: Arc::clone(makers), tablets: makers.iter().map(one).collect() }
    }

    /// Of tablets that begin empty.
    pub(crate) fn new(makers: &Arc<[RollupMaker]>, partition: PartitionId, bucket: usize) -> Self {
        Self::of(makers, partition, bucket, |_| None)
    }

    /// Adds rows of the table.
    pub(crate) fn add(&mut self, rows: &RecordBatch, writer: &Writer<'_>) -> Result<()> {
        for (maker, waiting) in self.makers.iter().zip(&mut self.tablets) {
            let made = maker.rows(rows)?;
            if made.num_rows() == 0 {
                continue;
            }
            waiting.bytes += made.get_array_memory_size();
            waiting.rows.push(made);
            if waiting.bytes >= WAITING_BYTES {
                waiting.flush(maker, writer)?;
            }
        }
        Ok(())
    }

    /// Adds the rows of a file of the table.
    pub(crate) fn add_file(
        &mut self,
        table: &TableDefinition,
        file: &BaseFile,
        writer: &Writer<'_>,
    ) -> Result<()> {
        if self.makers.is_empty() {
            return Ok(());
        }
        let reader = FileReader::open(table, &file.path)?;
        for batch in reader.rows(&table.arrow_schema(), file.deleted.as_deref())? {
            self.add(&batch?, writer)?;
        }
        Ok(())
    }

    /// Writes what waits.
    pub(crate) fn flush(&mut self, writer: &Writer<'_>) -> Result<()> {
        let mut tablets = self.makers.iter().zip(&mut self.tablets);
        tablets.try_for_each(|(maker, waiting)| waiting.flush(maker, writer))
    }

    /// The tablets, each of a rollup.
    pub(crate) fn tablets(&self) -> impl Iterator<Item = &TabletState> {
        self.tablets.iter().map(|waiting| &waiting.state)
    }

    /// What is to be committed: what was there stays.
    pub(crate) fn edits(&mut self, writer: &Writer<'_>) -> Result<Vec<TabletEdit>> {
        self.flush(writer)?;
        refuse_keys(self.tablets())?;
        Ok(self.tablets.iter().map(|waiting| waiting.state.edit()).collect())
    }

    /// What is to be committed when what it has made is all that the tablets of `partition` are to hold.
    pub(crate) fn replacements(
        mut self,
        partition: &Partition,
        writer: &Writer<'_>,
    ) -> Result<Vec<TabletEdit>> {
        let mut edits = self.edits(writer)?;
        for edit in &mut edits {
            let tablet = partition.tablets_of(edit.rollup).get(edit.bucket);
            let there = tablet.into_iter().flat_map(|tablet| &tablet.rowsets).map(|rowset| rowset.id);
            edit.seen = there.collect();
            edit.replaced.clone_from(&edit.seen);
        }
        Ok(edits)
    }
}

impl Waiting {
    fn flush(&mut self, maker: &RollupMaker, writer: &Writer<'_>) -> Result<()> {
        self.bytes = 0;
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        let (definition, rule) = (&maker.definition, &maker.rule);
        let rows = fold(&rule.schema(definition), rows, definition, rule)?;
        self.state.merge_and_write(rows, rule, writer)
    }
}
