//! Stores and repositories of released formats that hold what tables become: with deletions, added and widened columns, and
//! rollups. As the other fixtures they are read for ever and never made again.
//!
//! `CAIRN_WRITE_GOLDEN=<directory>` makes those of the present release there, for the next one.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use cairn_engine::{Compaction, JobStatus, TabletStore};
use cairn_format::{Column, ColumnType, KeyModel, TableDefinition};

use crate::golden::{copy, fixtures};
use crate::rollups::{add_some, check, load_more, redefine, summed_table};
use crate::support::{
    World, backup, column, database, insert, repository, restore, restore_request, rows, small_rows,
    small_table, table,
};

const RELEASES: [&str; 1] = ["v1-changed"];

/// What the fixtures hold: `t` with rollups, `primary` with replaced and deleted rows, `altered` with files of before and after.
fn fill(store: &TabletStore) {
    summed_table(store);
    redefine(store, |table| {
        add_some(table, 1);
        add_some(table, 2);
    });
    load_more(store, 3).unwrap();
    let definition = TableDefinition { key_model: KeyModel::Primary, ..small_table("primary", 1) };
    store.create_table(&database(), definition, Vec::new()).unwrap();
    insert(store, "primary", &small_rows(&[(1, Some("a")), (2, Some("b")), (3, None)])).unwrap();
    insert(store, "primary", &small_rows(&[(2, Some("B")), (4, Some("d"))])).unwrap();
    let mut deletion = store.begin_delete(&database(), &table("primary")).unwrap();
    let newest = deletion.table().partitions[0].segments().last().unwrap().id;
    deletion.delete(newest, 1).unwrap();
    deletion.commit().unwrap();
    store.create_table(&database(), small_table("altered", 1), Vec::new()).unwrap();
    insert(store, "altered", &small_rows(&[(1, Some("old")), (2, None)])).unwrap();
    let view = store.view();
    let before =
        &view.require_database(&database()).unwrap().require_table(&table("altered")).unwrap().definition;
    let mut after = before.as_ref().clone();
    after.columns[0].column_type = ColumnType::BigInt;
    let new = column(3, "added", ColumnType::Varchar { length: 9 }, false);
    after.columns.push(Column { initial: Some("was here".to_owned()), ..new });
    after.next_field_id = 4;
    store.redefine_table(&database(), before, after).unwrap();
    insert(store, "altered", &altered_rows(3)).unwrap();
}

fn altered_rows(key: i64) -> RecordBatch {
    let keys: ArrayRef = Arc::new(Int64Array::from(vec![key]));
    let values: ArrayRef = Arc::new(StringArray::from(vec!["new"]));
    let added: ArrayRef = Arc::new(StringArray::from(vec!["given"]));
    RecordBatch::try_from_iter_with_nullable([
        ("k", keys, false),
        ("v", values, true),
        ("added", added, false),
    ])
    .unwrap()
}

/// What every release's fixture reads as, and that it takes more.
fn check_all(store: &TabletStore) {
    check(store, "t");
    let view = store.view();
    let summed = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    assert_eq!(summed.definition.rollups.len(), 3);
    assert!(summed.definition.rollups.iter().all(|rollup| summed.of_rollup(rollup).rows() > 0));
    assert_eq!(
        rows(store, "primary"),
        ["Integer(1) | Text(\"a\")", "Integer(2) | Text(\"B\")", "Integer(3) | Null"]
    );
    let altered = [
        "Integer(1) | Text(\"old\") | Text(\"was here\")",
        "Integer(2) | Null | Text(\"was here\")",
        "Integer(3) | Text(\"new\") | Text(\"given\")",
    ];
    assert_eq!(rows(store, "altered"), altered);
    load_more(store, 11).unwrap();
    check(store, "t");
    insert(store, "primary", &small_rows(&[(1, Some("again")), (4, None)])).unwrap();
    insert(store, "altered", &altered_rows(4)).unwrap();
    for name in ["t", "primary", "altered"] {
        store.compact_table(&database(), &table(name), None, Compaction::Base).unwrap();
    }
    check(store, "t");
    assert_eq!(
        rows(store, "primary"),
        [
            "Integer(1) | Text(\"again\")",
            "Integer(2) | Text(\"B\")",
            "Integer(3) | Null",
            "Integer(4) | Null"
        ]
    );
    assert_eq!(rows(store, "altered").len(), 4);
}

#[test]
fn changed_tables_of_every_release_are_read() {
    let world = World::new();
    if let Some(directory) = std::env::var_os("CAIRN_WRITE_GOLDEN") {
        return write(&world, &Path::new(&directory).join("v1-changed"));
    }
    for release in RELEASES {
        copy(&fixtures().join(release).join("store"), &world.path(release));
        let store = world.open(release);
        check_all(&store);
        copy(&fixtures().join(release).join("repository"), &world.path("repository"));
        let other = world.open(&format!("restored-{release}"));
        world.add_repository(&other, true).unwrap();
        let opened = other.open_repository(&repository()).unwrap();
        let found = opened.snapshots(None).unwrap();
        assert_eq!(found.len(), 1);
        let record = restore(&other, &restore_request(found[0].label.as_str(), found[0].timestamp));
        assert_eq!(record.status, JobStatus::Ok);
        check_all(&other);
        std::fs::remove_dir_all(world.path("repository")).unwrap();
    }
}

fn write(world: &World, directory: &Path) {
    let store = world.ready("changed");
    fill(&store);
    backup(&store, "golden");
    copy(&world.path("repository"), &directory.join("repository"));
    store.drop_repository(&repository()).unwrap();
    drop(store);
    copy(&world.path("changed"), &directory.join("store"));
}
