//! Snapshots on an object store: publish, list, open, fetch, verify, drop, collect.
//!
//! `spec/repository.md` is the text that this crate follows. A repository is a location with a descriptor; a
//! snapshot is a manifest that names file lists that name data files, everything but the manifest named by its digest and
//! by the backup that put it.
//!
//! The calls block. Asynchrony stays inside: a [`Store`] holds the handle of a runtime that somebody else made,
//! and drives its requests from the calling thread. So no call may come from a task of a runtime.
//!
//! This crate never knows a table store, SQL, arguments or the environment. Time and randomness come in through
//! an [`Environment`].

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod basis;
mod calendar;
mod check_store;
mod closure;
mod collect;
mod disk;
mod download;
mod environment;
mod error;
mod location;
mod lock;
mod manifests;
mod marks;
mod options;
mod problem;
mod publish;
mod records;
mod repository;
mod scan;
mod shown;
mod sizes;
mod store;
mod transfer;
mod upload;
mod verify;
mod workers;

pub use basis::{BaseSnapshot, SnapshotBasis};
pub use calendar::in_calendar;
pub use check_store::{CheckStatus, StoreCheck, StoreReport, check_store};
pub use collect::{
    CollectionPlan, CollectionPolicy, CollectionReport, DEFAULT_GRACE, DroppedSnapshot, FailedDelete,
    KeptSnapshot, PlannedSweep, SweepState, UnusedObject, WaitingFor,
};
pub use disk::{Disk, DiskCall, DiskHook};
pub use download::{FetchFile, FetchOutcome, PARTIAL_SUFFIX};
pub use environment::{Clock, Environment, IdSource, SystemClock, SystemIds};
pub use error::{Error, ErrorKind, Result};
pub use location::{Location, LocationKind};
pub use options::{DEFAULT_BUNDLE_BYTES, DEFAULT_THREADS, DEFAULT_WRITER, RepositoryOptions};
pub use problem::Problem;
pub use publish::{BeginOptions, CommitOutcome, SnapshotWriter};
pub use repository::{Access, Repository, SnapshotName};
pub use shown::{is_secret_value, without_secrets};
pub use sizes::SnapshotSizes;
pub use store::{
    CREDENTIAL_VARIABLES, Durability, Limits, ListedObject, LocalStore, MAX_DOWNLOAD_RATE,
    MAX_REQUESTS_PER_SECOND, MAX_UPLOAD_RATE, PutOutcome, RateLimits, RequestCounts, StopSignal, Store,
    StoreProvider, SystemStores, WORKERS, check_properties, is_secret_property,
};
pub use transfer::Transfer;
pub use upload::{PlannedUpload, StoredFile, UploadFile, UploadGroup, UploadOutcome};
pub use verify::{Finding, Verified, VerifyOptions, VerifyReport, VerifySelection};
