//! Rows waiting for their segments, and the workers that write those.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use arrow::record_batch::RecordBatch;

use super::{TabletSlot, WrittenSegments};
use crate::catalog::{NewSegment, PartitionKind, Table};
use crate::error::{Error, Result};
use crate::id::{SegmentId, TableId};
use crate::keys::{MergeRule, UpsertOptions, arranged, fold};
use crate::segment::write_segment;
use crate::store::Inner;

/// How much a load keeps in memory, in bytes of Arrow data.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoadOptions {
    /// A tablet's rows become a segment when they are this much: about a seventh of it as a file.
    pub segment_bytes: usize,
    /// When all tablets together hold this much, the largest is written.
    pub buffer_bytes: usize,
    /// The partitions that are named in the load: the table's, or temporary ones.
    pub partitions: PartitionKind,
    /// How rows of a Primary Key table are taken.
    pub upsert: UpsertOptions,
    /// Whether the rows take the place of all that the table, or the partitions of the load, have at its end.
    pub overwrites: bool,
    /// Whether nobody else may delete or replace rows of the table from the beginning on, so that what the load is made of
    /// can be read from the table itself: see [`Load::view`](super::Load::view).
    pub locks_table: bool,
    /// Whether the load is a refresh of a materialized view, which takes no other.
    pub refreshes: bool,
}

/// Rows of a tablet that make a segment.
const SEGMENT_BYTES: usize = 128 << 20;
/// Rows that wait in all tablets.
const BUFFER_BYTES: usize = 160 << 20;
/// Segments being written at once. Each holds its rows up to twice, while they are sorted: this bounds memory.
const WRITERS: usize = 2;

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            segment_bytes: SEGMENT_BYTES,
            buffer_bytes: BUFFER_BYTES,
            partitions: PartitionKind::Formal,
            upsert: UpsertOptions::default(),
            overwrites: false,
            locks_table: false,
            refreshes: false,
        }
    }
}

#[derive(Default)]
struct Buffer {
    batches: Vec<RecordBatch>,
    bytes: usize,
    /// Segments handed out so far, which is the place of the next.
    segments: usize,
}

/// The buffers of a load.
pub(super) struct TabletBuffers<'s> {
    table: Arc<Table>,
    rule: MergeRule,
    options: LoadOptions,
    buffers: BTreeMap<TabletSlot, Buffer>,
    bytes: usize,
    /// Rows that are to be merged with those of the table before they are written.
    to_merge: Vec<(TabletSlot, Vec<RecordBatch>)>,
    shared: Arc<Shared>,
    files: UnpublishedFiles<'s>,
}

/// What the load and its workers share.
struct Shared {
    /// Guards the finished segments and the count of those being written.
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    writing: usize,
    written: BTreeMap<(TabletSlot, usize), NewSegment>,
    failed: Option<Error>,
}

impl<'s> TabletBuffers<'s> {
    pub(super) fn try_new(
        store: &'s Inner,
        table: &Arc<Table>,
        rule: MergeRule,
        options: LoadOptions,
    ) -> Result<Self> {
        let directory = store.catalog.table_directory(table.id);
        store.disk.create_dir_all(&directory).map_err(|e| Error::disk("create", &directory, e))?;
        Ok(Self {
            table: Arc::clone(table),
            rule,
            options,
            buffers: BTreeMap::new(),
            bytes: 0,
            to_merge: Vec::new(),
            shared: Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() }),
            files: UnpublishedFiles::new(store, table.id),
        })
    }

    pub(super) fn push(&mut self, slot: TabletSlot, batch: RecordBatch) -> Result<()> {
        let bytes = bytes_of(&batch)?;
        let buffer = self.buffers.entry(slot).or_default();
        buffer.batches.push(batch);
        buffer.bytes += bytes;
        self.bytes += bytes;
        if buffer.bytes >= self.options.segment_bytes {
            self.flush(slot)?;
        }
        while self.bytes >= self.options.buffer_bytes {
            let largest = self.buffers.iter().max_by_key(|(_, buffer)| buffer.bytes).map(|(slot, _)| *slot);
            match largest {
                Some(slot) => self.flush(slot)?,
                None => break,
            }
        }
        Ok(())
    }

    /// Hands a tablet's rows to a worker, as soon as one is free.
    fn flush(&mut self, slot: TabletSlot) -> Result<()> {
        let Some(buffer) = self.buffers.get_mut(&slot).filter(|buffer| !buffer.batches.is_empty()) else {
            return Ok(());
        };
        let batches = std::mem::take(&mut buffer.batches);
        self.bytes -= std::mem::take(&mut buffer.bytes);
        if self.rule.reads_rows() {
            self.to_merge.push((slot, batches));
            return Ok(());
        }
        let place = (slot, buffer.segments);
        buffer.segments += 1;
        self.shared.start(WRITERS)?;
        let id = self.files.reserve();
        let path = self.files.store.catalog.segment_path(self.table.id, id);
        let (table, rule, shared, disk) = (
            Arc::clone(&self.table),
            self.rule.clone(),
            Arc::clone(&self.shared),
            self.files.store.disk.clone(),
        );
        self.files.store.workers.spawn(move || {
            // A panic in a worker must not leave the load waiting for it.
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let schema = table.definition.arrow_schema();
                let definition = &table.definition;
                // What may not fit into one row a key is merged elsewhere.
                let batch = fold(&schema, batches, definition, &rule)?.rows;
                let batch = if rule == MergeRule::Keep { batch } else { arranged(batch, definition)? };
                write_segment(&disk, &path, id, definition, &batch)
            }));
            let outcome = outcome.unwrap_or_else(|_| {
                Err(Error::corrupt(format!("writing {} failed unexpectedly", path.display())))
            });
            shared.end(place, outcome);
        });
        Ok(())
    }

    /// Hands over the rows that are to be merged so far.
    pub(super) fn take_to_merge(&mut self) -> Vec<(TabletSlot, Vec<RecordBatch>)> {
        std::mem::take(&mut self.to_merge)
    }

    pub(super) fn files(&self) -> &UnpublishedFiles<'s> {
        &self.files
    }

    /// Writes the rest, syncs the directory, and hands over the segments.
    pub(super) fn finish(mut self) -> Result<WrittenSegments<'s>> {
        let slots: Vec<TabletSlot> = self.buffers.keys().copied().collect();
        for slot in slots {
            self.flush(slot)?;
        }
        let written = self.shared.wait_for_all()?;
        if !written.is_empty() {
            let directory = self.files.store.catalog.table_directory(self.table.id);
            self.files.store.disk.sync_dir(&directory).map_err(|e| Error::disk("sync", &directory, e))?;
        }
        let mut segments: Vec<(TabletSlot, Vec<NewSegment>)> = Vec::new();
        for ((slot, _), segment) in written {
            match segments.last_mut() {
                Some((last, of_last)) if *last == slot => of_last.push(segment),
                _ => segments.push((slot, vec![segment])),
            }
        }
        // The buffers' own drop waits for workers, of which there are none now.
        let files = self.files.take();
        Ok(WrittenSegments { segments, to_merge: self.take_to_merge(), files })
    }
}

impl Drop for TabletBuffers<'_> {
    fn drop(&mut self) {
        // Files are removed when nobody writes them any more.
        let _ = self.shared.wait_for_all();
    }
}

impl Shared {
    /// Waits until fewer than `most` segments are being written and counts one more.
    fn start(&self, most: usize) -> Result<()> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state =
            self.changed.wait_while(state, |s| s.writing >= most).unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = state.failed.take() {
            return Err(error);
        }
        state.writing += 1;
        Ok(())
    }

    fn end(&self, place: (TabletSlot, usize), outcome: Result<NewSegment>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.writing -= 1;
        match outcome {
            Ok(segment) => drop(state.written.insert(place, segment)),
            Err(error) => drop(state.failed.get_or_insert(error)),
        }
        drop(state);
        self.changed.notify_all();
    }

    fn wait_for_all(&self) -> Result<BTreeMap<(TabletSlot, usize), NewSegment>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state =
            self.changed.wait_while(state, |s| s.writing > 0).unwrap_or_else(PoisonError::into_inner);
        match state.failed.take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut state.written)),
        }
    }
}

/// The bytes of a batch's own rows: a slice's buffers may hold those of many others too.
pub(crate) fn bytes_of(batch: &RecordBatch) -> Result<usize> {
    let sizes = batch.columns().iter().map(|column| column.to_data().get_slice_memory_size());
    sizes
        .sum::<std::result::Result<usize, _>>()
        .map_err(|e| Error::invalid("rows have no size").with_source(e))
}

/// The files of a load that no commit has published: removed when dropped, unless kept.
pub(crate) struct UnpublishedFiles<'s> {
    store: &'s Inner,
    table: TableId,
    /// Guards the identities, one for each file.
    ids: Mutex<Vec<SegmentId>>,
    kept: AtomicBool,
}

impl<'s> UnpublishedFiles<'s> {
    pub(crate) fn new(store: &'s Inner, table: TableId) -> Self {
        Self { store, table, ids: Mutex::default(), kept: AtomicBool::new(false) }
    }

    pub(crate) fn reserve(&self) -> SegmentId {
        let id = SegmentId::new(self.store.catalog.reserve_ids(1));
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).push(id);
        id
    }

    fn take(&mut self) -> Self {
        let ids = std::mem::take(&mut *self.ids.lock().unwrap_or_else(PoisonError::into_inner));
        let ids = Mutex::new(ids);
        Self { store: self.store, table: self.table, ids, kept: AtomicBool::new(false) }
    }

    /// Keeps these; the others are removed when this is dropped.
    pub(crate) fn keep_only(&self, published: &[SegmentId]) {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.retain(|id| !published.contains(id));
    }

    /// Removes all but these.
    pub(crate) fn remove_others(&self, wanted: &[SegmentId]) {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.retain(|id| {
            let is_wanted = wanted.contains(id);
            if !is_wanted {
                // What stays behind is an orphan, which the next open removes.
                let _ = self.store.disk.remove_file(&self.store.catalog.segment_path(self.table, *id));
            }
            is_wanted
        });
    }

    pub(crate) fn keep(&self) {
        self.kept.store(true, Ordering::Release);
    }
}

impl Drop for UnpublishedFiles<'_> {
    fn drop(&mut self) {
        if self.kept.load(Ordering::Acquire) || !self.store.catalog.is_certain() {
            return;
        }
        for id in self.ids.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            // What stays behind is an orphan, which the next open removes.
            let _ = self.store.disk.remove_file(&self.store.catalog.segment_path(self.table, *id));
        }
    }
}
