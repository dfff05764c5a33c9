//! Backups and restores between stores.

use cairn_engine::{BackupRequest, DropMode, ErrorKind, JobKind, JobState, JobStatus, RestoreRequest};
use cairn_format::{
    Aggregation, Column, ColumnType, Distribution, FieldId, KeyModel, SnapshotTimestamp, TableDefinition,
};

use crate::open::walk;
use crate::support::{
    World, backup, backup_request, column, database, finish, has_table, insert, label, plain_table,
    ranged_table, repository, restore, restore_request, rows, selection, small_rows, small_table, table,
};

#[test]
fn a_snapshot_comes_back_in_another_store() {
    let world = World::new();
    let (a, b) = (world.ready("a"), world.open("b"));
    let (definition, partitions) = ranged_table("t", &[10, 20]);
    a.create_table(&database(), definition, partitions).unwrap();
    a.create_table(&database(), small_table("empty", 2), Vec::new()).unwrap();
    insert(&a, "t", &small_rows(&[(1, Some("x")), (11, None)])).unwrap();
    insert(&a, "t", &small_rows(&[(2, Some("y"))])).unwrap();
    let record = backup(&a, "one");
    assert_eq!(record.state, JobState::Finished);
    world.add_repository(&b, true).unwrap();
    let restored = restore(&b, &restore_request("one", record.timestamp));
    assert_eq!((restored.state, restored.status.to_text().as_str()), (JobState::Finished, "[OK]"));
    assert_eq!(rows(&b, "t"), rows(&a, "t"));
    assert!(rows(&b, "empty").is_empty());
    // What was restored can be loaded into and backed up again.
    insert(&b, "t", &small_rows(&[(3, None)])).unwrap();
    assert_eq!(rows(&b, "t").len(), 4);
}

#[test]
fn rows_loaded_after_the_cut_are_not_in_the_snapshot() {
    let world = World::new();
    let (a, b) = (world.ready("a"), world.open("b"));
    a.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    a.create_table(&database(), small_table("u", 1), Vec::new()).unwrap();
    insert(&a, "t", &small_rows(&[(1, None)])).unwrap();
    let id = a.submit_backup(&backup_request("cut")).unwrap();
    insert(&a, "t", &small_rows(&[(2, None)])).unwrap();
    a.drop_table_as(&database(), &table("u"), DropMode::Force).unwrap();
    a.truncate_table(&database(), &table("t"), None).unwrap();
    let record = finish(&a, id);
    assert_eq!(record.status, JobStatus::Ok);
    world.add_repository(&b, true).unwrap();
    restore(&b, &restore_request("cut", record.timestamp));
    assert_eq!(rows(&b, "t"), ["Integer(1) | Null"]);
    assert!(has_table(&b, "u"));
    assert_eq!(walk(&world.path("a").join("data")).len(), 0, "the pin is gone with the job");
}

#[test]
fn a_second_backup_sends_only_what_is_new() {
    let world = World::new();
    let a = world.ready("a");
    a.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    a.create_table(&database(), small_table("u", 1), Vec::new()).unwrap();
    for name in ["t", "u"] {
        insert(&a, name, &small_rows(&[(1, Some(name))])).unwrap();
    }
    let first = backup(&a, "first").totals.unwrap();
    assert_eq!((first.files, first.moved_files), (2, 2));
    let same = backup(&a, "same").totals.unwrap();
    assert_eq!((same.files, same.moved_files, same.moved_bytes), (2, 0, 0));
    insert(&a, "t", &small_rows(&[(2, Some("new"))])).unwrap();
    let more = backup(&a, "more").totals.unwrap();
    assert_eq!((more.files, more.moved_files), (3, 1));
}

#[test]
fn a_backup_with_nothing_new_reads_no_data_file() {
    let world = World::new();
    let a = world.ready("a");
    a.create_table(&database(), small_table("t", 4), Vec::new()).unwrap();
    insert(&a, "t", &small_rows(&[(1, None), (2, None), (3, None), (4, None)])).unwrap();
    backup(&a, "first");
    // Files that are not there cannot be read.
    let files = walk(&world.path("a").join("data"));
    for file in &files {
        std::fs::rename(file, file.with_extension("away")).unwrap();
    }
    assert_eq!(backup(&a, "second").status, JobStatus::Ok);
}

#[test]
fn partitions_and_tables_are_chosen_and_renamed() {
    let world = World::new();
    let (a, b) = (world.ready("a"), world.ready("b"));
    let (definition, partitions) = ranged_table("t", &[10, 20, 30]);
    a.create_table(&database(), definition, partitions).unwrap();
    a.create_table(&database(), small_table("u", 1), Vec::new()).unwrap();
    insert(&a, "t", &small_rows(&[(1, None), (11, None), (21, None)])).unwrap();
    insert(&a, "u", &small_rows(&[(7, None)])).unwrap();
    let tables = Some(vec![selection("t", Some(&["P0", "p2"]), None), selection("u", None, None)]);
    let id = a.submit_backup(&BackupRequest { tables, ..backup_request("part") }).unwrap();
    let record = finish(&a, id);
    let all = restore_request("part", record.timestamp);

    let tables = Some(vec![selection("t", Some(&["p2"]), Some("t2")), selection("u", None, Some("u2"))]);
    assert_eq!(restore(&b, &RestoreRequest { tables, ..all.clone() }).status, JobStatus::Ok);
    assert_eq!(rows(&b, "t2"), ["Integer(21) | Null"]);
    assert_eq!(rows(&b, "u2"), ["Integer(7) | Null"]);
    // The partition of an unpartitioned table is named like the table.
    let view = b.view();
    let u2 = view.database(&database()).unwrap().table(&table("u2")).unwrap().clone();
    assert_eq!(u2.partitions[0].definition.name.as_str(), "u2");
    drop(view);

    // Another partition is added to the table that is there; a partition that is there is overwritten.
    let tables = Some(vec![selection("t", Some(&["p2"]), None)]);
    assert_eq!(restore(&b, &RestoreRequest { tables, ..all.clone() }).status, JobStatus::Ok);
    insert(&b, "t", &small_rows(&[(22, None)])).unwrap();
    let tables = Some(vec![selection("t", None, None)]);
    assert_eq!(restore(&b, &RestoreRequest { tables, ..all.clone() }).status, JobStatus::Ok);
    assert_eq!(rows(&b, "t"), ["Integer(1) | Null", "Integer(21) | Null"]);

    let missing = [
        (selection("x", None, None), "Table x does not exist in snapshot part"),
        (selection("t", Some(&["p1"]), None), "Partition p1 of table t does not exist in snapshot part"),
    ];
    for (selection, message) in missing {
        let error =
            b.submit_restore(&RestoreRequest { tables: Some(vec![selection]), ..all.clone() }).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::NotFound, message));
    }
}

#[test]
fn a_table_of_another_schema_is_refused_and_left_alone() {
    let world = World::new();
    let a = world.ready("a");
    let (definition, partitions) = ranged_table("t", &[10, 20]);
    a.create_table(&database(), definition.clone(), partitions).unwrap();
    insert(&a, "t", &small_rows(&[(1, None)])).unwrap();
    let timestamp = backup(&a, "s").timestamp;

    let with_column = |column| {
        let mut other = definition.clone();
        other.columns[1] = column;
        other
    };
    let partitions = ranged_table("t", &[10, 20]).1;
    let other_range = ranged_table("t", &[10, 21]).1;
    let conflict = {
        let mut renamed = ranged_table("t", &[10, 20]).1;
        renamed[0].name = crate::support::partition("q");
        renamed
    };
    let mut buckets = definition.clone();
    buckets.distribution = Distribution::Random { buckets: 2 };
    let mut sorted = definition.clone();
    sorted.sort_key = Some(vec![FieldId::try_new(2).unwrap()]);
    let with_generated = column(2, "v", ColumnType::Varchar { length: 20 }, true);
    let with_generated = Column { generated: Some("k".to_owned()), ..with_generated };
    let mut fewer = definition.clone();
    fewer.columns.pop();
    let cases = [
        (
            with_column(column(2, "v", ColumnType::Varchar { length: 21 }, true)),
            partitions.clone(),
            "column v is inconsistent: it is varchar(21), in the snapshot varchar(20)",
        ),
        (
            with_column(column(2, "w", ColumnType::Varchar { length: 20 }, true)),
            partitions.clone(),
            "column w is inconsistent: the snapshot has v in its place",
        ),
        (
            with_column(column(2, "v", ColumnType::Varchar { length: 20 }, false)),
            partitions.clone(),
            "column v is inconsistent: it is NOT NULL, in the snapshot NULL",
        ),
        (fewer, partitions.clone(), "number of columns is inconsistent: it has 1, the snapshot 2"),
        (
            buckets,
            partitions.clone(),
            "distribution is inconsistent: it has RANDOM BUCKETS 2, the snapshot HASH(k) BUCKETS 2",
        ),
        (
            with_column(with_generated),
            partitions.clone(),
            "column v is inconsistent: it is computed as k, in the snapshot not computed",
        ),
        (sorted, partitions.clone(), "sort keys are inconsistent: it is sorted by (v), the snapshot by (k)"),
        (definition.clone(), other_range, "has different range with partition in repository"),
        (definition.clone(), conflict, "has conflict range with existing ranges"),
        (small_table("t", 2), Vec::new(), "Table's partition type is different"),
        (
            plain_table("t", vec![column(1, "k", ColumnType::Int, true)], 2),
            Vec::new(),
            "Table's partition type is different",
        ),
    ];
    for (number, (other, partitions, message)) in cases.into_iter().enumerate() {
        let b = world.ready(&format!("b{number}"));
        b.create_table(&database(), other, partitions).unwrap();
        let version = b.view().version().get();
        let record = restore(&b, &restore_request("s", timestamp));
        assert_eq!(record.state, JobState::Cancelled);
        assert!(record.status.to_text().contains(message), "{}", record.status.to_text());
        assert!(rows(&b, "t").is_empty());
        assert_eq!(b.view().version().get(), version + 2, "accepted and cancelled, nothing else");
    }
}

#[test]
fn a_table_whose_rows_are_made_in_another_way_is_refused() {
    let world = World::new();
    let of = |aggregation, auto_increment| {
        let columns = vec![
            column(1, "k", ColumnType::Int, false),
            Column { auto_increment, ..column(2, "n", ColumnType::BigInt, false) },
            Column { aggregation, ..column(3, "v", ColumnType::Int, true) },
        ];
        let (key_model, key_columns) = match aggregation {
            Some(_) => (KeyModel::Aggregate, 2),
            None => (KeyModel::Duplicate, 1),
        };
        TableDefinition { key_model, key_columns, ..plain_table("t", columns, 1) }
    };
    let cases = [
        (
            of(Some(Aggregation::Max), false),
            of(Some(Aggregation::Sum), false),
            "column v is inconsistent: it is SUM, in the snapshot MAX",
        ),
        (
            of(None, true),
            of(None, false),
            "column n is inconsistent: it is without AUTO_INCREMENT, in the snapshot AUTO_INCREMENT",
        ),
    ];
    for (number, (source, other, message)) in cases.into_iter().enumerate() {
        let a = world.ready(&format!("a{number}"));
        a.create_table(&database(), source, Vec::new()).unwrap();
        let label = format!("s{number}");
        let timestamp = backup(&a, &label).timestamp;
        let b = world.ready(&format!("b{number}"));
        b.create_table(&database(), other, Vec::new()).unwrap();
        let record = restore(&b, &restore_request(&label, timestamp));
        assert!(record.status.to_text().contains(message), "{}", record.status.to_text());
    }
}

#[test]
fn one_job_a_database() {
    let world = World::new();
    let a = world.ready("a");
    a.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    let id = a.submit_backup(&backup_request("one")).unwrap();
    let second = a.submit_backup(&backup_request("two"));
    finish(&a, id);
    // The first may have been quicker than the second's submission.
    if let Err(error) = second {
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert!(
            error
                .to_string()
                .starts_with("Can only run one backup or restore job of a database at same time")
        );
    }
    let error = a.cancel_job(&database(), JobKind::Backup).unwrap_err();
    assert!(error.to_string().contains("can not be cancelled. state: FINISHED"), "{error}");
    let error = a.cancel_job(&database(), JobKind::Restore).unwrap_err();
    assert!(error.to_string().starts_with("No backup/restore job is currently running"), "{error}");
}

#[test]
fn what_cannot_be_accepted_is_refused_at_once() {
    let world = World::new();
    let a = world.ready("a");
    a.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    let timestamp = backup(&a, "taken").timestamp;
    let submit = |request: BackupRequest| a.submit_backup(&request).unwrap_err().to_string();
    assert!(
        submit(backup_request("taken")).starts_with("Snapshot with name 'taken' already exist in repository")
    );
    let tables = Some(vec![selection("t", None, None), selection("t", None, None)]);
    assert!(submit(BackupRequest { tables, ..backup_request("l") }).starts_with("Duplicated table: t"));
    let tables = Some(vec![selection("x", None, None)]);
    assert!(submit(BackupRequest { tables, ..backup_request("l") }).starts_with("unknown table 'd.x'"));
    let tables = Some(vec![selection("t", Some(&["p"]), None)]);
    assert_eq!(
        submit(BackupRequest { tables, ..backup_request("l") }),
        "partition [p] does not exist in table t"
    );
    let later = SnapshotTimestamp::from_unix_ms(timestamp.unix_ms() + 1).unwrap();
    let error = a.submit_restore(&restore_request("taken", later)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let text = error.to_string();
    assert!(text.starts_with("Failed to get info of snapshot 'taken' because:"), "{text}");
    assert!(text.ends_with("Maybe specified wrong backup timestamp"), "{text}");
    let b = world.open("b");
    world.add_repository(&b, true).unwrap();
    b.create_database(&database()).unwrap();
    b.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    let error = b.submit_backup(&backup_request("l")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    assert_eq!(b.open_repository(&repository()).unwrap().snapshots(Some(&label("taken"))).unwrap().len(), 1);
}

#[test]
fn a_damaged_segment_is_never_backed_up() {
    let world = World::new();
    let a = world.ready("a");
    a.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    insert(&a, "t", &small_rows(&[(1, None)])).unwrap();
    let file = walk(&world.path("a").join("data")).remove(0);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[10] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let id = a.submit_backup(&backup_request("bad")).unwrap();
    let record = finish(&a, id);
    assert_eq!(record.state, JobState::Cancelled);
    let status = record.status.to_text();
    assert!(status.starts_with("[BAD_FILE") && status.contains(file.to_str().unwrap()), "{status}");
    let listed = a.open_repository(&repository()).unwrap().snapshots(None).unwrap();
    assert!(listed.is_empty());
}

#[test]
fn a_flipped_bit_in_any_object_is_found_by_restore() {
    let world = World::new();
    let a = world.ready("a");
    a.create_table(&database(), small_table("t", 2), Vec::new()).unwrap();
    insert(&a, "t", &small_rows(&[(1, Some("x")), (2, None)])).unwrap();
    let timestamp = backup(&a, "s").timestamp;
    let mut objects = walk(&world.path("repository"));
    // What is being written lies apart and is no object.
    objects.retain(|path| !path.starts_with(world.path("repository").join(".tmp")));
    assert!(objects.len() >= 4, "{objects:?}");
    for object in objects {
        let good = std::fs::read(&object).unwrap();
        assert!(!good.is_empty(), "{}", object.display());
        for at in [0, good.len() / 3, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            std::fs::write(&object, &bad).unwrap();
            let b = world.open("b");
            let refused = match world.add_repository(&b, true) {
                Err(_) => true,
                Ok(()) => match b.submit_restore(&restore_request("s", timestamp)) {
                    Err(_) => true,
                    Ok(id) => finish(&b, id).state == JobState::Cancelled,
                },
            };
            assert!(refused, "byte {at} of {}", object.display());
            assert!(!has_table(&b, "t") && b.view().database(&database()).is_none());
            assert!(walk(&world.path("b").join("data")).is_empty(), "what was fetched is removed again");
            drop(b);
            std::fs::remove_dir_all(world.path("b")).unwrap();
        }
        std::fs::write(&object, &good).unwrap();
    }
}
