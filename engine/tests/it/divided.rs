//! Partitions by steps of time beside columns, and partitions with buckets of their own: random rows are where a plain
//! search says, and are found again. `CAIRN_MODEL_SEED` runs one seed, `CAIRN_MODEL_RUNS` runs more.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int32Array, RecordBatch};
use cairn_engine::{ColumnPredicate, ColumnTest, PartitionKind, Table, TabletStore, select_segments};
use cairn_format::{
    ColumnType, Distribution, FieldId, KeyModel, PartitionRows, PartitionStep, Partitioning, StepUnit,
    TableDefinition, Value,
};
use chrono::{Datelike, Days, NaiveDate};

use crate::support::{
    Random, World, backup, column, database, each_seed, insert, plain_table, ranged_table, restore,
    restore_request, small_rows, table, table_rows,
};

/// `k INT NOT NULL, d DATE, c INT`.
type Row = (i32, Option<i32>, Option<i32>);

const STEPS: [PartitionStep; 5] = [
    PartitionStep::Truncated(StepUnit::Day),
    PartitionStep::Truncated(StepUnit::Month),
    PartitionStep::Truncated(StepUnit::Year),
    PartitionStep::Sliced { count: 10, unit: StepUnit::Day },
    PartitionStep::Sliced { count: 5, unit: StepUnit::Year },
];

fn day(date: NaiveDate) -> i32 {
    date.signed_duration_since(NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()).num_days().try_into().unwrap()
}

fn date(day: i32) -> NaiveDate {
    let origin = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    if day < 0 {
        origin - Days::new(day.unsigned_abs().into())
    } else {
        origin + Days::new(day.unsigned_abs().into())
    }
}

/// The first day of the step that holds a day, as one would look it up in a calendar.
fn begin(step: PartitionStep, of: i32) -> i32 {
    let of = date(of);
    let year = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
    let begin = match step {
        PartitionStep::Truncated(StepUnit::Day) => of,
        PartitionStep::Truncated(StepUnit::Month) => of.with_day(1).unwrap(),
        PartitionStep::Truncated(StepUnit::Year) => year(of.year()),
        PartitionStep::Sliced { count, unit: StepUnit::Day } => {
            let passed = of.signed_duration_since(year(1)).num_days();
            of - Days::new(u64::try_from(passed.rem_euclid(count.into())).unwrap())
        }
        PartitionStep::Sliced { count, unit: StepUnit::Year } => {
            let passed = of.year() - 1;
            year(of.year() - passed.rem_euclid(i32::try_from(count).unwrap()))
        }
        other => panic!("{other:?}"),
    };
    // Nothing is before the year 0.
    day(begin.max(year(0)))
}

fn row(random: &mut Random) -> Row {
    let key = i32::try_from(random.below(60)).unwrap();
    let of = match random.below(12) {
        0 => None,
        1 => Some(day(NaiveDate::from_ymd_opt(0, 1, 1).unwrap())),
        2 => Some(day(NaiveDate::from_ymd_opt(9999, 12, 31).unwrap())),
        _ => Some(i32::try_from(random.below(900)).unwrap() - 450),
    };
    (key, of, (random.below(3) > 0).then(|| i32::try_from(random.below(2)).unwrap()))
}

fn batch(rows: &[Row]) -> RecordBatch {
    let keys: ArrayRef = Arc::new(rows.iter().map(|row| row.0).collect::<Int32Array>());
    let days: ArrayRef = Arc::new(rows.iter().map(|row| row.1).collect::<Date32Array>());
    let others: ArrayRef = Arc::new(rows.iter().map(|row| row.2).collect::<Int32Array>());
    RecordBatch::try_from_iter_with_nullable([("k", keys, false), ("d", days, true), ("c", others, true)])
        .unwrap()
}

fn text(row: &Row) -> String {
    let (key, of, other) = (Value::Integer(row.0.into()), days_value(row.1), integer(row.2));
    format!("{key:?} | {of:?} | {other:?}")
}

fn days_value(of: Option<i32>) -> Value {
    of.map_or(Value::Null, Value::Date)
}

fn integer(number: Option<i32>) -> Value {
    number.map_or(Value::Null, |number| Value::Integer(number.into()))
}

fn definition(random: &mut Random, step: PartitionStep) -> TableDefinition {
    let columns = vec![
        column(1, "k", ColumnType::Int, false),
        column(2, "d", ColumnType::Date, true),
        column(3, "c", ColumnType::Int, true),
    ];
    let (by_day, by_number) = (columns[1].field_id, columns[2].field_id);
    let key = columns[0].field_id;
    let buckets = u32::try_from(random.below(3) + 1).unwrap();
    TableDefinition {
        partitioning: Partitioning::List {
            columns: if random.below(2) == 0 { vec![by_day, by_number] } else { vec![by_number, by_day] },
            automatic: true,
            steps: BTreeMap::from([(by_day, step)]),
        },
        distribution: Distribution::Hash { columns: vec![key], buckets },
        ..plain_table("t", columns, buckets)
    }
}

fn current(store: &TabletStore) -> Arc<Table> {
    let view = store.view();
    Arc::clone(view.require_database(&database()).unwrap().require_table(&table("t")).unwrap())
}

/// The rows of the segments that are left for a predicate.
fn selected(store: &TabletStore, predicate: &ColumnPredicate) -> Vec<String> {
    let whole = current(store);
    let chosen: Vec<_> =
        select_segments(&whole, std::slice::from_ref(predicate)).iter().map(|segment| segment.id).collect();
    let mut narrowed = whole.as_ref().clone();
    for partition in &mut narrowed.partitions {
        for tablet in &mut Arc::make_mut(partition).tablets {
            for rowset in &mut tablet.rowsets {
                Arc::make_mut(rowset).segments.retain(|segment| chosen.contains(&segment.id));
            }
        }
    }
    table_rows(store, &Arc::new(narrowed))
}

/// Whether a row keeps a predicate.
type Keeps = Box<dyn Fn(&Row) -> bool>;

/// A predicate on the day or the key, and the rows that keep it.
fn predicate(random: &mut Random, rows: &[Row]) -> (ColumnPredicate, Vec<String>) {
    let bound = row(random);
    let of_day = Value::Date(bound.1.unwrap_or(0));
    let at = bound.1.unwrap_or(0);
    let (field, test, keeps): (i32, ColumnTest, Keeps) = match random.below(8) {
        0 => (2, ColumnTest::In(vec![of_day]), Box::new(move |row| row.1 == Some(at))),
        1 => (2, ColumnTest::Less(of_day), Box::new(move |row| row.1.is_some_and(|day| day < at))),
        2 => (2, ColumnTest::LessOrEqual(of_day), Box::new(move |row| row.1.is_some_and(|day| day <= at))),
        3 => (2, ColumnTest::Greater(of_day), Box::new(move |row| row.1.is_some_and(|day| day > at))),
        4 => (2, ColumnTest::GreaterOrEqual(of_day), Box::new(move |row| row.1.is_some_and(|day| day >= at))),
        5 => (2, ColumnTest::IsNull, Box::new(|row| row.1.is_none())),
        6 => (2, ColumnTest::IsNotNull, Box::new(|row| row.1.is_some())),
        _ => {
            let key = bound.0;
            (1, ColumnTest::In(vec![Value::Integer(key.into())]), Box::new(move |row| row.0 == key))
        }
    };
    let predicate = ColumnPredicate { field_id: FieldId::try_new(field).unwrap(), test };
    (predicate, rows.iter().filter(|row| keeps(row)).map(text).collect())
}

fn run_steps(seed: u64) {
    let world = World::new();
    let mut random = Random(seed | 1);
    let store = world.ready("a");
    let step = STEPS[usize::try_from(random.below(5)).unwrap()];
    let made = definition(&mut random, step);
    let columns = made.partitioning.columns().to_vec();
    store.create_table(&database(), made, Vec::new()).unwrap();
    let mut loaded: Vec<Row> = Vec::new();
    for round in 0..4 {
        let rows: Vec<Row> = (0..=random.below(20)).map(|_| row(&mut random)).collect();
        insert(&store, "t", &batch(&rows)).unwrap();
        loaded.extend(rows);
        if round == 1 {
            let record = backup(&store, "s");
            store.drop_table(&database(), &table("t")).unwrap();
            restore(&store, &restore_request("s", record.timestamp));
        }
    }
    let whole = current(&store);
    let mut count = 0;
    for partition in &whole.partitions {
        let PartitionRows::List(lists) = &partition.definition.rows else { panic!() };
        assert_eq!(lists.len(), 1);
        let belongs = |row: &&Row| {
            let of = |id: &FieldId| match id.get() {
                2 => days_value(row.1.map(|day| begin(step, day))),
                _ => integer(row.2),
            };
            columns.iter().map(of).collect::<Vec<_>>() == lists[0]
        };
        let mut expected: Vec<String> = loaded.iter().filter(belongs).map(text).collect();
        expected.sort();
        let mut only = whole.as_ref().clone();
        only.partitions = vec![Arc::clone(partition)];
        assert_eq!(table_rows(&store, &Arc::new(only)), expected, "{:?}", partition.definition);
        assert!(!expected.is_empty());
        count += expected.len();
    }
    assert_eq!(count, loaded.len());
    for _ in 0..40 {
        let (predicate, expected) = predicate(&mut random, &loaded);
        let mut found = selected(&store, &predicate);
        for row in expected {
            let at = found.iter().position(|other| *other == row);
            found.remove(at.unwrap_or_else(|| panic!("{row} is lost for {predicate:?}")));
        }
    }
}

fn run_buckets(seed: u64) {
    let world = World::new();
    let mut random = Random(seed | 1);
    let store = world.ready("a");
    let (mut made, mut partitions) = ranged_table("t", &[20, 40, 60]);
    made.key_model = if random.below(2) == 0 { KeyModel::Primary } else { KeyModel::Unique };
    let later = partitions.split_off(1);
    store.create_table(&database(), made, partitions).unwrap();
    for mut partition in later {
        partition.buckets = Some(u32::try_from(random.below(9) + 1).unwrap());
        store.add_partitions(&database(), &table("t"), vec![partition], PartitionKind::Formal).unwrap();
    }
    let mut model: BTreeMap<i32, String> = BTreeMap::new();
    for round in 0..5 {
        let rows: Vec<(i32, String)> = (0..=random.below(25))
            .map(|_| (i32::try_from(random.below(60)).unwrap(), format!("v{}", random.below(1000))))
            .collect();
        let given: Vec<(i32, Option<&str>)> = rows.iter().map(|(key, v)| (*key, Some(v.as_str()))).collect();
        insert(&store, "t", &small_rows(&given)).unwrap();
        model.extend(rows);
        if round == 2 {
            let record = backup(&store, "s");
            // Over the partitions that are there, or into a table that has to be made.
            if random.below(2) == 0 {
                store.drop_table(&database(), &table("t")).unwrap();
            }
            restore(&store, &restore_request("s", record.timestamp));
        }
    }
    let lines = |(key, v): (&i32, &String)| format!("Integer({key}) | Text({v:?})");
    let mut expected: Vec<String> = model.iter().map(lines).collect();
    expected.sort();
    assert_eq!(table_rows(&store, &current(&store)), expected);
    for (key, v) in &model {
        let test = ColumnTest::In(vec![Value::Integer((*key).into())]);
        let found = selected(&store, &ColumnPredicate { field_id: FieldId::try_new(1).unwrap(), test });
        assert!(found.contains(&lines((key, v))), "key {key} is lost");
    }
}

#[test]
fn random_days_are_where_their_step_begins() {
    each_seed("CAIRN_MODEL", 12, "a day is elsewhere", run_steps);
}

#[test]
fn random_keys_are_in_the_buckets_of_their_partition() {
    each_seed("CAIRN_MODEL", 12, "a key is elsewhere", run_buckets);
}
