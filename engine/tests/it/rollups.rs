//! Rollups: after random loads, deletions, compactions, changes of columns and rollups, backups and restores each rollup
//! equals what it stands for, computed from the table's rows. Every failure prints its seed; `CAIRN_ROLLUPS_SEED` runs one,
//! `CAIRN_ROLLUPS_RUNS` runs more.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Int32Type, Int64Type};
use cairn_engine::{ExpressionPlanner, JobStatus, LoadOptions, PartitionKind, RowExpression, TabletStore};
use cairn_format::{
    Aggregation, BoundValue, Column, ColumnType, FieldId, KeyModel, PartitionBound, PartitionDefinition,
    PartitionRange, PartitionRows, Partitioning, RollupColumn, RollupDefinition, RollupId, RollupSource,
    SnapshotTimestamp, TableDefinition, Value,
};

use crate::support::{
    Random, World, backup, column, compact_somehow, database, delete_where, each_seed, finish, partition,
    plain_table, restore, restore_request, table, table_rows,
};

/// Understands the two expressions of these tests: `n + 1` and `k > 10`.
pub(crate) struct TestExpressions;

enum TestExpression {
    Plus(usize),
    Above(usize),
}

impl ExpressionPlanner for TestExpressions {
    fn plan(
        &self,
        table: &TableDefinition,
        text: &str,
        _: &ColumnType,
    ) -> cairn_engine::Result<Box<dyn RowExpression>> {
        let at = |name| table.columns.iter().position(|column| column.name.matches(name)).unwrap();
        Ok(Box::new(match text {
            "n + 1" => TestExpression::Plus(at("n")),
            "k > 10" => TestExpression::Above(at("k")),
            other => panic!("{other}"),
        }))
    }
}

impl RowExpression for TestExpression {
    fn compute(&self, rows: &RecordBatch) -> cairn_engine::Result<ArrayRef> {
        Ok(match self {
            Self::Plus(at) => {
                let values = rows.column(*at).as_primitive::<Int64Type>();
                Arc::new(values.iter().map(|n| n.map(|n| n + 1)).collect::<Int64Array>())
            }
            Self::Above(at) => {
                let values = rows.column(*at).as_primitive::<Int32Type>();
                Arc::new(values.iter().map(|k| k.map(|k| k > 10)).collect::<BooleanArray>())
            }
        })
    }
}

fn field(id: i32) -> FieldId {
    FieldId::try_new(id).unwrap()
}

/// `k INT, d INT, n BIGINT, c INT, v VARCHAR`, keyed by the first two, in two buckets by `k`, and, where asked for, in two
/// partitions of `k`.
fn definition(model: KeyModel, is_ranged: bool) -> (TableDefinition, Vec<PartitionDefinition>) {
    let mut columns = vec![
        column(1, "k", ColumnType::Int, false),
        column(2, "d", ColumnType::Int, true),
        column(3, "n", ColumnType::BigInt, true),
        column(4, "c", ColumnType::Int, true),
        column(5, "v", ColumnType::Varchar { length: 20 }, true),
    ];
    if model == KeyModel::Aggregate {
        let functions = [Aggregation::Sum, Aggregation::Max, Aggregation::Replace];
        for (column, function) in columns[2..].iter_mut().zip(functions) {
            column.aggregation = Some(function);
        }
    }
    let mut definition = TableDefinition { key_model: model, key_columns: 2, ..plain_table("t", columns, 2) };
    if !is_ranged {
        return (definition, Vec::new());
    }
    definition.partitioning = Partitioning::Range { columns: vec![field(1)], step: None };
    let bound = |value| PartitionBound::try_new(vec![value], &[ColumnType::Int]).unwrap();
    let middle = bound(BoundValue::Value(Value::Integer(12)));
    let ranges = [(bound(BoundValue::Min), middle.clone()), (middle, bound(BoundValue::Max))];
    // The second has another number of buckets than its table.
    let partitions = ranges.into_iter().zip([("p0", None), ("p1", Some(3))]);
    let partitions = partitions.map(|((lower, upper), (name, buckets))| {
        let rows = PartitionRows::Range(PartitionRange::try_new(lower, upper).unwrap());
        PartitionDefinition { buckets, ..PartitionDefinition::new(partition(name), rows) }
    });
    (definition, partitions.collect())
}

/// Adds a rollup to a definition; columns are names, sources, types and aggregations.
fn add(
    table_definition: &mut TableDefinition,
    name: &str,
    key_model: KeyModel,
    key_columns: usize,
    columns: Vec<(&str, RollupSource, &ColumnType, Option<Aggregation>)>,
    filter: Option<&str>,
) {
    let mut next = table_definition.next_field_id;
    let mut take = || {
        next += 1;
        next - 1
    };
    let columns = columns.into_iter().map(|(name, source, column_type, aggregation)| {
        let nullable = match source {
            RollupSource::Column(id) => table_definition.column_by_id(id).unwrap().nullable,
            RollupSource::Expression(_) => true,
            _ => false,
        };
        let column = column(take(), name, column_type.clone(), nullable);
        RollupColumn { column: Column { aggregation, ..column }, source }
    });
    let columns = columns.collect();
    let rollup = RollupDefinition {
        id: RollupId::try_new(take()).unwrap(),
        name: table(name),
        columns,
        key_model,
        key_columns,
        filter: filter.map(str::to_owned),
    };
    table_definition.next_field_id = next;
    table_definition.rollups.push(rollup);
}

/// One of the rollups that a table of this model can have, which it has not yet.
pub(crate) fn add_some(table: &mut TableDefinition, number: u64) {
    use Aggregation::{Max, Min, Replace, Sum};
    let (int, text) = (&ColumnType::Int, &ColumnType::Varchar { length: 20 });
    let (big, of) = (&ColumnType::BigInt, |id| RollupSource::Column(field(id)));
    let expression = |text: &str| RollupSource::Expression(text.to_owned());
    let name = format!("r{}", table.next_field_id);
    let name = name.as_str();
    match (table.key_model, number) {
        (KeyModel::Duplicate, 0) => {
            let columns = vec![
                ("d", of(2), int, None),
                ("s", of(3), big, Some(Sum)),
                ("wide", of(4), big, Some(Sum)),
                ("least", of(5), text, Some(Min)),
                ("greatest", of(4), int, Some(Max)),
                ("count_n", RollupSource::NotNull(field(3)), big, Some(Sum)),
                ("rows", RollupSource::Row, big, Some(Sum)),
            ];
            add(table, name, KeyModel::Aggregate, 1, columns, None);
        }
        (KeyModel::Duplicate, 1) => {
            let columns = vec![
                ("x", expression("n + 1"), big, None),
                ("d", of(2), int, None),
                ("sum_x", expression("n + 1"), big, Some(Sum)),
            ];
            add(table, name, KeyModel::Aggregate, 2, columns, Some("k > 10"));
        }
        (KeyModel::Duplicate, _) => {
            let columns = vec![("v", of(5), text, None), ("n", of(3), big, None), ("k", of(1), int, None)];
            add(table, name, KeyModel::Duplicate, 1, columns, None);
        }
        (KeyModel::Aggregate, 0) => {
            let columns =
                vec![("d", of(2), int, None), ("n", of(3), big, Some(Sum)), ("c", of(4), int, Some(Max))];
            add(table, name, KeyModel::Aggregate, 1, columns, Some("k > 10"));
        }
        (KeyModel::Aggregate, _) => {
            let columns =
                vec![("d", of(2), int, None), ("k", of(1), int, None), ("v", of(5), text, Some(Replace))];
            add(table, name, KeyModel::Aggregate, 2, columns, None);
        }
        _ => {
            let columns = vec![("d", of(2), int, None), ("k", of(1), int, None), ("n", of(3), big, None)];
            add(table, name, KeyModel::Unique, 2, columns, None);
        }
    }
}

fn load(store: &TabletStore, random: &mut Random) {
    let count = random.below(30) + 1;
    let mut number = |limit: u64| i32::try_from(random.below(limit)).unwrap();
    let rows: Vec<[Option<i32>; 5]> = (0..count)
        .map(|_| {
            [
                Some(number(24)),
                Some(number(4)).filter(|d| *d > 0),
                Some(number(50)),
                Some(number(9)),
                Some(number(7)),
            ]
        })
        .collect();
    let some = |at: usize| rows.iter().map(move |row| row[at]);
    let without = |at: usize, hole: i32| some(at).map(move |value| value.filter(|value| *value != hole));
    let keys: ArrayRef = Arc::new(some(0).collect::<Int32Array>());
    let days: ArrayRef = Arc::new(some(1).collect::<Int32Array>());
    let numbers: ArrayRef = Arc::new(without(2, 7).map(|n| n.map(i64::from)).collect::<Int64Array>());
    let others: ArrayRef = Arc::new(without(3, 3).collect::<Int32Array>());
    let texts: ArrayRef =
        Arc::new(without(4, 0).map(|n| n.map(|n| format!("v{n}"))).collect::<StringArray>());
    let mut columns = vec![("k", keys), ("d", days), ("n", numbers), ("c", others), ("v", texts)];
    let view = store.view();
    let found = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    let extra: ArrayRef = Arc::new(Int32Array::from(vec![1; rows.len()]));
    columns.extend(
        found.definition.columns[5..].iter().map(|column| (column.name.as_str(), Arc::clone(&extra))),
    );
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    let mut options = LoadOptions::default();
    // Now and then a load leaves several segments in a tablet.
    if random.below(3) == 0 {
        options.segment_bytes = 60;
    }
    options.overwrites = random.below(12) == 0;
    let only = (found.partitions.len() > 1 && random.below(4) == 0).then(|| vec![partition("p0")]);
    let chosen = only.is_some();
    let mut load = store.begin_load(&database(), &table("t"), only.as_deref(), options).unwrap();
    let fits = !chosen || rows.iter().all(|row| row[0] < Some(12));
    let middle = batch.num_rows() / 2;
    let done = load
        .write(&batch.slice(0, middle))
        .and_then(|()| load.write(&batch.slice(middle, batch.num_rows() - middle)))
        .and_then(|()| load.commit().map(drop));
    assert_eq!(done.is_ok(), fits, "{done:?}");
}

/// Deletes rows whose key is in some range.
fn delete(store: &TabletStore, random: &mut Random) {
    let low = i32::try_from(random.below(24)).unwrap();
    delete_where(store, |batch| {
        let keys = batch.column_by_name("k").unwrap().as_primitive::<Int32Type>();
        keys.values().iter().map(|key| (low..low + 3).contains(key)).collect()
    });
}

fn base_rows(store: &TabletStore, table: &Arc<cairn_engine::Table>) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    for batch in store.read_table(table) {
        let batch = batch.unwrap();
        for row in 0..batch.num_rows() {
            let columns = table.definition.columns.iter().zip(batch.columns());
            rows.push(
                columns.map(|(c, array)| Value::from_array(array, row, &c.column_type).unwrap()).collect(),
            );
        }
    }
    rows
}

fn merged(aggregation: Option<Aggregation>, old: Value, new: Value) -> Value {
    match (aggregation, old, new) {
        (Some(Aggregation::Replace), _, new) | (_, Value::Null, new) => new,
        (_, old, Value::Null) => old,
        (Some(Aggregation::Sum), Value::Integer(a), Value::Integer(b)) => Value::Integer(a + b),
        (Some(Aggregation::Min), a, b) => {
            if a.compare(&b) == Some(Ordering::Greater) {
                b
            } else {
                a
            }
        }
        (Some(Aggregation::Max), a, b) => {
            if a.compare(&b) == Some(Ordering::Less) {
                b
            } else {
                a
            }
        }
        (_, old, _) => old,
    }
}

/// What a rollup must hold, as text, sorted.
fn expected(table: &TableDefinition, rollup: &RollupDefinition, base: &[Vec<Value>]) -> Vec<String> {
    let at = |id: FieldId| table.position(id).unwrap();
    let named = |name| table.columns.iter().position(|column| column.name.matches(name)).unwrap();
    let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut all = Vec::new();
    for row in base {
        if rollup.filter.is_some() && !matches!(row[named("k")], Value::Integer(k) if k > 10) {
            continue;
        }
        let value = |source: &RollupSource| match source {
            RollupSource::Column(id) => row[at(*id)].clone(),
            RollupSource::NotNull(id) => Value::Integer(i128::from(row[at(*id)] != Value::Null)),
            RollupSource::Row => Value::Integer(1),
            RollupSource::Expression(_) => match &row[named("n")] {
                Value::Integer(n) => Value::Integer(n + 1),
                other => other.clone(),
            },
        };
        let values: Vec<Value> = rollup.columns.iter().map(|column| value(&column.source)).collect();
        if rollup.key_model == KeyModel::Duplicate {
            all.push(values);
            continue;
        }
        let key = format!("{:?}", &values[..rollup.key_columns]);
        match groups.remove(&key) {
            None => groups.insert(key, values),
            Some(old) => {
                let both = old.into_iter().zip(values).zip(&rollup.columns);
                let merged = both.map(|((old, new), column)| merged(column.column.aggregation, old, new));
                groups.insert(key, merged.collect())
            }
        };
    }
    all.extend(groups.into_values());
    let text = |row: Vec<Value>| row.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(" | ");
    let mut texts: Vec<String> = all.into_iter().map(text).collect();
    texts.sort();
    texts
}

/// The table with nothing in it but one bucket of one partition.
fn narrowed(table: &cairn_engine::Table, at: usize, bucket: usize) -> Arc<cairn_engine::Table> {
    let mut narrow = table.clone();
    narrow.partitions = vec![Arc::clone(&table.partitions[at])];
    let partition = Arc::make_mut(&mut narrow.partitions[0]);
    for tablets in std::iter::once(&mut partition.tablets).chain(partition.rollups.values_mut()) {
        for (number, tablet) in tablets.iter_mut().enumerate() {
            if number != bucket {
                tablet.rowsets.clear();
            }
        }
    }
    Arc::new(narrow)
}

/// Each tablet of each rollup is what follows from the tablet of the table.
pub(crate) fn check(store: &TabletStore, name: &str) {
    let view = store.view();
    let found = view.require_database(&database()).unwrap().require_table(&table(name)).unwrap();
    for at in 0..found.partitions.len() {
        for bucket in 0..found.partitions[at].tablets.len() {
            let narrow = narrowed(found, at, bucket);
            let base = base_rows(store, &narrow);
            for rollup in &found.definition.rollups {
                let rows = table_rows(store, &Arc::new(narrow.of_rollup(rollup)));
                let expected = expected(&found.definition, rollup, &base);
                assert_eq!(rows, expected, "rollup {} in {at}.{bucket}", rollup.name);
            }
        }
    }
}

pub(crate) fn redefine(store: &TabletStore, change: impl FnOnce(&mut TableDefinition)) {
    let view = store.view();
    let found = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    let mut after = found.definition.as_ref().clone();
    change(&mut after);
    store.redefine_table(&database(), &found.definition, after).unwrap();
}

fn run(seed: u64) {
    let world = World::new();
    let mut random = Random(seed | 1);
    let model = [KeyModel::Duplicate, KeyModel::Aggregate, KeyModel::Unique]
        [usize::try_from(random.below(3)).unwrap()];
    let is_ranged = random.below(2) == 0;
    let mut store = world.ready("a");
    let (mut definition, partitions) = definition(model, is_ranged);
    let first = random.below(3);
    add_some(&mut definition, first);
    store.create_table(&database(), definition, partitions).unwrap();
    let mut snapshots: Vec<(String, SnapshotTimestamp, TableDefinition)> = Vec::new();
    for step in 0..40 {
        let view = store.view();
        let found =
            Arc::clone(view.require_database(&database()).unwrap().require_table(&table("t")).unwrap());
        drop(view);
        match random.below(17) {
            0..=5 => load(&store, &mut random),
            6 | 7 => delete(&store, &mut random),
            8 | 9 => {
                compact_somehow(&store, &mut random);
            }
            10 => {
                drop(found);
                drop(store);
                store = world.open("a");
            }
            11 => {
                let label = format!("s{step}");
                let record = backup(&store, &label);
                snapshots.push((label, record.timestamp, found.definition.as_ref().clone()));
            }
            12 => {
                if !snapshots.is_empty() {
                    let at = usize::try_from(random.below(snapshots.len() as u64)).unwrap();
                    let (label, timestamp, of_then) = &snapshots[at];
                    let done = restore(&store, &restore_request(label, *timestamp));
                    let fits = of_then.columns == found.definition.columns
                        && of_then.rollups.len() == found.definition.rollups.len()
                        && of_then
                            .rollups
                            .iter()
                            .all(|r| found.definition.rollups.iter().any(|o| o.is_same(r)));
                    assert_eq!(done.status == JobStatus::Ok, fits, "{:?}", done.status);
                    // Elsewhere it is made whatever is here.
                    let other = world.open(&format!("b{step}"));
                    world.add_repository(&other, true).unwrap();
                    let done = restore(&other, &restore_request(label, *timestamp));
                    assert_eq!(done.status, JobStatus::Ok);
                    check(&other, "t");
                }
            }
            13 => {
                let number = random.below(3);
                redefine(&store, |table| add_some(table, number));
            }
            14 => {
                let number = random.below(3);
                redefine(&store, |table| {
                    if !table.rollups.is_empty() {
                        let at = usize::try_from(number).unwrap() % table.rollups.len();
                        table.rollups.remove(at);
                    }
                });
            }
            15 => {
                if model == KeyModel::Duplicate && found.definition.columns.len() < 7 {
                    redefine(&store, |table| {
                        let id = table.next_field_id;
                        table.next_field_id += 1;
                        let new = column(id, &format!("x{id}"), ColumnType::Int, true);
                        table.columns.push(Column { initial: Some("5".to_owned()), ..new });
                    });
                }
            }
            _ => {
                let only = is_ranged.then(|| vec![partition("p1")]);
                store.truncate_table(&database(), &table("t"), only.as_deref()).unwrap();
            }
        }
        check(&store, "t");
    }
}

#[test]
fn rollups_equal_what_they_stand_for() {
    each_seed("CAIRN_ROLLUPS", 10, "a rollup is not what it stands for", run);
}

/// A Duplicate Key table with a rollup that sums up, and rows in it.
pub(crate) fn summed_table(store: &TabletStore) {
    let (mut definition, partitions) = definition(KeyModel::Duplicate, true);
    add_some(&mut definition, 0);
    store.create_table(&database(), definition, partitions).unwrap();
    load(store, &mut Random(77));
}

pub(crate) fn load_more(store: &TabletStore, seed: u64) -> cairn_engine::Result<()> {
    let keys: ArrayRef = Arc::new(Int32Array::from(vec![1, 13, 2]));
    let days: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), Some(2), None]));
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![i64::try_from(seed).unwrap(); 3]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let columns = [("k", Arc::clone(&keys)), ("d", days), ("n", numbers), ("c", keys), ("v", texts)];
    let mut load = store.begin_load(&database(), &table("t"), None, LoadOptions::default())?;
    load.write(&RecordBatch::try_from_iter(columns).unwrap())?;
    load.commit().map(drop)
}

#[test]
fn a_dropped_partition_comes_back_with_its_rollups_but_not_without() {
    let world = World::new();
    let store = world.ready("a");
    summed_table(&store);
    let drop_p0 = || {
        let names = [partition("p0")];
        store
            .drop_partitions(
                &database(),
                &table("t"),
                &names,
                PartitionKind::Formal,
                cairn_engine::DropMode::Recoverable,
            )
            .unwrap();
    };
    drop_p0();
    check(&store, "t");
    store.recover_partition(&database(), &table("t"), &partition("p0")).unwrap();
    check(&store, "t");
    drop_p0();
    redefine(&store, |table| {
        table.rollups.clear();
        add_some(table, 2);
    });
    let refused = store.recover_partition(&database(), &table("t"), &partition("p0")).unwrap_err();
    assert!(refused.to_string().contains("was made after it was dropped"), "{refused}");
    redefine(&store, |table| table.rollups.clear());
    store.recover_partition(&database(), &table("t"), &partition("p0")).unwrap();
    // What a rollup held that is gone is gone.
    redefine(&store, |table| add_some(table, 0));
    check(&store, "t");
    store.drop_table(&database(), &table("t")).unwrap();
    store.recover_table(&database(), &table("t")).unwrap();
    check(&store, "t");
    drop(store);
    check(&world.open("a"), "t");
}

#[test]
fn a_backup_of_before_sees_what_was_then() {
    let world = World::new();
    let store = world.ready("a");
    summed_table(&store);
    // The cut is taken when the backup is accepted; what is dropped meanwhile must not disturb it.
    let id = store.submit_backup(&crate::support::backup_request("one")).unwrap();
    redefine(&store, |table| table.rollups.clear());
    load_more(&store, 5).unwrap();
    let record = finish(&store, id);
    assert_eq!(record.status, JobStatus::Ok);
    let other = world.open("b");
    world.add_repository(&other, true).unwrap();
    assert_eq!(restore(&other, &restore_request("one", record.timestamp)).status, JobStatus::Ok);
    let view = other.view();
    let found = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    assert_eq!(found.definition.rollups.len(), 1);
    check(&other, "t");
    load_more(&other, 9).unwrap();
    check(&other, "t");
}

#[test]
fn loads_that_began_before_a_rollup_was_added_are_refused() {
    let world = World::new();
    let store = world.ready("a");
    let (definition, partitions) = definition(KeyModel::Duplicate, false);
    store.create_table(&database(), definition, partitions).unwrap();
    load(&store, &mut Random(5));
    let begun = store.begin_load(&database(), &table("t"), None, LoadOptions::default()).unwrap();
    redefine(&store, |table| add_some(table, 0));
    let mut begun = begun;
    let keys: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    let columns =
        [("k", Arc::clone(&keys)), ("d", Arc::clone(&keys)), ("n", numbers), ("c", keys), ("v", texts)];
    begun.write(&RecordBatch::try_from_iter(columns).unwrap()).unwrap();
    assert!(begun.commit().unwrap_err().to_string().contains("was altered while rows were loaded"));
    check(&store, "t");
}

/// Columns of a rollup: names, sources, types and aggregations.
type Columns<'t> = Vec<(&'static str, RollupSource, &'t ColumnType, Option<Aggregation>)>;

#[test]
fn what_no_rollup_can_be() {
    let refusal = |model: KeyModel, change: &dyn Fn(&mut TableDefinition)| {
        let (mut definition, _) = definition(model, false);
        change(&mut definition);
        definition.check().unwrap_err().to_string()
    };
    let of = |id| RollupSource::Column(field(id));
    let (int, big) = (&ColumnType::Int, &ColumnType::BigInt);
    let sum = Some(Aggregation::Sum);
    let cases: Vec<(KeyModel, KeyModel, usize, Columns<'_>, &str)> = vec![
        (KeyModel::Primary, KeyModel::Duplicate, 1, vec![("k", of(1), int, None)], "PRIMARY KEY"),
        (KeyModel::Unique, KeyModel::Unique, 1, vec![("k", of(1), int, None)], "key column 'd' is missing"),
        (KeyModel::Unique, KeyModel::Aggregate, 1, vec![("k", of(1), int, None)], "cannot be AGGREGATE KEY"),
        (
            KeyModel::Aggregate,
            KeyModel::Aggregate,
            1,
            vec![("k", of(1), int, None), ("c", of(4), int, Some(Aggregation::Min))],
            "must be what 'c' is in the table",
        ),
        (
            KeyModel::Aggregate,
            KeyModel::Aggregate,
            1,
            vec![("k", of(1), int, None), ("rows", RollupSource::Row, big, sum)],
            "must be a column of a AGGREGATE KEY table",
        ),
        (
            KeyModel::Duplicate,
            KeyModel::Aggregate,
            1,
            vec![("k", of(1), int, None), ("rows", RollupSource::Row, int, sum)],
            "must be a BIGINT",
        ),
        (
            KeyModel::Duplicate,
            KeyModel::Aggregate,
            1,
            vec![("k", of(1), int, None), ("v", of(4), int, Some(Aggregation::Replace))],
            "rollup 'r'",
        ),
        (KeyModel::Duplicate, KeyModel::Duplicate, 1, vec![("k", of(1), big, None)], "of which it is made"),
        (
            KeyModel::Duplicate,
            KeyModel::Duplicate,
            1,
            vec![("k", of(1), int, None), ("K", of(2), int, None)],
            "is there twice",
        ),
    ];
    for (model, own, keys, columns, message) in cases {
        let text = refusal(model, &|table| {
            if model == KeyModel::Primary {
                table.columns[1].nullable = false;
            }
            add(table, "r", own, keys, columns.clone(), None);
        });
        assert!(text.contains(message), "{text} (expected: {message})");
    }
}
