//! Sending what the repository lacks: what an earlier backup left there is built on, the rest is sent.

use cairn_format::{
    DataFile, Digest, FileList, PartitionEntry, PartitionName, Sent, TableEntry, create_statement,
};
use cairn_repository::SnapshotWriter;

use super::adopt::{Adopted, Grounds, groups};
use super::cut::CutTable;
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
    let record = context.record()?;
    let grounds = Grounds {
        basis: writer.basis(),
        catalog: &context.store.catalog,
        known_as,
        database: record.require_database()?,
        check: &|| context.check(),
    };
    let adopted = grounds.adopt(tables)?;
    let groups = groups(tables, &adopted);
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
            ddl: create_statement(&table.definition, &table.partitions, record.require_database()?)?,
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
