//! Jobs of external catalogs: definitions alone, which go into a manifest and come out of one.
//!
//! There is one at a time in a store. Secrets stay in the store that they were given to: a snapshot goes to others, and may
//! be read by people whom they do not concern.

mod backup;
mod restore;

pub(super) use backup::back_up;
pub(crate) use backup::{explain_catalog_backup, submit_catalog_backup};
pub(super) use restore::restore;
pub(crate) use restore::{explain_catalog_restore, submit_catalog_restore};

use crate::catalog::CatalogView;
use crate::error::{Error, Result};

/// StarRocks' rule: one unfinished job of external catalogs.
fn refuse_second_job(view: &CatalogView) -> Result<()> {
    match view.running_catalog_job() {
        Some(job) => Err(Error::busy(format!(
            "Can only run one backup or restore job of external catalog at same time: job {} with label '{}' is {}",
            job.id,
            job.label,
            job.state.as_str()
        ))),
        None => Ok(()),
    }
}
