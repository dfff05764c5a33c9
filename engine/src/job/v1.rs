//! The stored form of a job, version 1.

use cairn_format::{
    CatalogName, Compression, DatabaseName, IntentId, PartitionName, RepositoryName, SnapshotLabel,
    SnapshotTimestamp, TableName, Ttl,
};
use serde::{Deserialize, Serialize};

use super::record::{
    BackupWork, CatalogBackupWork, CatalogRestoreWork, JobRecord, JobState, JobStatus, JobTimes, JobTotals,
    JobWork, RestoreWork,
};
use super::request::{CatalogSelection, IfExists, TableSelection, ViewSelection};
use super::restore::{PartitionPlan, RestorePlan, TablePlan};
use crate::error::{Error, Result};
use crate::id::{CatalogVersion, JobId, PartitionId, SegmentId, TableId};

#[derive(Serialize, Deserialize)]
struct JobV1 {
    /// Empty where the job is of external catalogs.
    database: String,
    label: String,
    timestamp: i64,
    repository: String,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<FailureV1>,
    created: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    meta_prepared: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    snapshot_finished: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transfer_finished: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finished: Option<i64>,
    timeout_s: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    totals: Option<TotalsV1>,
    work: WorkV1,
}

#[derive(Serialize, Deserialize)]
struct FailureV1 {
    code: String,
    message: String,
}

#[derive(Serialize, Deserialize)]
struct TotalsV1 {
    files: u64,
    bytes: u64,
    moved_files: u64,
    moved_bytes: u64,
    #[serde(default)]
    moved_objects: u64,
    #[serde(default)]
    requests: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WorkV1 {
    Backup {
        cut: u64,
        tables: Vec<SelectionV1>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        views: Vec<String>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_part: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        intent: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ttl: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        compression: Option<String>,
    },
    Restore {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tables: Option<Vec<SelectionV1>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        materialized_views: Option<Vec<SelectionV1>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        views: Option<Vec<ViewSelectionV1>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<Vec<TablePlanV1>>,
        allow_load: bool,
        replication_num: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        if_exists: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keeps_partition_rules: Option<bool>,
    },
    CatalogBackup {
        cut: u64,
        catalogs: Vec<String>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_part: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        intent: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ttl: Option<String>,
    },
    CatalogRestore {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        catalogs: Option<Vec<CatalogSelectionV1>>,
        allow_load: bool,
        replication_num: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        if_exists: Option<String>,
    },
}

#[derive(Serialize, Deserialize)]
struct SelectionV1 {
    table: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partitions: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ViewSelectionV1 {
    view: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct CatalogSelectionV1 {
    catalog: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct TablePlanV1 {
    source: String,
    target: String,
    table: u64,
    is_new: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced: Option<u64>,
    partitions: Vec<PartitionPlanV1>,
    first_segment: u64,
    files: u64,
}

#[derive(Serialize, Deserialize)]
struct PartitionPlanV1 {
    name: String,
    id: u64,
    is_new: bool,
}

pub(super) fn encode(job: &JobRecord) -> Result<Vec<u8>> {
    let stored = JobV1::from(job);
    serde_json::to_vec(&stored).map_err(|e| Error::corrupt("a job cannot be encoded").with_source(e))
}

pub(super) fn decode(id: JobId, bytes: &[u8]) -> Result<JobRecord> {
    let damaged = || Error::corrupt(format!("the catalog's record of job {id} is damaged"));
    let stored: JobV1 = serde_json::from_slice(bytes).map_err(|e| damaged().with_source(e))?;
    let state = JobState::ALL.into_iter().find(|state| state.as_str() == stored.state).ok_or_else(damaged)?;
    let status = match stored.failure {
        None => JobStatus::Ok,
        Some(FailureV1 { code, message }) => JobStatus::Failed { code, message },
    };
    Ok(JobRecord {
        id,
        database: match stored.database.as_str() {
            "" => None,
            name => Some(DatabaseName::parse(name)?),
        },
        label: SnapshotLabel::parse(&stored.label)?,
        timestamp: SnapshotTimestamp::from_unix_ms(stored.timestamp)?,
        repository: RepositoryName::parse(&stored.repository)?,
        state,
        status,
        times: JobTimes {
            created: stored.created,
            meta_prepared: stored.meta_prepared,
            snapshot_finished: stored.snapshot_finished,
            transfer_finished: stored.transfer_finished,
            finished: stored.finished,
        },
        timeout_s: stored.timeout_s,
        totals: stored.totals.map(|t| JobTotals {
            files: t.files,
            bytes: t.bytes,
            moved_files: t.moved_files,
            moved_bytes: t.moved_bytes,
            moved_objects: t.moved_objects,
            requests: t.requests,
        }),
        work: stored.work.try_into()?,
    })
}

impl From<&JobRecord> for JobV1 {
    fn from(job: &JobRecord) -> Self {
        Self {
            database: job.database.as_ref().map(ToString::to_string).unwrap_or_default(),
            label: job.label.as_str().to_owned(),
            timestamp: job.timestamp.unix_ms(),
            repository: job.repository.as_str().to_owned(),
            state: job.state.as_str().to_owned(),
            failure: match &job.status {
                JobStatus::Ok => None,
                JobStatus::Failed { code, message } => {
                    Some(FailureV1 { code: code.clone(), message: message.clone() })
                }
            },
            created: job.times.created,
            meta_prepared: job.times.meta_prepared,
            snapshot_finished: job.times.snapshot_finished,
            transfer_finished: job.times.transfer_finished,
            finished: job.times.finished,
            timeout_s: job.timeout_s,
            totals: job.totals.map(|t| TotalsV1 {
                files: t.files,
                bytes: t.bytes,
                moved_files: t.moved_files,
                moved_bytes: t.moved_bytes,
                moved_objects: t.moved_objects,
                requests: t.requests,
            }),
            work: (&job.work).into(),
        }
    }
}

impl From<&JobWork> for WorkV1 {
    fn from(work: &JobWork) -> Self {
        let selections = |tables: &[TableSelection]| tables.iter().map(SelectionV1::from).collect();
        match work {
            JobWork::Backup(work) => Self::Backup {
                cut: work.cut.get(),
                tables: selections(&work.tables),
                views: work.views.iter().map(ToString::to_string).collect(),
                is_part: !work.is_whole,
                intent: work.intent.as_ref().map(ToString::to_string),
                ttl: work.ttl.as_ref().map(ToString::to_string),
                compression: work.compression.as_ref().map(ToString::to_string),
            },
            JobWork::Restore(work) => Self::Restore {
                tables: work.tables.as_deref().map(selections),
                materialized_views: work.materialized_views.as_deref().map(selections),
                views: work.views.as_ref().map(|views| views.iter().map(ViewSelectionV1::from).collect()),
                plan: work.plan.as_ref().map(|plan| plan.tables.iter().map(TablePlanV1::from).collect()),
                allow_load: work.allow_load,
                replication_num: work.replication_num,
                if_exists: if_exists_word(work.if_exists),
                keeps_partition_rules: work.keeps_partition_rules,
            },
            JobWork::CatalogBackup(work) => Self::CatalogBackup {
                cut: work.cut.get(),
                catalogs: work.catalogs.iter().map(ToString::to_string).collect(),
                is_part: !work.is_whole,
                intent: work.intent.as_ref().map(ToString::to_string),
                ttl: work.ttl.as_ref().map(ToString::to_string),
            },
            JobWork::CatalogRestore(work) => Self::CatalogRestore {
                catalogs: work
                    .catalogs
                    .as_ref()
                    .map(|catalogs| catalogs.iter().map(CatalogSelectionV1::from).collect()),
                allow_load: work.allow_load,
                replication_num: work.replication_num,
                if_exists: if_exists_word(work.if_exists),
            },
        }
    }
}

impl TryFrom<WorkV1> for JobWork {
    type Error = Error;

    fn try_from(stored: WorkV1) -> Result<Self> {
        let selections = |tables: Vec<SelectionV1>| -> Result<Vec<TableSelection>> {
            tables.into_iter().map(TableSelection::try_from).collect()
        };
        Ok(match stored {
            WorkV1::Backup { cut, tables, views, is_part, intent, ttl, compression } => {
                Self::Backup(BackupWork {
                    cut: CatalogVersion::new(cut),
                    tables: selections(tables)?,
                    views: views.iter().map(|name| Ok(TableName::parse(name)?)).collect::<Result<_>>()?,
                    is_whole: !is_part,
                    intent: intent.as_deref().map(IntentId::parse).transpose()?,
                    ttl: ttl.as_deref().map(Ttl::parse).transpose()?,
                    compression: compression.as_deref().map(Compression::parse).transpose()?,
                })
            }
            WorkV1::Restore {
                tables,
                materialized_views,
                views,
                plan,
                allow_load,
                replication_num,
                if_exists,
                keeps_partition_rules,
            } => {
                let plan = match plan {
                    Some(tables) => Some(RestorePlan {
                        tables: tables.into_iter().map(TablePlan::try_from).collect::<Result<_>>()?,
                    }),
                    None => None,
                };
                Self::Restore(RestoreWork {
                    tables: tables.map(selections).transpose()?,
                    materialized_views: materialized_views.map(selections).transpose()?,
                    views: views
                        .map(|views| views.into_iter().map(ViewSelection::try_from).collect::<Result<_>>())
                        .transpose()?,
                    plan,
                    allow_load,
                    replication_num,
                    if_exists: read_if_exists(if_exists)?,
                    keeps_partition_rules,
                })
            }
            WorkV1::CatalogBackup { cut, catalogs, is_part, intent, ttl } => {
                Self::CatalogBackup(CatalogBackupWork {
                    cut: CatalogVersion::new(cut),
                    catalogs: catalogs
                        .iter()
                        .map(|name| Ok(CatalogName::parse(name)?))
                        .collect::<Result<_>>()?,
                    is_whole: !is_part,
                    intent: intent.as_deref().map(IntentId::parse).transpose()?,
                    ttl: ttl.as_deref().map(Ttl::parse).transpose()?,
                })
            }
            WorkV1::CatalogRestore { catalogs, allow_load, replication_num, if_exists } => {
                let catalogs = catalogs.map(|catalogs| {
                    catalogs.into_iter().map(CatalogSelection::try_from).collect::<Result<_>>()
                });
                Self::CatalogRestore(CatalogRestoreWork {
                    catalogs: catalogs.transpose()?,
                    allow_load,
                    replication_num,
                    if_exists: read_if_exists(if_exists)?,
                })
            }
        })
    }
}

fn if_exists_word(choice: IfExists) -> Option<String> {
    (choice != IfExists::default()).then(|| choice.as_str().to_owned())
}

fn read_if_exists(word: Option<String>) -> Result<IfExists> {
    let Some(word) = word else { return Ok(IfExists::default()) };
    IfExists::parse(&word)
        .ok_or_else(|| Error::corrupt("a restore on record does something unknown with what exists"))
}

impl From<&CatalogSelection> for CatalogSelectionV1 {
    fn from(selection: &CatalogSelection) -> Self {
        let alias = selection.alias.as_ref().map(ToString::to_string);
        Self { catalog: selection.catalog.to_string(), alias }
    }
}

impl TryFrom<CatalogSelectionV1> for CatalogSelection {
    type Error = Error;

    fn try_from(stored: CatalogSelectionV1) -> Result<Self> {
        let alias = stored.alias.as_deref().map(CatalogName::parse).transpose()?;
        Ok(Self { catalog: CatalogName::parse(&stored.catalog)?, alias })
    }
}

impl From<&TableSelection> for SelectionV1 {
    fn from(selection: &TableSelection) -> Self {
        let names =
            |partitions: &Vec<PartitionName>| partitions.iter().map(|p| p.as_str().to_owned()).collect();
        Self {
            table: selection.table.as_str().to_owned(),
            partitions: selection.partitions.as_ref().map(names),
            alias: selection.alias.as_ref().map(|alias| alias.as_str().to_owned()),
        }
    }
}

impl TryFrom<SelectionV1> for TableSelection {
    type Error = Error;

    fn try_from(stored: SelectionV1) -> Result<Self> {
        let partitions = match stored.partitions {
            Some(names) => {
                Some(names.iter().map(|name| Ok(PartitionName::parse(name)?)).collect::<Result<Vec<_>>>()?)
            }
            None => None,
        };
        let alias = stored.alias.as_deref().map(TableName::parse).transpose()?;
        Ok(Self { table: TableName::parse(&stored.table)?, partitions, alias })
    }
}

impl From<&ViewSelection> for ViewSelectionV1 {
    fn from(selection: &ViewSelection) -> Self {
        let alias = selection.alias.as_ref().map(ToString::to_string);
        Self { view: selection.view.to_string(), alias }
    }
}

impl TryFrom<ViewSelectionV1> for ViewSelection {
    type Error = Error;

    fn try_from(stored: ViewSelectionV1) -> Result<Self> {
        let alias = stored.alias.as_deref().map(TableName::parse).transpose()?;
        Ok(Self { view: TableName::parse(&stored.view)?, alias })
    }
}

impl From<&TablePlan> for TablePlanV1 {
    fn from(plan: &TablePlan) -> Self {
        Self {
            source: plan.source.as_str().to_owned(),
            target: plan.target.as_str().to_owned(),
            table: plan.table.get(),
            is_new: plan.is_new,
            replaced: plan.replaced.map(TableId::get),
            partitions: plan
                .partitions
                .iter()
                .map(|p| PartitionPlanV1 {
                    name: p.name.as_str().to_owned(),
                    id: p.id.get(),
                    is_new: p.is_new,
                })
                .collect(),
            first_segment: plan.first_segment.get(),
            files: plan.files,
        }
    }
}

impl TryFrom<TablePlanV1> for TablePlan {
    type Error = Error;

    fn try_from(stored: TablePlanV1) -> Result<Self> {
        let partition = |stored: PartitionPlanV1| -> Result<PartitionPlan> {
            let name = PartitionName::parse(&stored.name)?;
            Ok(PartitionPlan { name, id: PartitionId::new(stored.id), is_new: stored.is_new })
        };
        Ok(Self {
            source: TableName::parse(&stored.source)?,
            target: TableName::parse(&stored.target)?,
            table: TableId::new(stored.table),
            is_new: stored.is_new,
            replaced: stored.replaced.map(TableId::new),
            partitions: stored.partitions.into_iter().map(partition).collect::<Result<_>>()?,
            first_segment: SegmentId::new(stored.first_segment),
            files: stored.files,
        })
    }
}
