//! A store's side of backups, as an engine does it: tables whose files come and go, the last snapshot as the base of the
//! next, and an intent that outlives the process.

use std::path::Path;

use cairn_format::{
    Compression, DataFile, Digest, DigestAlgorithm, FileList, FileListRef, FileLocation, IntentId, Manifest,
    ObjectName, PartitionName, SnapshotLabel, SnapshotTimestamp,
};
use cairn_repository::{
    BeginOptions, CommitOutcome, FetchFile, Repository, Result, SnapshotName, Transfer, UploadFile, UploadGroup,
};

use super::{Table, manifest_of};

/// What a store backs up.
pub(crate) struct Source {
    pub(crate) tables: Vec<Table>,
    pub(crate) compression: Option<Compression>,
    pub(crate) lifetime_ms: i64,
    /// The last snapshot, and the tables as they were in it.
    base: Option<(SnapshotName, Vec<Table>)>,
}

impl Source {
    pub(crate) fn new(tables: Vec<Table>) -> Self {
        let lifetime_ms = cairn_format::INTENT_LIFETIME_MS;
        Self { tables, compression: None, lifetime_ms, base: None }
    }

    /// One attempt. `intent` is what the store knows of an earlier one, and of this one from its begin on.
    pub(crate) fn back_up(
        &mut self,
        repository: &Repository,
        label: &SnapshotLabel,
        timestamp: SnapshotTimestamp,
        intent: &mut Option<IntentId>,
    ) -> Result<CommitOutcome> {
        let options = BeginOptions::default().with_resume(*intent).with_lifetime_ms(self.lifetime_ms);
        let writer = repository.begin_snapshot(label, timestamp, &options)?;
        *intent = Some(*writer.intent_id());
        let base = match &self.base {
            Some((name, tables)) => writer.base(name)?.map(|manifest| (manifest, tables)),
            None => None,
        };
        let mut references: Vec<Option<FileListRef>> = vec![None; self.tables.len()];
        let mut groups = Vec::new();
        for (table, reference) in self.tables.iter().zip(&mut references) {
            if let Some((manifest, tables)) = &base
                && let Some(entry) = manifest.table(&table.name)
            {
                let unchanged = tables.iter().any(|old| old.name == table.name && old.files == table.files);
                if unchanged && writer.adopt_list(manifest, &entry.files)? {
                    *reference = Some(entry.files);
                    continue;
                }
                writer.reuse(manifest, &entry.files)?;
            }
            groups.push(UploadGroup { files: table.files.clone(), is_whole: true });
        }
        let outcome = writer.upload(&groups, self.compression, &Transfer::new())?;
        let changed = self.tables.iter().zip(&references).filter(|(_, reference)| reference.is_none());
        let lists = changed.zip(&outcome.stored).map(|((table, _), stored)| {
            let mut files = table.data_files();
            files.iter_mut().zip(stored).for_each(|(file, stored)| stored.place(file));
            FileList::try_new(&[table.partition()], files).unwrap()
        });
        let mut put = writer.put_file_lists(lists.collect())?.into_iter();
        let references: Vec<_> =
            references.into_iter().map(|reference| reference.or_else(|| put.next()).unwrap()).collect();
        let outcome = writer.commit(&manifest_of(label, timestamp, &self.tables, &references))?;
        if matches!(outcome, CommitOutcome::Committed | CommitOutcome::AlreadyCommitted) {
            let name = SnapshotName { label: label.clone(), timestamp };
            self.base = Some((name, self.tables.clone()));
        }
        Ok(outcome)
    }
}

/// Fetches all of a snapshot into a directory that exists, and returns every file with its path there.
pub(crate) fn fetch_all(
    repository: &Repository,
    manifest: &Manifest,
    into: &Path,
) -> Result<Vec<(DataFile, std::path::PathBuf)>> {
    let mut all = Vec::new();
    for entry in &manifest.tables {
        let list = repository.file_list(entry)?;
        let wanted: Vec<_> = list
            .files()
            .iter()
            .map(|file| FetchFile {
                digest: file.digest,
                length: file.length,
                location: file.location,
                path: into.join(format!("{}-{}", entry.definition.name, file.ordinal)),
            })
            .collect();
        repository.fetch(&wanted, &Transfer::new())?;
        all.extend(list.into_files().into_iter().zip(wanted.into_iter().map(|wanted| wanted.path)));
    }
    Ok(all)
}

/// A small Parquet file whose bytes depend on `seed`. A file list is one, and this crate makes no others.
pub(crate) fn segment(directory: &Path, seed: u64) -> UploadFile {
    let partition = PartitionName::parse("p").unwrap();
    let digest = Digest::of(&seed.to_le_bytes());
    let row = DataFile {
        partition: partition.clone(),
        bucket: 0,
        ordinal: u32::try_from(seed).unwrap(),
        digest,
        length: seed,
        rows: 1,
        columns: Vec::new(),
        location: FileLocation::whole(ObjectName::of_digest(digest), seed),
        source: None,
    };
    let list = FileList::try_new(&[partition], vec![row]).unwrap();
    let intent = IntentId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
    let sealed = list.seal(DigestAlgorithm::DEFAULT, intent).unwrap();
    let path = directory.join(format!("segment-{seed}.parquet"));
    std::fs::write(&path, sealed.bytes()).unwrap();
    UploadFile { digest: Digest::of(sealed.bytes()), length: sealed.bytes().len() as u64, path }
}
