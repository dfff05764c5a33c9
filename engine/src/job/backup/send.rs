//! Sending what the repository lacks: what an earlier backup left there is built on, the rest is sent.

use std::collections::{BTreeMap, BTreeSet};

use cairn_format::{
    DataFile, Digest, FileList, FileListRef, PartitionEntry, PartitionName, Sent, TableEntry,
    create_table_statement,
};
use cairn_repository::{BaseSnapshot, SnapshotName, SnapshotWriter, UploadFile, UploadGroup};

use super::cut::CutTable;
use crate::catalog::TableBase;
use crate::error::{Error, Result};
use crate::id::{RepositoryEntryId, TableId};
use crate::job::record::{BackupWork, JobState, JobWork};
use crate::job::runner::JobContext;

/// A table all of which is in the repository.
pub(super) struct SentTable {
    pub(super) id: TableId,
    pub(super) entry: TableEntry,
    pub(super) fingerprint: Digest,
    pub(super) is_whole: bool,
    pub(super) has_deletions: bool,
}

/// What is in the repository now, and what had to be sent for it.
pub(super) struct SentTables {
    pub(super) tables: Vec<SentTable>,
    pub(super) totals: Sent,
}

/// Sends what the repository lacks: files first, then the lists that name them.
pub(super) fn send(
    context: &JobContext<'_>,
    writer: &SnapshotWriter,
    known_as: RepositoryEntryId,
    work: &BackupWork,
    tables: &[CutTable],
) -> Result<SentTables> {
    let adopted = adopt(context, writer, known_as, tables)?;
    let groups: Vec<UploadGroup> = tables
        .iter()
        .zip(&adopted)
        .filter(|(_, adopted)| adopted.is_none())
        .map(|(table, _)| UploadGroup {
            files: table
                .files
                .iter()
                .map(|(file, path)| UploadFile {
                    digest: file.digest,
                    length: file.length,
                    path: path.clone(),
                })
                .collect(),
            is_whole: table.is_whole,
        })
        .collect();
    let files = groups.iter().flat_map(|group| &group.files);
    let (count, bytes) = (files.clone().count() as u64, files.map(|file| file.length).sum());
    context.running.expect_transfer(count, bytes);
    context.advance(JobState::Uploading, |record, _| {
        if let JobWork::Backup(work) = &mut record.work {
            work.intent = Some(*writer.intent_id());
        }
    })?;
    let outcome = writer.upload(&groups, work.compression, &context.running.transfer)?;
    context.advance(JobState::SaveMeta, |record, now| {
        record.times.transfer_finished = Some(now);
    })?;
    let mut stored = outcome.stored.into_iter();
    let (mut parts, mut lists) = (Vec::new(), Vec::new());
    for (table, adopted) in tables.iter().zip(adopted) {
        context.check()?;
        let part = if let Some(adopted) = adopted {
            adopted
        } else {
            let places = stored.next().ok_or_else(|| Error::corrupt("an upload lost a table"))?;
            let files = table.files.iter().zip(places).map(|((file, _), stored)| {
                let mut file = file.clone();
                stored.place(&mut file);
                file
            });
            let names: Vec<PartitionName> = table.partitions.iter().map(|p| p.name.clone()).collect();
            let list = FileList::try_new(&names, files.collect())?;
            let sums = sums(&names, list.files());
            lists.push(list);
            Adopted { files: None, sums }
        };
        parts.push(part);
    }
    let mut put = writer.put_file_lists(lists)?.into_iter();
    let mut sent = Vec::with_capacity(parts.len());
    for (table, Adopted { files, sums }) in tables.iter().zip(parts) {
        let files = files.or_else(|| put.next()).ok_or_else(|| Error::corrupt("a file list got lost"))?;
        let partitions = table.partitions.iter().cloned().zip(sums);
        let entry = TableEntry {
            ddl: create_table_statement(&table.definition, &table.partitions)?,
            definition: table.definition.clone(),
            partitions: partitions
                .map(|(definition, (rows, bytes))| PartitionEntry { definition, rows, bytes })
                .collect(),
            files,
            auto_increment: table.auto_increment,
        };
        let CutTable { id, fingerprint, is_whole, .. } = *table;
        let has_deletions = table.files.iter().any(|(file, _)| file.deleted.is_some());
        sent.push(SentTable { id, entry, fingerprint, is_whole, has_deletions });
    }
    let totals = Sent { files: outcome.sent_files, bytes: outcome.sent_bytes, objects: outcome.sent_objects };
    Ok(SentTables { tables: sent, totals })
}

/// A file list, when it is there already, and rows and bytes of each partition in it.
struct Adopted {
    files: Option<FileListRef>,
    sums: Vec<(u64, u64)>,
}

/// Takes over the lists of tables that have not changed since an earlier backup, and takes note of the files of those
/// that have.
fn adopt(
    context: &JobContext<'_>,
    writer: &SnapshotWriter,
    known_as: RepositoryEntryId,
    tables: &[CutTable],
) -> Result<Vec<Option<Adopted>>> {
    let bases: Vec<Vec<TableBase>> = tables
        .iter()
        .map(|table| context.store.catalog.table_bases(known_as, table.id))
        .collect::<Result<_>>()?;
    let names: BTreeSet<&SnapshotName> = bases.iter().flatten().map(|base| &base.snapshot).collect();
    let mut snapshots: BTreeMap<&SnapshotName, BaseSnapshot> = BTreeMap::new();
    for name in names {
        context.check()?;
        if let Some(snapshot) = readable(writer.base(name))?.flatten() {
            snapshots.insert(name, snapshot);
        }
    }
    let mut adopted = Vec::with_capacity(tables.len());
    let (mut strangers, mut reused) = (Vec::new(), Vec::new());
    for (table, bases) in tables.iter().zip(&bases) {
        context.check()?;
        let there: Vec<_> =
            bases.iter().filter_map(|base| Some((base, snapshots.get(&base.snapshot)?))).collect();
        if there.is_empty() {
            strangers.push(table);
        }
        let unchanged = there.iter().filter(|(base, _)| base.fingerprint == table.fingerprint);
        let mut whole = None;
        for (base, snapshot) in unchanged {
            if let Some(sums) = sums_in(snapshot, &base.list, table)
                && readable(writer.adopt_list(snapshot, &base.list))?.unwrap_or(false)
            {
                whole = Some(Adopted { files: Some(base.list), sums });
                break;
            }
        }
        if whole.is_none() {
            reused.extend(there.into_iter().map(|(base, snapshot)| (snapshot, base.list)));
        }
        adopted.push(whole);
    }
    reuse(writer, &reused)?;
    reuse_of_others(writer, context, &strangers)?;
    Ok(adopted)
}

/// Takes note of the files of lists. What cannot be read of them is sent again.
fn reuse(writer: &SnapshotWriter, lists: &[(&BaseSnapshot, FileListRef)]) -> Result<()> {
    for (list, error) in writer.reuse(lists)? {
        tracing::warn!(list = %list.object, %error, "an earlier snapshot cannot be built on; verify the repository");
    }
    Ok(())
}

/// Takes note of what the newest snapshot of the database has of tables that this store has never backed up into the
/// repository, or whose snapshots have been dropped: the same files may be there all the same, when the tables were
/// restored from it.
fn reuse_of_others(writer: &SnapshotWriter, context: &JobContext<'_>, tables: &[&CutTable]) -> Result<()> {
    if tables.iter().all(|table| table.files.is_empty()) {
        return Ok(());
    }
    let database = &context.record()?.database;
    let Some(snapshot) = writer.latest_base_of(database)? else { return Ok(()) };
    let wanted: BTreeSet<_> = tables.iter().map(|table| &table.definition.name).collect();
    let entries = snapshot.manifest().tables.iter().filter(|entry| wanted.contains(&entry.definition.name));
    let lists: Vec<_> = entries.map(|entry| (&snapshot, entry.files)).collect();
    reuse(writer, &lists)
}

/// What an earlier snapshot has is a help, and no more: what is damaged of it is sent again.
fn readable<T>(read: cairn_repository::Result<T>) -> Result<Option<T>> {
    use cairn_repository::ErrorKind as Kind;
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), Kind::Corrupt | Kind::NotFound | Kind::Unsupported) => {
            tracing::warn!(%error, "an earlier snapshot cannot be built on; verify the repository");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Rows and bytes of the partitions of `table` as an earlier snapshot has them beside `list`.
fn sums_in(snapshot: &BaseSnapshot, list: &FileListRef, table: &CutTable) -> Option<Vec<(u64, u64)>> {
    // Tables without files share a list.
    let fits = |entry: &&TableEntry| {
        entry.partitions.len() == table.partitions.len()
            && entry.partitions.iter().zip(&table.partitions).all(|(a, b)| a.definition.name == b.name)
            && entry.definition.distribution == table.definition.distribution
    };
    let entry = snapshot.tables_of(list).find(fits)?;
    Some(entry.partitions.iter().map(|partition| (partition.rows, partition.bytes)).collect())
}

/// Rows and bytes of each partition, whose files stand together and in order.
fn sums(partitions: &[PartitionName], files: &[DataFile]) -> Vec<(u64, u64)> {
    let mut rest = files;
    let of = |partition: &PartitionName| {
        let end = rest.iter().position(|file| file.partition != *partition).unwrap_or(rest.len());
        let (own, others) = rest.split_at(end);
        rest = others;
        (own.iter().map(DataFile::live_rows).sum(), own.iter().map(|file| file.length).sum())
    };
    partitions.iter().map(of).collect()
}
