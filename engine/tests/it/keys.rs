//! Tables in which rows of equal key are one: random loads, deletions, compactions, backups and restores against a plain
//! map. Every failure prints its seed; `CAIRN_KEYS_SEED` runs one, `CAIRN_KEYS_RUNS` runs more.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int8Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;
use cairn_engine::{JobStatus, LoadOptions, TabletStore, UpsertOptions};
use cairn_format::{
    Aggregation, Column, ColumnType, Distribution, FieldId, KeyModel, SnapshotTimestamp, TableDefinition,
};

use cairn_repository::Disk;

use crate::support::{
    Random, World, backup, column, compact_somehow, database, delete_where, each_seed, insert, plain_table,
    restore, restore_request, rows, selection, table,
};

/// `v VARCHAR, n BIGINT, c INT` of a key.
type Row = (Option<String>, Option<i64>, Option<i32>);
/// Rows by key; a Duplicate Key table has several of one.
type Model = BTreeMap<i32, Vec<Row>>;

impl Random {
    fn key(&mut self) -> i32 {
        i32::try_from(self.below(40)).unwrap()
    }

    fn row(&mut self) -> Row {
        let text = (self.below(4) > 0).then(|| format!("v{}", self.below(1000)));
        let number = (self.below(5) > 0).then(|| i64::try_from(self.below(100)).unwrap() - 50);
        let condition = (self.below(6) > 0).then(|| i32::try_from(self.below(10)).unwrap());
        (text, number, condition)
    }
}

const MODELS: [KeyModel; 4] = [KeyModel::Duplicate, KeyModel::Aggregate, KeyModel::Unique, KeyModel::Primary];

fn definition(model: KeyModel) -> TableDefinition {
    let mut columns = vec![
        column(1, "k", ColumnType::Int, false),
        column(2, "v", ColumnType::Varchar { length: 20 }, true),
        column(3, "n", ColumnType::BigInt, true),
        column(4, "c", ColumnType::Int, true),
    ];
    if model == KeyModel::Aggregate {
        let functions = [Aggregation::ReplaceIfNotNull, Aggregation::Sum, Aggregation::Max];
        for (column, function) in columns[1..].iter_mut().zip(functions) {
            *column = Column { aggregation: Some(function), ..column.clone() };
        }
    }
    TableDefinition { key_model: model, ..plain_table("t", columns, 2) }
}

fn merged(model: KeyModel, old: Option<&Row>, new: &Row) -> Row {
    match (model, old) {
        (KeyModel::Aggregate, Some(old)) => (
            new.0.clone().or_else(|| old.0.clone()),
            match (old.1, new.1) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            },
            old.2.max(new.2),
        ),
        _ => new.clone(),
    }
}

fn put(content: &mut Model, model: KeyModel, key: i32, row: &Row) {
    let rows = content.entry(key).or_default();
    let row = merged(model, rows.last(), row);
    if model != KeyModel::Duplicate {
        rows.clear();
    }
    rows.push(row);
}

fn batch(new: &[(i32, Row)], operations: Option<&[i8]>) -> RecordBatch {
    let keys: ArrayRef = Arc::new(Int32Array::from_iter_values(new.iter().map(|row| row.0)));
    let texts: ArrayRef = Arc::new(new.iter().map(|(_, row)| row.0.clone()).collect::<StringArray>());
    let numbers: ArrayRef = Arc::new(new.iter().map(|(_, row)| row.1).collect::<Int64Array>());
    let conditions: ArrayRef = Arc::new(new.iter().map(|(_, row)| row.2).collect::<Int32Array>());
    let mut columns = vec![("k", keys), ("v", texts), ("n", numbers), ("c", conditions)];
    if let Some(operations) = operations {
        columns.push(("__op", Arc::new(Int8Array::from(operations.to_vec()))));
    }
    RecordBatch::try_from_iter(columns).unwrap()
}

fn field(id: i32) -> FieldId {
    FieldId::try_new(id).unwrap()
}

fn load(store: &TabletStore, content: &mut Model, model: KeyModel, random: &mut Random) {
    let count = random.below(30) + 1;
    let new: Vec<(i32, Row)> = (0..count).map(|_| (random.key(), random.row())).collect();
    let mut options = LoadOptions::default();
    // Now and then a load leaves several segments in a tablet.
    if random.below(3) == 0 {
        options.segment_bytes = 60;
    }
    let kind = if model == KeyModel::Primary { random.below(5) } else { 0 };
    let operations: Option<Vec<i8>> =
        (kind == 1 || kind == 4).then(|| new.iter().map(|_| i8::from(random.below(3) == 0)).collect());
    options.upsert = UpsertOptions {
        given: (kind == 2 || kind == 4).then(|| vec![field(1), field(3), field(4)]),
        condition: (kind >= 3).then(|| field(4)),
        has_operations: operations.is_some(),
    };
    let upsert = options.upsert.clone();
    options.overwrites = random.below(12) == 0;
    if options.overwrites {
        content.clear();
    }
    let mut load = store.begin_load(&database(), &table("t"), None, options).unwrap();
    let middle = new.len() / 2;
    for part in [0..middle, middle..new.len()] {
        let of_part = operations.as_ref().map(|operations| &operations[part.clone()]);
        load.write(&batch(&new[part], of_part)).unwrap();
    }
    load.commit().unwrap();
    for (number, (key, row)) in new.iter().enumerate() {
        if operations.as_ref().is_some_and(|operations| operations[number] == 1) {
            content.remove(key);
            continue;
        }
        let stored = content.get(key).and_then(|rows| rows.last()).cloned();
        if upsert.condition.is_some() && stored.as_ref().is_some_and(|stored| row.2 < stored.2) {
            continue;
        }
        let mut row = row.clone();
        if upsert.given.is_some()
            && let Some(stored) = stored
        {
            row.0 = stored.0;
        }
        put(content, model, *key, &row);
    }
}

/// Deletes the rows with some keys by their positions.
fn delete(store: &TabletStore, content: &mut Model, random: &mut Random) {
    let (low, width) = (random.key(), i32::try_from(random.below(8)).unwrap());
    let is_gone = |key: i32| (low..low + width).contains(&key);
    let gone = delete_where(store, |batch| {
        batch.column(0).as_primitive::<Int32Type>().values().iter().map(|key| is_gone(*key)).collect()
    });
    let expected: usize = content.iter().filter(|(key, _)| is_gone(**key)).map(|(_, rows)| rows.len()).sum();
    assert_eq!(gone, expected as u64);
    content.retain(|key, _| !is_gone(*key));
}

fn check(store: &TabletStore, content: &Model) {
    let value = |kind: &str, text: Option<String>| text.map_or("Null".to_owned(), |t| format!("{kind}({t})"));
    let mut expected: Vec<String> = content
        .iter()
        .flat_map(|(key, rows)| rows.iter().map(move |row| (key, row)))
        .map(|(key, (text, number, condition))| {
            format!(
                "Integer({key}) | {} | {} | {}",
                value("Text", text.as_ref().map(|text| format!("{text:?}"))),
                value("Integer", number.map(|n| n.to_string())),
                value("Integer", condition.map(|n| n.to_string()))
            )
        })
        .collect();
    expected.sort();
    assert_eq!(rows(store, "t"), expected);
    let view = store.view();
    let found = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    assert_eq!(found.rows(), expected.len() as u64);
}

fn run(seed: u64) {
    let world = World::new();
    let mut random = Random(seed | 1);
    let model = MODELS[usize::try_from(random.below(4)).unwrap()];
    // In half of the runs the background compacts, too.
    let (compacts, disk) = (random.below(2) == 0, Disk::system());
    drop(world.ready("a"));
    let mut store = world.open_compacting("a", &disk, compacts);
    store.create_table(&database(), definition(model), Vec::new()).unwrap();
    let mut content = Model::new();
    let mut snapshots: Vec<(String, SnapshotTimestamp, Model)> = Vec::new();
    for step in 0..40 {
        match random.below(12) {
            0..=4 => load(&store, &mut content, model, &mut random),
            5 | 6 => delete(&store, &mut content, &mut random),
            7 | 8 => {
                compact_somehow(&store, &mut random);
            }
            9 => {
                drop(store);
                store = world.open_compacting("a", &disk, compacts);
            }
            10 => {
                let label = format!("s{step}");
                let record = backup(&store, &label);
                snapshots.push((label, record.timestamp, content.clone()));
            }
            _ => {
                if !snapshots.is_empty() {
                    let at = usize::try_from(random.below(snapshots.len() as u64)).unwrap();
                    let (label, timestamp, of_snapshot) = &snapshots[at];
                    let mut request = restore_request(label, *timestamp);
                    request.tables = Some(vec![selection("t", None, None)]);
                    assert_eq!(restore(&store, &request).status, JobStatus::Ok);
                    content.clone_from(of_snapshot);
                }
            }
        }
        check(&store, &content);
    }
}

#[test]
fn random_merges_keep_to_the_model() {
    each_seed("CAIRN_KEYS", 24, "the model and the store differ", run);
}

#[test]
fn a_backup_sends_no_file_again_because_rows_of_it_were_deleted() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), definition(KeyModel::Primary), Vec::new()).unwrap();
    let row = |n: i64| (Some("v".to_owned()), Some(n), None);
    let first: Vec<_> = (0..1000).map(|key| (key, row(0))).collect();
    insert(&store, "t", &batch(&first, None)).unwrap();
    assert!(backup(&store, "one").totals.unwrap().moved_files > 0);
    insert(&store, "t", &batch(&[(5, row(1))], None)).unwrap();
    let second = backup(&store, "two");
    assert_eq!(second.totals.unwrap().moved_files, 1, "only the new file");
    let other = world.open("b");
    world.add_repository(&other, true).unwrap();
    assert_eq!(restore(&other, &restore_request("two", second.timestamp)).status, JobStatus::Ok);
    assert_eq!(rows(&other, "t"), rows(&store, "t"));
    assert_eq!(rows(&other, "t").len(), 1000);
}

#[test]
fn what_a_key_table_refuses() {
    let world = World::new();
    let store = world.ready("a");
    let refusal = |new: &[(i32, Row)], operations: Option<&[i8]>, upsert: UpsertOptions| {
        let mut options = LoadOptions::default();
        options.upsert = upsert;
        let mut load = store.begin_load(&database(), &table("t"), None, options)?;
        load.write(&batch(new, operations))?;
        load.commit().map(drop)
    };
    let text = |refused: cairn_engine::Result<()>| refused.unwrap_err().to_string();
    let row = |n: i64| (None, Some(n), None);
    store.create_table(&database(), definition(KeyModel::Aggregate), Vec::new()).unwrap();
    let overflow = [(1, row(i64::MAX)), (1, row(1))];
    assert!(
        text(refusal(&overflow, None, UpsertOptions::default())).contains("the SUM of rows with one key")
    );
    let partial = UpsertOptions { given: Some(vec![field(1)]), ..UpsertOptions::default() };
    assert!(text(refusal(&[(1, row(1))], None, partial.clone())).contains("are for PRIMARY KEY tables"));
    store.drop_table(&database(), &table("t")).unwrap();
    store.create_table(&database(), definition(KeyModel::Primary), Vec::new()).unwrap();
    let no_key = UpsertOptions { given: Some(vec![field(2)]), ..UpsertOptions::default() };
    assert!(text(refusal(&[(1, row(1))], None, no_key)).contains("needs all key columns"));
    let with_operations = UpsertOptions { has_operations: true, ..UpsertOptions::default() };
    let wrong = refusal(&[(1, row(1)), (2, row(1))], Some(&[0, 7]), with_operations);
    assert!(text(wrong).contains("row 2: 7 is no operation"));
    let mut long = definition(KeyModel::Primary);
    long.name = table("long");
    long.key_columns = 2;
    long.columns[1] = column(2, "v", ColumnType::Varchar { length: 200 }, false);
    store.create_table(&database(), long, Vec::new()).unwrap();
    let key = |bytes: usize| (1, (Some("x".repeat(bytes)), None, None));
    insert(&store, "long", &batch(&[key(124)], None)).unwrap();
    let refused = insert(&store, "long", &batch(&[key(3), key(125)], None)).unwrap_err();
    assert!(refused.to_string().contains("row 2: its primary key of 129 bytes"), "{refused}");
}

/// Sums were cut to their column's type whenever rows were put together, so that a load failed at what its next rows made good.
#[test]
fn a_sum_needs_to_fit_only_at_the_end_of_a_load() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), definition(KeyModel::Aggregate), Vec::new()).unwrap();
    let big = i64::MAX - 1;
    let load = |rows: &[(i32, i64)]| {
        // Every batch is merged by itself.
        let mut options = LoadOptions::default();
        options.segment_bytes = 1;
        let mut load = store.begin_load(&database(), &table("t"), None, options).unwrap();
        for (key, number) in rows {
            let text = (*number == 7).then(|| "seven".to_owned());
            load.write(&batch(&[(*key, (text, Some(*number), None))], None)).unwrap();
        }
        load.commit()
    };
    load(&[(1, big), (2, 5)]).unwrap();
    load(&[(1, big), (2, big), (1, 7), (3, 1), (1, -big)]).unwrap_err();
    load(&[(1, big), (2, -1), (1, 7), (3, 1), (1, -big), (1, -7)]).unwrap();
    let expected = [
        format!("Integer(1) | Text(\"seven\") | Integer({big}) | Null"),
        "Integer(2) | Null | Integer(4) | Null".to_owned(),
        "Integer(3) | Null | Integer(1) | Null".to_owned(),
    ];
    assert_eq!(rows(&store, "t"), expected);
    let refused = load(&[(3, big), (1, 1), (4, 1), (1, big)]).unwrap_err().to_string();
    assert!(
        refused.contains("table 't', column 'n': the SUM of rows with one key does not fit bigint"),
        "{refused}"
    );
    assert!(refused.contains("the first is key (k = "), "{refused}");
    assert!(
        refused.contains("there are 1 such keys of") || refused.contains("there are 2 such keys of"),
        "{refused}"
    );
    assert_eq!(rows(&store, "t"), expected);
}

#[test]
fn buckets_at_random_are_for_no_new_aggregate_table() {
    let store = World::new().ready("a");
    let random = TableDefinition {
        distribution: Distribution::Random { buckets: 2 },
        columns: definition(KeyModel::Aggregate)
            .columns
            .into_iter()
            .filter(|c| c.field_id.get() != 2)
            .collect(),
        ..definition(KeyModel::Aggregate)
    };
    let refused = store.create_table(&database(), random.clone(), Vec::new()).unwrap_err().to_string();
    assert!(refused.contains("cannot be DISTRIBUTED BY RANDOM"), "{refused}");
    // Those of earlier builds are read as before.
    random.check().unwrap();
}

/// Stored rows of the keys of a load were read all at once, however large they are: with more than 2 GiB of them the load was
/// refused for ever, as if files were damaged.
#[test]
fn large_stored_rows_are_merged_some_at_a_time() {
    let world = World::new();
    let store = world.ready("a");
    let mut definition = definition(KeyModel::Primary);
    definition.distribution =
        cairn_format::Distribution::Hash { columns: vec![definition.columns[0].field_id], buckets: 1 };
    definition.columns[1] = column(2, "v", ColumnType::Varchar { length: 1 << 20 }, true);
    store.create_table(&database(), definition, Vec::new()).unwrap();
    let large = |key: i32| "x".repeat((1 << 20) - usize::try_from(key).unwrap());
    for keys in [0..70, 70..140, 140..210] {
        let new: Vec<_> = keys.map(|key| (key, (Some(large(key)), Some(0), None))).collect();
        insert(&store, "t", &batch(&new, None)).unwrap();
    }
    let mut options = LoadOptions::default();
    options.upsert = UpsertOptions { given: Some(vec![field(1), field(3)]), ..UpsertOptions::default() };
    let mut load = store.begin_load(&database(), &table("t"), None, options).unwrap();
    let new: Vec<_> = (0..220).rev().map(|key| (key, (None, Some(i64::from(key)), None))).collect();
    load.write(&batch(&new, None)).unwrap();
    load.commit().unwrap();
    let view = store.view();
    let found = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    let segments: Vec<u64> = found.partitions[0].segments().map(|segment| segment.rows).collect();
    assert!(segments.len() == 2 && segments.iter().sum::<u64>() == 220, "{segments:?}");
    let mut keys = Vec::new();
    for read in store.read_table(found) {
        let read = read.unwrap();
        let (of_rows, texts) =
            (read.column(0).as_primitive::<Int32Type>(), read.column(1).as_string::<i32>());
        let numbers = read.column(2).as_primitive::<arrow::datatypes::Int64Type>();
        for (row, key) in of_rows.values().iter().enumerate() {
            let length = if *key < 210 { large(*key).len() } else { 0 };
            assert_eq!((texts.value(row).len(), numbers.value(row)), (length, i64::from(*key)));
            keys.push(*key);
        }
    }
    keys.sort_unstable();
    assert_eq!(keys, (0..220).collect::<Vec<_>>());
}
