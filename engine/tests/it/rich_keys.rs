//! Lists, structs, wide decimals and sketches as values of tables of every key model: random loads, deletions,
//! compactions, backups and restores against a plain map. Every failure prints its seed; `CAIRN_RICH_SEED` runs one,
//! `CAIRN_RICH_RUNS` runs more.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;
use cairn_engine::{LoadOptions, TabletStore};
use cairn_format::{
    Aggregation, Bitmap, Column, ColumnType, Hll, KeyModel, Percentile, Sketch, SnapshotTimestamp,
    TableDefinition, Value,
};

use crate::support::{
    Random, World, backup, column, compact_somehow, database, each_seed, plain_table, restore_last, table,
};

/// What the values of a key are.
#[derive(Clone, Debug, Default, PartialEq)]
struct Row {
    list: Option<Vec<Option<i32>>>,
    fields: Option<(Option<i32>, String)>,
    amount: Option<i128>,
    numbers: Option<BTreeSet<u64>>,
    names: Option<BTreeSet<u64>>,
    distribution: Option<Vec<u64>>,
}

type Model = BTreeMap<i32, Vec<Row>>;

const MODELS: [KeyModel; 4] = [KeyModel::Duplicate, KeyModel::Aggregate, KeyModel::Unique, KeyModel::Primary];

fn is_merging(model: KeyModel) -> bool {
    model == KeyModel::Aggregate
}

/// Duplicate Key tables hold no sketches, and only Aggregate Key tables hold percentiles.
fn columns_of(model: KeyModel) -> usize {
    match model {
        KeyModel::Duplicate => 4,
        KeyModel::Aggregate => 7,
        KeyModel::Unique | KeyModel::Primary => 6,
    }
}

fn definition(model: KeyModel) -> TableDefinition {
    let of = |text: &str| ColumnType::parse(text).unwrap();
    let columns = [
        column(1, "k", ColumnType::Int, false),
        column(2, "l", of("array<int>"), true),
        column(3, "s", of("struct<a int, b map<string,int>>"), true),
        column(4, "w", of("decimal(60,2)"), true),
        column(5, "b", ColumnType::Bitmap, true),
        column(6, "h", ColumnType::Hll, true),
        column(7, "p", ColumnType::Percentile, true),
    ];
    let functions = [
        Aggregation::ReplaceIfNotNull,
        Aggregation::Replace,
        Aggregation::Sum,
        Aggregation::BitmapUnion,
        Aggregation::HllUnion,
        Aggregation::PercentileUnion,
    ];
    let mut columns: Vec<Column> = columns.into_iter().take(columns_of(model)).collect();
    if is_merging(model) {
        for (column, function) in columns[1..].iter_mut().zip(functions) {
            column.aggregation = Some(function);
        }
    }
    TableDefinition { key_model: model, ..plain_table("t", columns, 2) }
}

fn random_row(random: &mut Random, model: KeyModel) -> Row {
    let number = |random: &mut Random| i32::try_from(random.below(100)).unwrap();
    let list = |random: &mut Random| {
        (0..random.below(4)).map(|_| (random.below(4) > 0).then(|| number(random))).collect::<Vec<_>>()
    };
    let set = |random: &mut Random| {
        (0..random.below(4)).map(|_| random.below(50) << (random.below(2) * 40)).collect::<BTreeSet<_>>()
    };
    let width = columns_of(model);
    Row {
        list: (random.below(4) > 0).then(|| list(random)),
        fields: (random.below(4) > 0)
            .then(|| ((random.below(3) > 0).then(|| number(random)), format!("x{}", random.below(9)))),
        amount: (random.below(4) > 0).then(|| i128::from(random.below(1 << 40)) << 60),
        numbers: (width > 4 && random.below(4) > 0).then(|| set(random)),
        names: (width > 5 && random.below(4) > 0).then(|| set(random)),
        distribution: (width > 6 && random.below(4) > 0).then(|| vec![random.below(1000)]),
    }
}

fn values(key: i32, row: &Row) -> Vec<Value> {
    fn optional<T>(of: Option<&T>, value: impl Fn(&T) -> Value) -> Value {
        of.map_or(Value::Null, value)
    }
    let integer = |number: &Option<i32>| number.map_or(Value::Null, |number| Value::Integer(number.into()));
    vec![
        Value::Integer(key.into()),
        optional(row.list.as_ref(), |list| Value::List(list.iter().map(integer).collect())),
        optional(row.fields.as_ref(), |(number, text)| {
            let entry = (Value::Text(text.clone()), Value::Integer(1));
            Value::Struct(vec![integer(number), Value::Map(vec![entry])])
        }),
        optional(row.amount.as_ref(), |amount| Value::Decimal((*amount).into())),
        optional(row.numbers.as_ref(), |set| {
            Value::Bytes(set.iter().copied().collect::<Bitmap>().to_bytes())
        }),
        optional(row.names.as_ref(), |set| {
            let mut sum = Hll::empty().unwrap();
            for name in set {
                sum.merge(Hll::of(&name.to_string()).unwrap()).unwrap();
            }
            Value::Bytes(sum.to_bytes())
        }),
        optional(row.distribution.as_ref(), |numbers| {
            let mut sum = Percentile::empty().unwrap();
            for number in numbers {
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                sum.merge(Percentile::of(*number as f64).unwrap()).unwrap();
            }
            Value::Bytes(sum.to_bytes())
        }),
    ]
}

/// A row as text; of sketches what they tell.
fn text(columns: &[Column], values: &[Value]) -> String {
    let one = |(column, value): (&Column, &Value)| match (&column.column_type, value) {
        (ColumnType::Bitmap, Value::Bytes(bytes)) => {
            Bitmap::from_bytes(bytes).unwrap().to_text(1 << 20).unwrap()
        }
        (ColumnType::Hll, Value::Bytes(bytes)) => {
            Hll::from_bytes(bytes).unwrap().estimate().unwrap().to_string()
        }
        (ColumnType::Percentile, Value::Bytes(bytes)) => {
            let mut read = Percentile::from_bytes(bytes).unwrap();
            let ends = (read.quantile(0.0).unwrap(), read.quantile(1.0).unwrap());
            format!("{} {ends:?}", read.count())
        }
        (column_type, value) => value.to_text(column_type).unwrap_or_else(|| "NULL".to_owned()),
    };
    columns.iter().zip(values).map(one).collect::<Vec<_>>().join(" | ")
}

fn merged(old: &Row, new: &Row) -> Row {
    fn union(old: Option<&BTreeSet<u64>>, new: Option<&BTreeSet<u64>>) -> Option<BTreeSet<u64>> {
        match (old, new) {
            (Some(old), Some(new)) => Some(old | new),
            (old, new) => old.or(new).cloned(),
        }
    }
    Row {
        list: new.list.clone().or_else(|| old.list.clone()),
        fields: new.fields.clone(),
        amount: match (old.amount, new.amount) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        },
        numbers: union(old.numbers.as_ref(), new.numbers.as_ref()),
        names: union(old.names.as_ref(), new.names.as_ref()),
        distribution: match (&old.distribution, &new.distribution) {
            (Some(old), Some(new)) => Some([old.as_slice(), new].concat()),
            (old, new) => old.clone().or_else(|| new.clone()),
        },
    }
}

fn put(content: &mut Model, model: KeyModel, key: i32, row: &Row) {
    let rows = content.entry(key).or_default();
    let row = match rows.last() {
        Some(old) if is_merging(model) => merged(old, row),
        _ => row.clone(),
    };
    if model != KeyModel::Duplicate {
        rows.clear();
    }
    rows.push(row);
}

fn batch(columns: &[Column], rows: &[(i32, Row)]) -> RecordBatch {
    let rows: Vec<Vec<Value>> = rows.iter().map(|(key, row)| values(*key, row)).collect();
    let arrays = columns.iter().enumerate().map(|(position, column)| {
        let of_column: Vec<Value> = rows.iter().map(|row| row[position].clone()).collect();
        let array = Value::array_of(&column.column_type, &of_column).unwrap();
        (column.name.as_str(), array, column.nullable)
    });
    RecordBatch::try_from_iter_with_nullable(arrays).unwrap()
}

fn load(store: &TabletStore, content: &mut Model, model: KeyModel, random: &mut Random) {
    let new: Vec<(i32, Row)> = (0..=random.below(20))
        .map(|_| (i32::try_from(random.below(25)).unwrap(), random_row(random, model)))
        .collect();
    let mut options = LoadOptions::default();
    if random.below(3) == 0 {
        options.segment_bytes = 100;
    }
    let mut load = store.begin_load(&database(), &table("t"), None, options).unwrap();
    // A load of several batches of its own sizes.
    for part in new.chunks(usize::try_from(random.below(20)).unwrap() + 1) {
        load.write(&batch(&definition(model).columns, part)).unwrap();
    }
    load.commit().unwrap();
    for (key, row) in &new {
        put(content, model, *key, row);
    }
}

fn check(store: &TabletStore, content: &Model, model: KeyModel) {
    let columns = definition(model).columns;
    let mut expected: Vec<String> = content
        .iter()
        .flat_map(|(key, rows)| rows.iter().map(|row| text(&columns, &values(*key, row))))
        .collect();
    expected.sort();
    let view = store.view();
    let found = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    let mut rows = Vec::new();
    for batch in store.read_table(found) {
        let batch = batch.unwrap();
        for row in 0..batch.num_rows() {
            let values = columns.iter().zip(batch.columns());
            let values: Vec<Value> = values
                .map(|(column, array)| Value::from_array(array, row, &column.column_type).unwrap())
                .collect();
            rows.push(text(&columns, &values));
        }
    }
    rows.sort();
    assert_eq!(rows, expected, "{model:?}");
}

fn run(seed: u64) {
    let world = World::new();
    let mut random = Random(seed | 1);
    let model = MODELS[usize::try_from(random.below(4)).unwrap()];
    let mut store = world.ready("a");
    store.create_table(&database(), definition(model), Vec::new()).unwrap();
    let mut content = Model::new();
    let mut snapshots: Vec<(String, SnapshotTimestamp, Model)> = Vec::new();
    for step in 0..25 {
        match random.below(10) {
            0..=5 => load(&store, &mut content, model, &mut random),
            6 => {
                compact_somehow(&store, &mut random);
            }
            7 => {
                drop(store);
                store = world.open("a");
            }
            8 => {
                let label = format!("s{step}");
                let record = backup(&store, &label);
                snapshots.push((label, record.timestamp, content.clone()));
            }
            _ => {
                if let Some(then) = restore_last(&store, &snapshots) {
                    content = then;
                }
            }
        }
        check(&store, &content, model);
    }
}

#[test]
fn random_rows_of_rich_types_keep_to_the_model() {
    each_seed("CAIRN_RICH", 16, "the model and the store differ", run);
}
