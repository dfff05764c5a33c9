//! Random operations against a plain model in memory. Every failure prints its seed; `CAIRN_MODEL_SEED` runs one,
//! `CAIRN_MODEL_RUNS` runs more.

use std::collections::{BTreeMap, BTreeSet};

use std::sync::Arc;

use cairn_engine::{ColumnPredicate, ColumnTest, JobStatus, RestoreRequest, TabletStore, select_segments};
use cairn_format::{FieldId, SnapshotTimestamp, Value};

use crate::support::{
    Random, World, backup, database, each_seed, has_table, insert, partition, ranged_table, restore,
    restore_request, rows, selection, small_rows, small_table, table, table_rows,
};

/// Tables by name: the rows of each, as text, sorted.
type Model = BTreeMap<String, Vec<String>>;

const TABLES: [&str; 3] = ["plain", "ranged", "other"];

fn create(store: &TabletStore, name: &str) -> bool {
    let (definition, partitions) =
        if name == "ranged" { ranged_table(name, &[100, 200]) } else { (small_table(name, 3), Vec::new()) };
    store.create_table(&database(), definition, partitions).is_ok()
}

fn load(store: &TabletStore, model: &mut Model, random: &mut Random, name: &str) {
    let count = random.below(20) + 1;
    let keys: Vec<i32> = (0..count).map(|_| i32::try_from(random.below(220)).unwrap()).collect();
    let texts: Vec<Option<String>> =
        keys.iter().map(|key| (key % 3 != 0).then(|| format!("v{key}"))).collect();
    let new: Vec<(i32, Option<&str>)> =
        keys.iter().copied().zip(texts.iter().map(Option::as_deref)).collect();
    let done = insert(store, name, &small_rows(&new)).is_ok();
    let fits = name != "ranged" || keys.iter().all(|key| *key < 200);
    assert_eq!(done, fits && model.contains_key(name), "load of {keys:?} into {name}");
    if done {
        let of_table = model.get_mut(name).unwrap();
        of_table.extend(new.iter().map(|(key, text)| match text {
            Some(text) => format!("Integer({key}) | Text({text:?})"),
            None => format!("Integer({key}) | Null"),
        }));
        of_table.sort();
    }
}

fn check(store: &TabletStore, model: &Model) {
    for name in TABLES {
        assert_eq!(has_table(store, name), model.contains_key(name), "{name}");
        if let Some(expected) = model.get(name) {
            assert_eq!(&rows(store, name), expected, "{name}");
        }
    }
}

fn run(seed: u64) {
    let world = World::new();
    let mut random = Random(seed | 1);
    let mut store = world.ready("a");
    let mut model = Model::new();
    let mut snapshots: Vec<(String, SnapshotTimestamp, Model)> = Vec::new();
    let mut dropped: Vec<(&str, Vec<String>)> = Vec::new();
    for step in 0..60 {
        let name = TABLES[usize::try_from(random.below(3)).unwrap()];
        match random.below(14) {
            0 | 1 => {
                assert_eq!(create(&store, name), !model.contains_key(name));
                model.entry(name.to_owned()).or_default();
            }
            2..=6 => load(&store, &mut model, &mut random, name),
            7 => {
                let done = store.drop_table(&database(), &table(name)).is_ok();
                let rows = model.remove(name);
                assert_eq!(done, rows.is_some());
                dropped.extend(rows.map(|rows| (name, rows)));
            }
            12 | 13 => {
                // The one dropped last comes back, unless its name is taken again.
                let last =
                    dropped.iter().rposition(|(of, _)| *of == name).filter(|_| !model.contains_key(name));
                assert_eq!(store.recover_table(&database(), &table(name)).is_ok(), last.is_some());
                if let Some(last) = last {
                    model.insert(name.to_owned(), dropped.remove(last).1);
                }
            }
            8 => {
                let only = [partition("p0")];
                let some = (name == "ranged").then_some(only.as_slice());
                let done = store.truncate_table(&database(), &table(name), some).is_ok();
                assert_eq!(done, model.contains_key(name));
                if let Some(of_table) = model.get_mut(name) {
                    // Partition p0 of the ranged table ends at 100.
                    of_table.retain(|row| some.is_some() && key_of(row) >= 100);
                }
            }
            9 => {
                drop(store);
                store = world.open("a");
            }
            10 => {
                if !model.is_empty() {
                    let label = format!("s{step}");
                    let record = backup(&store, &label);
                    snapshots.push((label, record.timestamp, model.clone()));
                }
            }
            _ => {
                if !snapshots.is_empty() {
                    let at = usize::try_from(random.below(snapshots.len() as u64)).unwrap();
                    let before = std::mem::take(&mut model);
                    model.clone_from(&before);
                    let restored = restore_one(&store, &mut model, &snapshots[at], name);
                    // What a table without partitions was goes into the recycle bin.
                    let replaced = TABLES.into_iter().filter(|of| *of != "ranged" && restored.contains(*of));
                    dropped.extend(replaced.filter_map(|of| Some((of, before.get(of)?.clone()))));
                }
            }
        }
        check(&store, &model);
        check_selection(&store, &model, &mut random);
    }
}

/// What is selected for a predicate holds every row that keeps it.
fn check_selection(store: &TabletStore, model: &Model, random: &mut Random) {
    let field_id = FieldId::try_new(1).unwrap();
    for (name, expected) in model {
        let bound = i32::try_from(random.below(220)).unwrap();
        let value = Value::Integer(bound.into());
        let (test, keeps): (ColumnTest, fn(i32, i32) -> bool) = match random.below(5) {
            0 => (ColumnTest::In(vec![value]), |key, bound| key == bound),
            1 => (ColumnTest::Less(value), |key, bound| key < bound),
            2 => (ColumnTest::LessOrEqual(value), |key, bound| key <= bound),
            3 => (ColumnTest::Greater(value), |key, bound| key > bound),
            _ => (ColumnTest::GreaterOrEqual(value), |key, bound| key >= bound),
        };
        let view = store.view();
        let found = view.database(&database()).unwrap().table(&table(name)).unwrap();
        let predicate = ColumnPredicate { field_id, test: test.clone() };
        let selected: Vec<_> = select_segments(found, &[predicate]).iter().map(|s| s.id).collect();
        let mut narrowed = found.as_ref().clone();
        for partition in &mut narrowed.partitions {
            for tablet in &mut Arc::make_mut(partition).tablets {
                for rowset in &mut tablet.rowsets {
                    Arc::make_mut(rowset).segments.retain(|segment| selected.contains(&segment.id));
                }
            }
        }
        let count = |rows: &[String]| rows.iter().filter(|row| keeps(key_of(row), bound)).count();
        assert_eq!(count(&table_rows(store, &Arc::new(narrowed))), count(expected), "{name}: {test:?}");
    }
}

fn key_of(row: &str) -> i32 {
    row.trim_start_matches("Integer(").split(')').next().unwrap().parse().unwrap()
}

/// Restores one table, or the whole snapshot when it does not have that one, and says which.
fn restore_one(
    store: &TabletStore,
    model: &mut Model,
    snapshot: &(String, SnapshotTimestamp, Model),
    name: &str,
) -> BTreeSet<String> {
    let (label, timestamp, content) = snapshot;
    let mut request: RestoreRequest = restore_request(label, *timestamp);
    if content.contains_key(name) {
        request.tables = Some(vec![selection(name, None, None)]);
        model.insert(name.to_owned(), content[name].clone());
    } else {
        model.extend(content.clone());
    }
    assert_eq!(restore(store, &request).status, JobStatus::Ok);
    match request.tables {
        Some(_) => BTreeSet::from([name.to_owned()]),
        None => content.keys().cloned().collect(),
    }
}

#[test]
fn random_operations_keep_to_the_model() {
    each_seed("CAIRN_MODEL", 12, "the model and the store differ", run);
}
