//! Snapshots on an object store: publish, list, open, fetch, verify.
//!
//! `spec/repository.md` is the text that this crate follows. A repository is a location with a descriptor; a
//! snapshot is a manifest that names file lists that name data files, everything but the manifest by its digest.
//!
//! The calls block. Asynchrony stays inside: a [`Store`] holds the handle of a runtime that somebody else made,
//! and drives its requests from the calling thread. So no call may come from a task of a runtime.
//!
//! This crate never knows a table store, SQL, arguments or the environment. Time and randomness come in through
//! an [`Environment`].

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod disk;
mod download;
mod environment;
mod error;
mod location;
mod manifests;
mod options;
mod problem;
mod publish;
mod repository;
mod scan;
mod store;
mod transfer;
mod upload;
mod verify;
mod workers;

pub use disk::{Disk, DiskCall, DiskHook};
pub use download::{FetchFile, FetchOutcome, PARTIAL_SUFFIX};
pub use environment::{Clock, Environment, IdSource, SystemClock, SystemIds};
pub use error::{Error, ErrorKind, Result};
pub use location::Location;
pub use options::{DEFAULT_THREADS, DEFAULT_WRITER, RepositoryOptions};
pub use problem::Problem;
pub use publish::{CommitOutcome, SnapshotWriter};
pub use repository::{Access, Repository, SnapshotName};
pub use store::{
    Durability, Limits, ListedObject, LocalStore, MAX_DOWNLOAD_RATE, MAX_REQUESTS_PER_SECOND,
    MAX_UPLOAD_RATE, PutOutcome, RateLimits, RequestCounts, Store, StoreProvider, SystemStores, WORKERS,
};
pub use transfer::Transfer;
pub use upload::{UploadFile, UploadOutcome};
pub use verify::{Finding, VerifyReport, VerifySelection};
