//! DELETE: the positions of the rows, which a query finds.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, UInt64Type};
use cairn_engine::{CatalogView, SegmentId};

use super::Executor;
use crate::analyze::Delete;
use crate::error::{Error, ErrorKind, Result};
use crate::query::PlannedQuery;

impl Executor<'_> {
    /// Plans the query that finds the rows.
    pub(super) fn plan_delete(&self, delete: &Delete, view: &Arc<CatalogView>) -> Result<PlannedQuery> {
        self.queries.plan_positions(view, self.current, &delete.query, &delete.path)
    }

    /// Deletes the rows and returns how many there were.
    pub(super) fn delete(&self, delete: &Delete) -> Result<u64> {
        let path = &delete.path;
        let mut deletion = self.store.begin_delete(&path.database, &path.table)?;
        let wanted = delete.wanted(deletion.table());
        let lost = || Error::new(ErrorKind::Internal, "a query for positions of rows gave something else");
        for batch in self.plan_delete(delete, deletion.view())?.run()? {
            let batch = batch?;
            let [segments, positions] = batch.columns() else { return Err(lost()) };
            let segments = segments.as_primitive_opt::<UInt64Type>().ok_or_else(lost)?;
            let positions = positions.as_primitive_opt::<Int64Type>().ok_or_else(lost)?;
            for (segment, position) in segments.values().iter().zip(positions.values()) {
                let segment = SegmentId::new(*segment);
                if wanted.as_ref().is_none_or(|wanted| wanted.contains(&segment)) {
                    deletion.delete(segment, u64::try_from(*position).map_err(|_| lost())?)?;
                }
            }
        }
        Ok(deletion.commit()?.0)
    }
}
