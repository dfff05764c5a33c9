//! Keys of several columns and types, of Unique and Primary Key tables: random loads, deletions, compactions, backups and
//! restores against a plain map. Every failure prints its seed; `CAIRN_TYPED_KEYS_SEED` runs one, `CAIRN_TYPED_KEYS_RUNS` runs
//! more.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int8Array, RecordBatch};
use cairn_engine::{LoadOptions, TabletStore, UpsertOptions};
use cairn_format::{Column, ColumnType, KeyModel, SnapshotTimestamp, TableDefinition, Value};

use crate::support::{
    Random, World, backup, column, compact_somehow, database, delete_where, each_seed, plain_table,
    restore_last, rows, table,
};

/// Values by key, both as they are shown.
type Model = BTreeMap<String, (Vec<Value>, i64)>;

const TEXTS: [&str; 8] = ["", "a", "A", "ab", "a b", "\u{e9}t\u{e9}", "\u{6771}\u{4eac}", "zz\u{0}z"];
const TIMES: [i64; 6] = [-62_167_219_200_000_000, -1, 0, 1, 1_386_000_000_123_456, 253_402_300_799_999_999];
const NUMBERS: [i128; 6] = [i128::MIN, -1 << 70, -1, 0, 1 << 64, i128::MAX];

/// `t VARCHAR, at DATETIME, n LARGEINT, b BOOLEAN, v BIGINT`, keyed by the first four in some order.
fn definition(model: KeyModel, first: usize) -> TableDefinition {
    let nullable = model == KeyModel::Unique;
    let mut types = vec![
        ("t", ColumnType::Varchar { length: 20 }),
        ("at", ColumnType::DateTime),
        ("n", ColumnType::LargeInt),
        ("b", ColumnType::Boolean),
    ];
    types.rotate_left(first);
    let mut columns: Vec<Column> =
        (1..).zip(types).map(|(id, (name, kind))| column(id, name, kind, nullable)).collect();
    columns.push(column(5, "v", ColumnType::BigInt, true));
    TableDefinition { key_model: model, key_columns: 4, ..plain_table("t", columns, 2) }
}

fn random_key(random: &mut Random, definition: &TableDefinition) -> Vec<Value> {
    let mut at = |length: usize| usize::try_from(random.below(length as u64)).unwrap();
    let mut value = |column: &Column| {
        if column.nullable && at(6) == 0 {
            return Value::Null;
        }
        match column.column_type {
            ColumnType::DateTime => Value::DateTime(TIMES[at(TIMES.len())]),
            ColumnType::LargeInt => Value::Integer(NUMBERS[at(NUMBERS.len())]),
            ColumnType::Boolean => Value::Boolean(at(2) == 0),
            _ => Value::Text(TEXTS[at(TEXTS.len())].to_owned()),
        }
    };
    definition.key().iter().map(&mut value).collect()
}

fn shown(values: &[Value]) -> String {
    values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(" | ")
}

fn load(store: &TabletStore, content: &mut Model, definition: &TableDefinition, random: &mut Random) {
    let mut known: Vec<Vec<Value>> = content.values().map(|(key, _)| key.clone()).collect();
    let rows: Vec<(Vec<Value>, i64, i8)> = (0..=random.below(40))
        .map(|_| {
            // Half of the keys are there already.
            let at = usize::try_from(random.below(known.len() as u64 * 2 + 1)).unwrap();
            let key = known.get(at).cloned().unwrap_or_else(|| random_key(random, definition));
            known.push(key.clone());
            let number = i64::try_from(random.below(1000)).unwrap();
            (key, number, i8::from(definition.key_model == KeyModel::Primary && random.below(3) == 0))
        })
        .collect();
    let mut options = LoadOptions::default();
    let has_operations = rows.iter().any(|row| row.2 == 1);
    options.upsert = UpsertOptions { has_operations, ..UpsertOptions::default() };
    if random.below(3) == 0 {
        options.segment_bytes = 200;
    }
    let mut load = store.begin_load(&database(), &table("t"), None, options).unwrap();
    for part in rows.chunks(15) {
        let arrays = definition.columns.iter().enumerate().map(|(at, column)| {
            let value = |row: &(Vec<Value>, i64, i8)| {
                row.0.get(at).cloned().unwrap_or_else(|| Value::Integer(row.1.into()))
            };
            let values: Vec<Value> = part.iter().map(value).collect();
            (column.name.to_string(), Value::array_of(&column.column_type, &values).unwrap(), true)
        });
        let mut arrays: Vec<(String, ArrayRef, bool)> = arrays.collect();
        if has_operations {
            let operations: Int8Array = part.iter().map(|row| Some(row.2)).collect();
            arrays.push(("__op".to_owned(), Arc::new(operations), true));
        }
        load.write(&RecordBatch::try_from_iter_with_nullable(arrays).unwrap()).unwrap();
    }
    load.commit().unwrap();
    for (key, number, operation) in rows {
        if operation == 1 {
            content.remove(&shown(&key));
        } else {
            content.insert(shown(&key), (key, number));
        }
    }
}

/// Deletes rows by their positions: those with one text.
fn delete(store: &TabletStore, content: &mut Model, definition: &TableDefinition, random: &mut Random) {
    let at = definition.columns.iter().position(|column| column.name.matches("t")).unwrap();
    let text = TEXTS[usize::try_from(random.below(TEXTS.len() as u64)).unwrap()];
    let gone = delete_where(store, |batch| {
        batch.column(at).as_string::<i32>().iter().map(|value| value == Some(text)).collect()
    });
    let before = content.len();
    content.retain(|_, (key, _)| key[at] != Value::Text(text.to_owned()));
    assert_eq!(gone, (before - content.len()) as u64);
}

fn run(seed: u64) {
    let world = World::new();
    let mut random = Random(seed | 1);
    let model =
        [KeyModel::Unique, KeyModel::Primary, KeyModel::Primary][usize::try_from(random.below(3)).unwrap()];
    let definition = definition(model, usize::try_from(random.below(4)).unwrap());
    let mut store = world.ready("a");
    store.create_table(&database(), definition.clone(), Vec::new()).unwrap();
    let mut content = Model::new();
    let mut snapshots: Vec<(String, SnapshotTimestamp, Model)> = Vec::new();
    for step in 0..25 {
        match random.below(10) {
            0..=4 => load(&store, &mut content, &definition, &mut random),
            5 => delete(&store, &mut content, &definition, &mut random),
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
        let row = |(key, (_, number)): (&String, &(Vec<Value>, i64))| format!("{key} | Integer({number})");
        let mut expected: Vec<String> = content.iter().map(row).collect();
        expected.sort();
        assert_eq!(rows(&store, "t"), expected, "{model:?}");
    }
}

#[test]
fn random_keys_of_several_types_keep_to_the_model() {
    each_seed("CAIRN_TYPED_KEYS", 16, "the model and the store differ", run);
}
