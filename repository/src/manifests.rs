//! Reading many manifests at once.

use std::sync::Mutex;

use cairn_format::Manifest;

use crate::error::Result;
use crate::lock::{into_inner, lock};
use crate::repository::{Repository, SnapshotName};
use crate::workers;

impl Repository {
    /// Opens snapshots in parallel and keeps what `read` takes of each manifest, in the order of the names. A
    /// manifest that cannot be read is an error of its own.
    pub fn open_snapshots<T: Send>(
        &self,
        names: &[SnapshotName],
        read: impl Fn(Manifest) -> T + Sync,
    ) -> Vec<Result<T>> {
        let positions: Vec<usize> = (0..names.len()).collect();
        let opened = Mutex::new(Vec::with_capacity(names.len()));
        let done = workers::for_each(
            self.workers(),
            &positions,
            || (),
            |(), position| {
                if let Some(name) = names.get(*position) {
                    let manifest = self.open_snapshot(&name.label, name.timestamp).map(&read);
                    lock(&opened).push((*position, manifest));
                }
                Ok(())
            },
        );
        debug_assert!(done.is_ok(), "no item fails");
        let mut opened = into_inner(opened);
        opened.sort_by_key(|(position, _)| *position);
        opened.into_iter().map(|(_, manifest)| manifest).collect()
    }
}
