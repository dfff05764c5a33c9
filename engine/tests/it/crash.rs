//! The power is cut at every call to the disk, in turn: what is found afterwards is the old state or the new.
//!
//! A cut makes the call fail, and every later one too. What was not synced by then is lost: files are truncated, and
//! names that their directories were not synced for are gone, before the store is opened again. The disk is the
//! store's and the repository's at once.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cairn_engine::{Compaction, JobState, LoadOptions, Replacement, Result, TabletStore};
use cairn_format::{KeyModel, TableDefinition};
use cairn_repository::{Disk, DiskCall, DiskHook};

use crate::support::{
    World, add_temporary, backup, backup_request, database, has_table, insert, partition, ranged_table,
    repository, restore_request, rows, selection, small_rows, small_table, table,
};

/// Whether the call that is cut happens before the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Before,
    After,
}

struct PowerCut {
    at: usize,
    cut: Cut,
    calls: AtomicUsize,
    /// Files that were made and not synced.
    unsynced: Mutex<BTreeSet<PathBuf>>,
    /// Names that were made in directories that were not synced since.
    unsynced_names: Mutex<BTreeSet<PathBuf>>,
}

impl PowerCut {
    fn new(at: usize, cut: Cut) -> Arc<Self> {
        Arc::new(Self {
            at,
            cut,
            calls: AtomicUsize::new(0),
            unsynced: Mutex::default(),
            unsynced_names: Mutex::default(),
        })
    }

    fn error() -> io::Error {
        io::Error::other("the power is gone")
    }

    /// Loses what a power cut loses.
    fn lose_unsynced(&self) {
        for path in self.unsynced.lock().unwrap().iter() {
            if let Ok(file) = std::fs::File::options().write(true).open(path) {
                file.set_len(0).unwrap();
            }
        }
        for path in self.unsynced_names.lock().unwrap().iter() {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl DiskHook for PowerCut {
    fn before(&self, call: &DiskCall<'_>) -> io::Result<()> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        if number > self.at || (number == self.at && self.cut == Cut::Before) {
            return Err(Self::error());
        }
        if let DiskCall::Create(path) = call {
            self.unsynced.lock().unwrap().insert(path.to_path_buf());
        }
        Ok(())
    }

    fn after(&self, call: &DiskCall<'_>) -> io::Result<()> {
        match call {
            DiskCall::SyncFile(path) => {
                self.unsynced.lock().unwrap().remove(*path);
            }
            DiskCall::SyncDir(directory) => {
                self.unsynced_names.lock().unwrap().retain(|path| path.parent() != Some(*directory));
            }
            DiskCall::SyncFilesystem(_) => {
                self.unsynced.lock().unwrap().clear();
                self.unsynced_names.lock().unwrap().clear();
            }
            DiskCall::Create(path) => {
                self.unsynced_names.lock().unwrap().insert(path.to_path_buf());
            }
            DiskCall::Rename { from, to } | DiskCall::Link { from, to } => {
                self.unsynced_names.lock().unwrap().insert(to.to_path_buf());
                let mut unsynced = self.unsynced.lock().unwrap();
                if unsynced.contains(*from) {
                    unsynced.insert(to.to_path_buf());
                }
            }
            _ => {}
        }
        // The last call that happens is the one before `at + 1`.
        if self.cut == Cut::After && self.calls.load(Ordering::SeqCst) > self.at {
            Err(Self::error())
        } else {
            Ok(())
        }
    }
}

/// Does `act` with the power cut at each call in turn, and `check`s what the next open finds. `prepare` comes first,
/// with the power on.
fn cut_everywhere(
    prepare: impl Fn(&World),
    act: impl Fn(&World, &TabletStore) -> Result<()>,
    check: impl Fn(&World, &TabletStore, bool),
) {
    for at in 0.. {
        let mut finished = true;
        for cut in [Cut::Before, Cut::After] {
            let world = World::new();
            prepare(&world);
            let power = PowerCut::new(at, cut);
            let outcome =
                world.try_open("a", &Disk::with_hook(power.clone())).and_then(|store| act(&world, &store));
            let was_cut = power.calls.load(Ordering::SeqCst) > at;
            power.lose_unsynced();
            let store =
                world.try_open("a", &Disk::system()).unwrap_or_else(|e| panic!("cut {cut:?} {at}: {e}"));
            check(&world, &store, outcome.is_ok());
            finished &= !was_cut;
        }
        if finished {
            assert!(at > 2, "only {at} calls");
            return;
        }
    }
}

fn old_rows() -> Vec<String> {
    vec!["Integer(1) | Text(\"old\")".to_owned()]
}

fn prepare_table(world: &World) {
    let store = world.ready("a");
    let (definition, partitions) = ranged_table("t", &[10, 20]);
    store.create_table(&database(), definition, partitions).unwrap();
    insert(&store, "t", &small_rows(&[(1, Some("old"))])).unwrap();
}

#[test]
fn a_load_is_whole_or_absent() {
    cut_everywhere(
        prepare_table,
        |_, store| insert(store, "t", &small_rows(&[(2, None), (12, None), (13, None)])).map(drop),
        |_, store, done| {
            let found = rows(store, "t");
            assert_eq!(found[..1], old_rows());
            assert!(found.len() == 4 || (found.len() == 1 && !done), "{found:?}");
            // The store works on.
            insert(store, "t", &small_rows(&[(5, None)])).unwrap();
        },
    );
}

#[test]
fn rollups_follow_their_table_at_every_cut() {
    let prepare = |world: &World| crate::rollups::summed_table(&world.ready("a"));
    let act = |_: &World, store: &TabletStore| crate::rollups::load_more(store, 3);
    cut_everywhere(prepare, act, |_, store, _| {
        crate::rollups::check(store, "t");
        // The store works on.
        crate::rollups::load_more(store, 4).unwrap();
        crate::rollups::check(store, "t");
    });
}

#[test]
fn deletions_are_there_with_the_rows_that_follow_or_neither() {
    let prepare = |world: &World| {
        let store = world.ready("a");
        let definition = TableDefinition { key_model: KeyModel::Primary, ..small_table("t", 2) };
        store.create_table(&database(), definition, Vec::new()).unwrap();
        insert(&store, "t", &small_rows(&[(1, Some("a")), (2, Some("b")), (3, None)])).unwrap();
    };
    let row = |key: i32, text: &str| format!("Integer({key}) | Text(\"{text}\")");
    let old = vec!["Integer(3) | Null".to_owned(), row(1, "a"), row(2, "b")];
    let new = vec!["Integer(3) | Null".to_owned(), row(1, "a"), row(2, "B"), row(4, "d")];
    let sorted = |mut rows: Vec<String>| {
        rows.sort();
        rows
    };
    let (old, new) = (sorted(old), sorted(new));
    let load = |_: &World, store: &TabletStore| {
        insert(store, "t", &small_rows(&[(2, Some("B")), (4, Some("d"))])).map(drop)
    };
    let compact =
        |store: &TabletStore| store.compact_table(&database(), &table("t"), None, Compaction::Base).map(drop);
    cut_everywhere(prepare, load, |_, store, done| {
        let found = rows(store, "t");
        assert!(found == new || (!done && found == old), "{found:?}");
        compact(store).unwrap();
        assert_eq!(rows(store, "t"), found);
    });
    let load_and_compact = |world: &World, store: &TabletStore| {
        load(world, store)?;
        compact(store)
    };
    cut_everywhere(prepare, load_and_compact, |_, store, done| {
        let found = rows(store, "t");
        assert!(found == new || (!done && found == old), "{found:?}");
    });
}

#[test]
fn a_backup_is_whole_or_absent_and_goes_on() {
    cut_everywhere(
        prepare_table,
        |_, store| {
            let id = store.submit_backup(&backup_request("s"))?;
            store.wait_for_job(id, None).map(drop)
        },
        |world, store, _| {
            let job = store.view().jobs().next().cloned();
            let opened = store.open_repository(&repository()).unwrap();
            if let Some(job) = job {
                // Accepted means done in the end, unless the disk's failure cancelled it.
                let record = store.wait_for_job(job.id, None).unwrap();
                let listed = opened.snapshots(None).unwrap();
                match record.state {
                    JobState::Finished => assert_eq!(listed.len(), 1),
                    state => assert!(state == JobState::Cancelled, "{state:?}"),
                }
                for name in listed {
                    let other = world.open("b");
                    world.add_repository(&other, true).unwrap();
                    let id = other.submit_restore(&restore_request("s", name.timestamp)).unwrap();
                    assert_eq!(other.wait_for_job(id, None).unwrap().status.to_text(), "[OK]");
                    assert_eq!(rows(&other, "t"), old_rows());
                }
            } else {
                assert!(opened.snapshots(None).unwrap().is_empty());
            }
            assert_eq!(rows(store, "t"), old_rows());
        },
    );
}

#[test]
fn a_restore_is_whole_or_absent_and_goes_on() {
    // The snapshot of the old rows; then the store goes another way.
    let prepare = |world: &World| {
        prepare_table(world);
        let store = world.open("a");
        crate::support::backup(&store, "s");
        insert(&store, "t", &small_rows(&[(2, Some("new")), (11, None)])).unwrap();
    };
    let timestamp = |store: &TabletStore| store.view().jobs().next().unwrap().timestamp;
    cut_everywhere(
        prepare,
        |_, store| {
            let mut request = restore_request("s", timestamp(store));
            request.tables = Some(vec![crate::support::selection("t", None, None)]);
            let id = store.submit_restore(&request)?;
            store.wait_for_job(id, None).map(drop)
        },
        |_, store, _| {
            let job = store.view().jobs().last().cloned().unwrap();
            let record = store.wait_for_job(job.id, None).unwrap();
            let found = rows(store, "t");
            match (record.is_backup(), record.state) {
                (false, JobState::Finished) => assert_eq!(found, old_rows()),
                // It was never accepted, or failed.
                (true, _) | (false, JobState::Cancelled) => assert_eq!(found.len(), 3),
                (false, state) => panic!("{state:?}"),
            }
            assert!(has_table(store, "t"));
            insert(store, "t", &small_rows(&[(5, None)])).unwrap();
        },
    );
}

/// What table `t` is: its columns, rollups, partitions and rows; its rollups are as its rows say.
fn state(store: &TabletStore) -> String {
    if !has_table(store, "t") {
        return "no table".to_owned();
    }
    let view = store.view();
    let found = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    crate::rollups::check(store, "t");
    let definition = &found.definition;
    let columns: Vec<_> = definition.columns.iter().map(|column| column.name.to_string()).collect();
    let rollups: Vec<_> = definition.rollups.iter().map(|rollup| rollup.name.to_string()).collect();
    let partitions: Vec<_> = found.partitions.iter().map(|p| p.definition.name.to_string()).collect();
    format!("{columns:?} {rollups:?} {partitions:?} {:?}", rows(store, "t"))
}

/// Cuts `act` everywhere: what is found is the state before it or the one after, and the latter when it said that it was
/// done.
fn whole_or_absent(prepare: impl Fn(&World), act: impl Fn(&TabletStore) -> Result<()>) {
    let world = World::new();
    prepare(&world);
    let store = world.open("a");
    let old = state(&store);
    act(&store).unwrap();
    let new = state(&store);
    drop(store);
    assert_eq!(state(&world.open("a")), new);
    cut_everywhere(
        prepare,
        |_, store| act(store),
        |_, store, done| {
            let found = state(store);
            assert!(found == new || (!done && found == old), "{done}: {found}, not {old} or {new}");
            // Done or not, it can be done now, or is refused for what it is.
            let again = act(store);
            if found == old {
                again.unwrap();
            }
        },
    );
}

fn prepare_rollups(world: &World) {
    crate::rollups::summed_table(&world.ready("a"));
}

#[test]
fn a_cumulative_compaction_changes_no_row() {
    let prepare = |world: &World| {
        prepare_rollups(world);
        crate::rollups::load_more(&world.open("a"), 3).unwrap();
    };
    whole_or_absent(prepare, |store| {
        store.compact_table(&database(), &table("t"), None, Compaction::Cumulative).map(drop)
    });
}

#[test]
fn a_deletion_is_whole_or_absent_with_its_rollups() {
    whole_or_absent(prepare_rollups, |store| {
        let mut deletion = store.begin_delete(&database(), &table("t"))?;
        let found = Arc::clone(deletion.table());
        for segment in found.partitions.iter().flat_map(|partition| partition.segments()) {
            // What is deleted already is no row that could be deleted again.
            if segment.deleted.is_none() {
                deletion.delete(segment.id, 0)?;
            }
        }
        deletion.commit().map(drop)
    });
}

#[test]
fn an_overwriting_load_is_whole_or_absent() {
    whole_or_absent(prepare_table, |store| {
        let mut options = LoadOptions::default();
        options.overwrites = true;
        let mut load = store.begin_load(&database(), &table("t"), None, options)?;
        load.write(&small_rows(&[(2, Some("new")), (12, None)]))?;
        load.commit().map(drop)
    });
}

#[test]
fn a_truncation_is_whole_or_absent_with_its_rollups() {
    whole_or_absent(prepare_rollups, |store| store.truncate_table(&database(), &table("t"), None));
}

/// Gives table `t` another definition.
fn redefine(store: &TabletStore, change: impl FnOnce(&mut TableDefinition)) -> Result<()> {
    let view = store.view();
    let before = &view.require_database(&database())?.require_table(&table("t"))?.definition;
    let mut after = TableDefinition::clone(before);
    change(&mut after);
    store.redefine_table(&database(), before, after)
}

#[test]
fn a_change_of_columns_is_whole_or_absent() {
    whole_or_absent(prepare_table, |store| redefine(store, |table| table.columns.truncate(1)));
}

#[test]
fn a_rollup_is_added_with_its_rows_or_not() {
    whole_or_absent(prepare_rollups, |store| {
        redefine(store, |table| {
            if table.rollups.len() == 1 {
                crate::rollups::add_some(table, 1);
            }
        })
    });
}

#[test]
fn a_dropped_table_is_there_or_can_be_recovered() {
    whole_or_absent(prepare_rollups, |store| store.drop_table(&database(), &table("t")));
    let dropped = |world: &World| {
        prepare_rollups(world);
        world.open("a").drop_table(&database(), &table("t")).unwrap();
    };
    whole_or_absent(dropped, |store| store.recover_table(&database(), &table("t")));
}

#[test]
fn a_replaced_partition_is_the_old_one_or_the_new() {
    let prepare = |world: &World| {
        prepare_table(world);
        let store = world.open("a");
        let (_, mut new) = ranged_table("t", &[10, 20]);
        new[0].name = partition("new");
        add_temporary(&store, new.remove(0));
    };
    whole_or_absent(prepare, |store| {
        let replacement = Replacement {
            partitions: vec![partition("p0")],
            temporary: vec![partition("new")],
            strict_range: true,
            use_temporary_names: false,
        };
        store.replace_partitions(&database(), &table("t"), &replacement)
    });
}

#[test]
fn a_restore_makes_its_rollups_or_nothing() {
    let prepare = |world: &World| {
        prepare_rollups(world);
        let store = world.open("a");
        backup(&store, "s");
        crate::rollups::load_more(&store, 3).unwrap();
    };
    let world = World::new();
    prepare(&world);
    let new = state(&world.open("a"));
    cut_everywhere(
        prepare,
        |_, store| {
            let timestamp = store.view().jobs().next().unwrap().timestamp;
            let mut request = restore_request("s", timestamp);
            request.tables = Some(vec![selection("t", None, None)]);
            let id = store.submit_restore(&request)?;
            store.wait_for_job(id, None).map(drop)
        },
        |_, store, _| {
            let job = store.view().jobs().last().cloned().unwrap();
            let record = store.wait_for_job(job.id, None).unwrap();
            let found = state(store);
            let is_restored = !record.is_backup() && record.state == JobState::Finished;
            assert_eq!(found != new, is_restored, "{:?} {found}", record.state);
            crate::rollups::load_more(store, 4).unwrap();
            crate::rollups::check(store, "t");
        },
    );
}
