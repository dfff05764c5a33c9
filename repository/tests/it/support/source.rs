//! A store's side of backups, as an engine does it: tables whose files come and go, the last snapshot as the base of the
//! next, and an intent that outlives the process.

use std::collections::BTreeMap;
use std::path::Path;

use cairn_format::{
    Column, ColumnName, ColumnType, Compression, DataFile, DatabaseName, Digest, DigestAlgorithm,
    Distribution, FeatureSet, FieldId, FileList, FileListRef, FileLocation, IntentId, KeyModel, Manifest,
    ObjectName, PartitionDefinition, PartitionEntry, PartitionName, PartitionRows, Partitioning,
    SnapshotLabel, SnapshotTimestamp, TableDefinition, TableEntry, TableName, Totals,
};
use cairn_repository::{
    BeginOptions, CommitOutcome, FetchFile, Repository, Result, SnapshotName, Transfer, UploadFile,
    UploadGroup,
};

/// A table of one partition and one bucket.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SourceTable {
    pub(crate) name: String,
    pub(crate) files: Vec<UploadFile>,
}

impl SourceTable {
    pub(crate) fn new(name: impl Into<String>, files: Vec<UploadFile>) -> Self {
        Self { name: name.into(), files }
    }

    fn partition(&self) -> PartitionName {
        PartitionName::parse(&self.name).unwrap()
    }

    /// The rows of the file list before anybody knows where the files lie.
    fn data_files(&self) -> Vec<DataFile> {
        let rows = self.files.iter().zip(0..).map(|(file, ordinal)| DataFile {
            partition: self.partition(),
            bucket: 0,
            ordinal,
            digest: file.digest,
            length: file.length,
            rows: 1,
            columns: Vec::new(),
            location: FileLocation::whole(ObjectName::of_digest(file.digest), file.length),
            source: None,
            deleted: None,
        });
        rows.collect()
    }

    fn entry(&self, files: FileListRef) -> TableEntry {
        let (id, column_name) = (FieldId::try_new(1).unwrap(), ColumnName::parse("id").unwrap());
        let column = Column { nullable: false, ..Column::new(id, column_name, ColumnType::BigInt) };
        let definition = TableDefinition {
            name: TableName::parse(&self.name).unwrap(),
            columns: vec![column],
            key_model: KeyModel::Duplicate,
            key_columns: 1,
            automatic_buckets: false,
            sort_key: None,
            rollups: Vec::new(),
            materialized_view: None,
            indexes: Vec::new(),
            partitioning: Partitioning::Unpartitioned,
            distribution: Distribution::Random { buckets: 1 },
            comment: None,
            properties: BTreeMap::new(),
            next_field_id: 2,
        };
        let partition = PartitionDefinition::new(self.partition(), PartitionRows::All);
        TableEntry {
            definition,
            partitions: vec![PartitionEntry { definition: partition, rows: files.rows, bytes: files.bytes }],
            ddl: format!("CREATE TABLE {}", self.name),
            files,
            auto_increment: None,
        }
    }
}

/// What a store backs up.
pub(crate) struct Source {
    pub(crate) tables: Vec<SourceTable>,
    pub(crate) compression: Option<Compression>,
    pub(crate) lifetime_ms: i64,
    /// Whether an intent is gone on with whose snapshot may have existed, which is wrong.
    pub(crate) resumes_always: bool,
    /// The last snapshot, and the tables as they were in it.
    base: Option<(SnapshotName, Vec<SourceTable>)>,
}

/// What a store keeps of a backup that is under way.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    /// The intent of the last attempt.
    pub(crate) intent: Option<IntentId>,
    /// Whether some attempt got as far as to put the manifest.
    pub(crate) may_have_committed: bool,
}

impl Source {
    pub(crate) fn new(tables: Vec<SourceTable>) -> Self {
        let lifetime_ms = cairn_format::INTENT_LIFETIME_MS;
        Self { tables, compression: None, lifetime_ms, resumes_always: false, base: None }
    }

    /// One attempt. `progress` is what the store keeps of a backup across the deaths of its processes.
    pub(crate) fn back_up(
        &mut self,
        repository: &Repository,
        label: &SnapshotLabel,
        timestamp: SnapshotTimestamp,
        progress: &mut Progress,
    ) -> Result<CommitOutcome> {
        if progress.may_have_committed && repository.confirm_snapshot(label, timestamp)? {
            if let Some(dead) = progress.intent {
                repository.forget_intent(&dead)?;
            }
            self.remember(label, timestamp);
            return Ok(CommitOutcome::AlreadyCommitted);
        }
        // Once a snapshot may have existed it may have been dropped, and its intent taken for ended.
        let resume = progress.intent.filter(|_| self.resumes_always || !progress.may_have_committed);
        let options = BeginOptions::default().with_resume(resume).with_lifetime_ms(self.lifetime_ms);
        let writer = repository.begin_snapshot(label, timestamp, &options)?;
        // An earlier intent whose manifest may still arrive stays, and expires.
        progress.intent = Some(*writer.intent_id());
        let base = match &self.base {
            Some((name, tables)) => writer.basis().base(name)?.map(|snapshot| (snapshot, tables)),
            None => None,
        };
        let mut references: Vec<Option<FileListRef>> = vec![None; self.tables.len()];
        let mut groups = Vec::new();
        for (table, reference) in self.tables.iter().zip(&mut references) {
            if let Some((snapshot, tables)) = &base
                && let Some(entry) = snapshot.manifest().table(&table.name)
            {
                let unchanged = tables.iter().any(|old| old.name == table.name && old.files == table.files);
                if unchanged && writer.basis().adopt_list(snapshot, &entry.files)? {
                    *reference = Some(entry.files);
                    continue;
                }
                writer.basis().reuse(&[(snapshot, entry.files)])?;
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
        progress.may_have_committed = true;
        let outcome = writer.commit(&self.manifest(label, timestamp, &references))?;
        if matches!(outcome, CommitOutcome::Committed | CommitOutcome::AlreadyCommitted) {
            self.remember(label, timestamp);
        }
        Ok(outcome)
    }

    /// Takes a snapshot of the tables as they are for the base of the next.
    pub(crate) fn remember(&mut self, label: &SnapshotLabel, timestamp: SnapshotTimestamp) {
        let name = SnapshotName { label: label.clone(), timestamp };
        self.base = Some((name, self.tables.clone()));
    }

    fn manifest(
        &self,
        label: &SnapshotLabel,
        timestamp: SnapshotTimestamp,
        lists: &[FileListRef],
    ) -> Manifest {
        let tables: Vec<_> = self.tables.iter().zip(lists).map(|(table, list)| table.entry(*list)).collect();
        Manifest {
            label: label.clone(),
            timestamp,
            database: Some(DatabaseName::parse("db").unwrap()),
            store: None,
            part: None,
            created_at_ms: 1,
            finished_at_ms: None,
            ttl: None,
            expires_at_ms: None,
            sent: None,
            intent: None,
            writer: "test".into(),
            read_features: FeatureSet::new(),
            totals: Totals::of(&tables).unwrap(),
            tables,
            views: Vec::new(),
            catalogs: Vec::new(),
        }
    }
}

/// Fetches all of a snapshot into a directory that exists, and returns every file with its path there, in the order of
/// tables and files.
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

/// A small Parquet file of so many rows, whose bytes depend on `seed`. A file list is one, and this crate makes no others.
pub(crate) fn segment(directory: &Path, seed: u64, rows: u32) -> UploadFile {
    let partition = PartitionName::parse("p").unwrap();
    let files = (0..rows).map(|row| {
        let digest = Digest::of(&[seed.to_le_bytes(), u64::from(row).to_le_bytes()].concat());
        DataFile {
            partition: partition.clone(),
            bucket: 0,
            ordinal: row,
            digest,
            length: seed,
            rows: 1,
            columns: Vec::new(),
            location: FileLocation::whole(ObjectName::of_digest(digest), seed),
            source: None,
            deleted: None,
        }
    });
    let list = FileList::try_new(std::slice::from_ref(&partition), files.collect()).unwrap();
    let intent = IntentId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
    let sealed = list.seal(DigestAlgorithm::DEFAULT, intent).unwrap();
    let path = directory.join(format!("segment-{seed}.parquet"));
    std::fs::write(&path, sealed.bytes()).unwrap();
    UploadFile { digest: Digest::of(sealed.bytes()), length: sealed.bytes().len() as u64, path }
}
